"""Leaves out of the guards what a statement does not mention: a server would compute and copy it for nothing.

What a fence holds is written out column by column on MySQL and MariaDB, masks included, and every column is
text that a server reads. What the statement says nothing about cannot change its answer.
"""

from __future__ import annotations

from dataclasses import replace

from sqlglot import exp

from lucky_mcp.model.decision import Permit, TableDecision
from lucky_mcp.model.source import Kind, Source
from lucky_mcp.sql.nodes import Nodes
from lucky_mcp.sql.resolved import ResolvedQuery

# Embedded engines read the columns they need by themselves.
NARROWED = frozenset({Kind.MYSQL, Kind.POSTGRES, Kind.REDSHIFT})


def narrowed(permit: Permit, query: ResolvedQuery, nodes: Nodes, source: Source) -> Permit:
    """Return the permit, its tables without the columns that the statement does not mention.

    `nodes` are the statement's, with its scans in it. A statement that may mean a column without its name, by
    a star, a whole row, NATURAL or a position, gets the permit as it is; so does one with a name in doubt. A
    view's guard stays as it is, and one column stays in every guard.
    """
    if source.kind not in NARROWED or query.reads_whole_rows or not all(map(str.isascii, query.column_names)):
        return permit
    if _names_a_row(permit, query, nodes):
        return permit
    return replace(permit, tables=tuple(_without_others(each, query.column_names) for each in permit.tables))


def _without_others(decided: TableDecision, names: frozenset[str]) -> TableDecision:
    if decided.below is not None:
        return decided
    kept = [each for each in decided.columns if each.name.lower() in names or not each.name.isascii()]
    if not kept:
        plain = [each for each in decided.columns if each.mask is None]
        kept = (plain or list(decided.columns))[:1]
    return decided if len(kept) == len(decided.columns) else replace(decided, columns=tuple(kept))


def _names_a_row(permit: Permit, query: ResolvedQuery, nodes: Nodes) -> bool:
    """Whether `scan.name` is no column: PostgreSQL then calls a function of that name with the whole row."""
    scans = {scan.node.alias_or_name.lower() for scan in query.scans}
    columns = {column.name.lower() for decided in permit.tables for column in decided.columns}
    return any(
        column.table.lower() in scans and column.name.lower() not in columns
        for column in nodes.of(exp.Column)
        if column.args.get("table")
    )
