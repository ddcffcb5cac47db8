"""k of the token mask for a MySQL session, in two statements of which neither tells anything about it.

Others can see statements in the process list while they run, in the slow log and in the history of the
performance schema. So the first statement holds random bits, is not written into the slow log and has them
behind what the history keeps; the second holds k under those bits. The general log keeps both.
"""

from __future__ import annotations

import secrets

from lucky_mcp.enforcement.token_forms import VARIABLE

PARTS = 4  # of 64 bits
HISTORY_CHARS = 1024  # performance_schema_max_sql_text_length, when nobody raised it
NEVER_SLOW = 31_536_000


def random_bits() -> tuple[int, ...]:
    """Return the bits that hide k in one session."""
    return tuple(secrets.randbits(64) for _ in range(PARTS))


def bits_statement(bits: tuple[int, ...]) -> str:
    """Return the statement that puts the bits into the session."""
    held = ", ".join(f"@{VARIABLE}{part} = {each}" for part, each in enumerate(bits))
    return f"SET SESSION long_query_time = {NEVER_SLOW} /*{' ' * HISTORY_CHARS}*/, {held}"


def key_assignments(key: str, bits: tuple[int, ...]) -> tuple[str, ...]:
    """Return what a SET makes of the bits: k as bytes, so that its collation never meets a column's.

    All values are worked out before any is set.
    """
    words = [int(key[start : start + 16], 16) for start in range(0, 16 * PARTS, 16)]
    digits = ", ".join(
        f"LPAD(HEX(@{VARIABLE}{part} ^ {word ^ each}), 16, '0')"
        for part, (word, each) in enumerate(zip(words, bits, strict=True))
    )
    return (
        "SESSION long_query_time = DEFAULT",
        f"@{VARIABLE} = CAST(LOWER(CONCAT({digits})) AS BINARY)",
        *(f"@{VARIABLE}{part} = NULL" for part in range(PARTS)),
    )
