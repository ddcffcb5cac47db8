"""Under a minute of sixteen clients and every fault, nothing of the server has grown, and nobody was told anything strange."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from lucky_mcp.demo.tables import Fleet
from tests.soak.judged import grown, table
from tests.soak.soaking import WARM_ROUNDS, soaked
from tests.soak.world import World, world
from tests.telemetry.served import PROGRAM, Served, served

ROUNDS = WARM_ROUNDS + 3


@pytest.fixture
def servers(project_root: Path, demo_fleet: Fleet, demo_data: Path, tmp_path: Path) -> Iterator[World]:
    with world(project_root, tmp_path, demo_fleet, demo_data) as made:
        yield made


@pytest.fixture
def server(servers: World) -> Iterator[Served]:
    with served(servers.policies, servers.environment) as made:
        yield made


@pytest.mark.timeout(600)
async def test_a_minute_of_everything(servers: World, server: Served) -> None:
    soak = await soaked(servers, server, lambda _, rounds: rounds >= ROUNDS, print)
    print(table([*soak.warm, *soak.measured]))
    assert soak.told.strange == []
    assert grown(soak.warm, soak.measured) == []
    assert (soak.swaps, soak.restarts) == (ROUNDS, 1) and soak.killed >= ROUNDS
    assert soak.told.outcomes["OK"] > 500 and soak.told.outcomes["cancelled"] > 0
    assert {"ERROR UNKNOWN_NAME", "ERROR SOURCE_UNAVAILABLE"} <= set(soak.told.outcomes)
    assert "ERROR INVALID_ARGUMENT" not in soak.told.outcomes
    log = server.stop()
    assert "Traceback" not in log and '"defect"' not in log
    verified = await asyncio.to_thread(
        subprocess.run,
        [PROGRAM, "audit", "verify", "--directory", f"{servers.environment['LUCKY_STATE']}/audit"],
        env=servers.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert verified.returncode == 0, verified.stdout + verified.stderr
