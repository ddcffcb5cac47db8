"""Functions of the agents' dialects that the embedded engine knows by another name, as templates of its SQL.

`{0}`, `{1}` … are the arguments, `{*}` all of them. What is not here and not translated by the parser is
refused by the engine, which `docs/embedded-engine.md` lists.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from sqlglot import exp, parse_one
from sqlglot.errors import ErrorLevel

from lucky_mcp.model.source import Dialect

UNITS = ("year", "month", "week", "day", "hour", "minute", "second")
ELAPSED_UNITS = ("day", "hour", "minute", "second")  # whole units between two moments, cut toward zero

_TEXTS = ("CAST({0} AS VARCHAR)", "CAST({1} AS VARCHAR)")
STRCMP = (
    "CASE "
    + " ".join(
        f"WHEN {_TEXTS[0]} {operator} {_TEXTS[1]} THEN {order}"
        for operator, order in (("<", -1), (">", 1), ("=", 0))
    )
    + " END"
)
# A year of two digits is one of 1970 to 2069; the day of the year begins at 1.
_YEAR = "CASE WHEN {0} < 70 THEN {0} + 2000 WHEN {0} < 100 THEN {0} + 1900 ELSE {0} END"
MAKEDATE = (
    "CASE WHEN {1} > 0 AND {0} BETWEEN 0 AND 9999 "
    f"THEN make_date(CAST({_YEAR} AS INTEGER), 1, 1) + CAST({{1}} - 1 AS INTEGER) END"
)
WEEKDAY = "isodow(CAST({0} AS TIMESTAMP)) - 1"
# The months of a period of four or six digits since year 0.
_PERIOD = "CAST({0} AS BIGINT)"
_PERIOD_YEAR = f"{_PERIOD} // 100"
_MONTHS = (
    f"(CASE WHEN {_PERIOD_YEAR} < 70 THEN {_PERIOD_YEAR} + 2000 WHEN {_PERIOD_YEAR} < 100 "
    f"THEN {_PERIOD_YEAR} + 1900 ELSE {_PERIOD_YEAR} END) * 12 + {_PERIOD} % 100"
)
PERIOD_DIFF = f"({_MONTHS}) - ({_MONTHS.replace('{0}', '{1}')})"
JSON_LENGTH = (
    "CASE WHEN json_type({0}) = 'OBJECT' THEN len(json_keys({0})) WHEN json_type({0}) = 'ARRAY' "
    "THEN json_array_length({0}) WHEN json_type({0}) IS NOT NULL THEN 1 END"
)

TEMPLATES: dict[Dialect, dict[str, str]] = {
    Dialect.MYSQL: {
        "adddate": "{0} + to_days({1})",
        "subdate": "{0} - to_days({1})",
        "mid": "substring(CAST({0} AS VARCHAR), {1}, {2})",
        "strcmp": STRCMP,
        "makedate": MAKEDATE,
        "microsecond": "microsecond(CAST({0} AS TIMESTAMP)) % 1000000",
        "period_diff": PERIOD_DIFF,
        "weekday": WEEKDAY,
        "time_to_sec": "CAST(epoch(CAST({0} AS TIME)) AS BIGINT)",
        "json_length": JSON_LENGTH,
        "json_unquote": "{0} ->> '$'",
        "json_arrayagg": "json_group_array({0})",
        "find_in_set": "CASE WHEN {0} IS NULL OR {1} IS NULL THEN NULL "
        "ELSE coalesce(list_position(string_split({1}, ','), {0}), 0) END",
    },
    Dialect.POSTGRES: {
        "date_part": "CAST(date_part({0}, {1}) AS DOUBLE)",
        "every": "bool_and({0})",
        "jsonb_agg": "json_group_array({0})",
        "to_jsonb": "to_json({0})",
        "json_build_object": "json_object({*})",
        "jsonb_build_object": "json_object({*})",
        "jsonb_array_length": "json_array_length({0})",
        "jsonb_typeof": "json_type({0})",
        "jsonb_extract_path_text": "{0} ->> {1}",
    },
    Dialect.REDSHIFT: {},
    Dialect.DUCKDB: {},
    Dialect.DORIS: {
        "strcmp": STRCMP,
        "weekday": WEEKDAY,
        "json_length": JSON_LENGTH,
        "percentile": "quantile_cont({0}, {1})",
        **{f"{unit}s_add": f"CAST({{0}} AS TIMESTAMP) + to_{unit}s({{1}})" for unit in UNITS},
        **{f"{unit}s_sub": f"CAST({{0}} AS TIMESTAMP) - to_{unit}s({{1}})" for unit in UNITS},
        **{f"{unit}s_diff": f"datesub('{unit}', {{1}}, {{0}})" for unit in ELAPSED_UNITS},
    },
}


def rewritten_call(node: exp.Anonymous, dialect: Dialect) -> exp.Expr:
    """Return the call as the embedded engine writes it; the same node when it has the function itself."""
    name, arguments = str(node.this).lower(), node.expressions
    template = TEMPLATES[dialect].get(name)
    if template is None:
        return node
    template = template.replace("{*}", ", ".join(f"{{{index}}}" for index in range(len(arguments))))
    if f"{{{len(arguments)}}}" in template or not _fits(template, len(arguments)):
        return node
    return from_template(template, arguments)


def from_template(template: str, arguments: Sequence[exp.Expr]) -> exp.Expr:
    """Return the engine's SQL of a template with the arguments in their places."""
    form = _parsed(template, len(arguments))
    values = {f"lucky_argument{index}": argument for index, argument in enumerate(arguments)}

    def put(part: exp.Expr) -> exp.Expr:
        value = values.get(part.name) if isinstance(part, exp.Column) else None
        if value is None:
            return part
        return value.copy() if isinstance(value, exp.Column | exp.Literal) else exp.paren(value.copy())

    return exp.paren(form.copy().transform(put))


def _fits(template: str, count: int) -> bool:
    """A call with other arguments than the template's is left as it is, for the engine to refuse."""
    return all(f"{{{index}}}" in template for index in range(count))


@cache
def _parsed(template: str, count: int) -> exp.Expr:
    text = template.format(*(f"lucky_argument{index}" for index in range(count)))
    return parse_one(text, read="duckdb", error_level=ErrorLevel.RAISE)
