"""What an administrator of a server runs so that a source can be read, and nothing but read."""

from __future__ import annotations

from lucky_mcp.catalog.snapshot import Catalog
from lucky_mcp.model.commands import READING, SETTING_UP
from lucky_mcp.model.source import SERVERS, Dialect, Kind, Server, Source

# Not a statement until it is replaced: a password that is printed here would be one that everybody knows.
PASSWORD = "<password>"  # noqa: S105
# Redshift makes the account of an IAM role when it first connects, and names it so.
IAM_ACCOUNT = "IAMR:<role>"
OPTIONAL = "--   "
INSIGHT = (
    "events_statements_summary_by_digest",
    "table_io_waits_summary_by_index_usage",
)
REDIS_USER = "lucky_reader"
SPARE = 2  # a query is ended from a second connection


def grant_script(source: Source, catalog: Catalog) -> str:
    """Return the statements for one source; ValueError for a source that is not on a server.

    Schemas are those of the reviewed catalog and the default one.
    """
    if source.kind not in SERVERS or source.server is None:
        raise ValueError(f"{source.name} is on no server of its own, so it needs no account")
    if source.kind is Kind.REDIS:
        return _redis(source, source.server)
    schemas = sorted({table.schema for table in catalog.tables} | {source.default_schema or ""} - {""})
    if source.dialect is Dialect.DORIS:
        lines = _doris(source.server, schemas)
    elif source.kind is Kind.REDSHIFT:
        lines = _redshift(source.server, schemas)
    elif source.kind is Kind.MYSQL:
        lines = [*_mysql(source.server, schemas), *_mysql_insight(source)]
    else:
        lines = _postgres(source.server, schemas)
        if source.is_production_writer:
            role = _quoted(source.server.user)
            lines += ["-- To see how much work it has:", f"GRANT pg_read_all_stats TO {role};"]
    lines += _optional(source)
    what = "the role's name for <role>" if source.server.workgroup else f"a password for {PASSWORD}"
    return "\n".join([f"-- {source.name}: put {what}, then run this as an administrator.", *lines])


def _redis(source: Source, server: Server) -> str:
    """One line for `redis-cli`: a comment must not stand in it."""
    commands = (f"+{name.lower().replace(' ', '|')}" for name in (*READING, *SETTING_UP))
    user = server.user or REDIS_USER
    return "\n".join(
        [
            f"# {source.name}: put a password for {PASSWORD}, run this as administrator, then ACL SAVE.",
            "# From Redis 7.2 on add +client|no-touch. Before 7 write +acl|getuser for +acl|dryrun: it shows",
            "# the account the digests of all passwords.",
            f"ACL SETUSER {user} on >{PASSWORD} resetkeys ~* resetchannels -@all {' '.join(commands)}",
        ]
    )


def _mysql(server: Server, schemas: list[str]) -> list[str]:
    account = f"{_text(server.user)}@'%'"
    encrypted = "REQUIRE SSL" if server.tls else "REQUIRE NONE"
    return [
        f"CREATE USER {account} IDENTIFIED BY {PASSWORD} {encrypted}"
        f" WITH MAX_USER_CONNECTIONS {SPARE * server.connections_max};",
        *(f"GRANT SELECT, SHOW VIEW ON {_backticked(schema)}.* TO {account};" for schema in schemas),
    ]


def _mysql_insight(source: Source) -> list[str]:
    account = f"{_text(source.server.user)}@'%'" if source.server is not None else ""
    lines = []
    if source.replicas and not source.replication.heartbeat:
        lines += [
            "-- To see how far a replica is behind; on MariaDB it is called REPLICA MONITOR:",
            f"GRANT REPLICATION CLIENT ON *.* TO {account};",
        ]
    if source.is_production_writer:
        lines += ["-- To see how much work it has:", f"GRANT PROCESS ON *.* TO {account};"]
    return lines


def _optional(source: Source) -> list[str]:
    """What the system datasets need, each commented out: it shows what other accounts do."""
    if source.server is None or source.status != "active":
        return []
    if source.kind is Kind.MYSQL and source.dialect is Dialect.MYSQL:
        account = f"{_text(source.server.user)}@'%'"
        rights = [f"GRANT PROCESS ON *.* TO {account};"]
        rights += [f"GRANT SELECT ON performance_schema.{table} TO {account};" for table in INSIGHT]
        needs = "performance_schema=ON"
    elif source.kind is Kind.POSTGRES:
        rights = [
            f"GRANT pg_read_all_stats TO {_quoted(source.server.user)};",
            "CREATE EXTENSION IF NOT EXISTS pg_stat_statements SCHEMA public;",
        ]
        needs = "pg_stat_statements in shared_preload_libraries"
    else:
        return []
    return [
        "-- Optional: the system datasets and get_source_health, for roles with reads_system. What other",
        f"-- accounts run, how often and on which indexes; digests need a server with {needs}.",
        *(f"{OPTIONAL}{right}" for right in rights),
    ]


def _doris(server: Server, schemas: list[str]) -> list[str]:
    account = f"{_text(server.user)}@'%'"
    return [
        f"CREATE USER {account} IDENTIFIED BY {PASSWORD};",
        *(f"GRANT SELECT_PRIV ON internal.{_backticked(schema)}.* TO {account};" for schema in schemas),
    ]


def _postgres(server: Server, schemas: list[str]) -> list[str]:
    role, database = _quoted(server.user), _quoted(server.database or "postgres")
    lines = [
        f"CREATE ROLE {role} LOGIN PASSWORD {PASSWORD} NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION"
        f" NOBYPASSRLS CONNECTION LIMIT {SPARE * server.connections_max};",
        f"ALTER ROLE {role} SET default_transaction_read_only = on;",
        f"GRANT CONNECT ON DATABASE {database} TO {role};",
        "-- Before PostgreSQL 15 everybody may create tables there:",
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC;",
    ]
    for schema in map(_quoted, schemas):
        lines += [
            f"GRANT USAGE ON SCHEMA {schema} TO {role};",
            f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {role};",
            "-- For tables made later; run it as the role that makes them:",
            f"ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT SELECT ON TABLES TO {role};",
        ]
    return lines


def _redshift(server: Server, schemas: list[str]) -> list[str]:
    user = _quoted(server.user or IAM_ACCOUNT)
    limit = f"CONNECTION LIMIT {SPARE * server.connections_max};"
    made = f"CREATE USER {user} PASSWORD {PASSWORD} {limit}"
    if server.workgroup:
        made = f"ALTER USER {user} {limit}"
    lines = [made, "-- Everybody may create tables there unless it is taken away:"]
    lines.append("REVOKE CREATE ON SCHEMA public FROM PUBLIC;")
    for schema in map(_quoted, schemas):
        lines += [
            f"GRANT USAGE ON SCHEMA {schema} TO {user};",
            f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {user};",
            "-- For tables made later; run it as the user who makes them:",
            f"ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT SELECT ON TABLES TO {user};",
        ]
    return lines


def _text(word: str) -> str:
    return "'" + word.replace("\\", "\\\\").replace("'", "''") + "'"


def _backticked(name: str) -> str:
    """Return a schema as GRANT wants it: there `_` and `%` stand for other characters."""
    return "`" + name.replace("`", "``").replace("_", "\\_").replace("%", "\\%") + "`"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
