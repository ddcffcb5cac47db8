"""No technique tells, changes or exhausts anything: half of them on one engine each, all on all in `make attacks`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.attacks.asking import Tried
from tests.attacks.running import attacked, mutated, opened, share
from tests.attacks.techniques import EMBEDDED, ON_SERVERS, Technique, techniques
from tests.support import mysql_server
from tests.support.servers import NoServer

MYSQL = "mysql-server"
OTHERS = tuple(each for each in (*ON_SERVERS, *EMBEDDED) if each != MYSQL)
HERE_ASKED = (MYSQL,) if mysql_server.is_chosen() else OTHERS
"""`make test-mysql` asks MySQL, which most machines have not, in place of the others."""
MUTATED = 0.08
"""The share of techniques of which one mutation is tried here."""
HERE, TAKING_TIME = 0.5, 0.2


def tried_here() -> list[Technique]:
    """Return the techniques of this test: half of them, and few of those that take the whole time limit."""
    shares = {"takes": TAKING_TIME}
    return [
        each
        for each in techniques()
        if share("here", each.id) < shares.get(each.effect, HERE) and any(map(each.on, HERE_ASKED))
    ]


def chosen(engine: str) -> list[tuple[Technique, str | None]]:
    """Return the techniques whose turn it is on this engine, and some mutations."""
    found: list[tuple[Technique, str | None]] = []
    for technique in tried_here():
        possible = [each for each in HERE_ASKED if technique.on(each)]
        if possible[int(share(technique.id) * len(possible))] != engine:
            continue
        found.append((technique, None))
        changed = mutated(technique, engine)
        if changed and technique.effect != "takes" and share("mutated", technique.id) < MUTATED:
            found.append((technique, changed[int(share("which", technique.id) * len(changed))][1]))
    return found


@pytest.mark.timeout(240)
@pytest.mark.parametrize("engine", HERE_ASKED)
async def test_no_technique_succeeds(engine: str, project_root: Path, tmp_path: Path) -> None:
    wrong: list[Tried] = []
    try:
        async with opened(engine, project_root / "policies", tmp_path) as worlds:
            before = worlds.checksum()
            async for each in attacked(chosen(engine), engine, worlds):
                wrong += [each] if each.wrong else []
            assert worlds.checksum() == before, "something was changed"
            assert worlds.running() == [], "something still runs"
    except NoServer as missing:
        pytest.skip(str(missing))
    assert not wrong, "\n\n".join(f"{each.technique.id}: {each.sql}\n{each.wrong}" for each in wrong)


def test_every_technique_of_this_test_has_its_turn() -> None:
    tried = [technique.id for engine in HERE_ASKED for technique, text in chosen(engine) if text is None]
    assert sorted(tried) == sorted(technique.id for technique in tried_here())
