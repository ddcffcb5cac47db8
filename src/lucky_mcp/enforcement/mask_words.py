"""What the masks need of each dialect: one row per building block, one column per dialect."""

from __future__ import annotations

from sqlglot import exp

from lucky_mcp.model.source import Dialect

Words = dict[Dialect, str]

# Every match is replaced. In PostgreSQL that takes a flag; in Redshift a fourth argument is a position.
REPLACE_ALL: Words = {
    Dialect.MYSQL: "REGEXP_REPLACE({text}, {pattern}, {word})",
    Dialect.POSTGRES: "REGEXP_REPLACE({text}, {pattern}, {word}, 'g')",
    Dialect.REDSHIFT: "REGEXP_REPLACE({text}, {pattern}, {word})",
    Dialect.DUCKDB: "REGEXP_REPLACE({text}, {pattern}, {word}, 'g')",
    Dialect.DORIS: "REGEXP_REPLACE({text}, {pattern}, {word})",
}
BEHIND_LAST_AT: Words = {
    Dialect.MYSQL: "SUBSTRING_INDEX({text}, '@', -1)",
    Dialect.POSTGRES: "SPLIT_PART({text}, '@', -1)",
    Dialect.REDSHIFT: "REVERSE(SPLIT_PART(REVERSE({text}), '@', 1))",  # it counts from the left only
    Dialect.DUCKDB: "SPLIT_PART({text}, '@', -1)",
    Dialect.DORIS: "SUBSTRING_INDEX({text}, '@', -1)",
}
FIRST_OF_YEAR: Words = {
    Dialect.MYSQL: "CAST(DATE_FORMAT({time}, '%Y-01-01') AS DATE)",
    Dialect.POSTGRES: "CAST(DATE_TRUNC('year', {time}) AS DATE)",
    Dialect.REDSHIFT: "CAST(DATE_TRUNC('year', {time}) AS DATE)",
    Dialect.DUCKDB: "CAST(DATE_TRUNC('year', {time}) AS DATE)",
    Dialect.DORIS: "CAST(DATE_FORMAT({time}, '%Y-01-01') AS DATE)",
}
FIRST_OF_MONTH: Words = {
    Dialect.MYSQL: "CAST(DATE_FORMAT({time}, '%Y-%m-01') AS DATE)",
    Dialect.POSTGRES: "CAST(DATE_TRUNC('month', {time}) AS DATE)",
    Dialect.REDSHIFT: "CAST(DATE_TRUNC('month', {time}) AS DATE)",
    Dialect.DUCKDB: "CAST(DATE_TRUNC('month', {time}) AS DATE)",
    Dialect.DORIS: "CAST(DATE_FORMAT({time}, '%Y-%m-01') AS DATE)",
}


def replace_all(text: str, pattern: str, word: str, dialect: Dialect) -> str:
    """Return the call that puts `word` for every match of `pattern` in the expression `text`."""
    return REPLACE_ALL[dialect].format(
        text=text, pattern=_literal(pattern, dialect), word=_literal(word, dialect)
    )


def _literal(text: str, dialect: Dialect) -> str:
    """Some dialects take a backslash in a text for an escape; the generator knows which."""
    return exp.Literal.string(text).sql(dialect=dialect.value)
