"""The facts of running stores: machines' events, stock changes, and predictions beside what came true."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Final

from lucky_mcp.demo.forecasts import demand_forecasts
from lucky_mcp.demo.lazy_rows import Row
from lucky_mcp.demo.orders import OrderStatus
from lucky_mcp.demo.production import cup_events
from lucky_mcp.demo.stock import movements
from lucky_mcp.demo.tables import Column, Table
from lucky_mcp.demo.warehouse.keys import (
    DATE_KEY,
    PRODUCT_KEY,
    STORE_KEY,
    STORE_KEYS,
    date_key,
    dwh_table,
)
from lucky_mcp.demo.world import World

_IOT_COLUMNS: Final = (
    Column(name="iot_event_key", type="BIGINT", comment="Event key of the warehouse"),
    Column(name="device_key", type="BIGINT", comment="dim_device"),
    STORE_KEY,
    Column(name="event_type", type="VARCHAR", comment="brew_started or brew_finished"),
    Column(name="cup_order_id", type="VARCHAR", comment="Event key of the IoT database, as text"),
    Column(name="event_timestamp", type="TIMESTAMP", comment="When it happened"),
    Column(name="device_status", type="VARCHAR", comment="online or offline, as of the last day"),
)
_STOCK_COLUMNS: Final = (
    Column(name="stock_change_key", type="BIGINT", comment="Change key of the warehouse"),
    STORE_KEY,
    PRODUCT_KEY,
    DATE_KEY,
    Column(name="change_type", type="VARCHAR", comment="receipt, sale, waste or adjustment"),
    Column(name="quantity_change", type="DECIMAL(12,4)", comment="Servings or pieces; negative when it fell"),
    Column(name="running_balance", type="DECIMAL(12,4)", comment="Stock after the change"),
)
_PREDICTION_COLUMNS: Final = (
    Column(name="prediction_key", type="BIGINT", comment="Prediction key of the warehouse"),
    STORE_KEY,
    PRODUCT_KEY,
    DATE_KEY,
    Column(name="predicted_quantity", type="DECIMAL(12,2)", comment="Pieces expected to be sold"),
    Column(name="actual_quantity", type="DECIMAL(12,2)", comment="Pieces sold, NULL for days to come"),
    Column(
        name="prediction_error", type="DECIMAL(12,4)", comment="Predicted less actual, NULL for later days"
    ),
    Column(name="model_version", type="VARCHAR", comment="Model that predicted"),
)
_FIRST_CHANGE: Final = 700_000_000_000
_FIRST_CUP: Final = 600_000_000_000


def supply_facts(world: World) -> tuple[Table, ...]:
    """Return fact_iot_events, fact_stock_changes and fact_demand_predictions."""
    return (
        dwh_table("fact_iot_events", "Events of machines", _IOT_COLUMNS, world.rows(_events)),
        dwh_table("fact_stock_changes", "Changes of stock", _STOCK_COLUMNS, world.rows(_changes)),
        dwh_table(
            "fact_demand_predictions",
            "Predicted beside actual sales",
            _PREDICTION_COLUMNS,
            world.rows(_predictions),
        ),
    )


def _events(world: World) -> Iterator[Row]:
    for event in world.each(cup_events):
        machine = event.production.machine
        yield (
            event.cup_order_id - _FIRST_CUP,
            machine.number,
            STORE_KEYS[machine.store.id],
            event.event_type,
            str(event.cup_order_id),
            event.at,
            "online" if machine.online else "offline",
        )


@lru_cache(maxsize=10_000)
def _four_places(quantity: int) -> Decimal:
    # Cached, because nine million rows hold a few thousand different quantities.
    return Decimal(quantity * 10_000).scaleb(-4)


def _changes(world: World) -> Iterator[Row]:
    for change_id, store, goods, change_type, quantity, balance, at in world.each(movements):
        yield (
            change_id - _FIRST_CHANGE,
            STORE_KEYS[store.id],
            goods.number,
            date_key(at),
            change_type,
            _four_places(quantity),
            _four_places(balance),
        )


def _predictions(world: World) -> Iterator[Row]:
    sold = _sold(world)
    nothing = Decimal("0.00")
    for number, store, goods, _, for_day, quantity, _, model in world.each(demand_forecasts):
        actual = None
        if for_day <= world.end and goods.product:
            actual = sold.get((store.id, goods.product.spu_code, for_day), nothing)
        error = None if actual is None else (quantity - actual).quantize(Decimal("0.0001"))
        yield (
            number,
            STORE_KEYS[store.id],
            goods.number,
            date_key(for_day),
            quantity,
            actual,
            error,
            model,
        )


def _sold(world: World) -> dict[tuple[int, str, date], Decimal]:
    pieces: Counter[tuple[int, str, date]] = Counter()
    for order in world.orders:
        if order.status is OrderStatus.COMPLETED:
            day = order.placed_at.date()
            for line in order.lines:
                pieces[order.store.id, line.product.spu_code, day] += line.quantity
    return {key: Decimal(count * 100).scaleb(-2) for key, count in pieces.items()}
