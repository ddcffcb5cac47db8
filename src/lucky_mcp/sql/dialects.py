"""The grammars agents write, and what the guard must know about each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import ClassVar

from sqlglot import exp
from sqlglot.dialects.dialect import Dialect as SqlglotDialect
from sqlglot.dialects.redshift import Redshift

from lucky_mcp.model.source import Dialect, Kind
from lucky_mcp.sql.parser_mends import mend_dialects

ROOT_WORDS = frozenset({"SELECT", "WITH", "VALUES", "TABLE"})


@dataclass(frozen=True, kw_only=True)
class Grammar:
    """How one dialect is read: the parser's dialect, and rules of its server.

    `folds_names`: unquoted names fold to lower case and quoted ones are exact (PostgreSQL).
    `runs_comments`: the server executes `/*! … */`. `join_needs_condition`: a bare JOIN is an error.
    `recursive_sees_siblings`: under WITH RECURSIVE every entry sees every other.
    `root_words`: what a read may begin with. `lost_calls`: functions that the parser takes for others, and
    what to write instead. `list_separator`: what LISTAGG puts between values when nothing is said, where the
    parser does not know. `values_columns`: the name of the columns of a bare VALUES, and the first's number.
    `has_dual`: `FROM DUAL` says that no table is read. `has_index_hints`: MySQL's, and STRAIGHT_JOIN.
    `unread_entries_end_servers`: a WITH entry inside a subquery that nothing reads (MariaDB).
    """

    name: str
    folds_names: bool
    runs_comments: bool
    join_needs_condition: bool
    recursive_sees_siblings: bool
    dialect: SqlglotDialect = field(compare=False)
    root_words: frozenset[str] = ROOT_WORDS
    lost_calls: Mapping[str, str] = field(default_factory=dict)
    list_separator: str | None = None
    values_columns: tuple[str, int] = ("column", 1)
    has_dual: bool = False
    has_index_hints: bool = False
    unread_entries_end_servers: bool = False


_MYSQL = Grammar(
    name="mysql",
    folds_names=False,
    runs_comments=True,
    join_needs_condition=False,
    recursive_sees_siblings=False,
    dialect=SqlglotDialect.get_or_raise("mysql"),
    has_dual=True,
    has_index_hints=True,
    unread_entries_end_servers=True,
)
_POSTGRES = Grammar(
    name="postgres",
    folds_names=True,
    runs_comments=False,
    join_needs_condition=True,
    recursive_sees_siblings=True,
    dialect=SqlglotDialect.get_or_raise("postgres"),
)
# Quoted names fold as well unless enable_case_sensitive_identifier is set: that is the catalog's rule. A WITH
# entry sees itself and those before it.
_REDSHIFT = replace(
    _POSTGRES,
    name="redshift",
    recursive_sees_siblings=False,
    dialect=SqlglotDialect.get_or_raise("redshift"),
    list_separator="",
    lost_calls={"ADD_MONTHS": "write DATEADD(month, n, d), which does not stick to the last day of a month"},
)
# Names compare without case, quoted or not.
_DUCKDB = Grammar(
    name="duckdb",
    folds_names=False,
    runs_comments=False,
    join_needs_condition=True,
    recursive_sees_siblings=False,
    dialect=SqlglotDialect.get_or_raise("duckdb"),
    values_columns=("col", 0),
    root_words=ROOT_WORDS | {"FROM"},
)
# MySQL's wire and most of its grammar: `/*! … */` is refused as for MySQL, whatever the server's version
# makes of it.
_DORIS = replace(
    _MYSQL,
    name="doris",
    dialect=SqlglotDialect.get_or_raise("doris"),
    list_separator=", ",
    has_index_hints=False,
    unread_entries_end_servers=False,
)

GRAMMARS: dict[Dialect, Grammar] = {
    Dialect.MYSQL: _MYSQL,
    Dialect.POSTGRES: _POSTGRES,
    Dialect.REDSHIFT: _REDSHIFT,
    Dialect.DUCKDB: _DUCKDB,
    Dialect.DORIS: _DORIS,
}

mend_dialects()


class RedshiftServer(Redshift):
    """Redshift's SQL as it is sent: a quote in a string is doubled, as in every other text that is sent.

    The parser's own writes it behind a backslash, where who looks for the end of a string may not expect it.
    """

    class Tokenizer(Redshift.Tokenizer):
        """The first is what is written."""

        STRING_ESCAPES: ClassVar[list[str]] = ["'", "\\"]


ENGINE_DIALECTS: dict[Kind, str] = {
    Kind.DUCKDB: "duckdb",
    Kind.LAKE: "duckdb",
    Kind.MYSQL: "mysql",
    Kind.POSTGRES: "postgres",
    Kind.REDSHIFT: "redshiftserver",
}

ENGINES: dict[Kind, SqlglotDialect] = {
    kind: SqlglotDialect.get_or_raise(name) for kind, name in ENGINE_DIALECTS.items()
}


def folded(identifier: exp.Identifier, grammar: Grammar) -> str:
    """Return the name as the server would look it up; quoting decides in PostgreSQL."""
    name = identifier.name
    return name.lower() if grammar.folds_names and not identifier.quoted else name
