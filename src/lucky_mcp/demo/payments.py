"""What was paid for the orders: more trades than orders, through refunds, splits and failed attempts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from random import Random
from typing import Final, NamedTuple

from lucky_mcp.demo.orders import Order, OrderStatus
from lucky_mcp.demo.rates import PADDED_ORDER_ID, PAYMENTS_ABOVE_ORDERS
from lucky_mcp.demo.world import World

_SPLITS_OF_THE_REST: Final = 0.6
_FEE_SHARE: Final = 0.029
_FEE_FIXED_CENTS: Final = 30


class TradeStatus(StrEnum):
    """What became of a trade; a refund's amount is positive like any other."""

    SUCCESS = "success"
    FAILED = "failed"
    REFUND = "refund"


class Trade(NamedTuple):
    """One payment transaction, amounts in cents (a tuple, because there are half a million)."""

    trade_no: str
    order: Order
    order_id_text: str
    channel: Channel
    cents: int
    fee_cents: int
    status: TradeStatus
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Channel:
    """One of the ways to pay; only some show a card."""

    name: str
    method: str
    weight: int
    shows_card: bool


def _channel(name: str, method: str, weight: int, *, shows_card: bool = False) -> Channel:
    return Channel(name=name, method=method, weight=weight, shows_card=shows_card)


CHANNELS: Final = (
    _channel("stripe_card", "card", 30, shows_card=True),
    _channel("apple_pay", "wallet", 34, shows_card=True),
    _channel("google_pay", "wallet", 12, shows_card=True),
    _channel("samsung_pay", "wallet", 2, shows_card=True),
    _channel("paypal", "wallet", 6),
    _channel("venmo", "wallet", 4),
    _channel("cash_app", "wallet", 3),
    _channel("amazon_pay", "wallet", 2),
    _channel("alipay", "wallet", 3),
    _channel("wechat_pay", "wallet", 2),
    _channel("gift_card", "stored_value", 2),
)
_CHANNEL_WEIGHTS: Final = tuple(channel.weight for channel in CHANNELS)


def trades(world: World) -> Iterator[Trade]:
    """Yield every trade in the order of its order: exactly the stated share above the completed orders."""
    rng = world.random("payments")
    split, failed = _split_and_failed(rng, world.orders)
    number = 0
    for order in world.orders:
        if order.status is OrderStatus.CANCELLED:
            continue
        for status, cents, seconds in _course(rng, order, order.order_id in split, order.order_id in failed):
            number += 1
            paid = status is TradeStatus.SUCCESS
            yield Trade(
                trade_no=f"T{order.placed_at:%y%m%d}{number:09d}",
                order=order,
                order_id_text=order_id_text(rng, order.order_id),
                channel=rng.choices(CHANNELS, _CHANNEL_WEIGHTS)[0],
                cents=cents,
                fee_cents=round(cents * _FEE_SHARE) + _FEE_FIXED_CENTS if paid else 0,
                status=status,
                at=order.placed_at + timedelta(seconds=seconds),
            )


def order_id_text(rng: Random, order_id: int) -> str:
    """Return the order key as text databases have it: mostly plain, some with leading zeros."""
    return f"{order_id:016d}" if rng.random() < PADDED_ORDER_ID else str(order_id)


def card_last4(user_no: str) -> str:
    """Return the end of the account's card number, which is as invented as the account."""
    return f"{int(user_no[1:]) * 7_919 % 10_000:04d}"


def card_token(user_no: str) -> str:
    """Return the processor's token for the account's card."""
    return f"tok_demo_{int(user_no[1:]) * 2_654_435_761 % 2**48:012x}"


def _split_and_failed(rng: Random, orders: tuple[Order, ...]) -> tuple[set[int], set[int]]:
    paid = [order for order in orders if order.status is not OrderStatus.CANCELLED]
    completed = [order.order_id for order in paid if order.status is OrderStatus.COMPLETED]
    for_refunds = 2 * (len(paid) - len(completed))
    rest = max(round(PAYMENTS_ABOVE_ORDERS * len(completed)) - for_refunds, 0)
    splits = round(rest * _SPLITS_OF_THE_REST)
    return set(rng.sample(completed, splits)), set(rng.sample(completed, rest - splits))


def _course(rng: Random, order: Order, split: bool, failed: bool) -> list[tuple[TradeStatus, int, int]]:
    """Return (status, cents, seconds after the order) of each of an order's trades."""
    cents, seconds = order.pay_cents, rng.randint(4, 40)
    course: list[tuple[TradeStatus, int, int]] = []
    if failed:
        course.append((TradeStatus.FAILED, cents, seconds))
        seconds += 45
    if split:
        first = cents * rng.randint(20, 60) // 100
        course.append((TradeStatus.SUCCESS, first, seconds))
        course.append((TradeStatus.SUCCESS, cents - first, seconds + 5))
    else:
        course.append((TradeStatus.SUCCESS, cents, seconds))
    if order.status is OrderStatus.REFUNDED:
        course.append((TradeStatus.REFUND, cents, seconds + rng.randint(300, 5_000)))
    return course
