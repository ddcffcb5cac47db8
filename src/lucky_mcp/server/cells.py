"""One database value as text or JSON, exactly: no rounding, no guessing, no locale."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


def zone_of(name: str) -> tzinfo | None:
    """The zone called `name`; None when this machine lacks it, and times then keep their own offset."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def as_text(value: object, zone: tzinfo | None) -> str:
    """Write a value that is not NULL.

    Decimals keep every digit and never turn into exponents; moments that carry an offset are told in
    `zone`, others are in it already; bytes are hexadecimal after 0x; lists and objects are JSON.
    """
    match value:
        case str():
            return _encodable(value)
        case bool():
            return "true" if value else "false"
        case Decimal():
            return format(value, "f")
        case float():
            return _float(value)
        case datetime() | date() | time() | timedelta():
            return _moment(value, zone)
        case bytes() | bytearray() | memoryview():
            return "0x" + bytes(value).hex()
        case Mapping() | list() | tuple() | set() | frozenset():
            return json.dumps(as_json(value, zone), ensure_ascii=False, separators=(",", ":"))
        case _:
            return _encodable(str(value))


def as_json(value: object, zone: tzinfo | None) -> object:
    """The same value for JSON: numbers that JSON readers would round (decimals) stay texts."""
    match value:
        case None | bool() | int():
            return value
        case float():
            return value if math.isfinite(value) else _float(value)
        case Mapping():
            return {as_text(key, zone): as_json(entry, zone) for key, entry in value.items()}
        case list() | tuple() | set() | frozenset():
            return [as_json(entry, zone) for entry in value]
        case _:
            return as_text(value, zone)


def has_time_of_day(value: object) -> bool:
    """Whether reading `value` rightly takes knowing the time zone."""
    return isinstance(value, datetime)


def one_line(text: str) -> str:
    """`text` with every run of white space and control characters made one space."""
    return " ".join("".join(character if character.isprintable() else " " for character in text).split())


def _float(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return repr(value)


def _moment(value: datetime | date | time | timedelta, zone: tzinfo | None) -> str:
    if isinstance(value, timedelta):
        return _duration(value)
    if isinstance(value, datetime) and value.tzinfo is not None and zone is not None:
        value = value.astimezone(zone)
    return value.isoformat()


def _duration(value: timedelta) -> str:
    """Hours may pass 24: MySQL's TIME is a span as much as a time of day."""
    sign = "-" if value < timedelta(0) else ""
    seconds, microseconds = divmod(abs(value) // timedelta(microseconds=1), 1_000_000)
    text = f"{sign}{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return f"{text}.{microseconds:06}" if microseconds else text


def _encodable(text: str) -> str:
    """Lone surrogates cannot be sent as UTF-8; they become the replacement character."""
    return text.encode("utf-8", "surrogatepass").decode("utf-8", "replace") if not text.isascii() else text
