"""`lucky-mcp sources …` without a server: what is printed, and what is refused."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from lucky_mcp.cli.root import Exit
from tests.cli.running import Run

ENTRIES = """
  the-shop:
    kind: mysql
    dialect: mysql
    host: 127.0.0.1
    port: 9
    user: reader
    password: env:SHOP_PASSWORD
    role: writer
    connections_max: 3
    replicas:
      - {host: 127.0.0.1, port: 10}
    domain: sales
    default_schema: my_shop
    owner: data
  the-map:
    kind: postgres
    dialect: postgres
    host: 127.0.0.1
    port: 9
    user: 'map"reader'
    database: maps
    role: writer
    domain: sales
    default_schema: public
    owner: data
  the-cube:
    kind: mysql
    dialect: doris
    host: 127.0.0.1
    port: 9
    user: reader
    domain: sales
    default_schema: cube
    owner: data
"""


@pytest.fixture
def directory(project_root: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "policies"
    shutil.copytree(project_root / "policies", folder)
    with (folder / "sources.yaml").open("a", encoding="utf-8") as file:
        file.write(ENTRIES)
    return folder


def test_grants_of_all_servers(run: Run, directory: Path) -> None:
    done = run("sources", "grants", "--policies", str(directory))
    assert (done.code, done.err) == (0, "")
    assert [line.split()[1] for line in done.out.splitlines() if line.startswith("-- the-")] == [
        "the-shop:",
        "the-map:",
        "the-cube:",
    ]
    for line in (
        "CREATE USER 'reader'@'%' IDENTIFIED BY <password> REQUIRE NONE WITH MAX_USER_CONNECTIONS 6;",
        "GRANT SELECT, SHOW VIEW ON `my\\_shop`.* TO 'reader'@'%';",
        'GRANT CONNECT ON DATABASE "maps" TO "map""reader";',
        'GRANT SELECT ON ALL TABLES IN SCHEMA "public" TO "map""reader";',
        "GRANT REPLICATION CLIENT ON *.* TO 'reader'@'%';",
        "GRANT PROCESS ON *.* TO 'reader'@'%';",
        'GRANT pg_read_all_stats TO "map""reader";',
        "GRANT SELECT_PRIV ON internal.`cube`.* TO 'reader'@'%';",
    ):
        assert line in done.out.splitlines()


def test_grants_of_one(run: Run, directory: Path) -> None:
    done = run("sources", "grants", "the-map", "--policies", str(directory))
    assert (done.code, done.out.count("-- the-")) == (0, 1)


def test_check_says_why_and_fails(run: Run, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_PASSWORD", "s3cr3t")
    done = run("sources", "check", "--policies", str(directory))
    assert done.code == Exit.FAILED
    lines = done.out.splitlines()
    assert [line.partition(": ")[0] for line in lines] == ["the-shop", "the-map", "the-cube"]
    assert all(": unavailable: " in line for line in lines)
    assert "s3cr3t" not in done.out + done.err


@pytest.mark.parametrize("command", ["grants", "check"])
def test_what_is_refused(run: Run, project_root: Path, command: str) -> None:
    policies = ("--policies", str(project_root / "policies"))
    for names, said in (
        ((), "is on a server"),
        (("nope",), "no such source"),
        (("salesorder",), "no server"),
    ):
        done = run("sources", command, *names, *policies)
        assert (done.code, done.out) == (Exit.CONFIGURATION, "")
        assert said in done.err
