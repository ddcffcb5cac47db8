"""Who sees a column that is only averaged: a tag alone does not hide it, a written mask that is stricter does."""

from __future__ import annotations

import pytest

from lucky_mcp.decision.combine import column_mask
from lucky_mcp.model.decision import Averaged, MaskName, Rule
from lucky_mcp.policy.policy_set import AveragedRule, GrantRule, ListedColumn, MaskRule, PolicySet, Role

RULE = Rule(id="r")
SALARY = ListedColumn(
    name="salary",
    type="INT",
    tags=("pii.salary",),
    description="",
    joins=None,
    averaged=AveragedRule(averaged=Averaged(group_min=10), rule=Rule(id="salary")),
)


def role(name: str, **masks: MaskName) -> Role:
    written = {tag: MaskRule(mask=mask, rule=Rule(id=f"{name}:{tag}")) for tag, mask in masks.items()}
    return Role(name=name, toolset=None, masks=written, reads_metadata=False, reads_up_to="confidential")


def grant(mask: MaskName | None) -> GrantRule:
    masks = {"salary": MaskRule(mask=mask, rule=RULE)} if mask else {}
    return GrantRule(roles=frozenset({"a", "b"}), masks=masks, filter=None, rule=RULE)


@pytest.mark.parametrize(
    ("roles", "granted", "expected"),
    [
        ([role("a")], None, MaskName.MEAN),
        ([role("a"), role("b")], None, MaskName.MEAN),
        ([role("a", pii=MaskName.DENY)], None, MaskName.DENY),
        ([role("a"), role("b", pii=MaskName.DENY)], None, MaskName.DENY),
        ([role("a", pii=MaskName.NULL), role("b", pii=MaskName.REDACT)], None, MaskName.NULL),
        ([role("a", pii=MaskName.ROUND)], None, MaskName.MEAN),
        ([role("a", pii=MaskName.ROUND), role("b", pii=MaskName.LAST4)], None, MaskName.MEAN),
        ([role("a")], MaskName.ROUND, MaskName.MEAN),
        ([role("a")], MaskName.REDACT, MaskName.REDACT),
    ],
)
def test_the_mean_gives_way_to_what_is_stricter(
    demo_policies: PolicySet, roles: list[Role], granted: MaskName | None, expected: MaskName
) -> None:
    found = column_mask(SALARY, [grant(granted)], roles, demo_policies.tags)
    assert found is not None and found.mask is expected
    assert (found.rule.id == "salary") is (expected is MaskName.MEAN)
