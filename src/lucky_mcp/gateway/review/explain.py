"""`policy explain`: what a role would get, and the rule behind everything that it would not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from lucky_mcp.audit.record import Explained
from lucky_mcp.audit.sink import MemorySink
from lucky_mcp.errors import ReadError
from lucky_mcp.gateway.review.causes import Cause, causes, columns_shown
from lucky_mcp.gateway.review.key_access import explained_key
from lucky_mcp.gateway.review.offline import offline_gateway
from lucky_mcp.gateway.review.stand_ins import named_again
from lucky_mcp.gateway.view import View
from lucky_mcp.model.principal import Principal
from lucky_mcp.model.request import SqlRead
from lucky_mcp.model.result import AppliedRule
from lucky_mcp.model.source import Source
from lucky_mcp.policy.policy_set import PolicySet


@dataclass(frozen=True, kw_only=True)
class Reviewed:
    """One question as a reviewer sees it: `code` is `permit` or that of the refusal.

    `told` is all that an agent would be told of a refusal; `hidden` is what only a reviewer is told.
    `columns` are (`schema.table.column`, how it is shown) for each column of the tables that are named,
    `reads` those that a permitted statement reads.
    """

    code: str
    told: str
    sql_runs: str
    applied: tuple[AppliedRule, ...]
    hidden: tuple[Cause, ...]
    columns: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
    reads: tuple[str, ...] = ()

    @property
    def rules(self) -> frozenset[str]:
        """The ids of all rules that apply to the tables read."""
        return frozenset(each.rule_id for each in self.applied)


def _of_key(view: View, principal: Principal, source: Source, key: str) -> Reviewed:
    """What is said of a key by its name stands where a statement would be."""
    refusal, applied, columns, hidden = explained_key(view, principal, source, key)
    return Reviewed(
        code=str(refusal.code) if refusal is not None else "permit",
        told=refusal.agent_text if refusal is not None else "",
        sql_runs="" if refusal is not None else f"read {applied[0].table}",
        applied=applied,
        hidden=hidden,
        columns=columns,
        notes=(refusal.audit_detail,) if refusal is not None and refusal.audit_detail else (),
        reads=tuple(name for name, shown in columns if shown != "absent") if refusal is None else (),
    )


async def explain_as(
    policies: PolicySet, principal: Principal, source: str, sql: str, now: datetime
) -> Reviewed:
    """Return what `Gateway.explain` says to `principal`, and the cause of what is hidden from it.

    Of a Redis cluster `sql` is the name of a key. No source is opened: reference sets stand under their own
    names in the text.
    """
    records = MemorySink()
    gateway = offline_gateway(policies, now, records)
    found = policies.source(source)
    hidden: tuple[Cause, ...] = ()
    columns: tuple[tuple[str, str], ...] = ()
    if found is not None and found.is_keyed:
        return _of_key(gateway.view(), principal, found, sql)
    if found is not None:
        view = gateway.view()
        hidden = tuple(causes(view, principal, found, sql))
        columns = tuple(columns_shown(view, principal, found, sql))
    try:
        explanation = await gateway.explain(principal, SqlRead(source=source, sql=sql))
    except ReadError as refusal:
        return Reviewed(
            code=str(refusal.code),
            told=refusal.agent_text,
            sql_runs="",
            applied=(),
            hidden=hidden,
            columns=columns,
            notes=(refusal.audit_detail,) if refusal.audit_detail else (),
        )
    return Reviewed(
        code="permit",
        told="",
        sql_runs=named_again(explanation.sql_sent, policies),
        applied=explanation.applied,
        hidden=hidden,
        columns=columns,
        notes=explanation.notes,
        reads=next((each.columns for each in records.records if isinstance(each, Explained)), ()),
    )
