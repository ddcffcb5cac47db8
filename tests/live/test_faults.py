"""What goes wrong around a source costs its own callers a clear error in bounded time, and nobody else anything."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
import structlog

from lucky_mcp.adapters import mysql, postgres, redshift
from lucky_mcp.adapters import server as server_adapter
from lucky_mcp.adapters import session as session_module
from lucky_mcp.errors import EngineErrorKind, ReadError
from lucky_mcp.gateway.read import Gateway
from lucky_mcp.model.request import SqlRead
from lucky_mcp.model.source import Kind, Source
from tests.live.conftest import Reader
from tests.live.fleet import ENVIRONMENT, PASSWORD, READER
from tests.live.sealed import Ask
from tests.live.test_stopping import SLOW
from tests.support.house import ANALYST, opened
from tests.support.patience import until

AWAY = EngineErrorKind.UNAVAILABLE


@pytest.fixture
def killing_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same, for ending a query that cannot be ended."""
    for driver in (mysql, postgres, redshift):
        monkeypatch.setattr(driver, "KILL_SECONDS", 0.5)


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorter limits, so that waiting for them does not take the suite's time."""
    monkeypatch.setattr(server_adapter, "READY_SECONDS", 2.0)
    for driver in (mysql, postgres, redshift):
        monkeypatch.setattr(driver, "CONNECT_SECONDS", 1.0)
    monkeypatch.setattr(server_adapter, "WAIT_SECONDS", 0.3)


def elsewhere(source: Source, host: str, port: int, **changed: object) -> Source:
    assert source.server is not None
    return replace(source, server=replace(source.server, host=host, port=port, **changed))  # type: ignore[arg-type]


@contextmanager
def listening(serve: Callable[[socket.socket], None]) -> Iterator[int]:
    """A port on this machine whose callers are handed to `serve`, each on a thread."""
    with socket.create_server(("127.0.0.1", 0)) as door:

        def accept() -> None:
            while True:
                try:
                    line, _ = door.accept()
                except OSError:
                    return
                threading.Thread(target=serve, args=(line,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield door.getsockname()[1]
        door.shutdown(socket.SHUT_RDWR)


class Proxy:
    """Hands bytes on to a real server until it is told to freeze, or to hang up."""

    def __init__(self, target: str | int) -> None:
        """`target` is the path of a socket, or a port on this machine."""
        self.target = target
        self.frozen = threading.Event()
        self.lines: list[socket.socket] = []

    def serve(self, line: socket.socket) -> None:
        with line, self._onward() as onward:
            self.lines += [line, onward]
            back = threading.Thread(target=self._pump, args=(onward, line), daemon=True)
            back.start()
            self._pump(line, onward)
            back.join()

    def _onward(self) -> socket.socket:
        if isinstance(self.target, int):
            return socket.create_connection(("127.0.0.1", self.target))
        made = socket.socket(socket.AF_UNIX)
        made.connect(self.target)
        return made

    def hang_up(self) -> None:
        lines, self.lines = self.lines, []
        for line in lines:
            session_module.shut(line)

    def _pump(self, source: socket.socket, target: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                if self.frozen.is_set():
                    continue
                target.sendall(data)
        except OSError:
            pass
        session_module.shut(target)


@pytest.fixture
def proxied(reader: Reader) -> Iterator[tuple[Source, Proxy]]:
    """The reader's source behind a proxy on this machine."""
    assert reader.source.server is not None
    host, port = reader.source.server.host, reader.source.server.port
    targets: dict[Kind, str | int] = {Kind.MYSQL: host, Kind.POSTGRES: f"{host}/.s.PGSQL.{port}"}
    proxy = Proxy(targets.get(reader.kind, port))
    with listening(proxy.serve) as port:
        yield elsewhere(reader.source, "127.0.0.1", port), proxy
        proxy.hang_up()


@pytest.mark.usefixtures("soon")
async def test_a_server_that_accepts_and_never_answers(reader: Reader, asked: Ask) -> None:
    held: list[socket.socket] = []
    with listening(held.append) as port:
        start = time.monotonic()
        hanging, well = asked(elsewhere(reader.source, "127.0.0.1", port)), asked(reader.source)
        calls = [asyncio.create_task(hanging.failure("SELECT 1")) for _ in range(8)]
        while not all(call.done() for call in calls):
            began = time.monotonic()
            assert await well.cell("SELECT 1") == 1
            assert time.monotonic() - began < 1
            await asyncio.sleep(0.05)
        kinds = {await call for call in calls}
        assert kinds <= {AWAY, EngineErrorKind.BUSY}
        assert AWAY in kinds
        assert time.monotonic() - start < 8
        for line in held:
            line.close()


async def test_a_server_that_refuses_or_is_unknown(reader: Reader, asked: Ask) -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = door.getsockname()[1]
    start = time.monotonic()
    assert await asked(elsewhere(reader.source, "127.0.0.1", port)).failure("SELECT 1") is AWAY
    assert await asked(elsewhere(reader.source, "/nowhere", 1)).failure("SELECT 1") is AWAY
    assert time.monotonic() - start < 2


async def test_a_server_that_talks_nonsense(reader: Reader, asked: Ask) -> None:
    def talk(line: socket.socket) -> None:
        with line:
            line.sendall(b"\x05\x00\x00\x00HTTP/1.1 400 Bad Request\r\n\r\n" * 20)

    with listening(talk) as port:
        assert await asked(elsewhere(reader.source, "127.0.0.1", port)).failure("SELECT 1") is AWAY


async def test_a_connection_that_is_lost_while_a_query_runs(
    reader: Reader, proxied: tuple[Source, Proxy], asked: Ask
) -> None:
    given, proxy = proxied
    source = asked(given)
    task = asyncio.create_task(source.failure(SLOW[reader.kind]))
    await until(lambda: reader.running() == [SLOW[reader.kind]])
    proxy.hang_up()
    assert await task is AWAY
    await until(lambda: reader.running() == [])
    assert await source.cell("SELECT 1") == 1


@pytest.mark.usefixtures("killing_soon")
async def test_a_line_that_goes_silent_while_a_query_runs(
    reader: Reader, proxied: tuple[Source, Proxy], asked: Ask
) -> None:
    """Nor can the query be killed then: the server's own limit is what ends it."""
    given, proxy = proxied
    source = asked(given)
    start = time.monotonic()
    task = asyncio.create_task(source.error(SLOW[reader.kind], timeout_ms=1500))
    await until(lambda: reader.running() == [SLOW[reader.kind]])
    proxy.frozen.set()
    error = await task
    assert error.kind is EngineErrorKind.TIMEOUT, error.detail
    assert time.monotonic() - start < 1.5 + server_adapter.GRACE_SECONDS + server_adapter.STOP_SECONDS + 1
    await until(lambda: reader.running() == [])


async def test_connections_that_died_while_they_waited(
    reader: Reader, proxied: tuple[Source, Proxy], asked: Ask
) -> None:
    given, proxy = proxied
    source = asked(given)
    assert await asyncio.gather(*(source.cell("SELECT 1") for _ in range(3))) == [1, 1, 1]
    proxy.hang_up()
    assert await source.cell("SELECT 1") == 1


@pytest.mark.usefixtures("soon")
async def test_more_reads_than_connections(reader: Reader, asked: Ask) -> None:
    source = asked(reader.source)
    tasks = [asyncio.create_task(source.failure(SLOW[reader.kind], timeout_ms=1500)) for _ in range(12)]
    await until(lambda: reader.running() == 4 * [SLOW[reader.kind]])
    other = asked(replace(reader.source, name="other"))
    assert await other.cell("SELECT 1") == 1
    kinds = [await task for task in tasks]
    assert kinds.count(EngineErrorKind.BUSY) == 8
    assert kinds.count(EngineErrorKind.TIMEOUT) == 4
    assert await source.cell("SELECT 1") == 1


async def test_a_wrong_password_is_told_nowhere(
    reader: Reader, asked: Ask, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with structlog.testing.capture_logs() as logged:
        error = await asked(reader.source, {"LIVE_PASSWORD": "wr0ng-" + PASSWORD}).error("SELECT 1")
    assert error.kind is AWAY
    for text in (
        error.detail,
        repr(error),
        caplog.text,
        repr(logged),
        repr(reader.source),
        repr(reader.source.server),
    ):
        assert PASSWORD not in text


async def test_a_password_that_changed_counts_without_a_restart(reader: Reader, asked: Ask) -> None:
    environment = dict(ENVIRONMENT)
    source = asked(reader.source, environment)
    assert await source.cell("SELECT 1") == 1
    reader.admin(f"ALTER USER {READER} {'IDENTIFIED BY' if reader.kind is Kind.MYSQL else 'PASSWORD'} 'n3w'")
    environment["LIVE_PASSWORD"] = "n3w"
    adapter = source.registry.adapter(source.source)
    adapter._pool.drop_all()  # type: ignore[attr-defined]
    assert await source.cell("SELECT 1") == 1


async def test_a_secret_that_is_missing(reader: Reader, asked: Ask) -> None:
    error = await asked(reader.source, {}).error("SELECT 1")
    assert (error.kind, error.detail) == (AWAY, "the environment variable LIVE_PASSWORD is not set")


WIDER = {
    Kind.MYSQL: (
        ("GRANT INSERT ON luckyus_sales_order.* TO {0}", "INSERT ON"),
        ("GRANT UPDATE (quantity) ON luckyus_sales_order.t_order_item TO {0}", "UPDATE ON"),
        ("GRANT EXECUTE ON *.* TO {0}", "EXECUTE ON"),
        ("GRANT FILE ON *.* TO {0}", "FILE ON"),
        ("GRANT SELECT ON luckyus_sales_order.* TO {0} WITH GRANT OPTION", "GRANT OPTION"),
        ("CREATE ROLE IF NOT EXISTS wide", ""),
        ("GRANT wide TO {0}", "a role"),
    ),
    Kind.POSTGRES: (
        ("GRANT INSERT ON luckyus_sales_order.t_order_item TO {0}", "writing in schema luckyus_sales_order"),
        ("GRANT UPDATE (quantity) ON luckyus_sales_order.t_order_item TO {0}", "writing in schema"),
        ("GRANT CREATE ON SCHEMA luckyus_sales_order TO {0}", "CREATE in schema"),
        ("GRANT CREATE ON DATABASE postgres TO {0}", "CREATE in the database"),
        ("ALTER ROLE {0} CREATEROLE", "CREATEROLE"),
        ("GRANT pg_read_server_files TO {0}", "member of pg_read_server_files"),
        ("ALTER ROLE {0} SUPERUSER", "SUPERUSER"),
    ),
    Kind.REDSHIFT: (
        ("GRANT INSERT ON luckyus_sales_order.t_order_item TO {0}", "writing in schema luckyus_sales_order"),
        ("GRANT CREATE ON SCHEMA luckyus_sales_order TO {0}", "CREATE in schema"),
        ("GRANT CREATE ON DATABASE postgres TO {0}", "CREATE in the database"),
        ("ALTER ROLE {0} CREATEDB", "CREATEDB"),
        ("ALTER ROLE {0} SUPERUSER", "SUPERUSER"),
    ),
}
NARROWER = {
    Kind.MYSQL: (),
    Kind.POSTGRES: (
        "REVOKE INSERT, UPDATE, UPDATE (quantity) ON luckyus_sales_order.t_order_item FROM {0}",
        "REVOKE CREATE ON SCHEMA luckyus_sales_order FROM {0}",
        "REVOKE CREATE ON DATABASE postgres FROM {0}",
        "REVOKE pg_read_server_files FROM {0}",
        "ALTER ROLE {0} NOSUPERUSER NOCREATEROLE",
    ),
    Kind.REDSHIFT: (
        "REVOKE INSERT ON luckyus_sales_order.t_order_item FROM {0}",
        "REVOKE CREATE ON SCHEMA luckyus_sales_order FROM {0}",
        "REVOKE CREATE ON DATABASE postgres FROM {0}",
        "ALTER ROLE {0} NOSUPERUSER NOCREATEDB",
    ),
}


async def test_an_account_that_can_write_is_refused_unless_the_source_says_why(
    reader: Reader, asked: Ask
) -> None:
    assert await asked(reader.source).cell("SELECT 1") == 1
    assert reader.source.server is not None
    warned = replace(reader.source, server=replace(reader.source.server, writable_because="until June"))
    try:
        for text, said in WIDER[reader.kind]:
            reader.admin(text.format(READER))
            if not said:
                continue
            error = await asked(reader.source).error("SELECT 1")
            assert (error.kind, said in error.detail) == (AWAY, True), (text, error.detail)
            with structlog.testing.capture_logs() as logged:
                assert await asked(warned).cell("SELECT 1") == 1
            assert [entry["event"] for entry in logged] == ["account_can_write"]
            assert "*" + "A" * 8 not in repr(logged)
    finally:
        reader.admin(*(text.format(READER) for text in NARROWER[reader.kind]))


@pytest.fixture
async def gateway(reader: Reader) -> AsyncIterator[Gateway]:
    """A gateway with the orders on the server."""
    made = await opened(reader.policies, environment=ENVIRONMENT)
    yield made
    await made.close()


async def test_a_table_that_is_gone_since_it_was_reviewed(reader: Reader, gateway: Gateway) -> None:
    request = SqlRead(source="salesorder", sql="SELECT product_name FROM t_order_item LIMIT 1")
    assert len((await gateway.read(ANALYST, request)).rows) == 1
    reader.admin("DROP TABLE luckyus_sales_order.t_order_item")
    with pytest.raises(ReadError) as refused:
        await gateway.read(ANALYST, request)
    assert refused.value.code == "SOURCE_UNAVAILABLE"
    other = SqlRead(source="salesorder", sql="SELECT order_no FROM t_sales_order_m LIMIT 1")
    assert len((await gateway.read(ANALYST, other)).rows) == 1


async def test_a_column_that_is_gone_since_it_was_reviewed(reader: Reader, gateway: Gateway) -> None:
    """Who names it is told of the source, and whoever does not is answered."""
    reader.admin("ALTER TABLE luckyus_sales_order.t_order_item DROP COLUMN quantity")
    for sql in ("SELECT SUM(quantity) FROM t_order_item", "SELECT * FROM t_order_item"):
        with pytest.raises(ReadError) as refused:
            await gateway.read(ANALYST, SqlRead(source="salesorder", sql=sql))
        assert refused.value.code == "SOURCE_UNAVAILABLE"
        assert "quantity" not in refused.value.agent_text
    counted = SqlRead(source="salesorder", sql="SELECT COUNT(*) FROM t_order_item")
    assert len((await gateway.read(ANALYST, counted)).rows) == 1


async def test_a_source_that_is_away_rests_and_others_answer(reader: Reader, gateway: Gateway) -> None:
    """Three failures, and then the answer comes without asking the server."""
    assert reader.source.server is not None
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = door.getsockname()[1]
    away = replace(
        reader.policies.sources[reader.source.name],
        server=replace(reader.source.server, host="127.0.0.1", port=port),
    )
    gateway.swap(replace(reader.policies, sources={**reader.policies.sources, away.name: away}))
    details = []
    for _ in range(5):
        with pytest.raises(ReadError) as refused:
            await gateway.read(ANALYST, SqlRead(source="salesorder", sql="SELECT COUNT(*) FROM t_order_item"))
        assert refused.value.code == "SOURCE_UNAVAILABLE"
        assert "127.0.0.1" not in refused.value.agent_text
        details.append(refused.value.audit_detail)
    assert ["3 times in a row" in each for each in details] == [False] * 3 + [True] * 2
    shops = SqlRead(source="opshop", sql="SELECT COUNT(*) FROM t_shop_info")
    assert len((await gateway.read(ANALYST, shops)).rows) == 1
