"""Building is done once for given arguments, and again whenever the result could differ."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from rich.console import Console

from lucky_mcp.demo import build
from lucky_mcp.demo.build import build_demo
from lucky_mcp.demo.roster import SOURCES


def stamps(directory: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in directory.glob("*.duckdb")}


@pytest.fixture
def built(tmp_path: Path, end: date) -> Path:
    build_demo(tmp_path, end=end, scale="tiny", console=Console(file=io.StringIO()))
    return tmp_path


def test_it_writes_the_sources_and_what_they_were_made_from(built: Path, end: date) -> None:
    receipt = json.loads((built / "demo.json").read_text(encoding="utf-8"))
    assert receipt == {
        "seed": 7,
        "end": end.isoformat(),
        "scale": "tiny",
        "generator": build.generator_version(),
    }
    assert set(stamps(built)) == {f"{source.name}.duckdb" for source in SOURCES}
    assert sorted(path.name for path in (built / "lake").iterdir()) == ["curated", "processed", "raw"]


def test_a_second_build_does_nothing(built: Path, end: date) -> None:
    before, shown = stamps(built), io.StringIO()
    build_demo(built, end=end, scale="tiny", console=Console(file=shown))
    assert stamps(built) == before
    assert shown.getvalue() == ""


def lose_a_file(directory: Path) -> None:
    (directory / "aws-luckyus-opshop-rw.duckdb").unlink()


def lose_a_partition(directory: Path) -> None:
    (directory / "lake" / "raw" / "customers" / "market=NZ" / "part-0.parquet").unlink()


def lose_the_receipt(directory: Path) -> None:
    (directory / "demo.json").unlink()


def tear_the_receipt(directory: Path) -> None:
    (directory / "demo.json").write_text('{"seed": 7', encoding="utf-8")


def age_the_generator(directory: Path) -> None:
    receipt = directory / "demo.json"
    old = json.loads(receipt.read_text(encoding="utf-8")) | {"generator": "older"}
    receipt.write_text(json.dumps(old), encoding="utf-8")


@pytest.mark.parametrize(
    "damage", [lose_a_file, lose_a_partition, lose_the_receipt, tear_the_receipt, age_the_generator]
)
def test_damage_is_repaired(built: Path, end: date, damage: Callable[[Path], None]) -> None:
    before = stamps(built)
    damage(built)
    build_demo(built, end=end, scale="tiny", console=Console(file=io.StringIO()))
    after = stamps(built)
    assert after.keys() == before.keys()
    assert all(after[name] != before[name] for name in before)


@pytest.mark.parametrize(("seed", "days_later"), [(8, 0), (7, 1)])
def test_other_arguments_build_again(built: Path, end: date, seed: int, days_later: int) -> None:
    before = stamps(built)
    later = end + timedelta(days=days_later)
    build_demo(built, seed=seed, end=later, scale="tiny", console=Console(file=io.StringIO()))
    assert all(stamp != before[name] for name, stamp in stamps(built).items())


@pytest.mark.parametrize("step", ["write_fleet", "write_lake"])
def test_an_interrupted_write_is_not_taken_for_a_build(
    built: Path, end: date, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(build, step, interrupted)
    with pytest.raises(KeyboardInterrupt):
        build_demo(built, seed=8, end=end, scale="tiny", console=Console(file=io.StringIO()))
    assert not (built / "demo.json").exists()


def test_bad_arguments_leave_a_good_build_alone(built: Path, end: date) -> None:
    with pytest.raises(ValueError, match="unknown scale"):
        build_demo(built, end=end, scale="huge", console=Console(file=io.StringIO()))
    assert (built / "demo.json").exists()


def test_standard_output_stays_empty(tmp_path: Path, end: date, capsys: pytest.CaptureFixture[str]) -> None:
    build_demo(tmp_path, end=end, scale="tiny")
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "files" in captured.err
