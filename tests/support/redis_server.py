"""A private Redis on a socket in a folder of its own, which keeps nothing, gone when done."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import redis

from tests.support.servers import _free_port, make_certificate

START_SECONDS = 60


@dataclass
class RedisServer:
    """A server that can be stopped and begun again, empty."""

    folder: Path
    password: str = ""
    process: subprocess.Popen[bytes] | None = None
    tls_port: int = 0

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"unix://{self.folder / 'redis.sock'}"

    @property
    def certificate(self) -> str:
        """The certificate of a server that speaks TLS."""
        return str(self.folder / "cert.pem")

    def client(self) -> redis.Redis:
        """A client of the test's own."""
        return redis.Redis.from_url(self.url, password=self.password or None)

    def start(self) -> None:
        """Begin to answer."""
        program = shutil.which("redis-server")
        assert program is not None, "redis-server is not installed: apt-get install redis-server"
        options = ["--port", "0", "--unixsocket", str(self.folder / "redis.sock"), "--save", ""]
        if self.tls_port:
            make_certificate(self.folder)
            key, certificate = self.folder / "key.pem", self.certificate
            options += ["--tls-port", str(self.tls_port), "--tls-key-file", str(key)]
            options += ["--tls-cert-file", certificate, "--tls-ca-cert-file", certificate]
            options += ["--tls-auth-clients", "no"]
        if self.password:
            options += ["--requirepass", self.password]
        own = shutil.which("setpriv")
        before = [own, "--pdeathsig=KILL"] if own else []
        self.process = subprocess.Popen(
            [*before, program, *options, "--dir", str(self.folder)], stdout=subprocess.DEVNULL
        )
        deadline = time.monotonic() + START_SECONDS
        with self.client() as client:
            while True:
                try:
                    client.ping()
                    return
                except redis.ConnectionError:
                    assert self.process.poll() is None and time.monotonic() < deadline
                    time.sleep(0.02)

    def stop(self) -> None:
        """Go away at once."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
        self.process = None


@contextmanager
def redis_server(password: str = "", *, tls: bool = False) -> Iterator[RedisServer]:
    """Run a server for the `with` block, with a port for TLS if that is asked for."""
    with tempfile.TemporaryDirectory(prefix="lucky-redis-") as folder:
        server = RedisServer(Path(folder), password, tls_port=_free_port() if tls else 0)
        server.start()
        try:
            yield server
        finally:
            server.stop()
