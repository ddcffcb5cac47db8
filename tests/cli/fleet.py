"""A stand-in for the gateway and the demo's builder, put in place of what `app` opens."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal

import pytest

from lucky_mcp.model.request import SqlRead
from lucky_mcp.model.result import ReadResult
from tests.server.fakes import FakeGateway, rows


def revenue(_: SqlRead) -> ReadResult:
    """Two stores."""
    return rows(("shop_id", "orders", "revenue_usd"), (1, 20, Decimal("110.50")), (2, 10, Decimal("50.00")))


def put_in_place(monkeypatch: pytest.MonkeyPatch, gateway: FakeGateway) -> None:
    """Make `app` open `gateway`, whatever the settings say."""

    @asynccontextmanager
    async def opened(*_: object) -> AsyncIterator[FakeGateway]:
        yield gateway

    for room in ("gateway", "catalogs", "serving"):
        monkeypatch.setattr(f"lucky_mcp.app.{room}.open_gateway", opened)
