"""Join hints: the same key under any name, with the cast that its types need, and nothing through a mask."""

from dataclasses import replace

import pytest

from lucky_mcp.catalog.hints import JOINS_PER_COLUMN, JoinHints
from lucky_mcp.model.visible import ShownColumn, VisibleTable


def table(name: str, *columns: ShownColumn, source: str = "orders", **changes: object) -> VisibleTable:
    made = VisibleTable(
        source=source,
        dialect="mysql",
        schema="shop",
        table=name,
        domain="sales",
        dataset="",
        description="",
        columns=columns,
        primary_key=(),
        indexes=(),
        filters=(),
        not_filtered="",
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def column(name: str, type_: str = "BIGINT", *, joins: str = "", mask: str = "") -> ShownColumn:
    return ShownColumn(name=name, type=type_, mask=mask, tags=(), comment="", joins=joins)


def told(own: VisibleTable, *others: VisibleTable) -> list[str]:
    joins, _ = JoinHints([own, *others]).nearest(own)
    return [join.join or f"{join.source}: {join.condition}" for join in joins]


@pytest.mark.parametrize(
    ("own", "other", "expected"),
    [
        (column("order_id"), column("order_id"), "t.order_id = u.order_id"),
        (column("shop_id", joins="shop"), column("id", joins="shop"), "t.shop_id = u.id"),
        (
            column("trade_no", "VARCHAR", joins="trade"),
            column("trade_serial_no", "TEXT", joins="trade"),
            "t.trade_no = u.trade_serial_no",
        ),
        (column("order_id"), column("order_id", "VARCHAR"), "CAST(t.order_id AS CHAR) = u.order_id"),
        (column("order_id", "VARCHAR"), column("order_id"), "t.order_id = CAST(u.order_id AS CHAR)"),
        (
            column("user_no", "VARCHAR", mask="token"),
            column("user_no", "VARCHAR", mask="token"),
            "t.user_no = u.user_no",
        ),
    ],
)
def test_the_same_key_joins(own: ShownColumn, other: ShownColumn, expected: str) -> None:
    assert told(table("t", own), table("u", other)) == [f"JOIN shop.u ON {expected}"]


@pytest.mark.parametrize(
    ("own", "other"),
    [
        (column("quantity"), column("quantity")),
        (column("country_code", "VARCHAR"), column("country_code", "VARCHAR")),
        (column("id"), column("id")),
        (column("order_id"), column("order_no")),
        (column("shop_id", joins="shop"), column("user_id", joins="customer")),
        (column("order_id"), column("order_id", "TIMESTAMP")),
        (column("card_no", "VARCHAR", mask="last4"), column("card_no", "VARCHAR", mask="last4")),
        (column("user_no", "VARCHAR"), column("user_no", "VARCHAR", mask="redact")),
        (column("user_no", "VARCHAR"), column("user_no", "VARCHAR", mask="token")),
    ],
)
def test_what_is_no_key_or_not_shown_as_it_is_does_not(own: ShownColumn, other: ShownColumn) -> None:
    assert told(table("t", own), table("u", other)) == []


def test_a_key_that_reviewers_named_once_is_known_by_its_name_elsewhere() -> None:
    named, unnamed = table("t", column("shop_id", joins="shop")), table("u", column("shop_id"))
    home = table("v", column("id", joins="shop"))
    assert told(unnamed, named, home) == [
        "JOIN shop.t ON u.shop_id = t.shop_id",
        "JOIN shop.v ON u.shop_id = v.id",
    ]


def test_a_name_with_two_meanings_stands_for_itself() -> None:
    tables = [table(f"t{n}", column("ref_id", joins=word)) for n, word in enumerate(("shop", "order"))]
    assert told(table("u", column("ref_id")), *tables) == []


def test_another_source_is_named_and_needs_a_query_of_its_own() -> None:
    far = table("u", column("order_id", "VARCHAR"), source="payments", dialect="postgres")
    assert told(table("t", column("order_id")), far) == ["payments: CAST(t.order_id AS CHAR) = u.order_id"]
    assert told(far, table("t", column("order_id"))) == ["orders: u.order_id = CAST(t.order_id AS CHAR)"]


def test_the_cast_is_that_of_the_dialect() -> None:
    own = table("t", column("order_id"), dialect="postgres")
    other = table("u", column("order_id", "VARCHAR"), dialect="postgres")
    assert told(own, other) == ["JOIN shop.u ON CAST(t.order_id AS VARCHAR) = u.order_id"]


def test_tables_of_one_name_are_told_apart() -> None:
    other = table("t", column("order_id"), schema="archive")
    assert told(table("t", column("order_id")), other) == [
        "JOIN archive.t AS archive_t ON t.order_id = archive_t.order_id"
    ]


def test_near_and_home_come_first_and_the_rest_is_counted() -> None:
    home = table("z_home", column("shop_id"), primary_key=("shop_id",))
    near = [table(f"n{n}", column("shop_id")) for n in range(2)]
    far = [table(f"f{n}", column("shop_id"), source="far") for n in range(5)]
    own = table("t", column("shop_id"))
    joins, left_out = JoinHints([*far, *near, own, home]).nearest(own)
    assert [join.table for join in joins] == ["shop.z_home", "shop.n0", "shop.n1", "shop.f0"]
    assert len(joins) == JOINS_PER_COLUMN
    assert left_out == 4


def test_each_pair_among_found_tables_is_told_once() -> None:
    tables = [table(name, column("order_id")) for name in "abc"]
    told_joins = JoinHints([*tables, table("d", column("order_id"))]).among(tables)
    assert [[join.table for join in joins] for joins in told_joins] == [["shop.b", "shop.c"], ["shop.c"], []]
