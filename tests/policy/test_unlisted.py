"""Tables that no dataset file lists: nothing of them, or what classifiers can tell and contracts reach."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lucky_mcp.decision.decide import decide_table
from lucky_mcp.gateway.receipts import condition
from lucky_mcp.gateway.review.diff import diff
from lucky_mcp.model.decision import DenyReason, TableDecision, TableDenied
from lucky_mcp.model.names import TableName
from lucky_mcp.model.principal import Principal
from lucky_mcp.model.request import SqlRead
from lucky_mcp.policy.offline import load_written
from lucky_mcp.policy.policy_set import PolicySet
from lucky_mcp.server.catalog_texts import table_text
from tests.policy.conftest import Change
from tests.support.house import ANALYST, ENGINEER, opened, policies_over
from tests.support.reference import CRM, SHOPS

SOURCE = "aws-luckyus-opshop-rw"
VISITS = TableName.parse("luckyus_opshop.t_visit")
# Column: type, and how an engineer sees it ("" as it is); absent ones have None.
COLUMNS: dict[str, tuple[str, str | None]] = {
    "id": ("BIGINT", ""),
    "shop_id": ("BIGINT", ""),
    "visit_time": ("DATETIME", ""),
    "status": ("VARCHAR(20)", ""),
    "total_amount": ("DECIMAL(12,2)", ""),
    "is_test": ("BOOLEAN", ""),
    "note": ("TEXT", "scrub"),
    "contact_info": ("VARCHAR(80)", "last4"),
    "coupon_status": ("VARCHAR(20)", ""),
    "phone2": ("VARCHAR(20)", "last4"),
    "shouji": ("VARCHAR(20)", "last4"),
    "visitor_email": ("VARCHAR(80)", "email_domain"),
    "first_name": ("VARCHAR(40)", "redact"),
    "wifi_password": ("VARCHAR(40)", None),
    "home_address": ("VARCHAR(200)", None),
    "salary_amount": ("DECIMAL(12,2)", None),
    "birth_date": ("DATE", None),
    "mobile": ("BIGINT", None),
    "weight_kg": ("DOUBLE", None),
    "payload": ("JSON", None),
}


def with_table(directory: Path, columns: dict[str, str], name: TableName = VISITS, **more: object) -> None:
    """Accept a table into the snapshot, which no dataset file lists."""
    path = directory / "catalog" / f"{SOURCE}.json"
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    written = [
        {"name": each, "type": type_, "nullable": True, "comment": ""} for each, type_ in columns.items()
    ]
    bare = {"comment": "Visits", "columns": written, "primary_key": [], "indexes": []}
    document["tables"][str(name)] = bare | more
    path.write_text(json.dumps(document), encoding="utf-8")


def decided(policies: PolicySet, *roles: str, table: TableName = VISITS) -> TableDecision | TableDenied:
    caller = Principal(subject="s", roles=roles)
    return decide_table(caller, policies.sources[SOURCE], table, policies, {"us_shops": SHOPS})


def shown(found: TableDecision | TableDenied) -> dict[str, str]:
    assert isinstance(found, TableDecision), found
    return {column.name: str(column.mask or "") for column in found.columns}


def test_columns_are_shown_by_their_names_and_the_rest_is_absent(
    directory: Path, loaded: Callable[[], PolicySet]
) -> None:
    with_table(directory, {name: type_ for name, (type_, _) in COLUMNS.items()})
    policies = loaded()
    found = decided(policies, "data_engineer")
    assert shown(found) == {name: mask for name, (_, mask) in COLUMNS.items() if mask is not None}
    assert isinstance(found, TableDecision)
    assert [condition(each.predicate) for each in found.filters] == [
        "shop_id in :ref.us_shops",
        "is_test = false",
    ]
    assert policies.tables[SOURCE][VISITS].level == "confidential"


@pytest.mark.parametrize("roles", [("analyst",), ("executive",), ("dba",), ("security_reviewer",)])
def test_it_is_for_roles_that_classify_alone(
    directory: Path, loaded: Callable[[], PolicySet], roles: tuple[str, ...]
) -> None:
    with_table(directory, {"shop_id": "BIGINT", "note": "TEXT"})
    found = decided(loaded(), *roles)
    assert isinstance(found, TableDenied) and found.reason is DenyReason.NO_GRANT


def test_a_table_that_the_contract_does_not_reach_is_denied(
    directory: Path, loaded: Callable[[], PolicySet]
) -> None:
    with_table(directory, {"id": "BIGINT", "note": "TEXT"})
    assert isinstance(decided(loaded(), "data_engineer"), TableDenied)


def test_a_filter_that_does_not_fit_denies_the_table(
    directory: Path, loaded: Callable[[], PolicySet]
) -> None:
    """The filter of the contract compares text; here the column is a number."""
    with_table(directory, {"id": "BIGINT", "currency_code": "INT"})
    assert isinstance(decided(loaded(), "data_engineer"), TableDenied)


def test_a_restricted_source_stays_closed(
    directory: Path, change: Change, loaded: Callable[[], PolicySet]
) -> None:
    with_table(directory, {"shop_id": "BIGINT"})
    old = "    classification: internal\n    owner: store-operations\n    description: Stores,"
    change("sources.yaml", old, old.replace("internal", "restricted"))
    found = decided(loaded(), "data_engineer")
    assert isinstance(found, TableDenied) and found.reason is DenyReason.ABOVE_LEVEL


def test_a_listed_view_over_it_shows_nothing_to_other_roles(
    directory: Path, loaded: Callable[[], PolicySet]
) -> None:
    """Who reads a view needs no grant on what it reads; of an unlisted table it does."""
    with_table(directory, {"shop_id": "BIGINT", "note": "TEXT"})
    view = TableName.parse("luckyus_opshop.v_visit")
    with_table(
        directory,
        {"shop_id": "BIGINT", "note": "TEXT"},
        view,
        view={
            "definition": f"SELECT shop_id, note FROM {VISITS}",
            "scans": 1,
            "reads": {str(VISITS): []},
            "origins": {"shop_id": [f"{VISITS}.shop_id"], "note": [f"{VISITS}.note"]},
        },
    )
    (directory / "datasets" / "operations" / "visits.yaml").write_text(
        f"dataset: operations.visits\nowner: o\nclassification: internal\nsource: {SOURCE}\n"
        f"tables:\n  {view}:\n    description: Visits.\n    columns: {{shop_id: {{}}, note: {{}}}}\n"
        "grants:\n  - {id: visits-read, roles: [analyst, data_engineer], why: counting visits}\n",
        encoding="utf-8",
    )
    policies = loaded()
    found = decided(policies, "analyst", table=view)
    assert isinstance(found, TableDenied) and found.reason is DenyReason.HIDDEN_BELOW
    assert isinstance(decided(policies, "data_engineer", table=view), TableDecision)


def test_a_new_column_is_absent_until_the_snapshot_has_it(
    directory: Path, loaded: Callable[[], PolicySet]
) -> None:
    with_table(directory, {"shop_id": "BIGINT"})
    assert set(shown(decided(loaded(), "data_engineer"))) == {"shop_id"}
    with_table(directory, {"shop_id": "BIGINT", "visit_time": "DATETIME"})
    assert set(shown(decided(loaded(), "data_engineer"))) == {"shop_id", "visit_time"}


def test_safe_names_show_nothing_of_listed_tables(loaded: Callable[[], PolicySet], directory: Path) -> None:
    """A column that its dataset file leaves out stays out, whatever it is called."""
    path = directory / "catalog" / f"{SOURCE}.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    (name,) = (each for each in document["tables"] if each.endswith("t_shop_info"))
    document["tables"][name]["columns"].append(
        {"name": "total_amount", "type": "DECIMAL(12,2)", "nullable": True, "comment": ""}
    )
    path.write_text(json.dumps(document), encoding="utf-8")
    found = decided(loaded(), "data_engineer", table=TableName.parse(name))
    assert "total_amount" not in shown(found)


def test_the_setting_widens_by_its_name(directory: Path, change: Change, tmp_path: Path) -> None:
    with_table(directory, {"shop_id": "BIGINT"})
    with_it = load_written(directory)
    change("roles.yaml", "    unlisted: classify\n", "")
    without = load_written(directory)
    (table, setting) = sorted(diff(without, with_it), key=lambda each: each.subject)
    assert (table.rule, setting.rule) == ("data_engineer:unlisted", "data_engineer:unlisted")
    assert table.subject == f"{SOURCE} {VISITS}" and setting.subject == "role data_engineer"


async def test_the_demo_without_a_dataset_file_is_read_filtered_masked_and_marked(
    directory: Path, demo_data: Path
) -> None:
    asked = SqlRead(source=CRM, sql="SELECT phone, email FROM t_user ORDER BY phone, email")
    count = SqlRead(source=CRM, sql="SELECT COUNT(*) FROM t_user_profile")
    listed = await opened(policies_over(directory, demo_data))
    before = await listed.read(ENGINEER, asked)
    counted = await listed.read(ENGINEER, count)
    await listed.close()
    for path in (directory / "datasets" / "crm").glob("customers*.yaml"):
        path.unlink()
    gateway = await opened(policies_over(directory, demo_data))
    after = await gateway.read(ENGINEER, asked)
    assert after.rows == before.rows != ()
    assert (await gateway.read(ENGINEER, count)).rows == counted.rows
    assert "us-market" in after.receipt.filters
    assert ("phone", "last4") in after.receipt.masked
    told = table_text(gateway.visible.table(ENGINEER, CRM, "t_user"), size="", fresh="", example="")
    assert "in no dataset file" in told
    assert "t_user" not in {each.table for each in gateway.visible.tables(ANALYST)}
    await gateway.close()
