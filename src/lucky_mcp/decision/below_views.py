"""What a view reads, decided for those who may read the view (docs/decisions/0017).

No grant on it is needed. Everything else holds below as it does above: contracts, denials, levels, the masks
that the acting roles have for each tag, and what grants of the caller on a table of their own ask for. What
requires a condition of each scan is not read through a view: no condition of a caller's reaches into it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from lucky_mcp.catalog.snapshot import Table, View
from lucky_mcp.decision.bind import ReferenceValues, Unbindable
from lucky_mcp.decision.obligations import (
    acting_roles,
    contract_filters,
    exemptions_in_force,
    grant_filters,
    listed_and_averaged,
    reaches,
    visible_columns,
    waivers_of,
)
from lucky_mcp.decision.rare_rows import floors_on, with_floors, without_floors
from lucky_mcp.model.decision import (
    DenyReason,
    MaskName,
    TableDecision,
    TableDenied,
    ViewBelow,
    VisibleColumn,
)
from lucky_mcp.model.names import TableName
from lucky_mcp.model.principal import Principal
from lucky_mcp.model.source import Source
from lucky_mcp.policy.policy_set import PolicySet, TablePolicy

Decided = TableDecision | TableDenied
PARTLY = "of what it reads, "


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Who reads what, and under which rules."""

    principal: Principal
    source: Source
    policies: PolicySet
    references: ReferenceValues
    now: datetime | None = None


def seen_through(decided: TableDecision, acting: frozenset[str], caller: Caller) -> Decided:
    """Return the decision on a view with those on what it reads; a table's decision comes back as it is.

    `acting` are the roles that read the view. A column that is computed from a hidden one is absent; the view
    is denied when something is hidden that says which rows it has.
    """
    table = _in_catalog(decided.table, caller)
    if table is None or table.view is None:
        return decided
    if table.view.unavailable:
        reason = DenyReason.VIEW_UNAVAILABLE
        return TableDenied(table=table.name, reason=reason, detail=table.view.unavailable)
    below: list[TableDecision] = []
    for read in table.view.reads:
        found = _below(read.table, acting, caller)
        if isinstance(found, TableDenied):
            return _hidden(table, found)
        hidden = sorted(set(read.needed) - {column.name for column in found.columns})
        if hidden:
            detail = f"it needs {read.table}.{hidden[0]}, which is hidden"
            return TableDenied(table=table.name, reason=DenyReason.HIDDEN_BELOW, detail=detail)
        below.append(found)
    columns = _columns(decided.columns, table.view, below, caller)
    if not columns:
        return TableDenied(table=table.name, reason=DenyReason.NO_VISIBLE_COLUMN)
    reasons = [decided.not_filtered, *(_of_what_it_reads(each.not_filtered) for each in below)]
    return replace(
        decided,
        columns=columns,
        not_filtered="; ".join(dict.fromkeys(filter(None, reasons))),
        below=ViewBelow(
            definition=table.view.definition, tables=tuple(below), columns=_columns_used(table.view)
        ),
    )


def _of_what_it_reads(reason: str) -> str:
    return reason if not reason or reason.startswith(PARTLY) else f"{PARTLY}{reason}"


def _columns_used(view: View) -> tuple[str, ...]:
    used = {f"{read.table}.{column}" for read in view.reads for column in read.needed}
    used |= {f"{table}.{column}" for _, found in view.origins for table, column in found}
    return tuple(sorted(used))


def _in_catalog(name: TableName, caller: Caller) -> Table | None:
    catalog = caller.policies.catalogs.get(caller.source.name)
    return catalog.tables.get(name) if catalog is not None else None


def _hidden(view: Table, found: TableDenied) -> TableDenied:
    """The caller may be told of a missing reference set and of a definition that is not accepted."""
    may_be_told = found.reason in {DenyReason.REFERENCE_UNAVAILABLE, DenyReason.VIEW_UNAVAILABLE}
    reason = found.reason if may_be_told else DenyReason.HIDDEN_BELOW
    return TableDenied(
        table=view.name, reason=reason, detail=f"it reads {found.table}: {found.reason}; {found.detail}"
    )


def _columns(
    columns: tuple[VisibleColumn, ...], view: View, below: list[TableDecision], caller: Caller
) -> tuple[VisibleColumn, ...]:
    """Return the columns whose origins are all visible, with the masks that are on them already.

    A mask that everything in a column comes with is not put on it again: it would show less than it should.
    With one origin that lacks it, what that holds would be shown as it is. Floors of the view count what it
    shows then.
    """
    decided = {each.table: each for each in below}
    visible = {(each.table, column.name): column for each in below for column in each.columns}
    origins = dict(view.origins)
    found = []
    for column in map(without_floors, columns):
        read = origins.get(column.name)
        if read is None or not set(read) <= visible.keys():
            continue
        under = [visible[each] for each in read]
        masks = [*(each.mask for each in under), *(mask for each in under for mask in each.masks_below)]
        known = tuple(dict.fromkeys(mask for mask in masks if mask is not None))
        whole = {_mask_of_all(decided[table], name, caller) for table, name in read}
        mask, rule = (None, None) if whole == {column.mask} else (column.mask, column.rule)
        found.append(replace(column, mask=mask, rule=rule, masks_below=known))
    return with_floors(found, floors_on(columns))


def _mask_of_all(decided: TableDecision, name: str, caller: Caller) -> MaskName | None:
    """Return the mask that everything in a column is under; None when it is several, or none."""
    column = next(each for each in decided.columns if each.name == name)
    table = _in_catalog(decided.table, caller)
    if column.mask is not None or decided.below is None or table is None or table.view is None:
        return column.mask
    tables = {each.table: each for each in decided.below.tables}
    read = dict(table.view.origins).get(name, ())
    found = {_mask_of_all(tables[table], origin, caller) for table, origin in read}
    return found.pop() if len(found) == 1 else None


def _below(name: TableName, acting: frozenset[str], caller: Caller) -> Decided:
    """Return the decision on what a view reads; a view that no dataset file lists has no rules of its own."""
    table = _in_catalog(name, caller)
    policy = caller.policies.tables.get(caller.source.name, {}).get(name)
    if policy is not None:
        decided = _by_rules(policy, acting, caller)
    elif table is not None and table.view is not None:
        columns = tuple(VisibleColumn(name=column.name, type=column.type) for column in table.columns)
        decided = TableDecision(table=name, columns=columns, filters=())
    else:
        decided = TableDenied(table=name, reason=DenyReason.NO_GRANT, detail="in no dataset file")
    return seen_through(decided, acting, caller) if isinstance(decided, TableDecision) else decided


def _by_rules(policy: TablePolicy, acting: frozenset[str], caller: Caller) -> Decided:
    own = set(caller.principal.roles)
    known = caller.policies.roles
    grants = [grant for grant in policy.grants if grant.is_for(caller.principal, caller.now)]
    mine = [known[each] for each in caller.principal.roles if each in known]
    by_grants = {role.name for role in acting_roles(grants, mine)}
    roles = [role for role in mine if role.name in acting | by_grants]
    if policy.is_unlisted and not grants:
        return TableDenied(table=policy.table, reason=DenyReason.NO_GRANT, detail="in no dataset file")
    if not roles or not reaches(policy.level, grants, roles):
        return TableDenied(table=policy.table, reason=DenyReason.ABOVE_LEVEL)
    if any(not denial.columns and denial.roles & own for denial in policy.denials):
        return TableDenied(table=policy.table, reason=DenyReason.EXPLICIT_DENY)
    if policy.requires is not None or any(grant.requires is not None for grant in grants):
        detail = "it requires a condition of each scan, and none reaches into a view"
        return TableDenied(table=policy.table, reason=DenyReason.REQUIREMENT_OUT_OF_REACH, detail=detail)
    exemptions = exemptions_in_force(policy, caller.principal, roles, caller.now)
    exempt = frozenset(each.contract for each in exemptions)
    try:
        filters = (
            *contract_filters(
                policy, caller.source, caller.policies, caller.principal, caller.references, (), exempt
            ),
            *grant_filters(grants, caller.principal, caller.references),
        )
    except Unbindable as missing:
        reason = DenyReason.REFERENCE_UNAVAILABLE if missing.reference else DenyReason.POLICY_ERROR
        return TableDenied(table=policy.table, reason=reason, detail=f"{missing.origin} has no values")
    columns, _ = listed_and_averaged(
        visible_columns(policy, caller.source, caller.principal, grants, roles, caller.policies)
    )
    if not columns:
        return TableDenied(table=policy.table, reason=DenyReason.NO_VISIBLE_COLUMN)
    return TableDecision(
        table=policy.table,
        columns=columns,
        filters=filters,
        not_filtered=policy.not_filtered,
        waivers=waivers_of(exemptions, grants),
    )
