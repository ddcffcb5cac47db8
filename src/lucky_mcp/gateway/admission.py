"""Who asks too much is told when to ask again: every read is admitted by its caller's quota, and settled."""

from __future__ import annotations

import math
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from lucky_mcp.enforcement.guarded import GuardedRead
from lucky_mcp.errors import Code, LimitExceeded, Phase, ReadError
from lucky_mcp.limits.fallback import FallbackMeter
from lucky_mcp.limits.meter import AT_ONCE, Charge, Meter, Wait
from lucky_mcp.model.principal import Principal
from lucky_mcp.model.quota import PERIODS, Quota
from lucky_mcp.model.source import Kind, Source
from lucky_mcp.policy.quotas import Quotas
from lucky_mcp.telemetry.instruments import QUOTA_REFUSALS

CALLS, ROWS, BYTES = "calls_per_minute", "rows_per_hour", "bytes_per_hour"
REDSHIFT = "redshift_seconds_per_day"
COST_EXPLORER = "cost_explorer_calls_per_day"
# What only some reads use is looked at, or paid, once it is known that a read does.
OF_SOME = {REDSHIFT, COST_EXPLORER}
_MET = {
    CALLS: "{you} made {limit:,} calls within a minute",
    ROWS: "{you} read {limit:,} rows within an hour",
    BYTES: "{you} read {limit:,} bytes within an hour",
    REDSHIFT: "{your} reads have taken {limit:,} seconds of Redshift within a day",
    COST_EXPLORER: "{you} made {limit:,} calls of Cost Explorer within a day",
    AT_ONCE: "{limit:,} of {your} reads are under way",
}
_YOU = {"you": "you have", "your": "your"}
_THE_APP = {"you": "all who ask through this app have", "your": "this app's"}
_ADVICE = {
    ROWS: "; aggregate in SQL instead of reading rows",
    BYTES: "; aggregate in SQL instead of reading rows",
}


async def _for_nothing(read: GuardedRead) -> None:
    """Pay where nobody counts."""


@dataclass
class Spent:
    """What a read has used so far; `pay` charges what is known before it is sent, or is RATE_LIMITED."""

    pay: Callable[[GuardedRead], Awaitable[None]] = _for_nothing
    rows: int = 0
    bytes: int = 0
    sent_at: float | None = None
    source: Source | None = None

    def sent(self, source: Source, at: float) -> None:
        """Remember when the source was asked."""
        self.source, self.sent_at = source, at


class Admission:
    """Keeps callers to their quotas by one meter; without a meter nobody is kept to any."""

    def __init__(self, meter: Meter | None = None) -> None:
        self._meter = meter

    @asynccontextmanager
    async def held(
        self,
        principal: Principal,
        quotas: Quotas,
        *,
        ticks: Callable[[], float],
        refused: Callable[[ReadError], None],
    ) -> AsyncIterator[Spent]:
        """Run the block as one read of the caller, and of the app that asks for it, by the quota of each.

        RATE_LIMITED, told to `refused` first, if one of them may not.
        """
        meter = self._meter
        if meter is None or principal.is_system:
            yield Spent()
            return
        lease = secrets.token_hex(8)
        known = [(each.subject, quotas.of(each)) for each in _counted(principal)]
        admitted: list[tuple[str, Quota]] = []

        async def pay(read: GuardedRead) -> None:
            for who, quota in known:
                charges = _once_known(quota, read)
                wait = await meter.admit(who, charges, None, lease) if charges else None
                _refuse(wait, quota, is_app=who != known[0][0])

        spent = Spent(pay=pay)
        try:
            for who, quota in known:
                try:
                    wait = await meter.admit(who, _at_first(quota), quota.reads_at_once, lease)
                    _refuse(wait, quota, is_app=bool(admitted))
                except LimitExceeded as refusal:
                    refused(refusal)
                    raise
                admitted.append((who, quota))
            yield spent
        finally:
            for who, quota in admitted:
                await meter.settle(who, _at_last(quota, spent, ticks()), lease)

    @property
    def is_shared(self) -> bool | None:
        """Whether other processes count along now; None when they were never meant to."""
        return self._meter.is_shared if isinstance(self._meter, FallbackMeter) else None

    async def close(self) -> None:
        """Close the meter."""
        if self._meter is not None:
            await self._meter.close()


def _at_first(quota: Quota) -> tuple[Charge, ...]:
    return tuple(
        _charges(quota, {kind: 1 if kind == CALLS else 0 for kind in PERIODS if kind not in OF_SOME})
    )


def _once_known(quota: Quota, read: GuardedRead) -> tuple[Charge, ...]:
    """Calls that cost money are paid before they are made, so that nobody goes beyond that limit."""
    amounts: dict[str, float] = {REDSHIFT: 0} if read.source.kind is Kind.REDSHIFT else {}
    if read.cost_explorer_calls:
        amounts[COST_EXPLORER] = read.cost_explorer_calls
    return tuple(_charges(quota, amounts))


def _at_last(quota: Quota, spent: Spent, now: float) -> tuple[Charge, ...]:
    used: dict[str, float] = {ROWS: spent.rows, BYTES: spent.bytes}
    if spent.source is not None and spent.source.kind is Kind.REDSHIFT and spent.sent_at is not None:
        used[REDSHIFT] = now - spent.sent_at
    return tuple(_charges(quota, {kind: amount for kind, amount in used.items() if amount > 0}))


def _charges(quota: Quota, amounts: dict[str, float]) -> list[Charge]:
    limits = {kind: getattr(quota, kind) for kind in amounts}
    return [
        Charge(kind=kind, limit=limits[kind], period_s=PERIODS[kind], amount=amount)
        for kind, amount in amounts.items()
        if limits[kind] is not None
    ]


def _counted(principal: Principal) -> tuple[Principal, ...]:
    """The caller, and the app that asks for it where that is somebody else."""
    app = principal.app
    return (principal,) if app is None or app.subject == principal.subject else (principal, app)


def _refuse(wait: Wait | None, quota: Quota, *, is_app: bool) -> None:
    if wait is not None:
        QUOTA_REFUSALS.labels(wait.kind).inc()
        raise _refusal(wait, quota, _THE_APP if is_app else _YOU)


def _refusal(wait: Wait, quota: Quota, names: Mapping[str, str]) -> LimitExceeded:
    seconds = max(1, math.ceil(wait.seconds))
    return LimitExceeded(
        _MET[wait.kind].format(limit=getattr(quota, wait.kind), **names),
        code=Code.RATE_LIMITED,
        phase=Phase.REQUEST,
        retry_after_s=seconds,
        next_step=f"try again in {seconds} s{_ADVICE.get(wait.kind, '')}",
        audit_detail=f"{wait.kind} met; {wait.seconds:.1f} s to wait",
    )
