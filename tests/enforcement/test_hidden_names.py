"""A name that exists and may not be seen reads exactly like one that does not exist."""

import shutil
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from ruamel.yaml import YAML

from lucky_mcp.adapters.registry import Registry
from lucky_mcp.demo.roster import DIALECTS
from lucky_mcp.demo.tables import Column, Fleet, Table
from lucky_mcp.demo.write_duckdb import write_fleet
from lucky_mcp.errors import Code, ReadError
from lucky_mcp.gateway.read import Gateway
from lucky_mcp.model.principal import Principal
from lucky_mcp.model.request import SqlRead
from tests.support.house import ANALYST, DBA, ENGINEER, EXECUTIVE, opened, policies_over
from tests.support.reference import CRM, MAP, ORDERS

SECRET = "ann@hidden.example"
DENIAL = "denials:\n  - {id: no-profiles, roles: [analyst], why: x}\n"


@pytest.fixture(scope="module")
def grown_data(demo_fleet: Fleet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's databases after somebody added a column and a table that no reviewer has seen."""
    folder = tmp_path_factory.mktemp("grown")

    def grown(table: Table) -> Table:
        if table.name != "t_user":
            return table
        columns = (*table.columns, Column(name="contact_info", type="VARCHAR"))
        return replace(table, columns=columns, rows=[(*row, SECRET) for row in table.rows])

    users = demo_fleet.table(CRM, "luckyus_sales_crm", "t_user")
    added = replace(users, name="t_user_backup")
    tables = (*(grown(table) for table in demo_fleet.tables), added)
    write_fleet(replace(demo_fleet, tables=tables), folder, dialects=DIALECTS)
    return folder


@pytest.fixture
async def grown(project_root: Path, grown_data: Path) -> AsyncIterator[Gateway]:
    gateway = await opened(policies_over(project_root / "policies", grown_data))
    yield gateway
    await gateway.close()


async def refusal(gateway: Gateway, principal: Principal, source: str, sql: str) -> ReadError:
    with pytest.raises(ReadError) as refused:
        await gateway.read(principal, SqlRead(source=source, sql=sql))
    return refused.value


async def read_alike(
    gateway: Gateway, principal: Principal, source: str, sql: Callable[[str], str], hidden: str, unknown: str
) -> None:
    """Both names are refused with the same text, but for the name itself and its place."""
    assert len(hidden) == len(unknown)
    first = await refusal(gateway, principal, source, sql(hidden))
    second = await refusal(gateway, principal, source, sql(unknown))
    assert first.code is second.code is Code.UNKNOWN_NAME
    assert first.agent_text.replace(hidden, unknown) == second.agent_text
    assert (first.nearest, first.next_step, first.phase) == (second.nearest, second.next_step, second.phase)


COLUMNS = [
    ("analyst", "first_name", "first_nemo", "t_user_profile"),
    ("analyst", "last_name", "lost_name", "t_user_profile"),
    ("analyst", "birthday", "birthdoy", "t_user_profile"),
    ("analyst", "contact_info", "contact_inka", "t_user"),
    ("data_engineer", "contact_info", "contact_inka", "t_user"),
]
SHAPES = [
    "SELECT {name} FROM {table}",
    "SELECT {table}.{name} FROM {table}",
    "SELECT COUNT(*) FROM {table} WHERE {name} = 'x'",
    "SELECT COUNT(*) FROM {table} GROUP BY {name}",
    "SELECT user_no FROM {table} ORDER BY {name}",
    "SELECT x.{name} FROM (SELECT * FROM {table}) x",
    "WITH c AS (SELECT * FROM {table}) SELECT {name} FROM c",
    "SELECT MIN({name}) FROM {table}",
    "SELECT COUNT(*) FROM {table} a JOIN {table} b ON a.{name} = b.{name}",
    "SELECT COUNT(*) FROM {table} JOIN (SELECT 'x' AS {name}) g USING ({name})",
    "SELECT EXTRACT(YEAR FROM {name}) AS y FROM {table}",
    "SELECT ROW_NUMBER() OVER (ORDER BY {name}) AS r FROM {table}",
]


@pytest.mark.parametrize(("role", "hidden", "unknown", "table"), COLUMNS)
async def test_a_hidden_column_reads_like_an_unknown_one(
    grown: Gateway, role: str, hidden: str, unknown: str, table: str
) -> None:
    principal = {"analyst": ANALYST, "data_engineer": ENGINEER}[role]
    for shape in SHAPES:
        await read_alike(
            grown,
            principal,
            CRM,
            lambda name, shape=shape: shape.format(name=name, table=table),
            hidden,
            unknown,
        )


async def test_an_unreviewed_column_is_in_no_answer(grown: Gateway, grown_data: Path) -> None:
    with duckdb.connect(str(grown_data / f"{CRM}.duckdb"), read_only=True) as raw:
        assert raw.execute("SELECT contact_info FROM luckyus_sales_crm.t_user LIMIT 1").fetchall() == [
            (SECRET,)
        ]
    for principal in (ANALYST, ENGINEER):
        for sql in (
            "SELECT * FROM t_user ORDER BY user_no LIMIT 3",
            "SELECT u.* FROM t_user u ORDER BY u.user_no LIMIT 3",
            "SELECT * FROM t_user NATURAL JOIN t_user_profile ORDER BY user_no LIMIT 3",
            "SELECT * FROM (SELECT * FROM t_user) x ORDER BY user_no LIMIT 3",
        ):
            answer = await grown.read(principal, SqlRead(source=CRM, sql=sql))
            assert "contact_info" not in answer.columns
            assert SECRET not in repr(answer.rows)


async def test_an_unreviewed_table_reads_like_an_unknown_one(grown: Gateway) -> None:
    for principal in (ANALYST, ENGINEER):
        for shape in (
            "SELECT * FROM {}",
            "SELECT 1 FROM luckyus_sales_crm.{}",
            "SELECT 1 FROM t_user WHERE EXISTS (SELECT 1 FROM {})",
        ):
            await read_alike(grown, principal, CRM, shape.format, "t_user_backup", "t_user_bakcup")


async def test_a_denied_table_reads_like_an_unknown_one(
    project_root: Path, demo_data: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "policies"
    shutil.copytree(project_root / "policies", copy)
    dataset = copy / "datasets" / "map" / "locations.yaml"
    dataset.write_text(dataset.read_text(encoding="utf-8") + DENIAL, encoding="utf-8")
    customers = copy / "datasets" / "crm" / "customers.yaml"
    text = customers.read_text(encoding="utf-8")
    profile = text.index("  luckyus_sales_crm.t_user_profile:")
    grants = text.index("grants:")
    apart = text[:profile] + text[grants:]
    denied = text[: text.index("tables:")] + "tables:\n" + text[profile:] + DENIAL
    customers.write_text(apart, encoding="utf-8")
    (customers.parent / "profiles.yaml").write_text(
        denied.replace("crm.customers", "crm.profiles"), encoding="utf-8"
    )
    gateway = await opened(policies_over(copy, demo_data))
    for shape in (
        "SELECT * FROM {}",
        "SELECT 1 FROM luckyus_sales_crm.{}",
        "SELECT 1 FROM t_user u JOIN {} p ON TRUE",
    ):
        await read_alike(gateway, ANALYST, CRM, shape.format, "t_user_profile", "t_user_profyle")
    permitted = await gateway.read(ENGINEER, SqlRead(source=CRM, sql="SELECT COUNT(*) FROM t_user_profile"))
    assert permitted.rows
    without = await opened(policies_over(without_map(copy, tmp_path / "without"), demo_data))
    denied = await refusal(gateway, ANALYST, MAP, "SELECT 1")
    unknown = await refusal(without, ANALYST, MAP, "SELECT 1")
    assert denied.agent_text == unknown.agent_text
    await without.close()
    await gateway.close()


def without_map(policies: Path, copy: Path) -> Path:
    """Return a copy of the policies in which there never was a source of positions."""
    shutil.copytree(policies, copy)
    (copy / "datasets" / "map" / "locations.yaml").unlink()
    sources = copy / "sources.yaml"
    tree = YAML(typ="safe").load(sources.read_text(encoding="utf-8"))
    del tree["sources"][MAP]
    with sources.open("w", encoding="utf-8") as file:
        YAML(typ="safe").dump(tree, file)
    return copy


async def test_a_source_that_is_not_for_the_caller_reads_like_an_unknown_one(gateway: Gateway) -> None:
    for name in (ORDERS, CRM, MAP):
        assert (await gateway.read(ANALYST, SqlRead(source=name, sql="SELECT 1 AS a"))).rows
    for principal in (
        EXECUTIVE,
        DBA,
        Principal(subject="x", roles=()),
        Principal(subject="y", roles=("nobody",)),
    ):
        for name in (ORDERS, "salesorder", CRM, MAP, "salesordr"):
            known = await refusal(gateway, principal, name, "SELECT 1")
            unknown = await refusal(gateway, principal, "nowhere", "SELECT 1")
            assert known.agent_text == unknown.agent_text


async def test_a_lone_surrogate_is_refused_and_recorded(gateway: Gateway) -> None:
    for source in (ORDERS, MAP):
        error = await refusal(gateway, ANALYST, source, "SELECT '\ud800'")
        assert error.code is Code.PARSE_ERROR


async def test_the_registry_never_opens_a_source_for_a_refused_name(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    def opens(registry: Registry, source: object) -> None:
        raise AssertionError("the engine was reached")

    monkeypatch.setattr(Registry, "adapter", opens)
    for sql in ("SELECT * FROM t_user_backup", "DROP TABLE t_user", "SELECT SLEEP(1)", "SELECT 1; SELECT 2"):
        await refusal(gateway, ANALYST, CRM, sql)
