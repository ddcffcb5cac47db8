"""Everything that happens before the audit hears of a read: pure, synchronous, without a database."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from lucky_mcp.catalog.bootstrap import METADATA, metadata_catalog
from lucky_mcp.catalog.snapshot import Catalog
from lucky_mcp.decision.decide import decide, decide_table, knows_any_table, may_know_of, permit_metadata
from lucky_mcp.enforcement.averages import settle_averages
from lucky_mcp.enforcement.enforce import enforce
from lucky_mcp.enforcement.exempt_aggregates import refuse_listing_exempt
from lucky_mcp.enforcement.guarded import GuardedSql
from lucky_mcp.enforcement.probed_values import probed_values
from lucky_mcp.errors import ArgumentInvalid, ReadError, SourceUnavailable
from lucky_mcp.gateway.refusals import denied, source_unknown, unknown_tables
from lucky_mcp.gateway.view import View
from lucky_mcp.gateway.weight import LIGHT, UNKNOWN, Weight, weigh
from lucky_mcp.model.decision import Decision, Deny, Permit
from lucky_mcp.model.names import TableName
from lucky_mcp.model.principal import Principal
from lucky_mcp.model.request import SqlRead
from lucky_mcp.model.source import Source
from lucky_mcp.sql.allow import allow
from lucky_mcp.sql.alternatives import alternatives
from lucky_mcp.sql.depth import too_deep
from lucky_mcp.sql.dialects import GRAMMARS
from lucky_mcp.sql.parse import parse
from lucky_mcp.sql.resolve import resolve
from lucky_mcp.sql.resolved import ResolvedQuery
from lucky_mcp.telemetry.steps import step


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A read that may go on: the sealed statement, what was decided, what it reads and asks after."""

    source: Source
    guarded: GuardedSql
    permit: Permit
    columns: tuple[str, ...]
    weight: Weight = UNKNOWN
    probes: frozenset[str] = frozenset()


def find_source(view: View, principal: Principal, name: str, *, keyed: bool = False) -> Source:
    """Return the named source; SourceUnavailable in the same words whether unknown or not for the caller.

    Of a short name that a database and a Redis cluster share, `keyed` says which is meant.
    A planned source has no tables, so whoever may read anything at all is told that it is not connected yet.
    """
    source = view.policies.source(name, keyed=keyed)
    if source is not None and source.status == "planned" and _may_know_of_planned(view, principal):
        raise SourceUnavailable(
            f"{source.name} is planned and not connected yet",
            next_step="call search_catalog with what you are looking for; another source may have it",
        )
    if source is None or (not principal.is_system and not _knows(view, principal, source)):
        raise source_unknown(view, principal, name)
    if source.status == "down":
        raise SourceUnavailable(
            f"{source.name} is marked as down", next_step="ask for another source with list_sources"
        )
    return source


def refuse_keys(source: Source) -> None:
    """ArgumentInvalid for a source that has no tables."""
    if source.is_keyed:
        raise ArgumentInvalid(
            f"{source.name} is a Redis cluster: it holds keys, not tables",
            next_step="call scan_redis to see its keys, read_redis for one of them",
        )


def prepare(view: View, principal: Principal, source: Source, request: SqlRead) -> Prepared:
    """Parse, allow, resolve, decide, enforce and verify; raises a ReadError for every refusal.

    A refusal carries a text that runs instead where there is one: each was prepared before it is offered.
    """
    try:
        return _prepare(view, principal, source, request)
    except RecursionError:
        raise too_deep() from None
    except ReadError as refusal:
        refusal.rewrite = _runnable(view, principal, source, request, refusal)
        raise


def _runnable(view: View, principal: Principal, source: Source, request: SqlRead, refusal: ReadError) -> str:
    for text in alternatives(request.sql, refusal, source.dialect):
        try:
            _prepare(view, principal, source, replace(request, sql=text))
        except (ReadError, RecursionError):
            continue
        return text
    return ""


def _prepare(view: View, principal: Principal, source: Source, request: SqlRead) -> Prepared:
    refuse_keys(source)
    grammar = GRAMMARS[source.dialect]
    catalog = catalog_for(view, principal, source)
    readable = _readable(view, principal, source)
    with step("parse"):
        statement = parse(request.sql, grammar)
    with step("allow"):
        allow(statement.tree, source.dialect)
    with step("resolve"):
        query = resolve(statement, grammar, catalog, source.default_schema, readable)
    if query.unknown:
        raise unknown_tables(view, principal, source, query, request.sql)
    with step("decide"):
        decision = _decide(view, principal, source, catalog, query)
    if isinstance(decision, Deny):
        raise denied(decision)
    if principal.is_system:
        refuse_listing_exempt(query, decision)
    decision = settle_averages(query, decision)
    weight = LIGHT if reads_metadata(view, principal) else weigh(query, decision, source, catalog, view.now)
    probes = frozenset[str]() if principal.is_system else probed_values(query, decision)
    with step("enforce"):
        guarded = enforce(query, decision, source, request.rows_max, view.now)
    columns = columns_read(query, decision)
    return Prepared(
        source=source, guarded=guarded, permit=decision, columns=columns, weight=weight, probes=probes
    )


def catalog_for(view: View, principal: Principal, source: Source) -> Catalog:
    """Return what names are looked up in: the reviewed snapshot, or the metadata tables for the crawl."""
    if reads_metadata(view, principal) and source.kind in METADATA:
        return metadata_catalog(source.name, source.kind)
    return view.policies.catalogs[source.name]


def reads_metadata(view: View, principal: Principal) -> bool:
    """Whether the principal is the crawl; only `system:` roles can be."""
    return principal.is_system and any(
        view.policies.roles[role].reads_metadata for role in principal.roles if role in view.policies.roles
    )


def tables_read(prepared: Prepared) -> tuple[TableName, ...]:
    """Return the tables and views that a read needs, those below its views as well."""
    permit = prepared.permit
    return tuple(each.table for each in (*permit.tables, *permit.below_views))


def columns_read(query: ResolvedQuery, permit: Permit) -> tuple[str, ...]:
    """Return `schema.table.column` for every visible column the statement may read, never fewer.

    Behind them stand those that the definitions of its views use.
    """
    named = [
        f"{decided.table}.{column.name}"
        for decided in permit.tables
        for column in decided.columns
        if query.reads_whole_rows or column.name.lower() in query.column_names
    ]
    views = (each.below for each in (*permit.tables, *permit.below_views) if each.below is not None)
    return tuple(dict.fromkeys((*named, *(column for view in views for column in view.columns))))


def _readable(view: View, principal: Principal, source: Source) -> Callable[[TableName], bool]:
    """A table without its reference set is readable but refused: the caller may be told why."""
    if reads_metadata(view, principal):
        return lambda table: True

    def readable(table: TableName) -> bool:
        return may_know_of(decide_table(principal, source, table, view.policies, view.references, view.now))

    return readable


def _decide(
    view: View, principal: Principal, source: Source, catalog: Catalog, query: ResolvedQuery
) -> Decision:
    if reads_metadata(view, principal):
        return permit_metadata(catalog, principal, query.tables, view.policies)
    return decide(principal, source, query.tables, view.policies, view.references, view.now)


def _may_know_of_planned(view: View, principal: Principal) -> bool:
    return principal.is_system or any(
        _knows(view, principal, source) for source in view.policies.sources.values()
    )


def _knows(view: View, principal: Principal, source: Source) -> bool:
    return knows_any_table(principal, source, view.policies, view.references, view.now)
