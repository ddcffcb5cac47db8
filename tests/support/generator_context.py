"""The state of one query that is being written: choices, budgets, names in scope."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from tests.support.generator_schema import Field, Kind, World

T = TypeVar("T")
SELECTS_MAX = 4


@dataclass(frozen=True)
class Relation:
    """Something in FROM, by the name that columns are qualified with."""

    name: str
    fields: tuple[Field, ...]
    schema: str = ""  # set where `schema.table.column` may be written
    key: str = ""  # a column that no two rows have alike

    @property
    def usable(self) -> tuple[Field, ...]:
        """The fields whose name is not repeated."""
        names = Counter(each.name.lower() for each in self.fields)
        return tuple(each for each in self.fields if names[each.name.lower()] == 1)


@dataclass(frozen=True)
class Cte:
    """A WITH entry that may be read here."""

    name: str
    fields: tuple[Field, ...]


@dataclass(frozen=True)
class Scope:
    """What names mean at one place: relations of this query, then those around it."""

    relations: tuple[Relation, ...] = ()
    merged: frozenset[str] = frozenset()
    outer: Scope | None = None
    ctes: tuple[Cte, ...] = ()
    is_sized: bool = True  # whether a star's columns are known

    def shadows(self, name: str) -> bool:
        """Whether an unqualified name in FROM would mean a WITH entry."""
        return any(cte.name.lower() == name.lower() for cte in self.ctes)


@dataclass(frozen=True)
class Written:
    """A query's text, its columns in order, and whether its rows come in a total order.

    `scope` is set where ORDER BY may hold expressions over the query's own FROM.
    """

    text: str
    fields: tuple[Field, ...]
    is_sized: bool = True
    is_ordered: bool = False
    scope: Scope | None = None


class Subqueries(Protocol):
    """How expressions and FROM write queries inside themselves."""

    def __call__(
        self, context: Context, scope: Scope, kinds: Sequence[Kind] | None, *, one_row: bool = False
    ) -> Written:
        """Write a query that may read columns of `scope` from outside; `kinds` None leaves the columns open."""


@dataclass
class Context:
    """Choices of one query. `seen` counts the constructs it has, for the shares."""

    choose: Callable[[int, int], int]
    world: World
    subquery: Subqueries
    is_risky: bool = False
    seen: Counter[str] = field(default_factory=Counter)
    selects: int = 0
    names: int = 0

    def number(self, low: int, high: int) -> int:
        """Return a number of the range, both ends included."""
        return self.choose(low, high)

    def chance(self, percent: int) -> bool:
        """Return True that often; shrinking leads to False."""
        return self.number(0, 99) >= 100 - percent

    def pick(self, options: Sequence[T]) -> T:
        """Return one option; shrinking leads to the first."""
        return options[self.number(0, len(options) - 1)] if len(options) > 1 else options[0]

    def count(self, construct: str, text: str = "") -> str:
        """Note that the query has a construct; returns the text, for use in passing."""
        self.seen[construct] += 1
        return text

    def has(self, construct: str) -> bool:
        """Whether the dialect has a construct."""
        return self.world.has(construct)

    def fresh(self, start: str) -> str:
        """Return a name that is new in this query."""
        self.names += 1
        return f"{start}{self.names}"

    def fresh_quoted(self) -> str:
        """Return a new name that must be quoted: capitals and a blank."""
        self.names += 1
        return self.count("quoted_name", f"Sum {self.names}")

    def spelt(self, name: str) -> str:
        """Return a name as it is written where it means something."""
        return self.world.quoted(name) if " " in name else name

    @property
    def may_nest(self) -> bool:
        """Whether another SELECT fits into the budget."""
        return self.selects < SELECTS_MAX
