"""Random joins under random conditions, and the rows that each of their scans contributes to the answer.

Every item shows its row's number, so what a scan's rows are is read from the answer itself, on the engine.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

import duckdb

from lucky_mcp.catalog.snapshot import Catalog, Column, Table
from lucky_mcp.model.decision import VisibleColumn
from lucky_mcp.model.names import TableName
from lucky_mcp.model.source import Dialect
from lucky_mcp.sql.dialects import GRAMMARS

Row = dict[str, object]
START = datetime(2026, 1, 1)
NOW = datetime(2026, 1, 15, 12)
TYPES = {"id": "BIGINT", "k": "VARCHAR", "n": "BIGINT", "c": "VARCHAR", "t": "TIMESTAMP"}
ITEM_TYPES = {"id": "BIGINT", "n": "BIGINT", "k": "VARCHAR", "q": "INTEGER"}
TABLES = {"orders": TYPES, "items": ITEM_TYPES}
GRAMMAR = GRAMMARS[Dialect.DUCKDB]
COLUMNS = {
    TableName(schema="main", table=table): tuple(VisibleColumn(name=n, type=t) for n, t in types.items())
    for table, types in TABLES.items()
}
CATALOG = Catalog(
    source="s",
    tables={
        name: Table(name=name, columns=tuple(Column(name=each.name, type=each.type) for each in columns))
        for name, columns in COLUMNS.items()
    },
)
KEYS = ("a", "A", "b", "5", "")


def world() -> tuple[duckdb.DuckDBPyConnection, dict[str, dict[int, Row]]]:
    """Return a database of two small tables, and their rows by number."""
    random = Random(3)
    rows: dict[str, dict[int, Row]] = {"orders": {}, "items": {}}
    for number in range(24):
        rows["orders"][number] = {
            "id": number,
            "k": random.choice((*KEYS, None)),
            "n": random.choice((1, 2, 5, None)),
            "c": random.choice(KEYS),
            "t": START + timedelta(days=random.randrange(30)),
        }
        rows["items"][number] = {
            "id": number,
            "n": random.choice((1, 2, 5, None)),
            "k": random.choice((*KEYS, None)),
            "q": random.randrange(3),
        }
    database = duckdb.connect()
    for table, types in TABLES.items():
        database.execute(f"CREATE TABLE {table} ({', '.join(f'{n} {t}' for n, t in types.items())})")
        marks = ", ".join("?" for _ in types)
        database.executemany(
            f"INSERT INTO {table} VALUES ({marks})",
            [[row[name] for name in types] for row in rows[table].values()],
        )
    return database, rows


@dataclass(frozen=True)
class Conditioned:
    """A query; `scans` are (table, the column of the answer with its row's number, or None), in text order."""

    sql: str
    scans: tuple[tuple[str, int | None], ...]


def conditioned(random: Random) -> Conditioned:
    """Return a join of one to three tables; one in four stands in a lateral subquery, under an outer alias."""
    count = random.choice((1, 2, 2, 2, 3, 3))
    tables = [random.choice(("orders", "items")) for _ in range(count)]
    names = ["a", "b", "c"][:count]
    writer = _Writer(random, tables, names)
    text = writer.join()
    shown = ", ".join(f"{name}.id AS id_{name}" for name in names)
    where = f" WHERE {writer.tree(names, 3)}" if random.random() < 0.85 else ""
    inner = f"SELECT {shown} FROM {text}{where}"
    if random.random() < 0.25:
        outer = names[-1]
        sql = f"SELECT l.* FROM orders AS {outer} CROSS JOIN LATERAL ({inner}) AS l"
        return Conditioned(sql, (("orders", None), *((table, at) for at, table in enumerate(tables))))
    return Conditioned(inner, tuple((table, at) for at, table in enumerate(tables)))


class _Writer:
    def __init__(self, random: Random, tables: list[str], names: list[str]) -> None:
        self.random = random
        self.types = {name: TABLES[table] for name, table in zip(names, tables, strict=True)}
        self.tables = dict(zip(names, tables, strict=True))
        self.names = names
        self.merged: set[str] = set()

    def join(self) -> str:
        text = f"{self.tables[self.names[0]]} AS {self.names[0]}"
        for at, name in enumerate(self.names[1:], start=1):
            kind = self.random.choice(
                ("JOIN", "JOIN", "LEFT JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "FULL JOIN", ",")
            )
            text += f"{'' if kind == ',' else ' '}{kind} {self.tables[name]} AS {name}"
            if kind == ",":
                continue
            if self.random.random() < 0.3:
                using = self.random.choice(("n", "k", "n, k"))
                text += f" USING ({using})"
                self.merged |= set(using.split(", "))
            else:
                # A later item's alias may stand here: then it is an error, or an outer query's.
                reach = self.names if self.random.random() < 0.25 else self.names[: at + 1]
                text += f" ON {self.tree(reach, 2)}"
        return text

    def tree(self, names: list[str], depth: int) -> str:
        if depth == 0 or self.random.random() < 0.3:
            return self.leaf(names)
        left, right = self.tree(names, depth - 1), self.tree(names, depth - 1)
        return self.random.choice(
            (
                *(f"{left} AND {right}",) * 6,
                f"({left}) AND ({right})",
                f"({left} AND {right})",
                f"({left} OR {right})",
                f"{left} OR {right}",
                f"NOT ({left})",
                f"NOT {left} AND {right}",
                f"CASE WHEN {left} THEN TRUE ELSE {right} END",
                f"COALESCE({left}, TRUE) AND {right}",
                f"(({left}) = ({right}))",
                f"({left}) IS NOT NULL",
            )
        )

    def leaf(self, names: list[str]) -> str:
        column, kind = self.column(names)
        value = {"VARCHAR": self.text, "TIMESTAMP": self.time}.get(kind, self.number)
        operator = self.random.choice(("=", "=", "=", "<", "<=", ">", ">=", "<>"))
        other, _ = self.column(names, kind)
        return self.random.choice(
            (
                *(f"{column} = {value()}",) * 5,
                f"{column} {operator} {value()}",
                f"{value()} {operator} {column}",
                f"{column} = {other}",
                f"{column} = {other}",
                f"{column} {operator} {other}",
                f"{column} IN ({value()}, {value()})",
                f"{column} NOT IN ({value()})",
                f"{column} IN ({value()}, {other})",
                f"{column} BETWEEN {value()} AND {value()}",
                f"{column} NOT BETWEEN {value()} AND {value()}",
                f"{column} IS NOT DISTINCT FROM {value()}",
                f"{column} IS NULL",
                f"COALESCE({column}, {value()}) = {value()}",
                f"CASE WHEN {column} = {value()} THEN {column} ELSE {other} END = {value()}",
                f"({column}) = ({value()})",
            )
        )

    def column(self, names: list[str], kind: str = "") -> tuple[str, str]:
        known = [(n, c, t) for n in names for c, t in self.types[n].items() if c != "id" and kind in ("", t)]
        known += [each for each in known if each[1] == "t"] * 2
        name, column, type_ = self.random.choice(known)
        is_bare = self.random.random() < (0.5 if column in self.merged else 0.1)
        return (column if is_bare else f"{name}.{column}"), type_

    def text(self) -> str:
        return self.random.choice(("'a'", "'a'", "'b'", "'5'", "''", "NULL", "'a'::VARCHAR", "LOWER('A')"))

    def number(self) -> str:
        return self.random.choice(("1", "2", "5", "'5'", "-1", "NULL", "2.5", "1 + 1"))

    def time(self) -> str:
        day = self.random.randrange(1, 31)
        return self.random.choice(
            (
                f"'2026-01-{day:02}'",
                f"DATE '2026-01-{day:02}'",
                f"TIMESTAMP '2026-01-{day:02} 00:00:00' - INTERVAL {self.random.randrange(9)} DAY",
                f"DATE '2026-01-{day:02}' + 2",
                f"date_trunc('month', TIMESTAMP '2026-01-{day:02} 00:00:00') + INTERVAL 1 MONTH",
                "NULL",
            )
        )
