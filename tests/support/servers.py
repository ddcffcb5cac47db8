"""Private MariaDB and PostgreSQL servers in a folder of the caller's, reached through sockets, gone when done.

Nothing is kept and nothing is shared: no port is opened, durability is switched off, and a server ends with
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
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pymysql

START_SECONDS = 60
POSTGRES_HOMES = "/usr/lib/postgresql"
MARIADB_OPTIONS = (
    "--skip-networking",
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-flush-method=nosync",
    "--innodb-buffer-pool-size=128M",
    "--skip-log-bin",
    "--character-set-server=utf8mb4",
    "--skip-name-resolve",
)
POSTGRES_OPTIONS = ("fsync=off", "full_page_writes=off", "synchronous_commit=off", "listen_addresses=")


class NoServer(RuntimeError):
    """The server's programs are not installed here, or it did not begin to answer."""


@dataclass(frozen=True, kw_only=True)
class MariaDB:
    """A running server; everybody who reaches the socket is its administrator."""

    socket: Path

    def connect(self, database: str | None = None) -> pymysql.Connection[pymysql.cursors.Cursor]:
        """Open a connection that commits every statement."""
        return pymysql.connect(
            unix_socket=str(self.socket), user="root", database=database, charset="utf8mb4", autocommit=True
        )


@dataclass(frozen=True, kw_only=True)
class Postgres:
    """A running server; everybody who reaches the folder of the socket is its administrator."""

    folder: Path

    def connect(self) -> psycopg.Connection:
        """Open a connection that commits every statement."""
        return psycopg.connect(host=str(self.folder), user="lucky", dbname="postgres", autocommit=True)


def has_mariadb() -> bool:
    """Whether MariaDB's server is installed."""
    return shutil.which("mariadbd") is not None and shutil.which("mariadb-install-db") is not None


def has_postgres() -> bool:
    """Whether PostgreSQL's server is installed."""
    return _postgres_bin() is not None


@contextmanager
def mariadb() -> Iterator[MariaDB]:
    """Run a server for the `with` block; NoServer when it cannot be."""
    server = shutil.which("mariadbd")
    if server is None or not has_mariadb():
        raise NoServer("mariadbd is not installed")
    with _folder() as folder:
        data, user = folder / "data", pwd.getpwuid(os.geteuid()).pw_name
        common = ["--no-defaults", f"--datadir={data}", f"--user={user}"]
        _quietly(["mariadb-install-db", *common, "--auth-root-authentication-method=normal"], folder)
        found = MariaDB(socket=folder / "s")
        command = [
            *_begin(),
            server,
            *common,
            f"--socket={found.socket}",
            f"--pid-file={folder}/pid",
            *MARIADB_OPTIONS,
        ]
        with _running(command, folder, lambda: _greet(found), OSError, signal.SIGTERM):
            yield found


@contextmanager
def postgres() -> Iterator[Postgres]:
    """Run a server for the `with` block, as an unprivileged user when we are root; NoServer when it cannot be."""
    home = _postgres_bin()
    if home is None:
        raise NoServer("postgres is not installed")
    with _folder() as folder:
        data = folder / "data"
        owner = _begin(_given_away(folder) if os.geteuid() == 0 else None)
        arguments = ["-U", "lucky", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"]
        _quietly([*owner, str(home / "initdb"), "-D", str(data), *arguments], folder)
        options = [part for option in POSTGRES_OPTIONS for part in ("-c", option)]
        command = [*owner, str(home / "postgres"), "-D", str(data), "-k", str(folder), *options]
        found = Postgres(folder=folder)
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
) -> Iterator[None]:
    """`stop` is the signal after which the server ends at once, whoever is still connected."""
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)
        try:
            _wait(process, folder, try_it, failure)
            yield
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
        return Path(found).parent
    homes = sorted(Path(POSTGRES_HOMES).glob("*/bin/postgres"), key=lambda each: int(each.parts[-3]))
    return homes[-1].parent if homes else None


def _greet(server: MariaDB) -> None:
    """Reach the socket without the driver, which leaves its own open when nobody answers yet."""
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(str(server.socket))
    server.connect().close()


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
