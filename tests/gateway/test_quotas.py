"""A caller that asks too much is told when to ask again, by one gateway and by two that share a Redis."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from lucky_mcp.app.gateway import open_gateway
from lucky_mcp.audit.record import Ended, Explained
from lucky_mcp.audit.sink import MemorySink
from lucky_mcp.audit.verify import verify
from lucky_mcp.enforcement.guarded import GuardedSql
from lucky_mcp.errors import Code, LimitExceeded, ReadError
from lucky_mcp.gateway.admission import Admission
from lucky_mcp.gateway.read import Gateway
from lucky_mcp.limits.memory import MemoryMeter
from lucky_mcp.limits.shared import SharedMeter
from lucky_mcp.model.principal import Principal
from lucky_mcp.model.quota import Quota
from lucky_mcp.model.request import SqlRead
from lucky_mcp.model.source import Kind
from lucky_mcp.policy.policy_set import PolicySet
from lucky_mcp.policy.quotas import Quotas
from lucky_mcp.server.auth import BearerVerifier
from lucky_mcp.settings import load_settings
from tests.server.wire import ACCEPT, LATEST, call_message, direct, served
from tests.support.house import ANALYST, ENGINEER, opened
from tests.support.redis_server import redis_server
from tests.support.reference import ORDERS

ONE = SqlRead(source=ORDERS, sql="SELECT 1")
ROWS = SqlRead(source=ORDERS, sql="SELECT order_id FROM t_sales_order_m ORDER BY order_id LIMIT 40")
Make = Callable[[Quotas], object]


def with_quota(policies: PolicySet, **limits: int) -> PolicySet:
    return replace(policies, quotas=Quotas(default=Quota(**limits)))


@pytest.fixture
async def limited(demo_policies: PolicySet) -> AsyncIterator[Callable[..., object]]:
    """Open gateways whose callers have these limits."""
    made: list[Gateway] = []

    async def make(
        meter: MemoryMeter | SharedMeter | None = None, **limits: int
    ) -> tuple[Gateway, MemorySink]:
        audit = MemorySink()
        admission = Admission(meter or MemoryMeter())
        gateway = await opened(with_quota(demo_policies, **limits), audit=audit, admission=admission)
        made.append(gateway)
        audit.records.clear()
        return gateway, audit

    yield make
    for gateway in made:
        await gateway.close()


async def outcome(gateway: Gateway, request: SqlRead = ONE, caller: Principal = ANALYST) -> str:
    try:
        await gateway.read(caller, request)
    except ReadError as refusal:
        return str(refusal.code)
    return "ok"


async def refused(gateway: Gateway, request: SqlRead = ONE) -> LimitExceeded:
    with pytest.raises(LimitExceeded) as raised:
        await gateway.read(ANALYST, request)
    assert raised.value.code is Code.RATE_LIMITED
    return raised.value


async def test_calls_are_refused_with_when_to_try_again_and_recorded(limited: Callable[..., object]) -> None:
    gateway, audit = await limited(calls_per_minute=2)  # type: ignore[misc]
    assert [await outcome(gateway) for _ in range(3)] == ["ok", "ok", "RATE_LIMITED"]
    refusal = await refused(gateway)
    assert refusal.retry_after_s == 30 and "try again in 30 s" in refusal.agent_text
    last = audit.records[-1]
    assert isinstance(last, Ended) and (last.outcome, last.phase, last.principal) == (
        "RATE_LIMITED",
        "request",
        "ann",
    )
    assert await outcome(gateway, caller=ENGINEER) == "ok"
    with pytest.raises(ReadError, match="2 calls"):
        await gateway.explain(ANALYST, ONE)
    assert isinstance(audit.records[-1], Explained)


async def test_refused_calls_and_dry_runs_count(limited: Callable[..., object]) -> None:
    gateway, _ = await limited(calls_per_minute=2)  # type: ignore[misc]
    assert await outcome(gateway, SqlRead(source=ORDERS, sql="DELETE FROM t")) == "NOT_READ_ONLY"
    await gateway.explain(ANALYST, ONE)
    assert await outcome(gateway) == "RATE_LIMITED"


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ({"rows_per_hour": 50}, "50 rows within an hour"),
        ({"bytes_per_hour": 400}, "400 bytes within an hour"),
    ],
)
async def test_rows_and_bytes_are_charged_when_they_are_known(
    limited: Callable[..., object], limits: dict[str, int], words: str
) -> None:
    gateway, _ = await limited(**limits)  # type: ignore[misc]
    answers = [await outcome(gateway, ROWS) for _ in range(4)]
    assert answers.index("RATE_LIMITED") in (1, 2) and set(answers[2:]) == {"RATE_LIMITED"}
    refusal = await refused(gateway)
    assert words in refusal.agent_text and "aggregate in SQL" in refusal.agent_text
    assert refusal.retry_after_s is not None and refusal.retry_after_s > 60


async def test_seconds_of_redshift_count_and_those_of_others_do_not(
    demo_policies: PolicySet, limited: Callable[..., object]
) -> None:
    gateway, _ = await limited(redshift_seconds_per_day=100)  # type: ignore[misc]
    ticks = iter(range(0, 100_000, 10))
    gateway._ticks = lambda: float(next(ticks))
    assert [await outcome(gateway) for _ in range(12)] == ["ok"] * 12
    orders = replace(demo_policies.sources[ORDERS], kind=Kind.REDSHIFT)
    policies = with_quota(demo_policies, redshift_seconds_per_day=100)
    gateway.swap(replace(policies, sources={**policies.sources, ORDERS: orders}))

    async def slow(*_: object) -> None:
        await asyncio.sleep(0)
        raise ZeroDivisionError

    gateway._executor.execute = slow  # type: ignore[assignment, method-assign]
    answers = [await outcome(gateway) for _ in range(12)]
    assert answers[0] == "QUERY_FAILED" and answers[-1] == "RATE_LIMITED"
    assert "seconds of Redshift" in (await refused(gateway)).agent_text
    gateway.swap(policies)
    assert await outcome(gateway) == "QUERY_FAILED", "other sources go on"


async def test_calls_that_cost_money_are_paid_before_they_are_made(
    limited: Callable[..., object], monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway, audit = await limited(cost_explorer_calls_per_day=5)  # type: ignore[misc]
    assert await outcome(gateway) == "ok"
    monkeypatch.setattr(GuardedSql, "cost_explorer_calls", 2)
    made: list[str] = []

    async def failing(*_: object) -> None:
        made.append("two calls")
        raise ZeroDivisionError

    gateway._executor.execute = failing  # type: ignore[assignment, method-assign]
    assert [await outcome(gateway) for _ in range(4)] == ["QUERY_FAILED"] * 2 + ["RATE_LIMITED"] * 2
    assert made == ["two calls"] * 2, "the limit is not gone beyond, and what failed was paid"
    refusal = await refused(gateway)
    assert "you have made 5 calls of Cost Explorer within a day" in refusal.agent_text
    assert refusal.retry_after_s == pytest.approx(86_400 / 5, abs=60)
    last = audit.records[-1]
    assert isinstance(last, Ended) and (last.outcome, last.phase) == ("RATE_LIMITED", "request")
    assert await outcome(gateway, caller=ENGINEER) == "QUERY_FAILED"
    monkeypatch.setattr(GuardedSql, "cost_explorer_calls", 0)
    assert await outcome(gateway) == "QUERY_FAILED", "what costs nothing goes on"


async def test_an_app_pays_along_with_whom_it_asks_for(
    demo_policies: PolicySet, limited: Callable[..., object], monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway, _ = await limited()  # type: ignore[misc]
    app = Principal(subject="app:x", roles=ANALYST.roles)
    quotas = Quotas(by_principal={"app:x": Quota(cost_explorer_calls_per_day=3)})
    gateway.swap(replace(demo_policies, quotas=quotas))
    monkeypatch.setattr(GuardedSql, "cost_explorer_calls", 1)
    people = [replace(ANALYST, subject=name, app=app) for name in ("ann", "bob", "eve", "tim")]
    assert [await outcome(gateway, caller=each) for each in people] == ["ok"] * 3 + ["RATE_LIMITED"]
    with pytest.raises(ReadError, match="all who ask through this app have made 3 calls of Cost Explorer"):
        await gateway.read(people[0], ONE)
    assert await outcome(gateway) == "ok"


async def test_replicas_pay_from_one_limit(
    limited: Callable[..., object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(GuardedSql, "cost_explorer_calls", 1)
    with redis_server() as server:
        pair = [
            (await limited(SharedMeter(server.url), cost_explorer_calls_per_day=3, reads_at_once=1))[0]  # type: ignore[misc]
            for _ in range(2)
        ]
        assert [await outcome(each) for _ in range(2) for each in pair] == ["ok"] * 3 + ["RATE_LIMITED"]
        for each in pair:
            await each.close()


async def test_reads_at_once(limited: Callable[..., object]) -> None:
    gateway, _ = await limited(reads_at_once=2)  # type: ignore[misc]
    go_on, under_way, execute = asyncio.Event(), asyncio.Event(), gateway._executor.execute
    sent: list[int] = []

    async def waiting(*arguments: object) -> object:
        sent.append(1)
        if len(sent) == 2:
            under_way.set()
        await go_on.wait()
        return await execute(*arguments)  # type: ignore[arg-type]

    gateway._executor.execute = waiting  # type: ignore[assignment, method-assign]
    running = [asyncio.create_task(outcome(gateway)) for _ in range(2)]
    await asyncio.wait_for(under_way.wait(), 60)
    assert "2 of your reads are under way" in (await refused(gateway)).agent_text
    running[0].cancel()
    await asyncio.wait(running[:1])
    go_on.set()
    assert await outcome(gateway) == "ok"
    assert await running[1] == "ok"


async def test_two_gateways_that_share_a_redis(limited: Callable[..., object]) -> None:
    with redis_server() as server:
        first, _ = await limited(SharedMeter(server.url), calls_per_minute=5)  # type: ignore[misc]
        second, _ = await limited(SharedMeter(server.url), calls_per_minute=5)  # type: ignore[misc]
        answers = [await outcome(each) for _ in range(4) for each in (first, second)]
        assert answers == ["ok"] * 5 + ["RATE_LIMITED"] * 3
        assert await outcome(second, caller=ENGINEER) == "ok"
        await first.close()
        await second.close()


async def test_two_servers_share_what_a_setting_names(
    project_root: Path, demo_data: Path, tmp_path: Path
) -> None:
    """As they are composed, each with a log of its own that is sound."""
    shutil.copytree(project_root / "policies", tmp_path / "policies")
    with (tmp_path / "policies" / "bounds.yaml").open("a", encoding="utf-8") as file:
        file.write("    ann: {calls_per_minute: 3}\n")
    bounds = tmp_path / "policies" / "bounds.yaml"
    text = bounds.read_text(encoding="utf-8").replace("principals: {}\n", "principals:\n")
    bounds.write_text(text, encoding="utf-8")
    secret = "a secret of this test"
    with redis_server(secret) as server:
        settings = [
            load_settings(
                policies=tmp_path / "policies",
                state=tmp_path / f"state-{number}",
                limits_url=server.url,
                limits_password="env:LIMITS",
                catalog_refresh_s=0,
                policies_reload_s=0,
            )
            for number in range(2)
        ]
        environment = {"DEMO_DATA": str(demo_data), "LIMITS": secret}
        async with (
            open_gateway(settings[0], environment) as one,
            open_gateway(settings[1], environment) as two,
        ):
            answers = [await outcome(each) for _ in range(3) for each in (one, two)]
    assert answers == ["ok"] * 3 + ["RATE_LIMITED"] * 3
    for each in settings:
        assert verify(each.audit_directory, each.audit_keys({})).faults == ()


async def test_another_address_is_the_same_caller(limited: Callable[..., object]) -> None:
    gateway, _ = await limited(calls_per_minute=3)  # type: ignore[misc]
    headers, message = call_message("run_query", {"source": ORDERS, "sql": "SELECT 1"}, LATEST)
    said = []
    async with served(BearerVerifier(lambda secret: ANALYST), gateway) as endpoint, direct() as client:
        for number in range(5):
            invented = dict.fromkeys(
                ("X-Forwarded-For", "X-Real-IP", "Forwarded", "X-Client-IP", "True-Client-IP"),
                f"203.0.113.{number}",
            )
            token = {"Authorization": f"Bearer lk_{number}"}
            answer = await client.post(
                endpoint, json=message, headers={**ACCEPT, **headers, **invented, **token}
            )
            said.append("RATE_LIMITED" if "RATE_LIMITED" in answer.text else str(answer.status_code))
            assert answer.status_code == 200, "a refusal is a result, or clients hang"
    assert said == ["200"] * 3 + ["RATE_LIMITED"] * 2
    assert re.search(r"try again in \d+ s", answer.text)
