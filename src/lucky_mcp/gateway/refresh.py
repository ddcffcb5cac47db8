"""Keeps the reference sets young: each is read through the gateway as `system:reference`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

import structlog

from lucky_mcp.errors import ReadError
from lucky_mcp.gateway.references import ReferenceSnapshot
from lucky_mcp.model.principal import SYSTEM_REFERENCE
from lucky_mcp.model.request import SqlRead
from lucky_mcp.model.result import Truncation
from lucky_mcp.policy.policy_set import Reference

if TYPE_CHECKING:
    from lucky_mcp.gateway.read import Gateway

CHECK_SECONDS = 15.0
log = structlog.get_logger(__name__)


async def refresh_references(gateway: Gateway, now: Callable[[], datetime]) -> None:
    """Read every set that is due; one that fails keeps its last values until they are too old."""
    for reference in gateway.policies.references.values():
        if gateway.references.due(reference, now()):
            await _refresh(gateway, reference, now)


async def keep_references_fresh(gateway: Gateway, now: Callable[[], datetime]) -> None:
    """Refresh for ever; cancelled when the server stops."""
    while True:
        await asyncio.sleep(CHECK_SECONDS)
        await refresh_references(gateway, now)


async def _refresh(gateway: Gateway, reference: Reference, now: Callable[[], datetime]) -> None:
    request = SqlRead(source=reference.source, sql=reference.sql, rows_max=reference.values_max)
    read_at = now()
    try:
        result = await gateway.read(SYSTEM_REFERENCE, request)
    except ReadError as failure:
        log.warning("reference set not refreshed", reference=reference.name, code=failure.code)
        return
    values = tuple(sorted({row[0] for row in result.rows if isinstance(row[0], int | str)}, key=str))
    if (
        result.truncation is not Truncation.NONE
        or len(result.columns) != 1
        or len(values) < len(set(result.rows))
    ):
        log.warning(
            "reference set refused", reference=reference.name, why="cut, several columns or odd values"
        )
        return
    gateway.references.put(ReferenceSnapshot(of=reference, values=values, read_at=read_at))
