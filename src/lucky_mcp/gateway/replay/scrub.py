"""A statement without values that masks hide: what was compared with a masked column, or may have been.

A text stays only where all columns beside it are shown to the caller as they are, or where it says a format
or a unit. A statement that cannot be parsed keeps no text and no number of more than two digits. Comments go.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from lucky_mcp.gateway.review.causes import columns_shown
from lucky_mcp.gateway.view import View
from lucky_mcp.model.principal import Principal
from lucky_mcp.model.source import Source
from lucky_mcp.policy.policy_set import PolicySet
from lucky_mcp.policy.scrub import EMAIL, PHONE
from lucky_mcp.sql.dialects import GRAMMARS
from lucky_mcp.sql.literal_uses import LiteralUses, literal_uses
from lucky_mcp.sql.literals import NAMES, STRINGS, Word, replaced

# What a text may say without being a value: the form of a date, a unit of time, a path in JSON, a separator.
_FORMATS = re.compile(
    r"(%[A-Za-z]|[-/: .,])*"
    r"|(YYYY|YY|MM|MON|Mon|Month|DDD|DD|Day|DAY|Dy|D|HH24|HH12|HH|MI|SS|Q|WW|IW|IYYY|AM|FM|[-/: .,_])+"
    r"|(\d{1,4}\s*)?(second|minute|hour|day|week|month|quarter|year|dow|doy|isodow|epoch)s?"
    r"|\$(\.[A-Za-z_]{1,30}|\[\d{1,2}\])*"
    r"|\W?",
    re.IGNORECASE,
)
_EMAIL, _PHONE = re.compile(EMAIL), re.compile(PHONE)
_DATE = re.compile(r"\d{4}-\d\d-\d\d(?P<time>[ T]\d\d:\d\d(:\d\d)?.*)?")
LONG_NUMBER, SHORT_NUMBER = 7, 2
_DIGITS = re.compile(r"\d")
_VALUE_IN_NAME = re.compile(rf"\d{{{LONG_NUMBER},}}|@")


@dataclass
class Scrubber:
    """Scrubs statements of callers under one view of the policies."""

    view: View
    _known: dict[str, frozenset[str]] = field(default_factory=dict)

    def scrubbed(self, caller: Principal, source: Source, sql: str) -> str | None:
        """Return the statement with stand-ins for what may be a masked value; None when it has no tokens."""
        grammar = GRAMMARS[source.dialect]
        keep = _Kept(self.view, caller, source, sql, literal_uses(sql, grammar))
        names: dict[str, str] = {}

        def replacement(token: Word) -> str | None:
            if token.token_type in NAMES:
                return self._name(token.text, sql[token.start : token.end + 1], source, names)
            is_string = token.token_type in STRINGS
            if keep.keeps(token.text, is_string):
                return None
            return f"'{_stand_in(token.text)}'" if is_string else "1"

        return replaced(sql, grammar, replacement)

    def _name(self, text: str, spelling: str, source: Source, names: dict[str, str]) -> str | None:
        """A name that is nobody's and reads like a value, or like a sentence, is one that was made up."""
        is_quoted = spelling != text
        if text.lower() in self._names_of(source):
            return None
        if not _VALUE_IN_NAME.search(text) and not (is_quoted and not text.isidentifier()):
            return None
        made = names.setdefault(text, f"x{len(names) + 1}")
        return f"{spelling[0]}{made}{spelling[-1]}" if is_quoted else made

    def _names_of(self, source: Source) -> frozenset[str]:
        if source.name not in self._known:
            self._known[source.name] = frozenset(_names(self.view.policies, source))
        return self._known[source.name]


class _Kept:
    """Which literals of one statement may stay."""

    def __init__(
        self, view: View, caller: Principal, source: Source, sql: str, uses: LiteralUses | None
    ) -> None:
        self._shown: dict[str, set[str]] = {}
        for column, how in columns_shown(view, caller, source, sql):
            self._shown.setdefault(column.rpartition(".")[2].lower(), set()).add(how)
        self._uses = uses

    def keeps(self, text: str, is_string: bool) -> bool:
        if is_string and _FORMATS.fullmatch(text):
            return True
        digits = len(_DIGITS.findall(text))
        if self._uses is None:
            return not is_string and digits <= SHORT_NUMBER
        beside = self._uses.beside.get(text, ())
        if not all(self._is_plain(name, self._uses) for names in beside for name in names):
            return False
        return bool(beside and all(beside)) or (not is_string and digits < LONG_NUMBER)

    def _is_plain(self, name: str, uses: LiteralUses, above: frozenset[str] = frozenset()) -> bool:
        """Whether a name stands for plain columns alone, however often the statement renames them."""
        if self._shown.get(name, {"plain"}) != {"plain"} or name in above:
            return False
        if name not in uses.renamed:
            return name in self._shown
        inside = uses.renamed[name]
        return inside is not None and all(self._is_plain(each, uses, above | {name}) for each in inside)


def _names(policies: PolicySet, source: Source) -> Iterable[str]:
    for table, columns in policies.catalogs[source.name].tables.items():
        yield from (table.schema.lower(), table.table.lower())
        yield from (column.name.lower() for column in columns.columns)


def _stand_in(text: str) -> str:
    """Return a value of the same kind: the statement shall still mean something to who reads it."""
    found = _DATE.fullmatch(text.strip())
    if found:
        return "2000-01-01 00:00:00" if found["time"] else "2000-01-01"
    if _EMAIL.search(text) and "@" in text:
        made = "person@example.com"
    else:
        made = "+12025550100" if _PHONE.search(text) else "x"
    return f"{'%' if text.startswith('%') else ''}{made}{'%' if text.endswith('%') else ''}"
