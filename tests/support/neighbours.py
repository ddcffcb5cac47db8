"""Databases that differ only in what a role may not know: hidden rows, and hidden parts of masked values.

Two such databases must answer alike. The changes are written by hand and apart from the policies; what
a mask leaves visible (the last four digits, the domain, NULL or not) is left alone here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from random import Random

from lucky_mcp.demo.tables import Fleet
from lucky_mcp.policy.masks import scrubbed
from tests.support.generator_fleet import split_rows, table_named, with_rows
from tests.support.reference import Row

NAMES = ("zero", "huge", "sparse", "odd_text")
TEXTS = {
    "zero": ("0", "7", "12", ""),
    "huge": ("99999999999999999999", "-1", "1e400", "NaN"),
    "sparse": ("abc", "US"),
    "odd_text": ("x'y", "%", "(", "少冰", "2026-13-45", "[redacted]", "USD"),
}
NUMBERS = {"zero": (0, 50), "huge": (2_000_000_000, -2_000_000_000), "sparse": (90,), "odd_text": (1, 99, -1)}
MONEY = {
    "zero": (Decimal("0.00"),),
    "huge": (Decimal("99999999.99"), Decimal("-99999999.99")),
    "sparse": (Decimal("1.00"),),
    "odd_text": (Decimal("0.01"), Decimal("12345.67")),
}
CONTACTS = {
    "email": ("x@y", "Zoë.W@mail.example", "王@例子.公司", "a+b@c.d@e"),
    "phone": ("5550100", "212.555.0199", "２１２５５５０１００", "+1 212 555 0100"),
    "card": ("4111111111111234", "0000-0000-0000-0"),
}
KEYS = {
    "order_id",
    "order_item_id",
    "user_no",
    "shop_id",
    "id",
    "currency_code",
    "country_code",
    "is_test",
} | {
    *("order_key", "order_item_key", "customer_key", "store_key", "product_key", "date_key"),
    *("shop_dept_id", "is_nzd_test"),
}
ADDED_KEYS = {"t_sales_order_m": "order_id", "t_order_item": "order_item_id", "t_user": "user_no"} | {
    "fact_orders": "order_key"
}
NARROW = dict.fromkeys(("churn_risk_score", "latitude", "longitude"), (Decimal("0.00"), Decimal("99.99")))
Masked = Callable[[object, Random], object]


def neighbour(fleet: Fleet, role: str, name: str, *, seed: int = 0) -> Fleet:
    """Return the fleet as `role` cannot tell it from the given one."""
    rng = Random(f"{name} {role} {seed}")
    tables = []
    for table in fleet.tables:
        visible, hidden = split_rows(fleet, table.name)
        kept = [row for row in hidden if rng.random() > (0.9 if name == "sparse" else 0.15)]
        changed = [_changed_row(row, name, rng) for row in kept]
        shown = [_changed_masks(row, role, rng) for row in visible]
        rows = [*shown, *changed, *_added(table.name, hidden, name, rng)]
        if name == "odd_text":  # the place of hidden rows among the others must not matter either
            rows = _shuffled_hidden(shown, [*changed, *_added(table.name, hidden, name, rng)], rng)
        tables.append(with_rows(table_named(fleet, table.name), _unique(rows, table.primary_key)))
    return replace(fleet, tables=tuple(tables))


def _changed_row(row: Row, name: str, rng: Random) -> Row:
    """Change everything in a hidden row but its keys and the reason why it is hidden."""
    changed = {column: value if column in KEYS else _other(value, name, rng) for column, value in row.items()}
    narrow = [column for column, value in row.items() if column in NARROW and isinstance(value, Decimal)]
    return changed | {column: rng.choice(NARROW[column]) for column in narrow}


def _other(value: object, name: str, rng: Random) -> object:
    if value is None and rng.random() < 0.5:
        return None
    if isinstance(value, Decimal):
        return rng.choice(MONEY[name])
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return rng.choice(NUMBERS[name])
    if isinstance(value, float):
        return {"huge": 1e300, "zero": 0.0}.get(name, value + 1)
    if isinstance(value, datetime):
        return datetime(9999, 12, 31) if name == "huge" else datetime(2026, 2, rng.randint(1, 28), 3)
    if isinstance(value, date):
        return date(9999, 12, 31) if name == "huge" else date(1999, 1, rng.randint(1, 28))
    return rng.choice(TEXTS[name]) if isinstance(value, str) else value


def _added(table: str, hidden: list[Row], name: str, rng: Random) -> list[Row]:
    """Return new hidden rows: copies of hidden ones under keys that nobody has."""
    if name == "sparse" or not hidden:
        return []
    key = ADDED_KEYS.get(table)
    if key is None:
        return []
    chosen = [rng.choice(hidden) for _ in range(6)]
    new = [f"V{n}" if key == "user_no" else 900_000_000_000 + n for n in range(6)]
    return [{**_changed_row(row, name, rng), key: value} for row, value in zip(chosen, new, strict=True)]


def _shuffled_hidden(visible: list[Row], hidden: list[Row], rng: Random) -> list[Row]:
    """Mix hidden rows in between; the visible ones keep their order among each other."""
    rows = list(visible)
    for row in hidden:
        rows.insert(rng.randint(0, len(rows)), row)
    return rows


def _unique(rows: list[Row], key: tuple[str, ...]) -> list[Row]:
    seen: dict[tuple[object, ...], Row] = {}
    for row in rows:
        seen.setdefault(tuple(row[part] for part in key), row)
    return list(seen.values())


def _changed_masks(row: Row, role: str, rng: Random) -> Row:
    masks = ROLES[role]
    return {
        column: masks[column](value, rng) if column in masks and value is not None else value
        for column, value in row.items()
    }


def _other_digits(value: object, rng: Random) -> object:
    """Keep the last four digits, and fewer than seven digits fewer than seven."""
    digits = re.sub("[^0-9]", "", str(value))
    if len(digits) < 7:
        return "".join(rng.choice("0123456789") for _ in range(rng.randint(0, 6)))
    front = "".join(rng.choice("0123456789") for _ in range(rng.randint(3, 9)))
    return rng.choice(("+", "(", "")) + front + rng.choice(("", "-", " ")) + digits[-4:]


def _other_local_part(value: object, rng: Random) -> object:
    """Keep what is a domain; what shows no domain goes on showing none."""
    _, at, domain = str(value).rpartition("@")
    if at and domain and not re.sub("[A-Za-z0-9.-]", "", domain):
        return rng.choice(("x", "'", "1", "Zoë.W", "a@b")) + f"@{domain}"
    return rng.choice(("", "no at", "123", "x@", "a@b c"))


def _other_contacts(value: object, rng: Random) -> object:
    """Keep the text round the words that stand for contacts, and put other contacts in their place."""
    text = re.sub(
        r"\[(email|card|phone)\]", lambda match: rng.choice(CONTACTS[match[1]]), scrubbed(str(value))
    )
    return text if scrubbed(text) == scrubbed(str(value)) else value


def _any_text(value: object, rng: Random) -> object:
    return rng.choice(("", "7", "abc", "99999999999999999999", "it's", "%_", "谢谢"))


def _any_text_or_none(value: object, rng: Random) -> object:
    return rng.choice((None, "", "Zed", "17"))


def _any_day_or_none(value: object, rng: Random) -> object:
    return rng.choice((None, date(1900, 1, 1), date(2031, 12, 31)))


ROLES: dict[str, dict[str, Masked]] = {
    "analyst": {
        "phone": _other_digits,
        "email": _any_text,
        "first_name": _any_text_or_none,
        "last_name": _any_text_or_none,
        "birthday": _any_day_or_none,
        "remark": _other_contacts,
        "phone_hash": _any_text,
    },
    "data_engineer": {
        "phone": _other_digits,
        "email": _other_local_part,
        "first_name": _any_text,
        "last_name": _any_text,
        "birthday": _any_day_or_none,
        "remark": _other_contacts,
        "phone_hash": _any_text,
    },
}
