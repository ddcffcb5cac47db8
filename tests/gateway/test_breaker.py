"""A source that is away is left alone for longer and longer, and comes back with the first read that works."""

from dataclasses import replace

import pytest

from lucky_mcp.errors import EngineError, EngineErrorKind
from lucky_mcp.gateway.breaker import FAILURES_MAX, REST_SECONDS, REST_SECONDS_MAX, Breakers
from lucky_mcp.model.source import Dialect, Kind, Source

SOURCE = Source(
    name="a", kind=Kind.MYSQL, dialect=Dialect.MYSQL, url="", domain="d", short_name="a", description="one"
)


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breakers(clock: Clock) -> Breakers:
    return Breakers(clock)


def is_open(breakers: Breakers, source: Source = SOURCE) -> bool:
    try:
        breakers.check(source)
    except EngineError as refusal:
        assert refusal.kind is EngineErrorKind.UNAVAILABLE
        return True
    return False


def fail(breakers: Breakers, times: int = FAILURES_MAX) -> None:
    for _ in range(times):
        breakers.away(SOURCE)


def test_it_opens_after_so_many_failures_in_a_row(breakers: Breakers) -> None:
    fail(breakers, FAILURES_MAX - 1)
    assert not is_open(breakers)
    breakers.answered(SOURCE)
    fail(breakers, FAILURES_MAX - 1)
    assert not is_open(breakers)
    fail(breakers, 1)
    assert is_open(breakers)


def test_one_read_tries_and_the_others_wait(breakers: Breakers, clock: Clock) -> None:
    fail(breakers)
    clock.now += REST_SECONDS
    assert [is_open(breakers) for _ in range(3)] == [False, True, True]
    breakers.answered(SOURCE)
    assert not is_open(breakers)


def test_each_rest_is_longer_up_to_a_limit(breakers: Breakers, clock: Clock) -> None:
    fail(breakers)
    rests = []
    for _ in range(8):
        began = clock.now
        while is_open(breakers):
            clock.now += 1
        rests.append(clock.now - began)
        breakers.away(SOURCE)
    assert rests == sorted(rests)
    assert rests[0] == REST_SECONDS
    assert rests[-1] == REST_SECONDS_MAX
    breakers.answered(SOURCE)
    fail(breakers)
    clock.now += REST_SECONDS
    assert not is_open(breakers)


def test_a_try_that_never_ends_holds_nobody_up_for_ever(breakers: Breakers, clock: Clock) -> None:
    fail(breakers)
    clock.now += REST_SECONDS
    assert not is_open(breakers)
    clock.now += REST_SECONDS_MAX
    assert not is_open(breakers)


def test_a_changed_entry_and_another_source_begin_anew(breakers: Breakers) -> None:
    fail(breakers)
    assert not is_open(breakers, replace(SOURCE, name="b"))
    assert not is_open(breakers, replace(SOURCE, description="another"))


def test_an_embedded_source_has_none(breakers: Breakers) -> None:
    embedded = replace(SOURCE, kind=Kind.DUCKDB)
    for _ in range(10):
        breakers.away(embedded)
    assert not is_open(breakers, embedded)
