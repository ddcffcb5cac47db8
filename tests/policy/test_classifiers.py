"""Columns are tagged by name, whatever a dataset file says; a tagged column is visible under its mask only."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from lucky_mcp.catalog.snapshot import Column
from lucky_mcp.decision.decide import decide_table
from lucky_mcp.model.decision import MaskName, TableDecision
from lucky_mcp.model.names import TableName
from lucky_mcp.policy.policy_set import PolicySet
from tests.support.house import ANALYST, ENGINEER
from tests.support.reference import CRM

USERS = TableName(schema="luckyus_sales_crm", table="t_user")

TAGGED = [
    ("phone", "pii.phone"),
    ("phone2", "pii.phone"),
    ("contact_phone", "pii.phone"),
    ("MOBILE", "pii.phone"),
    ("mobile_no", "pii.phone"),
    ("tel_number", "pii.phone"),
    ("receiver_msisdn", "pii.phone"),
    ("email", "pii.email"),
    ("mail", "pii.email"),
    ("backup_email2", "pii.email"),
    ("e_mail", "pii.email"),
    ("email_address", "pii.email"),
    ("first_name", "pii.name"),
    ("LastName", "pii.name"),
    ("nickname", "pii.name"),
    ("customer_name", "pii.name"),
    ("birthday", "pii.birthday"),
    ("birth_date", "pii.birthday"),
    ("dob", "pii.birthday"),
    ("card_no", "pii.card"),
    ("pan", "pii.card"),
    ("password", "secret"),
    ("login_token", "secret"),
    ("apikey", "secret"),
    ("ssn", "secret"),
    ("shop_name", ""),
    ("product_name", ""),
    ("phone_model", ""),
    ("telemetry", ""),
    ("company", ""),
    ("email_sent_at", ""),
    ("card_count", ""),
    ("contact_info", ""),
]


@pytest.mark.parametrize(("name", "tag"), TAGGED)
def test_a_name_gets_its_tag(demo_policies: PolicySet, name: str, tag: str) -> None:
    found = demo_policies.tags.of(Column(name=name, type="VARCHAR"))
    assert found == ((tag,) if tag else ())
    assert all(demo_policies.tags.is_sensitive(each) for each in found)


def with_columns(directory: Path, *names: str) -> None:
    path = directory / "catalog" / f"{CRM}.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    for name in names:
        column = {"name": name, "type": "VARCHAR", "nullable": True, "comment": ""}
        document["tables"][str(USERS)]["columns"].append(column)
    path.write_text(json.dumps(document), encoding="utf-8")


def visible(policies: PolicySet, principal: object) -> dict[str, MaskName | None]:
    decided = decide_table(principal, policies.sources[CRM], USERS, policies, {"us_shops": (10001,)})  # type: ignore[arg-type]
    assert isinstance(decided, TableDecision)
    return {column.name: column.mask for column in decided.columns}


@pytest.mark.parametrize(
    ("name", "analyst", "engineer"),
    [
        ("phone2", MaskName.LAST4, MaskName.LAST4),
        ("backup_email", MaskName.REDACT, MaskName.EMAIL_DOMAIN),
        ("card_no", MaskName.LAST4, MaskName.LAST4),
        ("nick_name", "absent", MaskName.REDACT),
        ("dob", "absent", MaskName.NULL),
        ("login_token", "absent", "absent"),
        ("contact_info", "absent", "absent"),
        ("note", "absent", "absent"),
    ],
)
def test_an_unlisted_column_shows_under_its_mask_or_not_at_all(
    directory: Path, loaded: Callable[[], PolicySet], name: str, analyst: object, engineer: object
) -> None:
    with_columns(directory, name)
    policies = loaded()
    assert visible(policies, ANALYST).get(name, "absent") == analyst
    assert visible(policies, ENGINEER).get(name, "absent") == engineer


def test_listing_a_column_does_not_take_its_tag_away(
    directory: Path, change: Callable[[str, str, str], None], loaded: Callable[[], PolicySet]
) -> None:
    with_columns(directory, "phone2", "login_token")
    change(
        "datasets/crm/customers.yaml",
        "      group_no: {}",
        "      group_no: {}\n      phone2: {}\n      login_token: {}",
    )
    seen = visible(loaded(), ANALYST)
    assert seen["phone2"] is MaskName.LAST4
    assert "login_token" not in seen
