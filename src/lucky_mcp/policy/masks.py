"""What each mask shows, defined by a Python reference that the SQL forms are tested against.

Masks act at the scan, so WHERE, JOIN, ORDER BY and every aggregate see the masked value only.
NULL stays NULL under every mask.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from lucky_mcp.model.decision import MaskName
from lucky_mcp.policy.schema import MaskWord

HIDDEN = "***"
REDACTED = "[redacted]"
DIGITS_MIN = 7
CARD_TAG = "pii.card"
PHONE_FRONT, CARD_FRONT = "***-***-", "****"

STRENGTH = {MaskName.DENY: 3, MaskName.NULL: 2, MaskName.REDACT: 1}

WORDS: dict[MaskWord, MaskName] = {
    MaskWord.LAST4: MaskName.LAST4,
    MaskWord.EMAIL_DOMAIN: MaskName.EMAIL_DOMAIN,
    MaskWord.TOKEN: MaskName.REDACT,
    MaskWord.SCRUB: MaskName.REDACT,
    MaskWord.REDACT: MaskName.REDACT,
    MaskWord.NULL: MaskName.NULL,
    MaskWord.DENY: MaskName.DENY,
}


def strictest(masks: Iterable[MaskName | None]) -> MaskName | None:
    """Combine masks: deny > null > redact > others; two different others become redact; None is no mask."""
    given = {mask for mask in masks if mask is not None}
    if not given:
        return None
    strong = [mask for mask in given if mask in STRENGTH]
    if strong:
        return max(strong, key=lambda mask: STRENGTH[mask])
    return given.pop() if len(given) == 1 else MaskName.REDACT


def masked(value: object, mask: MaskName, tags: Iterable[str] = ()) -> object:
    """Return what a caller sees of `value`: the reference for every engine's SQL form.

    ValueError for `deny`, which shows no column at all.
    """
    if mask is MaskName.DENY:
        raise ValueError("a denied column has no masked value")
    if value is None or mask is MaskName.NULL:
        return None
    if mask is MaskName.REDACT:
        return REDACTED
    text = str(value)
    return _last4(text, tags) if mask is MaskName.LAST4 else _email_domain(text)


def _last4(text: str, tags: Iterable[str]) -> str:
    digits = re.sub("[^0-9]", "", text)
    if len(digits) < DIGITS_MIN:
        return HIDDEN
    return (CARD_FRONT if CARD_TAG in tags else PHONE_FRONT) + digits[-4:]


def _email_domain(text: str) -> str:
    """Only what is written like a domain is shown: behind the last @ a name or number could follow."""
    _, at, domain = text.rpartition("@")
    if not at or not domain or re.sub("[A-Za-z0-9.-]", "", domain):
        return HIDDEN
    return f"{HIDDEN}@{domain}"
