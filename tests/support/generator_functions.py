"""Calls and operators by dialect, as a table: what they give, their text, what they take, and under which name they count.

`{0}` and `{1}` are expressions of the kinds in `takes`. Each is there because it gives the same whatever the
plan: nothing that depends on the order of rows, and nothing that draws the clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from tests.support.generator_schema import Kind

INT, MONEY, FLOAT, TEXT = Kind.INT, Kind.MONEY, Kind.FLOAT, Kind.TEXT
TIME, DATE, BOOL = Kind.TIME, Kind.DATE, Kind.BOOL
ALL = "mprdo"  # mysql, postgres, redshift, duckdb, doris
LETTERS: Mapping[str, str] = {"m": "mysql", "p": "postgres", "r": "redshift", "d": "duckdb", "o": "doris"}


@dataclass(frozen=True)
class Function:
    """One form: `seen` is the construct it counts as."""

    gives: Kind
    text: str
    takes: tuple[Kind, ...]
    seen: str
    dialects: str = ALL


FUNCTIONS = (
    Function(TEXT, "LOWER({0})", (TEXT,), "text"),
    Function(TEXT, "UPPER({0})", (TEXT,), "text"),
    Function(TEXT, "TRIM({0})", (TEXT,), "text"),
    Function(TEXT, "SUBSTRING({0}, 1, 3)", (TEXT,), "text"),
    Function(TEXT, "LEFT({0}, 2)", (TEXT,), "text"),
    Function(TEXT, "RIGHT({0}, 4)", (TEXT,), "text"),
    Function(TEXT, "REVERSE({0})", (TEXT,), "text"),
    Function(TEXT, "CONCAT({0}, '-')", (TEXT,), "text"),
    Function(TEXT, "CONCAT({0}, {1})", (TEXT, TEXT), "text"),
    Function(TEXT, "CONCAT_WS('/', {0}, {1})", (TEXT, TEXT), "text", "mpdo"),
    Function(TEXT, "REPLACE({0}, '*', 'x')", (TEXT,), "text"),
    Function(TEXT, "({0} || {1})", (TEXT, TEXT), "text", "prd"),
    Function(TEXT, "SUBSTRING_INDEX({0}, '@', -1)", (TEXT,), "text", "mo"),
    Function(TEXT, "SUBSTRING_INDEX({0}, '-', 2)", (TEXT,), "text", "mo"),
    Function(TEXT, "SPLIT_PART({0}, '@', 2)", (TEXT,), "text", "prd"),
    Function(TEXT, "SUBSTRING({0} FROM 2 FOR 3)", (TEXT,), "text", "mp"),
    Function(TEXT, "REGEXP_REPLACE({0}, '[0-9]+', '#')", (TEXT,), "regexp", "mpd"),
    Function(TEXT, "IF({0}, {1}, 'no')", (BOOL, TEXT), "case", "mo"),
    Function(TEXT, "IFNULL({0}, {1})", (TEXT, TEXT), "coalesce", "mdo"),
    Function(TEXT, "GREATEST({0}, {1})", (TEXT, TEXT), "text", "mpd"),
    Function(TEXT, "DATE_FORMAT({0}, '%Y-%m')", (TIME,), "date", "mo"),
    Function(TEXT, "TO_CHAR({0}, 'YYYY-MM-DD')", (TIME,), "date", "pr"),
    Function(TEXT, "STRFTIME({0}, '%Y-%m')", (TIME,), "date", "d"),
    Function(TEXT, "JSON_UNQUOTE(JSON_EXTRACT(JSON_OBJECT('k', {0}), '$.k'))", (TEXT,), "json", "m"),
    Function(TEXT, "(JSONB_BUILD_OBJECT('k', {0}) ->> 'k')", (TEXT,), "json", "p"),
    Function(TEXT, "JSON_EXTRACT_STRING(CONCAT('[', {0}, ']'), '$[0]')", (INT,), "json", "d"),
    Function(
        TEXT,
        "JSON_EXTRACT_PATH_TEXT(CONCAT(CONCAT('{\"k\": ', COALESCE({0}, 0)), '}'), 'k')",
        (INT,),
        "json",
        "r",
    ),
    Function(
        TEXT,
        "CAST(JSON_EXTRACT(CONCAT('[', CAST({0} AS VARCHAR), ']'), '$[0]') AS VARCHAR)",
        (INT,),
        "json",
        "o",
    ),
    Function(INT, "CHAR_LENGTH({0})", (TEXT,), "text"),
    Function(INT, "ABS({0})", (INT,), "number"),
    Function(INT, "SIGN({0})", (INT,), "number"),
    Function(INT, "MOD({0}, 7)", (INT,), "number"),
    Function(INT, "GREATEST({0}, {1})", (INT, INT), "number"),
    Function(INT, "LEAST({0}, {1})", (INT, INT), "number"),
    Function(INT, "({0} + {1})", (INT, INT), "number"),
    Function(INT, "({0} - {1})", (INT, INT), "number"),
    Function(INT, "({0} % 5)", (INT,), "number"),
    Function(INT, "({0} DIV 3)", (INT,), "number", "mo"),
    Function(INT, "({0} & 6)", (INT,), "bits"),
    Function(INT, "({0} | 1)", (INT,), "bits"),
    Function(INT, "({0} / 4)", (INT,), "number", "pr"),
    Function(INT, "FLOOR({0})", (MONEY,), "number"),
    Function(INT, "POSITION('1' IN {0})", (TEXT,), "text", "mprd"),
    Function(INT, "LOCATE('1', {0})", (TEXT,), "text", "mo"),
    Function(INT, "STRPOS({0}, '1')", (TEXT,), "text", "prd"),
    Function(INT, "INSTR({0}, '1')", (TEXT,), "text", "mo"),
    Function(INT, "FIELD({0}, 'USD', 'US')", (TEXT,), "text", "m"),
    Function(INT, "EXTRACT(DAY FROM {0})", (TIME,), "date"),
    Function(INT, "EXTRACT(YEAR FROM {0})", (DATE,), "date"),
    Function(INT, "YEAR({0})", (TIME,), "date", "mdo"),
    Function(INT, "HOUR({0})", (TIME,), "date", "mdo"),
    Function(INT, "DATEDIFF({0}, {1})", (TIME, TIME), "date", "mo"),
    Function(INT, "DATEDIFF(DAY, {0}, {1})", (TIME, TIME), "date", "r"),
    Function(INT, "DATE_DIFF('day', {0}, {1})", (DATE, DATE), "date", "d"),
    Function(INT, "TIMESTAMPDIFF(HOUR, {0}, {1})", (TIME, TIME), "date", "mo"),
    Function(INT, "DATE_PART('month', {0})", (TIME,), "date", "rd"),
    Function(FLOAT, "DATE_PART('month', {0})", (TIME,), "date", "p"),
    Function(MONEY, "ROUND({0}, 1)", (MONEY,), "number"),
    Function(MONEY, "({0} * 2)", (MONEY,), "number"),
    Function(MONEY, "({0} + {1})", (MONEY, MONEY), "number"),
    Function(MONEY, "({0} - {1})", (MONEY, MONEY), "number"),
    Function(MONEY, "(- {0})", (MONEY,), "number"),
    Function(FLOAT, "({0} / 3)", (MONEY,), "number"),
    Function(FLOAT, "({0} + {1})", (FLOAT, FLOAT), "number"),
    Function(FLOAT, "POWER({0}, 2)", (FLOAT,), "number"),
    Function(FLOAT, "SQRT(ABS({0}))", (FLOAT,), "number"),
    Function(TIME, "({0} + INTERVAL '1' DAY)", (TIME,), "interval"),
    Function(TIME, "({0} - INTERVAL '2' HOUR)", (TIME,), "interval"),
    Function(TIME, "DATE_ADD({0}, INTERVAL 1 MONTH)", (TIME,), "interval", "mo"),
    Function(TIME, "DATE_SUB({0}, INTERVAL 3 DAY)", (TIME,), "interval", "mo"),
    Function(TIME, "DATE_TRUNC('month', {0})", (TIME,), "date", "prd"),
    Function(TIME, "DATEADD(DAY, 3, {0})", (TIME,), "interval", "r"),
    Function(DATE, "DATE({0})", (TIME,), "date", "mo"),
    Function(DATE, "CAST({0} AS DATE)", (TIME,), "cast"),
    Function(DATE, "LAST_DAY({0})", (DATE,), "date", "mrdo"),
    Function(BOOL, "({0} IS NULL)", (TEXT,), "is_null"),
    Function(BOOL, "({0} > {1})", (INT, INT), "number"),
    Function(BOOL, "({0} REGEXP '^[0-9]')", (TEXT,), "regexp", "mo"),
    Function(BOOL, "({0} NOT REGEXP '0$')", (TEXT,), "regexp", "m"),
    Function(BOOL, "({0} RLIKE '5.*0')", (TEXT,), "regexp", "m"),
    Function(BOOL, "({0} ~ '^[0-9]')", (TEXT,), "regexp", "pr"),
    Function(BOOL, "({0} !~ '0$')", (TEXT,), "regexp", "p"),
    Function(BOOL, "({0} ~* 'us')", (TEXT,), "regexp", "p"),
    Function(BOOL, "REGEXP_MATCHES({0}, '^[0-9]')", (TEXT,), "regexp", "d"),
    Function(BOOL, "({0} SIMILAR TO '(US|2|%@%)')", (TEXT,), "similar", "pr"),
    Function(BOOL, "({0} GLOB '*[0-9]*')", (TEXT,), "like", "d"),
    Function(BOOL, "({0} ILIKE '%us%')", (TEXT,), "like", "prd"),
    Function(BOOL, "({0} NOT ILIKE 'u%')", (TEXT,), "like", "prd"),
    Function(BOOL, "({0} <=> {1})", (TEXT, TEXT), "is_null", "mo"),
    Function(BOOL, "({0} IS DISTINCT FROM {1})", (TEXT, TEXT), "is_null", "pd"),
)


@cache
def functions(dialect: str, kind: Kind) -> tuple[Function, ...]:
    """Return the forms of a dialect that give a kind."""
    return tuple(
        each
        for each in FUNCTIONS
        if each.gives is kind and any(LETTERS[letter] == dialect for letter in each.dialects)
    )
