"""The text of a statement that can fail on no row: without fences, as fast as the query itself.

A fence costs an index or a copy of the table. Where nothing can fail it keeps nothing back: `cannot_fail`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from sqlglot import exp

from lucky_mcp.enforcement.cannot_fail import cannot_fail
from lucky_mcp.enforcement.guard_scans import renumber
from lucky_mcp.enforcement.guard_texts import guard_texts, put_guards
from lucky_mcp.enforcement.implied_filters import implied_filters, without_parents
from lucky_mcp.enforcement.render import render_engine
from lucky_mcp.enforcement.verify import marked_number, read_in_parts
from lucky_mcp.model.decision import Permit, TableDecision
from lucky_mcp.model.source import Source
from lucky_mcp.sql.nodes import Nodes
from lucky_mcp.sql.resolved import ResolvedQuery, Scan

Implied = frozenset[int]
"""The positions of the scans whose filters through a parent the statement implies."""


def needs_no_fence(nodes: Nodes, query: ResolvedQuery, permit: Permit, source: Source) -> Implied | None:
    """Return what a statement that cannot fail implies; None for any other. Its scans still stand in it."""
    if not cannot_fail(nodes, permit.tables, source):
        return None
    decided = [permit.for_table(scan.table) for scan in query.scans]
    return implied_filters(query.scans, decided, query.grammar)


def unfenced_text(
    tree: exp.Expr,
    implied: Implied,
    query: ResolvedQuery,
    permits: tuple[Permit, Permit],
    source: Source,
    rows_max: int,
) -> str | None:
    """Return the verified text of a guarded tree without fences; None when it does not verify as one.

    `permits` are the permit in full and as its guards show it (`mentioned_columns`). The tree is left as it
    was.
    """
    permit, shown = permits
    tables = lighter(shown)
    whole = {each.table: number for number, each in enumerate(permit.tables)}
    shorter = {each.table: number for number, each in enumerate(tables) if number >= len(whole)}
    renumber(tree, {at: shorter[query.scans[at].table] for at in implied})
    rendered = render_engine(tree, source.dialect, source.kind)
    renumber(tree, {at: whole[query.scans[at].table] for at in implied})
    engines = [guard_texts(each, source.dialect, source.kind).engine for each in tables]
    text = put_guards(rendered, engines, len(query.scans))
    return text if may_run(text, query, permits, source, rows_max=rows_max) else None


def lighter(permit: Permit) -> tuple[TableDecision, ...]:
    """Return each table's decision as it is, then again without filters by parents."""
    shorter = [without_parents(each) for each in permit.tables if each.below is None]
    return (*permit.tables, *(each for each in shorter if each is not None))


def may_run(
    text: str, query: ResolvedQuery, permits: tuple[Permit, Permit], source: Source, *, rows_max: int
) -> bool:
    """Whether `text`, without fences, reads exactly the query's scans under guards, and can fail on no row.

    The proof is made of the text as a server will read it, whatever was thought of the statement before.
    `permits` are those of `unfenced_text`.
    """
    permit, shown = permits
    tables = lighter(shown)
    scans = Counter(scan.table for scan in query.scans)
    wider = replace(permit, tables=tables)
    nodes = read_in_parts(text, scans, query.cte_prefix, wider, source, rows_max=rows_max, fenced=False)
    if nodes is None or not cannot_fail(nodes, permit.tables, source):
        return False
    numbers = [(table, marked_number(table.name, wider)) for table in nodes.of(exp.Table)]
    found = [(table, number) for table, number in numbers if number is not None]
    read = [Scan(table=tables[number].table, node=table) for table, number in found]
    lacking = {at for at, (_, number) in enumerate(found) if number >= len(permit.tables)}
    full = [permit.for_table(scan.table) for scan in read]
    return not lacking or lacking <= implied_filters(read, full, query.grammar)
