"""Out of logs the questions to be asked again: whose roles, which source, how often; what is left out."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from lucky_mcp.audit.read_log import Asked
from lucky_mcp.gateway.replay.logged import Logged
from lucky_mcp.gateway.replay.query_logs import Damaged
from lucky_mcp.policy.policy_set import PolicySet

# What drivers and pools send for themselves. Nobody asks it of a gateway.
_SESSION = re.compile(
    r"(set|begin|start\s+transaction|commit|rollback|savepoint|release|use|discard|reset|deallocate|close|kill)\b"
    r"|select\s+(@@|version\s*\(|database\s*\(|current_schema|connection_id\s*\(|1\s*;?\s*$)"
    r"|show\s+(session\s+|global\s+)?(variables|status|warnings|collation|transaction)\b",
    re.IGNORECASE,
)
_COMMENTS = re.compile(r"\A(\s|/\*.*?\*/|--[^\n]*\n|#[^\n]*\n)*", re.DOTALL)


class LeftOut(StrEnum):
    """Why a statement of a log is not asked again."""

    SESSION = "statements of drivers (SET, COMMIT, SELECT @@…)"
    CUT = "texts that the log has only the beginning of"
    DAMAGED = "lines that could not be read"
    NO_SOURCE = "statements of a server or database that is no source (--source names one)"
    NO_ROLE = "statements of an account without a role (--as or --user gives one)"


@dataclass(frozen=True, kw_only=True)
class Callers:
    """The roles of accounts; `default` those of every other account."""

    default: tuple[str, ...] = ()
    by_user: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def roles(self, user: str) -> tuple[str, ...]:
        """Return the roles of an account, none when it has none."""
        return self.by_user.get(user, self.default)


@dataclass(frozen=True, kw_only=True)
class Gathered:
    """The questions, the most frequent first; `left_out` counts the statements that are none."""

    questions: tuple[Asked, ...]
    left_out: Mapping[LeftOut, int]


def gather(
    logged: Iterable[Logged | Damaged], policies: PolicySet, callers: Callers, source: str = ""
) -> Gathered:
    """Return each text once for each set of roles and source; `source` is where all of it went, if named."""
    places = _Places(policies, source)
    found: Counter[tuple[tuple[str, ...], str, str]] = Counter()
    left_out: Counter[LeftOut] = Counter()
    for each in logged:
        if isinstance(each, Damaged):
            left_out[LeftOut.DAMAGED] += 1
        elif each.is_cut:
            left_out[LeftOut.CUT] += 1
        elif is_of_session(each.sql):
            left_out[LeftOut.SESSION] += 1
        elif not (name := places.source_of(each)):
            left_out[LeftOut.NO_SOURCE] += 1
        elif not (roles := callers.roles(each.user)):
            left_out[LeftOut.NO_ROLE] += 1
        else:
            found[roles, name, each.sql] += 1
    return Gathered(
        questions=tuple(
            Asked(roles=roles, source=name, sql=sql, outcome="", receipt="", times=times)
            for (roles, name, sql), times in sorted(found.items(), key=lambda each: (-each[1], each[0]))
        ),
        left_out=MappingProxyType(dict(left_out)),
    )


def is_of_session(sql: str) -> bool:
    """Whether a statement sets its own session up, ends a transaction, or asks for the server's version."""
    return _SESSION.match(_COMMENTS.sub("", sql)) is not None


class _Places:
    """Sources by their names, and by the one schema that unqualified names mean there."""

    def __init__(self, policies: PolicySet, source: str) -> None:
        self._policies = policies
        self._named = source
        named: dict[str, list[str]] = {}
        for each in policies.sources.values():
            named.setdefault(each.default_schema or "", []).append(each.name)
        self._by_schema = {schema: names[0] for schema, names in named.items() if schema and len(names) == 1}

    def source_of(self, logged: Logged) -> str:
        if self._named:
            return self._named
        found = self._policies.source(logged.server) if logged.server else None
        return found.name if found is not None else self._by_schema.get(logged.database, "")
