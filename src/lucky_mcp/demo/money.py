"""Money: whole cents while amounts are computed, Decimal with two places once they are rows."""

from __future__ import annotations

from decimal import Decimal


def from_cents(cents: int) -> Decimal:
    """Return the amount with exactly two places, so that equal amounts are also equal as text."""
    return Decimal(cents).scaleb(-2)
