"""Constructs that the translation leaves as they are, rewritten for the embedded engine.

Each rewrite is local to its node, so it may be applied to a whole statement or to one mask alike.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlglot import exp

from lucky_mcp.enforcement.embedded_differences import DIFFERENT, refuse_different
from lucky_mcp.enforcement.embedded_functions import from_template, rewritten_call
from lucky_mcp.enforcement.embedded_mysql import MONTHS, MYSQL, MYSQL_LIKE, YEARWEEKS, as_text, week_of
from lucky_mcp.enforcement.embedded_redshift import REDSHIFT
from lucky_mcp.model.source import EMBEDDED, Dialect, Kind

# TIMESTAMP '…' is a local time in this dialect; the translation takes it for one with a zone.
ZONED = {exp.DataType.Type.TIMESTAMPTZ, exp.DataType.Type.TIMESTAMPLTZ}


def for_engine(tree: exp.Expr, dialect: Dialect, kind: Kind) -> exp.Expr:
    """Return the tree, changed in place, as the engine's generator can write it.

    Raises ConstructRefused for what the engine would answer differently without an error.
    """
    if kind not in EMBEDDED or dialect is Dialect.DUCKDB:
        return tree  # the engine's own dialect needs no rewriting
    rewrites = _rewrites[dialect]
    found = [(node, rewrite) for node in tree.walk() if (rewrite := rewrites[type(node)]) is not None]
    for node, rewrite in reversed(found):  # inner calls first: a rewrite keeps its arguments as they are
        refuse_different(node, dialect)
        new = rewrite(node, dialect)
        if new is not node:
            tree = _put(new, node, tree)
    return tree


def _put(new: exp.Expr, old: exp.Expr, root: exp.Expr) -> exp.Expr:
    if old is root:
        return new
    old.replace(new)
    return root


def _kept(node: exp.Expr, dialect: Dialect) -> exp.Expr:
    return node


def _day_of_week(node: exp.DayOfWeek, dialect: Dialect) -> exp.Expr:
    if dialect not in MYSQL_LIKE:
        return node
    return exp.paren(exp.Add(this=node.copy(), expression=exp.Literal.number(1)))


def _join(node: exp.Join, dialect: Dialect) -> exp.Expr:
    half = node.side == "LEFT" and node.kind in {"SEMI", "ANTI"}
    return exp.Join(**{**node.copy().args, "side": None}) if half else node


def _whole_division(node: exp.IntDiv, dialect: Dialect) -> exp.Expr:
    return exp.Trunc(this=node.copy())


def _either(node: exp.Xor, dialect: Dialect) -> exp.Expr:
    """`a XOR b` of two truth values: the translation would write each twice, with the scans in it."""
    if dialect not in MYSQL_LIKE:
        return node
    left, right = (
        exp.cast(value.copy(), exp.DataType.build("BOOLEAN")) for value in (node.this, node.expression)
    )
    return exp.paren(exp.NEQ(this=left, expression=right))


def _like(node: exp.Like | exp.ILike, dialect: Dialect) -> exp.Expr:
    like = _without_case(node) if dialect is Dialect.MYSQL else node
    if dialect in MYSQL_LIKE:
        like = like.copy()
        like.set("this", as_text(like.this))
    return like if isinstance(node.parent, exp.Escape) else _with_escape(like)


def _regexp_like(node: exp.RegexpLike, dialect: Dialect) -> exp.Expr:
    if dialect is not Dialect.MYSQL:
        return node
    return exp.RegexpILike(this=node.this.copy(), expression=node.expression.copy())


def _atan(node: exp.Atan, dialect: Dialect) -> exp.Expr:
    if not node.args.get("expression"):
        return node
    return exp.Atan2(this=node.this.copy(), expression=node.expression.copy())


def _part_of_text(node: exp.SubstringIndex, dialect: Dialect) -> exp.Expr:
    found = _substring_index(node)
    return _nocase(found) if dialect is Dialect.MYSQL else found


def _exact_count(node: exp.ApproxDistinct, dialect: Dialect) -> exp.Expr:
    """An estimate depends on the engine that makes it; the exact count is one that no engine misses."""
    return exp.Count(this=exp.Distinct(expressions=[node.this.copy()]))


def _time(node: exp.Time, dialect: Dialect) -> exp.Expr:
    return exp.cast(node.this.copy(), exp.DataType.build("TIME"))


def _whole_units(node: exp.TimestampDiff, dialect: Dialect) -> exp.Expr:
    if dialect in MYSQL_LIKE and node.text("unit").upper() in MONTHS:
        return from_template(MONTHS[node.text("unit").upper()], [node.expression, node.this])
    moments = [_moment(each) for each in (node.expression, node.this)]
    return _call("datesub", exp.Literal.string(node.text("unit").lower()), *moments)


def _moment(node: exp.Expr) -> exp.Expr:
    """Between two text literals the engine cannot tell which of its types is meant."""
    return (
        exp.cast(node.copy(), exp.DataType.build("TIMESTAMP", dialect="duckdb")) if node.is_string else node
    )


def _cast(node: exp.Cast, dialect: Dialect) -> exp.Expr:
    """PostgreSQL's numeric without a scale keeps every digit; the engine's would keep three."""
    if dialect is Dialect.POSTGRES and node.to.this is exp.DataType.Type.DECIMAL and not node.to.expressions:
        return exp.cast(node.this.copy(), exp.DataType.build("DECIMAL(38, 10)"))
    if dialect in MYSQL_LIKE and node.to.this in ZONED:
        return exp.cast(node.this.copy(), exp.DataType.build("TIMESTAMP", dialect="duckdb"))
    return node


def _nth(node: exp.Elt, dialect: Dialect) -> exp.Expr:
    return exp.Bracket(this=_list(node.expressions), expressions=[node.this.copy()], offset=1)


def _regexp_extract(node: exp.RegexpExtract, dialect: Dialect) -> exp.Expr:
    if dialect is not Dialect.DORIS:
        return node
    group = node.args.get("group") or exp.Literal.number(1)
    return _call("regexp_extract", node.this, node.expression, group)


def _regexp_substr(node: exp.RegexpSubstr, dialect: Dialect) -> exp.Expr:
    found = _call("regexp_extract", node.this, node.expression)
    return exp.Nullif(this=found, expression=exp.Literal.string(""))


def _anonymous(node: exp.Anonymous, dialect: Dialect) -> exp.Expr:
    if str(node.this).lower() == "field":
        return _field(node.expressions)
    if str(node.this).lower() == "yearweek" and dialect in MYSQL_LIKE:
        return week_of(YEARWEEKS, node.expressions)
    return rewritten_call(node, dialect)


def _without_case(node: exp.Like | exp.ILike) -> exp.ILike:
    copied = node.copy()
    return exp.ILike(**copied.args)


def _with_escape(node: exp.Like | exp.ILike) -> exp.Expr:
    """The backslash escapes in both dialects, and in the engine only when it is told so."""
    pattern = node.expression
    if isinstance(pattern, exp.Literal) and "\\" not in pattern.name:
        return node
    return exp.Escape(this=node.copy(), expression=exp.Literal.string("\\"))


def _substring_index(node: exp.SubstringIndex) -> exp.Expr:
    """Parts up to the nth delimiter from the left, or from the right when the count is negative."""
    text, delimiter, count = node.this, node.args["delimiter"], node.args["count"]
    if isinstance(count, exp.Neg) and count.this.name == "1":
        return _call("split_part", text, delimiter, count)
    parts = _call("string_split", text, delimiter)
    one, minus_one = exp.Literal.number(1), exp.Neg(this=exp.Literal.number(1))
    bounds = (count, minus_one) if isinstance(count, exp.Neg) else (one, count)
    return _call("array_to_string", _call("list_slice", parts, *bounds), delimiter)


def _nocase(text: exp.Expr) -> exp.Expr:
    """Text of this dialect compares without case; the engine forgets that behind a list."""
    return exp.paren(exp.Collate(this=text, expression=exp.Var(this="NOCASE")))


def _group_with_rollup(node: exp.Group, dialect: Dialect) -> exp.Expr:
    """`GROUP BY a, b WITH ROLLUP` is `GROUP BY ROLLUP (a, b)`."""
    rollups = node.args.get("rollup") or []
    if any(not rollup.expressions for rollup in rollups) and node.expressions:
        return exp.Group(expressions=[exp.Rollup(expressions=[each.copy() for each in node.expressions])])
    return node


def _call(name: str, *arguments: exp.Expr) -> exp.Anonymous:
    return exp.Anonymous(this=name, expressions=[argument.copy() for argument in arguments])


def _list(items: list[exp.Expr]) -> exp.Expr:
    return exp.Array(expressions=[item.copy() for item in items])


def _field(arguments: list[exp.Expr]) -> exp.Expr:
    found = _call("list_position", _list(arguments[1:]), arguments[0])
    return exp.Coalesce(this=found, expressions=[exp.Literal.number(0)])


Rewrite = Callable[[Any, Dialect], exp.Expr]
# A type holds for those derived from it. What is not here, in REDSHIFT or in DIFFERENT is left as it is.
REWRITES: dict[type[exp.Expr], Rewrite] = {
    exp.Anonymous: _anonymous,
    exp.ApproxDistinct: _exact_count,
    exp.Atan: _atan,
    exp.Cast: _cast,
    exp.DayOfWeek: _day_of_week,
    exp.Elt: _nth,
    exp.Group: _group_with_rollup,
    exp.ILike: _like,
    exp.IntDiv: _whole_division,
    exp.Join: _join,
    exp.Like: _like,
    exp.RegexpExtract: _regexp_extract,
    exp.RegexpLike: _regexp_like,
    exp.RegexpSubstr: _regexp_substr,
    exp.SubstringIndex: _part_of_text,
    exp.Time: _time,
    exp.TimestampDiff: _whole_units,
    exp.Xor: _either,
}


class _Rewrites(dict[type[exp.Expr], Rewrite | None]):
    """What is done with nodes of each type met so far in one dialect; None for nothing at all."""

    def __init__(self, dialect: Dialect) -> None:
        own = REDSHIFT if dialect is Dialect.REDSHIFT else MYSQL if dialect in MYSQL_LIKE else {}
        self._lists: tuple[Mapping[Any, Rewrite], ...] = (own, REWRITES, dict.fromkeys(DIFFERENT, _kept))

    def __missing__(self, kind: type[exp.Expr]) -> Rewrite | None:
        found = [rules[each] for rules in self._lists for each in kind.__mro__ if each in rules]
        self[kind] = found[0] if found else None
        return self[kind]


_rewrites = {dialect: _Rewrites(dialect) for dialect in Dialect}
