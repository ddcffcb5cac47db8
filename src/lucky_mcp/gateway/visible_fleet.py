"""All that one caller can tell of the fleet, computed once for its roles under one policy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property

from lucky_mcp.catalog.hints import JoinHints
from lucky_mcp.catalog.search import Described, SearchIndex
from lucky_mcp.decision.averaged import averaged_in_words
from lucky_mcp.decision.decide import decide_table
from lucky_mcp.decision.keys import key_rights
from lucky_mcp.decision.rare_rows import merged_in_words
from lucky_mcp.decision.required import in_words
from lucky_mcp.enforcement.mask_forms import masked_type
from lucky_mcp.gateway.receipts import ROWS_BELOW, condition, filters_below, waivers_of
from lucky_mcp.gateway.view import View
from lucky_mcp.model.decision import MaskName, TableDecision, VisibleColumn
from lucky_mcp.model.names import TableName
from lucky_mcp.model.principal import Principal
from lucky_mcp.model.source import Source
from lucky_mcp.model.visible import ShownColumn, ShownFilter, ShownRequirement, VisibleSource, VisibleTable
from lucky_mcp.policy.policy_set import TablePolicy

JOINS_WITHOUT_PARTNER_MAX = 2


class VisibleFleet:
    """The visible tables by source and name, a search index over them, and how they join.

    INVARIANT: built from visible tables alone, so no rank, hint or near name depends on a hidden one.
    """

    def __init__(self, view: View, principal: Principal) -> None:
        self.tables: Mapping[str, Mapping[TableName, VisibleTable]] = {
            source.name: _visible_tables(view, principal, source) for source in view.policies.sources.values()
        }
        self.sources = tuple(
            _shown_source(source, len(self.tables[source.name]))
            for source in view.policies.sources.values()
            if self.tables[source.name]
            or (source.is_keyed and key_rights(principal, source, view.policies).any)
        )
        self._all = tuple(table for tables in self.tables.values() for table in tables.values())
        self._about = {source.name: source for source in self.sources}

    def search(self, question: str, domain: str | None, limit: int) -> tuple[VisibleTable, ...]:
        """Return up to `limit` tables that match, best first, with the joins among them."""
        ranked = (self._all[index] for index in self._index.rank(question))
        found = [table for table in ranked if not domain or table.domain == domain.lower()][:limit]
        return self._with_joins_among(found)

    def described(self, table: VisibleTable) -> VisibleTable:
        """Return the table with the joins worth knowing."""
        joins, left_out = self._hints.nearest(table)
        return replace(table, joins=joins, joins_left_out=left_out)

    @cached_property
    def _index(self) -> SearchIndex:
        return SearchIndex([self._words(table) for table in self._all])

    @cached_property
    def _hints(self) -> JoinHints:
        return JoinHints(self._all)

    def _with_joins_among(self, found: Sequence[VisibleTable]) -> tuple[VisibleTable, ...]:
        """A table that joins no other of those found shows its nearest joins instead."""
        told = self._hints.among(found)
        joined = {(join.source, join.table) for joins in told for join in joins}
        shown = []
        for table, joins in zip(found, told, strict=True):
            if not joins and (table.source, f"{table.schema}.{table.table}") not in joined:
                joins = self._hints.nearest(table)[0][:JOINS_WITHOUT_PARTNER_MAX]
            shown.append(replace(table, joins=joins))
        return tuple(shown)

    def _words(self, table: VisibleTable) -> Described:
        source = self._about[table.source]
        placed = (table.schema, table.dataset, source.short_name, source.domain, source.description)
        said = (f"{column.comment} {' '.join(column.tags)} {column.joins}" for column in table.columns)
        return Described(
            name=table.table,
            description=table.description,
            columns=" ".join(column.name for column in table.columns),
            comments=" ".join(said),
            context=" ".join(placed),
        )


def _visible_tables(view: View, principal: Principal, source: Source) -> Mapping[TableName, VisibleTable]:
    found = {}
    for name in sorted(view.policies.tables.get(source.name, {})):
        decided = decide_table(principal, source, name, view.policies, view.references, view.now)
        if isinstance(decided, TableDecision):
            found[name] = _shown_table(view, source, decided)
    return found


def _shown_source(source: Source, tables: int) -> VisibleSource:
    return VisibleSource(
        name=source.name,
        short_name=source.short_name,
        kind=source.kind.value,
        dialect="" if source.is_keyed else source.dialect.value,
        domain=source.domain,
        status=source.status,
        time_zone=source.time_zone,
        description=source.description,
        tables=tables,
    )


def _shown_table(view: View, source: Source, decided: TableDecision) -> VisibleTable:
    name = decided.table
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
        kind="table" if decided.below is None else "view",
        requires=_shown_requirements(decided),
        waivers=tuple(map(str, waivers_of(decided))),
    )


def _visible_key(key: tuple[str, ...], shown: frozenset[str]) -> tuple[str, ...]:
    return key if set(key) <= shown else ()


def _shown_columns(decided: TableDecision, policy: TablePolicy) -> tuple[ShownColumn, ...]:
    listed = {column.name: column for column in policy.columns}
    return tuple(
        ShownColumn(
            name=column.name,
            type=masked_type(column),
            mask=_shown_mask(column),
            tags=column.tags,
            comment=listed[column.name].description,
            joins=listed[column.name].joins or "",
        )
        for column in (*decided.columns, *decided.averaged)
    )


def _shown_mask(column: VisibleColumn) -> str:
    if column.averaged is not None:
        return f"only as {averaged_in_words(column.averaged)}"
    merged = "; ".join(map(merged_in_words, column.merged))
    masks = str(column.mask or " ".join(column.masks_below))
    return merged if column.mask is MaskName.RARE else "; ".join(filter(None, (masks, merged)))


def _shown_requirements(decided: TableDecision) -> tuple[ShownRequirement, ...]:
    return tuple(
        ShownRequirement(
            rule_id=each.rule.id,
            condition=in_words(each),
            why=each.rule.why,
            owner=each.rule.owner,
        )
        for each in decided.requires
    )


def _shown_filters(decided: TableDecision) -> tuple[ShownFilter, ...]:
    """Of the filters on what a view reads, which the caller need not know, only the rule is shown."""
    below = tuple(
        ShownFilter(rule_id=rule.id, condition=f"on the {ROWS_BELOW}", why=rule.why, owner=rule.owner)
        for rule in filters_below(decided)
    )
    return below + tuple(
        ShownFilter(
            rule_id=each.rule.id,
            condition=condition(each.predicate),
            why=each.rule.why,
            owner=each.rule.owner,
        )
        for each in decided.filters
    )
