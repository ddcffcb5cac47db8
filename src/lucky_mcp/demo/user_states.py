"""What the customer data platform knows of accounts: several states each, of which the latest counts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, time
from enum import IntEnum
from random import Random
from typing import Final, NamedTuple

from lucky_mcp.demo.customers import Customer
from lucky_mcp.demo.products import PRODUCTS
from lucky_mcp.demo.world import World

_FOURTH_STATE: Final = 0.56
"""Accounts with four states; the others have three, which makes 3.56 for each."""


class UserState(IntEnum):
    """How an account stands; the numbers are those of the state table."""

    NEW = 1
    ACTIVE = 2
    AT_RISK = 3
    LAPSED = 4


class StateRecord(NamedTuple):
    """One state of one account and the tags it had then."""

    number: int
    customer: Customer
    state: UserState
    tags: str
    at: datetime


def state_records(world: World) -> Iterator[StateRecord]:
    """Yield the states of every account, oldest first; half of the accounts end as lapsed."""
    rng = world.random("user_states")
    closing = datetime.combine(world.end, time(23))
    number = 0
    for customer in world.customers:
        states = _course(rng)
        step = (closing - customer.registered_at) / len(states)
        for place, state in enumerate(states):
            number += 1
            at = (customer.registered_at + step * (place + 0.9 * rng.random())).replace(microsecond=0)
            yield StateRecord(number, customer, state, _tags(rng, state), at)


def _course(rng: Random) -> tuple[UserState, ...]:
    last = rng.choices((UserState.ACTIVE, UserState.AT_RISK, UserState.LAPSED), (30, 19, 51))[0]
    if rng.random() < _FOURTH_STATE:
        return (UserState.NEW, UserState.ACTIVE, UserState.AT_RISK, last)
    return (UserState.NEW, UserState.ACTIVE, last)


def _tags(rng: Random, state: UserState) -> str:
    tags = {
        "favourite": PRODUCTS[rng.randrange(len(PRODUCTS))].spu_code,
        "visits_30d": 0 if state is UserState.LAPSED else rng.randint(0, 12),
        "coupon_sensitive": rng.random() < 0.6,
    }
    return json.dumps(tags)
