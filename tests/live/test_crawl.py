"""What a crawl finds on real servers, and that the guard works from it."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lucky_mcp.catalog.differences import differences
from lucky_mcp.catalog.loader import accept, propose, read_snapshot
from lucky_mcp.catalog.snapshot import Catalog, Column, ForeignKey, Table
from lucky_mcp.demo.tables import Fleet
from lucky_mcp.errors import ReadError
from lucky_mcp.gateway.crawl import crawl
from lucky_mcp.gateway.crawl_mysql import NOT_SHOWN
from lucky_mcp.model.names import TableName
from lucky_mcp.model.principal import Principal
from lucky_mcp.model.request import SqlRead
from lucky_mcp.model.result import Truncation
from lucky_mcp.model.source import Kind
from lucky_mcp.policy.loader import load_policies
from tests.live.conftest import Server
from tests.live.fleet import (
    ENVIRONMENT,
    READER,
    make_mariadb_reader,
    make_postgres_reader,
    mariadb_address,
    moved,
    postgres_address,
    schemas_of,
)
from tests.live.zoo import NAME, Zoo, make_zoo
from tests.support.generator_fleet import small_fleet
from tests.support.house import ANALYST, ENGINEER, gateway_over
from tests.support.reference import CRM, clean_tables
from tests.support.servers import MariaDB, has_mariadb, mariadb


@pytest.fixture
def zoo(server: Server, tmp_path: Path) -> Zoo:
    """The odd tables on each server in turn."""
    return make_zoo(server.kind, server.running, tmp_path / "policies")


def as_written(catalog: Catalog) -> dict[str, Any]:
    """A catalog as `crawled.yaml` writes it."""
    return {name.table: _table(table) for name, table in sorted(catalog.tables.items())}


def _table(table: Table) -> dict[str, Any]:
    written: dict[str, Any] = {"columns": {column.name: _column(column) for column in table.columns}}
    if table.comment:
        written["comment"] = table.comment
    if table.primary_key:
        written["key"] = list(table.primary_key)
    if table.indexes:
        written["indexes"] = [list(index) for index in table.indexes]
    if table.view is not None:
        written["closed" if table.view.unavailable else "view"] = (
            table.view.unavailable or table.view.definition
        )
    return written


def _column(column: Column) -> str:
    words = [column.type, "" if column.nullable else "not null", column.collation]
    return ", ".join(filter(None, [*words, f"says {column.comment}" if column.comment else ""]))


async def test_a_crawl_finds_what_is_there(zoo: Zoo) -> None:
    found = await zoo.crawled()
    assert as_written(found) == zoo.expected
    assert found.case_sensitive


async def test_foreign_keys_are_found_among_tables_that_are(zoo: Zoo) -> None:
    zoo.admin(
        "CREATE TABLE home (a INT, b INT, PRIMARY KEY (a, b))",
        "CREATE TABLE guest (x INT, y INT, z INT, FOREIGN KEY (y, x) REFERENCES home (a, b))",
        "CREATE TABLE locked (a INT PRIMARY KEY)",
        "CREATE TABLE waiting (a INT, FOREIGN KEY (a) REFERENCES locked (a))",
    )
    if zoo.kind is Kind.POSTGRES:
        zoo.admin(f"REVOKE SELECT ON locked FROM {READER}")
    before = await zoo.crawled()
    zoo.admin("ALTER TABLE guest ADD FOREIGN KEY (z, x) REFERENCES home (a, b)")
    now = await zoo.crawled()
    tables = {name.table: table for name, table in now.tables.items()}
    home = TableName(schema="zoo", table="home")
    assert tables["guest"].foreign_keys == (
        ForeignKey(columns=("y", "x"), table=home, its_columns=("a", "b")),
        ForeignKey(columns=("z", "x"), table=home, its_columns=("a", "b")),
    )
    assert bool(tables["waiting"].foreign_keys) is (zoo.kind is Kind.MYSQL), "it was revoked on the other"
    assert "+ foreign key zoo.guest (z, x) to zoo.home (a, b)" in differences(before, now)
    assert "- foreign key zoo.guest (z, x) to zoo.home (a, b)" in differences(now, before)
    propose(zoo.directory / "catalog", now)
    accept(zoo.directory / "catalog", NAME)
    assert read_snapshot(zoo.directory / "catalog", NAME) == now


SHOWN = {
    "v_plain": ["id", "phone", "twice"],
    "v_agg": ["user_no", "n", "total"],
    "v_view": ["a"],
    "v_text": ["x", "y", "w"],
    "v_now": ["id"],
}
READ = {"t_user": ["id", "user_no", "phone", "amount", "is_test", "at"], "Mixed Case": ["order"]}
ROWS = "INSERT INTO t_user (id, user_no, phone, amount, is_test, at) VALUES {}"
ANIMALS = (
    "(1, 'ann', '212 555 0101', 2.50, {no}, {now})",
    "(2, 'ann', 'x', 1.25, {no}, {now})",
    "(3, 'bob', '212 555 0103', 9.75, {yes}, {now})",
)


async def test_views_on_a_server_are_read_over_their_reviewed_definition(zoo: Zoo) -> None:
    words = (
        {"no": "0", "yes": "1", "now": "NOW()"}
        if zoo.kind is Kind.MYSQL
        else {"no": "FALSE", "yes": "TRUE", "now": "NOW()"}
    )
    zoo.admin(ROWS.format(", ".join(ANIMALS).format(**words)))
    await zoo.accepted()
    zoo.grant(READ | SHOWN)
    gateway = zoo.gateway()
    answers = {
        view: await gateway.read(ANALYST, SqlRead(source="zoo", sql=f"SELECT * FROM zoo.{view} ORDER BY 1"))
        for view in SHOWN
    }
    await gateway.close()
    assert {view: answer.columns for view, answer in answers.items()} == {
        view: tuple(columns) for view, columns in SHOWN.items()
    }
    shown = {view: [tuple(map(str, row)) for row in answer.rows] for view, answer in answers.items()}
    backslash = "é'\\n"
    assert {view: [row[:1] for row in rows] for view, rows in shown.items()} == {
        "v_plain": [("1",), ("2",)],  # masked below, the phone is not 'x' to this view
        "v_agg": [("ann",), ("bob",)],
        "v_view": [("1",), ("2",)],
        "v_text": [(f"{backslash}ann",), (f"{backslash}ann",), (f"{backslash}bob",)],
        "v_now": [("1",), ("2",), ("3",)],
    }
    assert [row[1:] for row in shown["v_agg"]] == [("2", "3.75"), ("1", "9.75")]
    assert shown["v_plain"][0][1] == "***-***-0101", "a view's column is masked like the table's"


async def test_a_closed_view_is_told_from_an_unknown_one(zoo: Zoo) -> None:
    await zoo.accepted()
    zoo.grant({"v_bad": ["s" if zoo.kind is Kind.MYSQL else "id"]})
    gateway = zoo.gateway()
    with pytest.raises(ReadError) as refused:
        await gateway.read(ANALYST, SqlRead(source="zoo", sql="SELECT * FROM zoo.v_bad"))
    await gateway.close()
    assert "definition" in refused.value.agent_text


async def test_only_what_the_account_may_read_is_found(zoo: Zoo) -> None:
    if zoo.kind is Kind.MYSQL:
        zoo.admin(
            "CREATE DATABASE IF NOT EXISTS apart",
            "CREATE TABLE IF NOT EXISTS apart.t (a INT)",
            f"GRANT SELECT ON apart.* TO {READER}",
            f"REVOKE SHOW VIEW ON zoo.* FROM {READER}",
        )
        found = await zoo.crawled()
        closed = {name.table: table.view.unavailable for name, table in found.tables.items() if table.view}
        assert set(closed.values()) == {NOT_SHOWN} and "v_plain" in closed
        assert {name.schema for name in found.tables} == {"zoo"}, "the source names its database"
        sources = zoo.directory / "sources.yaml"
        sources.write_text(sources.read_text().replace("    database: zoo\n", ""))
        assert {"zoo", "apart"} <= {name.schema for name in (await zoo.crawled()).tables}
    else:
        zoo.admin(
            "CREATE TABLE hidden (a INT, b INT)",
            f"REVOKE SELECT ON hidden FROM {READER}",
            "CREATE TABLE half (a INT, b INT)",
            f"REVOKE SELECT ON half FROM {READER}",
            f"GRANT SELECT (a) ON half TO {READER}",
        )
        found = as_written(await zoo.crawled())
        assert "hidden" not in found and found["half"]["columns"] == {"a": "integer"}


async def test_a_server_that_takes_t_and_T_for_one_table(tmp_path: Path) -> None:
    if not has_mariadb():
        pytest.skip("mariadbd is not installed")
    with mariadb("--lower-case-table-names=1") as running:
        zoo = make_zoo(Kind.MYSQL, running, tmp_path / "policies")
        found = await zoo.crawled()
        assert not found.case_sensitive
        assert found.find("ZOO", "T_User") is not None
        await zoo.accepted()
        zoo.grant({"t_user": ["id"]})
        gateway = zoo.gateway()
        answer = await gateway.read(
            ANALYST, SqlRead(source="zoo", sql="SELECT COUNT(*) AS n FROM zoo.T_USER")
        )
        await gateway.close()
        assert answer.rows[0][0] == 0


@pytest.mark.parametrize("principal", [ANALYST, ENGINEER], ids=["analyst", "data_engineer"])
async def test_roles_see_the_same_from_a_crawled_catalog(
    server: Server, demo_fleet: Fleet, project_root: Path, tmp_path: Path, principal: Principal
) -> None:
    """Types in the server's own words, keys and indexes that are its own: the rows stay those of the twin."""
    fleet = small_fleet(demo_fleet)
    tables = [table for table in fleet.tables if table.source == CRM]
    server.load(tables)
    directory = tmp_path / "policies"
    shutil.copytree(project_root / "policies", directory)
    if isinstance(server.running, MariaDB):
        make_mariadb_reader(server.running, schemas_of(tables))
        address = mariadb_address(server.running, database="luckyus_sales_crm")
    else:
        make_postgres_reader(server.running, schemas_of(tables))
        address = postgres_address(server.running)
    before = moved(server.view.policies, server.kind, address, [CRM])
    gateway = gateway_over(before, environment=ENVIRONMENT)
    found = await crawl(gateway, CRM)
    await gateway.close()
    ours = {name: table for name, table in found.tables.items() if name.schema == "luckyus_sales_crm"}
    propose(directory / "catalog", replace(found, tables=ours))
    accept(directory / "catalog", CRM)
    after = moved(load_policies(directory, {"DEMO_DATA": "nowhere"}), server.kind, address, [CRM])
    gateway = gateway_over(after, environment=ENVIRONMENT)
    for twin in clean_tables(fleet, principal.roles[0]):
        if twin.source == CRM:
            names = ", ".join(column.name for column in twin.columns)
            sql = f"SELECT {names} FROM luckyus_sales_crm.{twin.name}"
            answer = await gateway.read(principal, SqlRead(source=CRM, sql=sql, rows_max=1000))
            assert answer.truncation is Truncation.NONE
            assert sorted(map(repr, answer.rows)) == sorted(map(repr, map(tuple, twin.rows)))
    await gateway.close()
