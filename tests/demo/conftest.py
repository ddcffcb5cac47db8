"""Fleets of all sources, shared by the demo tests: generated once, for they cannot be changed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, TypeAlias

import pytest

from lucky_mcp.demo.generate import generate
from lucky_mcp.demo.roster import SOURCES
from lucky_mcp.demo.tables import Fleet

Records: TypeAlias = list[dict[str, Any]]


@pytest.fixture(scope="session")
def end() -> date:
    return date(2026, 2, 14)


@pytest.fixture(scope="session")
def small(end: date) -> Fleet:
    return generate(seed=7, end=end, sources=SOURCES)


@pytest.fixture(scope="session")
def tiny(end: date) -> Fleet:
    return generate(seed=7, end=end, scale="tiny", sources=SOURCES)


@pytest.fixture(scope="session")
def records(small: Fleet) -> Callable[[str], Records]:
    """Return a table of the small fleet by its leaf name, rows as dictionaries."""
    read: dict[str, Records] = {}

    def of(name: str) -> Records:
        if name not in read:
            (table,) = [each for each in small.tables if each.name == name]
            names = [column.name for column in table.columns]
            read[name] = [dict(zip(names, row, strict=True)) for row in table.rows]
        return read[name]

    return of
