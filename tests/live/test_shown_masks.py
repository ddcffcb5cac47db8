"""On real servers: a mask that the outermost SELECT shows is worked out for visible rows alone, without a fence.

Masks fail on no row. Here one that fails on rows which only hidden rows are stands in their place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any
from unittest import mock

import pytest
from sqlglot import exp

from lucky_mcp.decision.decide import decide
from lucky_mcp.demo.tables import Table
from lucky_mcp.enforcement import guard_scans, guard_shape
from lucky_mcp.enforcement.predicates import qualified
from lucky_mcp.enforcement.verify import forget_guards
from lucky_mcp.gateway import prepare
from lucky_mcp.model.decision import Decision, MaskName, Permit, TableDecision, VisibleColumn
from tests.live.conftest import Server
from tests.live.forms import forms
from tests.live.test_error_channel_on_servers import Asked, differing
from tests.support.house import ANALYST
from tests.support.reference import ORDERS

SHOWN = (
    "SELECT * FROM t_sales_order_m WHERE order_status = 90",
    "SELECT order_id, remark FROM t_sales_order_m ORDER BY order_id DESC LIMIT 7",
    "SELECT order_id, remark FROM t_sales_order_m ORDER BY 2, 1",
    "SELECT o.remark AS note FROM t_sales_order_m o JOIN t_order_item i ON i.order_id = o.order_id WHERE i.quantity > 0",
    "SELECT o.* FROM t_order_item i, t_sales_order_m o WHERE i.order_id = o.order_id ORDER BY o.order_no",
    "SELECT o.remark FROM t_sales_order_m o WHERE EXISTS (SELECT 1 FROM t_order_item i WHERE i.order_id = o.order_id)",
    "SELECT o.remark FROM t_sales_order_m o WHERE o.order_id IN (SELECT i.order_id FROM t_order_item i)",
    "SELECT * FROM t_order_item WHERE quantity BETWEEN 1 AND 20",
    "SELECT spu_code, quantity FROM t_order_item ORDER BY order_item_id DESC LIMIT 9",
    "SELECT i.spu_code FROM t_sales_order_m o JOIN t_order_item i ON i.order_id = o.order_id ORDER BY 1",
    "SELECT i.* FROM t_order_item i JOIN t_order_item k ON i.order_id = k.order_item_id WHERE k.quantity > 0",
)
ONE = "SELECT * FROM t_sales_order_m WHERE order_id = {order}"
ITEMS_MASKED = "spu_code"
FENCE = re.compile(r"LIMIT 9223372036854775807|OFFSET 0")
USED = (
    "SELECT COUNT(*) FROM t_sales_order_m WHERE remark > 1",
    "SELECT COUNT(*) FROM t_order_item WHERE spu_code > 1",
    "SELECT order_id FROM t_sales_order_m WHERE remark > 1 AND order_status = 90",
    "SELECT COUNT(*) FROM t_sales_order_m o JOIN t_order_item i ON i.order_id = o.order_id AND o.remark > 1",
)


@pytest.fixture
def failing_masks() -> Iterator[None]:
    """In the place of masks, and of one on items: what is too large for the amounts of some hidden rows."""

    def mask(column: VisibleColumn, *_: object) -> exp.Expr:
        amount = "unit_price" if column.name == ITEMS_MASKED else "pay_amount"
        return exp.Exp(this=qualified(amount, guard_scans.SCAN_ALIAS))

    def decided(*asked: Any) -> Decision:
        permit = decide(*asked)
        assert isinstance(permit, Permit)
        return replace(permit, tables=tuple(map(with_items_masked, permit.tables)))

    forget_guards()
    with (
        mock.patch.object(guard_scans, "mask_expression", mask),
        mock.patch.object(guard_shape, "mask_expression", mask),
        mock.patch.object(prepare, "decide", decided),
    ):
        yield
    forget_guards()


def with_items_masked(table: TableDecision) -> TableDecision:
    columns = (
        replace(each, mask=MaskName.REDACT) if each.name == ITEMS_MASKED else each for each in table.columns
    )
    return replace(table, columns=tuple(columns))


def asked(server: Server, texts: Sequence[str]) -> Asked:
    source = server.source(ORDERS)
    return [(ORDERS, forms(server.view, ANALYST, source, text)) for text in texts]


def hidden_orders(worlds: Mapping[str, Sequence[Table]]) -> list[object]:
    base, twin = (
        {row[0] for table in worlds[name] if table.name == "t_sales_order_m" for row in table.rows}
        for name in ("base", "twin")
    )
    return sorted(base - twin, key=str)[:3]


@pytest.mark.usefixtures("failing_masks")
def test_hidden_rows_meet_no_mask_that_is_shown(
    server: Server, worlds: Mapping[str, Sequence[Table]]
) -> None:
    hidden = hidden_orders(worlds)
    assert hidden
    made = asked(server, (*SHOWN, *(ONE.format(order=order) for order in hidden)))
    assert [each.sent for _, each in made if FENCE.search(each.sent)] == []
    assert all("EXP(" in each.sent for _, each in made)
    assert differing(server, worlds, made, lambda each: each.sent) == []


@pytest.mark.usefixtures("failing_masks")
def test_a_mask_that_is_used_would_meet_them(server: Server, worlds: Mapping[str, Sequence[Table]]) -> None:
    """Else the test above would show nothing."""
    made = asked(server, USED)
    assert differing(server, worlds, made, lambda each: each.sent) == []
    assert differing(server, worlds, made, lambda each: each.unfenced)
