"""What the audit is told of a read that may go on, whether it is of tables or of keys."""

from __future__ import annotations

from dataclasses import dataclass

from lucky_mcp.gateway.prepare_keys import LANGUAGE, PreparedKeys, Ready
from lucky_mcp.gateway.receipts import (
    engine_of,
    filters_applied,
    masks_by_column,
    tables_read,
    tags_by_column,
    waivers_recorded,
)


@dataclass(frozen=True, kw_only=True)
class Said:
    """The fields of a record of that name."""

    sql_sent: str
    sql_engine: str
    tables: tuple[str, ...]
    columns: tuple[str, ...]
    filters: tuple[str, ...]
    masks: tuple[str, ...]
    tags: tuple[str, ...]
    engine: str
    waivers: tuple[str, ...] = ()


NOTHING = Said(sql_sent="", sql_engine="", tables=(), columns=(), filters=(), masks=(), tags=(), engine="")


def said_of(prepared: Ready) -> Said:
    """Return what is recorded: statements with values in them are scrubbed by the log itself."""
    if isinstance(prepared, PreparedKeys):
        return Said(
            sql_sent=prepared.text,
            sql_engine=prepared.text,
            tables=prepared.forms,
            columns=prepared.columns,
            filters=prepared.rules,
            masks=prepared.masks,
            tags=prepared.tags,
            engine=LANGUAGE,
        )
    return Said(
        sql_sent=prepared.guarded.text_agent,
        sql_engine=prepared.guarded.text_sent,
        tables=tables_read(prepared.permit),
        columns=prepared.columns,
        filters=filters_applied(prepared.permit),
        masks=masks_by_column(prepared),
        tags=tags_by_column(prepared),
        engine=engine_of(prepared.source),
        waivers=waivers_recorded(prepared.permit),
    )
