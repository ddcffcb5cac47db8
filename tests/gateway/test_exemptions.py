"""A contract rests for whom an exemption names, on the tables it names, and not a moment longer."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from lucky_mcp.audit.read_log import asked
from lucky_mcp.audit.record import Begun, Explained
from lucky_mcp.audit.sink import MemorySink
from lucky_mcp.cli.policy_matrix import matrix_document, matrix_text
from lucky_mcp.decision.decide import decide_table
from lucky_mcp.demo.tables import Fleet
from lucky_mcp.errors import ConfigurationError, ReadError
from lucky_mcp.gateway.read import Gateway
from lucky_mcp.gateway.receipts import condition
from lucky_mcp.gateway.refresh import refresh_references
from lucky_mcp.gateway.review.changes import Effect
from lucky_mcp.gateway.review.coverage import By, coverage
from lucky_mcp.gateway.review.diff import diff
from lucky_mcp.gateway.review.matrix import matrix
from lucky_mcp.gateway.review.replay import replay
from lucky_mcp.model.decision import TableDecision
from lucky_mcp.model.names import TableName
from lucky_mcp.model.principal import Principal
from lucky_mcp.model.request import SqlRead
from lucky_mcp.policy.compile_exemptions import Written, check_exemption
from lucky_mcp.policy.contract_schema import Exemption
from lucky_mcp.policy.offline import load_written
from lucky_mcp.policy.policy_set import PolicySet
from lucky_mcp.server.catalog_texts import table_text
from lucky_mcp.server.results import receipt_line
from tests.support.house import ANALYST, ENGINEER, EXECUTIVE, Clock, gateway_over, policies_over
from tests.support.policy_copies import policies_with
from tests.support.reference import ORDERS, SHOPS

FAY = Principal(subject="fay@finance", roles=("analyst",))
MORNING = datetime(2027, 3, 31, 9, 0, tzinfo=UTC)
AFTER = datetime(2027, 4, 1, tzinfo=UTC)
HEADERS, ITEMS = (
    TableName.parse(f"luckyus_sales_order.{name}") for name in ("t_sales_order_m", "t_order_item")
)
CURRENCIES = SqlRead(
    source=ORDERS,
    sql="SELECT currency_code, COUNT(*) AS n FROM t_sales_order_m GROUP BY currency_code ORDER BY 1",
)
EXEMPTIONS = """    exemptions:
      - id: nzd-audit
        table: luckyus_sales_order.t_sales_order_m
        principals: [fay@finance]
        why: the audit of NZD sales of 2026
        expires: 2027-03-31
      - id: items-for-engineers
        table: luckyus_sales_order.t_order_item
        roles: [data_engineer]
        why: the repair of items
        expires: "2027-04-01T10:00:00+13:00"
      - id: all-markets
        table: [dwh_schema.fact_orders, dwh_schema.dim_store]
        roles: [executive]
        why: a report over all markets
        expires: 2027-03-31
"""
END = "      encrypted_config: {tags: [secret]}\n      created_at: {}\n"
BREAK_GLASS = """grants:
  - {id: dify-4711, principals: [fay@finance], why: incident 4711, expires: 2027-03-31}
"""


@pytest.fixture(scope="module")
def exempting(project_root: Path, demo_data: Path, tmp_path_factory: pytest.TempPathFactory) -> PolicySet:
    folder = tmp_path_factory.mktemp("exempting") / "policies"
    policies_with(
        project_root,
        folder,
        ("contracts.yaml", "    via:\n", f"{EXEMPTIONS}    via:\n"),
        ("datasets/platform/dify.yaml", END, f"{END}{BREAK_GLASS}"),
    )
    return policies_over(folder, demo_data)


def filters(
    policies: PolicySet,
    principal: Principal,
    table: TableName,
    now: datetime | None,
    source: str = ORDERS,
) -> list[str]:
    return [condition(each.predicate) for each in decided(policies, principal, table, now, source).filters]


def decided(
    policies: PolicySet,
    principal: Principal,
    table: TableName,
    now: datetime | None,
    source: str = ORDERS,
) -> TableDecision:
    references = {"us_shops": SHOPS}
    found = decide_table(principal, policies.sources[source], table, policies, references, now)
    assert isinstance(found, TableDecision), found
    return found


def shown_table(gateway: Gateway, principal: Principal) -> str:
    table = gateway.visible.table(principal, ORDERS, "t_sales_order_m")
    return table_text(table, size="", fresh="", example="")


def currencies(rows: Sequence[tuple[object, ...]]) -> list[object]:
    return [row[0] for row in rows]


async def test_the_one_person_sees_every_order_until_it_is_over_and_nobody_else(
    exempting: PolicySet, demo_fleet: Fleet
) -> None:
    """One gateway, one text, its preparation kept: only the clock moves."""
    clock, audit = Clock(MORNING), MemorySink()
    gateway = gateway_over(exempting, audit=audit, clock=clock)
    await refresh_references(gateway, clock)
    orders = next(table for table in demo_fleet.tables if table.name == "t_sales_order_m")
    during = [await gateway.read(FAY, CURRENCIES) for _ in range(2)]
    for answer in during:
        assert currencies(answer.rows) == ["NZD", "USD"]
        assert sum(int(str(row[1])) for row in answer.rows) == len(orders.rows)
    assert currencies((await gateway.read(ANALYST, CURRENCIES)).rows) == ["USD"]
    assert currencies((await gateway.read(ENGINEER, CURRENCIES)).rows) == ["USD"]
    clock.now = AFTER - timedelta(seconds=1)
    await refresh_references(gateway, clock)
    assert currencies((await gateway.read(FAY, CURRENCIES)).rows) == ["NZD", "USD"]
    clock.now = AFTER
    over = await gateway.read(FAY, CURRENCIES)
    assert currencies(over.rows) == ["USD"]
    assert over.receipt.waivers == () and over.receipt.filters == ("us-market",)
    await gateway.close()

    text = "us-market does not filter it for you until 2027-03-31 (nzd-audit): the audit of NZD sales of 2026"
    assert during[0].receipt.waivers == (("luckyus_sales_order.t_sales_order_m", text),)
    assert during[0].receipt.filters == ()
    assert f"for you alone luckyus_sales_order.t_sales_order_m: {text}" in receipt_line(
        during[0], time_zone="UTC"
    )
    begun = [each for each in audit.records if isinstance(each, Begun) and each.principal == FAY.subject]
    recorded = (
        "exemption nzd-audit luckyus_sales_order.t_sales_order_m until 2027-03-31:"
        " the audit of NZD sales of 2026",
    )
    assert [each.waivers for each in begun] == [recorded, recorded, recorded, ()]


async def test_what_is_restricted_is_read_by_the_person_until_it_is_over(exempting: PolicySet) -> None:
    clock, audit = Clock(MORNING), MemorySink()
    gateway = gateway_over(exempting, audit=audit, clock=clock)
    await refresh_references(gateway, clock)
    said = SqlRead(source="dify", sql="SELECT * FROM conversations")
    during = await gateway.read(FAY, said)
    assert during.columns == ("id", "app_id", "from_end_user_id", "summary", "created_at") and during.rows
    assert during.receipt.waivers == (
        (
            "public.conversations",
            "read by a grant to you alone until 2027-03-31 (dify-4711): incident 4711",
        ),
    )
    assert {each.name for each in gateway.visible.sources(FAY)} - {
        each.name for each in gateway.visible.sources(ANALYST)
    } == {"aws-luckyus-dify-rw"}
    clock.now = AFTER
    await refresh_references(gateway, clock)
    for caller in (FAY, ANALYST):
        with pytest.raises(ReadError) as refused:
            await gateway.read(caller, said)
        assert refused.value.what == "there is no such source for you"
    await gateway.close()
    (begun,) = [each for each in audit.records if isinstance(each, Begun) and each.principal == FAY.subject]
    assert begun.waivers == ("break-glass dify-4711 public.conversations until 2027-03-31: incident 4711",)


async def test_what_is_described_and_explained_ends_with_it(exempting: PolicySet) -> None:
    clock, audit = Clock(MORNING), MemorySink()
    gateway = gateway_over(exempting, audit=audit, clock=clock)
    await refresh_references(gateway, clock)
    told = "for you alone: us-market does not filter it for you until 2027-03-31 (nzd-audit)"
    assert told in shown_table(gateway, FAY)
    assert told not in shown_table(gateway, ANALYST)
    explained = await gateway.explain(FAY, CURRENCIES)
    (rule,) = [each for each in explained.applied if each.rule_id == "nzd-audit"]
    assert rule.effect == "us-market does not filter it for you until 2027-03-31"
    assert rule.place.startswith("contracts.yaml:") and rule.owner == "finance-data"
    assert [each.waivers != () for each in audit.records if isinstance(each, Explained)] == [True]
    clock.now = AFTER
    await refresh_references(gateway, clock)
    assert told not in shown_table(gateway, FAY)
    assert "nzd-audit" not in {each.rule_id for each in (await gateway.explain(FAY, CURRENCIES)).applied}
    await gateway.close()


def test_only_the_tables_it_names_are_exempt(exempting: PolicySet) -> None:
    """The items of all orders are still those of orders in the United States."""
    assert filters(exempting, FAY, HEADERS, MORNING) == []
    assert filters(exempting, FAY, ITEMS, MORNING) == filters(exempting, ANALYST, ITEMS, MORNING) != []
    assert filters(exempting, ENGINEER, ITEMS, MORNING) == []
    assert filters(exempting, ENGINEER, HEADERS, MORNING) != []


def test_without_a_time_everything_is_over(exempting: PolicySet) -> None:
    assert filters(exempting, FAY, HEADERS, None) == filters(exempting, ANALYST, HEADERS, None) != []


@pytest.mark.parametrize(("minute", "is_exempt"), [(59, True), (60, False)])
def test_a_time_ends_in_its_own_zone(exempting: PolicySet, minute: int, is_exempt: bool) -> None:
    now = datetime(2027, 3, 31, 20, tzinfo=UTC) + timedelta(minutes=minute)
    assert (filters(exempting, ENGINEER, ITEMS, now) == []) is is_exempt


def test_every_role_that_reads_must_be_exempt(exempting: PolicySet) -> None:
    """Or another role would show more of the table."""
    both = dataclasses.replace(ENGINEER, roles=("data_engineer", "analyst"))
    assert filters(exempting, both, ITEMS, MORNING) == filters(exempting, ANALYST, ITEMS, MORNING)
    beside = dataclasses.replace(ENGINEER, roles=("data_engineer", "security_reviewer"))
    assert filters(exempting, beside, ITEMS, MORNING) == []


def test_what_a_view_reads_is_exempt_as_it_is_by_itself(exempting: PolicySet) -> None:
    view = next(
        name
        for name, table in exempting.catalogs["redshift"].tables.items()
        if table.view is not None
        and {"dwh_schema.fact_orders", "dwh_schema.dim_store"}
        <= {str(read.table) for read in table.view.reads}
        and all(read.table.schema == "dwh_schema" for read in table.view.reads)
    )
    for now, waivers in ((MORNING, 2), (AFTER, 0)):
        found = decided(exempting, EXECUTIVE, view, now, "redshift")
        assert found.below is not None
        below = {str(each.table): each for each in found.below.tables}
        named = [below["dwh_schema.fact_orders"], below["dwh_schema.dim_store"]]
        assert sum(len(each.waivers) for each in named) == waivers
        assert [bool(each.filters) for each in named] == [not waivers, not waivers]


def test_rights_differ_only_where_a_rule_names_somebody(exempting: PolicySet) -> None:
    assert exempting.in_force(ANALYST, MORNING) == frozenset()
    assert {each.rule.id for each in exempting.in_force(FAY, MORNING)} == {"nzd-audit", "dify-4711"}
    assert exempting.in_force(FAY, AFTER) == frozenset()


@pytest.mark.parametrize(
    ("old", "new", "widens", "narrows"),
    [
        ("2027-03-31", "2027-06-30", ["until 2027-03-31 -> until 2027-06-30"], []),
        ("2027-03-31", "2027-03-30", [], ["until 2027-03-31 -> until 2027-03-30"]),
        ("[fay@finance]", "[fay@finance, gus@finance]", ["also for gus@finance"], []),
        ("[fay@finance]", "[gus@finance]", ["also for gus@finance"], ["no longer for fay@finance"]),
        (
            "table: luckyus_sales_order.t_sales_order_m",
            "table: [luckyus_sales_order.t_sales_order_m, luckyus_sales_order.t_order_item]",
            ["also of aws-luckyus-salesorder-rw luckyus_sales_order.t_order_item"],
            [],
        ),
    ],
)
def test_what_lasts_longer_or_is_for_more_widens(
    old: str, new: str, widens: list[str], narrows: list[str], project_root: Path, tmp_path: Path
) -> None:
    """Also where nobody sees another row by it today."""
    entry = EXEMPTIONS.partition("      - id: items")[0]
    before, after = (
        load_written(
            policies_with(
                project_root, tmp_path / name, ("contracts.yaml", "    via:\n", f"{text}    via:\n")
            )
        )
        for name, text in (("old", entry), ("new", entry.replace(old, new)))
    )
    changes = diff(before, after)
    assert {each.rule for each in changes} == {"nzd-audit"}
    for effect, said in ((Effect.WIDENS, widens), (Effect.NARROWS, narrows)):
        of_rule = [each.what for each in changes if each.effect is effect and each.subject.startswith("nzd-")]
        assert of_rule == said
        assert said or effect not in {each.effect for each in changes}


def test_a_table_of_two_sources_is_no_guess(exempting: PolicySet) -> None:
    catalog = exempting.catalogs[ORDERS]
    catalogs = {ORDERS: catalog, "copy": dataclasses.replace(catalog, source="copy")}
    written = {
        source: Written(
            contract="us-market",
            entry=Exemption(table=str(HEADERS), source=source, principals=("ann",), why="x y", expires=AFTER),
            owner="",
            place="contracts.yaml:1",
        )
        for source in ("", "copy")
    }
    with pytest.raises(ConfigurationError, match="is in aws-luckyus-salesorder-rw, copy: say which"):
        check_exemption(written[""], catalogs, ())
    check_exemption(written["copy"], catalogs, ())


async def test_reviewers_see_for_whom_and_until_when(exempting: PolicySet) -> None:
    (table,) = matrix(exempting, source=ORDERS, table="t_sales_order_m", now=MORNING)
    shown = matrix_text([table])
    assert (
        "until 2027-03-31, for fay@finance: the audit of NZD sales of 2026 (nzd-audit, contracts.yaml:"
        in shown
    )
    (entry,) = json.loads(matrix_document([table]))
    assert [(each["rule"], each["for"]) for each in entry["until"]] == [("nzd-audit", ["fay@finance"])]
    (over,) = matrix(exempting, source=ORDERS, table="t_sales_order_m", now=AFTER)
    assert "nzd-audit" not in matrix_text([over])


async def test_the_audit_is_asked_again_as_the_person_who_asked(
    exempting: PolicySet, demo_policies: PolicySet, tmp_path: Path
) -> None:
    def line(person: str) -> str:
        record = {"event": "ended", "id": f"r-{person}", "at": MORNING.isoformat(), "principal": person}
        said = {"roles": ["analyst"], "source": ORDERS, "sql_asked": CURRENCIES.sql, "outcome": "ok"}
        return json.dumps(record | said)

    log = tmp_path / "audit.jsonl"
    log.write_text("\n".join(map(line, ("ann", "bob", "fay@finance"))), encoding="ascii")
    questions = asked([log], MORNING - timedelta(days=1))
    found, times = await replay(demo_policies, exempting, questions, MORNING)
    assert [(each.receipt, each.what, each.times) for each in found] == [
        ("r-fay@finance", "without us-market; with nzd-audit", 1)
    ]
    assert times == 2  # ann and bob are one to both
    covered = await coverage(exempting, tmp_path, questions, MORNING)
    by = {rule.id: rule.by for rule in covered.rules}
    assert by["nzd-audit"] == {By.AUDIT} and by["items-for-engineers"] == frozenset()
    assert covered.questions[By.AUDIT] == 2
