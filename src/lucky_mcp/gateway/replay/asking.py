"""One question asked of the policies alone: the verdict, and what would be done to the read."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from lucky_mcp.audit.record import Explained
from lucky_mcp.audit.sink import MemorySink
from lucky_mcp.errors import ReadError
from lucky_mcp.gateway.read import Gateway
from lucky_mcp.gateway.replay.recordings import PERMIT
from lucky_mcp.gateway.review.offline import offline_gateway
from lucky_mcp.model.principal import Principal
from lucky_mcp.model.request import SqlRead
from lucky_mcp.policy.policy_set import PolicySet


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What becomes of a question; `what` and the texts after it are those of a refusal.

    `filters` are rule ids, `masks` `schema.table.column:mask`, `tables` `schema.table`.
    """

    verdict: str
    filters: tuple[str, ...] = ()
    masks: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()
    what: str = ""
    next_step: str = ""
    rewrite: str = ""
    nearest: tuple[str, ...] = ()


@dataclass
class Asking:
    """Asks questions of one policy set; no source is opened, and reference sets stand under their names."""

    policies: PolicySet
    now: datetime
    _gateways: dict[datetime, tuple[Gateway, MemorySink]] = field(default_factory=dict)

    def gateway(self, at: datetime | None = None) -> Gateway:
        """Return the gateway whose clock stands at `at`, now when it is None."""
        return self._gateway(at or self.now)[0]

    async def ask(self, caller: Principal, source: str, sql: str, at: datetime | None = None) -> Answer:
        """Return what `Gateway.explain` says to the caller."""
        gateway, records = self._gateway(at or self.now)
        records.records.clear()
        try:
            await gateway.explain(caller, SqlRead(source=source, sql=sql))
        except ReadError as refusal:
            return Answer(
                verdict=str(refusal.code),
                what=refusal.what,
                next_step=refusal.next_step,
                rewrite=refusal.rewrite,
                nearest=refusal.nearest,
            )
        (told,) = (each for each in records.records if isinstance(each, Explained))
        return Answer(verdict=PERMIT, filters=told.filters, masks=told.masks, tables=told.tables)

    def _gateway(self, at: datetime) -> tuple[Gateway, MemorySink]:
        if at not in self._gateways:
            self._gateways.clear()
            records = MemorySink()
            self._gateways[at] = offline_gateway(self.policies, at, records), records
        return self._gateways[at]
