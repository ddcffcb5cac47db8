"""What each mask shows, defined by a Python reference that the SQL forms are tested against.

Masks act at the scan, so WHERE, JOIN, ORDER BY and every aggregate see the masked value only.
NULL stays NULL under every mask.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from datetime import date
from decimal import Decimal, localcontext

from lucky_mcp.catalog.snapshot import Column, TypeFamily
from lucky_mcp.model.decision import MaskName
from lucky_mcp.policy.schema import MaskWord
from lucky_mcp.policy.scrub import PATTERNS
from lucky_mcp.policy.tokens import token_of

HIDDEN = "***"
REDACTED = "[redacted]"
DIGITS_MIN = 7
CARD_TAG = "pii.card"
PHONE_FRONT, CARD_FRONT = "***-***-", "****"
ROUND_TO = 1000
DECIMAL_DIGITS = 80

STRENGTH = {MaskName.DENY: 3, MaskName.NULL: 2, MaskName.REDACT: 1}
DATED = {MaskName.YEAR, MaskName.MONTH}
# Others are written differently as text by different engines.
TOKEN_NUMBERS = ("TINYINT", "SMALLINT", "MEDIUMINT", "INT", "INTEGER", "BIGINT")
DATED_TYPES = ("DATE", "TIMESTAMP")  # DATETIME among them, TIME not

WORDS: dict[MaskWord, MaskName] = {
    MaskWord.LAST4: MaskName.LAST4,
    MaskWord.EMAIL_DOMAIN: MaskName.EMAIL_DOMAIN,
    MaskWord.INITIAL: MaskName.INITIAL,
    MaskWord.YEAR: MaskName.YEAR,
    MaskWord.MONTH: MaskName.MONTH,
    MaskWord.ROUND: MaskName.ROUND,
    MaskWord.TOKEN: MaskName.TOKEN,
    MaskWord.SCRUB: MaskName.SCRUB,
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


def mask_named(word: MaskWord, *, has_token_key: bool) -> MaskName:
    """Return the mask that a reviewer's word means; without a key no token can be made, so it redacts."""
    mask = WORDS[word]
    return MaskName.REDACT if mask is MaskName.TOKEN and not has_token_key else mask


def fitting(mask: MaskName, type_: str) -> MaskName:
    """Return the mask as it acts on a column of the type: a date's mask redacts what is no date."""
    if mask in DATED:
        return mask if type_.upper().startswith(DATED_TYPES) else MaskName.REDACT
    family = Column(name="", type=type_).family
    if mask is MaskName.ROUND:
        return mask if family is TypeFamily.NUMBER else MaskName.REDACT
    if mask is MaskName.TOKEN:
        whole = type_.upper().partition("(")[0].strip() in TOKEN_NUMBERS
        return mask if whole or family is TypeFamily.TEXT else MaskName.REDACT
    return mask


def masked(value: object, mask: MaskName, tags: Iterable[str] = (), token_key: str = "") -> object:
    """Return what a caller sees of `value`: the reference for every engine's SQL form.

    ValueError for `deny`, which shows no column at all, and for `token` without `token_key`.
    """
    if mask is MaskName.DENY:
        raise ValueError("a denied column has no masked value")
    if value is None or mask is MaskName.NULL:
        return None
    if mask in DATED:
        return _from(value, mask)
    if mask is MaskName.ROUND:
        return _rounded(value)
    text = str(value)
    if mask is MaskName.LAST4:
        return _last4(text, tags)
    if mask is MaskName.EMAIL_DOMAIN:
        return _email_domain(text)
    if mask is MaskName.INITIAL:
        return _initial(text)
    if mask is MaskName.TOKEN:
        return token_of(text, token_key, tags)
    return scrubbed(text) if mask is MaskName.SCRUB else REDACTED


def scrubbed(text: str) -> str:
    """Return free text with addresses, card numbers and telephone numbers replaced by a word for each."""
    for pattern, word in PATTERNS:
        text = re.sub(pattern, word, text)
    return text


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


def _initial(text: str) -> str:
    """Only a Latin letter is an initial: one character of a Chinese name is half of it, or all."""
    first = text[:1]
    return f"{first}." if first.isascii() and first.isalpha() else HIDDEN


def _from(value: object, mask: MaskName) -> object:
    """The first day of the year or month, as a date whatever the column's time of day."""
    if not isinstance(value, date):
        return REDACTED
    return date(value.year, 1 if mask is MaskName.YEAR else value.month, 1)


def _rounded(value: object) -> object:
    """Towards zero, so that no type overflows and nothing is shown that is more than the value."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return REDACTED
    if isinstance(value, int):
        thousands = abs(value) // ROUND_TO * ROUND_TO
        return thousands if value >= 0 else -thousands
    if isinstance(value, float):
        thousand = math.floor(abs(value) / ROUND_TO) * float(ROUND_TO) if math.isfinite(value) else abs(value)
        return thousand if value >= 0 or value != value else 0 - thousand
    with localcontext() as context:
        context.prec = DECIMAL_DIGITS
        return value - value % ROUND_TO
