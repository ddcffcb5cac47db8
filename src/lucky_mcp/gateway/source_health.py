"""How a server is: the caller's own reads of its system datasets, and its drift from the review."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from lucky_mcp.errors import ReadError, SourceUnavailable
from lucky_mcp.gateway.prepare import find_source
from lucky_mcp.gateway.system_datasets import has_system
from lucky_mcp.model.principal import Principal
from lucky_mcp.model.request import KeyAsk, KeyRead, SqlRead
from lucky_mcp.model.result import ReadResult
from lucky_mcp.model.source import Source

if TYPE_CHECKING:
    from lucky_mcp.gateway.drift import Drift
    from lucky_mcp.gateway.read import Gateway

ROWS_MAX = 20
FILE = Path(__file__).with_name("source_health.toml")


@dataclass(frozen=True, kw_only=True)
class SourceHealth:
    """What was asked of a server, by title: the rows, or why there are none; drift is None if not known."""

    source: Source
    drift: Drift | None
    answers: Mapping[str, ReadResult | ReadError]


async def source_health(gateway: Gateway, principal: Principal, name: str) -> SourceHealth:
    """Ask a source's server how it is, as the caller; SourceUnavailable for one that has no server to ask."""
    source = find_source(gateway.view(), principal, name)
    if source.is_keyed:
        answer = await gateway.read(principal, KeyRead(source=source.name, ask=KeyAsk.HEALTH))
        return SourceHealth(source=source, drift=None, answers={"as the server says": answer})
    if not has_system(gateway.policies, principal, source):
        raise SourceUnavailable(
            f"{source.name} has no server that you may ask about itself",
            next_step="call list_sources for those of kind mysql, postgres or redis",
        )
    answers: dict[str, ReadResult | ReadError] = {}
    for title, sql in questions()[source.kind].items():
        try:
            request = SqlRead(source=source.name, sql=sql, rows_max=ROWS_MAX)
            answers[title] = await gateway.read(principal, request)
        except ReadError as failure:
            answers[title] = failure
    return SourceHealth(source=source, drift=gateway.drifts.of(source.name), answers=answers)


@cache
def questions() -> Mapping[str, Mapping[str, str]]:
    """Return the SQL of each question by the kind of server and its title."""
    return tomllib.loads(FILE.read_text(encoding="utf-8"))
