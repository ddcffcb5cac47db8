"""The questions beside the datasets, read on the demo's data: what they expect as rows is compared.

Nothing but files of the demo is opened, since whoever tests policies asks in everybody's name, and no audit
is kept of it: every other source is as if it were planned.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from types import MappingProxyType

from lucky_mcp.audit.sink import MemorySink
from lucky_mcp.errors import ReadError
from lucky_mcp.gateway.execute import embedded_executor
from lucky_mcp.gateway.read import Gateway
from lucky_mcp.gateway.refresh import refresh_references
from lucky_mcp.gateway.review.run_expectations import Outcome, Placed, placed
from lucky_mcp.model.request import SqlRead
from lucky_mcp.model.source import EMBEDDED, Source
from lucky_mcp.policy.loader import load_policies
from lucky_mcp.policy.offline import AnyVariableBut
from lucky_mcp.policy.policy_set import PolicySet

# The demo that rows are written for: the same rows on every machine, and a time just behind them.
SEED, LAST_DAY, SCALE = 7, date(2026, 2, 14), "tiny"
NOW = datetime(2026, 2, 15, 12, 0, tzinfo=UTC)
SHOWN_MAX = 3
PLACES = 4


async def compare_rows(root: Path, data: Path) -> dict[str, Outcome]:
    """Return the outcome of each question of `root` that expects rows, by place; `data` is the demo's folder.

    ConfigurationError as `load_policies`. Tokens are shown as `redact`, since there is no key here.
    """
    asked = [each for each in placed(root) if each.expected.rows is not None]
    if not asked:
        return {}
    async with _opened(_policies_over(root, data)) as gateway:
        return {
            each.place: Outcome(
                place=each.place,
                name=each.expected.name,
                differences=tuple([text async for text in _differences(gateway, each)]),
            )
            for each in asked
        }


@asynccontextmanager
async def _opened(policies: PolicySet) -> AsyncIterator[Gateway]:
    gateway = Gateway(
        policies=policies,
        executor=embedded_executor(),
        audit=MemorySink(),
        now=lambda: NOW,
        new_id=lambda: "r-demo",
    )
    try:
        await refresh_references(gateway, lambda: NOW)
        yield gateway
    finally:
        await gateway.close()


def _policies_over(root: Path, data: Path) -> PolicySet:
    folder = data.resolve()
    policies = load_policies(root, AnyVariableBut({"DEMO_DATA": str(folder), "LUCKY_TOKEN_KEY": ""}))
    sources = {
        name: source if _is_of_the_demo(source, folder) else _closed(source)
        for name, source in policies.sources.items()
    }
    return replace(policies, sources=MappingProxyType(sources))


def _is_of_the_demo(source: Source, folder: Path) -> bool:
    path = Path(source.url.partition("://")[2])
    is_file = source.kind in EMBEDDED and not source.url.startswith("s3:")
    return is_file and path.resolve().is_relative_to(folder)


def _closed(source: Source) -> Source:
    return replace(source, status="planned", url="", server=None, replicas=())


async def _differences(gateway: Gateway, question: Placed) -> AsyncIterator[str]:
    try:
        asked = SqlRead(source=question.source, sql=question.expected.sql)
        found = await gateway.read(question.caller, asked)
    except ReadError as refusal:
        yield f"expected rows, got {refusal.code} ({refusal.what})"
        return
    wanted = Counter(map(_comparable, question.expected.rows or ()))
    answered = Counter(map(_comparable, found.rows))
    for words, rows in (("missing", wanted - answered), ("not expected", answered - wanted)):
        for text in _told(words, list(rows.elements())):
            yield text


def _told(words: str, rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    yield from (f"row {words}: {', '.join(row)}" for row in sorted(rows)[:SHOWN_MAX])
    if len(rows) > SHOWN_MAX:
        yield f"{len(rows) - SHOWN_MAX} more rows {words}"


def _comparable(row: Sequence[object]) -> tuple[str, ...]:
    return tuple(map(_cell, row))


def _cell(value: object) -> str:
    """Numbers are compared to four places, whatever their type; times and text as they are written."""
    if value is None or isinstance(value, bool | str):
        return "NULL" if value is None else str(value)
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, int | float | Decimal):
        return _number(Decimal(str(value)))
    return str(value)


def _number(value: Decimal) -> str:
    try:
        return f"{round(value, PLACES).normalize():f}"
    except InvalidOperation:
        return str(value)
