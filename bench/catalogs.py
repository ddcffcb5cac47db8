"""A fleet of the real one's size on a private MariaDB: crawling it, loading it, starting over it."""

from __future__ import annotations

import asyncio
import os
import select
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from lucky_mcp.app.tokens import create_token
from lucky_mcp.catalog.loader import accept
from lucky_mcp.cli.policy_inventory import inventory_text
from lucky_mcp.gateway.catalog_review import AT_ONCE, Crawled, crawled
from lucky_mcp.gateway.sampling import Looked, look
from lucky_mcp.policy.loader import load_policies
from lucky_mcp.settings import Settings
from tests.live.fleet import PASSWORD, READER
from tests.support.house import gateway_over
from tests.support.large_fleet import (
    DATABASES,
    SOURCES,
    create_statements,
    database,
    make_fleet,
    snapshot,
    table_names,
)
from tests.support.servers import MariaDB, NoServer, mariadb

# As many as are looked at of a table.
ROWS = (
    "INSERT INTO {table} (id, order_no, shop_id, user_no, phone, amount, status, remark, created_at)"
    " SELECT seq, CONCAT('A', seq), 10001, CONCAT('U', seq), CONCAT('+1212555', LPAD(seq, 4, '0')), seq / 3, 90,"
    " 'less ice', NOW() FROM seq_1_to_50"
)
COMMAND = "from lucky_mcp.cli.root import main; main()"


def catalogs(folder: Path, *, short: bool) -> list[tuple[str, str]]:
    """Return rows of what was done and how long it took; one that says why when there is no MariaDB."""
    databases = 3 if short else DATABASES
    try:
        with mariadb() as running:
            _fill(running, databases)
            found = _crawls(folder / "crawled", running, databases)
    except NoServer as failure:
        found = [("crawl", f"not measured: {str(failure)[:80]}")]
    return found + _starts(folder / "started", databases, 5 if short else SOURCES)


def _fill(running: MariaDB, databases: int) -> None:
    with running.connect() as connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE USER {READER} IDENTIFIED BY %s", (PASSWORD,))
        for number in range(databases):
            for text in create_statements(number):
                cursor.execute(text)
            cursor.execute(f"USE `{database(number)}`")
            for name in table_names(number):
                cursor.execute(ROWS.format(table=f"`{database(number)}`.`{name}`"))
            cursor.execute(f"GRANT SELECT, SHOW VIEW ON `{database(number)}`.* TO {READER}")


def _crawls(directory: Path, running: MariaDB, databases: int) -> list[tuple[str, str]]:
    make_fleet(directory, sources=databases, catalogs={})
    environment = {"FLEET_HOST": "127.0.0.1", "FLEET_PORT": str(running.port), "FLEET_PASSWORD": PASSWORD}
    names = [database(number) for number in range(databases)]
    rows = []
    for at_once, what in ((AT_ONCE, "first crawl"), (1, "crawl again"), (AT_ONCE, "crawl again")):
        began = time.perf_counter()
        done = asyncio.run(_crawled(directory, environment, names, at_once))
        seconds = time.perf_counter() - began
        tables = sum(each.tables for each in done)
        rows.append((f"{what}: {databases} databases, {tables} tables, {at_once} at once", f"{seconds:.1f}"))
    rows.append(_inventory(directory, environment, names))
    for name in names:
        accept(directory / "catalog", name)
    began = time.perf_counter()
    load_policies(directory, environment)
    rows.append(("load the accepted snapshots, no dataset", f"{time.perf_counter() - began:.2f}"))
    return rows


def _inventory(directory: Path, environment: dict[str, str], names: Sequence[str]) -> tuple[str, str]:
    """What `policy scaffold --inventory` does: crawl, look at values, guess, and put it in words."""
    began = time.perf_counter()
    found = asyncio.run(_looked(directory, environment, names))
    text = inventory_text(found, {})
    seconds = time.perf_counter() - began
    last = next(line for line in text.splitlines() if line.startswith(f"{len(names)} sources, "))
    return f"inventory of personal data: {last}", f"{seconds:.1f}"


async def _looked(directory: Path, environment: dict[str, str], names: Sequence[str]) -> list[Looked]:
    policies = load_policies(directory, environment, with_datasets=False)
    gateway = gateway_over(policies, environment=environment)
    try:
        return [await look(gateway, name, lambda done, of: None) for name in names]
    finally:
        await gateway.close()


async def _crawled(
    directory: Path, environment: dict[str, str], names: Sequence[str], at_once: int
) -> list[Crawled]:
    policies = load_policies(directory, environment, with_datasets=False)
    gateway = gateway_over(policies, environment=environment)
    try:
        crawls = crawled(gateway, names, propose_in=directory / "catalog", at_once=at_once)
        found = [each async for each in crawls]
    finally:
        await gateway.close()
    if failed := [each for each in found if each.failure]:
        raise RuntimeError(f"{failed[0].source}: {failed[0].failure}")
    return found


def _starts(folder: Path, databases: int, sources: int) -> list[tuple[str, str]]:
    """Start a server over `sources` sources whose servers nobody needs, and look at its process."""
    make_fleet(
        folder, sources=sources, catalogs={database(number): snapshot(number) for number in range(databases)}
    )
    settings = Settings(policies=folder, state=folder.parent / "state")
    create_token(settings, subject="ann", roles=("analyst",), attributes={}, expires_days=None)
    environment = os.environ | {
        "LUCKY_POLICIES": str(folder),
        "LUCKY_STATE": str(settings.state),
        "FLEET_HOST": "127.0.0.1",
        "FLEET_PORT": "1",
        "FLEET_PASSWORD": "unused",
    }
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-c", COMMAND, "serve", "--transport", "http", "--port", "0"],
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        select.select([process.stderr], [], [], 120.0)
        seconds = time.perf_counter() - began
        status = Path(f"/proc/{process.pid}/status")
        lines = status.read_text(encoding="ascii").splitlines() if status.exists() else []
        resident = next((int(line.split()[1]) // 1024 for line in lines if line.startswith("VmRSS:")), 0)
        user, system = _processor_seconds(process.pid)
    finally:
        process.kill()
        process.wait()
        process.stderr.close()
    what = f"start over {sources} sources, {databases * 23} governed tables"
    return [
        (what, f"{seconds:.2f} ({user + system:.2f} of processor time)"),
        ("resident memory then, MB", str(resident)),
    ]


def _processor_seconds(pid: int) -> tuple[float, float]:
    fields = Path(f"/proc/{pid}/stat")
    if not fields.exists():
        return 0.0, 0.0
    parts = fields.read_text(encoding="ascii").rpartition(")")[2].split()
    ticks = os.sysconf("SC_CLK_TCK")
    return int(parts[11]) / ticks, int(parts[12]) / ticks
