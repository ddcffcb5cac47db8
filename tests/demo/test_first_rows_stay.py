"""The first sources' rows never change: recorded answers and other people's cases are made of them."""

from __future__ import annotations

import hashlib

import pytest

from lucky_mcp.demo.tables import Fleet

DIGESTS = [
    ("tiny", "aws-luckyus-opshop-rw", "luckyus_opshop", "t_shop_info", "c24f09f6524c9287"),
    ("tiny", "aws-luckyus-pgilkmap-rw", "public", "store_location", "5b8a941e15c82870"),
    ("tiny", "aws-luckyus-salescrm-rw", "luckyus_sales_crm", "t_user", "78727b09c009606d"),
    ("tiny", "aws-luckyus-salescrm-rw", "luckyus_sales_crm", "t_user_profile", "8fa9ba185564c138"),
    ("tiny", "aws-luckyus-salesorder-rw", "luckyus_sales_order", "t_sales_order_m", "db3832256c91c323"),
    ("tiny", "aws-luckyus-salesorder-rw", "luckyus_sales_order", "t_order_item", "a0e488c6a29322f5"),
    ("small", "aws-luckyus-salescrm-rw", "luckyus_sales_crm", "t_user", "03809c33a719279e"),
    ("small", "aws-luckyus-salescrm-rw", "luckyus_sales_crm", "t_user_profile", "f5d379edec364049"),
    ("small", "aws-luckyus-salesorder-rw", "luckyus_sales_order", "t_sales_order_m", "79707de44c86102b"),
    ("small", "aws-luckyus-salesorder-rw", "luckyus_sales_order", "t_order_item", "ba0747483bd0310b"),
]


@pytest.mark.parametrize(("scale", "source", "schema", "table", "expected"), DIGESTS)
def test_rows_are_those_of_the_first_build(
    scale: str, source: str, schema: str, table: str, expected: str, request: pytest.FixtureRequest
) -> None:
    fleet: Fleet = request.getfixturevalue(scale)
    rows = [tuple(row) for row in fleet.table(source, schema, table).rows]
    assert hashlib.sha256(repr(rows).encode()).hexdigest()[:16] == expected
