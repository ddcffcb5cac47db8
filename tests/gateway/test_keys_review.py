"""Reviewers see rules about keys as they see those about tables: explained, in the matrix, and compared."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lucky_mcp.gateway.review.changes import Effect
from lucky_mcp.gateway.review.diff import diff
from lucky_mcp.gateway.review.explain import explain_as
from lucky_mcp.gateway.review.matrix import matrix
from lucky_mcp.policy.offline import load_offline, load_written
from lucky_mcp.policy.policy_set import PolicySet
from tests.support.house import ANALYST, DBA, ENGINEER

NOW = datetime(2026, 2, 15, tzinfo=UTC)
ORDERS = "luckyus-isales-order"
SALES = "redis/sales.yaml"


@pytest.fixture(scope="module")
def policies(project_root: Path) -> PolicySet:
    return load_offline(project_root / "policies")


async def test_a_key_is_explained_by_its_name(policies: PolicySet) -> None:
    seen = await explain_as(policies, ENGINEER, ORDERS, "order:100000000001", NOW)
    assert (seen.code, seen.rules) == ("permit", {"order-cache"})
    assert {"phone": "last4", "order_status": "plain"}.items() <= dict(seen.columns).items()
    denied = await explain_as(policies, ENGINEER, ORDERS, "blacklist:U1", NOW)
    assert denied.code == "KEY_DENIED" and [each.rule_id for each in denied.hidden] == ["no-blacklist"]
    foreign = await explain_as(policies, ANALYST, ORDERS, "order:1", NOW)
    assert foreign.code == "KEY_DENIED" and "order-cache" in {each.rule_id for each in foreign.hidden}
    masked = await explain_as(policies, DBA, ORDERS, "order:1", NOW)
    assert masked.code == "KEY_DENIED" and dict(masked.columns)["{rest}"] == "redact"


def test_the_matrix_has_forms_of_names(policies: PolicySet) -> None:
    (table,) = matrix(
        policies, roles=("data_engineer", "dba"), source=ORDERS, table="order:{order_id:digits}"
    )
    engineer, dba = table.by_role
    assert (engineer.shown("phone"), engineer.shown("remark"), engineer.shown("{order_id}")) == (
        "last4",
        "scrub",
        "plain",
    )
    assert dba.denied and "auth_token" not in table.columns


WIDENINGS = [
    (
        "      order_status: {}\n      shop_id: {}\n",
        "      order_status: {}\n      rider: {}\n",
        "rider: absent -> plain",
    ),
    ("remark: {tags: [free_text]}", "remark: {}", "remark: scrub -> plain"),
    ('    pattern: "blacklist:{rest:rest}"', '    pattern: "other:{rest:rest}"', "no-blacklist"),
    (
        "    types: [string]\n    description: Who left",
        "    types: [string, list]\n    description: Who left",
        "leads",
    ),
    (
        "    roles: [data_engineer]\n    why: late and lost",
        "    roles: [data_engineer, dba]\n    why: late and lost",
        "order-events",
    ),
]
"""What is written otherwise, and what is said of it."""


def test_changes_that_show_more_widen(project_root: Path, tmp_path: Path) -> None:
    copy = tmp_path / "policies"
    shutil.copytree(project_root / "policies", copy)
    text = (copy / SALES).read_text(encoding="utf-8")
    for old, new, _ in WIDENINGS:
        assert old in text
        text = text.replace(old, new)
    (copy / SALES).write_text(text, encoding="utf-8")
    there, back = load_written(project_root / "policies"), load_written(copy)
    wider = [
        f"{each.rule} {each.subject}: {each.what}"
        for each in diff(there, back)
        if each.effect is Effect.WIDENS
    ]
    for _, _, said in WIDENINGS:
        assert [each for each in wider if said in each], (said, wider)
