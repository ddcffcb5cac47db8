"""Why something is hidden, for reviewers: the rule behind it, where agents hear of an unknown name only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from lucky_mcp.decision.combine import column_mask
from lucky_mcp.decision.decide import decide_table
from lucky_mcp.decision.obligations import acting_roles, reaches
from lucky_mcp.errors import ReadError
from lucky_mcp.gateway.prepare import catalog_for
from lucky_mcp.gateway.review.access import shown_as
from lucky_mcp.gateway.view import View
from lucky_mcp.model.decision import DenyReason, MaskName, TableDecision, TableDenied
from lucky_mcp.model.names import TableName
from lucky_mcp.model.principal import Principal
from lucky_mcp.model.source import Source
from lucky_mcp.policy.levels import LEVELS, RESTRICTED
from lucky_mcp.policy.policy_set import GrantRule, TablePolicy
from lucky_mcp.sql.allow import allow
from lucky_mcp.sql.dialects import GRAMMARS
from lucky_mcp.sql.parse import parse
from lucky_mcp.sql.resolve import resolve
from lucky_mcp.sql.resolved import ResolvedQuery

BREAK_GLASS = "{{id: …, principals: [PERSON], tables: [{table}], why: …, expires: …}}"


@dataclass(frozen=True, kw_only=True)
class Cause:
    """What is hidden (`schema.table` or `schema.table.column`), why, and the rule where there is one.

    `allow` is what would let the caller see it, as a reviewer would write it; empty when no rule could.
    """

    what: str
    why: str
    rule_id: str = ""
    place: str = ""
    allow: str = ""


def tables_named(view: View, principal: Principal, source: Source, sql: str) -> tuple[TableName, ...]:
    """Return the tables of the catalog that a statement names, readable or not; none if it cannot be read."""
    query = query_of(view, principal, source, sql)
    return tuple(sorted(set(query.tables))) if query is not None else ()


def query_of(view: View, principal: Principal, source: Source, sql: str) -> ResolvedQuery | None:
    """Return a statement as it would be read if everything of the catalog could be; None if it cannot be."""
    grammar = GRAMMARS[source.dialect]
    try:
        statement = parse(sql, grammar)
        allow(statement.tree, source.dialect)
        return resolve(
            statement,
            grammar,
            catalog_for(view, principal, source),
            source.default_schema,
            lambda table: True,
        )
    except (ReadError, RecursionError):
        return None


def causes(view: View, principal: Principal, source: Source, sql: str) -> Iterator[Cause]:
    """Yield why each table of a statement is denied, and each hidden column of those that are not.

    Where an app asks for a person, first what is hidden from the person, then what is from the app.
    """
    if principal.app is not None:
        yield from causes(view, replace(principal, app=None), source, sql)
        of_app = causes(view, principal.app, source, sql)
        yield from (replace(each, why=f"for the app: {each.why}") for each in of_app)
        return
    for table in tables_named(view, principal, source, sql):
        decided = decide_table(principal, source, table, view.policies, view.references, view.now)
        policy = view.policies.tables.get(source.name, {}).get(table)
        if isinstance(decided, TableDenied):
            yield _table_cause(view, principal, policy, decided)
        if policy is not None and not _is_out_of_reach(decided):
            yield from _column_causes(view, principal, source, policy, decided)


def columns_shown(view: View, principal: Principal, source: Source, sql: str) -> Iterator[tuple[str, str]]:
    """Yield (`schema.table.column`, `plain`, a mask or `absent`) for the tables that a statement names."""
    for table in tables_named(view, principal, source, sql):
        decided = decide_table(principal, source, table, view.policies, view.references, view.now)
        seen = (*decided.columns, *decided.averaged) if isinstance(decided, TableDecision) else ()
        visible = {each.name: each for each in seen}
        for column in view.policies.catalogs[source.name].tables[table].columns:
            shown = shown_as(visible[column.name]) if column.name in visible else "absent"
            yield f"{table}.{column.name}", shown


def _is_out_of_reach(decided: TableDecision | TableDenied) -> bool:
    """Whether columns need no reason of their own."""
    return isinstance(decided, TableDenied) and decided.reason is not DenyReason.NO_VISIBLE_COLUMN


def _table_cause(view: View, principal: Principal, policy: TablePolicy | None, denied: TableDenied) -> Cause:
    what, why = str(denied.table), str(denied.reason)
    if policy is None or (policy.is_unlisted and denied.reason is DenyReason.NO_GRANT):
        allow = "list it in a dataset file (lucky-mcp policy scaffold proposes one), and grant it"
        return Cause(what=what, why="in no dataset file", allow=allow)
    if denied.reason is DenyReason.NO_GRANT:
        granted = sorted({role for grant in policy.grants for role in grant.roles})
        return Cause(
            what=what,
            why=f"{why}; granted to {', '.join(granted) or 'nobody'}",
            allow=_grant(principal, policy),
        )
    if denied.reason is DenyReason.EXPLICIT_DENY:
        denials = (each for each in policy.denials if not each.columns and each.roles & set(principal.roles))
        rule = next(denials).rule
        allow = f"take {', '.join(principal.roles)} out of the denial {rule.id}"
        return Cause(what=what, why=f"denied: {rule.why}", rule_id=rule.id, place=rule.place, allow=allow)
    if denied.reason is DenyReason.ABOVE_LEVEL and policy.level == RESTRICTED:
        why = "the table is restricted, and no grant to people by name is in force for the caller"
        return Cause(what=what, why=why, allow=_grant(principal, policy))
    if denied.reason is DenyReason.ABOVE_LEVEL:
        low = [role for role in _granted_roles(principal, policy) if _is_below(view, role, policy)]
        return Cause(
            what=what,
            why=f"the table is {policy.level}, above what {', '.join(low)} may read",
            allow=f"reads_up_to: {policy.level} for {', '.join(low)} in roles.yaml",
        )
    return Cause(what=what, why=f"{why}; {denied.detail}" if denied.detail else why)


def _grant(principal: Principal, policy: TablePolicy) -> str:
    """Return the grant that is missing, as one line of the dataset file; to people, of what is restricted."""
    if policy.level == RESTRICTED:
        return f"- {BREAK_GLASS.format(table=policy.table)} under grants of {policy.dataset}"
    roles = ", ".join(principal.roles)
    name = f"{policy.dataset.rpartition('.')[2]}-{'-'.join(principal.roles)}"
    grant = f"{{id: {name}, roles: [{roles}], tables: [{policy.table}], why: …}}"
    return f"- {grant} under grants of {policy.dataset}"


def _granted_roles(principal: Principal, policy: TablePolicy) -> list[str]:
    granted = {role for grant in policy.grants for role in grant.roles}
    return [role for role in principal.roles if role in granted]


def _is_below(view: View, role: str, policy: TablePolicy) -> bool:
    found = view.policies.roles.get(role)
    return found is not None and LEVELS.index(found.reads_up_to) < LEVELS.index(policy.level)


def _column_causes(
    view: View,
    principal: Principal,
    source: Source,
    policy: TablePolicy,
    decided: TableDecision | TableDenied,
) -> Iterator[Cause]:
    seen = (*decided.columns, *decided.averaged) if isinstance(decided, TableDecision) else ()
    visible = {each.name for each in seen}
    table = view.policies.catalogs[source.name].tables[policy.table]
    for column in table.columns:
        if column.name in visible:
            continue
        yield _column_cause(view, principal, policy, column.name)


def _column_cause(view: View, principal: Principal, policy: TablePolicy, name: str) -> Cause:
    """Return what hides a column of a readable table: no entry, a denial, a mask, or what is below a view."""
    what = f"{policy.table}.{name}"
    listed = next((column for column in policy.columns if column.name == name), None)
    if listed is None:
        return Cause(
            what=what,
            why="no dataset file lists it and no classifier tags it",
            allow=f"{name}: {{}} under columns of {policy.table} in {policy.dataset}",
        )
    for denial in policy.denials:
        if name in denial.columns and denial.roles & set(principal.roles):
            rule = denial.rule
            allow = f"take {name} out of the denial {rule.id}, or the role"
            return Cause(what=what, why=f"denied: {rule.why}", rule_id=rule.id, place=rule.place, allow=allow)
    roles = [view.policies.roles[each] for each in principal.roles if each in view.policies.roles]
    grants: list[GrantRule] = [each for each in policy.grants if each.is_for(principal, view.now)]
    acting = acting_roles(grants, roles)
    if not reaches(listed.level, grants, acting):
        return Cause(
            what=what,
            why=f"the column is {listed.level}, above what the caller may read",
            allow=f"- {BREAK_GLASS.format(table=policy.table)} under grants of {policy.dataset}",
        )
    mask = column_mask(listed, grants, acting, view.policies.tags)
    if mask is None or mask.mask is not MaskName.DENY:
        return Cause(what=what, why="it is computed from what is hidden")
    rule = mask.rule
    role, _, tag = rule.id.partition(":")
    of_role = tag and role in principal.roles
    why = f"{role} sees no column with the tag {tag}" if of_role else f"denied: {rule.why}"
    allow = f"{tag}: MASK under masks of {role} in roles.yaml" if of_role else f"another mask in {rule.id}"
    return Cause(what=what, why=why, rule_id=rule.id, place=rule.place, allow=allow)
