"""How the drinks were made: by whom, on which machine, and how long it took."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from lucky_mcp.demo.devices import Device, devices, espresso_machines
from lucky_mcp.demo.employees import Employee, baristas, employees
from lucky_mcp.demo.orders import Order, OrderStatus
from lucky_mcp.demo.payments import order_id_text
from lucky_mcp.demo.products import Product
from lucky_mcp.demo.world import World

_FIRST_PRODUCTION_ID: Final = 500_000_000_001
_FIRST_CUP_ID: Final = 600_000_000_001
# A gamma distribution has the long tail of a busy counter; its mean is shape times scale: 204 seconds.
_SHAPE: Final = 6.0
_SCALE_S: Final = 34.0
_SHORTEST_S: Final = 20
EATEN: Final = "food"


class Production(NamedTuple):
    """One drink of one order, as the counter recorded it."""

    number: int
    order: Order
    product: Product
    barista: Employee
    machine: Device
    start: datetime
    seconds: int

    @property
    def production_id(self) -> int:
        """Return the key in the production database."""
        return _FIRST_PRODUCTION_ID + self.number

    @property
    def end(self) -> datetime:
        """Return when the drink was ready."""
        return self.start + timedelta(seconds=self.seconds)


class CupEvent(NamedTuple):
    """What a machine reported about one drink."""

    cup_order_id: int
    production: Production
    order_id_text: str
    event_type: str
    at: datetime


def productions(world: World) -> Iterator[Production]:
    """Yield one production for each drink of the orders that were made."""
    rng = world.random("production")
    staff = baristas(employees(world))
    machines = espresso_machines(devices(world))
    number = 0
    for order in world.orders:
        if order.status is OrderStatus.CANCELLED:
            continue
        at_counter, at_machine = staff[order.store.id], machines[order.store.id]
        for line in order.lines:
            if line.product.category == EATEN:
                continue
            yield Production(
                number=number,
                order=order,
                product=line.product,
                barista=rng.choice(at_counter),
                machine=rng.choice(at_machine),
                start=order.placed_at + timedelta(seconds=rng.randint(15, 200)),
                seconds=max(round(rng.gammavariate(_SHAPE, _SCALE_S)), _SHORTEST_S),
            )
            number += 1


def cup_events(world: World) -> Iterator[CupEvent]:
    """Yield two events for each drink made on a machine that answers; other cups are not seen at all."""
    rng = world.random("cups")
    cup_order_id = _FIRST_CUP_ID
    for made in world.each(productions):
        if made.machine.online:
            text = order_id_text(rng, made.order.order_id)
            for event_type, at in (("brew_started", made.start), ("brew_finished", made.end)):
                yield CupEvent(cup_order_id, made, text, event_type, at)
                cup_order_id += 1
