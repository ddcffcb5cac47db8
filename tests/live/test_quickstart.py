"""The quickstart is done as it is written: two databases of a stranger's own, from nothing to governed answers."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import anyio
import duckdb
import pytest

from lucky_mcp.cli.root import main
from lucky_mcp.model.principal import Principal
from lucky_mcp.policy.loader import load_policies
from tests.docs.markdown import Block, read_page
from tests.docs.reviews import edit, shown
from tests.docs.sessions import answer, exchanges, matches
from tests.live.conftest import Server
from tests.support.house import opened
from tests.support.servers import MariaDB

PAGE = read_page(Path(__file__).resolve().parents[2] / "docs" / "policy" / "quickstart.md")
PASSWORD = "Only-for-this-test'1"
SHOP = (
    "CREATE TABLE customers (id INT PRIMARY KEY, full_name VARCHAR(80), phone VARCHAR(20), email VARCHAR(99),"
    " city VARCHAR(40))",
    "INSERT INTO customers VALUES (1, 'Ann Diaz', '+12125550101', 'ann@example.com', 'Queens'),"
    " (2, 'Bo Li', '+16465550142', 'bo@example.org', 'Brooklyn')",
    "CREATE TABLE orders (id INT PRIMARY KEY, customer_id INT, amount DECIMAL(8,2), ordered_at DATETIME)",
    "INSERT INTO orders VALUES (1, 1, 7.75, '2026-02-01 08:00:00'), (2, 1, 4.75, '2026-02-02 08:00:00'),"
    " (3, 2, 4.75, '2026-02-02 09:00:00')",
)
VISITS = (
    "CREATE TABLE visits (day DATE, page VARCHAR, visits INTEGER)",
    "INSERT INTO visits VALUES ('2026-02-01', '/menu', 20), ('2026-02-02', '/menu', 10), ('2026-02-02', '/jobs', 4)",
    "CREATE TABLE newsletter (day DATE, contact VARCHAR)",
    "INSERT INTO newsletter VALUES ('2026-02-01', 'ann@example.com'), ('2026-02-02', 'flo@example.net')",
)
MOVE = re.compile(r"mv (?P<old>\S+) (?P<new>\S+)")


@pytest.fixture
def shop(live_mariadb: Server) -> Iterator[MariaDB]:
    """A schema of somebody's own; the account is made by what the page prints."""
    running = live_mariadb.running
    assert isinstance(running, MariaDB)
    admin(
        running,
        "DROP DATABASE IF EXISTS shop",
        "DROP USER IF EXISTS lucky_quickstart",
        "CREATE DATABASE shop",
    )
    with running.connect("shop") as connection, connection.cursor() as cursor:
        for text in SHOP:
            cursor.execute(text)
        connection.commit()
    yield running
    admin(running, "DROP DATABASE shop", "DROP USER IF EXISTS lucky_quickstart")


def admin(running: MariaDB, *texts: str) -> None:
    with running.connect() as connection, connection.cursor() as cursor:
        for text in texts:
            cursor.execute(text)


def steps() -> Iterator[Block | tuple[str, str]]:
    """The blocks of the page, and the files that its indented lines move, in order."""
    moves = [
        (line, (found["old"], found["new"]))
        for line, text in PAGE.prose
        if (found := MOVE.fullmatch(text.strip())) is not None
    ]
    found: list[tuple[int, Block | tuple[str, str]]] = [*moves, *((each.line, each) for each in PAGE.blocks)]
    yield from (step for _, step in sorted(found, key=lambda each: each[0]))


def test_the_quickstart_goes_as_shown(
    shop: MariaDB, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with duckdb.connect(str(tmp_path / "visits.duckdb")) as database:
        for text in VISITS:
            database.execute(text)
    environment = {
        "SHOP_HOST": str(shop.socket),
        "SHOP_PASSWORD": PASSWORD,
        "VISITS_FOLDER": str(tmp_path),
        "LUCKY_STATE": str(tmp_path / "state"),
        "LUCKY_POLICIES": str(tmp_path / "policies"),
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    asked = 0
    for step in steps():
        if isinstance(step, tuple):
            (tmp_path / step[0]).rename(tmp_path / step[1])
        elif step.info.startswith("yaml "):
            (tmp_path / step.info.split()[2]).write_text(step.text + "\n", encoding="utf-8")
        elif step.info.startswith("diff "):
            edit(step, tmp_path)
        elif step.info == "console":
            wanted = shown(step)
            monkeypatch.setattr(sys, "argv", wanted.words)
            with pytest.raises(SystemExit) as ended:
                main()
            printed = capsys.readouterr()
            assert matches(wanted.printed, printed.out), f"line {step.line}:\n{printed.out}{printed.err}"
            assert int(ended.value.code or 0) == wanted.code, f"line {step.line}"
            if wanted.words[2] == "grants":
                made = printed.out.replace("<password>", "'" + PASSWORD.replace("'", "''") + "'")
                admin(shop, *(each for each in made.split("\n") if each and not each.startswith("--")))
        else:
            asked += anyio.run(ask, step, tmp_path, environment)
    assert asked >= 4


async def ask(step: Block, folder: Path, environment: dict[str, str]) -> int:
    """Ask what a session shows; how many questions there were."""
    gateway = await opened(load_policies(folder / "policies", environment), environment=environment)
    caller = Principal(subject="me", roles=(step.info.split()[1],))
    found = exchanges(step.text)
    for exchange in found:
        told = await answer(gateway, caller, exchange)
        assert matches(exchange.shown, told), f"line {step.line}:\n{told}"
    await gateway.close()
    return len(found)


def test_no_personal_value_stands_in_the_page() -> None:
    text = PAGE.path.read_text(encoding="utf-8")
    assert not [value for value in ("Ann Diaz", "2125550101", "ann@example.com") if value in text]
