"""A preparation is reused for the same text under the same rights and rules, and for nothing else."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Iterator
from datetime import timedelta
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lucky_mcp.audit.sink import MemorySink
from lucky_mcp.errors import ReadError
from lucky_mcp.gateway import read as reading
from lucky_mcp.gateway.prepare import Prepared, prepare
from lucky_mcp.gateway.prepared_cache import PreparedCache, forget_everything
from lucky_mcp.gateway.read import Gateway
from lucky_mcp.gateway.references import ReferenceSnapshot
from lucky_mcp.gateway.view import View
from lucky_mcp.model.principal import Principal
from lucky_mcp.model.request import SqlRead
from lucky_mcp.policy.policy_set import PolicySet
from tests.support.cases import rewrite_cases
from tests.support.house import ANALYST, ENGINEER, NOW, opened
from tests.support.reference import CRM, ORDERS, SHOPS

PRINCIPALS = {"analyst": ANALYST, "data_engineer": ENGINEER}
CASES = [case for case in rewrite_cases() if case.role in PRINCIPALS and not case.dialect]
COUNT = SqlRead(source=ORDERS, sql="SELECT COUNT(*) FROM t_sales_order_m")
EMAILS = SqlRead(source=CRM, sql="SELECT email FROM t_user")


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    forget_everything()
    yield
    forget_everything()


@pytest.fixture
def prepared(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts that were not found in the cache, in order."""
    texts: list[str] = []

    def watched(view: View, principal: Principal, source: object, request: SqlRead) -> Prepared:
        texts.append(request.sql)
        return prepare(view, principal, source, request)  # type: ignore[arg-type]

    monkeypatch.setattr(reading, "prepare", watched)
    return texts


async def test_the_second_read_is_not_prepared_and_answers_alike(
    gateway: Gateway, prepared: list[str]
) -> None:
    first, second = [await gateway.read(ANALYST, COUNT) for _ in range(2)]
    assert prepared == [COUNT.sql]
    assert list(first.rows) == list(second.rows) and first.receipt.filters == second.receipt.filters


async def test_what_is_kept_is_what_would_be_made(gateway: Gateway) -> None:
    """Kept and fresh preparations of every case are equal in every field."""
    view, cache = gateway.view(), PreparedCache()
    kept = 0
    for case in CASES:
        source, principal = view.policies.sources[case.source], PRINCIPALS[case.role]
        request = SqlRead(source=case.source, sql=case.sql)
        made = prepare(view, principal, source, request)
        cache.keep(view, principal, source, request, made)
        found = cache.find(view, principal, source, request)
        assert (found is None) == made.guarded.holds_time
        if found is not None:
            kept += 1
            fresh = prepare(gateway.view(), principal, source, request)
            assert fresh == found
    assert kept > 150


CHANGES = {
    "another role": (ENGINEER, EMAILS),
    "a second role": (dataclasses.replace(ANALYST, roles=("analyst", "data_engineer")), EMAILS),
    "an attribute": (dataclasses.replace(ANALYST, attributes=MappingProxyType({"shops": ("1",)})), EMAILS),
    "rows": (ANALYST, dataclasses.replace(EMAILS, rows_max=7)),
}


@pytest.mark.parametrize("title", CHANGES)
async def test_other_rights_or_rows_are_prepared_anew(
    title: str, gateway: Gateway, prepared: list[str]
) -> None:
    await gateway.read(ANALYST, EMAILS)
    await gateway.read(*CHANGES[title])
    assert len(prepared) == 2


async def test_a_colleague_of_the_same_rights_gets_a_receipt_of_their_own(
    demo_policies: PolicySet, prepared: list[str]
) -> None:
    audit = MemorySink()
    gateway = await opened(demo_policies, audit=audit)
    await gateway.read(ANALYST, EMAILS)
    await gateway.read(dataclasses.replace(ANALYST, subject="bob"), EMAILS)
    begun = [record for record in audit.records if record.event == "begun" and record.sql_asked == EMAILS.sql]
    assert prepared.count(EMAILS.sql) == 1
    assert [record.principal for record in begun] == ["ann", "bob"]
    assert len({record.id for record in begun}) == 2
    await gateway.close()


async def test_a_new_policy_set_counts_at_once(
    gateway: Gateway, demo_policies: PolicySet, prepared: list[str]
) -> None:
    await gateway.read(ANALYST, EMAILS)
    before = gateway.view()
    gateway.swap(
        dataclasses.replace(demo_policies, roles={**demo_policies.roles, "analyst": _blind(demo_policies)})
    )
    with pytest.raises(ReadError):
        await gateway.read(ANALYST, EMAILS)
    # A read that began under the old set and ends now leaves nothing for the new one.
    source = demo_policies.sources[CRM]
    gateway._prepared_before.keep(before, ANALYST, source, EMAILS, prepare(before, ANALYST, source, EMAILS))
    with pytest.raises(ReadError):
        await gateway.read(ANALYST, EMAILS)


def _blind(policies: PolicySet) -> object:
    return dataclasses.replace(policies.roles["analyst"], reads_up_to="public")


async def test_a_refreshed_reference_set_counts_at_once(gateway: Gateway, prepared: list[str]) -> None:
    all_shops = (await gateway.read(ANALYST, COUNT)).rows[0][0]
    gateway.references.put(
        ReferenceSnapshot(of=gateway.policies.references["us_shops"], values=(10001,), read_at=NOW)
    )
    one_shop = (await gateway.read(ANALYST, COUNT)).rows[0][0]
    assert 0 < one_shop < all_shops
    gateway.references.put(
        ReferenceSnapshot(of=gateway.policies.references["us_shops"], values=(10001,), read_at=NOW)
    )
    assert (await gateway.read(ANALYST, COUNT)).rows[0][0] == one_shop
    assert len(prepared) == 2


async def test_a_reference_set_that_grew_too_old_counts_at_once(
    gateway: Gateway, demo_policies: PolicySet
) -> None:
    await gateway.read(ANALYST, COUNT)
    age = timedelta(seconds=demo_policies.references["us_shops"].max_age_s + 1)
    gateway._now = lambda: NOW + age
    with pytest.raises(ReadError):
        await gateway.read(ANALYST, COUNT)


@pytest.mark.parametrize("call", ["NOW()", "CURDATE()", "UTC_TIMESTAMP()", "SYSDATE()"])
async def test_a_text_that_holds_the_time_is_not_kept(
    call: str, gateway: Gateway, prepared: list[str]
) -> None:
    request = SqlRead(source=ORDERS, sql=f"SELECT {call} AS t FROM t_sales_order_m LIMIT 1")
    first = await gateway.read(ANALYST, request)
    gateway._now = lambda: NOW + timedelta(seconds=100_000)
    gateway.references.put(
        dataclasses.replace(
            gateway.references._snapshots[gateway.policies.references["us_shops"]], read_at=gateway._now()
        )
    )
    assert list((await gateway.read(ANALYST, request)).rows) != list(first.rows)
    assert len(prepared) == 2


# Each pair reads alike to a careless eye, or to one lexer of two.
TWINS = [
    ("SELECT 'a' AS x", "SELECT 'A' AS x"),
    ("SELECT 'a' AS x", "SELECT 'a ' AS x"),
    ("SELECT 'a  b' AS x", "SELECT 'a b' AS x"),
    ("SELECT '1 -- 2' AS x", "SELECT '1 -- 3' AS x"),
    ("SELECT 1 -- x\n+ 1 AS x", "SELECT 1 -- x + 1 AS x"),
    ("SELECT 1--1 AS x", "SELECT 1 -- 1 AS x"),
    ("SELECT 'é' AS x", "SELECT 'e\u0301' AS x"),
    ("SELECT 'ı' AS x", "SELECT 'I' AS x"),
    ("SELECT 'ß' AS x", "SELECT 'SS' AS x"),
    ("SELECT 'a\u200bb' AS x", "SELECT 'ab' AS x"),
    ("SELECT 'a\u00a0b' AS x", "SELECT 'a b' AS x"),
    ("SELECT '''a' AS x", "SELECT 'a' AS x"),
    ("SELECT 1 AS `x y`", "SELECT 1 AS `x  y`"),
    ('SELECT "a" AS x', "SELECT 'b' AS x"),
]


@pytest.mark.parametrize(("one", "other"), TWINS)
async def test_texts_that_look_alike_share_nothing(one: str, other: str, gateway: Gateway) -> None:
    async def answer(sql: str) -> tuple[object, ...]:
        try:
            found = await gateway.read(ANALYST, SqlRead(source=SHOPS, sql=sql))
        except ReadError as refusal:
            return (refusal.code,)
        return (found.columns, list(found.rows))

    seen = [await answer(one), await answer(other), await answer(one), await answer(other)]
    forget_everything()
    assert seen == [await answer(one), await answer(other)] * 2


@given(texts=st.lists(st.text(max_size=8), min_size=2, max_size=2, unique=True))
def test_no_two_texts_share_an_entry(texts: list[str], demo_policies: PolicySet) -> None:
    view = View(policies=demo_policies, references={}, now=NOW)
    source, cache = demo_policies.sources[SHOPS], PreparedCache()
    made = prepare(view, ANALYST, source, SqlRead(source=SHOPS, sql="SELECT 1 AS x"))
    one, other = (SqlRead(source=SHOPS, sql=text) for text in texts)
    cache.keep(view, ANALYST, source, one, made)
    assert cache.find(view, ANALYST, source, one) is made
    assert cache.find(view, ANALYST, source, other) is None


def test_the_bounds_hold(demo_policies: PolicySet) -> None:
    view = View(policies=demo_policies, references={}, now=NOW)
    source = demo_policies.sources[SHOPS]
    made = prepare(view, ANALYST, source, SqlRead(source=SHOPS, sql="SELECT 1 AS x"))
    cache = PreparedCache(entries_max=500, bytes_max=1_000_000)
    for number in range(10_000):
        request = SqlRead(source=SHOPS, sql=f"SELECT {number} AS x")
        cache.keep(view, ANALYST, source, request, made)
        assert len(cache) <= 500 and cache.bytes <= 1_000_000
    assert cache.find(view, ANALYST, source, request) is made
    large = SqlRead(source=SHOPS, sql=f"SELECT '{'x' * 60_000}' AS x")
    for number in range(20):
        cache.keep(view, ANALYST, source, dataclasses.replace(large, sql=f"{large.sql}{number}"), made)
        assert cache.bytes <= 1_000_000
    assert 0 < len(cache) < 20
    cache.clear()
    assert (len(cache), cache.bytes) == (0, 0)


def test_threads_share_a_cache(demo_policies: PolicySet) -> None:
    view = View(policies=demo_policies, references={}, now=NOW)
    source = demo_policies.sources[SHOPS]
    requests = [SqlRead(source=SHOPS, sql=f"SELECT {number} AS x") for number in range(60)]
    made = {each.sql: prepare(view, ANALYST, source, each) for each in requests}
    cache = PreparedCache(entries_max=40)
    wrong: list[object] = []

    def work() -> None:
        for _ in range(30):
            for each in requests:
                found = cache.find(view, ANALYST, source, each)
                if found is None:
                    cache.keep(view, ANALYST, source, each, made[each.sql])
                elif found is not made[each.sql]:
                    wrong.append(each)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong and len(cache) <= 40
    assert cache.bytes == sum(entry.size for entry in cache._entries.values())
