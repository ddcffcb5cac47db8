"""Tokens in answers: those of the reference, the same in every source, and of use in a question."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from lucky_mcp.audit.line import to_line
from lucky_mcp.audit.sink import MemorySink
from lucky_mcp.demo.tables import Fleet
from lucky_mcp.errors import Code, ReadError
from lucky_mcp.gateway.read import Gateway
from lucky_mcp.model.principal import Principal
from lucky_mcp.model.request import SqlRead
from lucky_mcp.policy.policy_set import PolicySet
from lucky_mcp.policy.tokens import token_of
from lucky_mcp.secrets.token_keys import NO_KEYS, TokenKeys
from tests.support.house import ANALYST, ML_ENGINEER, opened, policies_over
from tests.support.reference import CRM, visible_rows
from tests.support.token_keys import KEYS, OTHER_SECRET, SECRET, K

USERS = "SELECT user_no, email FROM t_user ORDER BY user_no"
ROWS_MAX = 1000


@pytest.fixture(scope="module")
def keyed(project_root: Path, demo_data: Path) -> PolicySet:
    return policies_over(project_root / "policies", demo_data, has_token_key=True)


@pytest.fixture
def audit() -> MemorySink:
    return MemorySink()


@pytest.fixture
async def gateway(keyed: PolicySet, audit: MemorySink) -> AsyncIterator[Gateway]:
    made = await opened(keyed, token_keys=KEYS, audit=audit)
    yield made
    await made.close()


async def rows(
    gateway: Gateway, sql: str, source: str = CRM, principal: Principal = ANALYST
) -> list[tuple[object, ...]]:
    result = await gateway.read(principal, SqlRead(source=source, sql=sql, rows_max=ROWS_MAX))
    return [tuple(row) for row in result.rows]


def addresses(fleet: Fleet) -> dict[str, str | None]:
    (users,) = (table for table in fleet.tables if table.name == "t_user" and table.source == CRM)
    found = visible_rows(users, fleet)
    return {str(row["user_no"]): None if row["email"] is None else str(row["email"]) for row in found}


async def test_an_answer_shows_the_reference(gateway: Gateway, demo_fleet: Fleet) -> None:
    raw = addresses(demo_fleet)
    shown = dict(await rows(gateway, USERS))
    assert len(shown) > 50
    assert shown == {
        user: None if raw[user] is None else token_of(raw[user] or "", K, ("pii.email",)) for user in shown
    }


async def test_a_token_is_the_same_in_another_source(gateway: Gateway) -> None:
    """The lake holds contacts as they were entered: another engine's table, another column, the same token."""
    lake = "SELECT DISTINCT email FROM raw.customers WHERE email IS NOT NULL"
    own = {email for _, email in await rows(gateway, USERS)}
    other = {email for (email,) in await rows(gateway, lake, "lake", ML_ENGINEER)}
    assert len(own & other) > 50


async def test_a_token_can_be_asked_for(gateway: Gateway) -> None:
    (user, token), (_, other), *_ = [row for row in await rows(gateway, USERS) if row[1] is not None]
    assert await rows(gateway, f"SELECT user_no FROM t_user WHERE email = '{token}'") == [(user,)]
    two = await rows(gateway, f"SELECT COUNT(*) FROM t_user WHERE email IN ('{token}', '{other}')")
    assert two == [(2,)]
    joined = "SELECT COUNT(*) FROM t_user a JOIN t_user b ON a.email = b.email WHERE a.user_no = b.user_no"
    known = await rows(gateway, "SELECT COUNT(email), COUNT(DISTINCT email) FROM t_user")
    assert (await rows(gateway, joined))[0][0] == known[0][0]
    grouped = await rows(gateway, "SELECT email, COUNT(*) FROM t_user WHERE email IS NOT NULL GROUP BY email")
    assert len(grouped) == known[0][1]


async def test_ml_engineers_see_nothing_of_a_person_but_tokens(gateway: Gateway) -> None:
    ask = "SELECT phone, email FROM raw.customers WHERE email IS NOT NULL AND phone IS NOT NULL LIMIT 1"
    ((phone, email),) = await rows(gateway, ask, "lake", ML_ENGINEER)
    assert str(phone).startswith("tok_phone_")
    assert str(email).startswith("tok_email_")
    with pytest.raises(ReadError) as refused:
        await rows(gateway, "SELECT first_name FROM raw.customers", "lake", ML_ENGINEER)
    assert refused.value.code is Code.UNKNOWN_NAME


async def test_neither_answer_nor_audit_has_the_key(gateway: Gateway, audit: MemorySink) -> None:
    result = await gateway.read(ANALYST, SqlRead(source=CRM, sql=USERS))
    for secret in (SECRET, K):
        assert secret not in repr(result)
        assert not any(secret in to_line(record).decode() for record in audit.records)
    assert ("email", "token") in result.receipt.masked


async def test_a_new_key_counts_from_the_next_read_on(keyed: PolicySet, tmp_path: Path) -> None:
    """The prepared text has no key in it, so what was prepared before the switch makes new tokens after it."""
    file = tmp_path / "key"
    file.write_text(SECRET + "\n", encoding="utf-8")
    keys = TokenKeys(reference=f"file:{file}", previous_reference="env:OLD", environment={"OLD": SECRET})
    gateway = await opened(keyed, token_keys=keys)
    before = dict(await rows(gateway, USERS))
    file.write_text(OTHER_SECRET, encoding="utf-8")
    after = dict(await rows(gateway, USERS))
    await gateway.close()
    known = [user for user, token in before.items() if token is not None]
    assert not {before[user] for user in known} & {after[user] for user in known}
    assert keys.previous() == K
    assert keys.current() not in {K, keys.previous()}


async def test_a_key_that_is_gone_leaves_the_source_unavailable(keyed: PolicySet, tmp_path: Path) -> None:
    keys = TokenKeys(reference=f"file:{tmp_path / 'gone'}", environment={})
    for each in (keys, NO_KEYS):
        gateway = await opened(keyed, token_keys=each)
        with pytest.raises(ReadError) as refused:
            await rows(gateway, USERS)
        assert refused.value.code is Code.SOURCE_UNAVAILABLE
        assert await rows(gateway, "SELECT COUNT(*) FROM t_user_profile")
        await gateway.close()


async def test_without_a_key_it_is_redacted_and_said_why(demo_policies: PolicySet) -> None:
    gateway = await opened(demo_policies)
    result = await gateway.read(ANALYST, SqlRead(source=CRM, sql=USERS))
    assert {row[1] for row in result.rows} <= {"[redacted]", None}
    assert ("email", "redact") in result.receipt.masked
    told = await gateway.explain(ANALYST, SqlRead(source=CRM, sql=USERS))
    (why,) = [rule.why for rule in told.applied if rule.rule_id == "analyst:pii.email"]
    assert "LUCKY_TOKEN_KEY" in why
    await gateway.close()
