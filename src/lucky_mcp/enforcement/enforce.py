"""The one way from a permitted query to a GuardedRead: name, bound, guard, render, verify, seal."""

from __future__ import annotations

from datetime import datetime

from lucky_mcp.enforcement.bound import bound_rows, is_few_groups, rows_allowed
from lucky_mcp.enforcement.clock import settle_clock
from lucky_mcp.enforcement.far_aggregates import refuse_far_aggregates
from lucky_mcp.enforcement.guard_scans import ALWAYS_FENCED, fence, guard_scans
from lucky_mcp.enforcement.guard_texts import guard_texts, put_guards
from lucky_mcp.enforcement.guarded import NAMED_BY_SERVER, GuardedSql, seal_sql
from lucky_mcp.enforcement.mentioned_columns import narrowed
from lucky_mcp.enforcement.naming import name_projections
from lucky_mcp.enforcement.render import render_agent, render_engine
from lucky_mcp.enforcement.repeated_arguments import refuse_repeated_arguments
from lucky_mcp.enforcement.repeated_subqueries import refuse_repeated_subqueries
from lucky_mcp.enforcement.required_conditions import refuse_unmet
from lucky_mcp.enforcement.result_names import ResultNames, result_names
from lucky_mcp.enforcement.session_names import refuse_session_names
from lucky_mcp.enforcement.shared_entries import separate_readers
from lucky_mcp.enforcement.unfenced import needs_no_fence, unfenced_text
from lucky_mcp.enforcement.unix_time import has_unix_time, settle_unix_time
from lucky_mcp.enforcement.verify import verify
from lucky_mcp.model.decision import Permit
from lucky_mcp.model.source import EMBEDDED, Dialect, Kind, Source
from lucky_mcp.sql.nodes import Nodes
from lucky_mcp.sql.places import forget_places
from lucky_mcp.sql.resolved import ResolvedQuery


def enforce(
    query: ResolvedQuery, permit: Permit, source: Source, rows_asked: int | None, now: datetime
) -> GuardedSql:
    """Return the sealed statement; the query's tree is used up. `now` is the clock of embedded engines.

    Raises PredicateMissing when a scan lacks a condition that its table requires, ConstructRefused when the
    engine has no equal construct, GuardFailed when the text does not verify.
    """
    leans_on_time = refuse_unmet(query, permit, source, now)
    nodes = Nodes(query.tree)
    if source.kind in EMBEDDED:
        refuse_session_names(nodes, permit)
    rows_max = rows_allowed(query.tree, permit.bound, rows_asked)
    names = _named(query, nodes, permit, source)
    nodes, holds_time = _without_unix_time(nodes, query, source, now)
    _refuse_misread(nodes, query, permit, source)
    forget_places(nodes)
    if source.kind in EMBEDDED:
        holds_time = settle_clock(nodes, source, now) or holds_time
        refuse_repeated_subqueries(nodes, source.dialect)
    if not is_few_groups(query.tree, permit.tables, query.scans, source.kind, rows_max):
        bound_rows(query.tree, rows_max)
    always_fenced = source.kind in ALWAYS_FENCED
    implied = needs_no_fence(nodes, query, permit, source) if always_fenced else None
    shown = narrowed(permit, query, nodes, source)
    tree = guard_scans(query, shown, source.dialect)
    guards = [guard_texts(each, source.dialect, source.kind) for each in shown.tables]
    agents, engines = [each.agent for each in guards], [each.engine for each in guards]
    scans = len(query.scans)
    text_agent = put_guards(render_agent(tree, source.dialect), agents, scans)
    if source.kind is Kind.MYSQL and source.dialect is Dialect.MYSQL:
        separate_readers(tree)
    unfenced = None
    if implied is not None:
        unfenced = unfenced_text(tree, implied, query, (permit, shown), source, rows_max)
    if unfenced is not None:
        text = text_fenced = unfenced
        always_fenced = False
    else:
        plain = "" if always_fenced else render_engine(tree, source.dialect, source.kind)
        fenced = render_engine(fence(tree, source.kind), source.dialect, source.kind, keep=False)
        text_fenced = put_guards(fenced, engines, scans)
        verify(text_fenced, query, shown, source, rows_max=rows_max, fenced=True)
        text = text_fenced
        if not always_fenced:
            text = put_guards(plain, engines, scans)
            verify(text, query, shown, source, rows_max=rows_max, fenced=False)
    return seal_sql(
        source=source,
        text_agent=text_agent,
        text=text,
        text_fenced=text_fenced,
        bound=permit.bound,
        rows_max=rows_max,
        always_fenced=always_fenced,
        holds_time=holds_time or leans_on_time,
        needs_token_key=shown.shows_tokens,
        names=names,
    )


def _without_unix_time(
    nodes: Nodes, query: ResolvedQuery, source: Source, now: datetime
) -> tuple[Nodes, bool]:
    """Settle times in seconds, in place; return the nodes as they are then, and whether `now` is in them."""
    if source.kind not in EMBEDDED or not has_unix_time(nodes, source):
        return nodes, False
    holds_time = settle_unix_time(nodes, source, now)
    return Nodes(query.tree), holds_time


def _refuse_misread(nodes: Nodes, query: ResolvedQuery, permit: Permit, source: Source) -> None:
    """Refuse what an engine answers otherwise than it is written, or ends on."""
    refuse_repeated_arguments(nodes, source.dialect, source.kind)
    if source.dialect is Dialect.MYSQL:
        refuse_far_aggregates(nodes, query, permit)


def _named(query: ResolvedQuery, nodes: Nodes, permit: Permit, source: Source) -> ResultNames:
    """Name what would be named after the rewritten text, in place; return names that a server may mix up."""
    if source.kind in EMBEDDED or source.kind is Kind.MYSQL:
        name_projections(query, nodes, source.dialect)
    return result_names(query, permit) if source.kind is Kind.MYSQL else NAMED_BY_SERVER
