"""Every table of the demo, as each role that reads it: the guarded answer is the clean twin's, column by column."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from ruamel.yaml import YAML

from lucky_mcp.demo.roster import DIALECTS
from lucky_mcp.demo.tables import Fleet, Table, View
from lucky_mcp.gateway.read import Gateway
from lucky_mcp.model.principal import Principal
from lucky_mcp.model.request import SqlRead
from tests.support.cases import CASES
from tests.support.house import ANALYST, ENGINEER, EXECUTIVE, ML_ENGINEER
from tests.support.reference import HIDDEN, MASKS
from tests.support.reference_rows import EVERY_ROW, RESTRICTED
from tests.support.twin import Unguarded, as_multiset

PRINCIPALS: Mapping[str, Principal] = {
    "analyst": ANALYST,
    "data_engineer": ENGINEER,
    "executive": EXECUTIVE,
    "ml_engineer": ML_ENGINEER,
}
TABLES: dict[tuple[str, str], list[str]] = {}
for path in sorted((CASES / "decision").glob("visible*.yaml")):
    for table, entry in YAML(typ="safe").load(path.read_text(encoding="utf-8")).items():
        if entry["source"] not in DIALECTS:  # the lake: tests/gateway/test_lake.py asks it
            continue
        for role in PRINCIPALS.keys() & entry["roles"]:
            TABLES.setdefault((role, entry["source"]), []).append(table)


def table_named(fleet: Fleet, source: str, full_name: str) -> Table | View:
    schema, _, name = full_name.partition(".")
    views = [each for each in fleet.views if (each.source, each.schema, each.name) == (source, schema, name)]
    return views[0] if views else fleet.table(source, schema, name)


def summary(table: Table | View, role: str) -> str:
    """Return a query that counts rows and shows of each visible column how many values, the least and the greatest."""
    quote = "`" if DIALECTS[table.source] == "mysql" else '"'
    parts = ["COUNT(*) AS rows_seen"]
    for column in table.columns:
        name = f"{quote}{column.name}{quote}"
        if MASKS[role].get(column.name) is HIDDEN:
            continue
        parts.append(f"COUNT({name}) AS {column.name}_known")
        if column.type not in {"JSON", "BOOLEAN"}:
            parts.append(f"MIN({name}) AS {column.name}_least, MAX({name}) AS {column.name}_greatest")
            parts.append(f"COUNT(DISTINCT {name}) AS {column.name}_different")
    return f"SELECT {', '.join(parts)} FROM {table.schema}.{table.name}"


@pytest.mark.parametrize(("role", "source"), sorted(TABLES), ids=lambda each: each)
async def test_the_guarded_answers_are_the_twins(
    gateway: Gateway,
    twins: Mapping[str, Unguarded],
    raw: Unguarded,
    demo_fleet: Fleet,
    role: str,
    source: str,
) -> None:
    for name in TABLES[role, source]:
        table = table_named(demo_fleet, source, name)
        sql = summary(table, role)
        answer = await gateway.read(PRINCIPALS[role], SqlRead(source=source, sql=sql))
        columns, rows = twins[role].ask(source, sql)
        assert (answer.columns, as_multiset(answer.rows)) == (columns, as_multiset(rows)), name
        _, unfiltered = raw.ask(source, sql)
        if table.name not in EVERY_ROW and (isinstance(table, View) or table.rows):
            assert answer.rows[0][0] != unfiltered[0][0], f"no row of {name} is hidden: nothing was shown"


def test_most_tables_of_the_demo_are_asked(demo_fleet: Fleet) -> None:
    asked = {name for (role, _), names in TABLES.items() for name in names if role == "data_engineer"}
    assert len(asked) == len(demo_fleet.tables) - len(RESTRICTED) + len(demo_fleet.views)


def test_the_executive_reads_the_views_and_nothing_else(demo_fleet: Fleet) -> None:
    asked = {
        (source, name) for (role, source), names in TABLES.items() for name in names if role == "executive"
    }
    assert asked == {(view.source, f"{view.schema}.{view.name}") for view in demo_fleet.views}
