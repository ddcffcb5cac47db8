"""The judge of a soak sees what grows, and not what comes and goes."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.soak.judged import Allowed, Sample, grown

CALM = Sample(minutes=0, calls=0, memory_mb=300, threads=20, files=40, tasks=12, connections=8)
Change = Callable[[int], dict[str, float]]


def samples(number: int, minutes: float) -> list[Sample]:
    chance = random.Random(1)
    return [
        replace(
            CALM,
            minutes=minutes * n / number,
            memory_mb=300 + chance.uniform(-3, 3),
            threads=20 + chance.randrange(-4, 1),
            files=40 + chance.randrange(-10, 1),
            connections=chance.randrange(0, 9),
        )
        for n in range(number)
    ]


def changed(number: int, minutes: float, change: Change) -> list[Sample]:
    made = samples(number, minutes)
    return [
        replace(each, **{name: getattr(each, name) + more for name, more in change(n).items()})  # type: ignore[arg-type]
        for n, each in enumerate(made)
    ]


@pytest.mark.parametrize(("number", "minutes"), [(5, 1.0), (200, 30.0)])
def test_what_comes_and_goes_is_let_be(number: int, minutes: float) -> None:
    assert grown([CALM, CALM], samples(number, minutes)) == []


GROWTH: dict[str, tuple[int, float, Change]] = {
    "memory": (6, 1.0, lambda n: {"memory_mb": 30 * n}),
    "a little memory for long": (200, 30.0, lambda n: {"memory_mb": n * 0.2}),
    "files": (6, 1.0, lambda n: {"files": 10 * n}),
    "threads": (6, 1.0, lambda n: {"threads": 6 * n}),
    "tasks": (200, 30.0, lambda n: {"tasks": n // 10}),
    "connections": (6, 1.0, lambda n: {"connections": 9}),
}


@pytest.mark.parametrize("name", list(GROWTH))
def test_what_grows_is_seen(name: str) -> None:
    number, minutes, change = GROWTH[name]
    found = grown([CALM, CALM], changed(number, minutes, change))
    what = name.removeprefix("a little ").split()[0]
    assert found and all(each.startswith(what) for each in found)


def test_what_has_reached_its_level_is_let_be() -> None:
    """A cache that fills takes memory once."""
    assert grown([CALM, CALM], changed(200, 30.0, lambda n: {"memory_mb": min(n, 30) / 2}), Allowed()) == []


def test_too_few_samples_prove_nothing() -> None:
    assert grown([CALM], [CALM, CALM]) and grown([], [CALM] * 9)
