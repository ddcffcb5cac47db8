"""What the rules of one table ask for: columns with their masks, filters on rows, conditions on scans."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from lucky_mcp.decision.bind import ReferenceValues, Unbindable, bind
from lucky_mcp.decision.combine import column_mask
from lucky_mcp.decision.rare_rows import with_floors
from lucky_mcp.model.decision import (
    Averaged,
    MaskName,
    Requirement,
    RowFilter,
    VisibleColumn,
    Waiver,
    WaiverKind,
)
from lucky_mcp.model.names import TableName
from lucky_mcp.model.predicate import Every, Through
from lucky_mcp.model.principal import Principal
from lucky_mcp.model.source import Source
from lucky_mcp.policy.levels import LEVELS, RESTRICTED, Level
from lucky_mcp.policy.policy_set import (
    ExemptionRule,
    GrantRule,
    ListedColumn,
    MaskRule,
    PolicySet,
    Role,
    TablePolicy,
)


def acting_roles(grants: Sequence[GrantRule], roles: Iterable[Role]) -> list[Role]:
    """Return the roles that a grant names: the others of a caller have no say on the table.

    By a grant to the caller itself all of its roles act, so that none of their masks is lost.
    """
    if any(grant.timed is not None for grant in grants):
        return list(roles)
    granted = frozenset[str]().union(*(grant.roles for grant in grants))
    return [role for role in roles if role.name in granted]


def reaches(level: Level, grants: Iterable[GrantRule], acting: Iterable[Role]) -> bool:
    """Whether a level may be read: by a grant to the caller itself any, by grants to roles what all reach.

    What is restricted no role reaches. A second role never widens the first.
    """
    if any(grant.timed is not None for grant in grants):
        return True
    index = LEVELS.index(level)
    return level != RESTRICTED and all(LEVELS.index(role.reads_up_to) >= index for role in acting)


def visible_columns(
    policy: TablePolicy,
    source: Source,
    principal: Principal,
    grants: Sequence[GrantRule],
    acting: Sequence[Role],
    policies: PolicySet,
) -> tuple[VisibleColumn, ...]:
    """Return the columns that the acting roles may see, each with the strictest mask of all.

    Those that are read in aggregates alone have the mask `mean`; floors are on those that they name.
    """
    denied = frozenset().union(
        *(denial.columns for denial in policy.denials if denial.roles & set(principal.roles)),
        frozenset[str](),
    )
    visible = []
    for column in policy.columns:
        applied = column_mask(column, grants, acting, policies.tags)
        if (applied is not None and applied.mask is MaskName.DENY) or column.name in denied:
            continue
        if not reaches(column.level, grants, acting):
            continue
        visible.append(
            VisibleColumn(
                name=column.name,
                type=column.type,
                tags=column.tags,
                mask=_made_there(applied.mask, source) if applied else None,
                rule=applied.rule if applied else None,
                averaged=_averaged(column, applied),
            )
        )
    return with_floors(visible, (policy.floor, *(grant.floor for grant in grants)))


def listed_and_averaged(
    columns: Sequence[VisibleColumn],
) -> tuple[tuple[VisibleColumn, ...], tuple[VisibleColumn, ...]]:
    """Return the columns that every scan has, and those that are read in aggregates alone."""
    return (
        tuple(each for each in columns if each.mask is not MaskName.MEAN),
        tuple(each for each in columns if each.mask is MaskName.MEAN),
    )


def _averaged(column: ListedColumn, applied: MaskRule | None) -> Averaged | None:
    shown = applied is not None and applied.mask is MaskName.MEAN and column.averaged is not None
    return column.averaged.averaged if shown and column.averaged is not None else None


def _made_there(mask: MaskName, source: Source) -> MaskName:
    """Return the mask as the source's engine can make it."""
    return MaskName.REDACT if mask is MaskName.TOKEN and not source.makes_tokens else mask


def exemptions_in_force(
    policy: TablePolicy, principal: Principal, acting: Iterable[Role], now: datetime | None
) -> tuple[ExemptionRule, ...]:
    """Return the exemptions of a table that are the caller's now: by name, or by every role that it acts by.

    One role that is not exempt keeps the filter, since another role never shows more of a table.
    """
    roles = frozenset(role.name for role in acting)
    return tuple(
        each
        for each in policy.exemptions
        if not each.timed.is_over(now) and each.timed.names(principal.subject, roles)
    )


def waivers_of(exemptions: Iterable[ExemptionRule], grants: Iterable[GrantRule]) -> tuple[Waiver, ...]:
    """Return the exemptions and the grants to the caller itself, as it and the audit are told of them."""
    broken = tuple(
        Waiver(
            kind=WaiverKind.BREAK_GLASS,
            about=grant.rule.id,
            effect="read by a grant to you alone",
            until=grant.timed.until,
            rule=grant.rule,
        )
        for grant in grants
        if grant.timed is not None
    )
    return broken + tuple(
        Waiver(
            kind=WaiverKind.EXEMPTION,
            about=each.contract,
            effect=f"{each.contract} does not filter it for you",
            until=each.timed.until,
            rule=each.timed.rule,
        )
        for each in exemptions
    )


def contract_filters(
    policy: TablePolicy,
    source: Source,
    policies: PolicySet,
    principal: Principal,
    references: ReferenceValues,
    seen: tuple[TableName, ...],
    exempt: frozenset[str] = frozenset(),
) -> tuple[RowFilter, ...]:
    """Bind the table's own contracts and those of its `via` parents (which may have parents).

    The contracts in `exempt` are left out for the table itself alone: an exemption names its tables, and a
    parent that it names still says which rows of another table are of the contract.
    """
    filters = [
        RowFilter(predicate=bind(entry.filter, principal, references), rule=entry.rule)
        for entry in policy.contracts
        if entry.rule.id not in exempt
    ]
    for via in policy.via:
        if via.rule.id in exempt:
            continue
        parent = policies.tables[source.name].get(via.parent)
        if parent is None or via.parent in seen:
            raise Unbindable(f"via {via.parent}", "")
        inner = contract_filters(parent, source, policies, principal, references, (*seen, policy.table))
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


def grant_filters(
    grants: Sequence[GrantRule], principal: Principal, references: ReferenceValues
) -> tuple[RowFilter, ...]:
    """Bind the row filters of the grants that apply."""
    return tuple(
        RowFilter(predicate=bind(grant.filter.filter, principal, references), rule=grant.rule)
        for grant in grants
        if grant.filter is not None
    )


def requirements(
    policy: TablePolicy, grants: Sequence[GrantRule], columns: Sequence[VisibleColumn]
) -> tuple[Requirement, ...]:
    """Return what the table and every applying grant require; all of them must be met.

    An option on a column that these roles together do not see as it is falls away; where none is left,
    nothing can meet the requirement.
    """
    plain = {column.name for column in columns if column.mask is None}
    asked = [policy.requires, *(grant.requires for grant in grants)]
    return tuple(
        replace(each, options=tuple(option for option in each.options if option.column in plain))
        for each in dict.fromkeys(asked)
        if each is not None
    )
