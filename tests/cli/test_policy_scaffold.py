"""Dataset files and an inventory come out of a live source; none of its values do."""

from __future__ import annotations

import json
import shutil
from datetime import date
from pathlib import Path

import duckdb
import pytest

from lucky_mcp.cli.root import Exit
from lucky_mcp.policy.lint.run import lint
from lucky_mcp.policy.offline import load_offline
from lucky_mcp.policy.schema import DatasetFile
from lucky_mcp.policy.yaml_files import YamlFile
from tests.cli.running import Run

PEOPLE = "CREATE TABLE people (id INTEGER PRIMARY KEY, shouji_hao VARCHAR, c9 VARCHAR, dates DATE[], {})"
ODD = '"on" INTEGER, "a: b # c" VARCHAR, "1" VARCHAR, "select" VARCHAR, "quo""te" VARCHAR'
ROW = "(1, '13800138000', 'ann.diaz@example.com', NULL, 1, 'a lot of words in a row', '', 'x', 'y')"
VALUES = ("13800138000", "ann.diaz@example.com", "a lot of words")


@pytest.fixture
def shop(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A policy directory over a small database of somebody's own."""
    with duckdb.connect(str(tmp_path / "my-database.duckdb")) as database:
        database.execute(PEOPLE.format(ODD))
        database.execute(f"INSERT INTO people VALUES {ROW}")
        database.execute("COMMENT ON TABLE people IS 'who: \"they\"\n# are'")
        database.execute("CREATE VIEW adults AS SELECT id, shouji_hao FROM people")
        database.execute("CREATE SCHEMA other; CREATE TABLE other.things (id INTEGER, phone_model VARCHAR)")
    monkeypatch.setenv("MY_DATABASE_DATA", str(tmp_path))
    root = tmp_path / "policies"
    assert run("policy", "init", str(root)).code == Exit.OK
    return root


def everything(tmp_path: Path, *, without: str) -> str:
    paths = [path for path in tmp_path.rglob("*") if path.is_file() and path.suffix != without]
    return "\n".join(path.read_text(encoding="utf-8") for path in paths)


def test_files_for_review_and_no_value(run: Run, shop: Path, tmp_path: Path) -> None:
    ran = run("policy", "scaffold", "my-database", "--policies", str(shop))
    assert ran.code == Exit.OK, ran.err
    path = shop / "datasets" / "main" / "my-database-main.proposed.yaml"
    found = YamlFile(path, shop).read_as(DatasetFile)
    assert set(found.tables) == {"main.people", "main.adults"}
    columns = found.tables["main.people"].columns
    assert list(columns) == [*("id", "shouji_hao", "c9", "dates", "on", "a: b # c", "1", "select", 'quo"te')]
    tags = {name: entry.tags for name, entry in columns.items() if entry and entry.tags}
    assert tags == {"shouji_hao": ("pii.phone",), "c9": ("pii.email",)}
    text = path.read_text(encoding="utf-8")
    assert "# 0.98 (VARCHAR): the name says 'shouji_hao', 1 of 1 values look like telephone numbers" in text
    assert found.tables["main.people"].description == 'who: "they" # are'
    shown = everything(tmp_path, without=".duckdb") + ran.out + ran.err
    assert not [value for value in VALUES if value in shown]


def test_nothing_is_in_force_before_it_is_renamed_and_granted(run: Run, shop: Path) -> None:
    assert run("policy", "scaffold", "my-database", "--policies", str(shop)).code == Exit.OK
    assert load_offline(shop).tables == {"my-database": {}}
    assert run("catalog", "accept", "my-database", "--policies", str(shop)).code == Exit.OK
    for path in (shop / "datasets").rglob("*.proposed.yaml"):
        path.rename(path.with_name(path.name.replace(".proposed", "")))
    assert [each for each in lint(shop, date.today()).findings if each.severity == "error"] == []
    assert {str(table) for table in load_offline(shop).tables["my-database"]} == {
        *("main.people", "main.adults", "other.things")
    }
    ask = ("policy", "explain", "--as", "analyst", "--source", "my-database", "--policies", str(shop))
    assert run(*ask, "SELECT id FROM main.people").code == Exit.FAILED


def test_what_is_listed_or_under_review_is_left_alone(run: Run, shop: Path) -> None:
    command = ("policy", "scaffold", "my-database", "--policies", str(shop))
    assert run(*command).code == Exit.OK
    before = everything(shop, without=".json")
    again = run(*command)
    assert again.code == Exit.CONFIGURATION and "is there already" in again.err
    assert everything(shop, without=".json") == before
    assert run("catalog", "accept", "my-database", "--policies", str(shop)).code == Exit.OK
    for path in (shop / "datasets").rglob("*.proposed.yaml"):
        path.rename(path.with_name(path.name.replace(".proposed", "")))
    done = run(*command)
    assert (done.code, done.out) == (Exit.OK, "my-database: every table is in a dataset file already\n")


def test_the_inventory_of_the_whole_demo(
    run: Run, demo_data: Path, project_root: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    copy = tmp_path / "policies"
    shutil.copytree(project_root / "policies", copy)
    before = everything(copy, without="")
    monkeypatch.setenv("DEMO_DATA", str(demo_data))
    ran = run("policy", "scaffold", "--inventory", "--format", "json", "--policies", str(copy))
    assert (ran.code, ran.err) == (Exit.OK, ""), ran.err
    document = json.loads(ran.out)
    assert document["not_read"] == {} and document["by_name_only"] == []
    assert len(document["sources"]) == sum(
        source.status == "active" and not source.is_keyed for source in load_offline(copy).sources.values()
    )
    found = {(each["table"], each["column"]): each["tag"] for each in document["columns"]}
    assert found["luckyus_sales_crm.t_user", "phone"] == "pii.phone"
    assert found["luckyus_sales_crm.t_user", "email"] == "pii.email"
    assert {each["tag"] for each in document["columns"]} >= {
        "pii.salary",
        "pii.id",
        "free_text",
        "pii.birthday",
    }
    assert everything(copy, without="") == before


def test_one_source_that_cannot_be_read_does_not_keep_the_others(run: Run, shop: Path) -> None:
    text = (shop / "sources.yaml").read_text(encoding="utf-8")
    gone = text.partition("sources:\n")[2].replace("my-database", "gone")
    (shop / "sources.yaml").write_text(text + gone, encoding="utf-8")
    ran = run("policy", "scaffold", "--inventory", "--policies", str(shop))
    assert ran.code == Exit.FAILED and "gone: " in ran.err
    assert "main.people.shouji_hao" in ran.out and "1 sources not read" in ran.out


def test_what_is_missing_is_said(run: Run, shop: Path) -> None:
    assert run("policy", "scaffold", "--policies", str(shop)).code == Exit.USAGE
    ran = run("policy", "scaffold", "nowhere", "--policies", str(shop))
    assert ran.code == Exit.FAILED and "no crawl for the source 'nowhere'" in ran.err
