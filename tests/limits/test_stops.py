"""The file of stops: one writer among many, heeded at once, and refused when it cannot be trusted."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from lucky_mcp.errors import ConfigurationError
from lucky_mcp.limits.stops import REASON_CHARS_MAX, StopFile, StopKind

NOW = datetime(2026, 2, 15, 12, 0, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "stops.json"


def stops_in(path: Path) -> StopFile:
    return StopFile(path, now=lambda: NOW)


def test_another_process_heeds_it_at_its_next_look(path: Path) -> None:
    here, there = stops_in(path), stops_in(path)
    assert there.find(source="orders", principal="ann") is None
    here.stop(StopKind.SOURCE, "orders", " the disk\n is full ")
    found = there.find(source="orders", principal="ann")
    assert found is not None and (found.reason, found.at) == ("the disk is full", NOW)
    assert there.find(source="shops", principal="ann") is None
    assert there.find(source="", principal="orders") is None
    there.stop(StopKind.PRINCIPAL, "ann", "a loop")
    assert [each.name for each in here.all()] == ["orders", "ann"]
    assert there.resume(StopKind.SOURCE, "orders") is not None
    assert here.find(source="orders", principal="bob") is None
    assert here.find(source="orders", principal="ann") is not None
    assert here.resume(StopKind.SOURCE, "ann") is None


def test_a_second_reason_takes_the_place_of_the_first(path: Path) -> None:
    stops = stops_in(path)
    stops.stop(StopKind.SOURCE, "orders", "one")
    stops.stop(StopKind.SOURCE, "orders", "two")
    assert [each.reason for each in stops.all()] == ["two"]


@pytest.mark.parametrize("reason", ["", "  ", "x" * (REASON_CHARS_MAX + 1), "a\x1bb"])
def test_a_reason_is_needed(path: Path, reason: str) -> None:
    with pytest.raises(ValueError, match="1 to 200 characters"):
        stops_in(path).stop(StopKind.SOURCE, "orders", reason)
    assert not path.exists()


@pytest.mark.parametrize("content", ["", "{", '{"version":2}', '{"stops":[{"kind":"table"}]}', "[]"])
def test_a_damaged_file_is_no_permission(path: Path, content: str) -> None:
    stops = stops_in(path)
    stops.stop(StopKind.SOURCE, "orders", "one")
    assert stops.find(source="orders", principal="ann") is not None
    path.write_text(content, encoding="utf-8")
    for _ in range(2):
        with pytest.raises(ConfigurationError, match="every read is refused"):
            stops.find(source="shops", principal="ann")


def test_a_file_that_others_may_open_is_not_trusted(path: Path) -> None:
    stops = stops_in(path)
    stops.stop(StopKind.SOURCE, "orders", "one")
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o644)
    with pytest.raises(ConfigurationError, match="chmod 600"):
        stops_in(path).find(source="orders", principal="ann")
