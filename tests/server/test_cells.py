from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from lucky_mcp.server.cells import as_json, as_text, one_line, zone_of

NEW_YORK = ZoneInfo("America/New_York")

CASES = [
    (True, "true"),
    (False, "false"),
    (0, "0"),
    (12345678901234567890, "12345678901234567890"),
    (Decimal("1.10"), "1.10"),
    (Decimal("1E+3"), "1000"),
    (Decimal("0.0000000001"), "0.0000000001"),
    (Decimal("-0.00"), "-0.00"),
    (0.1, "0.1"),
    (1e22, "1e+22"),
    (float("nan"), "NaN"),
    (float("-inf"), "-Infinity"),
    (date(2026, 2, 14), "2026-02-14"),
    (datetime(2026, 2, 14, 9, 5), "2026-02-14T09:05:00"),
    (datetime(2026, 2, 14, 9, 5, 1, 250), "2026-02-14T09:05:01.000250"),
    (datetime(2026, 2, 14, 14, 5, tzinfo=UTC), "2026-02-14T09:05:00-05:00"),
    (time(9, 5), "09:05:00"),
    (timedelta(hours=30, seconds=1), "30:00:01"),
    (timedelta(microseconds=-1), "-00:00:00.000001"),
    (b"\x00\xff", "0x00ff"),
    (bytearray(b"a"), "0x61"),
    (memoryview(b"a"), "0x61"),
    ([1, "a,b", None, Decimal("1.10")], '[1,"a,b",null,"1.10"]'),
    ({"k": {"t": datetime(2026, 1, 1)}, 2: [True]}, '{"k":{"t":"2026-01-01T00:00:00"},"2":[true]}'),
    ("", ""),
    ("  kept  ", "  kept  "),
    ("咖啡 ☕", "咖啡 ☕"),
    ("lone \ud800", "lone \ufffd\ufffd\ufffd"),
    (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
]


@pytest.mark.parametrize(
    ("value", "text"), CASES, ids=[f"{type(value).__name__} {text[:30]!r}" for value, text in CASES]
)
def test_value_as_text(value: object, text: str) -> None:
    assert as_text(value, NEW_YORK) == text


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (True, True),
        (7, 7),
        (1.5, 1.5),
        (float("inf"), "Infinity"),
        (Decimal("1.10"), "1.10"),
        ((1, None), [1, None]),
        (b"\x01", "0x01"),
    ],
)
def test_value_as_json(value: object, expected: object) -> None:
    result = as_json(value, NEW_YORK)
    assert (result, type(result)) == (expected, type(expected))


def test_an_unknown_zone_leaves_the_offset() -> None:
    assert zone_of("Nowhere/Land") is None
    assert as_text(datetime(2026, 2, 14, 14, 5, tzinfo=UTC), None) == "2026-02-14T14:05:00+00:00"


def test_one_line_takes_out_every_line_break_and_control_character() -> None:
    assert one_line("a\nb\r\n\u2028c\x1b[31m\td\x85e") == "a b c [31m d e"
