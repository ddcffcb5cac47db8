"""Sessions on real servers: set up whatever the server's defaults are, read-only, and forgotten between reads."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from lucky_mcp.errors import EngineErrorKind
from lucky_mcp.model.source import Kind
from tests.live.conftest import Reader
from tests.live.sealed import Ask
from tests.support import mysql_server
from tests.support.patience import until

KINDS: dict[str, list[dict[str, str]]] = YAML(typ="safe").load(
    (Path(__file__).parent / "error_kinds.yaml").read_text(encoding="utf-8")
)
HOSTILE = {
    Kind.MYSQL: (
        "SET GLOBAL sql_mode = 'ANSI_QUOTES,PIPES_AS_CONCAT,NO_BACKSLASH_ESCAPES'",
        "SET GLOBAL time_zone = '+09:00'",
        "SET GLOBAL group_concat_max_len = 4",
        "SET GLOBAL sql_select_limit = 2",
        "SET GLOBAL div_precision_increment = 9",
        "SET GLOBAL lc_time_names = 'de_DE'",
        "SET GLOBAL max_statement_time = 0",
    ),
    Kind.POSTGRES: (
        "ALTER ROLE lucky_reader SET standard_conforming_strings = off",
        "ALTER ROLE lucky_reader SET search_path = luckyus_sales_order",
        "ALTER ROLE lucky_reader SET DateStyle = 'German'",
        "ALTER ROLE lucky_reader SET TimeZone = 'Asia/Tokyo'",
        "ALTER ROLE lucky_reader SET default_transaction_read_only = off",
        "ALTER ROLE lucky_reader SET bytea_output = 'escape'",
        "ALTER ROLE lucky_reader SET join_collapse_limit = 8",
    ),
    Kind.REDSHIFT: (
        "ALTER ROLE lucky_reader SET search_path = luckyus_sales_order",
        "ALTER ROLE lucky_reader SET DateStyle = 'German'",
        "ALTER ROLE lucky_reader SET TimeZone = 'Asia/Tokyo'",
        "ALTER ROLE lucky_reader SET default_transaction_read_only = off",
        "ALTER ROLE lucky_reader SET redshift.enable_case_sensitive_identifier = 'on'",
    ),
}
HARMLESS = {
    Kind.MYSQL: (
        *("SET GLOBAL sql_mode = DEFAULT", "SET GLOBAL time_zone = 'SYSTEM'"),
        *("SET GLOBAL group_concat_max_len = DEFAULT", "SET GLOBAL sql_select_limit = DEFAULT"),
        *("SET GLOBAL div_precision_increment = DEFAULT", "SET GLOBAL lc_time_names = DEFAULT"),
    ),
    Kind.POSTGRES: ("ALTER ROLE lucky_reader RESET ALL",),
    Kind.REDSHIFT: ("ALTER ROLE lucky_reader RESET ALL",),
}
# MySQL's own names for what MariaDB, and MySQL before 8, call otherwise.
ON_MYSQL = {
    "SET GLOBAL max_statement_time = 0": "SET GLOBAL max_execution_time = 0",
    "SELECT @@max_statement_time > 9 AND @@max_statement_time <= 10": (
        "SELECT @@max_execution_time > 9000 AND @@max_execution_time <= 10000"
    ),
    "SELECT @@tx_read_only": "SELECT @@transaction_read_only",
    "SET SESSION tx_read_only = 0": "SET SESSION transaction_read_only = 0",
}
# What a session says of itself, or does.
PINNED = {
    Kind.MYSQL: {
        "SELECT @@sql_mode": "STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION",
        "SELECT @@time_zone": "America/New_York",
        "SELECT @@tx_read_only": 1,
        "SELECT @@max_statement_time > 9 AND @@max_statement_time <= 10": 1,
        "SELECT @@character_set_client": "utf8mb4",
        "SELECT 'a\\'b'": "a'b",
        'SELECT "quoted"': "quoted",
        "SELECT 'x' || 'y'": 0,
        "SELECT GROUP_CONCAT(x) FROM (SELECT 'abc' AS x UNION SELECT 'def') q": "abc,def",
        "SELECT 1 / 3": "0.3333",
        "SELECT MONTHNAME('2026-03-01')": "March",
    },
    Kind.POSTGRES: {
        "SHOW standard_conforming_strings": "on",
        "SHOW search_path": "pg_catalog, pg_temp",
        "SHOW transaction_read_only": "on",
        "SHOW TimeZone": "America/New_York",
        "SHOW join_collapse_limit": "1",
        "SHOW client_connection_check_interval": "1s",
        "SELECT current_setting('statement_timeout') IN ('0', '')": False,
        "SELECT 'a\\b'": "a\\b",
        "SELECT '\\x01'::bytea::text": "\\x01",
        "SELECT DATE '2026-02-01'::text": "2026-02-01",
    },
    Kind.REDSHIFT: {
        "SHOW search_path": "pg_catalog",
        "SHOW transaction_read_only": "on",
        "SHOW TimeZone": "America/New_York",
        "SELECT current_setting('redshift.enable_case_sensitive_identifier')": "off",
        "SELECT current_setting('statement_timeout') IN ('0', '')": False,
        "SELECT 'a\\\\b'": "a\\b",
        "SELECT 'a\\'b'": "a'b",
        "SELECT DATE '2026-02-01'::text": "2026-02-01",
    },
}
LEFT_BEHIND = {
    Kind.MYSQL: (
        ("SELECT @p := 5", "SELECT @p", None),
        ("SELECT GET_LOCK('mine', 0)", "SELECT IS_USED_LOCK('mine')", None),
        ("SET SESSION sql_mode = 'ANSI_QUOTES'", 'SELECT "quoted"', "quoted"),
        ("SET SESSION tx_read_only = 0", "SELECT @@tx_read_only", 1),
    ),
    Kind.POSTGRES: (
        ("SELECT set_config('x.p', '5', false)", "SELECT coalesce(current_setting('x.p', true), '')", ""),
        ("SELECT pg_advisory_lock(7)", "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'", 0),
        ("SELECT set_config('search_path', 'public', false)", "SHOW search_path", "pg_catalog, pg_temp"),
        (
            "SELECT set_config('default_transaction_read_only', 'off', false)",
            "SHOW transaction_read_only",
            "on",
        ),
    ),
    Kind.REDSHIFT: (
        ("SELECT set_config('x.p', '5', false)", "SELECT coalesce(current_setting('x.p', true), '')", ""),
        ("SELECT set_config('search_path', 'public', false)", "SHOW search_path", "pg_catalog"),
        ("SELECT set_config('timezone', 'UTC', false)", "SHOW timezone", "America/New_York"),
        (
            "SELECT set_config('default_transaction_read_only', 'off', false)",
            "SHOW transaction_read_only",
            "on",
        ),
    ),
}


def spoken(text: str) -> str:
    """A text of MariaDB's as the server that the tests run on knows it."""
    return ON_MYSQL.get(text, text) if mysql_server.is_chosen() else text


@pytest.fixture
def hostile(reader: Reader) -> Iterator[Reader]:
    """A server whose defaults are not what the guard's text is written for."""
    reader.admin(*map(spoken, HOSTILE[reader.kind]))
    yield reader
    reader.admin(*HARMLESS[reader.kind])


async def test_the_session_is_as_pinned_whatever_the_defaults_are(asked: Ask, hostile: Reader) -> None:
    source = asked(hostile.source)
    found = {text: await source.cell(spoken(text)) for text in PINNED[hostile.kind]}
    assert {text: str(value) for text, value in found.items()} == {
        text: str(value) for text, value in PINNED[hostile.kind].items()
    }


async def test_nothing_is_left_behind_for_the_next_read(asked: Ask, reader: Reader) -> None:
    for first, then, expected in LEFT_BEHIND[reader.kind]:
        source = asked(reader.source)
        try:
            await source.rows(spoken(first))
        except Exception:
            assert first.startswith("SET")  # answers without a result
        assert await source.cell(spoken(then)) == expected, first
        await until(lambda: reader.connections() == 1)  # it was the same connection
        await source.close()


@pytest.mark.parametrize("number", range(max(map(len, KINDS.values()))))
async def test_what_cannot_run_has_a_kind(asked: Ask, reader: Reader, number: int) -> None:
    cases = KINDS["mysql" if reader.kind is Kind.MYSQL else "postgres"]
    case = cases[number % len(cases)]
    source = asked(reader.source)
    told = case.get("kind_on_mysql", case["kind"]) if mysql_server.is_chosen() else case["kind"]
    assert await source.failure(case["sql"]) == told
    assert await source.cell("SELECT 1") == 1


async def test_an_account_that_can_write_still_does_not(asked: Ask, reader: Reader) -> None:
    """The account is refused unless the source says why; then the transaction is READ ONLY all the same."""
    table = "luckyus_sales_order.t_order_item"
    source = asked(reader.as_admin)
    before = await source.cell(f"SELECT COUNT(*) FROM {table}")
    for text in (
        f"DELETE FROM {table}",
        f"INSERT INTO {table} SELECT * FROM {table}",
        f"UPDATE {table} SET quantity = 0",
        f"SELECT 1; DELETE FROM {table}",
        f"WITH d AS (DELETE FROM {table} RETURNING *) SELECT * FROM d",
    ):
        assert await source.failure(text) is EngineErrorKind.INVALID_QUERY, text
    assert await source.cell(f"SELECT COUNT(*) FROM {table}") == before


async def test_bytes_end_a_stream_and_the_connection(asked: Ask, reader: Reader) -> None:
    source = asked(reader.source)
    text = "SELECT REPEAT('x', 1000) FROM luckyus_sales_order.t_order_item"
    found = await source.rows(text, bytes_max=5000, rows_max=100_000)
    assert found.bytes_met
    assert len(found.rows) == 4
    await until(lambda: reader.connections() == 0)
    found = await source.rows(text + " WHERE 1 = 0")
    assert (found.rows, len(found.columns)) == ([], 1)
    await source.close()
    await until(lambda: reader.connections() == 0)
