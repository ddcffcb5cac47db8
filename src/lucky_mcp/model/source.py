"""A place that data can be read from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property


class Kind(StrEnum):
    """The engine that runs the text."""

    DUCKDB = "duckdb"
    LAKE = "lake"
    MYSQL = "mysql"
    POSTGRES = "postgres"
    REDSHIFT = "redshift"
    REDIS = "redis"
    FAKEREDIS = "fakeredis"


KEYED = frozenset({Kind.REDIS, Kind.FAKEREDIS})
"""The kinds that hold keys instead of tables: Redis on a server, and what stands for it in the demo."""
EMBEDDED = frozenset({Kind.DUCKDB, Kind.LAKE})
"""The kinds that the embedded engine runs: on a file of its own, or on a folder of Parquet files."""


class Dialect(StrEnum):
    """The SQL that agents write; it differs from the engine's only for embedded sources."""

    MYSQL = "mysql"
    POSTGRES = "postgres"
    REDSHIFT = "redshift"
    DUCKDB = "duckdb"
    DORIS = "doris"


SERVERS = frozenset({Kind.MYSQL, Kind.POSTGRES, Kind.REDSHIFT, Kind.REDIS})
"""The kinds that run on a server of their own, reached over a connection."""


@dataclass(frozen=True, kw_only=True)
class Server:
    """Where a source's server is and as whom it is read; no secret, only where the secret is.

    `host` is a name, an address, or the absolute path of a Unix socket (of its folder for PostgreSQL).
    `password` is `env:NAME`, `file:/path` or empty. `ca` is a file of certificates, empty for the system's.
    `workgroup` is the one of Redshift Serverless whose temporary credentials IAM gives, in `region` (that of
    the host's name if empty); then there is neither user nor password.
    `writable_because` is the reason for which an account that can write is put up with; empty refuses one.
    """

    host: str
    port: int
    user: str
    password: str = ""
    database: str = ""
    tls: bool = True
    ca: str = ""
    connections_max: int = 4
    writable_because: str = ""
    workgroup: str = ""
    region: str = ""

    @property
    def is_socket(self) -> bool:
        """Whether the server is reached through a Unix socket."""
        return self.host.startswith("/")


@dataclass(frozen=True, kw_only=True)
class Replication:
    """How far behind a replica may be, in seconds, and how that is measured.

    `heartbeat` is a `schema.table` whose `heartbeat_column` the primary sets to its time (UTC) every second;
    without one the server's own word is taken. With `writer_serves` the writer answers when no replica can.
    """

    alert_s: float = 5.0
    stop_s: float = 30.0
    heartbeat: str = ""
    heartbeat_column: str = "ts"
    writer_serves: bool = True


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What one read may ask of the server, in rows examined by its own estimate, and how busy it may be.

    `rows_examined_max` None: never estimated, so nothing is refused. A production writer is not read heavily
    (`rows_examined_heavy`) while more statements than `running_max` run there, or more than
    `long_running_max` of at least `long_running_s` seconds.
    """

    rows_examined_max: int | None = 20_000_000
    rows_examined_heavy: int = 1_000_000
    running_max: int = 40
    long_running_max: int = 5
    long_running_s: int = 10


@dataclass(frozen=True, kw_only=True)
class Source:
    """One entry of `policies/sources.yaml`.

    `url` holds no credentials once loaded into a message: print `name`, never `url`. Sources on a server
    of their own have a `server` instead.
    Keys are asked for by no SQL: `dialect` says nothing of a source that has keys.
    `default_schema` is where an unqualified table name is looked up; None refuses such names.
    """

    name: str
    kind: Kind
    dialect: Dialect
    url: str
    domain: str
    short_name: str
    default_schema: str | None = None
    time_zone: str = "America/New_York"
    classification: str = "internal"
    status: str = "active"
    owner: str = ""
    description: str = ""
    server: Server | None = None
    replicas: tuple[Server, ...] = ()
    replication: Replication = Replication()
    limits: Limits = Limits()
    is_production_writer: bool = False

    @property
    def is_keyed(self) -> bool:
        """Whether it holds keys instead of tables."""
        return self.kind in KEYED

    @property
    def makes_tokens(self) -> bool:
        """Whether its engine makes the token mask's bytes: on servers of Doris nobody has tried."""
        return self.kind in EMBEDDED or self.dialect is not Dialect.DORIS

    @cached_property
    def as_replicas(self) -> tuple[Source, ...]:
        """The same source on each of its replicas, in the order in which they are asked."""
        return tuple(
            replace(
                self,
                name=f"{self.name} replica {number}",
                server=server,
                replicas=(),
                is_production_writer=False,
            )
            for number, server in enumerate(self.replicas, start=1)
        )

    def __repr__(self) -> str:
        return f"Source({self.name!r})"
