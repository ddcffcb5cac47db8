"""A run of the attacks that was stopped goes on where it ended, and asks each text once."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.attacks import page, progress, run_attacks
from tests.attacks.asking import Tried
from tests.attacks.page import record
from tests.attacks.progress import Part, kept_part, part_of
from tests.attacks.run_attacks import Task, run_part
from tests.attacks.running import Opened
from tests.attacks.techniques import Technique

TASK = Task("duckdb", "absent-columns/denied", 0.05)
Asked = list[tuple[str, str | None]]


class StoppedError(Exception):
    """Somebody pressed a key."""


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Asked:
    """What is asked from now on, of an engine that refuses everything and is stopped once, after five."""
    found: Asked = []
    stops = iter([5])

    async def attacked(
        left: Iterable[tuple[Technique, str | None]], engine: str, worlds: Opened
    ) -> AsyncIterator[Tried]:
        stop = next(stops, sys.maxsize)
        for number, (technique, text) in enumerate(left):
            if number == stop:
                raise StoppedError
            found.append((technique.id, text))
            yield Tried(technique, engine, refused=True, calls=2)

    @asynccontextmanager
    async def opened(engine: str, policies: Path, folder: Path) -> AsyncIterator[Opened]:
        yield Opened(houses={}, checksum=str, running=list)

    monkeypatch.setattr(progress, "FOLDER", tmp_path)
    monkeypatch.setattr(progress, "SAVE_SECONDS", 0.0)
    monkeypatch.setattr(run_attacks, "attacked", attacked)
    monkeypatch.setattr(run_attacks, "opened", opened)
    monkeypatch.setattr(run_attacks.logging, "disable", lambda level: None)
    monkeypatch.setattr(run_attacks.structlog, "configure", lambda **given: None)
    return found


def test_what_was_stopped_goes_on_and_asks_each_text_once(asked: Asked) -> None:
    with pytest.raises(StoppedError):
        run_part(TASK)
    stopped = kept_part("duckdb")
    assert stopped and stopped.next == 5 and not stopped.ended
    run_part(TASK)
    ended = kept_part("duckdb")
    assert ended and ended.ended and len(asked) == len(set(asked)) == ended.texts
    assert asked == [(technique.id, text) for technique, text in run_attacks._chosen(TASK)]
    assert (ended.techniques, ended.mutations) == (
        sum(text is None for _, text in asked),
        sum(text is not None for _, text in asked),
    )
    assert (ended.calls, ended.refused) == (2 * ended.texts, ended.texts) and ended.mutations
    run_part(TASK)
    assert len(asked) == ended.texts


def test_other_texts_begin_again(asked: Asked) -> None:
    with pytest.raises(StoppedError):
        run_part(TASK)
    assert part_of("duckdb", ["another text"]).next == 0


def test_the_record_has_a_row_for_each_engine_and_says_what_was_not_tried() -> None:
    parts = [
        Part(
            name="duckdb",
            digest="",
            texts=4,
            techniques=3,
            mutations=1,
            calls=8,
            refused=1,
            days=["2026-11-21"],
            commits=["abc", "def"],
            seconds=90.0,
            findings=["x"],
        ),
        Part(name="mysql-server", digest="", texts=4, missing="not installed", commits=["abc"]),
        Part(name="without a guard duckdb", digest="", texts=2, done={"a": "tells", "b": ""}, seconds=30.0),
    ]
    told = record(parts, 0.1, 1)
    assert told.splitlines()[:2] == [
        "The last whole run: 2026-11-21, at abc, def; 10% of the mutations;",
        "2 minutes of work, 2 techniques without a guard as well, of which 1 work there, 1 otherwise than their files say.",
    ]
    assert "| duckdb | 3 | 1 | 8 | 3 | 1 (25%) | 1 | 2 |" in told
    assert "| MySQL 9, not tried |" in told and "| all | 3 | 1 | 8 | 3 | 1 (25%) | 1 | 2 |" in told


def test_a_record_takes_the_place_of_the_last_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    copy = tmp_path / "page.md"
    before = page.PAGE.read_text(encoding="utf-8")
    copy.write_text(before, encoding="utf-8")
    monkeypatch.setattr(page, "PAGE", copy)
    part = Part(
        name="duckdb", digest="", texts=1, techniques=1, calls=2, days=["2026-11-22"], commits=["abc"]
    )
    page.write_record([part], 0.1)
    after = copy.read_text(encoding="utf-8")
    assert record([part], 0.1) in after and after.count("The last whole run: ") == 1
    assert before.split("The last whole run: ")[0] == after.split("The last whole run: ")[0]
    assert before.split("\n## Honest questions")[1] == after.split("\n## Honest questions")[1]
