"""Fills in what new rewrite cases expect, for a reviewer to read: `python -m tests.cases.accept`.

`rows` and `columns` come from the clean twin, never from the guard. Only what is missing is written;
delete `sent` or `rows` of a case to have it filled again.
"""

from __future__ import annotations

import asyncio
import re
import tempfile
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import duckdb
from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import LiteralScalarString
from sqlglot.errors import SqlglotError

from lucky_mcp.demo.generate import generate
from lucky_mcp.demo.roster import DIALECTS
from lucky_mcp.demo.write_duckdb import write_fleet
from lucky_mcp.errors import ReadError
from lucky_mcp.gateway.read import Gateway
from lucky_mcp.model.request import SqlRead
from tests.support.cases import CASES, RewriteCase, as_csv, guards, one_space, rewrite_cases
from tests.support.dialect_worlds import DialectWorlds
from tests.support.house import ANALYST, ENGINEER, EXECUTIVE, opened, policies_over
from tests.support.reference import clean_tables
from tests.support.twin import Unguarded

PRINCIPALS = {"analyst": ANALYST, "data_engineer": ENGINEER, "executive": EXECUTIVE}
CLAUSES = re.compile(
    r" ((?:(?:NATURAL|LEFT|RIGHT|FULL|CROSS) )*JOIN|FROM|WHERE|GROUP BY|HAVING|ORDER BY|LIMIT|UNION|EXCEPT|INTERSECT)\b"
)


async def fill() -> None:
    """Write the missing expectations of every case file."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        fleet = generate(seed=7, end=date(2026, 2, 14), scale="tiny")
        write_fleet(fleet, folder / "demo", dialects=DIALECTS)
        gateway = await opened(policies_over(CASES.parent.parent / "policies", folder / "demo"))
        twins = {
            role: Unguarded(clean_tables(fleet, role), folder / role, views=fleet.views)
            for role in PRINCIPALS
        }
        worlds = DialectWorlds(fleet, CASES.parent.parent / "policies", folder / "dialects")
        asked = {"": (gateway, twins)}
        known = {case.title: case for case in rewrite_cases(unfilled=True)}
        for path in sorted((CASES / "rewrite").rglob("*.yaml")):
            dialect = str(as_written().load(path).get("dialect", ""))
            if dialect not in asked:
                world = worlds.world(dialect)
                asked[dialect] = (await opened(world.policies), world.twins)
            await fill_file(path, known, *asked[dialect])
        for gateway, _ in asked.values():
            await gateway.close()
        worlds.close()
        for twin in twins.values():
            twin.close()


async def fill_file(
    path: Path, known: Mapping[str, RewriteCase], gateway: Gateway, twins: Mapping[str, Unguarded]
) -> None:
    """Write the missing expectations of one file, leaving the rest of its text as it is."""
    tree = as_written().load(path)
    changed = False
    for entry in tree["cases"]:
        case = known[entry["title"]]
        if not case.sent:
            sent = await sent_text(case, gateway)
            if sent:
                entry["sent"] = LiteralScalarString(sent)
                changed = True
        if case.rows is None:
            try:
                columns, rows = twins[case.role].ask(case.source, case.twin or case.sql)
            except (duckdb.Error, SqlglotError) as failure:
                print(f"{case.place}: {case.title}: the twin fails: {failure}")
                continue
            entry["columns"] = ",".join(columns)
            entry["rows"] = LiteralScalarString("\n".join(as_csv(rows)))
            changed = True
    if changed:
        as_written().dump(tree, path)
        print(f"filled {path.name}: read it before you commit it")


def as_written() -> YAML:
    """Return a reader and writer that keeps the layout of what it does not change."""
    yaml = YAML(typ="rt")
    yaml.width, yaml.preserve_quotes = 4096, True
    yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml


async def sent_text(case: RewriteCase, gateway: Gateway) -> str:
    """Return the guarded text with guard names for the guards, one clause a line; "" when it is refused."""
    request = SqlRead(source=case.source, sql=case.sql)
    try:
        sent = one_space((await gateway.explain(PRINCIPALS[case.role], request)).sql_sent)
    except ReadError as refusal:
        print(f"{case.place}: {case.title}: refused: {refusal.agent_text} [{refusal.audit_detail}]")
        return ""
    for name, text in guards(case.dialect)[case.role].items():
        sent = sent.replace(one_space(text), f"«{name}»")
    return CLAUSES.sub(r"\n\1", sent)


if __name__ == "__main__":
    asyncio.run(fill())
