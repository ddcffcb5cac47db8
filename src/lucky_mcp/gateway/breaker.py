"""A source that cannot be reached is left alone for a while, and its callers hear so at once."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from lucky_mcp.errors import EngineError, EngineErrorKind
from lucky_mcp.model.source import SERVERS, Source

FAILURES_MAX = 3
REST_SECONDS = 5.0
REST_SECONDS_MAX = 60.0


@dataclass
class _State:
    source: Source
    failures: int = 0
    rests: int = 0
    until: float = 0.0


class Breakers:
    """One breaker per source on a server; a source whose entry changed begins anew.

    Closed until FAILURES_MAX reads in a row found the source away. Then reads are refused for REST_SECONDS,
    twice as long each time up to REST_SECONDS_MAX; after that one read may try while the others are refused.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._states: dict[str, _State] = {}

    def failing(self) -> list[tuple[str, int, bool]]:
        """Return each source that was tried: how often in a row it was away, and whether it rests now."""
        now = self._now()
        return [
            (name, state.failures, state.failures >= FAILURES_MAX and state.until > now)
            for name, state in self._states.items()
            if state.source.kind in SERVERS
        ]

    def check(self, source: Source) -> None:
        """EngineError UNAVAILABLE while the source rests."""
        state = self._state(source)
        if source.kind not in SERVERS or state.failures < FAILURES_MAX:
            return
        left = state.until - self._now()
        if left > 0:
            raise EngineError(
                EngineErrorKind.UNAVAILABLE,
                f"away {state.failures} times in a row; tried again in {left:.0f} s",
            )
        self._rest(state)  # for everybody but this one, which tries

    def answered(self, source: Source) -> None:
        """The source was reached, whatever it said."""
        state = self._state(source)
        state.failures = state.rests = 0

    def away(self, source: Source) -> None:
        """The source could not be reached."""
        state = self._state(source)
        state.failures += 1
        if state.failures == FAILURES_MAX:
            self._rest(state)

    def _rest(self, state: _State) -> None:
        state.until = self._now() + min(REST_SECONDS * 2**state.rests, REST_SECONDS_MAX)
        state.rests = min(state.rests + 1, 10)

    def _state(self, source: Source) -> _State:
        state = self._states.get(source.name)
        if state is None or state.source != source:
            state = self._states[source.name] = _State(source)
        return state
