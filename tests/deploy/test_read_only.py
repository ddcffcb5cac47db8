"""A server whose user can write its state and nothing else starts, answers, and has nothing else open to write."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from lucky_mcp.server.ask import ask
from tests.deploy.files import instructions
from tests.support.reference import ORDERS
from tests.telemetry.served import Served, served

WITHOUT_RIGHTS = ("setpriv", "--bounding-set=-all", "--inh-caps=-all")


@pytest.fixture
def state(tmp_path: Path) -> Path:
    made = tmp_path / "state"
    made.mkdir()
    return made


@pytest.fixture
def closed(tmp_path: Path) -> Iterator[Path]:
    """A folder in which nobody can write: it is home, working directory and place for temporary files."""
    made = tmp_path / "closed"
    made.mkdir(mode=0o555)
    yield made
    made.chmod(0o755)


@pytest.fixture
def data(demo_data: Path, tmp_path: Path) -> Path:
    """The demo's data where everybody can read them."""
    made = tmp_path / "data"
    shutil.copytree(demo_data, made)
    for path in [made, *made.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    return made


def open_to_write(pid: int) -> set[Path]:
    """Every file on a disk that a process has open so that it can write it."""
    return of_proc(pid) if Path("/proc").is_dir() else of_lsof(pid)


def of_lsof(pid: int) -> set[Path]:
    """As macOS tells it: a line per field, its letter first; a file's access before its name."""
    command = ["lsof", "-a", "-p", str(pid), "-F", "an"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found, fields = set(), {"a": ""}
    for line in said.splitlines():
        if line[0] == "f":
            fields = {"a": ""}
        fields[line[0]] = line[1:]
        if line[0] == "n" and fields["a"] in {"u", "w"} and Path(fields["n"]).is_file():
            found.add(Path(fields["n"]))
    return found


def of_proc(pid: int) -> set[Path]:
    """As Linux tells it, without another program."""
    found = set()
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):
            flags = int(
                next(
                    line.split()[1]
                    for line in Path(f"/proc/{pid}/fdinfo/{descriptor.name}").read_text().splitlines()
                    if line.startswith("flags:")
                ),
                8,
            )
            target = Path(os.readlink(descriptor))
            if flags & (os.O_WRONLY | os.O_RDWR) and target.is_file() and str(target).startswith("/"):
                found.add(target)
    return found


async def test_only_the_state_is_written(project_root: Path, state: Path, closed: Path, data: Path) -> None:
    environment = {
        "DEMO_DATA": str(data),
        "LUCKY_STATE": str(state),
        "HOME": str(closed),
        "TMPDIR": str(closed),
        "XDG_CACHE_HOME": str(closed),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    # Root may write anywhere by a right that it can be without.
    before = WITHOUT_RIGHTS if os.geteuid() == 0 else ()
    with served(project_root / "policies", environment, before=before, cwd=closed) as server:
        await answers(server)
        written = open_to_write(server.process.pid)
        assert written and all(path.is_relative_to(state) for path in written), written
        assert os.listdir(closed) == []
        assert checked(server) == 0
        log = server.stop()
        assert checked(server) != 0
    assert "Permission" not in log and "Read-only" not in log
    assert (state / "audit").is_dir()


def checked(server: Served) -> int:
    """What the image's own health check exits with."""
    (check,) = [each.text for each in instructions() if each.word == "HEALTHCHECK"]
    command: list[str] = json.loads(check.partition("CMD ")[2])
    assert command[0] == "python"
    environment = {**os.environ, "LUCKY_PORT": server.base.rpartition(":")[2]}
    return subprocess.run(
        [sys.executable, *command[1:]], env=environment, capture_output=True, check=False
    ).returncode


async def answers(server: Served) -> None:
    """Several engines' files, and an aggregate that may spill."""
    for sql in (
        "SELECT COUNT(*) FROM t_sales_order_m",
        "SELECT order_channel, COUNT(DISTINCT order_id) FROM t_sales_order_m GROUP BY order_channel",
    ):
        said = await ask(
            server.endpoint, token="demo-analyst", tool="run_query", arguments={"source": ORDERS, "sql": sql}
        )
        assert said.startswith("OK "), said
