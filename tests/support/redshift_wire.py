"""Redshift's wire in front of a private PostgreSQL: the real driver talks its protocol, and a server answers.

It is the wire and not the server. What is done to the bytes, and nothing else:

- start-up parameters that only Redshift knows are taken out, and those that PostgreSQL needs to read a text as
  Redshift does (a backslash in a string escapes) are put in;
- names of settings that only Redshift has get a prefix, under which PostgreSQL keeps any setting;
- the list of ways to say a password ends where the driver thinks it ends, and the version is Redshift's, as the
  driver cannot read Debian's;
- the type `VARCHAR(MAX)` is written as the length that it stands for.

No function and no answer of Redshift's is imitated.
"""

from __future__ import annotations

import shutil
import socket
import ssl
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.support.servers import Postgres

TLS_REQUEST = 80877103
PROTOCOL_3 = 196608
ONLY_REDSHIFT = {b"client_protocol_version", b"driver_version", b"os_version", b"driver_discovery_version"}
OPTIONS = b"-c standard_conforming_strings=off -c escape_string_warning=off -c backslash_quote=on"
OWN_SETTINGS = (b"enable_case_sensitive_identifier", b"describe_field_name_in_uppercase")
PARSE = b"P"
AUTHENTICATION, STATUS, READY = b"R", b"S", b"Z"
SASL = 10
VERSION = b"8.0.2"  # what every Redshift says


@dataclass(frozen=True, kw_only=True)
class RedshiftWire:
    """A port on this machine that speaks Redshift's protocol; `certificate` is its own authority."""

    port: int
    certificate: Path


@contextmanager
def redshift_wire(server: Postgres, folder: Path, options: bytes = OPTIONS) -> Iterator[RedshiftWire]:
    """Answer on a free port for the `with` block, with the server's certificate for `localhost`.

    With other `options` it is a server that reads texts otherwise than Redshift does.
    """
    for name in ("cert.pem", "key.pem"):
        shutil.copy(server.certificate.parent / name, folder / name)
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    target = f"{server.folder}/.s.PGSQL.{server.port}"
    with socket.create_server(("127.0.0.1", 0)) as door:

        def accept() -> None:
            while True:
                try:
                    line, _ = door.accept()
                except OSError:
                    return
                threading.Thread(target=_serve, args=(line, target, tls, options), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield RedshiftWire(port=door.getsockname()[1], certificate=folder / "cert.pem")
        door.shutdown(socket.SHUT_RDWR)


def _serve(line: socket.socket, target: str, tls: ssl.SSLContext, options: bytes) -> None:
    with socket.socket(socket.AF_UNIX) as onward, suppress(OSError, EOFError):
        try:
            onward.connect(target)
            start = _exactly(line, struct.unpack("!i", _exactly(line, 4))[0] - 4)
            if struct.unpack("!i", start[:4])[0] == TLS_REQUEST:
                line.sendall(b"S")
                line = tls.wrap_socket(line, server_side=True)
                start = _exactly(line, struct.unpack("!i", _exactly(line, 4))[0] - 4)
            is_encrypted = isinstance(line, ssl.SSLSocket)
            onward.sendall(_start_up(start, options + b" -c redshift.is_encrypted=%d" % is_encrypted))
            back = threading.Thread(target=_hand_back, args=(onward, line), daemon=True)
            back.start()
            _hand_on(line, onward)
        finally:
            _shut(onward)
            _shut(line)
            line.close()


def _start_up(message: bytes, options: bytes) -> bytes:
    (version,) = struct.unpack("!i", message[:4])
    assert version == PROTOCOL_3, version
    words = message[4:].rstrip(b"\0").split(b"\0")
    parameters = dict(zip(words[::2], words[1::2], strict=True))
    assert set(parameters) >= ONLY_REDSHIFT, "this is not Redshift's driver"
    kept = {name: value for name, value in parameters.items() if name not in ONLY_REDSHIFT}
    kept[b"options"] = options
    body = b"".join(name + b"\0" + value + b"\0" for name, value in kept.items())
    return struct.pack("!ii", len(body) + 9, PROTOCOL_3) + body + b"\0"


def _hand_on(line: socket.socket, onward: socket.socket) -> None:
    while True:
        code = _exactly(line, 1)
        body = _exactly(line, struct.unpack("!i", _exactly(line, 4))[0] - 4)
        if code == PARSE:
            body = _translated(body)
        onward.sendall(code + struct.pack("!i", len(body) + 4) + body)


def _translated(body: bytes) -> bytes:
    for name in OWN_SETTINGS:
        body = body.replace(b"'" + name + b"'", b"'redshift." + name + b"'")
    return body.replace(b"VARCHAR(MAX)", b"VARCHAR(65535)")


def _hand_back(onward: socket.socket, line: socket.socket) -> None:
    with suppress(OSError, EOFError):
        for message in _greeting(onward):
            line.sendall(message)
        while data := onward.recv(65536):
            line.sendall(data)
    _shut(line)


def _greeting(onward: socket.socket) -> Iterator[bytes]:
    """Yield the server's messages up to its being ready, those changed that the driver cannot read."""
    code = b""
    while code != READY:
        code = _exactly(onward, 1)
        body = _exactly(onward, struct.unpack("!i", _exactly(onward, 4))[0] - 4)
        if code == AUTHENTICATION and struct.unpack("!i", body[:4])[0] == SASL:
            body = body[:-1]
        elif code == STATUS and body.startswith(b"server_version\0"):
            body = b"server_version\0" + VERSION + b"\0"
        yield code + struct.pack("!i", len(body) + 4) + body


def _exactly(line: socket.socket, size: int) -> bytes:
    found = bytearray()
    while len(found) < size:
        part = line.recv(size - len(found))
        if not part:
            raise EOFError
        found += part
    return bytes(found)


def _shut(line: socket.socket) -> None:
    with suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)
