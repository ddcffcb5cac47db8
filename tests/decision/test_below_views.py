"""What holds below a view: levels, denials, masks, filters and reference sets of every table that it reads."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from lucky_mcp.decision.decide import decide_table
from lucky_mcp.gateway.receipts import condition
from lucky_mcp.model.decision import DenyReason, MaskName, Requirement, Rule, TableDecision, TableDenied
from lucky_mcp.model.names import TableName
from lucky_mcp.model.principal import Principal
from lucky_mcp.model.requirement import Equals
from lucky_mcp.policy.expressions import compile_filter
from lucky_mcp.policy.policy_set import (
    DenialRule,
    FilterRule,
    FloorRule,
    GrantRule,
    MaskRule,
    PolicySet,
    TablePolicy,
)

WAREHOUSE = "redshift"
SHOPS = {"us_shops": (10001, 10002)}
RULE = Rule(id="r", why="a test")
HEALTH = TableName.parse("mart_schema.mart_customer_health")
REVENUE = TableName.parse("mart_schema.mart_daily_store_revenue")
CUSTOMERS = TableName.parse("dwh_schema.dim_customer")
ORDERS = TableName.parse("dwh_schema.fact_orders")


def decided(
    policies: PolicySet,
    view: TableName,
    *roles: str,
    references: Mapping[str, tuple[int, ...]] = SHOPS,
    changes: Mapping[TableName, dict[str, object]] | None = None,
) -> TableDecision | TableDenied:
    """Return the decision on a view with some policies of tables changed."""
    tables = dict(policies.tables[WAREHOUSE])
    for name, change in (changes or {}).items():
        tables[name] = replace(tables[name], **change)  # type: ignore[arg-type]
    changed = replace(policies, tables={**policies.tables, WAREHOUSE: tables})
    principal = Principal(subject="s", roles=roles or ("executive",))
    return decide_table(principal, changed.sources[WAREHOUSE], view, changed, references)


def shown(found: TableDecision | TableDenied) -> list[str]:
    assert isinstance(found, TableDecision), found
    return [column.name for column in found.columns]


def policy(policies: PolicySet, table: TableName) -> TablePolicy:
    return policies.tables[WAREHOUSE][table]


def test_no_grant_on_the_tables_is_needed_and_their_filters_hold(demo_policies: PolicySet) -> None:
    found = decided(demo_policies, REVENUE)
    assert isinstance(found, TableDecision) and found.below is not None
    below = {str(each.table): [condition(f.predicate) for f in each.filters] for each in found.below.tables}
    assert below == {
        "dwh_schema.dim_date": [],
        "dwh_schema.dim_store": ["shop_dept_id in :ref.us_shops"],
        "dwh_schema.fact_orders": [
            "is_nzd_test = false",
            "store_key is that of a dim_store row where shop_dept_id in :ref.us_shops",
        ],
    }
    assert found.filters == () and found.not_filtered == "of what it reads, the calendar has no market"


def test_a_role_must_reach_the_level_of_every_table(demo_policies: PolicySet) -> None:
    role = replace(demo_policies.roles["executive"], reads_up_to="internal")
    policies = replace(demo_policies, roles={**demo_policies.roles, "executive": role})
    assert shown(decided(policies, REVENUE))
    found = decided(policies, HEALTH)
    assert isinstance(found, TableDenied) and found.reason is DenyReason.HIDDEN_BELOW
    assert "dim_customer" in found.detail and "above" in found.detail


def with_levels(policies: PolicySet, **levels: str) -> PolicySet:
    """Return the policies in which some roles read up to other levels."""
    changed = {name: replace(policies.roles[name], reads_up_to=level) for name, level in levels.items()}
    return replace(policies, roles={**policies.roles, **changed})


def test_every_role_that_reads_the_view_must_reach_the_level(demo_policies: PolicySet) -> None:
    assert isinstance(decided(demo_policies, HEALTH, "executive", "analyst"), TableDecision)
    policies = with_levels(demo_policies, analyst="internal")
    found = decided(policies, HEALTH, "executive", "analyst")
    assert isinstance(found, TableDenied) and found.reason is DenyReason.HIDDEN_BELOW


def test_roles_that_do_not_read_the_view_do_not_count_below_it(demo_policies: PolicySet) -> None:
    policies = with_levels(demo_policies, dba="public")
    assert decided(policies, HEALTH, "executive", "dba") == decided(policies, HEALTH, "executive")


def test_roles_with_a_grant_on_a_table_below_count_there(demo_policies: PolicySet) -> None:
    own = GrantRule(roles=frozenset({"dba"}), masks={}, filter=None, rule=RULE)
    changes: dict[TableName, dict[str, object]] = {CUSTOMERS: {"grants": (own,)}}
    policies = with_levels(demo_policies, dba="public")
    found = decided(policies, HEALTH, "executive", "dba", changes=changes)
    assert isinstance(found, TableDenied) and found.reason is DenyReason.HIDDEN_BELOW


def test_what_a_grant_below_requires_is_out_of_reach(demo_policies: PolicySet) -> None:
    needed = Requirement(options=(Equals(column="customer_key"),), rule=RULE)
    own = GrantRule(roles=frozenset({"analyst"}), masks={}, filter=None, rule=RULE, requires=needed)
    changes: dict[TableName, dict[str, object]] = {CUSTOMERS: {"grants": (own,)}}
    assert isinstance(decided(demo_policies, HEALTH, "executive", changes=changes), TableDecision)
    found = decided(demo_policies, HEALTH, "executive", "analyst", changes=changes)
    assert isinstance(found, TableDenied) and found.reason is DenyReason.HIDDEN_BELOW
    assert "none reaches into a view" in found.detail


@pytest.mark.parametrize(
    ("columns", "left"),
    [
        ({"total_spend"}, ["country_code", "segment", "customers", "orders", "churn_risk"]),
        ({"total_spend", "total_orders"}, ["country_code", "segment", "customers", "churn_risk"]),
        (
            {"user_no", "clv_predicted"},
            ["country_code", "segment", "customers", "orders", "spend", "churn_risk"],
        ),
        ({"segment"}, None),
        ({"country_code"}, None),
        (set(), None),
    ],
)
def test_a_denial_below_takes_what_is_computed_from_it(
    demo_policies: PolicySet, columns: set[str], left: list[str] | None
) -> None:
    denial = DenialRule(roles=frozenset({"executive"}), columns=frozenset(columns), rule=RULE)
    found = decided(demo_policies, HEALTH, changes={CUSTOMERS: {"denials": (denial,)}})
    if left is None:
        assert isinstance(found, TableDenied) and found.reason is DenyReason.HIDDEN_BELOW
    else:
        assert shown(found) == left


def test_a_table_below_that_no_dataset_file_lists_hides_the_view(demo_policies: PolicySet) -> None:
    tables = {name: each for name, each in demo_policies.tables[WAREHOUSE].items() if name != ORDERS}
    policies = replace(demo_policies, tables={**demo_policies.tables, WAREHOUSE: tables})
    found = decided(policies, REVENUE)
    assert isinstance(found, TableDenied) and found.reason is DenyReason.HIDDEN_BELOW
    assert "in no dataset file" in found.detail


@pytest.mark.parametrize("references", [{}, {"us_shops": ()}])
def test_a_missing_reference_set_below_denies_the_view(
    demo_policies: PolicySet, references: dict[str, tuple[int, ...]]
) -> None:
    found = decided(demo_policies, REVENUE, references=references)
    assert isinstance(found, TableDenied) and found.reason is DenyReason.REFERENCE_UNAVAILABLE


def test_masks_of_the_reading_role_hold_below_and_are_told(demo_policies: PolicySet) -> None:
    columns = tuple(
        replace(each, tags=("free_text",)) if each.name == "segment" else each
        for each in policy(demo_policies, CUSTOMERS).columns
    )
    changes: dict[TableName, dict[str, object]] = {CUSTOMERS: {"columns": columns}}
    hidden = decided(demo_policies, HEALTH, "executive", changes=changes)
    assert isinstance(hidden, TableDenied) and hidden.reason is DenyReason.HIDDEN_BELOW
    found = decided(demo_policies, HEALTH, "analyst", changes=changes)
    assert isinstance(found, TableDecision)
    masks = {column.name: (column.mask, column.masks_below) for column in found.columns}
    assert masks["segment"] == (None, (MaskName.SCRUB,)) and masks["orders"] == (None, ())


def test_a_mask_of_the_view_comes_on_top_unless_it_is_there_already(demo_policies: PolicySet) -> None:
    def granted(mask: MaskName) -> dict[TableName, dict[str, object]]:
        below = tuple(
            replace(each, tags=("free_text",)) if each.name == "segment" else each
            for each in policy(demo_policies, CUSTOMERS).columns
        )
        own = GrantRule(
            roles=frozenset({"analyst"}),
            masks={"segment": MaskRule(mask=mask, rule=RULE)},
            filter=None,
            rule=RULE,
        )
        return {CUSTOMERS: {"columns": below}, HEALTH: {"grants": (own,)}}

    for mask, expected in ((MaskName.SCRUB, None), (MaskName.REDACT, MaskName.REDACT)):
        found = decided(demo_policies, HEALTH, "analyst", changes=granted(mask))
        assert isinstance(found, TableDecision)
        segment = next(column for column in found.columns if column.name == "segment")
        assert (segment.mask, segment.masks_below) == (expected, (MaskName.SCRUB,))


@pytest.mark.parametrize(
    ("masked", "expected"), [({"segment", "user_no"}, None), ({"segment"}, MaskName.SCRUB)]
)
def test_a_mask_of_the_view_stays_unless_every_origin_has_it(
    demo_policies: PolicySet, masked: set[str], expected: MaskName | None
) -> None:
    """Of two origins under one column, the one without the mask would else be shown as it is."""
    own = GrantRule(
        roles=frozenset({"analyst"}),
        masks={"segment": MaskRule(mask=MaskName.SCRUB, rule=RULE)},
        filter=None,
        rule=RULE,
    )
    below = tuple(
        replace(each, tags=("free_text",)) if each.name in masked else each
        for each in policy(demo_policies, CUSTOMERS).columns
    )
    catalog = demo_policies.catalogs[WAREHOUSE]
    view = catalog.tables[HEALTH].view
    assert view is not None
    both = ((CUSTOMERS, "segment"), (CUSTOMERS, "user_no"))
    origins = tuple((name, both if name == "segment" else read) for name, read in view.origins)
    table = replace(catalog.tables[HEALTH], view=replace(view, origins=origins))
    changed = replace(catalog, tables={**catalog.tables, HEALTH: table})
    policies = replace(demo_policies, catalogs={**demo_policies.catalogs, WAREHOUSE: changed})
    changes: dict[TableName, dict[str, object]] = {CUSTOMERS: {"columns": below}, HEALTH: {"grants": (own,)}}
    found = decided(policies, HEALTH, "analyst", changes=changes)
    assert isinstance(found, TableDecision)
    segment = next(column for column in found.columns if column.name == "segment")
    assert (segment.mask, segment.masks_below) == (expected, (MaskName.SCRUB,))


def test_grants_of_the_caller_on_a_table_below_filter_it_there_too(demo_policies: PolicySet) -> None:
    table = demo_policies.catalogs[WAREHOUSE].tables[CUSTOMERS]
    own = GrantRule(
        roles=frozenset({"analyst"}),
        masks={},
        filter=FilterRule(filter=compile_filter("segment = 'VIP'", table), rule=RULE),
        rule=RULE,
    )
    changes: dict[TableName, dict[str, object]] = {CUSTOMERS: {"grants": (own,)}}
    for roles, filters in (
        (("executive",), ["country_code = 'US'"]),
        (("analyst",), ["country_code = 'US'", "segment = 'VIP'"]),
        (("executive", "analyst"), ["country_code = 'US'", "segment = 'VIP'"]),
    ):
        found = decided(demo_policies, HEALTH, *roles, changes=changes)
        assert isinstance(found, TableDecision) and found.below is not None
        (below,) = found.below.tables
        assert [condition(each.predicate) for each in below.filters] == filters


def test_who_has_no_grant_on_the_view_has_none_through_its_tables(demo_policies: PolicySet) -> None:
    for role in ("dba", "security_reviewer", "customer_care", "nobody"):
        found = decided(demo_policies, HEALTH, role)
        assert found == TableDenied(table=HEALTH, reason=DenyReason.NO_GRANT)


@pytest.mark.parametrize("masked", [False, True])
def test_a_floor_of_a_view_holds_over_a_floor_or_a_mask_below_it(
    demo_policies: PolicySet, masked: bool
) -> None:
    """What comes masked is not masked again; that it is rare in the view is another question."""
    above = FloorRule(k_min=20, by=("segment", "country_code"), rule=Rule(id="above"))
    mask = MaskRule(mask=MaskName.REDACT, rule=RULE)
    change: dict[str, object] = {"floor": above}
    under: dict[str, object] = {"floor": FloorRule(k_min=5, by=("segment",), rule=Rule(id="under"))}
    if masked:
        grants = policy(demo_policies, HEALTH).grants
        change["grants"] = tuple(replace(each, masks={**each.masks, "segment": mask}) for each in grants)
        own = GrantRule(roles=frozenset({"executive"}), masks={"segment": mask}, filter=None, rule=RULE)
        under = {"grants": (own,)}
    found = decided(demo_policies, HEALTH, changes={HEALTH: change, CUSTOMERS: under})
    assert isinstance(found, TableDecision) and found.below is not None
    columns = {each.name: each for each in found.columns}
    assert columns["segment"].mask is columns["country_code"].mask is MaskName.RARE
    (merged,) = columns["segment"].merged
    assert merged.k_min == 20 and [(each.name, each.mask) for each in merged.alike] == [
        ("country_code", None),
        ("segment", None),
    ]
    (customers,) = found.below.tables
    (below,) = [each for each in customers.columns if each.name == "segment"]
    assert below.mask is (MaskName.REDACT if masked else MaskName.RARE)
