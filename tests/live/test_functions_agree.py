"""What the embedded engine computes without an error is what the server of the dialect computes.

Every accepted call of a dialect is asked of both over the same rows, with operands of several kinds. An error
here where the server has an answer is a gap; another answer is a lie, unless it is named with its reason.
"""

from __future__ import annotations

import asyncio
import json
import math
import re
import tomllib
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import pytest
from ruamel.yaml import YAML

from lucky_mcp.demo.tables import Fleet
from lucky_mcp.errors import ReadError
from lucky_mcp.model.request import SqlRead
from lucky_mcp.policy.policy_set import PolicySet
from tests.live.conftest import Server
from tests.support.cases import CASES
from tests.support.house import ENGINEER, opened
from tests.support.reference import MAP, ORDERS, clean_tables

ROWS = 12
CLOCK = re.compile(
    r"NOW|CUR|UTC_|SYSDATE|LOCALTIME|CLOCK_TIMESTAMP|UNIX_TIMESTAMP\(\)|AGE\(a\)", re.IGNORECASE
)


class Field(NamedTuple):
    """Where a dialect is asked: its table, a unique column to order by, and operands by kind."""

    source: str
    schema: str
    table: str
    key: str
    operands: dict[str, tuple[str, str]]


FIELDS = {
    "mysql": Field(
        ORDERS,
        "luckyus_sales_order",
        "t_sales_order_m",
        "order_id",
        {
            "time": ("order_time", "order_time"),
            "text": ("shop_name", "order_channel"),
            "decimal": ("pay_amount", "total_amount"),
            "integer": ("shop_id", "order_status"),
            "date literal": ("'2026-02-12'", "'2026-01-31'"),
            "time literal": ("'2026-02-12 10:11:12'", "'2027-01-01 00:00:00'"),
        },
    ),
    "postgres": Field(
        MAP,
        "public",
        "store_location",
        "shop_id",
        {
            "decimal": ("lat", "lon"),
            "integer": ("shop_id", "shop_id"),
            "text": ("'café b'", "'xyz'"),
            "date": ("DATE '2026-02-12'", "DATE '2026-01-31'"),
            "time": ("TIMESTAMP '2026-02-12 10:11:12'", "TIMESTAMP '2027-01-01 00:00:00'"),
        },
    ),
}


def questions(dialect: str, project_root: Path) -> dict[str, str]:
    """Return the statement of every accepted call over every kind of operand, by its expression.

    Windows get the key alone, so that no row ties.
    """
    file = project_root / "src" / "lucky_mcp" / "sql" / "functions" / f"{dialect}.toml"
    field, asked = FIELDS[dialect], {}
    for group, entry in tomllib.loads(file.read_text(encoding="utf-8")).items():
        operands = {"key": (field.key, field.key)} if group == "windows" else field.operands
        first_rows = f"{field.table} ORDER BY {field.key} LIMIT {ROWS}"
        tail = f"(SELECT * FROM {first_rows}) AS few" if group == "aggregates" else first_rows
        for call in (each for each in entry.get("calls", ()) if not CLOCK.search(each)):
            for first, second in operands.values():
                given = {"a": first, "b": second, "c": first}
                expression = re.sub(r"\b[abc]\b", lambda found, given=given: given[found[0]], call)
                asked[expression] = f"SELECT {expression} AS x FROM {tail}"
    return asked


def same(mine: object, theirs: object) -> bool:
    """Compare values; servers round and print numbers, times and JSON in their own ways."""
    if mine is None or theirs is None:
        return mine is theirs
    one, other = plain(mine), plain(theirs)
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-4, abs_tol=1e-4)
    return one == other


def plain(value: object) -> object:
    if isinstance(value, bool | int | float | Decimal):
        return float(value)
    if isinstance(value, timedelta):
        return (
            (datetime.min + value).time().isoformat() if timedelta(0) <= value < timedelta(1) else str(value)
        )
    if isinstance(value, datetime):
        return value.replace(tzinfo=None).isoformat(sep=" ")
    if isinstance(value, date | time):
        return value.isoformat()
    text = value.decode() if isinstance(value, bytes) else value
    if isinstance(text, str):
        with suppress(ValueError):
            return plain(json.loads(text))
    return text


async def compared(
    policies: PolicySet, server: Server, dialect: str, project_root: Path
) -> tuple[set[str], int]:
    """Return the expressions that both answer and not alike, and how many both answered."""
    field, differing, answered = FIELDS[dialect], set(), 0
    gateway = await opened(policies)
    for expression, sql in questions(dialect, project_root).items():
        try:
            mine = (await gateway.read(ENGINEER, SqlRead(source=field.source, sql=sql))).rows
        except ReadError:
            continue
        theirs = server.ask(field.schema, sql)
        if isinstance(theirs, str):
            continue
        answered += 1
        if len(mine) != len(theirs) or not all(
            map(same, *([row[0] for row in rows] for rows in (mine, theirs)))
        ):
            differing.add(expression)
    await gateway.close()
    return differing, answered


@pytest.mark.parametrize(("dialect", "answered_min"), [("mysql", 400), ("postgres", 200)])
def test_nothing_is_computed_otherwise_without_an_error(
    dialect: str,
    answered_min: int,
    request: pytest.FixtureRequest,
    demo_policies: PolicySet,
    demo_fleet: Fleet,
    project_root: Path,
) -> None:
    server: Server = request.getfixturevalue("live_mariadb" if dialect == "mysql" else "live_postgres")
    field = FIELDS[dialect]
    server.load([table for table in clean_tables(demo_fleet, "data_engineer") if table.name == field.table])
    differing, answered = asyncio.run(compared(demo_policies, server, dialect, project_root))
    named = YAML(typ="safe").load((CASES / "expressions" / "other_values.yaml").read_text(encoding="utf-8"))
    assert differing == {each for reason in named[dialect] for each in reason["expressions"]}
    assert answered >= answered_min
