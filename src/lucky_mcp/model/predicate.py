"""Row filters as a closed algebra: what a filter may say, and nothing else.

A filter is written in YAML as SQL, parsed once into these values, and rendered into each dialect at
the scan. Being data, a filter can hold no subquery, function or name of an agent's making.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from lucky_mcp.model.names import TableName

Scalar = str | int | Decimal | bool | date
Operator = Literal["=", "<>", "<", "<=", ">", ">="]


@dataclass(frozen=True, kw_only=True)
class Compare:
    """`column op literal`; NULL never passes."""

    column: str
    operator: Operator
    value: Scalar


@dataclass(frozen=True, kw_only=True)
class Member:
    """`column IN (values)`; the values are a reference set, a principal's attribute or literals.

    `origin` names where the values came from (`:ref.us_shops`), for explanations. INVARIANT: never empty.
    """

    column: str
    values: tuple[Scalar, ...]
    origin: str = ""

    def __post_init__(self) -> None:
        if not self.values:
            raise ValueError("an empty set of values would be rendered as no filter")


@dataclass(frozen=True, kw_only=True)
class Known:
    """`column IS NOT NULL`."""

    column: str


@dataclass(frozen=True, kw_only=True)
class Every:
    """All of the parts (AND)."""

    parts: tuple[Predicate, ...]


@dataclass(frozen=True, kw_only=True)
class Either:
    """At least one of the parts (OR)."""

    parts: tuple[Predicate, ...]


@dataclass(frozen=True, kw_only=True)
class Through:
    """`column IN (SELECT parent_column FROM parent WHERE filter)`: a contract reached `via` a parent."""

    column: str
    parent: TableName
    parent_column: str
    filter: Predicate


Predicate = Compare | Member | Known | Every | Either | Through


def every_part(predicate: Predicate) -> Iterator[Predicate]:
    """Yield what a predicate says by AND, each part by itself."""
    if isinstance(predicate, Every):
        for part in predicate.parts:
            yield from every_part(part)
    else:
        yield predicate
