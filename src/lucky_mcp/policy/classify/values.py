"""What the values of a column look like: shapes only, no value leaves this file."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final

from lucky_mcp.policy.classify.vocabulary import vocabulary

MOST: Final = 0.8
VALUE_CHARS_MAX: Final = 500

_EMAIL: Final = re.compile(
    r"[^@\s,;]+@[^@\s,;]+\.[A-Za-z]{2,}(?:\s*[,;]\s*[^@\s,;]+@[^@\s,;]+\.[A-Za-z]{2,})*"
)
_PHONE_PLUS: Final = re.compile(r"\+\d(?:[ .()-]?\d){6,14}")
_PHONE_US: Final = re.compile(r"(?:1[ .-]?)?\(?[2-9]\d{2}\)?[ .-]\d{3}[ .-]\d{4}(?: ?x\d{1,5})?")
_PHONE_CN: Final = re.compile(r"1[3-9]\d{9}|0\d{2,3}-\d{7,8}")
_PHONE_ANY: Final = re.compile(r"[+(]?\d(?:[ .()/x+-]{0,2}\d){6,16}")
_SSN: Final = re.compile(r"(?!000|666)\d{3}-\d{2}-\d{4}")
_CN_ID: Final = re.compile(r"\d{17}[\dXx]|\d{15}")
_CARD: Final = re.compile(r"[3-6]\d{3}(?:[ -]?\d){9,15}")
_IBAN: Final = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}")
_MAC: Final = re.compile(r"(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}")
_GEO: Final = re.compile(r"-?\d{1,2}\.\d{3,}\s*,\s*-?\d{1,3}\.\d{3,}")
_SECRET: Final = re.compile(
    r"\$2[aby]\$\d\d\$.{53}|\$argon2.*|eyJ[\w-]+\.eyJ[\w-]+\.[\w-]*"
    r"|(?:sk|pk|ghp|xox[bp])[-_]\w{12,}|-----BEGIN .*"
)
_STREET: Final = re.compile(r"(?:\d+\w?|PO|P\.O\.)\s+\S.*")
_CHINESE_ADDRESS: Final = re.compile(r".*[省市区县镇路街道村].*(?:\d|号|栋|室|弄|单元).*")
_CHINESE_NAME: Final = re.compile(r"[\u4e00-\u9fff·]{2,4}")
_NAME_WORDS: Final = re.compile(r"[A-Z][\w.'-]*(?: [A-Z][\w.'-]*){1,3}")
_COUNTS: Final = re.compile(r"[\[{].*[\]}]", re.DOTALL)
_CHECK: Final = "10X98765432"
_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


@dataclass(frozen=True, kw_only=True)
class ValuesSay:
    """The tag that most values look like, how many of how many; `loose` tags only support a name."""

    tag: str = ""
    what: str = ""
    alike: int = 0
    of: int = 0
    loose: frozenset[str] = frozenset()


def read_values(values: Sequence[object]) -> ValuesSay:
    """Return what the values that are not empty look like; nothing when there are none."""
    texts = [
        str(value).strip()[:VALUE_CHARS_MAX] for value in values if value is not None and str(value).strip()
    ]
    if not texts:
        return ValuesSay()
    for tag, what, fits in STRICT:
        alike = sum(map(fits, texts))
        if alike >= MOST * len(texts):
            return ValuesSay(tag=tag, what=what, alike=alike, of=len(texts), loose=frozenset({tag}))
    loose = frozenset(tag for tag, fits in LOOSE if sum(map(fits, texts)) >= MOST * len(texts))
    return ValuesSay(of=len(texts), loose=loose)


def _is_ip(text: str) -> bool:
    try:
        return all(ip_address(part.strip()) is not None for part in text.split(",")) and (
            "." in text or ":" in text
        )
    except ValueError:
        return False


def _is_cn_id(text: str) -> bool:
    if not _CN_ID.fullmatch(text) or len(text) != 18:
        return False
    month, day = int(text[10:12]), int(text[12:14])
    total = sum(int(digit) * weight for digit, weight in zip(text[:17], _WEIGHTS, strict=True))
    return 1 <= month <= 12 and 1 <= day <= 31 and _CHECK[total % 11] == text[17].upper()


def _is_card(text: str) -> bool:
    digits = [int(each) for each in text if each.isdigit()]
    if not _CARD.fullmatch(text) or not 13 <= len(digits) <= 19:
        return False
    doubled = [sum(divmod(2 * each, 10)) if at % 2 else each for at, each in enumerate(reversed(digits))]
    return sum(doubled) % 10 == 0


def _is_phone(text: str) -> bool:
    return any(each.fullmatch(text) for each in (_PHONE_PLUS, _PHONE_US, _PHONE_CN))


def _is_iban(text: str) -> bool:
    compact = text.replace(" ", "")
    if not _IBAN.fullmatch(compact):
        return False
    return int("".join(str(int(each, 36)) for each in compact[4:] + compact[:4])) % 97 == 1


def _is_address(text: str) -> bool:
    if _CHINESE_ADDRESS.fullmatch(text):
        return True
    words = {word.strip(".,").lower() for word in text.split()}
    return bool(_STREET.fullmatch(text)) and len(words) >= 3 and bool(words & vocabulary().streets)


def _is_person(text: str) -> bool:
    known = vocabulary()
    if _CHINESE_NAME.fullmatch(text):
        return text[0] in known.surnames_chinese and len(text) <= 3
    words = text.split()
    return bool(_NAME_WORDS.fullmatch(text.title() if text.isupper() else text)) and any(
        word.lower() in known.given for word in words
    )


def _is_prose(text: str) -> bool:
    if _COUNTS.fullmatch(text):
        return False
    words = text.split()
    return len(words) >= 4 or (not text.isascii() and len(text) >= 5 and " " in text)


def _whole(pattern: re.Pattern[str]) -> Callable[[str], bool]:
    return lambda text: pattern.fullmatch(text) is not None


# Shapes that hardly anything else has: they count whatever the name is.
STRICT: Final[tuple[tuple[str, str, Callable[[str], bool]], ...]] = (
    ("secret", "keys or digests of passwords", _whole(_SECRET)),
    ("pii.email", "e-mail addresses", _whole(_EMAIL)),
    ("pii.id", "identity numbers with their check digit", _is_cn_id),
    ("pii.id", "social security numbers", _whole(_SSN)),
    ("pii.card", "card numbers with their check digit", _is_card),
    ("pii.card", "bank account numbers with their check digits", _is_iban),
    ("pii.network", "network addresses", _is_ip),
    ("pii.device", "hardware addresses", _whole(_MAC)),
    ("pii.location", "pairs of coordinates", _whole(_GEO)),
    ("pii.phone", "telephone numbers", _is_phone),
    ("pii.address", "postal addresses", _is_address),
    ("pii.name", "names of people", _is_person),
)
# Shapes that other things have as well: they only bear out what a name says.
LOOSE: Final[tuple[tuple[str, Callable[[str], bool]], ...]] = (
    ("pii.phone", _whole(_PHONE_ANY)),
    ("free_text", _is_prose),
)
