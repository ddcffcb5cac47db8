"""The tables that a view reads, decided for those who may read the view (docs/decisions/0020).

No grant on them is needed. Everything else holds: contracts, denials, levels, the masks that the roles
which read the view have for each tag, and what grants of the caller on the table itself ask for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lucky_mcp.decision.bind import ReferenceValues, Unbindable
from lucky_mcp.decision.obligations import contract_filters, grant_filters, visible_columns
from lucky_mcp.model.decision import DenyReason, TableDecision, TableDenied
from lucky_mcp.model.names import TableName
from lucky_mcp.model.principal import Principal
from lucky_mcp.model.source import Source
from lucky_mcp.policy.policy_set import LEVELS, PolicySet

NAMED_MAX = 100

Decided = TableDecision | TableDenied


def with_tables_below(
    decided: Sequence[Decided],
    principal: Principal,
    source: Source,
    policies: PolicySet,
    references: ReferenceValues,
) -> list[Decided]:
    """Return the decisions with those of all tables below views.

    A table that is also read by its own name gets the one decision, the stricter, for both.
    """
    roles: dict[TableName, frozenset[str]] = {}
    for each in decided:
        for table, _ in _reads(source, each.table, policies):
            roles[table] = roles.get(table, frozenset()) | _granted(source, each.table, policies)
    own = [each for each in decided if each.table not in roles]
    return own + [
        _decided_below(principal, source, table, acting, policies, references)
        for table, acting in roles.items()
    ]


def below_missing(
    view: TableName,
    granted: frozenset[str],
    principal: Principal,
    source: Source,
    policies: PolicySet,
    references: ReferenceValues,
) -> TableDenied | None:
    """Return why the view is denied: a table or column it reads is not there for the caller; or None."""
    for table, columns in _reads(source, view, policies):
        below = _decided_below(principal, source, table, granted, policies, references)
        if isinstance(below, TableDenied):
            known = below.reason is DenyReason.REFERENCE_UNAVAILABLE
            reason = below.reason if known else DenyReason.POLICY_ERROR
            return TableDenied(table=view, reason=reason, detail=f"it reads {table}: {below.reason}")
        hidden = sorted(set(columns) - {column.name for column in below.columns})
        if hidden:
            detail = f"it reads {table}.{hidden[0]}, which is hidden"
            return TableDenied(table=view, reason=DenyReason.POLICY_ERROR, detail=detail)
    return None


def _reads(
    source: Source, table: TableName, policies: PolicySet, above: tuple[TableName, ...] = ()
) -> Iterator[tuple[TableName, tuple[str, ...]]]:
    """Yield the base tables below a view, with the columns it uses; a table that is no view yields none.

    What reads itself, or more than can be followed, is yielded as itself, which no rule lists as a table.
    """
    known = policies.catalogs[source.name].tables.get(table) if source.name in policies.catalogs else None
    for name, columns in known.reads if known is not None and known.is_view else ():
        inner = policies.catalogs[source.name].tables.get(name)
        is_view = inner is not None and inner.is_view
        if is_view and name not in above and len(above) < NAMED_MAX:
            yield from _reads(source, name, policies, (*above, table))
        else:
            yield name, columns


def _granted(source: Source, view: TableName, policies: PolicySet) -> frozenset[str]:
    policy = policies.tables.get(source.name, {}).get(view)
    return frozenset().union(*(grant.roles for grant in policy.grants)) if policy else frozenset()


def _decided_below(
    principal: Principal,
    source: Source,
    table: TableName,
    acting: frozenset[str],
    policies: PolicySet,
    references: ReferenceValues,
) -> Decided:
    policy = policies.tables.get(source.name, {}).get(table)
    if policy is None or _is_view(source, table, policies):
        return TableDenied(table=table, reason=DenyReason.NO_GRANT, detail="in no dataset file")
    grants = [grant for grant in policy.grants if grant.roles & set(principal.roles)]
    names = acting.union(*(grant.roles for grant in grants))
    roles = [policies.roles[each] for each in principal.roles if each in policies.roles and each in names]
    if any(LEVELS.index(role.reads_up_to) < LEVELS.index(policy.level) for role in roles) or not roles:
        return TableDenied(table=table, reason=DenyReason.ABOVE_LEVEL)
    if any(not denial.columns and denial.roles & set(principal.roles) for denial in policy.denials):
        return TableDenied(table=table, reason=DenyReason.EXPLICIT_DENY)
    try:
        filters = (
            *contract_filters(policy, source, policies, principal, references, ()),
            *grant_filters(grants, principal, references),
        )
    except Unbindable as missing:
        reason = DenyReason.REFERENCE_UNAVAILABLE if missing.reference else DenyReason.POLICY_ERROR
        return TableDenied(table=table, reason=reason, detail=f"{missing.origin} has no values")
    columns = visible_columns(policy, principal, grants, roles, policies)
    return TableDecision(table=table, columns=columns, filters=filters, not_filtered=policy.not_filtered)


def _is_view(source: Source, table: TableName, policies: PolicySet) -> bool:
    known = policies.catalogs[source.name].tables.get(table)
    return known is None or known.is_view
