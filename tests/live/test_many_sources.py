"""A server over 145 sources with 1,426 governed tables: small, and nothing is connected until it is read."""

from __future__ import annotations

import os
import select
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lucky_mcp.app.tokens import create_token
from lucky_mcp.settings import Settings
from tests.support.large_fleet import DATABASES, SOURCES, database, make_fleet, snapshot

RESIDENT_MB_MAX = 250
COMMAND = "from lucky_mcp.cli.root import main; main()"


@pytest.fixture
def door() -> Iterator[socket.socket]:
    """A port that every source's server seems to be at; it accepts nobody, so that callers stay in line."""
    with socket.create_server(("127.0.0.1", 0), backlog=SOURCES) as listening:
        yield listening


def resident_mb(pid: int) -> float:
    """Memory that the process holds now: from /proc, or from ps where there is none."""
    status = Path("/proc") / str(pid) / "status"
    if not status.exists():
        told = subprocess.run(
            ["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, check=True, text=True
        )
        return int(told.stdout) / 1024
    lines = status.read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1024


def test_a_start_opens_no_connection_and_stays_small(tmp_path: Path, door: socket.socket) -> None:
    make_fleet(
        tmp_path / "policies", catalogs={database(number): snapshot(number) for number in range(DATABASES)}
    )
    settings = Settings(policies=tmp_path / "policies", state=tmp_path / "state")
    create_token(settings, subject="ann", roles=("analyst",), attributes={}, expires_days=None)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LUCKY_")} | {
        "LUCKY_POLICIES": str(tmp_path / "policies"),
        "LUCKY_STATE": str(tmp_path / "state"),
        "FLEET_HOST": "127.0.0.1",
        "FLEET_PORT": str(door.getsockname()[1]),
        "FLEET_PASSWORD": "unused",
    }
    process = subprocess.Popen(
        [sys.executable, "-c", COMMAND, "serve", "--transport", "http", "--port", "0"],
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        said = next((line for line in process.stderr if "http://127.0.0.1:" in line), "")
        assert said, "it ended before it served"
        assert resident_mb(process.pid) < RESIDENT_MB_MAX
        waiting, _, _ = select.select([door], [], [], 0.5)
        assert not waiting, "a source was connected to"
    finally:
        process.kill()
        process.wait()
        process.stderr.close()
