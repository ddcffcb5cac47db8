"""No lie and no leak as Hypothesis properties: any index of any seed gives a query that keeps both."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.properties.long_run import example, judge
from tests.properties.shares import Shares
from tests.support.generator_checks import touches_hidden
from tests.support.generator_house import House

EXAMPLES = 100


def test_any_generated_query_neither_lies_nor_leaks(house: House) -> None:
    shares = Shares(f"{house.dialect}, drawn")

    @settings(max_examples=EXAMPLES, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
    @given(seed=st.integers(1, 2**20), index=st.integers(0, 2**31))
    def holds(seed: int, index: int) -> None:
        one = example(house, seed, index)
        check, wrong, verdict = judge(one, one.query, house)
        assert not wrong, f"{check}: {wrong}\n{one}"
        touched = ["touch"] if touches_hidden(one.query, one.world, house, verdict.twin) else []
        shares.add(one.query, *touched)

    holds()
    shares.check("join", "nest", "touch")
