"""Without a guard the techniques work: else an attack that fails would show nothing. `make attacks` asks all of them."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.attacks.running import share
from tests.attacks.techniques import techniques
from tests.attacks.unguarded import bites, is_plain, plainly
from tests.support.servers import NoServer

ENGINES = ("mariadb", "postgresql", "duckdb")
ASKED = 0.1
"""The share of the techniques that is asked here; those that take time or rewrite data are left to `make attacks`."""


@pytest.mark.timeout(180)
def test_a_technique_works_without_a_guard_or_says_why_not(tmp_path: Path) -> None:
    chosen = [each for each in techniques() if each.effect == "tells" and share("plain", each.id) < ASKED]
    done: dict[str, set[str]] = {}
    with ExitStack() as stack:
        for name in ENGINES:
            try:
                worlds = stack.enter_context(plainly(name, tmp_path))
            except NoServer as missing:
                pytest.skip(str(missing))
            for technique in chosen:
                if is_plain(technique, name):
                    done.setdefault(technique.id, set()).add(bites(technique, worlds)[0])
    assert len(done) > 40
    otherwise = [
        each.id for each in chosen if each.id in done and bool(done[each.id] - {""}) is bool(each.unguarded)
    ]
    assert otherwise == []
