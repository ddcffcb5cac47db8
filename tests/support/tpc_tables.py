"""Small tables with the columns of two public benchmarks, filled by a seeded generator of our own.

The columns are those that the specifications of TPC-H and TPC-DS name; neither their data nor their texts are here.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from lucky_mcp.demo.tables import Column, Table

Value = object
Make = Callable[[random.Random, int], Value]


@dataclass(frozen=True, kw_only=True)
class Spec:
    """One table: how many rows, its key, and for each column a type and what fills it."""

    name: str
    rows: int
    key: tuple[str, ...]
    columns: Mapping[str, tuple[str, Make]]


def number(low: int, high: int, type_: str = "INTEGER") -> tuple[str, Make]:
    return type_, lambda r, _: r.randint(low, high)


def key(start: int = 1) -> tuple[str, Make]:
    return "INTEGER", lambda _, i: i + start


def maybe(low: int, high: int) -> tuple[str, Make]:
    """A foreign key that one row in twenty-five lacks."""
    return "INTEGER", lambda r, _: None if r.random() < 0.04 else r.randint(low, high)


def money(low: float, high: float) -> tuple[str, Make]:
    return "DECIMAL(15,2)", lambda r, _: Decimal(r.randint(int(low * 100), int(high * 100))) / 100


def text(*words: str) -> tuple[str, Make]:
    return "VARCHAR", lambda r, _: r.choice(words)


def each(*words: str) -> tuple[str, Make]:
    """The words in their order, again and again."""
    return "VARCHAR", lambda _, i: words[i % len(words)]


def name(prefix: str, digits: int = 9) -> tuple[str, Make]:
    return "VARCHAR", lambda _, i: f"{prefix}{i + 1:0{digits}d}"


def sentence(*extra: str) -> tuple[str, Make]:
    words = [
        "carefully",
        "final",
        "deposits",
        "sleep",
        "among",
        "the",
        "pending",
        "requests",
        "quickly",
        "bold",
        "ideas",
        "haggle",
    ]
    return "VARCHAR", lambda r, _: " ".join(r.sample(words, 4) + ([r.choice(extra)] if extra else []))


def day(first: date, last: date) -> tuple[str, Make]:
    return "DATE", lambda r, _: first + timedelta(days=r.randint(0, (last - first).days))


def from_parts(*parts: tuple[str, ...]) -> tuple[str, Make]:
    return "VARCHAR", lambda r, _: " ".join(r.choice(part) for part in parts)


def tables_of(source: str, schema: str, specs: list[Spec], seed: int) -> tuple[Table, ...]:
    """Return the tables with their rows, the same for the same seed."""
    made = []
    for spec in specs:
        chance = random.Random(f"{seed}:{spec.name}")
        rows, seen = [], set()
        for index in range(spec.rows):
            row = tuple(make(chance, index) for _, make in spec.columns.values())
            names = list(spec.columns)
            unique = tuple(row[names.index(part)] for part in spec.key)
            if unique not in seen:
                seen.add(unique)
                rows.append(row)
        made.append(
            Table(
                source=source,
                schema=schema,
                name=spec.name,
                comment="",
                columns=tuple(Column(name=each, type=type_) for each, (type_, _) in spec.columns.items()),
                primary_key=spec.key,
                rows=rows,
            )
        )
    return tuple(made)
