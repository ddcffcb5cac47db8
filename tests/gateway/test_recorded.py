"""Recorded questions of agents: each fares as was judged from the policies, and runs on the demo's data."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lucky_mcp.errors import ReadError
from lucky_mcp.gateway.read import Gateway
from lucky_mcp.gateway.replay.asking import Asking
from lucky_mcp.gateway.replay.compare import compare
from lucky_mcp.gateway.replay.recordings import PERMIT, Recording, read_recordings
from lucky_mcp.model.request import SqlRead
from lucky_mcp.policy.offline import load_offline

RECORDED = Path(__file__).resolve().parent.parent / "recorded"
AT_LEAST = 200


@pytest.fixture(scope="module")
def recordings() -> list[Recording]:
    lines = [each for path in sorted(RECORDED.glob("*.jsonl")) for each in read_recordings(path)]
    found = [each for each in lines if isinstance(each, Recording)]
    assert found == lines
    return found


def test_there_are_enough_and_none_twice(recordings: list[Recording]) -> None:
    assert len(recordings) >= AT_LEAST
    again = Counter((each.line.roles, each.line.source, each.line.sql) for each in recordings)
    assert [key for key, times in again.items() if times > 1] == []
    assert len({each.line.id for each in recordings}) == len(recordings)
    refused = sum(each.line.verdict != PERMIT for each in recordings)
    assert 0.2 < refused / len(recordings) < 0.5


async def test_each_fares_as_judged(
    recordings: list[Recording], project_root: Path, gateway: Gateway
) -> None:
    asking = Asking(load_offline(project_root / "policies"), datetime.now(UTC))
    compared = await compare(recordings, asking, lambda _: None, gateway)
    assert [(each.place, each.what) for each in compared.differences] == []
    assert compared.rows_compared >= 8


async def test_what_is_permitted_runs(recordings: list[Recording], gateway: Gateway) -> None:
    """A verdict is about policies; that the text is SQL which the engine can run is another matter."""
    failed = []
    for each in recordings:
        if each.line.verdict != PERMIT:
            continue
        try:
            await gateway.read(each.line.caller, SqlRead(source=each.line.source, sql=each.line.sql))
        except ReadError as failure:
            failed.append(f"{each.place}: {failure.agent_text}")
    assert failed == []
