"""A private MySQL server of the packages that `make test-mysql` has unpacked; run with their own loader."""

from __future__ import annotations

import os
import platform
import pwd
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from tests.support.servers import (
    TIME_ZONES,
    ZONE_FOLDERS,
    MariaDB,
    NoServer,
    _begin,
    _folder,
    _free_port,
    _greet,
    _quietly,
    _running,
    make_certificate,
)

HOME = "LUCKY_MYSQL_HOME"
OPTIONS = (
    "--bind-address=127.0.0.1",
    "--ssl-cert=cert.pem",
    "--ssl-key=key.pem",
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-flush-method=nosync",
    "--innodb-buffer-pool-size=128M",
    "--skip-log-bin",
    "--loose-mysqlx=OFF",
    "--skip-name-resolve",
)


def is_chosen() -> bool:
    """Whether the tests are to run on MySQL in MariaDB's place."""
    return bool(os.environ.get(HOME))


@contextmanager
def mysql(*options: str) -> Iterator[MariaDB]:
    """Run a server, with further options, for the `with` block; NoServer when it cannot be."""
    root = Path(os.environ.get(HOME, "")) / "root"
    if not (root / "usr" / "sbin" / "mysqld").is_file():
        raise NoServer(f"{HOME} names no folder that scripts/mysql-server.sh has filled")
    with _folder() as folder:
        data, user = folder / "data", pwd.getpwuid(os.geteuid()).pw_name
        common = [
            *_loaded(root, "sbin/mysqld"),
            "--no-defaults",
            f"--basedir={root}/usr",
            f"--lc-messages-dir={root}/usr/share/mysql",
            f"--plugin-dir={root}/usr/lib/mysql/plugin",
            f"--datadir={data}",
            f"--user={user}",
            "--secure-file-priv=NULL",
            *options,
        ]
        _quietly([*common, "--initialize-insecure"], folder)
        make_certificate(data)
        found = MariaDB(socket=folder / "s", port=_free_port(), certificate=data / "cert.pem")
        command = [
            *_begin(),
            *common,
            f"--socket={found.socket}",
            f"--port={found.port}",
            f"--pid-file={folder}/pid",
            *OPTIONS,
        ]
        with _running(command, folder, lambda: _greet(found), OSError, signal.SIGTERM) as restart:
            _load_time_zones(root, found)
            yield replace(found, restart=restart)


def _loaded(root: Path, program: str) -> list[str]:
    """Return the words that run a program with the libraries it came with."""
    libraries = root / "usr" / "lib" / f"{platform.machine()}-linux-gnu"
    loader = next(libraries.glob("ld-linux-*.so.*"))
    paths = (libraries, libraries / "private", root / "usr" / "lib" / "mysql" / "private")
    return [str(loader), "--library-path", ":".join(map(str, paths)), str(root / "usr" / program)]


def _load_time_zones(root: Path, server: MariaDB) -> None:
    with server.connect("mysql") as connection, connection.cursor() as cursor:
        for zone in TIME_ZONES:
            path = next(folder / zone for folder in ZONE_FOLDERS if (folder / zone).is_file())
            program = _loaded(root, "bin/mysql_tzinfo_to_sql")
            made = subprocess.run([*program, str(path), zone], capture_output=True, check=True, text=True)
            for text in made.stdout.split(";\n"):
                if text.strip():
                    cursor.execute(text)
