"""The dimensions that need no data: days and times of day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

from lucky_mcp.demo.lazy_rows import Row
from lucky_mcp.demo.tables import Column, Table
from lucky_mcp.demo.warehouse.keys import date_key, dwh_table

_FIRST: Final = date(2024, 1, 1)
_LAST: Final = date(2030, 12, 31)
_DAY_NAMES: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
# Month and day of the holidays that fall on the same day every year.
_HOLIDAYS: Final = {(1, 1), (6, 19), (7, 4), (11, 11), (12, 25)}
_PEAK_HOURS: Final = {9, 13}
_PERIODS: Final = ((11, "Morning"), (14, "Lunch"), (18, "Afternoon"), (24, "Evening"))
_DATE_COLUMNS: Final = (
    Column(name="date_key", type="INTEGER", comment="YYYYMMDD"),
    Column(name="full_date", type="DATE", comment="The day"),
    Column(name="day_of_week", type="VARCHAR", comment="Monday to Sunday"),
    Column(name="is_weekend", type="BOOLEAN", comment="Saturday or Sunday"),
    Column(name="is_holiday", type="BOOLEAN", comment="Holidays on a fixed day"),
    Column(name="week_number", type="INTEGER", comment="ISO week"),
    Column(name="month", type="INTEGER", comment="1 to 12"),
    Column(name="quarter", type="INTEGER", comment="1 to 4"),
    Column(name="year", type="INTEGER", comment="Calendar year"),
    Column(name="fiscal_period", type="VARCHAR", comment="Company period: year and month"),
)
_TIME_COLUMNS: Final = (
    Column(name="time_key", type="INTEGER", comment="HHMM"),
    Column(name="hour", type="INTEGER", comment="0 to 23"),
    Column(name="minute", type="INTEGER", comment="0 to 59"),
    Column(name="period", type="VARCHAR", comment="Morning, Lunch, Afternoon or Evening"),
    Column(name="is_peak", type="BOOLEAN", comment="9 to 10 and 13 to 14 o'clock"),
)


def calendar_tables() -> tuple[Table, ...]:
    """Return dim_date for 2024 to 2030, and dim_time for every minute."""
    return (
        dwh_table("dim_date", "Days of 2024 to 2030", _DATE_COLUMNS, tuple(_dates())),
        dwh_table("dim_time", "Minutes of the day", _TIME_COLUMNS, tuple(_times())),
    )


def _dates() -> Iterator[Row]:
    for offset in range((_LAST - _FIRST).days + 1):
        day = _FIRST + timedelta(days=offset)
        yield (
            date_key(day),
            day,
            _DAY_NAMES[day.weekday()],
            day.weekday() >= 5,
            (day.month, day.day) in _HOLIDAYS,
            day.isocalendar().week,
            day.month,
            (day.month + 2) // 3,
            day.year,
            f"FY{day.year}-P{day.month:02d}",
        )


def _times() -> Iterator[Row]:
    for hour in range(24):
        period = next(name for until, name in _PERIODS if hour < until)
        for minute in range(60):
            yield (hour * 100 + minute, hour, minute, period, hour in _PEAK_HOURS)
