"""Refuses every tree that holds anything outside the allowlists."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlglot import exp

from lucky_mcp.errors import Code, ConstructRefused, StatementRefused
from lucky_mcp.model.source import Dialect
from lucky_mcp.sql.foreign import is_foreign, refuse_foreign
from lucky_mcp.sql.functions.allowlist import Allowlist, allowlist
from lucky_mcp.sql.places import place_of_node
from lucky_mcp.sql.structure import JOIN_WORDS, OPERATORS, REPLACEMENTS, parts_of
from lucky_mcp.sql.text_sizes import REPLACING, SIZED, refuse_growth, refuse_unbounded_text
from lucky_mcp.sql.words import WORDLESS, refuse_unknown_words

WRITES = (exp.DML, exp.DDL, exp.Command, exp.Describe, exp.Set, exp.Into, exp.Drop, exp.Alter)
# What `_refuse_special` looks at.
SPECIAL = (
    exp.Column,
    exp.Join,
    exp.Table,
    exp.Select,
    exp.Star,
    exp.Lateral,
    exp.Limit,
    exp.Offset,
    exp.Fetch,
    exp.DataType,
    *SIZED,
)
STAR_PLACES = (exp.Select, exp.Column, exp.Count, exp.Dot)
ADVICE = {
    "SLEEP": "leave it out; no query may wait",
    "MEDIAN": "number the rows in order with ROW_NUMBER() and COUNT(*) OVER (), and take the middle of them",
    "RATIO_TO_REPORT": "divide by SUM(…) OVER (…) of the same window",
}


@dataclass(frozen=True, slots=True)
class _Facts:
    """What holds for every node of a type in a dialect, so that most nodes need no look at their type."""

    is_write: bool
    is_listed: bool
    has_parts: bool
    is_special: bool
    has_words: bool
    is_foreign: bool


class _Known(dict[type[exp.Expr], _Facts]):
    """The facts of each type met so far in one dialect."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect

    def __missing__(self, kind: type[exp.Expr]) -> _Facts:
        has_parts = parts_of(kind, self._dialect) is not None
        facts = self[kind] = _Facts(
            is_write=issubclass(kind, WRITES) and not issubclass(kind, exp.Query),
            is_listed=has_parts or kind in OPERATORS,
            has_parts=has_parts,
            is_special=issubclass(kind, SPECIAL),
            has_words=kind not in WORDLESS,
            is_foreign=is_foreign(kind, self._dialect),
        )
        return facts


_known = {dialect: _Known(dialect) for dialect in Dialect}


def allow(tree: exp.Expr, dialect: Dialect) -> None:
    """Raise unless every node, in every position, is on a list (StatementRefused, ConstructRefused)."""
    functions = allowlist(dialect)
    known = _known[dialect]
    nodes = [(node, known[type(node)]) for node in tree.walk()]
    for node, facts in nodes:
        if facts.is_write:
            _refuse_write(node)
    refuse_growth([node for node, _ in nodes if isinstance(node, REPLACING)])
    for node, facts in nodes:
        if not facts.is_listed:
            _refuse_unlisted(node, functions)
        if facts.has_parts:
            _refuse_parts(node, dialect)
        if facts.is_special:
            _refuse_special(node, dialect)
        if facts.is_foreign:
            refuse_foreign(node, dialect)
        if facts.has_words:
            refuse_unknown_words(node)


def _refuse_write(node: exp.Expr) -> None:
    what = "SELECT … INTO" if isinstance(node, exp.Into) else node.key.upper()
    raise StatementRefused(
        f"{what} is not a read; nothing is ever written", next_step="send the SELECT part alone"
    )


def _refuse_unlisted(node: exp.Expr, functions: Allowlist) -> None:
    kind = type(node)
    if isinstance(node, exp.Func) and kind not in REPLACEMENTS:
        if functions.allows(node):
            return
        raise _function_refused(node, functions)
    what, step = REPLACEMENTS.get(kind, (_words(node), "write it with plain SELECT constructs"))
    raise ConstructRefused(f"{what} is not accepted", place=place_of_node(node), next_step=step)


def _function_refused(node: exp.Func, functions: Allowlist) -> ConstructRefused:
    name = (str(node.this) if isinstance(node, exp.Anonymous) else node.sql_name()).upper()
    return ConstructRefused(
        f"the function {name[:60]} is not on the list of accepted functions",
        code=Code.FUNCTION_REFUSED,
        place=place_of_node(node),
        nearest=functions.near(name),
        next_step=ADVICE.get(name, "compute it from accepted functions, or in the caller"),
    )


def _refuse_parts(node: exp.Expr, dialect: Dialect) -> None:
    allowed = parts_of(type(node), dialect)
    if allowed is None:
        return
    for part, value in node.args.items():
        if value and part not in allowed:
            _refuse_part(node, part, value)


def _refuse_part(node: exp.Expr, part: str, value: Any) -> None:
    first = value[0] if isinstance(value, list) else value
    if part == "catalog" or (part == "db" and isinstance(node, exp.Table)):
        raise ConstructRefused(
            "a name with three parts is not accepted",
            place=place_of_node(node),
            next_step="write schema.table; the source argument chooses the server",
        )
    if isinstance(node, exp.DataType):
        raise ConstructRefused("a type of unknown name is not accepted", next_step="use a built-in type")
    words, step = REPLACEMENTS.get(type(first), (f"{part.strip('_').upper()} in {_words(node)}", ""))
    place = place_of_node(first) if isinstance(first, exp.Expr) else None
    raise ConstructRefused(f"{words} is not accepted", place=place, next_step=step or "leave it out")


def _refuse_special(node: exp.Expr, dialect: Dialect) -> None:
    if isinstance(node, exp.Column):
        _refuse_value_as_name(node)
        return
    if isinstance(node, SIZED):
        refuse_unbounded_text(node)
    if isinstance(node, exp.Join):
        _refuse_join_words(node, dialect)
    if isinstance(node, exp.Table) and not isinstance(node.this, exp.Identifier):
        raise ConstructRefused(
            "a function in FROM is not accepted",
            place=place_of_node(node),
            next_step="read from a table or a subquery; for a row of numbers or days write WITH RECURSIVE",
        )
    if isinstance(node, exp.Select) and not node.expressions:
        raise StatementRefused(
            "a SELECT names no columns", code=Code.PARSE_ERROR, next_step="write SELECT and the columns"
        )
    if isinstance(node, exp.Star) and not isinstance(node.parent, STAR_PLACES):
        raise ConstructRefused(
            "a star stands where a value is expected", place=place_of_node(node), next_step="name the columns"
        )
    if isinstance(node, exp.Lateral) and not isinstance(node.this, exp.Subquery):
        raise ConstructRefused("LATERAL takes a subquery here", next_step="write LATERAL (SELECT …) alias")
    if isinstance(node, exp.Limit | exp.Offset | exp.Fetch):
        _refuse_computed_limit(node)
    if isinstance(node, exp.DataType) and node.this in {
        exp.DataType.Type.USERDEFINED,
        exp.DataType.Type.UNKNOWN,
    }:
        raise ConstructRefused("a type of unknown name is not accepted", next_step="use a built-in type")


def _refuse_value_as_name(column: exp.Column) -> None:
    if not isinstance(column.this, exp.Identifier | exp.Star):
        raise ConstructRefused(
            "a value stands where the name of a column is expected",
            place=place_of_node(column),
            next_step="write alias.column without '…' around the name",
        )


def _refuse_join_words(join: exp.Join, dialect: Dialect) -> None:
    words = [str(join.args.get(part) or "").upper() for part in ("method", "side", "kind")]
    half = words[2] in {"SEMI", "ANTI"} and words[1] not in {"", "LEFT"}  # the engine has no equal
    for word in words:
        if half or word not in JOIN_WORDS[dialect]:
            raise ConstructRefused(
                f"{' '.join(filter(None, words))} JOIN is not accepted in this dialect",
                place=place_of_node(join),
                next_step="write JOIN … ON, or EXISTS for a semi join",
            )


def _refuse_computed_limit(node: exp.Limit | exp.Offset | exp.Fetch) -> None:
    values = [node.args.get(part) for part in ("expression", "offset", "count")]
    for value in values:
        if value is None or (isinstance(value, exp.Literal) and value.is_int):
            continue
        if isinstance(value, exp.Var) and value.name.upper() == "ALL":
            continue
        raise ConstructRefused(
            "LIMIT and OFFSET take whole numbers only", next_step="write a number such as LIMIT 100"
        )


def _words(node: exp.Expr) -> str:
    return type(node).__name__
