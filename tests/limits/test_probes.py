"""The budget of probes: different values count, once each, for an hour, for one caller."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from lucky_mcp.limits import probes
from lucky_mcp.limits.probes import NEVER, WINDOW, ProbeBudget
from tests.support.house import NOW

MINUTE = timedelta(minutes=1)


def test_different_values_count_until_they_are_an_hour_old() -> None:
    budget = ProbeBudget()
    assert budget.take("ann", ["a", "b"], 3, NOW) is None
    assert budget.take("ann", ["c", "c", "a"], 3, NOW + MINUTE) is None
    assert budget.take("ann", ["a", "b", "c"], 3, NOW + 2 * MINUTE) is None
    assert budget.take("ann", ["d"], 3, NOW + 2 * MINUTE) == NOW + WINDOW
    assert budget.take("ann", ["d", "e", "f"], 3, NOW + 2 * MINUTE) == NOW + MINUTE + WINDOW
    assert budget.take("ann", ["d", "e", "f", "g"], 3, NOW + 2 * MINUTE) is NEVER
    assert budget.take("bob", ["d"], 1, NOW + 2 * MINUTE) is None
    just_before: datetime = NOW + WINDOW - MINUTE
    assert budget.take("ann", ["d"], 3, just_before) == NOW + WINDOW
    assert budget.take("ann", ["d"], 3, NOW + WINDOW) is None


def test_what_is_refused_costs_nothing() -> None:
    budget = ProbeBudget()
    assert budget.take("ann", ["a"], 2, NOW) is None
    assert budget.take("ann", ["b", "c"], 2, NOW) == NOW + WINDOW
    assert budget.take("ann", ["b"], 2, NOW) is None


def test_of_too_many_callers_the_one_who_asked_longest_ago_is_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(probes, "CALLERS_MAX", 2)
    budget = ProbeBudget()
    for caller in ("ann", "bob", "ann", "cid"):
        assert budget.take(caller, ["a"], 1, NOW) is None
    assert budget.take("ann", ["b"], 1, NOW) == budget.take("cid", ["b"], 1, NOW) == NOW + WINDOW
    assert budget.take("bob", ["b"], 1, NOW) is None


def test_no_value_can_be_read_from_it() -> None:
    budget = ProbeBudget()
    budget.take("ann", ["t.phone = 2125550100"], 2, NOW)
    assert "2125550100" not in repr(vars(budget))
