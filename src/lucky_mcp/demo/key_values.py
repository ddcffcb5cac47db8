"""What the Redis clusters of the demo hold: keys as the services write them, with their faults.

Half of the contact counters never end, some names hold a telephone number, one cache misses nearly always.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from random import Random
from typing import Any, Final

from lucky_mcp.demo.part_random import part_random
from lucky_mcp.demo.tables import Fleet

_CUSTOMERS, _ORDERS, _STOCK, _SESSIONS = 600, 300, 400, 500
_ORDER_SECONDS: Final = 96
_DAY: Final = 86_400
_PERIODS: Final = (("day", _DAY), ("week", 7 * _DAY), ("month", 30 * _DAY))
_HEX: Final = "0123456789abcdef"

Value = str | Mapping[str, Any] | Sequence[Any]


@dataclass(frozen=True, kw_only=True)
class Key:
    """One key; `ttl_s` None never ends."""

    name: str
    type: str
    value: Value
    ttl_s: int | None = None


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """The keys of one cluster, and what its server counted so far."""

    name: str
    keys: tuple[Key, ...]
    hits: int
    misses: int
    used_memory: int


def clusters(fleet: Fleet) -> Iterator[Cluster]:
    """Yield the clusters of a fleet, each from random numbers of its own."""
    made = {
        "luckyus-isales-market": (_market, 869_000, 131_000, 1_374_389_534),
        "luckyus-isales-order": (_order, 644_000, 356_000, 4_519_362),
        "luckyus-session": (_sessions, 996_000, 4_000, 50_646_220),
        "luckyus-isales-session": (_sessions, 981_000, 19_000, 104_574_483),
        "luckyus-auth": (_logins, 981_000, 19_000, 19_608_371),
        "luckyus-scm-shopstock": (_stock, 884_000, 116_000, 8_598_323),
        "luckyus-shopsale": (_shop_sale, 1_400_000, 47_300_000, 5_347_737),
    }
    for name, (make, hits, misses, memory) in made.items():
        rng = part_random(fleet.seed, fleet.scale, name)
        yield Cluster(name=name, keys=tuple(make(fleet, rng)), hits=hits, misses=misses, used_memory=memory)


def _rows(fleet: Fleet, source: str, schema: str, table: str, most: int) -> Iterator[Mapping[str, Any]]:
    found = fleet.table(source, schema, table)
    names = [column.name for column in found.columns]
    return (dict(zip(names, row, strict=True)) for row in islice(iter(found.rows), most))


def _customers(fleet: Fleet) -> Iterator[Mapping[str, Any]]:
    return _rows(fleet, "aws-luckyus-salescrm-rw", "luckyus_sales_crm", "t_user", _CUSTOMERS)


def _market(fleet: Fleet, rng: Random) -> Iterator[Key]:
    for customer in _customers(fleet):
        for period, seconds in _PERIODS:
            lasting = rng.random() < 0.5
            yield Key(
                name=f"CONTACT_{period}:{customer['user_no']}",
                type="string",
                value=str(rng.randrange(1, 9)),
                ttl_s=None if lasting else rng.randrange(60, seconds),
            )
        digits = "".join(sign for sign in str(customer["phone"] or "") if sign.isdigit())
        if len(digits) >= 7 and rng.random() < 0.1:
            yield Key(name=f"lead:{digits}", type="string", value=_lead(customer, digits, rng))
        if rng.random() < 0.02:
            yield Key(name=f"blacklist:{customer['user_no']}", type="string", value="1")
    for number in range(40):
        yield Key(name=f"session:{_token(rng)}", type="string", value=f"user {number}", ttl_s=3600)


def _lead(customer: Mapping[str, Any], digits: str, rng: Random) -> str:
    told = {
        "channel": rng.choice(("sms", "app", "kiosk")),
        "city": rng.choice(("New York", "Hoboken", "Jersey City")),
        "note": f"call back on {digits}",
        "phone": digits,
        "contact": {"email": customer["email"] or "", "name": "not asked"},
    }
    return json.dumps(told)


def _order(fleet: Fleet, rng: Random) -> Iterator[Key]:
    rows = list(_rows(fleet, "aws-luckyus-salesorder-rw", "luckyus_sales_order", "t_sales_order_m", _ORDERS))
    contacts = {each["user_no"]: each for each in _customers(fleet)}
    for row in rows:
        contact = contacts.get(row["user_no"], {})
        fields = {
            "order_id": row["order_id"],
            "order_status": row["order_status"],
            "shop_id": row["shop_id"],
            "pay_amount": row["pay_amount"],
            "user_no": row["user_no"],
            "phone": contact.get("phone"),
            "email": contact.get("email"),
            "remark": row["remark"],
            "items": json.dumps([{"sku": "SP1001", "quantity": 1, "phone": contact.get("phone") or ""}]),
            "auth_token": _token(rng),
        }
        yield Key(
            name=f"order:{row['order_id']}",
            type="hash",
            value={name: str(each) for name, each in fields.items() if each is not None},
            ttl_s=rng.randrange(1, _ORDER_SECONDS + 1),
        )
    events = [
        {"order_id": str(row["order_id"]), "order_status": str(row["order_status"]), "phone": "2125550100"}
        for row in rows[:50]
    ]
    yield Key(name="order:events", type="stream", value=events)


def _sessions(fleet: Fleet, rng: Random) -> Iterator[Key]:
    for customer in islice(_customers(fleet), _SESSIONS):
        told = {"user_no": customer["user_no"], "phone": customer["phone"] or "", "roles": ["customer"]}
        yield Key(
            name=f"session:{_token(rng)}",
            type="string",
            value=json.dumps(told),
            ttl_s=rng.randrange(600, 30 * _DAY),
        )


def _logins(fleet: Fleet, rng: Random) -> Iterator[Key]:
    for customer in islice(_customers(fleet), _SESSIONS):
        for kind, seconds in (("access", 3600), ("refresh", 30 * _DAY)):
            yield Key(
                name=f"auth:{kind}:{_token(rng)}",
                type="string",
                value=str(customer["user_no"]),
                ttl_s=rng.randrange(60, seconds),
            )


def _stock(fleet: Fleet, rng: Random) -> Iterator[Key]:
    rows = _rows(fleet, "aws-luckyus-scm-shopstock-rw", "luckyus_scm_shopstock", "t_shop_goods_stock", _STOCK)
    low: dict[str, dict[str, int]] = {}
    for row in rows:
        shop, goods, quantity = str(row["shop_dept_id"]), str(row["goods_mid"]), int(row["stock_quantity"])
        low.setdefault(shop, {})[goods] = quantity
        yield Key(
            name=f"stock:{shop}:{goods}",
            type="hash",
            value={"quantity": str(quantity), "unit": "pc", "updated_at": "2026-02-14T20:00:00"},
            ttl_s=None if rng.random() < 0.3 else rng.randrange(60, 3600),
        )
    for shop, goods_left in low.items():
        yield Key(name=f"low:{shop}", type="zset", value=goods_left)


def _shop_sale(fleet: Fleet, rng: Random) -> Iterator[Key]:
    shops = _rows(fleet, "aws-luckyus-opshop-rw", "luckyus_opshop", "t_shop_info", 40)
    for shop in shops:
        menu = {"version": rng.randrange(100, 200), "products": ["SP1001", "SP1002"], "editor": "internal"}
        yield Key(name=f"menu:{shop['id']}", type="string", value=json.dumps(menu), ttl_s=300)
        yield Key(name=f"hot:{shop['id']}", type="zset", value={"SP1001": 40, "SP1002": 25}, ttl_s=600)
        waiting = [str(rng.randrange(10**9, 10**10)) for _ in range(rng.randrange(1, 6))]
        yield Key(name=f"queue:{shop['id']}", type="list", value=waiting, ttl_s=900)


def _token(rng: Random) -> str:
    return "".join(rng.choice(_HEX) for _ in range(32))
