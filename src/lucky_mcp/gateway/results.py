"""What a read gives back: the rows under their caps, with the receipt."""

from __future__ import annotations

from lucky_mcp.gateway.execute import Executed
from lucky_mcp.gateway.journal import Journal
from lucky_mcp.gateway.key_results import key_result_of
from lucky_mcp.gateway.prepare import Prepared
from lucky_mcp.gateway.prepare_keys import PreparedKeys, Ready
from lucky_mcp.gateway.receipts import (
    filters_applied,
    left_out,
    masks_applied,
    not_filtered,
    rules_applied,
    waivers_told,
)
from lucky_mcp.model.result import Explanation, PlanStep, ReadResult, Receipt, Truncation


def result_of(journal: Journal, prepared: Ready, executed: Executed) -> ReadResult:
    """Return the result of a read that was executed."""
    if isinstance(prepared, PreparedKeys):
        return key_result_of(journal.id, journal.elapsed_ms(), journal.digests, prepared, executed)
    rows, note = executed.rows, executed.route.note
    rows_max, bound = prepared.guarded.rows_max, prepared.guarded.bound
    kept = rows.rows[:rows_max]
    truncation = Truncation.ROWS if len(rows.rows) > rows_max else Truncation.NONE
    if rows.bytes_met:
        truncation = Truncation.BYTES
    return ReadResult(
        columns=prepared.guarded.names.over(rows.columns),
        rows=tuple(kept),
        truncation=truncation,
        rows_max=rows_max,
        rows_cap=bound.rows_max,
        bytes=rows.bytes,
        cells_cut=rows.cells_cut,
        receipt=Receipt(
            id=journal.id,
            source=prepared.source.name,
            elapsed_ms=journal.elapsed_ms(),
            filters=filters_applied(prepared.permit),
            masked=masks_applied(prepared),
            not_filtered=not_filtered(prepared.permit),
            waivers=waivers_told(prepared.permit),
            digests=journal.digests,
            notes=(note,) if note else (),
        ),
    )


def explanation_of(
    journal: Journal, prepared: Prepared, plan: tuple[PlanStep, ...], no_plan: str
) -> Explanation:
    """Return what is told of a read that would be done."""
    return Explanation(
        source=prepared.source.name,
        dialect=prepared.source.dialect.value,
        sql_sent=prepared.guarded.text_agent,
        sql_engine=prepared.guarded.text_sent,
        tables=tuple(str(table.table) for table in prepared.permit.tables),
        applied=rules_applied(prepared.permit),
        rows_max=prepared.guarded.rows_max,
        timeout_ms=prepared.guarded.bound.timeout_ms,
        receipt_id=journal.id,
        digests=journal.digests,
        notes=(
            *(f"{table} is not filtered: {why}" for table, why in not_filtered(prepared.permit)),
            *left_out(prepared.permit),
        ),
        plan=plan,
        no_plan=no_plan,
    )
