"""The lake holds what the databases hold, by market, and a failed write changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from lucky_mcp.demo import write_lake as lake
from lucky_mcp.demo.lake_datasets import LakeDataset, Marked, lake_datasets
from lucky_mcp.demo.tables import Fleet

ORDERS = "SELECT count(*) FROM '{lake}/raw/orders/market={market}/*.parquet'"
LAKE_AND_TABLE = [
    ("orders", "t_sales_order_m"),
    ("order_items", "t_order_item"),
    ("customers", "t_user"),
]


@pytest.fixture(scope="module")
def written(tiny: Fleet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lake")
    lake.write_lake(tiny, folder)
    return folder / "lake"


def ask(sql: str) -> list[tuple[object, ...]]:
    with duckdb.connect() as connection:
        return connection.execute(sql).fetchall()


def test_every_dataset_has_both_markets(written: Path) -> None:
    found = {path.relative_to(written).as_posix() for path in written.rglob("*.parquet")}
    assert found == {
        f"{zone}/{name}/market={market}/part-0.parquet"
        for zone, name in lake.DATASET_NAMES
        for market in ("US", "NZ")
    }
    assert lake.lake_is_complete(written.parent)


def test_the_names_are_those_of_the_datasets(tiny: Fleet) -> None:
    assert tuple((each.zone, each.name) for each in lake_datasets(tiny)) == lake.DATASET_NAMES


@pytest.mark.parametrize(("dataset", "table"), LAKE_AND_TABLE)
def test_raw_datasets_hold_the_rows_of_their_table(
    tiny: Fleet, written: Path, dataset: str, table: str
) -> None:
    (source,) = [each for each in tiny.tables if each.name == table]
    names = ", ".join(column.name for column in source.columns)
    key = source.primary_key[0]
    found = ask(f"SELECT {names} FROM read_parquet('{written}/raw/{dataset}/*/*.parquet') ORDER BY {key}")
    assert found == list(source.rows)


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT DISTINCT currency_code FROM '{lake}/raw/orders/market=US/*.parquet'", [("USD",)]),
        ("SELECT DISTINCT currency_code FROM '{lake}/raw/orders/market=NZ/*.parquet'", [("NZD",)]),
        ("SELECT DISTINCT country_code FROM '{lake}/raw/customers/market=NZ/*.parquet'", [("CK",)]),
        (
            "SELECT count(*) FROM '{lake}/raw/order_items/market=NZ/*.parquet' WHERE order_id NOT IN "
            "(SELECT order_id FROM '{lake}/raw/orders/market=NZ/*.parquet')",
            [(0,)],
        ),
        (
            "SELECT count(*) > 0 FROM '{lake}/raw/orders/market=US/*.parquet' WHERE shop_id IN (10901, 10902)",
            [(True,)],
        ),
        (
            "SELECT (SELECT sum(revenue) FROM '{lake}/curated/daily_store_revenue/*/*.parquet') = "
            "(SELECT sum(pay_amount) FROM '{lake}/raw/orders/*/*.parquet' WHERE order_status = 90)",
            [(True,)],
        ),
    ],
)
def test_partitions_are_markets(written: Path, sql: str, expected: list[tuple[object, ...]]) -> None:
    assert ask(sql.replace("{lake}", str(written))) == expected


def test_market_is_a_column_of_the_partitioned_dataset(written: Path) -> None:
    counts = ask(
        f"SELECT market, count(*) FROM read_parquet('{written}/raw/orders/*/*.parquet', hive_partitioning = true) "
        "GROUP BY market ORDER BY market"
    )
    assert [market for market, _ in counts] == ["NZ", "US"]


def test_processed_accounts_have_no_contact(written: Path) -> None:
    columns = ask(f"DESCRIBE SELECT * FROM '{written}/processed/customers/market=US/*.parquet'")
    kept = ["user_no", "group_no", "country_code", "register_time", "phone_hash", "market"]
    assert [row[0] for row in columns] == kept


def test_a_failed_write_leaves_the_old_dataset_and_no_rest(tiny: Fleet, tmp_path: Path) -> None:
    lake.write_lake(tiny, tmp_path)
    before = ask(ORDERS.format(lake=tmp_path / "lake", market="US"))
    names = sorted(path.name for path in (tmp_path / "lake" / "raw").iterdir())

    def breaks() -> Iterator[Marked]:
        yield "US", good[1]
        raise OSError("disk full")

    dataset: LakeDataset = lake_datasets(tiny)[0]
    good = next(dataset.rows())
    with pytest.raises(OSError, match="disk full"):
        lake.write_dataset(replace(dataset, rows=breaks), tmp_path)
    assert ask(ORDERS.format(lake=tmp_path / "lake", market="US")) == before
    assert sorted(path.name for path in (tmp_path / "lake" / "raw").iterdir()) == names


def test_groups_are_split_without_losing_rows(
    tiny: Fleet, written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lake, "_ROWS_PER_GROUP", 100)
    lake.write_lake(tiny, tmp_path)
    for market in ("US", "NZ"):
        split = ask(ORDERS.format(lake=tmp_path / "lake", market=market))
        assert split == ask(ORDERS.format(lake=written, market=market))
