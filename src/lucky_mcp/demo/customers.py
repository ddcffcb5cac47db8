"""The accounts: who may order, since when, in which country, and how often they do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random

from lucky_mcp.demo.contacts import account_email, account_phone, email_address
from lucky_mcp.demo.part_random import part_random
from lucky_mcp.demo.person_names import PersonName, draw_name
from lucky_mcp.demo.rates import BIRTHDAY_NULL, CK_ACCOUNTS, NAME_NULL, WITHOUT_PROFILE
from lucky_mcp.demo.scale import Scale
from lucky_mcp.demo.stores import FIRST_OPENING


@dataclass(frozen=True, kw_only=True, slots=True)
class Profile:
    """What an account tells about its person; every field may be missing."""

    first_name: str | None
    last_name: str | None
    gender: str | None
    birthday: date | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Customer:
    """One account; `visit_weight` is its pull when an order looks for a buyer."""

    user_no: str
    group_no: str
    country_code: str
    phone: str | None
    email: str | None
    registered_at: datetime
    profile: Profile | None
    visit_weight: float


def build_customers(*, seed: int, end: date, scale: Scale) -> tuple[Customer, ...]:
    """Return all accounts, oldest first: registrations spread evenly from the first opening to `end`."""
    rng = part_random(seed, scale.name, "customers")
    opening = datetime.combine(FIRST_OPENING, time(6))
    seconds_each = ((end - FIRST_OPENING).days * 86_400) / scale.customers
    return tuple(
        _customer(rng, index, opening + timedelta(seconds=int(seconds_each * (index + rng.random()))))
        for index in range(scale.customers)
    )


def _customer(rng: Random, index: int, registered_at: datetime) -> Customer:
    country_code = "CK" if rng.random() < CK_ACCOUNTS else "US"
    name = draw_name(rng)
    address = email_address(rng, index, name.latin_first, name.latin_last)
    return Customer(
        user_no=f"U{100_000_001 + index}",
        group_no=f"G{1_000 + rng.randrange(40)}",
        country_code=country_code,
        phone=account_phone(rng, index, country_code),
        email=account_email(rng, address),
        registered_at=registered_at,
        profile=_profile(rng, name),
        # A heavy tail: most people come once a month, a few come every day.
        visit_weight=min(rng.paretovariate(1.3), 40.0),
    )


def _profile(rng: Random, name: PersonName) -> Profile | None:
    if rng.random() < WITHOUT_PROFILE:
        return None
    nameless = rng.random() < NAME_NULL
    birthday = date(1955, 1, 1) + timedelta(days=rng.randrange(19_000))
    return Profile(
        first_name=None if nameless else name.first,
        last_name=None if nameless else name.last,
        gender=rng.choices(("F", "M", "X", None), (46, 40, 2, 12))[0],
        birthday=None if rng.random() < BIRTHDAY_NULL else birthday,
    )
