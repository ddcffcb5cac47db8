"""Who a statement is from, in a form that a server's logs may keep."""

from __future__ import annotations

import hashlib
import hmac

from lucky_mcp.enforcement.mark import Mark
from lucky_mcp.telemetry.spans import trace_id

DIGEST_CHARS = 16


class Marks:
    """Makes marks; without a key they name no caller.

    A subject may be somebody's e-mail address, and a plain digest of one can be guessed from a list of all
    addresses. By a key nobody can who has the logs of a server alone.
    """

    def __init__(self, key: bytes = b"") -> None:
        self._key = key

    def of(self, caller: str, receipt: str) -> Mark:
        """Return the mark of one read, in the trace that is under way."""
        return Mark(receipt=receipt, caller=self.digest(caller), trace=trace_id())

    def digest(self, caller: str) -> str:
        """Return what stands for a caller's subject; empty without a key."""
        if not self._key:
            return ""
        return hmac.new(self._key, caller.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[
            :DIGEST_CHARS
        ]
