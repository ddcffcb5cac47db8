"""In two minutes of sixteen clients and every fault, nothing of the server has grown, and nobody was told anything strange."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from lucky_mcp.demo.tables import Fleet
from tests.soak.judged import grown, table
from tests.soak.soaking import RESTART_EVERY, WARM_ROUNDS, soaked
from tests.soak.world import World, world
from tests.telemetry.served import PROGRAM, Served, served

MINUTES = 2.0
ROUNDS_LEAST = WARM_ROUNDS + 3
# The clients wait as people do, so that the tests beside this one get on.
PAUSE_SECONDS = 0.5


@pytest.fixture
def servers(project_root: Path, demo_fleet: Fleet, demo_data: Path, tmp_path: Path) -> Iterator[World]:
    with world(project_root, tmp_path, demo_fleet, demo_data) as made:
        yield made


@pytest.fixture
def server(servers: World) -> Iterator[Served]:
    with served(servers.policies, servers.environment) as made:
        yield made


def enough(minutes: float, rounds: int) -> bool:
    return minutes >= MINUTES and rounds >= ROUNDS_LEAST


@pytest.mark.long
@pytest.mark.timeout(900)
async def test_two_minutes_of_everything(servers: World, server: Served) -> None:
    soak = await soaked(servers, server, enough, print, pause_s=PAUSE_SECONDS)
    rounds = len(soak.warm) + len(soak.measured)
    print(table([*soak.warm, *soak.measured]))
    assert soak.told.strange == []
    assert grown(soak.warm, soak.measured) == []
    assert (soak.swaps, soak.restarts) == (rounds, rounds // RESTART_EVERY)
    assert soak.killed >= rounds
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
