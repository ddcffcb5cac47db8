"""Telephone numbers and e-mail addresses in every condition a real account table has them.

All are fictional by construction: 555-0100 to 555-0199 is set aside for fiction in North America, no Cook
Islands number starts with 0, and the example domains are reserved by RFC 2606.
"""

from __future__ import annotations

from random import Random
from typing import Final

from lucky_mcp.demo.rates import (
    EMAIL_EMPTY,
    EMAIL_NULL,
    EMAIL_TWO_AT,
    EMAIL_WITHOUT_AT,
    PHONE_EMPTY,
    PHONE_NULL,
    PHONE_TOO_SHORT,
)

_AREA_CODES: Final = (
    "212", "646", "917", "332", "347", "718", "929", "201", "551", "914", "516", "631", "203", "475", "860",
    "617", "857", "215", "267", "202", "301", "703", "404", "305", "312", "773", "713", "512", "214", "303",
    "602", "206", "503", "415", "510", "408", "213", "310", "619", "702",
)  # fmt: skip
_US_FORMS: Final = (
    "+1 ({area}) 555-{line}",
    "{area}555{line}",
    "{area}-555-{line}",
    "+1{area}555{line}",
    "({area}) 555-{line}",
    "1 {area} 555 {line}",
    "{area}.555.{line}",
)
_US_FORM_WEIGHTS: Final = (40, 20, 12, 12, 8, 5, 3)
_DOMAINS: Final = ("example.com", "example.org", "example.net", "mail.example", "Example.COM")
_DOMAIN_WEIGHTS: Final = (60, 15, 12, 10, 3)


def us_phone(rng: Random, index: int) -> str:
    """Return a well-formed fictional US number, in one of the ways people write theirs."""
    area = _AREA_CODES[index // 100 % len(_AREA_CODES)]
    form = rng.choices(_US_FORMS, _US_FORM_WEIGHTS)[0]
    return form.format(area=area, line=f"01{index % 100:02d}")


def cook_islands_phone(index: int) -> str:
    """Return a fictional Cook Islands number: five digits after +682, the first of them the unused 0."""
    return f"+682 0{index // 1000 % 10} {index % 1000:03d}"


def account_phone(rng: Random, index: int, country_code: str) -> str | None:
    """Return what the account table holds as a number: mostly one, at times NULL, empty or a stump."""
    fate = rng.random()
    if fate < PHONE_NULL:
        return None
    if fate < PHONE_NULL + PHONE_EMPTY:
        return ""
    if fate < PHONE_NULL + PHONE_EMPTY + PHONE_TOO_SHORT:
        return rng.choice(("555", "0123", "55501", "12"))
    return cook_islands_phone(index) if country_code == "CK" else us_phone(rng, index)


def email_address(rng: Random, index: int, first_name: str, last_name: str) -> str:
    """Return a well-formed address at a reserved domain; capitals occur, as they do in real tables."""
    domain = rng.choices(_DOMAINS, _DOMAIN_WEIGHTS)[0]
    local = f"{first_name}.{last_name}{index % 1000}"
    return f"{local if rng.random() < 0.05 else local.lower()}@{domain}"


def account_email(rng: Random, address: str) -> str | None:
    """Return what the account table holds as an address: mostly `address`, at times none or a broken one."""
    fate = rng.random()
    broken = EMAIL_NULL + EMAIL_EMPTY
    if fate < EMAIL_NULL:
        return None
    if fate < broken:
        return ""
    if fate < broken + EMAIL_WITHOUT_AT:
        return address.replace("@", ".")
    if fate < broken + EMAIL_WITHOUT_AT + EMAIL_TWO_AT:
        return address.replace("@", "@@") if rng.random() < 0.5 else f"{address}@example.com"
    return address
