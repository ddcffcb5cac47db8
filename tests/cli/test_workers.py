"""Several processes behind one port: all answer, one that is killed is begun again, and none outlives the first."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.audit_log import records

COMMAND = "from lucky_mcp.cli.root import main; main()"
ASKED = {"jsonrpc": "2.0", "id": 1, "method": "tools/call"}
QUERY = {"source": "aws-luckyus-salesorder-rw", "sql": "SELECT COUNT(*) AS n FROM t_sales_order_m"}
HEADERS = {
    "Accept": "application/json, text/event-stream",
    "Authorization": "Bearer demo-analyst",
    "Content-Type": "application/json",
}
PATIENCE_SECONDS = 60.0


@contextmanager
def served(demo_data: Path, project_root: Path, state: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The demo by two processes: the one that begins them, and the address."""
    environment = {**os.environ, "DEMO_DATA": str(demo_data), "LUCKY_STATE": str(state)}
    command = ["serve", "--transport", "http", "--port", "0", "--demo", "--workers", "2"]
    with subprocess.Popen(
        [sys.executable, "-c", COMMAND, *command, "--policies", str(project_root / "policies")],
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr
        try:
            yield process, next(m[0] for line in process.stderr if (m := re.search(r"http://\S+/mcp", line)))
        finally:
            process.kill()
            process.stderr.read()


def workers_of(process: subprocess.Popen[str]) -> set[int]:
    told = subprocess.run(["ps", "-o", "pid=", "--ppid", str(process.pid)], capture_output=True, text=True)
    return {int(pid) for pid in told.stdout.split()}


def is_running(pid: int) -> bool:
    told = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True)
    return bool(told.stdout.strip()) and not told.stdout.startswith("Z")


DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def answer(url: str) -> str:
    """Ask over a connection of its own, so that any of the processes may have it."""
    params = {"name": "run_query", "arguments": QUERY}
    body = json.dumps({**ASKED, "params": params}).encode()
    request = urllib.request.Request(url, data=body, headers=HEADERS)
    with DIRECT.open(request, timeout=PATIENCE_SECONDS) as answered:
        return str(answered.read().decode())


def wait_until(is_so: Callable[[], bool], what: str) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < until, what
        time.sleep(0.05)


@pytest.mark.timeout(240)
def test_all_answer_and_what_is_killed_is_begun_again(
    demo_data: Path, project_root: Path, tmp_path: Path
) -> None:
    state = tmp_path / "state"
    with served(demo_data, project_root, state) as (process, url):
        first = workers_of(process)
        assert len(first) == 2
        asked = 0

        def both_answered() -> bool:
            nonlocal asked
            asked += 1
            assert "OK 1 row" in answer(url)
            return len(askers(state)) == 2

        wait_until(both_answered, "one of the processes has all connections")
        assert sum(record["event"] == "begun" and record["principal"] == "demo:analyst"
                   for record in records(state / "audit")) == asked  # fmt: skip
        killed = min(first)
        os.kill(killed, signal.SIGKILL)
        wait_until(lambda: len(workers_of(process) - {killed}) == 2, "none was begun again")
        survivors = workers_of(process)
        assert "OK 1 row" in answer(url)
        with pytest.raises(urllib.error.HTTPError, match="404"):
            DIRECT.open(url.replace("/mcp", "/sse"), timeout=PATIENCE_SECONDS)
        process.terminate()
        assert process.wait(PATIENCE_SECONDS) == 0
        wait_until(lambda: not any(map(is_running, survivors)), "a process outlived the first")


def askers(state: Path) -> set[str]:
    return {
        path.name.split("-")[1]
        for path in (state / "audit").glob("*.jsonl")
        if '"demo:analyst"' in path.read_text(encoding="utf-8")
    }


@pytest.mark.timeout(240)
def test_none_outlives_the_first_that_was_killed(demo_data: Path, project_root: Path, tmp_path: Path) -> None:
    with served(demo_data, project_root, tmp_path / "state") as (process, _):
        begun = workers_of(process)
        process.kill()
        wait_until(lambda: not any(map(is_running, begun)), "a process outlived the first")


def test_what_keeps_one_from_beginning_ends_all(project_root: Path, tmp_path: Path) -> None:
    state = tmp_path / "state"
    (state / "audit").mkdir(parents=True, mode=0o755)
    command = ["serve", "--transport", "http", "--port", "0", "--demo", "--workers", "2"]
    ended = subprocess.run(
        [sys.executable, "-c", COMMAND, *command, "--policies", str(project_root / "policies")],
        env={**os.environ, "LUCKY_STATE": str(state)},
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
    )
    assert ended.returncode == 3
    assert "chmod 700" in ended.stderr


def test_one_that_ends_after_the_others_answer_ends_all() -> None:
    """Whoever is late and fails must not leave the others serving without a word."""
    program = (
        "import sys, time\n"
        "from lucky_mcp.app.workers import Workers, say_ready\n"
        "def serve(worker):\n"
        "    if worker.number:\n"
        "        time.sleep(1)\n"
        "        return 3\n"
        "    say_ready(worker)\n"
        "    time.sleep(600)\n"
        "    return 0\n"
        "sys.exit(Workers(count=2, serve=serve, when_ready=lambda: print('ready')).serve_until_told())\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=PATIENCE_SECONDS
    )
    assert (ended.returncode, ended.stdout) == (3, "")
