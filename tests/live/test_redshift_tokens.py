"""Tokens over Redshift's wire: the form and the session variable that Amazon documents, with SHA2 put in place.

PostgreSQL has no SHA2: one function with Redshift's name stands for it. What else is said goes through Redshift's
driver as it would to Redshift, the key beside the text of its statement.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from lucky_mcp.adapters import redshift
from lucky_mcp.audit.line import to_line
from lucky_mcp.audit.sink import MemorySink
from lucky_mcp.demo.tables import Fleet
from lucky_mcp.errors import Code, ReadError
from lucky_mcp.gateway.read import Gateway
from lucky_mcp.model.request import SqlRead
from lucky_mcp.model.source import Dialect, Kind
from lucky_mcp.policy.tokens import token_of
from tests.live.conftest import Server
from tests.live.fleet import ENVIRONMENT, moved
from tests.live.test_masks import CASES, differing
from tests.support.house import ANALYST, opened, policies_over
from tests.support.reference import CRM, visible_rows
from tests.support.servers import Postgres
from tests.support.token_keys import KEYS, K

pytestmark = [
    pytest.mark.filterwarnings("ignore:ssl.SSLContext:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:ssl.PROTOCOL_TLS:DeprecationWarning"),
]
SHA2 = (
    "CREATE FUNCTION pg_catalog.sha2(text, int) RETURNS text LANGUAGE sql IMMUTABLE"
    " AS $$ SELECT encode(sha256(convert_to($1, 'UTF8')), 'hex') $$"
)
LONGEST = 65_535 - 64  # a text there has 65,535 bytes at most, of which k takes its part
USERS = SqlRead(source=CRM, sql="SELECT user_no, email FROM t_user ORDER BY user_no", rows_max=1000)


@pytest.fixture(scope="module")
def with_sha2(live_redshift: Server) -> Iterator[psycopg.Connection]:
    assert isinstance(live_redshift.running, Postgres)
    with live_redshift.running.connect() as admin:
        admin.execute("SET allow_system_table_mods = on")
        admin.execute(SHA2)
        yield admin
        admin.execute("DROP FUNCTION pg_catalog.sha2(text, int)")


@dataclass(frozen=True)
class Asked:
    """A gateway with the customers behind the wire, its audit, and the server's administrator."""

    gateway: Gateway
    audit: MemorySink
    admin: psycopg.Connection


@pytest.fixture
async def asked(
    live_redshift: Server,
    with_sha2: psycopg.Connection,
    demo_fleet: Fleet,
    project_root: Path,
    demo_data: Path,
) -> AsyncIterator[Asked]:
    live_redshift.load([table for table in demo_fleet.tables if table.source == CRM])
    policies = policies_over(project_root / "policies", demo_data, has_token_key=True)
    audit = MemorySink()
    served = moved(policies, Kind.REDSHIFT, live_redshift.address, [CRM])
    gateway = await opened(served, environment=ENVIRONMENT, token_keys=KEYS, audit=audit)
    yield Asked(gateway, audit, with_sha2)
    await gateway.close()


def test_the_form_gives_the_vectors(with_sha2: psycopg.Connection) -> None:
    cursor = with_sha2.cursor()
    cursor.execute(f"SET app_context.lucky_k = '{K}'")
    tokens = [case for case in CASES if case.mask == "token" and len(str(case.value)) < LONGEST]
    wrong = differing(_Translated(cursor), Dialect.REDSHIFT, Kind.REDSHIFT, tokens)  # type: ignore[arg-type]
    cursor.execute("RESET app_context.lucky_k")
    assert len(tokens) > 20 and wrong == []


class _Translated:
    """What the wire does to a text."""

    def __init__(self, cursor: psycopg.Cursor[tuple[object, ...]]) -> None:
        self._cursor = cursor
        self.fetchone = cursor.fetchone

    def execute(self, text: str, values: tuple[object, ...] | None = None) -> None:
        self._cursor.execute(text.replace("VARCHAR(MAX)", "VARCHAR(65535)").encode(), values)


async def test_tokens_are_the_reference_and_can_be_asked_for(asked: Asked, demo_fleet: Fleet) -> None:
    (users,) = (table for table in demo_fleet.tables if table.name == "t_user" and table.source == CRM)
    wanted = {
        row["user_no"]: None if row["email"] is None else token_of(str(row["email"]), K, ("pii.email",))
        for row in visible_rows(users, demo_fleet)
    }
    found = dict((await asked.gateway.read(ANALYST, USERS)).rows)  # type: ignore[arg-type]
    assert len(found) > 50 and found == {user: wanted[user] for user in found}
    user, token = next(pair for pair in found.items() if pair[1] is not None)
    ask = SqlRead(source=CRM, sql=f"SELECT user_no FROM t_user WHERE email = '{token}'")
    assert [tuple(row) for row in (await asked.gateway.read(ANALYST, ask)).rows] == [(user,)]


async def test_the_key_is_in_no_text_and_gone_with_the_read(asked: Asked) -> None:
    """Neither in what the server shows of its sessions, nor in the audit, nor left behind in the session."""
    await asked.gateway.read(ANALYST, USERS)
    shown = str(asked.admin.execute("SELECT * FROM pg_stat_activity").fetchall())
    recorded = b"\n".join(map(to_line, asked.audit.records)).decode()
    assert "lucky_reader" in shown and "t_user" in recorded
    assert K not in shown and K not in recorded
    plain = SqlRead(source=CRM, sql="SELECT user_no FROM t_user LIMIT 1")
    assert (await asked.gateway.read(ANALYST, plain)).rows


async def test_a_session_that_does_not_take_the_key_is_not_asked(
    asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what the server says of it, which quotes the key here, is neither told nor recorded."""
    monkeypatch.setattr(redshift, "PUT_KEY", "SELECT CAST(%s AS INTEGER)")
    with pytest.raises(ReadError) as failed:
        await asked.gateway.read(ANALYST, USERS)
    assert failed.value.code is Code.SOURCE_UNAVAILABLE
    recorded = b"\n".join(map(to_line, asked.audit.records)).decode()
    assert "the key for tokens could not be set" in recorded
    assert K not in recorded and K not in str(failed.value.__context__) and K not in failed.value.agent_text
