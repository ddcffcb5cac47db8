"""The fleet as one caller can tell it: computed from the same decision that a read would meet."""

from __future__ import annotations

from collections.abc import Callable

from lucky_mcp.catalog.search import rank
from lucky_mcp.catalog.snapshot import Table
from lucky_mcp.decision.decide import decide_table
from lucky_mcp.enforcement.mask_forms import masked_type
from lucky_mcp.errors import NameRefused
from lucky_mcp.gateway.prepare import find_source
from lucky_mcp.gateway.receipts import condition
from lucky_mcp.gateway.refusals import near_tables, source_unknown, visible_tables
from lucky_mcp.gateway.view import View
from lucky_mcp.model.decision import TableDecision
from lucky_mcp.model.names import TableName
from lucky_mcp.model.principal import Principal
from lucky_mcp.model.source import Source
from lucky_mcp.model.visible import ShownColumn, ShownFilter, VisibleSource, VisibleTable
from lucky_mcp.policy.policy_set import TablePolicy


class Visible:
    """Answers what exists for a principal; raises the refusals a read would raise."""

    def __init__(self, view: Callable[[], View]) -> None:
        self._view = view

    def sources(self, principal: Principal) -> tuple[VisibleSource, ...]:
        """Return the sources with at least one visible table, by name."""
        view = self._view()
        counted = [
            (source, len(visible_tables(view, principal, source)))
            for source in view.policies.sources.values()
        ]
        return tuple(_shown_source(source, tables) for source, tables in counted if tables)

    def tables(self, principal: Principal, source: str | None = None) -> tuple[VisibleTable, ...]:
        """Return the visible tables of one source, or of all."""
        view = self._view()
        chosen = [find_source(view, principal, source)] if source else list(view.policies.sources.values())
        return tuple(
            _shown_table(view, principal, each, name)
            for each in chosen
            for name in visible_tables(view, principal, each)
        )

    def table(self, principal: Principal, source: str, table: str) -> VisibleTable:
        """Return one table; NameRefused in the same words whether it is unknown or denied."""
        view = self._view()
        found = find_source(view, principal, source)
        visible = visible_tables(view, principal, found)
        if not visible:
            raise source_unknown(view, principal, source)
        wanted = table.strip().strip('`"').lower()
        matches = [name for name in visible if wanted in {str(name).lower(), name.table.lower()}]
        if len(matches) != 1:
            raise NameRefused(
                f"there is no table {table[:120]!r} here for you",
                nearest=near_tables(table, visible) or tuple(str(name) for name in visible[:5]),
                next_step="call search_catalog with what you are looking for",
            )
        return _shown_table(view, principal, found, matches[0])

    def toolsets(self, principal: Principal) -> frozenset[str]:
        """Return the toolsets of the principal's roles; a role the policies do not know gives none."""
        roles = self._view().policies.roles
        found = (roles[name].toolset for name in principal.roles if name in roles)
        return frozenset(toolset for toolset in found if toolset)

    def search(
        self, principal: Principal, question: str, domain: str | None, limit: int
    ) -> tuple[VisibleTable, ...]:
        """Return up to `limit` tables whose names, columns or descriptions hold the question's words."""
        tables = [each for each in self.tables(principal) if not domain or each.domain == domain.lower()]
        ranked = rank(question, [_fields(table) for table in tables])
        return tuple(tables[index] for index in ranked)[:limit]


def _fields(table: VisibleTable) -> tuple[str, str, str]:
    """Return what a table is found by: its names, its columns, and what is said about both."""
    return (
        f"{table.schema} {table.table} {table.dataset}",
        " ".join(column.name for column in table.columns),
        f"{table.description} {' '.join(column.comment for column in table.columns)}",
    )


def _shown_source(source: Source, tables: int) -> VisibleSource:
    return VisibleSource(
        name=source.name,
        short_name=source.short_name,
        kind=source.kind.value,
        dialect=source.dialect.value,
        domain=source.domain,
        status=source.status,
        time_zone=source.time_zone,
        description=source.description,
        tables=tables,
    )


def _shown_table(view: View, principal: Principal, source: Source, name: TableName) -> VisibleTable:
    decided = decide_table(principal, source, name, view.policies, view.references)
    if not isinstance(decided, TableDecision):
        raise NameRefused(f"there is no table {str(name)!r} here for you")
    policy = view.policies.tables[source.name][name]
    table = view.policies.catalogs[source.name].tables[name]
    shown = frozenset(column.name for column in decided.columns)
    return VisibleTable(
        source=source.name,
        dialect=source.dialect.value,
        schema=name.schema,
        table=name.table,
        domain=source.domain,
        dataset=policy.dataset,
        description=policy.description,
        columns=_shown_columns(decided, policy),
        primary_key=_visible_key(table.primary_key, shown),
        indexes=tuple(index for index in table.indexes if index and set(index) <= shown),
        filters=_shown_filters(decided),
        not_filtered=decided.not_filtered,
        joins=_joins(view, principal, source, table, policy, shown),
    )


def _visible_key(key: tuple[str, ...], shown: frozenset[str]) -> tuple[str, ...]:
    return key if set(key) <= shown else ()


def _shown_columns(decided: TableDecision, policy: TablePolicy) -> tuple[ShownColumn, ...]:
    described = {column.name: column.description for column in policy.columns}
    return tuple(
        ShownColumn(
            name=column.name,
            type=masked_type(column),
            mask=str(column.mask or ""),
            tags=column.tags,
            comment=described[column.name],
        )
        for column in decided.columns
    )


def _shown_filters(decided: TableDecision) -> tuple[ShownFilter, ...]:
    return tuple(
        ShownFilter(
            rule_id=each.rule.id,
            condition=condition(each.predicate),
            why=each.rule.why,
            owner=each.rule.owner,
        )
        for each in decided.filters
    )


def _joins(
    view: View,
    principal: Principal,
    source: Source,
    table: Table,
    policy: TablePolicy,
    shown: frozenset[str],
) -> tuple[str, ...]:
    """Name the visible tables that share a join key: the same `joins` word, or the same key column."""
    own = {column.name: column.joins or column.name for column in policy.columns if column.name in shown}
    sentences = []
    for other_source in view.policies.sources.values():
        for name in visible_tables(view, principal, other_source):
            if other_source == source and name == table.name:
                continue
            other = view.policies.tables[other_source.name][name]
            keys = {
                column.joins or column.name: column.name
                for column in other.columns
                if _is_key(column.joins, column.name)
            }
            where = "same source" if other_source == source else f"on {other_source.name}"
            sentences += [
                f"{column} = {name}.{keys[word]} ({where})" for column, word in own.items() if word in keys
            ]
    return tuple(sentences)


def _is_key(joins: str | None, name: str) -> bool:
    return joins is not None or name.endswith(("_id", "_no"))
