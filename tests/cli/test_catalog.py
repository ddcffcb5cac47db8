"""`lucky-mcp catalog …`: every source at once, one that fails for itself, and differences with an exit code."""

from pathlib import Path

import duckdb
import pytest

from lucky_mcp.cli.root import Exit
from tests.cli.running import Run

SECOND = """
  missing:
    kind: duckdb
    dialect: duckdb
    url: duckdb:///${MY_DATABASE_DATA}/nowhere.duckdb
    domain: main
    time_zone: UTC
    owner: nobody
    description: a file that is not there
"""


@pytest.fixture
def root(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Policies of one database, crawled and accepted."""
    monkeypatch.setenv("MY_DATABASE_DATA", str(tmp_path))
    monkeypatch.setenv("LUCKY_POLICIES", str(tmp_path / "policies"))
    change(tmp_path, "CREATE TABLE people (id BIGINT PRIMARY KEY, city VARCHAR)")
    assert run("policy", "init", str(tmp_path / "policies")).code == Exit.OK
    crawled = run("catalog", "crawl")
    assert crawled.code == Exit.OK and "my-database: 1 tables proposed in" in crawled.out
    assert run("catalog", "accept", "my-database").code == Exit.OK
    return tmp_path


def change(folder: Path, *texts: str) -> None:
    with duckdb.connect(str(folder / "my-database.duckdb")) as database:
        for text in texts:
            database.execute(text)


def test_differences_are_printed_and_nothing_is_written(run: Run, root: Path) -> None:
    same = run("catalog", "diff")
    assert (same.code, same.out) == (Exit.OK, "my-database: as reviewed\n")
    change(root, "ALTER TABLE people ADD COLUMN age INTEGER", "ALTER TABLE people ALTER city SET NOT NULL")
    changed = run("catalog", "diff", "my-database")
    assert (changed.code, changed.out.splitlines()) == (
        Exit.FAILED,
        [
            "my-database: 2 differences",
            "  + column main.people.age INTEGER",
            "  ~ column main.people.city VARCHAR -> VARCHAR not null",
        ],
    )
    assert not list((root / "policies" / "catalog").glob("*.proposed.json"))
    assert run("catalog", "diff", "nowhere").code == Exit.CONFIGURATION


def test_a_source_that_fails_holds_up_no_other(run: Run, root: Path) -> None:
    sources = root / "policies" / "sources.yaml"
    sources.write_text(sources.read_text(encoding="utf-8") + SECOND, encoding="utf-8")
    for command, done in (("diff", "my-database: as reviewed"), ("crawl", "my-database: 1 tables proposed")):
        ran = run("catalog", command)
        assert ran.code == Exit.FAILED and done in ran.out
        assert "missing: missing cannot be reached now" in ran.err
