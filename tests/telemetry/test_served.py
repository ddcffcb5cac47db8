"""What a running server shows of itself: probes, metrics, spans and log lines, and what none of them shows."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from lucky_mcp.errors import Code
from lucky_mcp.model.source import Kind
from lucky_mcp.server.ask import ask
from lucky_mcp.server.visibility import TOOLSETS
from tests.server.wire import LATEST, OLDER, call_message, direct
from tests.support.reference import ORDERS
from tests.telemetry.collector import Collected, collector
from tests.telemetry.served import Samples, Served, named, samples, served

TOKEN = "c4n4ry-of-the-metrics"
TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
CANARY = "13371337"
COUNT = f"SELECT COUNT(*) FROM t_sales_order_m WHERE order_no <> '{CANARY}'"
SECOND = f"SELECT order_status FROM t_sales_order_m WHERE shop_id <> {CANARY} ORDER BY order_id LIMIT 7"
REFUSED = f"SELECT no_such_{CANARY} FROM t_sales_order_m"
FORBIDDEN = f"DELETE FROM t_sales_order_m WHERE order_no = '{CANARY}'"
STEPS = ["parse", "allow", "resolve", "decide", "enforce", "verify"]


@pytest.fixture(scope="module")
def spans() -> Iterator[Collected]:
    with collector() as made:
        yield made


@pytest.fixture(scope="module")
def server(
    project_root: Path, demo_data: Path, tmp_path_factory: pytest.TempPathFactory, spans: Collected
) -> Iterator[Served]:
    environment = {
        "DEMO_DATA": str(demo_data),
        "LUCKY_STATE": str(tmp_path_factory.mktemp("state")),
        "LUCKY_METRICS_TOKEN": "env:SCRAPER",
        "SCRAPER": TOKEN,
        "OTEL_EXPORTER_OTLP_ENDPOINT": spans.endpoint,
        "OTEL_RESOURCE_ATTRIBUTES": "deployment.environment.name=test",
        "OTEL_BSP_SCHEDULE_DELAY": "100",
    }
    with served(project_root / "policies", environment) as made:
        yield made


async def scraped(server: Served, token: str = TOKEN) -> Samples:
    async with direct() as client:
        answer = await client.get(f"{server.base}/metrics", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/plain")
    return samples(answer.text)


async def asked(server: Served, sql: str, tool: str = "run_query") -> str:
    return await ask(
        server.endpoint, token="demo-analyst", tool=tool, arguments={"source": ORDERS, "sql": sql}
    )


async def traced(server: Served, sql: str, traceparent: str, version: str) -> None:
    headers, message = call_message("run_query", {"source": ORDERS, "sql": sql}, version)
    async with direct() as client:
        answer = await client.post(
            server.endpoint,
            json=message,
            headers={**headers, "Authorization": "Bearer demo-analyst", "traceparent": traceparent},
        )
    assert "OK 1 row" in answer.text


@pytest.fixture(scope="module")
def two_scrapes(server: Served) -> tuple[Samples, Samples]:
    """All metrics before and after some reads and refusals."""
    return asyncio.run(_two_scrapes(server))


async def _two_scrapes(server: Served) -> tuple[Samples, Samples]:
    before = await scraped(server)
    assert (await asked(server, COUNT)).startswith("OK 1 row")
    assert (await asked(server, COUNT)).startswith("OK 1 row")
    assert (await asked(server, SECOND)).startswith("OK 7 rows")
    assert (await asked(server, REFUSED)).startswith("ERROR UNKNOWN_NAME")
    assert (await asked(server, FORBIDDEN)).startswith("ERROR NOT_READ_ONLY")
    assert (await asked(server, FORBIDDEN, "check_query")).startswith("ERROR NOT_READ_ONLY")
    return before, await scraped(server)


async def test_probes(server: Served) -> None:
    async with direct() as client:
        live, ready = [await client.get(f"{server.base}/health/{name}") for name in ("live", "ready")]
        old = await client.get(f"{server.base}/health")
    assert (live.status_code, live.json()) == (200, {"status": "live"})
    assert (ready.status_code, ready.json()) == (200, {"status": "ready"})
    assert old.json()["status"] == "ok"


@pytest.mark.parametrize(
    "header", [None, "Bearer", f"Bearer {TOKEN}x", f"Basic {TOKEN}", "Bearer demo-analyst"]
)
async def test_metrics_are_for_the_bearer(server: Served, header: str | None) -> None:
    async with direct() as client:
        answer = await client.get(
            f"{server.base}/metrics", headers={"Authorization": header} if header else {}
        )
    assert (answer.status_code, answer.text) == (401, "")


async def test_what_is_counted(two_scrapes: tuple[Samples, Samples]) -> None:
    before, after = two_scrapes

    def more(name: str, /, **labels: str) -> float:
        return named(after, name, **labels) - named(before, name, **labels)

    run = {"tool": "run_query", "engine": "duckdb"}
    assert more("lucky_reads_total", **run) == 5
    assert more("lucky_reads_total", **run, outcome="ok") == 3
    assert more("lucky_reads_total", **run, outcome="NOT_READ_ONLY") == 1
    assert more("lucky_refusals_total", code="NOT_READ_ONLY") == 2
    assert more("lucky_refusals_total", code="UNKNOWN_NAME") == 1
    assert more("lucky_tool_calls_total", tool="run_query", outcome="ok") == 3
    assert more("lucky_tool_calls_total", tool="check_query", outcome="error") == 1
    assert more("lucky_rows_total", engine="duckdb") == 9
    assert more("lucky_bytes_total", engine="duckdb") > 9
    assert more("lucky_prepared_reads_total", found="kept") == 1
    assert more("lucky_database_seconds_count", engine="duckdb", outcome="ok") == 3
    assert more("lucky_read_seconds_count", engine="duckdb") == 5
    for step in STEPS:
        assert more("lucky_guard_step_seconds_count", step=step) >= 2
    assert more("lucky_audit_sync_seconds_count") >= 1


async def test_how_things_stand(two_scrapes: tuple[Samples, Samples]) -> None:
    _, after = two_scrapes
    assert named(after, "lucky_ready") == named(after, "lucky_policy_info") == 1
    assert 0 < named(after, "lucky_policy_age_seconds") < 600
    assert named(after, "lucky_policy_rejected") == named(after, "lucky_audit_pending_records") == 0
    assert (
        named(after, "lucky_audit_segment_number") >= 1 and named(after, "lucky_audit_segment_bytes") > 1000
    )
    assert named(after, "lucky_audit_writable") == 1
    assert named(after, "lucky_reference_usable", reference="us_shops") == 1
    assert named(after, "lucky_reads_running") == 0
    assert named(after, "process_open_fds") > 0


async def test_labels_come_of_closed_lists(two_scrapes: tuple[Samples, Samples], server: Served) -> None:
    """Whatever is asked, by whomever: the labels are ours."""
    await ask(
        server.endpoint, token="demo-dba", tool="run_query", arguments={"source": CANARY, "sql": CANARY}
    )
    after = await scraped(server)
    tools = frozenset().union(*TOOLSETS.values())
    allowed = {
        "tool": tools | {"none", "unknown"},
        "engine": {*Kind, "none"},
        "outcome": set(Code) | {"ok", "error", "failed"},
        "code": set(Code),
        "phase": {"request", "parse", "allow", "resolve", "decide", "enforce", "verify", "audit", "execute"},
        "step": set(STEPS),
        "found": {"kept", "made"},
    }
    for (name, labels), _ in after.items():
        for label, value in labels:
            if name.startswith("lucky_") and label in allowed:
                assert value in allowed[label], (name, label)
    own = {label for (name, its), _ in after.items() if name.startswith("lucky_") for label, _ in its}
    assert own <= {*allowed, "le", "kind", "source", "state", "digest", "reference"}
    text = str(list(after))
    assert CANARY not in text and "demo:" not in text and "t_sales_order_m" not in text


@pytest.mark.parametrize("version", [OLDER, LATEST])
async def test_spans_go_on_from_the_callers(server: Served, spans: Collected, version: str) -> None:
    trace = TRACE[:-2] + ("aa" if version == OLDER else "bb")
    await traced(server, COUNT.replace("<>", "!="), f"00-{trace}-{PARENT}-01", version)
    until_spans(spans, trace, "tools/call run_query")
    found = {span.name: span for span in spans.spans if span.trace_id.hex() == trace}
    assert {"tools/call run_query", "read", "database", "audit"} <= set(found)
    assert found["tools/call run_query"].parent_span_id.hex() == PARENT
    assert found["read"].parent_span_id == found["tools/call run_query"].span_id
    assert found["database"].parent_span_id == found["read"].span_id
    attributes = {each.key: each.value for each in found["read"].attributes}
    assert re.fullmatch("r-[0-9a-f]{16}", attributes["lucky.receipt"].string_value)
    assert attributes["lucky.outcome"].string_value == "ok" and attributes["lucky.rows"].int_value == 1


def until_spans(spans: Collected, trace: str, name: str) -> None:
    deadline = time.monotonic() + 20
    while not any(each.name == name and each.trace_id.hex() == trace for each in spans.spans):
        assert time.monotonic() < deadline, "the span did not come"
        time.sleep(0.02)


async def test_hostile_traces_are_none(server: Served, spans: Collected) -> None:
    for header in ("00-*/ SELECT 1 -- -x-01", "c4n4ry", f"00-{'0' * 32}-{PARENT}-01"):
        await traced(server, COUNT, header, OLDER)


async def test_nothing_tells_what_was_asked(
    server: Served, spans: Collected, two_scrapes: tuple[Samples, Samples]
) -> None:
    """Last, for it stops the server: spans and log lines of all that was asked above."""
    await traced(server, COUNT, f"00-{'a' * 32}-{PARENT}-01", OLDER)
    log = server.stop()
    until_spans(spans, "a" * 32, "tools/call run_query")
    assert {f"guard {step}" for step in STEPS} <= {span.name for span in spans.spans}
    failed = [span for span in spans.spans if span.status.code == 2]
    assert {"NOT_READ_ONLY", "UNKNOWN_NAME"} <= {span.status.message for span in failed}
    assert spans.services == {"lucky-mcp"}
    keys = {each.key for span in spans.spans for each in span.attributes}
    assert keys == {
        f"lucky.{name}"
        for name in ("bytes", "engine", "outcome", "receipt", "rows", "source", "step", "tool")
    }
    assert not any(span.events for span in spans.spans)
    sent = b"".join(spans.raw).decode("latin-1")
    for secret in (CANARY, "demo-analyst", "demo:analyst", "t_sales_order_m", "SELECT", TOKEN):
        assert secret not in sent and secret not in log
