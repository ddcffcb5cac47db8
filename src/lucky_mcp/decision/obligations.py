"""What the rules of one table ask for: columns with their masks, filters on rows, conditions on scans."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from lucky_mcp.decision.bind import ReferenceValues, Unbindable, bind
from lucky_mcp.decision.combine import column_mask
from lucky_mcp.model.decision import MaskName, Requirement, RowFilter, VisibleColumn
from lucky_mcp.model.names import TableName
from lucky_mcp.model.predicate import Every, Through
from lucky_mcp.model.principal import Principal
from lucky_mcp.model.source import Source
from lucky_mcp.policy.policy_set import GrantRule, PolicySet, Role, TablePolicy


def acting_roles(grants: Iterable[GrantRule], roles: Iterable[Role]) -> list[Role]:
    """Return the roles that a grant names: the others of a caller have no say on the table."""
    granted = frozenset[str]().union(*(grant.roles for grant in grants))
    return [role for role in roles if role.name in granted]


def visible_columns(
    policy: TablePolicy,
    source: Source,
    principal: Principal,
    grants: Sequence[GrantRule],
    acting: Sequence[Role],
    policies: PolicySet,
) -> tuple[VisibleColumn, ...]:
    """Return the columns that the acting roles may see, each with the strictest mask of all."""
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
                mask=_made_there(applied.mask, source) if applied else None,
                rule=applied.rule if applied else None,
            )
        )
    return tuple(visible)


def _made_there(mask: MaskName, source: Source) -> MaskName:
    """Return the mask as the source's engine can make it."""
    return MaskName.REDACT if mask is MaskName.TOKEN and not source.makes_tokens else mask


def contract_filters(
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
