"""What only Redshift's adapter has: its values, its own catalog's grants, IAM, and how it reads a backslash."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType

import psycopg
import pytest
import structlog
from redshift_connector.iam_helper import IamHelper

from lucky_mcp.catalog.snapshot import Catalog
from lucky_mcp.errors import EngineErrorKind
from lucky_mcp.gateway.crawl import crawl
from lucky_mcp.gateway.crawl_redshift import _is_whole
from lucky_mcp.model.source import Dialect, Kind, Source
from lucky_mcp.policy.policy_set import PolicySet
from tests.live.conftest import Server
from tests.live.fleet import ENVIRONMENT, PASSWORD, READER, make_postgres_reader, redshift_address
from tests.live.sealed import Ask
from tests.support.house import gateway_over
from tests.support.iam import CALLER, Iam, iam
from tests.support.redshift_wire import redshift_wire
from tests.support.servers import Postgres

pytestmark = [
    pytest.mark.filterwarnings("ignore:ssl.SSLContext:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:ssl.PROTOCOL_TLS:DeprecationWarning"),
]
VALUES = {
    "DATE '2026-02-28'": date(2026, 2, 28),
    "CAST('infinity' AS DATE)": "infinity",
    "DATE '0044-03-15 BC'": "0044-03-15 BC",
    "DATE '10000-01-01'": "10000-01-01",
    "TIMESTAMP '2026-02-28 01:02:03.5'": datetime(2026, 2, 28, 1, 2, 3, 500000),
    "CAST('-infinity' AS TIMESTAMP)": "-infinity",
    "CAST('2026-02-28 12:00+00' AS TIMESTAMPTZ)": datetime(
        2026, 2, 28, 7, tzinfo=timezone(timedelta(hours=-5))
    ),
    "TIME '01:02:03.25'": time(1, 2, 3, 250000),
    "CAST('01:02+03' AS TIMETZ)": "01:02:00+03",
    "INTERVAL '1 year 2 days'": "1 year 2 days",
    "CAST(1.10 AS NUMERIC(6, 2))": Decimal("1.10"),
    "CAST(0.1 AS REAL)": 0.1,
    "CAST(0.1 AS DOUBLE PRECISION)": 0.1,
    "CAST('{\"a\": 1}' AS JSON)": '{"a": 1}',
    "CAST(9223372036854775807 AS BIGINT)": 2**63 - 1,
    "CAST('a ' AS CHAR(4))": "a   ",
    "1 = 1": True,
    "NULL": None,
}


@pytest.fixture
def source(live_redshift: Server) -> Source:
    """The wire as a source with no table."""
    assert isinstance(live_redshift.running, Postgres)
    make_postgres_reader(live_redshift.running, [])
    return bare(live_redshift)


def bare(server: Server) -> Source:
    return Source(
        name="warehouse",
        kind=Kind.REDSHIFT,
        dialect=Dialect.REDSHIFT,
        url="",
        domain="d",
        short_name="warehouse",
        server=server.address,
    )


async def test_values_are_those_of_the_server(source: Source, asked: Ask) -> None:
    (found,) = (await asked(source).rows(f"SELECT {', '.join(VALUES)}")).rows
    assert dict(zip(VALUES, found, strict=True)) == VALUES


async def test_the_rows_asked_for_and_one_more_then_another_connection(source: Source, asked: Ask) -> None:
    made = asked(source)
    found = await made.rows("SELECT x FROM generate_series(1, 100000) x", rows_max=3)
    assert [row[0] for row in found.rows] == [1, 2, 3, 4]
    assert await made.cell("SELECT 5") == 5


async def test_an_error_after_some_rows(source: Source, asked: Ask) -> None:
    made = asked(source)
    text = "SELECT 1 / (50 - x) FROM generate_series(1, 90) x"
    assert await made.failure(text) is EngineErrorKind.RUNTIME
    assert await made.cell("SELECT 5") == 5


async def test_a_server_that_reads_backslashes_otherwise_is_not_read(
    live_redshift: Server, source: Source, asked: Ask, tmp_path: Path
) -> None:
    """Else a quote behind a backslash would end a string in one place and not in the other."""
    assert isinstance(live_redshift.running, Postgres)
    with redshift_wire(live_redshift.running, tmp_path, b"-c standard_conforming_strings=on") as wire:
        error = await asked(replace(source, server=redshift_address(wire))).error("SELECT 1")
    assert error.kind is EngineErrorKind.UNAVAILABLE
    assert error.detail == "the session is not as it was set: backslash_escapes"


@pytest.fixture
def own_catalog(live_redshift: Server) -> Iterator[psycopg.Connection]:
    """A catalog with Redshift's views over what PostgreSQL knows of roles and of grants."""
    assert isinstance(live_redshift.running, Postgres)
    granted = "FROM information_schema.{} AS g"
    with live_redshift.running.connect() as admin:
        admin.execute("SET allow_system_table_mods = on")
        for name, text in {
            "svv_user_grants": "SELECT pg_get_userbyid(member) AS user_name, pg_get_userbyid(roleid) AS role_name"
            " FROM pg_catalog.pg_auth_members",
            "svv_relation_privileges": "SELECT table_schema AS namespace_name, privilege_type, grantee AS identity_name,"
            f" 'user' AS identity_type {granted.format('role_table_grants')}",
            "svv_column_privileges": "SELECT table_schema AS namespace_name, privilege_type, grantee AS identity_name,"
            f" 'user' AS identity_type {granted.format('role_column_grants')}",
        }.items():
            admin.execute(f"CREATE VIEW pg_catalog.{name} AS {text}".encode())
            admin.execute(f"GRANT SELECT ON pg_catalog.{name} TO PUBLIC".encode())
        admin.execute("CREATE SCHEMA posture")
        admin.execute("CREATE TABLE posture.t (a int, b int)")
        yield admin
        admin.execute("DROP SCHEMA posture CASCADE")
        for name in ("svv_user_grants", "svv_relation_privileges", "svv_column_privileges"):
            admin.execute(f"DROP VIEW pg_catalog.{name}".encode())


async def test_roles_and_grants_that_only_redshift_has_are_found(
    own_catalog: psycopg.Connection, source: Source, asked: Ask
) -> None:
    assert await asked(source).cell("SELECT 1") == 1
    own_catalog.execute("CREATE ROLE wide")
    for text, back, said in (
        (f"GRANT wide TO {READER}", f"REVOKE wide FROM {READER}", "a role: wide"),
        (
            f"GRANT TRUNCATE ON posture.t TO {READER}",
            f"REVOKE TRUNCATE ON posture.t FROM {READER}",
            "TRUNCATE in schema posture",
        ),
        (
            f"GRANT UPDATE (a) ON posture.t TO {READER}",
            f"REVOKE UPDATE (a) ON posture.t FROM {READER}",
            "UPDATE of columns in schema posture",
        ),
    ):
        own_catalog.execute(text.encode())
        error = await asked(source).error("SELECT 1")
        own_catalog.execute(back.encode())
        assert (error.kind, error.detail) == (
            EngineErrorKind.UNAVAILABLE,
            f"the account can do more than read: {said}",
        )
    own_catalog.execute("DROP ROLE wide")
    assert await asked(source).cell("SELECT 1") == 1


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch, live_redshift: Server) -> Iterator[Iam]:
    """IAM on this machine, asked anew."""
    with iam(READER, PASSWORD) as made:
        for name, value in CALLER.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("AWS_ENDPOINT_URL_REDSHIFT_SERVERLESS", made.url)
        monkeypatch.setenv("SSL_CERT_FILE", str(live_redshift.running.certificate))
        monkeypatch.setattr(IamHelper, "credentials_cache", {})
        yield made


def by_iam(source: Source) -> Source:
    assert source.server is not None
    address = replace(
        source.server,
        host="localhost",
        user="",
        password="",
        tls=True,
        workgroup="lake-house",
        region="us-east-1",
    )
    return replace(source, server=address)


async def test_iam_gives_the_account_for_a_while(source: Source, asked: Ask, credentials: Iam) -> None:
    made = asked(by_iam(source), {})
    assert await made.cell("SELECT current_user") == READER
    await made.close()
    again = asked(by_iam(source), {})
    assert await again.cell("SELECT 1") == 1
    assert credentials.asked == [
        {"dbName": "postgres", "workgroupName": "lake-house"}
    ]  # the driver keeps them


async def test_what_iam_gave_is_told_nowhere(
    source: Source, asked: Ask, credentials: Iam, caplog: pytest.LogCaptureFixture
) -> None:
    credentials.password = "wr0ng-" + PASSWORD
    caplog.set_level(logging.DEBUG, "lucky_mcp")
    caplog.set_level(logging.DEBUG, "redshift_connector")
    with structlog.testing.capture_logs() as logged:
        error = await asked(by_iam(source), {}).error("SELECT 1")
    assert error.kind is EngineErrorKind.UNAVAILABLE
    for text in (error.detail, repr(error), caplog.text, repr(logged)):
        assert PASSWORD not in text
        assert CALLER["AWS_SECRET_ACCESS_KEY"] not in text


MADE = (
    "CREATE SCHEMA hall",
    "CREATE TABLE hall.sale (sale_id bigint NOT NULL, day date NOT NULL, price numeric(8,2),"
    " note varchar(40), seen timestamp, PRIMARY KEY (day, sale_id))",
    "CREATE TABLE hall.part (day date, sale_id bigint, FOREIGN KEY (day, sale_id) REFERENCES hall.sale)",
    "CREATE TABLE hall.plain (a int, b double precision, c boolean, d char(3), e timestamptz)",
    "CREATE TABLE hall.secret (a int)",
    "CREATE TABLE hall.mv_tbl__totals__0 (a int)",
    "COMMENT ON TABLE hall.sale IS 'what was sold'",
    "COMMENT ON COLUMN hall.sale.price IS 'in dollars'",
    "CREATE VIEW hall.cheap AS SELECT sale_id, price FROM hall.sale WHERE price < 5",
    "CREATE VIEW hall.of_stored AS SELECT a FROM hall.mv_tbl__totals__0",
    f"GRANT USAGE ON SCHEMA hall TO {READER}",
    f"GRANT SELECT ON ALL TABLES IN SCHEMA hall TO {READER}",
    f"REVOKE SELECT ON hall.secret FROM {READER}",
)


@pytest.fixture
def hall(live_redshift: Server, source: Source) -> Iterator[PolicySet]:
    """Policies with one source on the wire, over a schema of tables, keys and views."""
    assert isinstance(live_redshift.running, Postgres)
    with live_redshift.running.connect() as admin:
        for text in MADE:
            admin.execute(text.encode())
        policies = live_redshift.view.policies
        yield replace(
            policies,
            sources=MappingProxyType({source.name: source}),
            catalogs=MappingProxyType({source.name: Catalog(source=source.name, tables={})}),
        )
        admin.execute("DROP SCHEMA hall CASCADE")


async def test_a_crawl_reads_what_redshift_documents(hall: PolicySet) -> None:
    gateway = gateway_over(hall, environment=ENVIRONMENT)
    found = await crawl(gateway, "warehouse")
    await gateway.close()
    tables = {name.table: table for name, table in found.tables.items() if name.schema == "hall"}
    assert set(tables) == {"sale", "part", "plain", "cheap", "of_stored"}
    sale = tables["sale"]
    assert {column.name: (column.type, column.nullable) for column in sale.columns} == {
        "sale_id": ("bigint", False),
        "day": ("date", False),
        "price": ("numeric(8,2)", True),
        "note": ("character varying(40)", True),
        "seen": ("timestamp without time zone", True),
    }
    assert (sale.primary_key, sale.indexes, sale.comment) == (
        ("day", "sale_id"),
        (("day", "sale_id"),),
        "what was sold",
    )
    (key,) = tables["part"].foreign_keys
    assert (key.columns, str(key.table), key.its_columns) == (
        ("day", "sale_id"),
        "hall.sale",
        ("day", "sale_id"),
    )
    assert sale.column("price").comment == "in dollars"  # type: ignore[union-attr]
    assert [column.type for column in tables["plain"].columns] == [
        *("integer", "double precision", "boolean", "character(3)", "timestamp with time zone"),
    ]
    cheap, stored = tables["cheap"].view, tables["of_stored"].view
    assert cheap is not None and '"hall"."sale"' in cheap.definition
    assert stored is not None and "mv_tbl" not in stored.definition and stored.unavailable


@pytest.mark.parametrize(
    ("definition", "is_whole"),
    [
        ("SELECT a FROM s.t WHERE (a > 1);", True),
        (" WITH q AS (SELECT 1) SELECT * FROM q; ", True),
        ("SELECT a FROM s.t", False),  # cut where a condition may have stood
        ("create materialized view m as select a from t;", False),
        ("CREATE VIEW v AS SELECT a FROM s.t WITH NO SCHEMA BINDING;", False),
    ],
)
def test_a_definition_that_is_no_whole_select_is_not_taken(definition: str, is_whole: bool) -> None:
    assert _is_whole(definition) is is_whole
