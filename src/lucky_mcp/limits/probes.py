"""How many values a caller has asked after in the last hour, so that guessing and enumerating end.

A probe is one value that a statement compares with a column which is masked for the caller, or by which
policy wants rows to be looked up. The same probe again costs nothing. Kept in memory, per process, as keyed
digests: nothing of what was asked after can be read from it.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections import OrderedDict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

WINDOW = timedelta(hours=1)
NEVER = datetime.max.replace(tzinfo=UTC)
CALLERS_MAX = 10_000
DIGEST_BYTES = 12


class ProbeBudget:
    """Counts different probes by caller over the last hour; safe between threads."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._asked: OrderedDict[str, OrderedDict[bytes, datetime]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, caller: str, probes: Iterable[str], limit: int, now: datetime) -> datetime | None:
        """Note the probes of a read; None when they fit, else when they will, and then nothing is noted.

        More probes at once than `limit` fit NEVER.
        """
        digests = {self._digest(each) for each in probes}
        if not digests:
            return None
        with self._lock:
            asked = self._asked.setdefault(caller, OrderedDict())
            self._asked.move_to_end(caller)
            while asked and next(iter(asked.values())) <= now - WINDOW:
                asked.popitem(last=False)
            new = [each for each in digests if each not in asked]
            over = len(asked) + len(new) - limit
            if over > 0:
                return self._when(list(asked.values()), over)
            asked.update(dict.fromkeys(new, now))
            while len(self._asked) > CALLERS_MAX:
                self._asked.popitem(last=False)
        return None

    @staticmethod
    def _when(times: list[datetime], over: int) -> datetime:
        return NEVER if over > len(times) else times[over - 1] + WINDOW

    def _digest(self, probe: str) -> bytes:
        return hashlib.blake2b(
            probe.encode("utf-8", "surrogatepass"), key=self._key, digest_size=DIGEST_BYTES
        ).digest()
