from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from lucky_mcp.errors import Code, PolicyRefused
from lucky_mcp.model.request import SqlRead
from lucky_mcp.model.result import ReadResult
from lucky_mcp.model.visible import VisibleTable
from lucky_mcp.server.measures import magnitude
from tests.server.fakes import MAP, ORDERS, FakeGateway, FakeVisible, rows
from tests.server.harness import call, make_server

TABLE = "luckyus_sales_order.t_sales_order_m"


def measured(request: SqlRead) -> ReadResult:
    """31,337 rows, the last of them on Valentine's Day."""
    value: object = 31_337 if "COUNT(*)" in request.sql else datetime(2026, 2, 14, 21, 4, 11)
    return rows(("measured",), (value,))


async def test_search_catalog() -> None:
    assert await call(make_server(), "search_catalog", question="revenue by store") == (
        False,
        f"""OK 1 table · best match first · no rows were read

1. {TABLE} in source aws-luckyus-salesorder-rw (dialect mysql, domain sales)
   One row per order; order_status 90 is completed.
   columns: order_id BIGINT, register DATETIME masked redact, order_time DATETIME, phone VARCHAR masked last4
   filter: us-market: currency_code = 'USD'; test orders (owner finance-data)
   join: JOIN luckyus_sales_order.t_order_item ON t_sales_order_m.order_id = t_order_item.order_id""",
    )


async def test_search_without_a_match_says_what_to_try() -> None:
    error, text = await call(make_server(), "search_catalog", question="x", domain="hr")
    assert (error, text.startswith("OK 0 tables match · try other words")) == (False, True)


async def test_search_shortens_wide_tables_and_says_so() -> None:
    wide = replace(ORDERS, columns=ORDERS.columns * 11)

    class Wide(FakeVisible):
        def search(self, *_: object) -> tuple[VisibleTable, ...]:
            return (wide,)

    _, text = await call(make_server(FakeGateway(visible=Wide())), "search_catalog", question="x")
    assert ", and 4 more (see describe_table)" in text


async def test_describe_table() -> None:
    gateway = FakeGateway(work=measured)
    assert await call(make_server(gateway), "describe_table", source="salesorder", table=TABLE) == (
        False,
        f"""OK {TABLE} · aws-luckyus-salesorder-rw · dialect mysql · domain sales · dataset sales.orders · 4 columns
One row per order; order_status 90 is completed.
primary key: order_id
indexes: order_time, order_id
size: 10,000 to 99,999 rows
freshness: latest order_time is 2026-02-14T21:04:11 (America/New_York)
filter: us-market: currency_code = 'USD'; test orders (owner finance-data)
join: JOIN luckyus_sales_order.t_order_item ON t_sales_order_m.order_id = t_order_item.order_id
example: SELECT order_id, register, order_time, phone FROM luckyus_sales_order.t_sales_order_m LIMIT 10

name,type,mask,tags,comment
order_id,BIGINT,,,key
register,DATETIME,redact,pii,
order_time,DATETIME,,time safe,"local, to the second"
phone,VARCHAR,last4,pii.phone,""",
    )
    assert [request.sql for _, request in gateway.asked] == [
        "SELECT COUNT(*) AS measured FROM `luckyus_sales_order`.`t_sales_order_m`",
        "SELECT MAX(`order_time`) AS measured FROM `luckyus_sales_order`.`t_sales_order_m`",
        "SELECT order_id, register, order_time, phone FROM luckyus_sales_order.t_sales_order_m LIMIT 10",
    ]


async def test_describe_table_says_when_it_could_not_measure() -> None:
    def refused(_: SqlRead) -> ReadResult:
        raise PolicyRefused("this table needs a range on order_time", audit_detail="secret")

    server = make_server(FakeGateway(work=refused))
    error, text = await call(server, "describe_table", source="salesorder", table=TABLE)
    words = "not measured (REFERENCE_UNAVAILABLE: this table needs a range on order_time)"
    assert not error
    assert f"size: {words}\nfreshness: {words}\n" in text
    assert "secret" not in text


async def test_describe_table_measures_the_range_that_policy_demands() -> None:
    ranged = "SELECT the same WHERE order_time >= '2026-01-01'"

    def work(request: SqlRead) -> ReadResult:
        if request.sql != ranged:
            raise PolicyRefused("name a range", code=Code.PREDICATE_REQUIRED, rewrite=ranged)
        return rows(("measured",), (31_337,))

    server = make_server(FakeGateway(work=work))
    _, text = await call(server, "describe_table", source="salesorder", table=TABLE)
    assert "size: 10,000 to 99,999 rows in the latest range that one query may cover\n" in text


async def test_no_example_is_shown_that_would_be_refused() -> None:
    refusal = PolicyRefused("name a range", code=Code.PREDICATE_REQUIRED)
    gateway = FakeGateway(work=measured, explanation=refusal)
    _, text = await call(make_server(gateway), "describe_table", source="salesorder", table=TABLE)
    assert "example" not in text
    refusal.rewrite = "SELECT the same\nWHERE order_time >= '2026-01-01'"
    _, text = await call(make_server(gateway), "describe_table", source="salesorder", table=TABLE)
    assert "example: SELECT the same WHERE order_time >= '2026-01-01'" in text


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"columns": ORDERS.columns[:2]}, "freshness: not known: no time column that is shown as it is"),
        (
            {"filters": (*ORDERS.filters, replace(ORDERS.filters[0], condition="shop_id in :ref.us_shops"))},
            "filter: us-market: currency_code = 'USD' AND shop_id in :ref.us_shops; test orders"
            " (owner finance-data)",
        ),
        ({"primary_key": ()}, "primary key: none among the columns shown"),
        ({"indexes": ()}, "indexes: none on the columns shown"),
        (
            {"joins": (replace(ORDERS.joins[0], source=MAP.name, join=""),)},
            "same key in another source, aws-luckyus-pgilkmap-rw:"
            " t_sales_order_m.order_id = t_order_item.order_id (luckyus_sales_order.t_order_item)",
        ),
        ({"joins_left_out": 3}, "further tables with the same keys: 3"),
        ({"not_filtered": "no market\nof its own"}, "not filtered by market: no market of its own"),
    ],
)
async def test_describe_table_names_what_is_missing(change: dict[str, object], words: str) -> None:
    class Changed(FakeVisible):
        def table(self, *_: object) -> VisibleTable:
            return replace(ORDERS, **change)  # type: ignore[arg-type]

    server = make_server(FakeGateway(visible=Changed(), work=measured))
    _, text = await call(server, "describe_table", source="salesorder", table=TABLE)
    assert words in text.splitlines()


async def test_describe_table_of_an_empty_postgres_table() -> None:
    class Postgres(FakeVisible):
        def table(self, *_: object) -> VisibleTable:
            return replace(ORDERS, source=MAP.name, dialect="postgres", schema='od"d', table="T")

    def empty(request: SqlRead) -> ReadResult:
        return rows(("measured",), (0 if "COUNT" in request.sql else None,))

    gateway = FakeGateway(visible=Postgres(), work=empty)
    _, text = await call(make_server(gateway), "describe_table", source="pgilkmap", table='od"d.T')
    assert "size: no rows\nfreshness: no row has a value in order_time\n" in text
    assert gateway.asked[0][1].sql == 'SELECT COUNT(*) AS measured FROM "od""d"."T"'


async def test_a_denied_table_reads_like_an_unknown_one() -> None:
    assert await call(make_server(), "describe_table", source="salesorder", table="hr.t_employee") == (
        True,
        f"ERROR UNKNOWN_NAME: there is no such table in this source\nNearest names: {TABLE}",
    )


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        ({}, ["aws-luckyus-salesorder-rw", "aws-luckyus-pgilkmap-rw"]),
        ({"domain": "sales"}, ["aws-luckyus-salesorder-rw"]),
        ({"kind": "postgres"}, ["aws-luckyus-pgilkmap-rw"]),
        ({"kind": "duckdb", "domain": ""}, ["aws-luckyus-salesorder-rw", "aws-luckyus-pgilkmap-rw"]),
        ({"domain": "hr"}, []),
    ],
)
async def test_list_sources(arguments: dict[str, object], names: list[str]) -> None:
    error, text = await call(make_server(), "list_sources", **arguments)
    head, columns, *lines = text.splitlines()
    assert not error
    noun = "source" if len(names) == 1 else "sources"
    assert head == f"OK {len(names)} {noun} · write SQL in the dialect named"
    assert columns == "source,short_name,kind,dialect,domain,status,tables,time_zone,description"
    assert [line.split(",", 1)[0] for line in lines] == names


async def test_a_source_is_one_line() -> None:
    _, text = await call(make_server(), "list_sources", domain="sales")
    assert text.splitlines()[2] == (
        'aws-luckyus-salesorder-rw,salesorder,duckdb,mysql,sales,active,2,America/New_York,"Orders, and their items"'
    )


async def test_a_stopped_source_says_why() -> None:
    stopped = FakeGateway(stops={"aws-luckyus-salesorder-rw": "the disk is full"})
    _, text = await call(make_server(gateway=stopped), "list_sources", domain="sales")
    assert ",sales,stopped: the disk is full,2," in text


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (0, "no rows"),
        (1, "1 to 9 rows"),
        (9, "1 to 9 rows"),
        (10, "10 to 99 rows"),
        (999, "100 to 999 rows"),
        (1000, "1,000 to 9,999 rows"),
    ],
)
def test_magnitude(count: int, words: str) -> None:
    assert magnitude(count) == words
