"""What the gateway asks a server about itself, and what it hears: a closed list, no row of a table."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Probe(StrEnum):
    """The questions; their texts live in the adapters."""

    LAG = "lag"


@dataclass(frozen=True, kw_only=True)
class Lag:
    """How many seconds a replica may be behind at most; None when it cannot be told, and `why`."""

    seconds: float | None
    why: str = ""


Answer = Lag
