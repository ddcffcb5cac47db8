"""From nothing to a governed answer about a database of one's own, with the commands alone."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import anyio
import duckdb
import pytest

from lucky_mcp.cli.root import Exit
from lucky_mcp.errors import ConfigurationError
from lucky_mcp.model.principal import Principal
from lucky_mcp.model.request import SqlRead
from lucky_mcp.model.result import ReadResult
from lucky_mcp.model.source import Kind
from lucky_mcp.policy.json_schemas import MODELS, modeline
from lucky_mcp.policy.lint.run import lint
from lucky_mcp.policy.loader import load_policies
from lucky_mcp.policy.new_directory import make_directory
from lucky_mcp.policy.offline import load_offline
from tests.cli.running import Run
from tests.support.house import opened

DATASET = """\
# yaml-language-server: $schema=../schema/dataset.json
dataset: people
owner: me
classification: internal
source: my-database
tables:
  main.people:
    description: One row per person.
    columns: {id: {}, city: {}}
grants:
  - {id: people-read, roles: [analyst], why: to see where people live}
"""


@pytest.mark.parametrize("kind", [each for each in Kind if each is not Kind.FAKEREDIS])
def test_a_new_directory_loads_and_is_clean(kind: Kind, tmp_path: Path) -> None:
    root = tmp_path / "policies"
    written = make_directory(root, name="web-shop", kind=kind)
    assert lint(root, date.today()).findings == ()
    policies = load_offline(root)
    assert policies.source("web-shop") is not None
    assert policies.tables == {"web-shop": {}}
    assert {path.stem for path in written if path.suffix == ".json"} == set(MODELS)
    for path in root.glob("*.yaml"):
        assert path.read_text(encoding="utf-8").splitlines()[0] == modeline(path, root)


@pytest.mark.parametrize("name", ["", "My", "a b", "a/b", "../x", "1a"])
def test_a_name_that_is_none_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be the name"):
        make_directory(tmp_path / "policies", name=name, kind=Kind.DUCKDB)
    assert not (tmp_path / "policies").exists()


def test_what_is_there_is_left_alone(run: Run, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    ran = run("policy", "init", str(tmp_path))
    assert (ran.code, ran.out) == (Exit.CONFIGURATION, "")
    assert "not empty; nothing was written" in ran.err
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_from_nothing_to_an_accepted_catalog(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = str(tmp_path / "policies")
    make_people(tmp_path / "my-database.duckdb")
    monkeypatch.setenv("MY_DATABASE_DATA", str(tmp_path))
    assert run("policy", "init", root).code == Exit.OK
    assert run("policy", "lint", "--strict", root).code == Exit.OK
    assert run("catalog", "crawl", "my-database", "--policies", root).code == Exit.OK
    assert "+ table main.people" in run("catalog", "accept", "my-database", "--policies", root).out
    rules = run("policy", "lint", root).out
    assert "warning catalog-without-dataset: my-database has 1 tables and no dataset file" in rules
    assert "warning stale-acknowledgement: there is no source-without-catalog here" in rules
    (tmp_path / "policies" / "datasets" / "people.yaml").write_text(DATASET, encoding="utf-8")
    assert "main.people" in run("policy", "matrix", root).out
    ask = ("policy", "explain", "--as", "analyst", "--source", "my-database", "--policies", root)
    assert run(*ask, "SELECT phone, city FROM main.people").code == Exit.OK
    assert run(*ask, "SELECT diary FROM main.people").code == Exit.FAILED


def test_a_governed_answer(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    test_from_nothing_to_an_accepted_catalog(run, tmp_path, monkeypatch)
    policies = load_policies(tmp_path / "policies", {"MY_DATABASE_DATA": str(tmp_path)})

    async def ask() -> ReadResult:
        gateway = await opened(policies)
        analyst = Principal(subject="me", roles=("analyst",))
        answer = await gateway.read(analyst, SqlRead(source="my-database", sql="SELECT * FROM main.people"))
        await gateway.close()
        return answer

    answer = anyio.run(ask)
    assert answer.columns == ("id", "phone", "city")
    assert list(answer.rows) == [(1, "***-***-0100", "Queens")]


def make_people(path: Path) -> None:
    with duckdb.connect(str(path)) as database:
        database.execute(
            "CREATE TABLE people (id INTEGER PRIMARY KEY, phone VARCHAR, city VARCHAR, diary VARCHAR)"
        )
        database.execute("INSERT INTO people VALUES (1, '+12125550100', 'Queens', 'dear diary')")
