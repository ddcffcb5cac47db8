"""Probes and metrics of a gateway in this process: what makes it unready, the port of its own, what stands idle."""

from __future__ import annotations

import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

import pytest

from lucky_mcp.adapters.base import Usage
from lucky_mcp.app.watching import watched
from lucky_mcp.audit.sink import SinkState
from lucky_mcp.errors import ConfigurationError
from lucky_mcp.gateway.breaker import FAILURES_MAX, Breakers
from lucky_mcp.gateway.bulkhead import Bulkhead
from lucky_mcp.gateway.readiness import not_ready
from lucky_mcp.gateway.readings import readings
from lucky_mcp.model.source import Dialect, Kind, Source
from lucky_mcp.policy.policy_set import PolicySet
from lucky_mcp.settings import load_settings
from lucky_mcp.telemetry.exporting import export_spans
from lucky_mcp.telemetry.gauges import Exposition
from tests.server.harness import make_server
from tests.server.wire import direct
from tests.support.house import gateway_over
from tests.telemetry.served import named, samples

SERVER = Source(name="s", kind=Kind.MYSQL, dialect=Dialect.MYSQL, url="", domain="x", short_name="s")


class Log:
    """An audit log that is as it is told to be."""

    def __init__(self) -> None:
        self.is_writable = True

    def write(self, record: object) -> None:
        """Forget it."""

    async def durable(self) -> None:
        """It is."""

    def state(self) -> SinkState:
        """Say what was told."""
        return SinkState(pending=3, segment=2, bytes=70, age_s=5, is_writable=self.is_writable)


def test_what_makes_it_unready(demo_policies: PolicySet) -> None:
    log, draining = Log(), [False]
    gateway = gateway_over(demo_policies, audit=log)

    def against() -> tuple[str, ...]:
        return not_ready(gateway, lambda: draining[0])

    assert against() == ()
    log.is_writable = False
    assert against() == ("audit",)
    draining[0] = True
    assert against() == ("audit", "draining")
    log.is_writable = True
    assert against() == ("draining",)
    gateway.swap(replace(demo_policies, sources=MappingProxyType({})))
    assert against() == ("policies", "draining")


@asynccontextmanager
async def metrics_at(tmp_path: Path, demo_policies: PolicySet, **given: object) -> AsyncIterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = int(door.getsockname()[1])
    settings = load_settings(state=tmp_path, metrics_port=port, **given)
    gateway = gateway_over(demo_policies, audit=Log())
    async with watched(settings, make_server(), gateway, lambda: False, {"T": "x" * 20, "SHORT": "x"}):
        yield f"http://127.0.0.1:{port}/metrics"


async def test_a_port_of_their_own(tmp_path: Path, demo_policies: PolicySet) -> None:
    async with metrics_at(tmp_path, demo_policies) as url, direct() as client:
        answer = await client.get(url)
        found = samples(answer.text)
        assert named(found, "lucky_audit_pending_records") == 3
        assert named(found, "lucky_audit_segment_number") == 2
        assert named(found, "lucky_ready") == 1
        assert (await client.get(url.replace("/metrics", "/mcp"))).status_code == 404
    host, port = url.removeprefix("http://").removesuffix("/metrics").split(":")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((host, int(port)), 5)


async def test_a_port_of_their_own_with_a_token(tmp_path: Path, demo_policies: PolicySet) -> None:
    async with (
        metrics_at(tmp_path, demo_policies, metrics_token="env:T") as url,
        direct() as client,
    ):
        assert (await client.get(url)).status_code == 401
        assert (await client.get(url, headers={"Authorization": f"Bearer {'x' * 20}"})).status_code == 200


@pytest.mark.parametrize(
    ("token", "what"),
    [("env:SHORT", "16 characters"), ("env:NONE", "LUCKY_METRICS_TOKEN"), ("plain", "reference|referred")],
)
async def test_a_token_that_is_none(token: str, what: str, tmp_path: Path, demo_policies: PolicySet) -> None:
    with pytest.raises(ConfigurationError, match=what):
        async with metrics_at(tmp_path, demo_policies, metrics_token=token):
            pass


async def test_sources_that_were_read_and_those_that_rest(
    monkeypatch: pytest.MonkeyPatch, demo_policies: PolicySet
) -> None:
    gateway = gateway_over(demo_policies, audit=Log())
    executor, clock = gateway.parts.executor, [0.0]
    executor._breakers = breakers = Breakers(lambda: clock[0])
    for _ in range(FAILURES_MAX):
        breakers.away(SERVER)
    monkeypatch.setattr(executor._registry, "usages", lambda: [("s", Usage(in_use=1, idle=2, places=4))])
    executor._bulkhead = bulkhead = Bulkhead()
    exposition = Exposition(lambda: readings(gateway, lambda: datetime.now(UTC), lambda: False))
    async with bulkhead.place("ann", SERVER), bulkhead.place("ann", SERVER), bulkhead.place("bob", SERVER):
        found = samples(exposition.text().decode())
    assert named(found, "lucky_source_resting", source="s") == 1
    assert named(found, "lucky_source_failures", source="s") == FAILURES_MAX
    assert [named(found, "lucky_source_connections", state=each) for each in ("in_use", "idle", "max")] == [
        1,
        2,
        4,
    ]
    assert (named(found, "lucky_reads_running"), named(found, "lucky_callers_running")) == (3, 2)
    assert named(found, "lucky_reference_age_seconds", reference="us_shops") == float("inf")
    assert named(found, "lucky_reference_usable") == named(found, "lucky_ready") == 0
    clock[0] = 3600.0
    assert named(samples(exposition.text().decode()), "lucky_source_resting", source="s") == 0


def test_spans_without_the_sdk_are_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    with pytest.raises(ConfigurationError, match=r"lucky-mcp\[otel\]"):
        export_spans({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"})


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", "OTEL_SDK_DISABLED": "true"},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", "OTEL_TRACES_EXPORTER": "none"},
    ],
)
def test_spans_are_not_exported_unasked(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(
        sys.modules, "opentelemetry.sdk.trace", None
    )  # would be an error if it were asked for
    export_spans(environment)()
