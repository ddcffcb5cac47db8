"""Splitting whole numbers keeps their sum, which is what keeps the stated rates exact."""

from __future__ import annotations

import pytest

from lucky_mcp.demo.demand import split_whole


@pytest.mark.parametrize(
    ("total", "weights", "parts"),
    [
        (10, [1.0, 1.0], (5, 5)),
        (11, [1.0, 1.0], (6, 5)),
        (3, [0.5, 0.25, 0.25], (1, 1, 1)),
        (1_000, [0.946, 0.010, 0.044], (946, 10, 44)),
        (0, [1.0, 2.0], (0, 0)),
    ],
)
def test_split_whole(total: int, weights: list[float], parts: tuple[int, ...]) -> None:
    assert split_whole(total, weights) == parts
    assert sum(parts) == total
