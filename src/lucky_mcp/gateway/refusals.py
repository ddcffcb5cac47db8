"""Refusals about names: a denied name reads like an unknown one, and near names are visible ones only."""

from __future__ import annotations

import difflib

from lucky_mcp.decision.decide import decide_table
from lucky_mcp.errors import Code, NameRefused, PolicyRefused, SourceUnavailable
from lucky_mcp.gateway.view import View
from lucky_mcp.model.decision import Deny, DenyReason, TableDecision
from lucky_mcp.model.names import TableName
from lucky_mcp.model.principal import Principal
from lucky_mcp.model.source import Source
from lucky_mcp.sql.resolved import ResolvedQuery, UnknownTable

NEAR_MAX = 5


def source_unknown(view: View, principal: Principal, name: str) -> SourceUnavailable:
    """Return the refusal of a source name, with the near names the caller may use."""
    usable = [
        source.name for source in view.policies.sources.values() if visible_tables(view, principal, source)
    ]
    shorts = {view.policies.sources[each].short_name: each for each in usable}
    near = difflib.get_close_matches(name, [*usable, *shorts], n=NEAR_MAX, cutoff=0.5)
    return SourceUnavailable(
        "there is no such source for you",
        nearest=tuple(dict.fromkeys(shorts.get(each, each) for each in near)),
        next_step="call list_sources to see the sources you may read",
        audit_detail=f"source {name!r}",
    )


def unknown_tables(
    view: View, principal: Principal, source: Source, query: ResolvedQuery, sql: str
) -> NameRefused:
    """Return the refusal of the first unknown name; with a runnable text when only its schema is missing."""
    missing = min(query.unknown, key=_position)
    visible = visible_tables(view, principal, source)
    homes = [name for name in visible if name.table.lower() == missing.table.lower()]
    if not missing.schema and len(homes) == 1:
        return _unknown(missing, (str(homes[0]),), _with_schema(sql, query, visible), "name the schema")
    return _unknown(missing, near_tables(str(missing), visible), "", "")


def denied(decision: Deny) -> PolicyRefused:
    """Return the refusal for a Deny of readable tables: a reference set or a definition is missing."""
    first = decision.denied[0]
    if first.reason is DenyReason.VIEW_UNAVAILABLE:
        return PolicyRefused(
            f"the view {first.table} cannot be read here: its definition uses what is not accepted",
            code=Code.CONSTRUCT_REFUSED,
            next_step="read other tables with search_catalog, or ask the owner of the view to simplify it",
            audit_detail=first.detail,
        )
    return PolicyRefused(
        "a reference set that a mandatory filter needs is not available now",
        next_step="try again in a minute; if it stays, tell the data platform team",
        audit_detail=f"{first.table}: {first.reason}; {first.detail}",
    )


def visible_tables(view: View, principal: Principal, source: Source) -> tuple[TableName, ...]:
    """Return the tables of a source that the caller may read now, in catalog order."""
    return tuple(
        sorted(
            table
            for table in view.policies.tables.get(source.name, {})
            if isinstance(
                decide_table(principal, source, table, view.policies, view.references, view.now),
                TableDecision,
            )
        )
    )


def near_tables(written: str, visible: tuple[TableName, ...]) -> tuple[str, ...]:
    """Return the visible tables whose full or leaf names are close to what was written."""
    full = {str(name).lower(): str(name) for name in visible}
    leaves = {name.table.lower(): str(name) for name in visible}
    leaf = written.rpartition(".")[2].lower()
    near = [full[each] for each in difflib.get_close_matches(written.lower(), full, n=NEAR_MAX, cutoff=0.6)]
    near += [leaves[each] for each in difflib.get_close_matches(leaf, leaves, n=NEAR_MAX, cutoff=0.5)]
    return tuple(dict.fromkeys(near))[:NEAR_MAX]


def _unknown(missing: UnknownTable, near: tuple[str, ...], rewrite: str, step: str) -> NameRefused:
    return NameRefused(
        f"there is no table {str(missing)[:120]!r} here for you",
        place=missing.place,
        nearest=near,
        next_step=step or "call search_catalog with what you are looking for",
        rewrite=rewrite,
        audit_detail=f"{missing.denied} is denied" if missing.denied else "",
    )


def _position(unknown: UnknownTable) -> tuple[int, int]:
    return (unknown.place.line, unknown.place.column) if unknown.place else (0, 0)


def _with_schema(sql: str, query: ResolvedQuery, visible: tuple[TableName, ...]) -> str:
    """Return the agent's text with schemas before its table names; "" when one is not found by position."""
    places = [(unknown.place, unknown.table) for unknown in query.unknown]
    lines = sql.splitlines(keepends=True)
    for place, table in sorted(
        places, key=lambda each: (each[0].line, each[0].column) if each[0] else (0, 0), reverse=True
    ):
        homes = [name for name in visible if name.table.lower() == table.lower()]
        if place is None or len(homes) != 1 or place.line > len(lines):
            return ""
        line, column = lines[place.line - 1], place.column - 1
        if line[column : column + len(table)].lower() != table.lower():
            return ""
        lines[place.line - 1] = f"{line[:column]}{homes[0].schema}.{line[column:]}"
    return "".join(lines)
