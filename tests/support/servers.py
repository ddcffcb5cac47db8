"""Private MariaDB and PostgreSQL servers in a folder of the caller's, reached through sockets, gone when done.

Nothing is kept and nothing is shared: administrators come in by the socket alone, the port on this machine asks
for a password and speaks TLS with a certificate for `localhost`, durability is switched off, and a server ends with
the `with` block or with the process that began it.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pymysql
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

START_SECONDS = 60
TIME_ZONES = ("America/New_York", "UTC")
ZONE_FOLDERS = (Path("/usr/share/zoneinfo"), Path("/usr/lib/zoneinfo"))
POSTGRES_HOMES = "/usr/lib/postgresql"
MARIADB_OPTIONS = (
    "--bind-address=127.0.0.1",
    "--ssl-cert=cert.pem",
    "--ssl-key=key.pem",
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-flush-method=nosync",
    "--innodb-buffer-pool-size=128M",
    "--skip-log-bin",
    "--character-set-server=utf8mb4",
    "--skip-name-resolve",
)
# Its administrator is trusted on the socket; everybody else needs a password.
POSTGRES_DOOR = """local all lucky trust
local replication lucky trust
local all all scram-sha-256
host all all 127.0.0.1/32 scram-sha-256
"""
POSTGRES_OPTIONS = (
    "fsync=off",
    "full_page_writes=off",
    "synchronous_commit=off",
    "listen_addresses=127.0.0.1",
    "ssl=on",
    "ssl_cert_file=cert.pem",
    "ssl_key_file=key.pem",
)


class NoServer(RuntimeError):
    """The server's programs are not installed here, or it did not begin to answer."""


def _nothing() -> bool:
    """There is nothing to begin again."""
    return True


@dataclass(frozen=True, kw_only=True)
class MariaDB:
    """A running server; everybody who reaches the socket is its administrator."""

    socket: Path
    port: int
    certificate: Path
    restart: Callable[[], bool] = field(default=_nothing, repr=False)
    """Begin again with the same data, after a statement that killed the server; False when it lives."""

    def connect(self, database: str | None = None) -> pymysql.Connection[pymysql.cursors.Cursor]:
        """Open a connection that commits every statement."""
        return pymysql.connect(
            unix_socket=str(self.socket), user="root", database=database, charset="utf8mb4", autocommit=True
        )


@dataclass(frozen=True, kw_only=True)
class Postgres:
    """A running server; everybody who reaches the folder of the socket is its administrator."""

    folder: Path
    port: int
    certificate: Path

    def connect(self, database: str = "postgres") -> psycopg.Connection:
        """Open a connection that commits every statement."""
        return psycopg.connect(
            host=str(self.folder), port=self.port, user="lucky", dbname=database, autocommit=True
        )


def has_mariadb() -> bool:
    """Whether MariaDB's server is installed."""
    return shutil.which("mariadbd") is not None and shutil.which("mariadb-install-db") is not None


def has_postgres() -> bool:
    """Whether PostgreSQL's server is installed."""
    return _postgres_bin() is not None


@contextmanager
def mariadb(*options: str) -> Iterator[MariaDB]:
    """Run a server, with further options, for the `with` block; NoServer when it cannot be."""
    server = shutil.which("mariadbd")
    if server is None or not has_mariadb():
        raise NoServer("mariadbd is not installed")
    with _folder() as folder:
        data, user = folder / "data", pwd.getpwuid(os.geteuid()).pw_name
        # A server that begins removes the temporary tables it finds, be they another server's.
        common = ["--no-defaults", f"--datadir={data}", f"--tmpdir={folder}", f"--user={user}"]
        _quietly(
            ["mariadb-install-db", *common, "--auth-root-authentication-method=normal", "--skip-test-db"],
            folder,
        )
        make_certificate(data)
        found = MariaDB(socket=folder / "s", port=_free_port(), certificate=data / "cert.pem")
        command = [
            *_begin(),
            server,
            *common,
            f"--socket={found.socket}",
            f"--port={found.port}",
            f"--pid-file={folder}/pid",
            *MARIADB_OPTIONS,
            *options,
        ]
        with _running(command, folder, lambda: _greet(found), OSError, signal.SIGTERM) as restart:
            _drop_nobody(found)
            _load_time_zone(found)
            yield replace(found, restart=restart)


@contextmanager
def postgres(*settings: str) -> Iterator[Postgres]:
    """Run a server for the `with` block, as an unprivileged user when we are root; NoServer when it cannot be."""
    home = _postgres_bin()
    if home is None:
        raise NoServer("postgres is not installed")
    with _folder() as folder:
        data = folder / "data"
        owner = _begin(_given_away(folder) if os.geteuid() == 0 else None)
        arguments = ["-U", "lucky", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"]
        _quietly([*owner, str(home / "initdb"), "-D", str(data), *arguments], folder)
        (data / "pg_hba.conf").write_text(POSTGRES_DOOR, encoding="ascii")
        make_certificate(data)
        for name in ("cert.pem", "key.pem"):
            shutil.chown(data / name, *_owner_of(data))
        with _serving(home, owner, folder, data, settings) as found:
            yield found


@contextmanager
def postgres_standby(primary: Postgres) -> Iterator[Postgres]:
    """Run a streaming standby of a server for the `with` block; NoServer when it cannot be."""
    home = _postgres_bin()
    if home is None:
        raise NoServer("postgres is not installed")
    with _folder() as folder:
        data = folder / "data"
        owner = _begin(_given_away(folder) if os.geteuid() == 0 else None)
        source = ["-h", str(primary.folder), "-p", str(primary.port), "-U", "lucky"]
        _quietly(
            [
                *owner,
                str(home / "pg_basebackup"),
                *source,
                "-D",
                str(data),
                "-R",
                "-X",
                "stream",
                "-c",
                "fast",
            ],
            folder,
        )
        with _serving(home, owner, folder, data) as found:
            yield found


@contextmanager
def _serving(
    home: Path, owner: list[str], folder: Path, data: Path, settings: tuple[str, ...] = ()
) -> Iterator[Postgres]:
    found = Postgres(folder=folder, port=_free_port(), certificate=data / "cert.pem")
    options = [
        part for option in (*POSTGRES_OPTIONS, *settings, f"port={found.port}") for part in ("-c", option)
    ]
    command = [*owner, str(home / "postgres"), "-D", str(data), "-k", str(folder), *options]
    with _running(command, folder, lambda: found.connect().close(), psycopg.Error, signal.SIGINT):
        yield found


@contextmanager
def _folder() -> Iterator[Path]:
    # Short, because the path of a socket may have 107 bytes and no more.
    with tempfile.TemporaryDirectory(prefix="lucky-", dir="/tmp", ignore_cleanup_errors=True) as name:
        yield Path(name)


@contextmanager
def _running(
    command: list[str],
    folder: Path,
    try_it: Callable[[], None],
    failure: type[Exception],
    stop: signal.Signals,
) -> Iterator[Callable[[], bool]]:
    """`stop` is the signal after which the server ends at once, whoever is still connected.

    Yields what begins a server again that has died, and says whether it had.
    """
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)

        def restart() -> bool:
            nonlocal process
            try:
                process.wait(timeout=START_SECONDS)
            except subprocess.TimeoutExpired:
                return False
            process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)
            _wait(process, folder, try_it, failure)
            return True

        try:
            _wait(process, folder, try_it, failure)
            yield restart
        finally:
            process.send_signal(stop)
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=20)
            process.kill()
            process.wait()


def _wait(
    process: subprocess.Popen[bytes], folder: Path, try_it: Callable[[], None], failure: type[Exception]
) -> None:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            try_it()
        except failure:
            time.sleep(0.1)
        else:
            return
    raise NoServer((folder / "log").read_text(errors="replace")[-2000:])


def _postgres_bin() -> Path | None:
    found = shutil.which("postgres")
    if found:
        return Path(found).resolve().parent  # where the other programs are, too
    homes = sorted(Path(POSTGRES_HOMES).glob("*/bin/postgres"), key=lambda each: int(each.parts[-3]))
    return homes[-1].parent if homes else None


def _greet(server: MariaDB) -> None:
    """Reach the socket without the driver, which leaves its own open when nobody answers yet."""
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(str(server.socket))
    server.connect().close()


def _drop_nobody(server: MariaDB) -> None:
    """Drop accounts without a name, which win over a named one from anywhere."""
    with server.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT Host FROM mysql.user WHERE User = ''")
        for (host,) in cursor.fetchall():
            cursor.execute("DROP USER ''@%s", (host,))


def make_certificate(folder: Path, name: str = "localhost") -> None:
    """Write a new key and a certificate of its own for the name: `key.pem`, `cert.pem`."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]), datetime.now(UTC)
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    form = serialization.PrivateFormat.PKCS8
    (folder / "key.pem").write_bytes(key.private_bytes(serialization.Encoding.PEM, form, plain))
    (folder / "key.pem").chmod(0o600)
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))


def _owner_of(path: Path) -> tuple[int, int]:
    return path.stat().st_uid, path.stat().st_gid


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as door:
        return int(door.getsockname()[1])


def _load_time_zone(server: MariaDB) -> None:
    """Load the zones that are used, as managed servers have all of them, which takes seconds."""
    client = ["mariadb", "--no-defaults", f"--socket={server.socket}", "--user=root", "mysql"]
    for zone in TIME_ZONES:
        path = next(folder / zone for folder in ZONE_FOLDERS if (folder / zone).is_file())
        made = subprocess.run(["mariadb-tzinfo-to-sql", str(path), zone], capture_output=True, check=True)
        subprocess.run(client, input=made.stdout, capture_output=True, check=True)


def _begin(user: pwd.struct_passwd | None = None) -> list[str]:
    """Return the words before a command that make it another user's, and end it when this process ends."""
    if shutil.which("setpriv") is None:
        return []
    ids = [f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"] if user else []
    return ["setpriv", "--pdeathsig=KILL", *ids]


def _given_away(folder: Path) -> pwd.struct_passwd:
    """PostgreSQL refuses to run as root: its files go to `nobody` then."""
    nobody = pwd.getpwnam("nobody")
    folder.chmod(0o755)
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    return nobody


def _quietly(command: list[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
    if done.returncode:
        raise NoServer(f"{Path(command[0]).name}: {done.stderr.decode(errors='replace')[-2000:]}")
