"""The decision: for a principal and the base tables of one query, Permit with obligations or Deny.

Pure: no I/O, no clock, no SQL text. Whatever goes wrong inside is a deny.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass

from lucky_mcp.catalog.snapshot import Catalog
from lucky_mcp.decision.bind import ReferenceValues, Unbindable, bind
from lucky_mcp.decision.combine import column_mask, smallest_bound
from lucky_mcp.decision.rights import rights_of
from lucky_mcp.model.decision import (
    Decision,
    Deny,
    DenyReason,
    MaskName,
    Permit,
    RowFilter,
    TableDecision,
    TableDenied,
    VisibleColumn,
)
from lucky_mcp.model.names import TableName
from lucky_mcp.model.predicate import Every, Through
from lucky_mcp.model.principal import Principal
from lucky_mcp.model.source import Source
from lucky_mcp.policy.policy_set import LEVELS, GrantRule, PolicySet, Role, TablePolicy

KEPT_MAX = 100_000


@dataclass(frozen=True, kw_only=True)
class _Kept:
    """A decision, and what it was made from: held, so that no other object can come to have its id."""

    policies: PolicySet
    references: ReferenceValues
    decided: TableDecision | TableDenied


@dataclass(frozen=True, kw_only=True)
class _Known:
    """Whether anything of a source may be known, and what that was found from."""

    policies: PolicySet
    references: ReferenceValues
    known: bool


_kept: dict[Hashable, _Kept] = {}
_known: dict[Hashable, _Known] = {}


def decide(
    principal: Principal,
    source: Source,
    tables: Iterable[TableName],
    policies: PolicySet,
    references: ReferenceValues,
) -> Decision:
    """Return Permit with one TableDecision per table, or Deny listing every table that may not be read."""
    decided = [decide_table(principal, source, table, policies, references) for table in tables]
    denied = tuple(each for each in decided if isinstance(each, TableDenied))
    if denied:
        return Deny(denied=denied)
    limits = policies.bounds_by_kind.get(source.kind, {})
    bound = smallest_bound(policies, principal.roles, () if principal.is_system else (limits,))
    return Permit(tables=tuple(each for each in decided if isinstance(each, TableDecision)), bound=bound)


def decide_table(
    principal: Principal, source: Source, table: TableName, policies: PolicySet, references: ReferenceValues
) -> TableDecision | TableDenied:
    """Return the obligations on one table, or why it is denied.

    Kept for the same policy set and reference values (the very same objects), and callers of the same rights.
    """
    key = (id(policies), id(references), rights_of(principal), source.name, table)
    kept = _kept.get(key)
    if kept is not None:
        return kept.decided
    decided = _decided_table(principal, source, table, policies, references)
    if len(_kept) >= KEPT_MAX:
        _kept.clear()
    _kept[key] = _Kept(policies=policies, references=references, decided=decided)
    return decided


def may_know_of(decided: TableDecision | TableDenied) -> bool:
    """Whether a caller may be told that the table exists: it may be read, or lacks its reference set now."""
    return isinstance(decided, TableDecision) or decided.reason is DenyReason.REFERENCE_UNAVAILABLE


def knows_any_table(
    principal: Principal, source: Source, policies: PolicySet, references: ReferenceValues
) -> bool:
    """Whether a caller may know of one table of a source at least; kept like the decisions."""
    key = (id(policies), id(references), rights_of(principal), source.name)
    kept = _known.get(key)
    if kept is not None:
        return kept.known
    known = any(
        may_know_of(decide_table(principal, source, table, policies, references))
        for table in policies.tables.get(source.name, {})
    )
    if len(_known) >= KEPT_MAX:
        _known.clear()
    _known[key] = _Known(policies=policies, references=references, known=known)
    return known


def forget_decisions() -> None:
    """Drop every decision that is kept; each is made anew when needed."""
    _kept.clear()
    _known.clear()


def _decided_table(
    principal: Principal, source: Source, table: TableName, policies: PolicySet, references: ReferenceValues
) -> TableDecision | TableDenied:
    policy = policies.tables.get(source.name, {}).get(table)
    if policy is None:
        return TableDenied(table=table, reason=DenyReason.NO_GRANT, detail="in no dataset file")
    roles = [policies.roles[name] for name in principal.roles if name in policies.roles]
    grants = [grant for grant in policy.grants if grant.roles & set(principal.roles)]
    if not grants:
        return TableDenied(table=table, reason=DenyReason.NO_GRANT)
    if not _reaches_level(policy, grants, roles):
        return TableDenied(table=table, reason=DenyReason.ABOVE_LEVEL)
    if any(not denial.columns and denial.roles & set(principal.roles) for denial in policy.denials):
        return TableDenied(table=table, reason=DenyReason.EXPLICIT_DENY)
    columns = _visible_columns(policy, principal, grants, roles, policies)
    if not columns:
        return TableDenied(table=table, reason=DenyReason.NO_VISIBLE_COLUMN)
    try:
        filters = (
            *_contract_filters(policy, source, policies, principal, references, ()),
            *_grant_filters(grants, principal, references),
        )
    except Unbindable as missing:
        reason = DenyReason.REFERENCE_UNAVAILABLE if missing.reference else DenyReason.POLICY_ERROR
        return TableDenied(table=table, reason=reason, detail=f"{missing.origin} has no values")
    return TableDecision(table=table, columns=columns, filters=filters, not_filtered=policy.not_filtered)


def permit_metadata(
    catalog: Catalog, principal: Principal, tables: Iterable[TableName], policies: PolicySet
) -> Permit:
    """Return a plain Permit on the engine's metadata tables, for the role that crawls the catalog alone."""
    decided = tuple(
        TableDecision(
            table=table,
            columns=tuple(VisibleColumn(name=c.name, type=c.type) for c in catalog.tables[table].columns),
            filters=(),
        )
        for table in tables
    )
    return Permit(tables=decided, bound=smallest_bound(policies, principal.roles, ()))


def _reaches_level(policy: TablePolicy, grants: list[GrantRule], roles: list[Role]) -> bool:
    """Every role that a grant names must reach the table's level: a second role never widens the first."""
    granted = frozenset().union(*(grant.roles for grant in grants))
    return all(
        LEVELS.index(role.reads_up_to) >= LEVELS.index(policy.level) for role in roles if role.name in granted
    )


def _visible_columns(
    policy: TablePolicy, principal: Principal, grants: list[GrantRule], roles: list[Role], policies: PolicySet
) -> tuple[VisibleColumn, ...]:
    granted = frozenset().union(*(grant.roles for grant in grants))
    acting = [role for role in roles if role.name in granted]
    denied = frozenset().union(
        *(denial.columns for denial in policy.denials if denial.roles & set(principal.roles)),
        frozenset[str](),
    )
    visible = []
    for column in policy.columns:
        applied = column_mask(column, grants, acting, policies.tags)
        if (applied is not None and applied.mask is MaskName.DENY) or column.name in denied:
            continue
        visible.append(
            VisibleColumn(
                name=column.name,
                type=column.type,
                tags=column.tags,
                mask=applied.mask if applied else None,
                rule=applied.rule if applied else None,
            )
        )
    return tuple(visible)


def _contract_filters(
    policy: TablePolicy,
    source: Source,
    policies: PolicySet,
    principal: Principal,
    references: ReferenceValues,
    seen: tuple[TableName, ...],
) -> tuple[RowFilter, ...]:
    """Bind the table's own contracts and those of its `via` parents (which may have parents)."""
    filters = [
        RowFilter(predicate=bind(entry.filter, principal, references), rule=entry.rule)
        for entry in policy.contracts
    ]
    for via in policy.via:
        parent = policies.tables[source.name].get(via.parent)
        if parent is None or via.parent in seen:
            raise Unbindable(f"via {via.parent}", "")
        inner = _contract_filters(parent, source, policies, principal, references, (*seen, policy.table))
        parts = tuple(each.predicate for each in inner)
        if not parts:
            raise Unbindable(f"via {via.parent}", "")
        predicate = Through(
            column=via.column,
            parent=via.parent,
            parent_column=via.column,
            filter=parts[0] if len(parts) == 1 else Every(parts=parts),
        )
        filters.append(RowFilter(predicate=predicate, rule=via.rule))
    return tuple(filters)


def _grant_filters(
    grants: list[GrantRule], principal: Principal, references: ReferenceValues
) -> tuple[RowFilter, ...]:
    return tuple(
        RowFilter(predicate=bind(grant.filter.filter, principal, references), rule=grant.rule)
        for grant in grants
        if grant.filter is not None
    )
