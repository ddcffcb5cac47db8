"""The call by which a long step reports that it moves: the part's name, units done, units in all.

Units in all are 0 while nobody can know them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

Progress: TypeAlias = Callable[[str, int, int], None]


def unreported(part: str, done: int, total: int) -> None:
    """Take a report and drop it, so that callers without a listener need no branch."""
