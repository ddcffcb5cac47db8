"""The servers that are measured, each started on a port of its own and stopped with the `with` block."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from bench.fleet import ROOT
from bench.serving.database import SALES, Database, policies_for
from bench.serving.load import Endpoint
from lucky_mcp.app.tokens import create_token
from lucky_mcp.settings import Settings

START_SECONDS = 60.0
COMMAND = "from lucky_mcp.cli.root import main; main()"


class NotInstalled(RuntimeError):
    """A peer's package is not there."""


@contextmanager
def ours(database: Database, folder: Path, *, workers: int = 1) -> Iterator[Endpoint]:
    """This server over the project's policies, with its guard, audit and a token."""
    policies = policies_for(database, folder / f"policies-{workers}")
    settings = Settings(policies=policies, state=folder / f"state-{workers}")
    made = create_token(settings, subject="ann", roles=("analyst",), attributes={}, expires_days=None)
    port = free_port()
    environment = {"LUCKY_POLICIES": str(policies), "LUCKY_STATE": str(settings.state)}
    command = [sys.executable, "-c", COMMAND, "serve", "--transport", "http", "--port", str(port)]
    more = ["--workers", str(workers)] if workers > 1 else []
    with _running([*command, *more], port, database, environment):
        name = "lucky-mcp" if workers == 1 else f"lucky-mcp, {workers} processes"
        headers = {"Authorization": f"Bearer {made.secret}"}
        yield Endpoint(
            name=name,
            port=port,
            tool="run_query",
            arguments=lambda sql: {"source": SALES, "sql": sql, "max_rows": 100},
            headers=headers,
        )


@contextmanager
def floor(database: Database) -> Iterator[Endpoint]:
    """The same library and driver, without guard, policy and audit."""
    port = free_port()
    command = [sys.executable, "-m", "bench.serving.floor", str(port), str(database.port)]
    with _running([*command, database.user, database.schema], port, database, {"PYTHONPATH": str(ROOT)}):
        yield Endpoint(
            name="floor", port=port, tool="run_query", arguments=lambda sql: {"sql": sql}, headers={}
        )


@contextmanager
def dbhub(database: Database, packages: Path) -> Iterator[Endpoint]:
    """bytebase's dbhub over the same account."""
    program = packages / "node_modules" / ".bin" / "dbhub"
    port = free_port()
    dsn = (
        f"mariadb://{database.user}:{quote(database.password, safe='')}@127.0.0.1:{database.port}"
        f"/{database.schema}?sslmode=disable"
    )
    command = ["node", str(_installed(program)), "--transport", "http", "--port", str(port), "--dsn", dsn]
    with _running(command, port, database, {}):
        yield Endpoint(
            name="dbhub", port=port, tool="execute_sql", arguments=lambda sql: {"sql": sql}, headers={}
        )


@contextmanager
def toolbox(database: Database, packages: Path, folder: Path) -> Iterator[Endpoint]:
    """googleapis' toolbox over the same account."""
    program = packages / "node_modules" / ".bin" / "toolbox"
    port = free_port()
    source = {
        "kind": "mysql",
        "host": "127.0.0.1",
        "port": str(database.port),
        "database": database.schema,
        "user": database.user,
        "password": database.password,
    }
    tool = {"kind": "mysql-execute-sql", "source": "db", "description": "Run a statement."}
    written = {"sources": {"db": source}, "tools": {"execute_sql": tool}}
    config = folder / "toolbox.yaml"
    config.write_text(json.dumps(written), encoding="utf-8")
    command = [str(_installed(program)), "--config", str(config), "--port", str(port)]
    quiet = ["--disable-reload", "--disable-version-check", "--log-level", "ERROR"]
    with _running([*command, *quiet], port, database, {}):
        yield Endpoint(
            name="toolbox", port=port, tool="execute_sql", arguments=lambda sql: {"sql": sql}, headers={}
        )


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        return int(door.getsockname()[1])


def _installed(program: Path) -> Path:
    if not program.exists():
        raise NotInstalled(f"{program.name} is not installed")
    return program


@contextmanager
def _running(
    command: Sequence[str], port: int, database: Database, more: Mapping[str, str]
) -> Iterator[None]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LUCKY_")}
    environment |= {"BENCH_PASSWORD": database.password, **more}
    process = subprocess.Popen(
        command,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _wait_for(process, port)
        yield
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _wait_for(process: subprocess.Popen[bytes], port: int) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended at its start with code {process.returncode}")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("the server did not begin to listen")
