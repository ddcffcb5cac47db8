"""The decision: for a principal and the base tables of one query, Permit with obligations or Deny.

Pure: no I/O, no clock (the time is passed in), no SQL text. Whatever goes wrong inside is a deny.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from lucky_mcp.catalog.snapshot import Catalog
from lucky_mcp.decision.below_views import Caller, seen_through
from lucky_mcp.decision.bind import ReferenceValues, Unbindable
from lucky_mcp.decision.combine import smallest_bound
from lucky_mcp.decision.intersection import both
from lucky_mcp.decision.keys import key_rights
from lucky_mcp.decision.obligations import (
    acting_roles,
    contract_filters,
    exemptions_in_force,
    grant_filters,
    listed_and_averaged,
    reaches,
    requirements,
    visible_columns,
    waivers_of,
)
from lucky_mcp.decision.rights import rights_of
from lucky_mcp.model.decision import (
    Bound,
    Decision,
    Deny,
    DenyReason,
    Permit,
    TableDecision,
    TableDenied,
    VisibleColumn,
)
from lucky_mcp.model.names import TableName
from lucky_mcp.model.principal import Principal
from lucky_mcp.model.source import Source
from lucky_mcp.policy.policy_set import PolicySet

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
    now: datetime | None = None,
) -> Decision:
    """Return Permit with one TableDecision per table, or Deny listing every table that may not be read.

    `now` (aware) says which exemptions and grants have ended; without it all of them have.
    """
    decided = [decide_table(principal, source, table, policies, references, now) for table in tables]
    denied = tuple(each for each in decided if isinstance(each, TableDenied))
    if denied:
        return Deny(denied=denied)
    bound = bound_of(principal, source, policies)
    return Permit(tables=tuple(each for each in decided if isinstance(each, TableDecision)), bound=bound)


def bound_of(principal: Principal, source: Source, policies: PolicySet) -> Bound:
    """Return the limits of one read of a source, for an app those of both."""
    limits = policies.bounds_by_kind.get(source.kind, {})
    roles = principal.roles if principal.app is None else (*principal.roles, *principal.app.roles)
    return smallest_bound(policies, roles, () if principal.is_system else (limits,))


def decide_table(
    principal: Principal,
    source: Source,
    table: TableName,
    policies: PolicySet,
    references: ReferenceValues,
    now: datetime | None = None,
) -> TableDecision | TableDenied:
    """Return the obligations on one table, or why it is denied.

    Kept for the same policy set and reference values (the very same objects), and callers of the same rights.
    """
    key = (id(policies), id(references), rights_of(principal, policies, now), source.name, table)
    kept = _kept.get(key)
    if kept is not None:
        return kept.decided
    decided = _decided_table(replace(principal, app=None), source, table, policies, references, now)
    if principal.app is not None:
        decided = both(decided, decide_table(principal.app, source, table, policies, references, now))
    if len(_kept) >= KEPT_MAX:
        _kept.clear()
    _kept[key] = _Kept(policies=policies, references=references, decided=decided)
    return decided


def may_know_of(decided: TableDecision | TableDenied) -> bool:
    """Whether a caller may be told that the table exists: it may be read, or policy is not what prevents it.

    That is when it lacks its reference set now, or is a view whose definition is not accepted.
    """
    told = {DenyReason.REFERENCE_UNAVAILABLE, DenyReason.VIEW_UNAVAILABLE}
    return isinstance(decided, TableDecision) or decided.reason in told


def knows_any_table(
    principal: Principal,
    source: Source,
    policies: PolicySet,
    references: ReferenceValues,
    now: datetime | None = None,
) -> bool:
    """Whether a caller may know of one table or key of a source at least; kept like the decisions."""
    key = (id(policies), id(references), rights_of(principal, policies, now), source.name)
    kept = _known.get(key)
    if kept is not None:
        return kept.known
    known = (source.is_keyed and key_rights(principal, source, policies).any) or any(
        may_know_of(decide_table(principal, source, table, policies, references, now))
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
    principal: Principal,
    source: Source,
    table: TableName,
    policies: PolicySet,
    references: ReferenceValues,
    now: datetime | None,
) -> TableDecision | TableDenied:
    policy = policies.tables.get(source.name, {}).get(table)
    if policy is None:
        return TableDenied(table=table, reason=DenyReason.NO_GRANT, detail="in no dataset file")
    roles = [policies.roles[name] for name in principal.roles if name in policies.roles]
    grants = [grant for grant in policy.grants if grant.is_for(principal, now)]
    if not grants:
        return TableDenied(table=table, reason=DenyReason.NO_GRANT)
    acting = acting_roles(grants, roles)
    if not acting:  # a grant to the caller itself, none of whose roles is left to say how it sees a column
        return TableDenied(table=table, reason=DenyReason.NO_GRANT)
    if not reaches(policy.level, grants, acting):
        return TableDenied(table=table, reason=DenyReason.ABOVE_LEVEL)
    if any(not denial.columns and denial.roles & set(principal.roles) for denial in policy.denials):
        return TableDenied(table=table, reason=DenyReason.EXPLICIT_DENY)
    columns, averaged = listed_and_averaged(
        visible_columns(policy, source, principal, grants, acting, policies)
    )
    if not columns:
        return TableDenied(table=table, reason=DenyReason.NO_VISIBLE_COLUMN)
    requires = requirements(policy, grants, columns)
    if any(not requirement.options for requirement in requires):
        return TableDenied(table=table, reason=DenyReason.REQUIREMENT_OUT_OF_REACH)
    exemptions = exemptions_in_force(policy, principal, acting, now)
    exempt = frozenset(each.contract for each in exemptions)
    try:
        filters = (
            *contract_filters(policy, source, policies, principal, references, (), exempt),
            *grant_filters(grants, principal, references),
        )
    except Unbindable as missing:
        reason = DenyReason.REFERENCE_UNAVAILABLE if missing.reference else DenyReason.POLICY_ERROR
        return TableDenied(table=table, reason=reason, detail=f"{missing.origin} has no values")
    decided = TableDecision(
        table=table,
        columns=columns,
        filters=filters,
        not_filtered=policy.not_filtered,
        requires=requires,
        waivers=waivers_of(exemptions, grants),
        averaged=averaged,
    )
    caller = Caller(principal=principal, source=source, policies=policies, references=references, now=now)
    return seen_through(decided, frozenset(role.name for role in acting), caller)


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
