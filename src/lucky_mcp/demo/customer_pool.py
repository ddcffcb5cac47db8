"""Choosing buyers: a set of accounts from which orders draw, the frequent visitors more often."""

from __future__ import annotations

from bisect import bisect, bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate
from random import Random

from lucky_mcp.demo.customers import Customer


@dataclass(frozen=True, kw_only=True)
class CustomerPool:
    """Accounts in order of registration with their running weights; build one with `pool_of`."""

    members: tuple[Customer, ...]
    running_weights: tuple[float, ...]

    def draw(self, rng: Random, *, registered_before: datetime, count: int) -> list[Customer]:
        """Return `count` buyers with repetition, none younger than the order they are wanted for."""
        eligible = bisect_left(self.members, registered_before, key=lambda member: member.registered_at)
        if not eligible:
            raise ValueError(f"nobody in the pool had registered before {registered_before}")
        # What Random.choices does, without a copy of the eligible members for every store and day.
        total, last = self.running_weights[eligible - 1], eligible - 1
        places = (bisect(self.running_weights, rng.random() * total, 0, last) for _ in range(count))
        return [self.members[place] for place in places]


def pool_of(customers: Iterable[Customer]) -> CustomerPool:
    """Return a pool of the given accounts, whose order must be that of registration."""
    members = tuple(customers)
    return CustomerPool(
        members=members, running_weights=tuple(accumulate(member.visit_weight for member in members))
    )
