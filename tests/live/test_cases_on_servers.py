"""Every rewrite case on a real server, through the one door: the rows and column names of the embedded engine.

What a server answers otherwise is named in `case_differences.yaml`, with what it answers there.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from lucky_mcp.demo.roster import DIALECTS
from lucky_mcp.demo.tables import Fleet
from lucky_mcp.errors import ReadError
from lucky_mcp.gateway.read import Gateway
from lucky_mcp.model.request import SqlRead
from lucky_mcp.model.source import Kind
from tests.enforcement.test_rewrite_cases import PRINCIPALS, is_ordered
from tests.live.conftest import Server
from tests.live.fleet import ENVIRONMENT, moved
from tests.support import mysql_server
from tests.support.cases import RewriteCase, as_csv, csv_lines, rewrite_cases
from tests.support.dialect_worlds import DialectWorlds
from tests.support.house import opened

SPOKEN = {Kind.MYSQL: "mysql", Kind.POSTGRES: "postgres", Kind.REDSHIFT: "redshift"}
NAMED: Mapping[str, list[dict[str, Any]]] = YAML(typ="safe").load(
    (Path(__file__).parent / "case_differences.yaml").read_text(encoding="utf-8")
)
DIFFERENCES = {
    Kind.MYSQL: NAMED["mysql" if mysql_server.is_chosen() else "mariadb"],
    Kind.POSTGRES: NAMED["postgres"],
    Kind.REDSHIFT: NAMED["redshift"],
}
TRUTH = {"true": "1", "false": "0", "0E-20": "0"}
QUOTIENT = re.compile(r"(-?\d+)(?:\.0+|(\.\d*[1-9])0+)")
COLON = re.compile(r'"" ?: ?')


@dataclass(frozen=True)
class Answer:
    """Lines of CSV with the columns first, or a code."""

    columns: str
    lines: tuple[str, ...]


def expected(case: RewriteCase, differences: Mapping[str, dict[str, Any]]) -> Answer | str:
    named = differences.get(case.title, {})
    if "code" in named:
        return named["code"]
    return shown(case, named.get("columns", case.columns), csv_lines(named.get("rows", case.rows or "")))


def shown(case: RewriteCase, columns: str, lines: list[str]) -> Answer:
    settled_lines = [",".join(settled(field) for field in line.split(",")) for line in lines]
    return Answer(columns, tuple(settled_lines if is_ordered(case) else sorted(settled_lines)))


def settled(field: str) -> str:
    """What is the same value, written otherwise: truth, a quotient's last digits, JSON's blanks."""
    match = QUOTIENT.fullmatch(field)
    if match:
        return match[1] + (match[2] or "")
    return COLON.sub('"":', TRUTH.get(field, field))


async def answer(gateway: Gateway, case: RewriteCase) -> Answer | str:
    try:
        found = await gateway.read(PRINCIPALS[case.role], SqlRead(source=case.source, sql=case.sql))
    except ReadError as refusal:
        return refusal.code.value
    return shown(case, as_csv([found.columns])[0], as_csv(found.rows))


@pytest.mark.timeout(240)
def test_a_server_answers_as_the_embedded_engine(
    adapted: Server, demo_fleet: Fleet, dialect_worlds: DialectWorlds
) -> None:
    """Cases that ask another source's tables in the server's dialect find them on the server as well."""
    server = adapted
    spoken = SPOKEN[server.kind]
    cases = [each for each in rewrite_cases() if (each.dialect or DIALECTS[each.source]) == spoken]
    names = sorted({case.source for case in cases})
    tables = [table for table in demo_fleet.tables if table.source in names]
    server.load(tables)
    differences = {title: each for each in DIFFERENCES[server.kind] for title in each["titles"]}
    assert set(differences) <= {case.title for case in cases}
    assert len(cases) >= 50

    async def answers() -> dict[str, Answer | str]:
        policies = moved(dialect_worlds.world(spoken).policies, server.kind, server.address, names)
        gateway = await opened(policies, environment=ENVIRONMENT)
        found = {case.title: await answer(gateway, case) for case in cases}
        await gateway.close()
        return found

    found = asyncio.run(answers())
    wrong = {
        f"{case.place} {case.title}": (found[case.title], expected(case, differences))
        for case in cases
        if found[case.title] != expected(case, differences)
    }
    assert not wrong, "\n".join(f"{place}: {pair}" for place, pair in wrong.items())
    assert all(
        expected(case, differences) != expected(case, {}) for case in cases if case.title in differences
    ), "a difference that is none"
