"""No lie and no leak, on the first thousand generated queries; `make fuzz` asks as many more as there is time for.

No lie: the guarded answer over dirty data is the plain answer over data without what the role may not know.
No leak: two databases that differ only in what the role may not know answer every query alike.
"""

from __future__ import annotations

import pytest

from lucky_mcp.demo.tables import Fleet
from lucky_mcp.model.source import Dialect
from tests.properties.long_run import judge, outcomes, with_seed
from tests.properties.shares import Shares
from tests.support.generator_checks import touches_hidden
from tests.support.generator_house import PRINCIPALS, House
from tests.support.neighbours import NAMES, neighbour
from tests.support.preparation import prepare_once
from tests.support.reference import clean_tables

QUERIES = 300


def test_generated_queries_neither_lie_nor_leak(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    prepare_once(monkeypatch)
    shares = Shares(house.dialect)
    for one in with_seed(house, 0, QUERIES):
        check, wrong, verdict = judge(one, one.query, house)
        assert not wrong, f"{check}: {wrong}\n{one}"
        touched = ["touch"] if touches_hidden(one.query, one.world, house, verdict.twin) else []
        shares.add(one.query, *touched, *outcomes(verdict))
        if "refused" in outcomes(verdict):
            shares.refused.append(f"{verdict.answer.reason}\n  {one}")
    shares.check("join", "nest", "touch", "view")


def test_every_dialect_is_asked() -> None:
    assert len(Dialect) * QUERIES >= 1000


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("role", PRINCIPALS)
def test_neighbours_differ_in_hidden_data_and_in_nothing_else(
    sharp_fleet: Fleet, role: str, name: str
) -> None:
    other = neighbour(sharp_fleet, role, name)
    assert _known(other, role) == _known(sharp_fleet, role)
    assert any(a.rows != b.rows for a, b in zip(other.tables, sharp_fleet.tables, strict=True))


def _known(fleet: Fleet, role: str) -> list[list[str]]:
    return [sorted(map(str, table.rows)) for table in clean_tables(fleet, role)]
