"""The machines in the stores: 216 of them, and more than half do not answer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from itertools import cycle, islice
from typing import Final

from lucky_mcp.demo.rates import DEVICES, DEVICES_OFFLINE
from lucky_mcp.demo.stores import Store
from lucky_mcp.demo.world import World

ESPRESSO: Final = "espresso_machine"
_EQUIPMENT: Final = (
    ESPRESSO, "grinder", "refrigerator", ESPRESSO, "brewer", "ice_maker", ESPRESSO, "grinder", "refrigerator",
    "temperature_sensor", "label_printer", "blender", "water_filter",
)  # fmt: skip

# How long an offline device has been silent: two days to five weeks.
_SILENT_S: Final = (172_800, 3_000_000)


@dataclass(frozen=True, kw_only=True)
class Device:
    """One machine of one store; an offline one was last seen days ago."""

    number: int
    mark: str
    store: Store
    kind: str
    firmware: str
    online: bool
    last_seen: datetime


def devices(world: World) -> tuple[Device, ...]:
    """Return all devices; every store has an espresso machine that answers, so cups are seen everywhere."""
    rng = world.random("devices")
    places = _places(world.stores)
    free_to_fail = [number for number, (_, place) in enumerate(places) if place]
    offline = set(rng.sample(free_to_fail, round(DEVICES * DEVICES_OFFLINE)))
    closing = datetime.combine(world.end, time(23))
    return tuple(
        Device(
            number=number + 1,
            mark=f"{store.shop_no}-D{place + 1:02d}",
            store=store,
            kind=_EQUIPMENT[place],
            firmware=f"{rng.randint(3, 5)}.{rng.randint(0, 9)}",
            online=number not in offline,
            last_seen=closing - timedelta(seconds=rng.randint(*_SILENT_S) if number in offline else 40),
        )
        for number, (store, place) in enumerate(places)
    )


def espresso_machines(of: Sequence[Device]) -> Mapping[int, list[Device]]:
    """Return the machines that make drinks, by store id."""
    by_store: dict[int, list[Device]] = defaultdict(list)
    for device in of:
        if device.kind == ESPRESSO:
            by_store[device.store.id].append(device)
    return by_store


def _places(stores: Sequence[Store]) -> list[tuple[Store, int]]:
    """Return (store, place in the store) of each device: stores in turn until all devices are placed."""
    turns = islice(cycle(stores), DEVICES)
    placed = [(store, number // len(stores)) for number, store in enumerate(turns)]
    return sorted(placed, key=lambda each: (each[0].id, each[1]))
