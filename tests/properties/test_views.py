"""Both properties through views: the answer is that of the view over the clean tables, and hidden data changes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random

import duckdb
import pytest

from lucky_mcp.decision import below_views
from lucky_mcp.demo.roster import DIALECTS
from lucky_mcp.demo.tables import Fleet
from lucky_mcp.demo.write_duckdb import write_fleet
from lucky_mcp.errors import ReadError
from lucky_mcp.gateway.prepared_cache import forget_everything
from lucky_mcp.gateway.read import Gateway
from lucky_mcp.model.request import SqlRead
from tests.support.house import ANALYST, ENGINEER, opened, policies_over
from tests.support.neighbours import NAMES, neighbour
from tests.support.reference import CRM
from tests.support.twin import Unguarded, as_multiset
from tests.support.views_house import (
    ROLES,
    VIEWS,
    HouseView,
    ViewsHouse,
    twin_views,
    views_house,
    write_views,
)

PRINCIPALS = {"analyst": ANALYST, "data_engineer": ENGINEER}
QUERIES = 120
NUMBERS = {"tail_length", "n", "profiles", "place"}
HOSTILE = ("CAST({0} AS SIGNED) > 3", "{0} LIKE '%9%'", "LENGTH({0}) > 5", "{0} < '5'", "{0} IS NULL")
HOSTILE_NUMBERS = (
    "9223372036854775807 + {0} > 0",
    "SQRT({0} - 10) > 1",
    "1 / ({0} - 3) > 0",
    "{0} = 1",
    "EXP({0} * 90) > 1",
)


@dataclass(frozen=True, kw_only=True)
class Houses:
    """The views over one fleet, unguarded as well, and over its neighbours by role and name."""

    whole: ViewsHouse
    raw: Unguarded
    gateways: Mapping[tuple[str, str], Gateway]


@pytest.fixture(scope="module")
def houses(
    sharp_fleet: Fleet, project_root: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Houses]:
    folder = tmp_path_factory.mktemp("views-property")
    write_fleet(sharp_fleet, folder / "sharp", dialects=DIALECTS)
    whole = asyncio.run(views_house(sharp_fleet, project_root / "policies", folder / "sharp", folder))
    gateways = {}
    for role in ROLES:
        gateways[role, ""] = asyncio.run(opened(whole.policies))
        for name in NAMES:
            files = folder / f"{role}-{name}"
            write_fleet(neighbour(sharp_fleet, role, name), files, dialects=DIALECTS)
            write_views(files)
            gateways[role, name] = asyncio.run(opened(policies_over(whole.directory, files)))
    raw = Unguarded(sharp_fleet.tables, folder / "raw", views=twin_views("data_engineer"))
    yield Houses(whole=whole, raw=raw, gateways=gateways)
    raw.close()
    for gateway in gateways.values():
        asyncio.run(gateway.close())
    for twin in whole.twins.values():
        twin.close()


def query(rng: Random, role: str) -> str:
    """Return a statement over one or two views of the role: conditions that may fail, groups, joins, nesting."""
    known = [view for view in VIEWS if view.over_clean_tables(role)]
    view = rng.choice(known)
    columns = shown(view, role)
    sql, alias = f"{view.name} AS a", "a"
    if rng.random() < 0.4:
        other = rng.choice([each for each in known if set(shown(each, role)) & set(columns)])
        key = rng.choice(sorted(set(shown(other, role)) & set(columns)))
        kind = rng.choice(("JOIN", "LEFT JOIN"))
        sql = f"{sql} {kind} {other.name} AS b ON a.{key} = b.{key}"
    condition = ""
    if rng.random() < 0.7:
        column = rng.choice(columns)
        form = rng.choice(HOSTILE_NUMBERS if column in NUMBERS else HOSTILE)
        condition = f" WHERE {form.format(f'{alias}.{column}')}"
    if rng.random() < 0.4:
        by = rng.choice(columns)
        return f"SELECT a.{by}, COUNT(*) AS total, MAX(a.{rng.choice(columns)}) AS most FROM {sql}{condition} GROUP BY a.{by}"
    picked = ", ".join(f"a.{each}" for each in rng.sample(columns, rng.randint(1, len(columns))))
    if rng.random() < 0.3:
        return f"SELECT COUNT(*) AS total FROM (SELECT {picked} FROM {sql}{condition}) AS nested"
    return f"SELECT {picked} FROM {sql}{condition}"


def shown(view: HouseView, role: str) -> list[str]:
    """Return the columns that a role sees of a view, as far as conditions are put on them."""
    hidden = {"first_name", "last_name", "initial", "birthday"} if role == "analyst" else {"birthday"}
    return [each for each in view.columns.split() if each not in hidden]


async def answer(gateway: Gateway, role: str, sql: str) -> object:
    try:
        read = await gateway.read(PRINCIPALS[role], SqlRead(source=CRM, sql=sql, rows_max=1000))
    except ReadError as refusal:
        return refusal.agent_text
    return (read.columns, as_multiset(read.rows))


async def differences(houses: Houses, role: str, count: int) -> tuple[list[str], int, int]:
    """Return what went wrong, how many queries had rows, and how many the hidden data would have changed."""
    rng = Random(f"views {role}")
    faults, with_rows, touched = [], 0, 0
    for _ in range(count):
        sql = query(rng, role)
        found = await answer(houses.gateways[role, ""], role, sql)
        try:
            columns, rows = houses.whole.twins[role].ask(CRM, sql)
            expected: object = (columns, as_multiset(rows))
            with_rows += bool(rows)
        except duckdb.Error:
            expected = found if isinstance(found, str) else "an error"
        if found != expected:
            faults.append(f"not the twin's: {sql}: {str(found)[:200]}")
        for name in NAMES:
            if await answer(houses.gateways[role, name], role, sql) != found:
                faults.append(f"{name} shows through: {sql}")
        touched += found != raw_answer(houses.raw, sql)
    return faults, with_rows, touched


def raw_answer(raw: Unguarded, sql: str) -> object:
    """Return what the views themselves answer; their failure is an answer as well."""
    try:
        columns, rows = raw.ask(CRM, sql)
    except duckdb.Error:
        return "an error"
    return (columns, as_multiset(rows))


@pytest.mark.parametrize("role", ROLES)
async def test_both_properties_hold_through_views(houses: Houses, role: str) -> None:
    faults, with_rows, touched = await differences(houses, role, QUERIES)
    assert faults == []
    assert with_rows > QUERIES * 0.4 and touched > QUERIES * 0.4


@pytest.mark.parametrize("lost", ["contract_filters", "visible_columns"])
async def test_a_rule_that_is_lost_below_a_view_is_noticed(
    houses: Houses, lost: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = getattr(below_views, lost)

    def forgotten(*args, **kwargs):  # type: ignore[no-untyped-def]
        made = original(*args, **kwargs)
        return (
            ()
            if lost == "contract_filters"
            else tuple(type(each)(name=each.name, type=each.type) for each in made)
        )

    monkeypatch.setattr(below_views, lost, forgotten)
    forget_everything()
    faults, _, _ = await differences(houses, "analyst", 40)
    forget_everything()
    assert faults
