"""The lake through the guard: answers of the clean twin, files of the caller's market alone, nothing of the rest."""

from __future__ import annotations

import re
import shutil
from collections.abc import AsyncIterator, Iterator
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
import sqlglot
from ruamel.yaml import YAML

from lucky_mcp.adapters.duckdb import DuckDBAdapter
from lucky_mcp.adapters.lake import LakeDatabase
from lucky_mcp.catalog.loader import read_snapshot
from lucky_mcp.demo.tables import Fleet
from lucky_mcp.errors import Code, ReadError
from lucky_mcp.gateway.crawl import crawl
from lucky_mcp.gateway.prepare import find_source, prepare
from lucky_mcp.gateway.read import Gateway
from lucky_mcp.model.request import SqlRead
from lucky_mcp.policy.policy_set import PolicySet
from tests.support.cases import CASES
from tests.support.house import ANALYST, ENGINEER, EXECUTIVE, opened, policies_over
from tests.support.reference_lake import LAKE, clean_lake
from tests.support.twin import Unguarded, as_multiset, in_order

QUERIES: list[str] = YAML(typ="safe").load((CASES / "lake" / "queries.yaml").read_text(encoding="utf-8"))
DATASETS = (
    "raw.orders",
    "raw.order_items",
    "raw.customers",
    "processed.orders",
    "processed.customers",
    "curated.daily_store_revenue",
)
# Each tells something of hidden rows wherever the engine meets them before it has dropped them.
HOSTILE = [
    "SELECT COUNT(*) FROM raw.orders WHERE CAST(order_no AS DATE) IS NOT NULL",
    "SELECT COUNT(*) FROM raw.orders WHERE 1 / (order_id - {hidden}) IS NOT NULL",
    "SELECT COUNT(*) FROM raw.orders WHERE order_id = {hidden}",
    "SELECT COUNT(*) FROM raw.orders WHERE order_id = {hidden} AND CAST(order_no AS INTEGER) > 0",
    "SELECT COUNT(*) FROM raw.orders WHERE order_id >= {hidden} AND CAST(order_no AS INTEGER) > 0",
    "SELECT MAX(order_id), MIN(order_id), MAX(order_time), MAX(pay_amount) FROM raw.orders",
    "SELECT COUNT(*) FROM raw.order_items WHERE order_id = {hidden} AND CAST(spu_code AS DATE) IS NOT NULL",
    "SELECT CASE WHEN MAX(pay_amount) > 500 THEN 1 / 0 ELSE 1 END FROM processed.orders",
    "SELECT COUNT(*) FROM raw.customers WHERE country_code <> 'US'",
    "SELECT COUNT(*) FROM raw.customers WHERE market = 'NZ' OR CAST(user_no AS INTEGER) = 1",
    "SELECT market, COUNT(*) FROM curated.daily_store_revenue GROUP BY ROLLUP (market)",
    "SELECT * FROM raw.orders ORDER BY pay_amount DESC, order_id LIMIT 3",
]


@pytest.fixture(scope="module")
def twin(demo_fleet: Fleet, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Unguarded]:
    made = Unguarded(clean_lake(demo_fleet), tmp_path_factory.mktemp("lake-twin"), {LAKE: "duckdb"})
    yield made
    made.close()


@pytest.fixture
async def other(demo_data: Path, project_root: Path, tmp_path: Path) -> AsyncIterator[Gateway]:
    """A gateway over a lake that differs in hidden rows alone."""
    shutil.copytree(demo_data, tmp_path / "data")
    for path in sorted((tmp_path / "data" / "lake").rglob("*.parquet")):
        pq.write_table(with_other_hidden_rows(pq.read_table(path, partitioning=None), path), path)
    made = await opened(policies_over(project_root / "policies", tmp_path / "data"))
    yield made
    await made.close()


def with_other_hidden_rows(table: pa.Table, path: Path) -> pa.Table:
    """Return a file's rows with those of another market multiplied and made extreme, and foreign ones in ours."""
    if path.parent.name == "market=NZ":
        return pa.concat_tables([extreme(table)] * 3)
    if "currency_code" in table.column_names:
        foreign = table.slice(0, 50).set_column(
            table.column_names.index("currency_code"),
            "currency_code",
            pa.array(["NZD"] * min(50, len(table))),
        )
        return pa.concat_tables([table, extreme(foreign)])
    if "country_code" in table.column_names:
        foreign = table.slice(0, 50).set_column(
            table.column_names.index("country_code"), "country_code", pa.array(["CK"] * min(50, len(table)))
        )
        return pa.concat_tables([table, foreign])
    return table


def extreme(table: pa.Table) -> pa.Table:
    for name, value in (("pay_amount", Decimal("99999.99")), ("revenue", Decimal("99999.99"))):
        if name in table.column_names:
            field = table.schema.field(name)
            column = pa.array([value] * len(table), field.type)
            table = table.set_column(table.schema.get_field_index(name), field, column)
    if "order_id" in table.column_names:
        moved = pc.add(table["order_id"], 10**15)
        table = table.set_column(table.schema.get_field_index("order_id"), "order_id", moved)
    return table


async def outcome(gateway: Gateway, sql: str) -> object:
    try:
        result = await gateway.read(ENGINEER, SqlRead(source=LAKE, sql=sql))
    except ReadError as refusal:
        return refusal.agent_text
    return (result.columns, as_multiset(list(result.rows)))


def hidden_order(demo_data: Path) -> int:
    return int(
        pq.read_table(demo_data / "lake/raw/orders/market=NZ", partitioning=None)["order_id"][0].as_py()
    )


@pytest.mark.parametrize("sql", QUERIES)
async def test_the_lake_answers_as_the_clean_twin(gateway: Gateway, twin: Unguarded, sql: str) -> None:
    answer = await gateway.read(ENGINEER, SqlRead(source="lake", sql=sql, rows_max=5000))
    columns, expected = twin.ask(LAKE, sql)
    form = in_order if sqlglot.parse_one(sql, read="duckdb").args.get("order") else as_multiset
    assert form(list(answer.rows)) == form(expected)
    assert answer.columns == columns
    assert "us-market" in answer.receipt.filters


def unguarded(gateway: Gateway, sql: str) -> object:
    """Return what the adapter's own connection answers to a text that no guard has seen."""
    source = find_source(gateway.view(), ENGINEER, LAKE)
    with LakeDatabase(source).connection as connection:
        try:
            return as_multiset(connection.execute(sql).fetchall())
        except duckdb.Error as failure:
            return str(failure)


async def test_the_queries_touch_hidden_rows(gateway: Gateway) -> None:
    """Without the guard most answers differ: the comparison with the twin can fail."""
    differing = 0
    for sql in QUERIES:
        answer = await gateway.read(ENGINEER, SqlRead(source=LAKE, sql=sql, rows_max=5000))
        differing += unguarded(gateway, sql) != as_multiset(list(answer.rows))
    assert differing / len(QUERIES) > 0.5


@pytest.mark.parametrize("text", HOSTILE)
async def test_hidden_rows_change_no_answer_and_no_error(
    gateway: Gateway, other: Gateway, demo_data: Path, text: str
) -> None:
    sql = text.format(hidden=hidden_order(demo_data))
    assert await outcome(gateway, sql) == await outcome(other, sql)


async def test_without_the_guard_they_do(gateway: Gateway, other: Gateway, demo_data: Path) -> None:
    hidden = hidden_order(demo_data)
    texts = [text.format(hidden=hidden) for text in HOSTILE]
    told = [text for text in texts if unguarded(gateway, text) != unguarded(other, text)]
    assert len(told) / len(texts) > 0.5


async def test_hidden_rows_change_no_answer_of_the_cases(gateway: Gateway, other: Gateway) -> None:
    for sql in QUERIES:
        assert await outcome(gateway, sql) == await outcome(other, sql), sql


async def test_the_other_lake_differs(demo_data: Path, other: Gateway) -> None:
    found = find_source(other.view(), ENGINEER, LAKE).url.removeprefix("lake:///")
    for name in DATASETS:
        before, after = (
            len(pq.read_table(Path(root) / name.replace(".", "/"))) for root in (demo_data / "lake", found)
        )
        assert after > before


@pytest.mark.parametrize("name", DATASETS)
async def test_only_files_of_the_callers_market_are_read(
    demo_policies: PolicySet, gateway: Gateway, name: str
) -> None:
    """The filter reaches the scan behind the fence: hive partitions are left out before a file is opened."""
    view = gateway.view()
    source = find_source(view, ENGINEER, LAKE)
    sql = f"SELECT COUNT(*) AS n, MAX(market) AS m FROM {name}"
    guarded = prepare(view, ENGINEER, source, SqlRead(source=LAKE, sql=sql)).guarded
    adapter = DuckDBAdapter(source, LakeDatabase)
    with adapter.cursor() as cursor:
        plan = cursor.execute(f"EXPLAIN ANALYZE {guarded.text_sent}").fetchall()[0][1]
    await adapter.close()
    scanned = re.findall(r"market=(\w+)", plan)
    assert scanned and set(scanned) == {"US"}
    assert re.findall(r"Scanning Files: (\d+)/(\d+)", plan) == [("1", "2")] * len(scanned)
    assert "9223372036854775807" in plan


@pytest.mark.parametrize(
    ("sql", "code"),
    [
        ("SELECT phone_hash FROM processed.customers", Code.UNKNOWN_NAME),
        ("SELECT filename FROM raw.orders", Code.UNKNOWN_NAME),
        ("SELECT file_row_number FROM raw.orders", Code.UNKNOWN_NAME),
        ("SELECT * FROM orders", Code.UNKNOWN_NAME),
        ("SELECT * FROM information_schema.tables", Code.UNKNOWN_NAME),
        ("SELECT * FROM read_parquet('lake/raw/orders/market=NZ/part-0.parquet')", Code.CONSTRUCT_REFUSED),
        (
            "SELECT * FROM parquet_metadata('lake/raw/orders/market=NZ/part-0.parquet')",
            Code.CONSTRUCT_REFUSED,
        ),
        ("SELECT * FROM 'lake/raw/orders/market=NZ/part-0.parquet'", Code.UNKNOWN_NAME),
    ],
)
async def test_ways_around_the_views_are_refused(gateway: Gateway, sql: str, code: Code) -> None:
    with pytest.raises(ReadError) as refused:
        await gateway.read(ENGINEER, SqlRead(source=LAKE, sql=sql))
    assert refused.value.code is code


@pytest.mark.parametrize("principal", [ANALYST, EXECUTIVE])
async def test_the_lake_does_not_exist_for_other_roles(gateway: Gateway, principal: object) -> None:
    with pytest.raises(ReadError) as refused:
        await gateway.read(principal, SqlRead(source=LAKE, sql="SELECT 1 FROM raw.orders"))  # type: ignore[arg-type]
    assert refused.value.what == "there is no such source for you"


async def test_a_crawl_finds_what_was_reviewed(project_root: Path, gateway: Gateway) -> None:
    found = await crawl(gateway, LAKE)
    assert found.digest == read_snapshot(project_root / "policies" / "catalog", LAKE).digest
    assert {str(name) for name in found.tables} == set(DATASETS)
