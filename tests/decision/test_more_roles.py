"""A role more never shows more of a table that was visible before, whatever roles, grants and denials there are."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from lucky_mcp.decision.decide import decide_table
from lucky_mcp.model.decision import DenyReason, MaskName, Requirement, Rule, TableDecision, TableDenied
from lucky_mcp.model.predicate import Compare
from lucky_mcp.model.principal import Principal
from lucky_mcp.model.requirement import Equals
from lucky_mcp.policy.expressions import Filter
from lucky_mcp.policy.levels import LEVELS
from lucky_mcp.policy.policy_set import (
    DenialRule,
    FilterRule,
    GrantRule,
    ListedColumn,
    MaskRule,
    PolicySet,
    Role,
)
from tests.policy.test_strictest_mask import RANK
from tests.support.reference import CRM

RULE = Rule(id="r")
FINAL = {DenyReason.ABOVE_LEVEL, DenyReason.EXPLICIT_DENY}
ROLES = ("a", "b", "c", "d")
COLUMNS = {
    "plain": (),
    "phone": ("pii.phone",),
    "email": ("pii.email",),
    "both": ("pii.email", "other.x"),
    "note": ("free_text",),
}
TAGS = ["pii", "pii.phone", "pii.email", "free_text", "other", "other.x"]

masks = st.sampled_from(list(MaskName)).map(lambda mask: MaskRule(mask=mask, rule=RULE))
role_sets = st.frozensets(st.sampled_from(ROLES), min_size=1)
filters = st.builds(
    lambda value: FilterRule(
        filter=Filter(fixed=(Compare(column="plain", operator="=", value=value),), unbound=(), text=""),
        rule=RULE,
    ),
    st.integers(0, 5),
)
requirements = st.builds(
    lambda columns: Requirement(options=tuple(Equals(column=each) for each in columns), rule=RULE),
    st.lists(st.sampled_from(list(COLUMNS)), min_size=1, max_size=2, unique=True),
)
grants = st.builds(
    lambda roles, masks, filter_, requires: GrantRule(
        roles=roles, masks=masks, filter=filter_, rule=RULE, requires=requires
    ),
    role_sets,
    st.dictionaries(st.sampled_from(list(COLUMNS)), masks),
    st.none() | filters,
    st.none() | requirements,
)
denials = st.builds(
    lambda roles, columns: DenialRule(roles=roles, columns=columns, rule=RULE),
    role_sets,
    st.frozensets(st.sampled_from(list(COLUMNS))),
)
roles = st.builds(
    lambda masks, level: {"masks": masks, "reads_up_to": level},
    st.dictionaries(st.sampled_from(TAGS), masks),
    st.sampled_from(LEVELS),
)


@settings(max_examples=300)
@given(
    entries=st.tuples(*[roles] * len(ROLES)),
    granted=st.lists(grants, max_size=4),
    denied=st.lists(denials, max_size=2),
    level=st.sampled_from(LEVELS),
    few=st.frozensets(st.sampled_from(ROLES), min_size=1),
    added=st.sampled_from(ROLES),
)
def test_a_role_more_never_shows_more(
    demo_policies: PolicySet,
    entries: tuple,
    granted: list,
    denied: list,
    level: str,
    few: frozenset[str],
    added: str,
) -> None:
    named = zip(ROLES, entries, strict=True)
    known = {name: Role(name=name, toolset=None, reads_metadata=False, **entry) for name, entry in named}
    table, policy = next(iter(demo_policies.tables[CRM].items()))
    listed = tuple(
        ListedColumn(name=n, type="VARCHAR", tags=t, description="", joins=None) for n, t in COLUMNS.items()
    )
    changed = replace(
        policy,
        columns=listed,
        contracts=(),
        via=(),
        grants=tuple(granted),
        denials=tuple(denied),
        level=level,
    )
    policies = replace(demo_policies, roles=known, tables={CRM: {table: changed}})

    def seen_by(names: frozenset[str]) -> TableDecision | TableDenied:
        principal = Principal(subject="s", roles=tuple(sorted(names)))
        return decide_table(principal, policies.sources[CRM], table, policies, {})

    before, after = seen_by(few), seen_by(few | {added})
    if isinstance(after, TableDenied):
        return
    if isinstance(before, TableDenied):
        assert before.reason not in FINAL, "a refusal was lifted"
        return
    shown = {column.name: column.mask for column in before.columns}
    for column in after.columns:
        assert column.name in shown, f"{column.name} appeared"
        assert RANK[column.mask] >= RANK[shown[column.name]], f"{column.name} was loosened"
    assert {f.predicate for f in before.filters} <= {f.predicate for f in after.filters}
    for required in before.requires:
        assert any(set(each.options) <= set(required.options) for each in after.requires), "a way was added"
