"""A changed policy directory comes into force whole or not at all, and no read sees two policies."""

from __future__ import annotations

import asyncio
import gc
import shutil
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from lucky_mcp.adapters.registry import Registry
from lucky_mcp.app.serving import serve_http
from lucky_mcp.audit.record import Event
from lucky_mcp.audit.sink import MemorySink
from lucky_mcp.enforcement.guarded import GuardedSql
from lucky_mcp.errors import ReadError
from lucky_mcp.gateway.execute import Executed, Executor
from lucky_mcp.gateway.read import Gateway
from lucky_mcp.gateway.reload import Reloader, stamp
from lucky_mcp.gateway.weight import Weight
from lucky_mcp.model.request import SqlRead
from lucky_mcp.policy.policy_set import PolicySet
from lucky_mcp.server.ask import ask
from lucky_mcp.server.transports import endpoint_of, listen
from lucky_mcp.settings import Settings
from tests.server.wire import direct
from tests.support.audit_log import records
from tests.support.house import ANALYST, NOW, opened, policies_over
from tests.support.reference import CRM, ORDERS

PHONE = SqlRead(source=CRM, sql="SELECT phone FROM t_user WHERE phone IS NOT NULL LIMIT 1")
ROLES, MASK = "roles.yaml", "pii.phone: last4, pii.card: last4, pii.email: token"
STRICTER = MASK.replace("pii.phone: last4", "pii.phone: redact")
USERS = "datasets/crm/customers.yaml"


@dataclass(frozen=True, kw_only=True)
class Watched:
    """A gateway over a copy of the policies that may be edited, and what looks at the copy."""

    gateway: Gateway
    directory: Path
    reloader: Reloader
    audit: MemorySink = field(repr=False)

    def edit(self, file: str, old: str, new: str) -> None:
        path = self.directory / file
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, old
        path.write_text(text.replace(old, new), encoding="utf-8")

    async def twice(self) -> None:
        """Changed at the first look, still at the second."""
        await self.reloader.check()
        await self.reloader.check()

    async def shown(self) -> str:
        return str((await self.gateway.read(ANALYST, PHONE)).rows[0][0])

    def events(self) -> list[Event]:
        return [each for each in self.audit.records if isinstance(each, Event)]


@pytest.fixture
async def watched(project_root: Path, demo_data: Path, tmp_path: Path) -> AsyncIterator[Watched]:
    directory = tmp_path / "policies"
    shutil.copytree(project_root / "policies", directory)
    loaded = stamp(directory)
    audit = MemorySink()
    gateway = await opened(policies_over(directory, demo_data), audit=audit)
    reloader = Reloader(
        gateway,
        directory,
        audit=audit,
        now=lambda: NOW,
        environment={"DEMO_DATA": str(demo_data)},
        loaded=loaded,
    )
    yield Watched(gateway=gateway, directory=directory, reloader=reloader, audit=audit)
    await gateway.close()


async def test_a_change_comes_into_force_with_both_digests_on_record(watched: Watched) -> None:
    before = watched.gateway.policies.digest
    assert "***-***-" in await watched.shown()
    watched.edit(ROLES, MASK, STRICTER)
    await watched.reloader.check()
    assert watched.gateway.policies.digest == before  # still being written, as far as anybody knows
    await watched.reloader.check()
    assert await watched.shown() == "[redacted]"
    (event,) = watched.events()
    assert (event.kind, event.target) == ("policy.loaded", watched.gateway.policies.digest)
    assert event.target != before and f"replaces {before}" in event.detail
    assert watched.gateway.health() == {"policies": event.target}
    await watched.twice()
    assert len(watched.events()) == 1


async def test_an_invalid_directory_leaves_the_old_policies_in_force(watched: Watched) -> None:
    before = watched.gateway.policies.digest
    watched.edit(ROLES, MASK, STRICTER)
    watched.edit(USERS, "roles: [analyst, data_engineer]", "roles: [analyst, data_enginer]")
    await watched.twice()
    await watched.twice()
    assert "***-***-" in await watched.shown()
    assert watched.gateway.health() == {"policies": before, "rejected": "grant"}
    (event,) = watched.events()
    assert (event.kind, event.target) == ("policy.rejected", before)
    assert "unknown role 'data_enginer'" in event.detail and USERS in event.detail
    watched.edit(USERS, "data_enginer", "data_engineer")
    await watched.twice()
    assert await watched.shown() == "[redacted]"
    assert "rejected" not in watched.gateway.health()


async def test_health_says_when_the_directory_cannot_be_looked_at(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was said before is said again once a look succeeds."""
    watched.edit(USERS, "roles: [analyst, data_engineer]", "roles: [analyst, data_enginer]")
    await watched.twice()
    looks: list[bool] = []

    async def look() -> None:
        looks.append(True)
        if len(looks) < 3:
            raise OSError("the disk is away")

    monkeypatch.setattr(watched.reloader, "check", look)
    said = []
    watching = asyncio.create_task(watched.reloader.keep(0.01))
    while len(looks) < 5:
        said.append(watched.gateway.health()["rejected"])
        await asyncio.sleep(0)
    watching.cancel()
    assert list(dict.fromkeys(said)) == ["grant", "check"]
    assert watched.gateway.health()["rejected"] == "grant"


@pytest.mark.parametrize(
    ("file", "text", "rule"),
    [
        ("tags.yaml", "[", "unreadable"),
        ("bounds.yaml", "default: {}\n", "bound"),
        (f"catalog/{CRM}.json", "{}", "unreadable"),
    ],
)
async def test_a_corrupt_file_is_never_a_partial_policy(
    watched: Watched, file: str, text: str, rule: str
) -> None:
    before = watched.gateway.policies
    (watched.directory / file).write_text(text, encoding="utf-8")
    await watched.twice()
    assert watched.gateway.policies is before
    assert rule in watched.gateway.health()["rejected"]


async def test_a_directory_that_changes_while_it_is_read_is_not_taken(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, load = watched.gateway.policies, watched.reloader._load

    def load_and_edit() -> object:
        loaded = load()
        (watched.directory / "datasets" / "more.test.yaml").write_text("source: x\ntests: []\n")
        return loaded

    monkeypatch.setattr(watched.reloader, "_load", load_and_edit)
    watched.edit(ROLES, MASK, STRICTER)
    await watched.twice()
    assert watched.gateway.policies is before


async def test_without_an_audit_nothing_is_swapped(watched: Watched) -> None:
    before = watched.gateway.policies
    watched.edit(ROLES, MASK, STRICTER)
    watched.audit.broken = True
    await watched.twice()
    assert watched.gateway.policies is before and watched.gateway.health()["rejected"] == "audit"
    watched.audit.broken = False
    await watched.reloader.check()
    assert await watched.shown() == "[redacted]"


async def test_reference_sets_of_another_definition_are_read_before_they_are_used(watched: Watched) -> None:
    count = SqlRead(source=ORDERS, sql="SELECT COUNT(*) AS n FROM t_sales_order_m")
    before = (await watched.gateway.read(ANALYST, count)).rows[0][0]
    watched.edit("references.yaml", "country_code = 'US'", "country_code = 'US' AND id = 10001")
    await watched.twice()
    after = (await watched.gateway.read(ANALYST, count)).rows[0][0]
    assert isinstance(before, int) and isinstance(after, int) and 0 < after < before


async def test_values_of_a_set_are_not_used_for_another_of_its_name(demo_policies: PolicySet) -> None:
    gateway = await opened(demo_policies)
    shops = demo_policies.references["us_shops"]
    other = replace(shops, sql=shops.sql + " AND id = 10001")
    gateway.swap(replace(demo_policies, references={**demo_policies.references, "us_shops": other}))
    with pytest.raises(ReadError, match="REFERENCE_UNAVAILABLE|not available"):
        await gateway.read(ANALYST, SqlRead(source=ORDERS, sql="SELECT COUNT(*) FROM t_sales_order_m"))
    await gateway.close()


class Held(Executor):
    """Runs a read only once it is let go."""

    def __init__(self) -> None:
        super().__init__(Registry({}))
        self.begun, self.let_go = asyncio.Event(), asyncio.Event()

    async def execute(self, read: GuardedSql, caller: str, weight: Weight, receipt: str = "") -> Executed:
        self.begun.set()
        await self.let_go.wait()
        return await super().execute(read, caller, weight, receipt)


async def test_a_read_under_way_ends_under_its_own_policies(watched: Watched) -> None:
    old, held = watched.gateway.policies.digest, Held()
    watched.gateway._executor, usual = held, watched.gateway._executor
    reading = asyncio.create_task(watched.gateway.read(ANALYST, PHONE))
    await asyncio.wait_for(held.begun.wait(), 30)
    watched.gateway._executor = usual
    watched.edit(ROLES, MASK, STRICTER)
    await watched.twice()
    assert await watched.shown() == "[redacted]"
    held.let_go.set()
    answer = await reading
    assert str(answer.rows[0][0]).startswith("***-***-")
    assert answer.receipt.digests.policy == old != watched.gateway.policies.digest


async def until(holds: Callable[[dict[str, str]], bool], endpoint: str) -> dict[str, str]:
    async with direct() as client:
        for _ in range(600):
            told = (await client.get(endpoint.replace("/mcp", "/health"))).json()
            if holds(told):
                return dict(told)
            await asyncio.sleep(0.05)
    raise AssertionError(told)


async def test_a_served_gateway_reloads_and_rolls_back(
    project_root: Path, demo_data: Path, tmp_path: Path
) -> None:
    directory = tmp_path / "policies"
    shutil.copytree(project_root / "policies", directory)
    settings = Settings(policies=directory, state=tmp_path / "state", policies_reload_s=0.1)
    bound = listen("127.0.0.1", 0)
    endpoint = endpoint_of(bound)
    told: list[dict[str, str]] = []

    async def phone() -> str:
        arguments = {"source": CRM, "sql": PHONE.sql}
        return await ask(endpoint, token="demo-analyst", tool="run_query", arguments=arguments)

    def edit(file: str, old: str, new: str) -> None:
        text = (directory / file).read_text(encoding="utf-8")
        (directory / file).write_text(text.replace(old, new), encoding="utf-8")

    async def session() -> bool:
        told.append(await until(lambda told: "policies" in told, endpoint))
        assert "***-***-" in await phone()
        edit(USERS, "t_user:", "t_usr:")
        told.append(await until(lambda told: "rejected" in told, endpoint))
        assert "***-***-" in await phone()
        edit(USERS, "t_usr:", "t_user:")
        edit(ROLES, MASK, STRICTER)
        told.append(await until(lambda now: now["policies"] != told[0]["policies"], endpoint))
        assert "[redacted]" in await phone()
        return False

    await serve_http(
        settings, bound, demo=True, environment={"DEMO_DATA": str(demo_data)}, when_ready=session
    )
    gc.unfreeze()  # the server sets its objects apart for good, and this process lives on
    first, rejected, last = told
    assert rejected["policies"] == first["policies"]
    assert "t_usr" not in str(rejected) and "customers" not in str(rejected)
    assert set(last) == {"status", "policies"}
    lines = records(settings.audit_directory)
    kinds = [(each["kind"], each["target"]) for each in lines if each["event"] == "event"]
    assert kinds == [
        ("policy.loaded", first["policies"]),
        ("policy.rejected", first["policies"]),
        ("policy.loaded", last["policies"]),
    ]
