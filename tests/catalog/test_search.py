"""How single words find tables, apart from the demo's own."""

import pytest

from lucky_mcp.catalog.search import Described, SearchIndex
from lucky_mcp.catalog.words import stem, terms


def table(name: str = "", **words: str) -> Described:
    given = {"description": "", "columns": "", "comments": "", "context": "", **words}
    return Described(name=name, **given)


TABLES = [
    table("t_sales_order_m", columns="order_id shop_id payAmount", description="Orders of all stores"),
    table("t_device", description="Machines, most of them offline", columns="device_mark firmware"),
    table("t_stock", description="库存与变动", columns="goods_mid"),
    table("t_user", columns="user_no phone", comments="Telephone number", context="crm"),
]


def found(question: str) -> list[str]:
    return [TABLES[at].name for at in SearchIndex(TABLES).rank(question)]


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("orders", "t_sales_order_m"),
        ("SHOP_ID", "t_sales_order_m"),
        ("pay amount", "t_sales_order_m"),
        ("t_device", "t_device"),
        ("firmwares", "t_device"),
        ("firmwrae", "t_device"),
        ("firm", "t_device"),
        ("equipment", "t_device"),
        ("设备", "t_device"),
        ("库存", "t_stock"),
        ("变动", "t_stock"),
        ("查一下库存有多少", "t_stock"),
        ("inventory", "t_stock"),
        ("mobile number of users", "t_user"),
        ("crm", "t_user"),
        ("手机号", "t_user"),
    ],
)
def test_a_word_finds_its_table_first(question: str, first: str) -> None:
    assert found(question)[:1] == [first]


@pytest.mark.parametrize("question", ["", "   ", "the of and", "zzzz", "xq", "?!,;", "😀", "日"])
def test_what_names_nothing_finds_nothing(question: str) -> None:
    assert found(question) == []


def test_a_name_counts_more_than_a_comment() -> None:
    index = SearchIndex([table("t_a", comments="refund"), table("t_refund"), table("t_b", columns="refund")])
    assert index.rank("refund") == [1, 2, 0]


def test_a_rare_word_counts_more_than_a_common_one() -> None:
    tables = [table(f"t_order_{name}") for name in ("alpha", "beta", "gamma", "delta")]
    assert SearchIndex(tables).rank("order gamma")[0] == 2


def test_the_word_itself_counts_more_than_one_that_means_the_same() -> None:
    assert SearchIndex([table("t_shop"), table("t_store")]).rank("store") == [1, 0]
    assert SearchIndex([table("t_shop"), table("t_store")]).rank("门店") == [0, 1]


def test_a_table_that_shares_a_common_word_only_is_left_out() -> None:
    tables = [table("t_refund_voucher_ledger"), *(table("t_x", comments=f"any store {n}") for n in range(30))]
    assert SearchIndex(tables).rank("refund voucher ledger of store") == [0]


def test_no_table_at_all() -> None:
    assert SearchIndex([]).rank("orders") == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("shop_dept_id", ["shop_dept_id", "shop", "dept", "id"]),
        ("payAmount", ["pay", "amount"]),
        ("ABTest", ["ab", "test"]),
        ("the orders of a day", ["order", "day"]),
        ("门店A库存", ["门店", "a", "库存"]),
        ("优惠券", ["优惠", "惠券"]),
    ],
)
def test_terms(text: str, expected: list[str]) -> None:
    assert terms(text) == [each for each in expected if each != "a"]


@pytest.mark.parametrize(
    "alike",
    [
        ("order", "orders"),
        ("category", "categories"),
        ("batch", "batches"),
        ("cancel", "cancelled", "cancelling"),
        ("expire", "expired", "expires", "expiring"),
        ("plan", "planned", "planning"),
        ("status",),
    ],
)
def test_forms_of_a_word_have_one_stem(alike: tuple[str, ...]) -> None:
    assert len({stem(word) for word in alike}) == 1
