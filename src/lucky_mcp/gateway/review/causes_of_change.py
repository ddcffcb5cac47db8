"""Which rule a gain is due to, so that a reviewer can accept it by name."""

from __future__ import annotations

from lucky_mcp.gateway.review.access import TableAccess
from lucky_mcp.gateway.review.timed_diff import BEFORE_ALL_ENDS
from lucky_mcp.model.names import TableName
from lucky_mcp.model.principal import Principal
from lucky_mcp.policy.policy_set import GrantRule, PolicySet, TablePolicy


def table_rule(without: PolicySet, having: PolicySet, access: TableAccess) -> str:
    """Return the rule by which a table is readable under `having` and not under `without`.

    A new grant; else the denial that is gone, the level that changed (`level:<dataset>`), or the table.
    """
    if access.rule:
        return access.rule
    before, after = _policy(without, access), _policy(having, access)
    grants = _grants(after, access)
    known = {grant.rule.id for grant in _grants(before, access)}
    added = [grant.rule.id for grant in grants if grant.rule.id not in known]
    if added or before is None or after is None:
        return (added or [grant.rule.id for grant in grants] or [f"table:{access.table}"])[0]
    remaining = {denial.rule.id for denial in after.denials if denial.roles & set(access.roles)}
    gone = [
        denial.rule.id
        for denial in before.denials
        if denial.roles & set(access.roles) and denial.rule.id not in remaining
    ]
    if gone:
        return gone[0]
    if before.level != after.level:
        return f"level:{after.dataset}"
    raised = [role for role in access.roles if _level(without, role) != _level(having, role)]
    return f"{raised[0]}:reads_up_to" if raised else f"table:{access.table}"


def column_rule(without: PolicySet, having: PolicySet, access: TableAccess, column: str) -> str:
    """Return the rule by which a column is shown under `having` as it is not under `without`.

    The mask it has now; else the rule that hid or masked it; else the column itself, newly listed.
    """
    shown = access.columns.get(column)
    if shown is not None and shown.rule is not None:
        return shown.rule.id
    if access.rule:
        return access.rule
    before, after = _policy(without, access), _policy(having, access)
    if before is not None and after is not None:
        hid = _hiding(before, access, column) - _hiding(after, access, column)
        if hid:
            return min(hid)
        granted = {role for grant in (*before.grants, *after.grants) for role in grant.roles}
        for role in (each for each in access.roles if each in granted):
            gone = _role_masks(without, role, before, column) - _role_masks(having, role, after, column)
            if gone:
                return min(gone)
    return f"column:{access.table}.{column}"


def _hiding(policy: TablePolicy, access: TableAccess, column: str) -> set[str]:
    """The rules of a dataset file that hide or mask a column from the callers."""
    denials = {
        denial.rule.id
        for denial in policy.denials
        if column in denial.columns and denial.roles & set(access.roles)
    }
    averaged = {
        each.averaged.rule.id for each in policy.columns if each.name == column and each.averaged is not None
    }
    floors = (policy.floor, *(grant.floor for grant in _grants(policy, access)))
    merged = {each.rule.id for each in floors if each is not None and column in each.by}
    return (
        denials
        | averaged
        | merged
        | {grant.masks[column].rule.id for grant in _grants(policy, access) if column in grant.masks}
    )


def _role_masks(policies: PolicySet, role: str, policy: TablePolicy, column: str) -> set[str]:
    """`role:tag` for each tag of a column that the role masks, or that is sensitive."""
    listed = next((each for each in policy.columns if each.name == column), None)
    known = policies.roles.get(role)
    if listed is None or known is None:
        return set()
    return {
        f"{role}:{tag}"
        for tag in listed.tags
        if policies.tags.is_sensitive(tag)
        or any(tag == mask or tag.startswith(f"{mask}.") for mask in known.masks)
    }


def _policy(policies: PolicySet, access: TableAccess) -> TablePolicy | None:
    return policies.tables.get(access.source, {}).get(TableName.parse(access.table))


def _grants(policy: TablePolicy | None, access: TableAccess) -> list[GrantRule]:
    caller = Principal(subject=access.person, roles=access.roles)
    grants = policy.grants if policy is not None else ()
    return [grant for grant in grants if grant.is_for(caller, BEFORE_ALL_ENDS)]


def _level(policies: PolicySet, role: str) -> str:
    found = policies.roles.get(role)
    return found.reads_up_to if found is not None else ""
