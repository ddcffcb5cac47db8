"""Whether each scan's own conditions meet what policy requires of its table.

All requirements of a table must be met, each by one of its options. Pure: the facts were read from the
statement before, and what no fact says is not met.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from lucky_mcp.model.decision import Requirement, TableDecision
from lucky_mcp.model.names import TableName
from lucky_mcp.model.requirement import Equals, Equated, Fact, Named, Option, Range, Since, Until, Via


@dataclass(frozen=True, kw_only=True)
class Judged:
    """Which scans lack what: (position of the scan, requirement), in their order.

    `moves`: a range was measured by the clock, so that the same statement may be refused at another time.
    """

    unmet: tuple[tuple[int, Requirement], ...]
    moves: bool


def judge(scans: Sequence[TableDecision], facts: Sequence[tuple[Fact, ...]], now: datetime) -> Judged:
    """Judge all scans of a statement; `facts` are theirs, `now` is in the source's zone, naive."""
    judge_ = _Judge([scan.table for scan in scans], [_names(each) for each in facts], facts, now)
    judge_.spread_names()
    met: set[int] = set()
    while True:
        more = {at for at, scan in enumerate(scans) if at not in met and judge_.meets_all(at, scan, met)}
        if not more:
            break
        met |= more
    unmet = tuple(
        (at, requirement)
        for at, scan in enumerate(scans)
        if at not in met
        for requirement in scan.requires
        if not judge_.meets(at, requirement, met)
    )
    return Judged(unmet=unmet, moves=judge_.moves)


def in_words(requirement: Requirement) -> str:
    """Return what a scan's conditions must say, as a caller reads it; no value is in it."""
    return ", or ".join(_option_in_words(option) for option in requirement.options)


def _option_in_words(option: Option) -> str:
    if isinstance(option, Equals):
        several = f", or IN at most {option.values_max}" if option.values_max > 1 else ""
        return f"{option.column} = one value{several}"
    if isinstance(option, Range):
        days = f"{option.days_max} days"
        return f"{option.column} between two times at most {days} apart or since one of the last {days}"
    return f"a join by {option.column} with {option.parent} that meets the condition of that table"


Names = dict[str, frozenset[str]]


def _names(facts: tuple[Fact, ...]) -> Names:
    found: Names = {}
    for fact in facts:
        if isinstance(fact, Named):
            _narrow(found, fact.column, fact.values)
    return found


def _narrow(names: Names, column: str, values: frozenset[str]) -> bool:
    """Keep the smaller of two sets of which each holds every value; say whether that changed anything."""
    known = names.get(column)
    if known is not None and len(known) <= len(values):
        return False
    names[column] = values
    return True


class _Judge:
    def __init__(
        self,
        tables: Sequence[TableName],
        names: Sequence[Names],
        facts: Sequence[tuple[Fact, ...]],
        now: datetime,
    ) -> None:
        self._tables = tables
        self._names = names
        self._facts = facts
        self._now = now
        self.moves = False

    def spread_names(self) -> None:
        """`a.key = b.key` carries the constants that one of them equals over to the other."""
        changed = True
        while changed:
            changed = False
            for at, facts in enumerate(self._facts):
                for fact in facts:
                    values = isinstance(fact, Equated) and self._names[fact.other].get(fact.other_column)
                    if isinstance(fact, Equated) and values:
                        changed = _narrow(self._names[at], fact.column, values) or changed

    def meets_all(self, at: int, scan: TableDecision, met: set[int]) -> bool:
        """Whether a scan meets every requirement, given the scans that do so far."""
        return all(self.meets(at, requirement, met) for requirement in scan.requires)

    def meets(self, at: int, requirement: Requirement, met: set[int]) -> bool:
        """Whether a scan meets one of the options of a requirement."""
        return any(self._meets(at, option, met) for option in requirement.options)

    def _meets(self, at: int, option: Option, met: set[int]) -> bool:
        if isinstance(option, Equals):
            return 0 < len(self._names[at].get(option.column, ())) <= option.values_max
        if isinstance(option, Range):
            return self._is_near(at, option)
        return any(self._joins(fact, option, met) for fact in self._facts[at])

    def _joins(self, fact: Fact, option: Via, met: set[int]) -> bool:
        return (
            isinstance(fact, Equated)
            and fact.column == fact.other_column == option.column
            and self._tables[fact.other] == option.parent
            and fact.other in met
        )

    def _is_near(self, at: int, option: Range) -> bool:
        """Between two times near to each other; or after one near to now, counted in days of the calendar."""
        facts = self._facts[at]
        since = [each for each in facts if isinstance(each, Since) and each.column == option.column]
        until = [each for each in facts if isinstance(each, Until) and each.column == option.column]
        if not since:
            return False
        first, days = max(since, key=lambda each: each.at), timedelta(days=option.days_max)
        last = min(until, key=lambda each: each.at) if until else None
        if last is not None and last.at - first.at <= days:
            self.moves = self.moves or first.moves or last.moves
            return True
        self.moves = True
        return self._now.date() - first.at.date() <= days
