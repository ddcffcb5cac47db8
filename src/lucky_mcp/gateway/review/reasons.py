"""Why a question is refused, and what would let it through: a rule for reviewers, or words for who asks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from lucky_mcp.errors import Code
from lucky_mcp.gateway.review.causes import Cause, causes, query_of, tables_named
from lucky_mcp.gateway.view import View
from lucky_mcp.model.principal import Principal
from lucky_mcp.model.source import Source
from lucky_mcp.policy.scrub import PATTERNS

WHAT_MAX = 160
# What stands behind a refusal for which no table or column is to blame.
BY_CODE: Mapping[str, str] = {
    Code.PREDICATE_REQUIRED: "what `requires` says in the dataset file, unless they ask so that it is met",
    Code.UNKNOWN_NAME: "nothing of that name is in the catalog; crawl the source if it is new",
    Code.SOURCE_UNAVAILABLE: "the source is away, planned, or holds nothing for these roles",
    Code.REFERENCE_UNAVAILABLE: "the reference set that a filter needs could not be read",
    Code.TOO_EXPENSIVE: "the bounds of the role or the source",
    Code.TOO_LARGE: "the bounds of the role or the source",
    Code.TIMEOUT: "the bounds of the role or the source",
}


class Refusal(Protocol):
    """What a refusal told."""

    @property
    def verdict(self) -> str:
        """The code."""

    @property
    def what(self) -> str:
        """The sentence."""

    @property
    def next_step(self) -> str:
        """What to do, in the agent's words."""

    @property
    def rewrite(self) -> str:
        """A text that runs instead, or ""."""


@dataclass(frozen=True, kw_only=True)
class Why:
    """One reason and its fix."""

    what: str
    fix: str


@dataclass(frozen=True, kw_only=True)
class Reasons:
    """At least one reason, and the tables of the catalog that the statement names."""

    causes: tuple[Why, ...]
    tables: tuple[str, ...]


def named_causes(view: View, caller: Principal, source: Source, sql: str) -> tuple[Cause, ...]:
    """Return why tables are denied, and those hidden columns that the statement names itself."""
    query = query_of(view, caller, source, sql)
    if query is None:
        return ()
    tables = {str(table) for table in query.tables}
    return tuple(
        cause
        for cause in causes(view, caller, source, sql)
        if cause.what in tables or cause.what.rpartition(".")[2].lower() in query.column_names
    )


def reasons(view: View, caller: Principal, source_name: str, sql: str, refusal: Refusal) -> Reasons:
    """Return the denied tables and hidden columns that are named, else what the refusal itself says."""
    source = view.policies.source(source_name)
    if source is None:
        return Reasons(causes=(_told(refusal),), tables=())
    hidden = tuple(
        Why(what=f"{cause.what}: {cause.why}", fix=cause.allow or BY_CODE.get(refusal.verdict, ""))
        for cause in named_causes(view, caller, source, sql)
    )
    tables = tuple(map(str, tables_named(view, caller, source, refusal.rewrite or sql)))
    return Reasons(causes=hidden or (_told(refusal),), tables=tables)


def _told(refusal: Refusal) -> Why:
    what = refusal.what
    for pattern, word in PATTERNS:
        what = re.sub(pattern, word, what)
    fix = refusal.next_step or BY_CODE.get(refusal.verdict, "")
    return Why(what=what[:WHAT_MAX], fix=fix)
