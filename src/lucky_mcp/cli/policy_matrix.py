"""The role × column matrix as text, CSV and JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence

from lucky_mcp.gateway.review.access import TableAccess
from lucky_mcp.gateway.review.matrix import MatrixTable
from lucky_mcp.policy.policy_set import Timed
from lucky_mcp.server.layouts import csv

# A reader looks for what is seen, so what is not is the smallest sign.
SIGNS = {"absent": "·"}
CSV_COLUMNS = ("source", "table", "column", "role", "shown", "rule", "place", "conditions")


def matrix_text(tables: Sequence[MatrixTable]) -> str:
    """Return one block a table: its columns down, the roles across, and the filters of each role below."""
    return "\n\n".join(_block(table) for table in tables)


def matrix_csv(tables: Sequence[MatrixTable]) -> str:
    """Return one line for each table, column and role."""
    rows = [
        (
            table.source,
            table.table,
            column,
            access.roles[0],
            access.shown(column),
            *_cause(access, column),
            "; ".join(text for text, _ in access.conditions),
        )
        for table in tables
        for access in table.by_role
        for column in table.columns
    ]
    return csv(CSV_COLUMNS, rows, None)


def matrix_document(tables: Sequence[MatrixTable]) -> str:
    """Return a list of tables, each with its columns by role and the filters by role."""
    return json.dumps(
        [
            {
                "source": table.source,
                "table": table.table,
                "classification": table.level,
                "columns": {
                    column: {access.roles[0]: access.shown(column) for access in table.by_role}
                    for column in table.columns
                },
                "conditions": {
                    access.roles[0]: [
                        {"what": text, "rule": rule.id, "place": rule.place}
                        for text, rule in access.conditions
                    ]
                    for access in table.by_role
                    if not access.denied
                },
                "until": [
                    {
                        "rule": each.rule.id,
                        "place": each.rule.place,
                        "for": sorted({*each.principals, *each.roles}),
                        "until": each.until,
                        "why": each.rule.why,
                    }
                    for each in table.timed
                ],
                "denied": {access.roles[0]: access.denied for access in table.by_role if access.denied},
            }
            for table in tables
        ],
        indent=1,
        ensure_ascii=False,
    )


def _block(table: MatrixTable) -> str:
    head = f"{table.source} · {table.table} · {table.level}"
    roles = [access.roles[0] for access in table.by_role if not access.denied]
    readers = [access for access in table.by_role if not access.denied]
    lines = [head]
    if readers:
        width = max(len(column) for column in table.columns)
        widths = [max(len(role), 12) for role in roles]
        lines.append("  ".join(["  " + " " * width, *_padded(roles, widths)]).rstrip())
        for column in table.columns:
            shown = [access.shown(column) for access in readers]
            cells = [SIGNS.get(each, each) for each in shown]
            lines.append("  ".join([f"  {column:<{width}}", *_padded(cells, widths)]).rstrip())
    by_text: dict[str, list[str]] = {}
    for access in readers:
        for text, rule in access.conditions:
            by_text.setdefault(f"{text} ({rule.id}, {rule.place})", []).append(access.roles[0])
    for text, of_roles in by_text.items():
        lines.append(f"  {text}" if len(of_roles) == len(readers) else f"  {', '.join(of_roles)}: {text}")
    why = next((access.not_filtered for access in readers if access.not_filtered), "")
    lines += [f"  not filtered: {why}"] if why else []
    lines += [f"  {_timed(each)}" for each in table.timed]
    denied: dict[str, list[str]] = {}
    for access in table.by_role:
        if access.denied:
            denied.setdefault(access.denied, []).append(access.roles[0])
    lines += [f"  {reason}: {', '.join(of_roles)}" for reason, of_roles in denied.items()]
    return "\n".join(lines)


def _timed(timed: Timed) -> str:
    who = ", ".join(sorted({*timed.principals, *timed.roles}))
    return f"until {timed.until}, for {who}: {timed.rule.why} ({timed.rule.id}, {timed.rule.place})"


def _padded(cells: Sequence[str], widths: Sequence[int]) -> list[str]:
    return [f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True)]


def _cause(access: TableAccess, column: str) -> tuple[str, str]:
    found = access.columns.get(column)
    return (found.rule.id, found.rule.place) if found is not None and found.rule is not None else ("", "")
