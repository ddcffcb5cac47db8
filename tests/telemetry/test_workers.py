"""Each of several workers has metrics of its own, on a port of its own."""

from __future__ import annotations

import socket
from contextlib import suppress
from pathlib import Path

import pytest

from lucky_mcp.server.ask import ask
from tests.server.wire import direct
from tests.support.reference import ORDERS
from tests.telemetry.served import named, samples, served

CALLS = 6


@pytest.fixture
def port() -> int:
    """One that is free, as is the one after it."""
    for _ in range(50):
        with suppress(OSError), socket.create_server(("127.0.0.1", 0)) as first:
            number = int(first.getsockname()[1])
            with socket.create_server(("127.0.0.1", number + 1)):
                return number
    raise AssertionError("no two ports are free")


async def test_workers_are_told_apart(project_root: Path, demo_data: Path, tmp_path: Path, port: int) -> None:
    environment = {
        "DEMO_DATA": str(demo_data),
        "LUCKY_STATE": str(tmp_path / "state"),
        "LUCKY_METRICS_PORT": str(port),
    }
    with served(project_root / "policies", environment, "--workers", "2") as server:
        arguments = {"source": ORDERS, "sql": "SELECT COUNT(*) FROM t_sales_order_m"}
        for _ in range(CALLS):
            said = await ask(server.endpoint, token="demo-analyst", tool="run_query", arguments=arguments)
            assert said.startswith("OK 1 row")
        async with direct() as client:
            both = [
                samples((await client.get(f"http://127.0.0.1:{each}/metrics")).text)
                for each in (port, port + 1)
            ]
    assert [named(each, "lucky_ready") for each in both] == [1, 1]
    assert sum(named(each, "lucky_reads_total", tool="run_query") for each in both) == CALLS
    started = {
        (named(each, "process_start_time_seconds"), named(each, "process_cpu_seconds_total")) for each in both
    }
    assert len(started) == 2
