"""The largest scale makes rows while they are written; here with few rows, and beside the same rows held."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from random import Random

import duckdb
import pytest

from lucky_mcp.demo import write_duckdb
from lucky_mcp.demo.demand import demand_on
from lucky_mcp.demo.generate import generate
from lucky_mcp.demo.lazy_rows import LazyRows, Row
from lucky_mcp.demo.outage import outage_on
from lucky_mcp.demo.rates import CANCELLED, REFUNDED
from lucky_mcp.demo.roster import DIALECTS, SOURCES
from lucky_mcp.demo.scale import SCALES, OrderCounts, Scale
from lucky_mcp.demo.stores import STORES, StoreGroup
from lucky_mcp.demo.tables import Fleet, Table

FEW = replace(
    SCALES["full"],
    days=4,
    orders_per_day=300,
    customers=700,
    coupons=1_000,
    experiment_rows=200,
    forecast_days=2,
    counts=OrderCounts(completed=1_080, nzd=47),
)
STORE_TABLES = ("t_sales_order_m", "t_stock_change", "t_demand_prediction", "fact_stock_changes")


@pytest.fixture(scope="module")
def streamed(end: date) -> Fleet:
    return generate(seed=7, end=end, scale=FEW, sources=SOURCES)


@pytest.fixture(scope="module")
def held(end: date) -> Fleet:
    return generate(seed=7, end=end, scale=replace(FEW, streamed=False), sources=SOURCES)


def named(fleet: Fleet, name: str) -> Table:
    return next(table for table in fleet.tables if table.name == name)


def test_no_large_table_is_held(streamed: Fleet) -> None:
    held = {table.name: len(table.rows) for table in streamed.tables if not isinstance(table.rows, LazyRows)}
    assert held and max(held.values()) == held["dim_date"] == 2_557
    assert all(isinstance(named(streamed, name).rows, LazyRows) for name in STORE_TABLES)


def test_streamed_rows_are_the_rows_that_would_be_held(streamed: Fleet, held: Fleet) -> None:
    for mine, theirs in zip(streamed.tables, held.tables, strict=True):
        assert tuple(mine.rows) == theirs.rows, mine.name


def test_a_second_pass_gives_the_same_rows(streamed: Fleet) -> None:
    for name in STORE_TABLES:
        rows = named(streamed, name).rows
        assert list(rows) == list(rows)


def test_the_counts_are_met_exactly(streamed: Fleet) -> None:
    orders = named(streamed, "t_sales_order_m")
    names = [column.name for column in orders.columns]
    status, currency = names.index("order_status"), names.index("currency_code")
    assert sum(row[status] == 90 for row in orders.rows) == 1_080
    assert sum(row[currency] == "NZD" for row in orders.rows) == 47
    assert len(named(streamed, "t_sales_trade_m").rows) == 1_080 + round(1_080 * (518_427 / 487_251 - 1))


def test_too_few_orders_are_an_error(end: date) -> None:
    starved = replace(FEW, counts=OrderCounts(completed=5_000, nzd=10))
    with pytest.raises(ValueError, match="orders are missing"):
        generate(seed=7, end=end, scale=starved)


def drawn(scale: Scale, end: date) -> Counter[StoreGroup]:
    """Draw the days of a scale as the generator does; return the orders of each group of stores."""
    rng, outage, orders = Random(7), outage_on(end), Counter[StoreGroup]()
    for day in scale.days_until(end):
        demand = demand_on(rng, day=day, stores=STORES, orders_per_day=scale.orders_per_day, outage=outage)
        for each in demand:
            orders[each.store.group] += len(each.order_times)
    return orders


def test_the_full_scale_draws_a_little_more_than_it_keeps(end: date) -> None:
    full = SCALES["full"]
    assert full.counts == OrderCounts(completed=487_251, nzd=21_245)
    assert full.customers == 277_000
    orders = drawn(full, end)
    completed = orders.total() * (1 - CANCELLED - REFUNDED)
    assert 487_251 * 1.01 < completed < 487_251 * 1.05
    assert 21_245 < orders[StoreGroup.NZ_TEST] < 21_245 * 1.10


def test_batches_arrive_complete_and_in_order(
    streamed: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(write_duckdb, "_ROWS_PER_LOAD", 333)
    write_duckdb.write_fleet(streamed, tmp_path, dialects=DIALECTS)
    for name in STORE_TABLES:
        table = named(streamed, name)
        with duckdb.connect(str(tmp_path / f"{table.source}.duckdb"), read_only=True) as connection:
            found = connection.execute(f"SELECT * FROM {table.schema}.{table.name} ORDER BY rowid").fetchall()
        assert found == list(table.rows)


def three() -> Iterator[Row]:
    return iter([(1,), (2,), (3,)])


def test_lazy_rows_are_a_sequence() -> None:
    rows = LazyRows(three)
    assert (len(rows), rows[0], rows[2], rows[-1]) == (3, (1,), (3,), (3,))
    assert rows[1:] == ((2,), (3,)) and (2,) in rows
    with pytest.raises(IndexError):
        rows[3]
