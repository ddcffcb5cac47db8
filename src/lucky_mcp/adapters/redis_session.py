"""A session with Redis: the account looked at once, then reads that are put together from short commands."""

from __future__ import annotations

import time
from collections.abc import Sequence

from lucky_mcp.adapters.base import EngineRows
from lucky_mcp.adapters.redis_health import health, lag
from lucky_mcp.adapters.redis_line import Command, Failed, Line, Reply
from lucky_mcp.adapters.redis_posture import rights_to_write
from lucky_mcp.adapters.redis_reads import read_key
from lucky_mcp.adapters.redis_scan import scan
from lucky_mcp.adapters.session import refuse_writable
from lucky_mcp.adapters.token_key import TokenKey
from lucky_mcp.enforcement.guarded import GuardedKeys, GuardedProbe, GuardedRead
from lucky_mcp.errors import EngineError, EngineErrorKind
from lucky_mcp.model.probe import Answer, Probe
from lucky_mcp.model.request import KeyAsk
from lucky_mcp.model.source import Source

# Without them sizes and rates are not known, and everything else is.
OPTIONAL = frozenset({"MEMORY USAGE", "INFO"})


class RedisSession:
    """One connection; see `Session`."""

    def __init__(self, source: Source, line: Line, token_key: TokenKey, *, has_account: bool = True) -> None:
        self._source = source
        self._line = line
        self._token_key = token_key
        self._has_account = has_account
        self._key = ""
        self._deadline = 0.0
        self._is_clean = False
        self._is_stopped = False

    @property
    def is_clean(self) -> bool:
        """Whether every answer was read."""
        return self._is_clean

    def open(self) -> None:
        """Connect, and refuse an account that can do more than read."""
        self._line.open()
        if self._is_stopped:
            raise EngineError(EngineErrorKind.CANCELLED)
        # Reading a key shall not keep it from being evicted; servers before Redis 7.2 do not know it.
        self._line.ask([("CLIENT NO-TOUCH", "ON")])
        if self._has_account:
            refuse_writable(self._source, rights_to_write(self._line.ask))

    def prepare(self, timeout_ms: int, *, with_token_key: bool = False) -> None:
        """See whether the server answers, and begin to count the time of a read."""
        self._key = self._token_key() if with_token_key else ""
        self._deadline = time.monotonic() + timeout_ms / 1000
        self._is_clean = False
        (answer,) = self.ask([("PING",)])
        if answer != b"PONG":
            raise EngineError(EngineErrorKind.UNAVAILABLE, "it does not answer a ping")

    def fetch(self, read: GuardedRead, *, fenced: bool) -> EngineRows:
        """Read what is asked for; what leaves here is masked."""
        if not isinstance(read, GuardedKeys):
            raise EngineError(EngineErrorKind.INVALID_QUERY, "Redis is read by keys")
        if read.ask is KeyAsk.READ:
            found = read_key(read, self.ask, self._key)
        elif read.ask is KeyAsk.SCAN:
            found = scan(read, self.ask, self._key, self._left)
        else:
            found = health(read, self.ask)
        self._is_clean = True
        return found

    def probe(self, read: GuardedProbe) -> Answer:
        """Ask how far behind its primary a replica is; nothing else is asked of Redis so."""
        if read.question is not Probe.LAG:
            raise EngineError(EngineErrorKind.INVALID_QUERY, "Redis has no plans and no tables")
        answer = lag(self.ask)
        self._is_clean = True
        return answer

    def ask(self, commands: Sequence[Command]) -> list[Reply]:
        """Send commands within the time that is left; what the account may not do ends the read."""
        left = self._left()
        if left <= 0:
            raise EngineError(EngineErrorKind.TIMEOUT, "the gateway's own limit")
        self._line.within(left)
        answers = self._line.ask(commands)
        for (name, *_), each in zip(commands, answers, strict=True):
            if isinstance(each, Failed) and each.kind in {"NOPERM", "NOAUTH"} and name not in OPTIONAL:
                raise EngineError(EngineErrorKind.FORBIDDEN, each.text)
        return answers

    def _left(self) -> float:
        return self._deadline - time.monotonic()

    def stop(self) -> None:
        """Make every call that is under way fail."""
        self._is_stopped = True
        self._is_clean = False
        self._line.stop()

    def close(self) -> None:
        """Close the connection."""
        self._line.close()
