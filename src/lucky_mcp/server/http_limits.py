"""What clients may take of one process over HTTP."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class HttpLimits:
    """Open connections, bytes of one request's body, open SSE streams, and seconds that streams have without
    a credential and open calls when it stops.
    """

    connections_max: int = 1_000
    body_bytes_max: int = 1 << 20
    sse_streams_max: int = 200
    sse_streams_per_caller_max: int = 100
    credentials_checked_s: float = 15
    """How long a stream may stay open whose credential has ended."""
    drain_s: float = 20
    sse: bool = True
    """Whether /sse is served at all."""
