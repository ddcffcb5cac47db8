"""The other half of each comparison on a server: the same query, unguarded, in a session set as a guarded one is."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

import sqlglot

from lucky_mcp.adapters.mysql import MySQLSession
from lucky_mcp.adapters.postgres import PostgresSession
from lucky_mcp.enforcement.shared_entries import separate_readers
from lucky_mcp.errors import EngineError, EngineErrorKind
from lucky_mcp.model.source import Kind, Source
from tests.live.fleet import ENVIRONMENT
from tests.live.sealed import sealed
from tests.support.plain_databases import ROWS_MAX, Plain
from tests.support.server_worlds import ServerWorld

TIMEOUT_MS = 8_000
BYTES_MAX, CELL_CHARS_MAX = 1 << 26, 1 << 20
# As little as can be moved or merged: the statement in the order in which it is written.
AS_WRITTEN: Mapping[Kind, tuple[str, ...]] = {
    Kind.MYSQL: ("SET optimizer_switch = 'derived_merge=off,semijoin=off,materialization=off'",),
    Kind.POSTGRES: ("SET enable_hashjoin = off", "SET enable_mergejoin = off", "SET enable_hashagg = off"),
}
# Other ways to run the same query, where a failing expression meets other rows.
OTHER_PLANS: Mapping[Kind, tuple[tuple[str, ...], ...]] = {
    Kind.MYSQL: (
        ("SET join_cache_level = 0",),
        ("SET optimizer_switch = 'condition_pushdown_for_derived=off,split_materialized=off'",),
        ("SET optimizer_switch = 'derived_with_keys=off,mrr=off'", "SET join_cache_level = 0"),
    ),
    Kind.POSTGRES: (
        ("SET enable_nestloop = off",),
        ("SET enable_nestloop = off", "SET enable_hashjoin = off"),
        ("SET enable_nestloop = off", "SET enable_mergejoin = off"),
        ("SET enable_hashjoin = off", "SET enable_mergejoin = off", "SET enable_material = off"),
        ("SET join_collapse_limit = 8", "SET from_collapse_limit = 8"),
        ("SET join_collapse_limit = 1", "SET from_collapse_limit = 1"),
    ),
}
# MySQL knows none of MariaDB's settings above.
MYSQL_PLANS = (
    ("SET optimizer_switch = 'block_nested_loop=off'",),
    ("SET optimizer_switch = 'derived_condition_pushdown=off,subquery_to_derived=on'",),
    ("SET optimizer_switch = 'mrr=off,condition_fanout_filter=off'", "SET optimizer_search_depth = 1"),
)
GAVE_UP = {EngineErrorKind.TIMEOUT, EngineErrorKind.UNAVAILABLE, EngineErrorKind.CANCELLED}


def read_apart(sql: str) -> str:
    """Return a MySQL query whose WITH entries have one reader each, where the text says what a name means."""
    tree = sqlglot.parse_one(sql, read="mysql")
    separate_readers(tree)
    return tree.sql(dialect="mysql")


def joined_as_written(sql: str) -> str:
    """Return a MySQL query whose tables are read in the order in which it names them."""
    return re.sub(r"\bSELECT\b(?:\s+DISTINCT\b)?", r"\g<0> STRAIGHT_JOIN", sql)


class PlainServer:
    """One world asked without a guard; a session per source, as each has its own default schema."""

    def __init__(
        self, world: ServerWorld, sources: Mapping[str, Source], restart: Callable[[], bool]
    ) -> None:
        """`restart` begins the server again, when a plain query has killed it."""
        self._world = world
        self._restart = restart
        self._sources = sources
        self._sessions: dict[str, MySQLSession | PostgresSession] = {}

    def ask(self, source: str, sql: str, *, optimized: bool = True) -> Plain:
        """Return the rows, or the server's failure."""
        return self._asked(source, sql, () if optimized else AS_WRITTEN[self._world.kind])

    def by_other_plans(self, source: str, sql: str) -> Iterator[Plain]:
        """Yield what other plans give."""
        for settings in self._other_plans(source):
            yield self._asked(source, sql, settings)
        if self._world.kind is Kind.MYSQL:
            yield self._asked(source, joined_as_written(sql), ())

    def with_a_table_each(self, source: str, sql: str) -> Iterator[Plain]:
        """Yield what MySQL gives when no WITH entry's table has two readers, and by its other optimizer."""
        if self._is_mysql(source):
            yield self._asked(source, sql, ("SET optimizer_switch = 'hypergraph_optimizer=on'",))
            yield self._asked(source, read_apart(sql), ())

    def _other_plans(self, source: str) -> Sequence[tuple[str, ...]]:
        return MYSQL_PLANS if self._is_mysql(source) else OTHER_PLANS[self._world.kind]

    def _is_mysql(self, source: str) -> bool:
        session = self._session(source)
        return (
            isinstance(session, MySQLSession)
            and "MariaDB" not in session._open_connection().get_server_info()
        )

    def _asked(self, source: str, sql: str, settings: Sequence[str]) -> Plain:
        try:
            session = self._session(source)
            session.prepare(TIMEOUT_MS)
            self._set(session, source, settings)
            text = self._world.text(sql)
            read = sealed(
                self._sources[source],
                text,
                rows_max=ROWS_MAX,
                bytes_max=BYTES_MAX,
                cell_chars_max=CELL_CHARS_MAX,
            )
            found = session.fetch(read, fenced=True)
        except EngineError as failure:
            if failure.kind in GAVE_UP:
                self.close()
            if failure.kind is EngineErrorKind.UNAVAILABLE and not self._answers(source):
                self._restart()
            return Plain(
                failure=f"{failure.kind}: {failure.detail}",
                gave_up=failure.kind in GAVE_UP,
                on_a_value=failure.kind is EngineErrorKind.RUNTIME,
            )
        return Plain(columns=self._world.columns(found.columns), rows=found.rows)

    def close(self) -> None:
        """Close every session."""
        for source in list(self._sessions):
            self._drop(source)

    def _answers(self, source: str) -> bool:
        try:
            self._session(source)
        except EngineError:
            return False
        return True

    def _session(self, name: str) -> MySQLSession | PostgresSession:
        if name not in self._sessions:
            source = self._world.source(self._sources[name])
            kinds = {Kind.MYSQL: MySQLSession, Kind.POSTGRES: PostgresSession}
            made = kinds[self._world.kind](source, ENVIRONMENT)
            made.open()
            self._sessions[name] = made
        return self._sessions[name]

    def _drop(self, name: str) -> None:
        session = self._sessions.pop(name, None)
        if session is not None:
            session.close()

    def _set(self, session: MySQLSession | PostgresSession, source: str, settings: Sequence[str]) -> None:
        if isinstance(session, PostgresSession):
            path = self._sources[source].default_schema
            for text in (f"SET search_path = {path}", *settings):
                session._open_connection().execute(text.encode())
            return
        with session._open_connection().cursor() as cursor:
            for text in settings:
                cursor.execute(text)
