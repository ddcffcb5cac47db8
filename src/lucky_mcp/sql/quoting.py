"""A name as a dialect takes it, reserved word or not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_QUOTES: Final[Mapping[str, str]] = {"mysql": "`", "doris": "`"}


def quoted(name: str, dialect: str) -> str:
    """Return a name in the quotes of the dialect, whatever stands in it."""
    quote = _QUOTES.get(dialect, '"')
    return quote + name.replace(quote, quote * 2) + quote
