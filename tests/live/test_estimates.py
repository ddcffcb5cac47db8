"""What a read would cost is asked of the real server where it matters, and a busy writer is left alone."""

from __future__ import annotations

import asyncio
import re
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import replace
from typing import Any

import pytest

from lucky_mcp.audit.record import Ended
from lucky_mcp.audit.sink import MemorySink
from lucky_mcp.enforcement.guarded import GuardedProbe
from lucky_mcp.enforcement.probes import plan_of
from lucky_mcp.errors import LimitExceeded, ReadError, TooExpensive
from lucky_mcp.gateway import costs, estimates
from lucky_mcp.gateway.execute import Executor
from lucky_mcp.gateway.prepare import prepare
from lucky_mcp.gateway.read import Gateway
from lucky_mcp.model.names import TableName
from lucky_mcp.model.probe import Answer, Plan, Probe
from lucky_mcp.model.request import SqlRead
from lucky_mcp.model.source import Kind, Limits
from lucky_mcp.policy.policy_set import PolicySet
from tests.live.conftest import Reader, Server
from tests.live.fleet import ENVIRONMENT, READER
from tests.live.test_stopping import SLOW
from tests.support.house import ENGINEER, opened
from tests.support.patience import until
from tests.support.reference import ORDERS

BIG = "SELECT COUNT(*) AS n FROM t_sales_order_m a, t_sales_order_m b WHERE a.pay_amount + b.pay_amount < 0"
WIDE = "SELECT COUNT(*) AS n FROM t_sales_order_m o JOIN t_order_item i ON i.item_amount > o.pay_amount"
LOOKUP = "SELECT order_no FROM t_sales_order_m WHERE order_id = {order}"
LATEST = "o.order_time >= '2026-02-14'"
COUNT = "SELECT COUNT(*) AS n FROM t_order_item"
ORDER_TABLE = TableName(schema="luckyus_sales_order", table="t_sales_order_m")
ANALYSED = {
    Kind.MYSQL: "ANALYZE TABLE luckyus_sales_order.t_sales_order_m, luckyus_sales_order.t_order_item",
    Kind.POSTGRES: "ANALYZE",
}
SEEING = {
    Kind.MYSQL: ("GRANT PROCESS ON *.* TO {0}", "REVOKE PROCESS ON *.* FROM {0}"),
    Kind.POSTGRES: ("GRANT pg_read_all_stats TO {0}", "REVOKE pg_read_all_stats FROM {0}"),
}


class Asked:
    """A gateway over the orders on a server; which questions it put to it, and what the audit kept."""

    def __init__(self, gateway: Gateway, audit: MemorySink, questions: list[Probe]) -> None:
        self.gateway = gateway
        self.audit = audit
        self.questions = questions

    async def rows(self, sql: str) -> list[tuple[object, ...]]:
        return list((await self.gateway.read(ENGINEER, SqlRead(source="salesorder", sql=sql))).rows)

    async def refusal(self, sql: str) -> ReadError:
        with pytest.raises(ReadError) as refused:
            await self.rows(sql)
        return refused.value

    @property
    def last(self) -> Ended:
        last = self.audit.records[-1]
        assert isinstance(last, Ended)
        return last


Over = Callable[..., AbstractAsyncContextManager[Asked]]


@pytest.fixture
def adapted(server: Server) -> Server:
    """The servers that are asked for plans; Redshift is not."""
    return server


@pytest.fixture
def over(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> Over:
    """`over(limit=…)`: a gateway whose source has these limits; what it asks the server is noted."""
    reader.admin(ANALYSED[reader.kind])

    @asynccontextmanager
    async def made(*, writer: bool = False, **limits: Any) -> AsyncIterator[Asked]:
        questions: list[Probe] = []
        asked = Executor._asked

        async def noted(executor: Executor, probe: GuardedProbe) -> Answer:
            questions.append(probe.question)
            return await asked(executor, probe)

        monkeypatch.setattr(Executor, "_asked", noted)
        audit = MemorySink()
        policies = limited(reader.policies, Limits(**limits), writer=writer)
        gateway = await opened(policies, environment=ENVIRONMENT, audit=audit)
        try:
            yield Asked(gateway, audit, questions)
        finally:
            await gateway.close()
            monkeypatch.setattr(Executor, "_asked", asked)

    return made


def limited(policies: PolicySet, limits: Limits, *, writer: bool) -> PolicySet:
    """The policies with limits on the orders' source, whose catalog knows the server's index on the time."""
    source = replace(policies.sources[ORDERS], limits=limits, is_production_writer=writer)
    catalog = policies.catalogs[ORDERS]
    orders = replace(catalog.tables[ORDER_TABLE], indexes=(("order_id",), ("order_time",)))
    known = replace(catalog, tables={**catalog.tables, ORDER_TABLE: orders})
    return replace(
        policies,
        sources={**policies.sources, ORDERS: source},
        catalogs={**policies.catalogs, ORDERS: known},
    )


async def test_over_the_bound_it_is_refused_without_being_run(reader: Reader, over: Over) -> None:
    async with over(rows_examined_max=200_000) as asked:
        refusal = await asked.refusal(BIG)
        assert isinstance(refusal, TooExpensive)
        assert refusal.code == "TOO_EXPENSIVE"
        assert (
            "narrow luckyus_sales_order.t_sales_order_m where it is read by a condition on order_id or"
            in (refusal.next_step)
        )
        # No estimate is in the text: it counts hidden rows.
        assert re.findall(r"\d{3,}", f"{refusal.what} {refusal.next_step}") == []
        assert (asked.last.outcome, asked.last.detail.split("; offered")[0][:6]) == (
            "TOO_EXPENSIVE",
            "about ",
        )
        assert reader.running() == []


async def test_the_narrower_text_that_is_offered_runs(over: Over, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(costs, "DAYS", 1)  # the demo of this size has but a few days
    async with over() as free:
        whole, narrow = [await planned(free, f"{WIDE}{more}") for more in ("", f" WHERE {LATEST}")]
    bound = int((whole + narrow) / 2)
    assert whole > 1.5 * narrow, "the plan of the text that is offered examines about as much"
    async with over(rows_examined_max=bound) as asked:
        refusal = await asked.refusal(WIDE)
        assert refusal.rewrite.endswith(LATEST)
        assert len(await asked.rows(refusal.rewrite)) == 1
        assert asked.last.outcome == "ok"


async def planned(asked: Asked, text: str) -> float:
    """What the server expects to examine for the guarded text."""
    view = asked.gateway.view()
    source = view.policies.sources[ORDERS]
    guarded = prepare(view, ENGINEER, source, SqlRead(source="salesorder", sql=text)).guarded
    told = await asked.gateway._executor._asked(plan_of(source, guarded))
    assert isinstance(told, Plan) and told.rows is not None
    return told.rows


async def test_no_text_is_offered_that_is_as_costly(over: Over) -> None:
    async with over(rows_examined_max=1) as asked:
        refusal = await asked.refusal(
            BIG.replace("t_sales_order_m b", "t_order_item b").replace("b.pay", "b.item")
        )
        assert (refusal.code, refusal.rewrite) == ("TOO_EXPENSIVE", "")


async def test_a_lookup_asks_nothing(reader: Reader, over: Over) -> None:
    (order,) = reader.ask(
        "luckyus_sales_order", "SELECT MIN(order_id) FROM luckyus_sales_order.t_sales_order_m"
    )
    async with over(rows_examined_max=1, writer=True) as asked:
        for text in (LOOKUP.format(order=order[0]), f"SELECT 1 WHERE {order[0]} = 5"):
            await asked.rows(text)
        assert asked.questions == []


async def test_small_tables_are_not_estimated_and_a_text_is_once(
    over: Over, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with over(rows_examined_max=10_000_000) as asked:
        await asked.rows(COUNT)
        await asked.rows(f"{COUNT} WHERE quantity > 1")
        assert asked.questions == [Probe.SIZES]
        monkeypatch.setattr(estimates, "SMALL_ROWS", 1.0)
        for _ in range(3):
            await asked.rows(COUNT)
        assert asked.questions == [Probe.SIZES, Probe.PLAN]
        await asked.rows(f"{COUNT} WHERE quantity > 1")
        assert asked.questions.count(Probe.PLAN) == 2


async def test_a_text_that_cannot_be_explained_fails_as_itself(
    over: Over, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(estimates, "SMALL_ROWS", 0.0)
    async with over() as asked:
        assert (await asked.refusal("SELECT nope FROM t_order_item")).code == "UNKNOWN_NAME"
        assert Probe.PLAN in asked.questions


async def test_without_a_bound_nothing_is_estimated(over: Over, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(estimates, "SMALL_ROWS", 0.0)
    async with over(rows_examined_max=None) as asked:
        await asked.rows(COUNT)
        assert asked.questions == []


SHAPES = [
    # (statement, rows that it must examine: orders n, items m)
    ("SELECT COUNT(order_no) FROM t_sales_order_m", "n"),
    ("SELECT COUNT(*) FROM t_sales_order_m a, t_order_item b WHERE a.pay_amount < b.item_amount", "n * m"),
    ("SELECT COUNT(*) FROM t_sales_order_m a UNION ALL SELECT COUNT(*) FROM t_order_item", "n + m"),
    ("WITH big AS (SELECT * FROM t_order_item) SELECT COUNT(*) FROM big", "m"),
    ("SELECT shop_id, COUNT(*) FROM t_sales_order_m GROUP BY shop_id ORDER BY 2", "n"),
    ("SELECT SUM((SELECT MAX(i.item_amount) FROM t_order_item i WHERE i.item_amount < o.pay_amount))"
     " FROM t_sales_order_m o", "n * m"),
    ("SELECT COUNT(*) FROM t_sales_order_m WHERE order_id IN (SELECT order_id FROM t_order_item)", "n"),
]  # fmt: skip


async def test_what_a_statement_must_examine_is_seen(reader: Reader, over: Over) -> None:
    """Within a factor of eight, over all the steps of each engine's plan."""
    counts = [
        reader.ask("luckyus_sales_order", f"SELECT COUNT(*) FROM luckyus_sales_order.{table}")
        for table in ("t_sales_order_m", "t_order_item")
    ]
    n, m = (int(str(rows[0][0])) for rows in counts)
    async with over() as asked:
        for text, least in SHAPES:
            told = await planned(asked, text)
            must = {"n": n, "m": m, "n + m": n + m, "n * m": n * m}[least]
            assert must / 8 <= told <= must * 8 + 20_000, (text, must, told)


@contextmanager
def others_at_work(reader: Reader, number: int) -> Iterator[None]:
    """Statements of other accounts that run on the server until the block ends."""
    server = reader.server.running
    connections = [server.connect() for _ in range(number)]
    threads = [
        threading.Thread(target=lambda each=each: each.cursor().execute(SLOW[reader.kind]), daemon=True)  # type: ignore[misc]
        for each in connections
    ]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(threading, "excepthook", lambda _: None)  # they end by being killed
        for thread in threads:
            thread.start()
        time.sleep(0.2)
        try:
            yield
        finally:
            killing = {
                Kind.MYSQL: "SELECT CONCAT('KILL ', id) FROM information_schema.processlist WHERE info = '{0}'",
                Kind.POSTGRES: "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = '{0}'",
            }[reader.kind].format(SLOW[reader.kind])
            for (text,) in reader.ask("mysql" if reader.kind is Kind.MYSQL else "public", killing):
                if reader.kind is Kind.MYSQL:
                    reader.admin(str(text))
            for thread in threads:
                thread.join()
            for each in connections:
                each.close()


async def test_a_busy_writer_is_not_read_heavily(
    reader: Reader, over: Over, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(estimates, "SMALL_ROWS", 0.0)
    monkeypatch.setattr(estimates, "LOAD_SECONDS", 0.0)
    grant, revoke = (text.format(READER) for text in SEEING[reader.kind])
    order = "SELECT MIN(order_id) FROM luckyus_sales_order.t_sales_order_m"
    lookup = LOOKUP.format(order=reader.ask("luckyus_sales_order", order)[0][0])
    reader.admin(grant)
    try:
        async with over(writer=True, rows_examined_heavy=10, running_max=2) as asked:
            assert len(await asked.rows(COUNT)) == 1
            with others_at_work(reader, 3):
                busy = await asked.refusal(COUNT)
                assert isinstance(busy, LimitExceeded)
                assert busy.code == "SOURCE_BUSY"
                assert "too much other work now" in busy.what
                assert "again in 30 s" in busy.next_step
                assert asked.last.detail.startswith("3 statements run")
                assert len(await asked.rows(lookup)) == 1
            await until(lambda: "sleep" not in str(reader.running()).lower())
            assert len(await asked.rows(COUNT)) == 1
        limits = {"rows_examined_heavy": 10, "running_max": 99, "long_running_max": 0, "long_running_s": 1}
        async with over(writer=True, **limits) as asked:
            with others_at_work(reader, 1):
                await asyncio.sleep(1.2)
                assert "of them for long" in (await asked.refusal(COUNT)).audit_detail
        async with over(writer=True, rows_examined_heavy=10**9, running_max=1) as asked:
            with others_at_work(reader, 3):
                assert len(await asked.rows(COUNT)) == 1  # it is not heavy
        async with over(writer=False, rows_examined_heavy=10, running_max=1) as asked:
            with others_at_work(reader, 3):
                assert len(await asked.rows(COUNT)) == 1  # nobody said that it is a writer
    finally:
        reader.admin(revoke)


async def test_a_load_that_cannot_be_seen_is_no_leave(
    reader: Reader, over: Over, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(estimates, "SMALL_ROWS", 0.0)
    async with over(writer=True, rows_examined_heavy=10) as asked:
        with others_at_work(reader, 1):
            refusal = await asked.refusal(COUNT)
        assert refusal.code == "SOURCE_BUSY"
        assert "GRANT" in refusal.audit_detail
        assert "GRANT" not in refusal.agent_text
        source = asked.gateway.policies.sources[ORDERS]
        assert "its load cannot be told: GRANT" in await asked.gateway._executor.check(source)
