"""Tokens that stand for a value: keyed, the same for the same value, and the same bytes on every engine.

`tok_<kind>_` and the first 16 hexadecimal digits of sha256(k ‖ sha256hex(k ‖ utf8(value))), where k is the
64 hexadecimal digits of the key (docs/masks.md). Who lacks k can neither undo a token nor try guesses.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

DIGITS = 16
PERSONAL = re.compile(r"pii\.([a-z]{1,16})(?:\..*)?")
KEYED = re.compile(r"([a-z]{1,16})\.id")
OTHER = "value"


def token_kind(tags: Iterable[str]) -> str:
    """Return a token's middle word: `email` for pii.email, `customer` for customer.id, else `value`.

    Of several tags the first that says what is personal counts, so that columns with the same tags agree.
    """
    known = tuple(tags)
    for pattern in (PERSONAL, KEYED):
        for tag in known:
            found = pattern.fullmatch(tag)
            if found:
                return found[1]
    return OTHER


def token_front(kind: str) -> str:
    """Return what every token of a kind begins with."""
    return f"tok_{kind}_"


def token_of(text: str, key: str, tags: Iterable[str] = ()) -> str:
    """Return the token of a text; `key` is k as it stands in a session, 64 hexadecimal digits.

    ValueError without a key: a digest that needs none could be found by guessing.
    """
    if not key:
        raise ValueError("a token needs a key")
    digest = _sha256(key + _sha256(key + text))
    return token_front(token_kind(tags)) + digest[:DIGITS]


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()
