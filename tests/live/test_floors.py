"""Combinations that too few rows share are merged, and no statement tells what they were, on any engine."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from decimal import Decimal
from random import Random
from types import MappingProxyType

import pytest

from lucky_mcp.demo.tables import Table
from lucky_mcp.model.decision import Rule
from lucky_mcp.policy.policy_set import FloorRule, PolicySet
from tests.live.test_averages import HIDDEN_SHOP, HIRED, IEHR, SHOP, House, both, house

__all__ = ["house"]
FLOOR = FloorRule(k_min=10, by=("position", "hire_date"), rule=Rule(id="rare"))
COMMON = {"barista": 40, "shift_lead": 10}
# Ten rows of each; in neither do ten have the same.
RARE = ({"store_manager": 9, "trainee": 1}, {"owner": 4, "cook": 5, "barista": 1})
QUERIES, SEED = 90, 3


def staff(table: Table, world: int) -> Table:
    rows, number = [], 0
    for sizes, hired in ((COMMON, HIRED), (RARE[world], HIRED.replace(year=1999))):
        for position, size in sizes.items():
            for _ in range(size):
                number += 1
                row = (f"E{number}", "Ann", "000-01-0001", position, Decimal(number), SHOP, hired)
                rows.append(row)
    for each in range(20):  # hidden ones are no company
        position = list(RARE[world])[each % 2]
        rows.append((f"H{each}", "Bo", "000-01-0002", position, None, HIDDEN_SHOP, HIRED.replace(year=1999)))
    return replace(table, rows=tuple(rows))


def with_floor(policies: PolicySet) -> PolicySet:
    tables = dict(policies.tables)
    tables[IEHR] = MappingProxyType({name: replace(each, floor=FLOOR) for name, each in tables[IEHR].items()})
    return replace(policies, tables=MappingProxyType(tables))


def question(rng: Random) -> str:
    keys = rng.sample(["position", "hire_date", "shop_id", "employee_id"], rng.randint(1, 2))
    where = rng.choice(
        [
            *(
                "",
                "",
                "",
                " WHERE position = 'trainee'",
                " WHERE position <> 'barista'",
                " WHERE position > 'c'",
            ),
            *(" WHERE position IS NULL", " WHERE hire_date < '2010-01-01'", " WHERE employee_id = 'E55'"),
            " WHERE employee_id > 'E5' AND position LIKE '%e%'",
            " WHERE EXISTS (SELECT 1 FROM t_employee o WHERE o.position = t_employee.position AND o.employee_id = 'E58')",
        ]
    )
    figure = rng.choice(
        ["COUNT(*)", "COUNT(position)", "MIN(position)", "MAX(hire_date)", "COUNT(DISTINCT position)"]
    )
    having = rng.choice(["", "", " HAVING COUNT(*) < 10", " HAVING MAX(position) > 'p'"])
    if rng.random() < 0.3:
        return f"SELECT {', '.join(keys)} FROM t_employee{where} ORDER BY employee_id"
    return f"SELECT {', '.join(keys)}, {figure} AS figure FROM t_employee{where} GROUP BY {', '.join(keys)}{having}"


def test_no_statement_tells_what_rare_rows_were(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.live.test_averages.staff", lambda table, seed: staff(table, seed - 1))
    floored = replace(house, policies=with_floor(house.policies))
    rng = Random(SEED)
    groups = "SELECT position, hire_date, COUNT(*) AS n FROM t_employee GROUP BY position, hire_date"
    told = both(floored, [groups, *(question(rng) for _ in range(QUERIES))])
    assert [(sql, one, other) for sql, one, other in told if one != other] == []
    answered = [one for _, one, _ in told if one[0] == "rows"]
    assert len(answered) > 80
    shown = Counter(map(str, told[0][1][2]))  # type: ignore[arg-type]
    assert len(shown) == 3 and any("None, None, 10" in each for each in shown), shown
    assert any("'barista'" in each and "40" in each for each in shown)


def test_a_condition_of_the_statement_makes_nobody_rare(house: House) -> None:
    """Rows are counted before it: one barista alone is still one of forty."""
    house.load(staff(house.table, 0))
    floored = replace(house, policies=with_floor(house.policies))
    asked = ["SELECT employee_id, position FROM t_employee WHERE employee_id = 'E3'"]
    (answer,) = asyncio.run(floored.answers(asked))
    assert answer[2] == ("('E3', 'barista')",)


def test_the_rows_do_differ(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.live.test_averages.staff", lambda table, seed: staff(table, seed - 1))
    told = both(house, ["SELECT position, COUNT(*) AS n FROM t_employee GROUP BY position ORDER BY position"])
    assert all(one[0] == "rows" and one != other for _, one, other in told)
