"""Values as the other engines give them: JSON as its text, and dates that Python has none for as theirs."""

from __future__ import annotations

import psycopg
from psycopg import adapt
from psycopg.types.datetime import DateLoader, IntervalLoader, TimestampLoader, TimestamptzLoader
from psycopg.types.string import TextLoader

JSON_TYPES = ("json", "jsonb")
# Also what has no counterpart in the other engines, or one that prints in words of Python's own.
AS_TEXT = (*JSON_TYPES, "inet", "cidr", "jsonpath", "record")


class _Date(DateLoader):
    def load(self, data: adapt.Buffer) -> object:  # type: ignore[override]
        """Return the date, or its text: `infinity` and years before 1 or after 9999 are values too."""
        try:
            return super().load(data)
        except (psycopg.DataError, ValueError, OverflowError):
            return bytes(data).decode()


class _Timestamp(TimestampLoader):
    def load(self, data: adapt.Buffer) -> object:  # type: ignore[override]
        """Return the moment, or its text."""
        try:
            return super().load(data)
        except (psycopg.DataError, ValueError, OverflowError):
            return bytes(data).decode()


class _Timestamptz(TimestamptzLoader):
    def load(self, data: adapt.Buffer) -> object:  # type: ignore[override]
        """Return the moment, or its text."""
        try:
            return super().load(data)
        except (psycopg.DataError, ValueError, OverflowError):
            return bytes(data).decode()


class _Interval(IntervalLoader):
    def load(self, data: adapt.Buffer) -> object:  # type: ignore[override]
        """Return the span, or its text."""
        try:
            return super().load(data)
        except (psycopg.DataError, ValueError, OverflowError):
            return bytes(data).decode()


def read_values_plainly(connection: psycopg.Connection) -> None:
    """Register the readers on one connection."""
    for name in AS_TEXT:
        connection.adapters.register_loader(name, TextLoader)
    for name, loader in (
        ("date", _Date),
        ("timestamp", _Timestamp),
        ("timestamptz", _Timestamptz),
        ("interval", _Interval),
    ):
        connection.adapters.register_loader(name, loader)
