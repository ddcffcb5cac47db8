"""Constructs that the translation leaves as they are, rewritten for the embedded engine.

Each rewrite is local to its node, so it may be applied to a whole statement or to one mask alike.
"""

from __future__ import annotations

from sqlglot import exp

from lucky_mcp.enforcement.embedded_differences import refuse_different
from lucky_mcp.enforcement.embedded_functions import rewritten_call
from lucky_mcp.enforcement.embedded_redshift import redshift_rewritten
from lucky_mcp.model.source import EMBEDDED, Dialect, Kind

MYSQL_LIKE = frozenset({Dialect.MYSQL, Dialect.DORIS})
# TIMESTAMP '…' is a local time in this dialect; the translation takes it for one with a zone.
ZONED = {exp.DataType.Type.TIMESTAMPTZ, exp.DataType.Type.TIMESTAMPLTZ}


def for_engine(tree: exp.Expr, dialect: Dialect, kind: Kind) -> exp.Expr:
    """Return the tree, changed in place, as the engine's generator can write it.

    Raises ConstructRefused for what the engine would answer differently without an error.
    """
    if kind not in EMBEDDED or dialect is Dialect.DUCKDB:
        return tree  # the engine's own dialect needs no rewriting
    for node in reversed(list(tree.walk())):  # inner calls first: a rewrite keeps its arguments as they are
        refuse_different(node, dialect)
        new = _rewritten(node, dialect)
        if new is not node:
            tree = _put(new, node, tree)
    return tree


def _is_bare_numeric(node: exp.Cast) -> bool:
    """PostgreSQL's numeric without a scale keeps every digit; the engine's would keep three."""
    return node.to.this is exp.DataType.Type.DECIMAL and not node.to.expressions


def _put(new: exp.Expr, old: exp.Expr, root: exp.Expr) -> exp.Expr:
    if old is root:
        return new
    old.replace(new)
    return root


def _rewritten(node: exp.Expr, dialect: Dialect) -> exp.Expr:
    if dialect is Dialect.REDSHIFT:
        node = redshift_rewritten(node)
    if isinstance(node, exp.DayOfWeek) and dialect in MYSQL_LIKE:
        return exp.paren(exp.Add(this=node.copy(), expression=exp.Literal.number(1)))
    if isinstance(node, exp.Join) and node.side == "LEFT" and node.kind in {"SEMI", "ANTI"}:
        return exp.Join(**{**node.copy().args, "side": None})
    if isinstance(node, exp.IntDiv):
        return exp.Trunc(this=node.copy())
    if isinstance(node, exp.Like | exp.ILike):
        like = _without_case(node) if dialect is Dialect.MYSQL else node
        return like if isinstance(node.parent, exp.Escape) else _with_escape(like)
    if isinstance(node, exp.RegexpLike) and dialect is Dialect.MYSQL:
        return exp.RegexpILike(this=node.this.copy(), expression=node.expression.copy())
    if isinstance(node, exp.Atan) and node.args.get("expression"):
        return exp.Atan2(this=node.this.copy(), expression=node.expression.copy())
    if isinstance(node, exp.SubstringIndex):
        found = _substring_index(node)
        return _nocase(found) if dialect is Dialect.MYSQL else found
    if isinstance(node, exp.Group):
        return _group_with_rollup(node)
    if isinstance(node, exp.Time):
        return exp.cast(node.this.copy(), exp.DataType.build("TIME"))
    if isinstance(node, exp.TimestampDiff):
        return _call("datesub", exp.Literal.string(node.text("unit").lower()), node.expression, node.this)
    if isinstance(node, exp.Cast) and dialect is Dialect.POSTGRES and _is_bare_numeric(node):
        return exp.cast(node.this.copy(), exp.DataType.build("DECIMAL(38, 10)"))
    if isinstance(node, exp.Cast) and dialect in MYSQL_LIKE and node.to.this in ZONED:
        return exp.cast(node.this.copy(), exp.DataType.build("TIMESTAMP", dialect="duckdb"))
    if isinstance(node, exp.Elt):
        return exp.Bracket(this=_list(node.expressions), expressions=[node.this.copy()], offset=1)
    if isinstance(node, exp.RegexpExtract) and dialect is Dialect.DORIS:
        return _call(
            "regexp_extract", node.this, node.expression, node.args.get("group") or exp.Literal.number(1)
        )
    if isinstance(node, exp.RegexpSubstr):
        return exp.Nullif(
            this=_call("regexp_extract", node.this, node.expression), expression=exp.Literal.string("")
        )
    if isinstance(node, exp.Anonymous) and str(node.this).lower() == "field":
        return _field(node.expressions)
    if isinstance(node, exp.Anonymous):
        return rewritten_call(node, dialect)
    return node


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


def _group_with_rollup(node: exp.Group) -> exp.Expr:
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
