"""The staff of the stores: invented people, with numbers that no authority ever gave out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Final

from lucky_mcp.demo.person_names import draw_name
from lucky_mcp.demo.stores import Store
from lucky_mcp.demo.world import World

_EMPLOYEES: Final = 324
BARISTA: Final = "barista"
# Yearly pay in dollars, lowest and highest.
_PAY: Final = {BARISTA: (36_000, 44_000), "shift_lead": (44_000, 52_000), "store_manager": (62_000, 78_000)}


@dataclass(frozen=True, kw_only=True)
class Employee:
    """One member of a store's staff; `salary` is dollars a year."""

    employee_id: str
    name: str
    ssn: str
    position: str
    salary: int
    store: Store
    hired: date


def employees(world: World) -> tuple[Employee, ...]:
    """Return all staff, spread evenly over the stores: a manager and two leads each, the others baristas."""
    rng = world.random("employees")
    return tuple(_employee(rng, index, world.stores) for index in range(_EMPLOYEES))


def baristas(of: Sequence[Employee]) -> Mapping[int, list[Employee]]:
    """Return those who make drinks, by store id."""
    by_store: dict[int, list[Employee]] = defaultdict(list)
    for employee in of:
        if employee.position == BARISTA:
            by_store[employee.store.id].append(employee)
    return by_store


def _employee(rng: Random, index: int, stores: Sequence[Store]) -> Employee:
    store, rank = stores[index % len(stores)], index // len(stores)
    position = "store_manager" if rank == 0 else "shift_lead" if rank <= 2 else BARISTA
    name = draw_name(rng)
    lowest, highest = _PAY[position]
    return Employee(
        employee_id=f"E{10_001 + index}",
        name=f"{name.first} {name.last}",
        # No social security number begins with 000.
        ssn=f"000-{rng.randint(1, 99):02d}-{1_000 + index:04d}",
        position=position,
        salary=rng.randrange(lowest, highest, 100),
        store=store,
        hired=store.open_date - timedelta(days=rng.randint(3, 40)),
    )
