"""How several grants, roles and tags become one answer: the strictest of everything."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from lucky_mcp.model.decision import Bound, MaskName
from lucky_mcp.policy.masks import STRENGTH, fitting, strictest
from lucky_mcp.policy.policy_set import AveragedRule, GrantRule, ListedColumn, MaskRule, PolicySet, Role
from lucky_mcp.policy.role_masks import role_mask, written_mask
from lucky_mcp.policy.tags import Tags


def column_mask(
    column: ListedColumn, grants: Sequence[GrantRule], roles: Sequence[Role], tags: Tags
) -> MaskRule | None:
    """Return the mask of a column over all pairs of an applying grant and a role of it, with its rule.

    A grant's mask may only tighten its role's, so both go into one strictest choice. A column that is read
    in aggregates alone is shown as the mean of its group, unless something stricter is written for it; a
    sensitive tag that nothing is written for does not hide it.
    """
    rules = [grant.masks[column.name] for grant in grants if column.name in grant.masks]
    if column.averaged is not None:
        return _mean_unless_stricter(column, column.averaged, rules, roles)
    for role in roles:
        rules += [rule for tag in column.tags if (rule := role_mask(role, tag, tags)) is not None]
    mask = strictest(rule.mask for rule in rules)
    if mask is None:
        return None
    # Two different masks may combine to a third; then the first of them is named as its cause.
    cause = next((rule for rule in rules if rule.mask is mask), rules[0])
    return MaskRule(mask=fitting(mask, column.type), rule=cause.rule)


def _mean_unless_stricter(
    column: ListedColumn, averaged: AveragedRule, rules: Sequence[MaskRule], roles: Sequence[Role]
) -> MaskRule:
    written = [*rules, *(rule for each in roles for tag in column.tags if (rule := written_mask(each, tag)))]
    stricter = strictest(rule.mask for rule in written if rule.mask in STRENGTH)
    mean = MaskRule(mask=MaskName.MEAN, rule=averaged.rule)
    return next((rule for rule in written if rule.mask is stricter), mean)


def smallest_bound(policies: PolicySet, roles: Iterable[str], limits: Iterable[Mapping[str, int]]) -> Bound:
    """Return the limits of a read.

    A role's own entry replaces the default; among several roles, and against the source kind, the
    smallest wins.
    """
    default: Mapping[str, int] = vars(policies.bound_default)
    by_role: list[Mapping[str, int]] = [
        {**default, **policies.bounds_by_role.get(role, {})} for role in roles
    ] or [default]
    chosen = dict(by_role[0])
    for entry in by_role[1:]:
        chosen = {name: min(value, entry[name]) for name, value in chosen.items()}
    for entry in limits:
        for name, value in entry.items():
            chosen[name] = min(chosen[name], value)
    return Bound(**chosen)
