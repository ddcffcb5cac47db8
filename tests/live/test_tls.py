"""TLS to real servers: the certificate and its name are verified, and nobody talks a session out of it."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from lucky_mcp.errors import EngineErrorKind
from lucky_mcp.model.source import Kind, Source
from tests.live.conftest import Reader
from tests.live.sealed import Ask
from tests.live.test_faults import listening
from tests.support.servers import make_certificate

ENCRYPTED = {
    Kind.MYSQL: "SELECT variable_value <> '' FROM information_schema.session_status WHERE variable_name = 'SSL_CIPHER'",
    Kind.POSTGRES: "SELECT ssl::int FROM pg_catalog.pg_stat_ssl WHERE pid = pg_catalog.pg_backend_pid()",
    Kind.REDSHIFT: "SELECT current_setting('redshift.is_encrypted')::int",
}
CLIENT_SSL = 0x0800
# Redshift's driver asks for TLS in the way of Pythons before 3.10.
pytestmark = [
    pytest.mark.filterwarnings("ignore:ssl.SSLContext:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:ssl.PROTOCOL_TLS:DeprecationWarning"),
]


def by_port(reader: Reader, **changed: object) -> Source:
    """The source at its server's port on this machine, by TLS unless something is changed."""
    assert reader.source.server is not None
    certificate = str(reader.server.running.certificate)
    address = replace(
        reader.source.server, host="localhost", port=reader.server.port, tls=True, ca=certificate
    )
    return replace(reader.source, server=replace(address, **changed))  # type: ignore[arg-type]


@pytest.fixture
def trusting(monkeypatch: pytest.MonkeyPatch) -> Callable[[Source], Source]:
    """Redshift's driver takes no file of certificates: it trusts what this process does."""

    def trust(source: Source) -> Source:
        assert source.server is not None
        if source.server.ca:
            monkeypatch.setenv("SSL_CERT_FILE", source.server.ca)
        else:
            monkeypatch.delenv("SSL_CERT_FILE", raising=False)
        return source

    return trust


async def test_a_session_is_encrypted(
    reader: Reader, asked: Ask, trusting: Callable[[Source], Source]
) -> None:
    assert await asked(trusting(by_port(reader))).cell(ENCRYPTED[reader.kind]) == 1
    assert await asked(by_port(reader, tls=False)).cell(ENCRYPTED[reader.kind]) == 0


async def test_another_authority_or_name_is_refused(
    reader: Reader, asked: Ask, tmp_path: Path, trusting: Callable[[Source], Source]
) -> None:
    make_certificate(tmp_path)
    for wrong in (
        by_port(reader, ca=str(tmp_path / "cert.pem")),
        by_port(reader, ca=""),
        by_port(reader, host="127.0.0.1"),
    ):
        error = await asked(trusting(wrong)).error("SELECT 1")
        assert error.kind is EngineErrorKind.UNAVAILABLE
        assert "certificate" in error.detail or "match" in error.detail, error.detail


@pytest.fixture
def without_tls(reader: Reader) -> Iterator[int]:
    """The server behind somebody who tells its callers that it cannot encrypt."""

    def serve(line: socket.socket) -> None:
        with line:
            if reader.kind is not Kind.MYSQL:
                line.recv(8)
                line.sendall(b"N")
                line.recv(1)
                return
            with socket.create_connection(("127.0.0.1", reader.server.port)) as onward:
                greeting = bytearray(onward.recv(4096))
                place = greeting.index(0, 5) + 1 + 4 + 8 + 1
                greeting[place + 1] &= ~(CLIENT_SSL >> 8)
                line.sendall(greeting)
                assert line.recv(4096) == b"", "it went on without TLS"

    with listening(serve) as port:
        yield port


async def test_nobody_talks_it_out_of_tls(reader: Reader, asked: Ask, without_tls: int) -> None:
    error = await asked(by_port(reader, port=without_tls)).error("SELECT 1")
    assert error.kind is EngineErrorKind.UNAVAILABLE
    assert "SSL" in error.detail
