"""Functions that build text: how long it can get must show in the statement.

Nothing that a row holds may decide it, since one row would be enough to fill the memory of an engine.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from lucky_mcp.errors import Code, ConstructRefused
from lucky_mcp.sql.places import place_of_node

CHARS_MAX = 1_000
GROWING_REPLACES_MAX = 2
REPLACING = (exp.Replace, exp.RegexpReplace)
SIZED = (exp.Pad, exp.Repeat, exp.Space)
# These are numbers whatever they are given. Between text and a number LEAST may compare as text.
NUMBERS = (exp.Count, exp.Round, exp.Floor, exp.Ceil, exp.Abs, exp.Add, exp.Sub, exp.Mul, exp.Div, exp.IntDiv)
WHOLE_PARTS = (exp.Round, exp.Floor, exp.Ceil)


def refuse_unbounded_text(node: exp.Pad | exp.Repeat | exp.Space) -> None:
    """Raise ConstructRefused unless LPAD, RPAD, REPEAT or SPACE gives at most CHARS_MAX characters."""
    if isinstance(node, exp.Repeat):
        chars = _repeated(node)
        form = "REPEAT('*', 20), or REPEAT('*', LEAST(ROUND(n), 50))"
    else:
        chars = _at_most(node.this if isinstance(node, exp.Space) else node.expression)
        form = "a number, or LEAST(ROUND(n), 50)"
    if chars is None or chars > CHARS_MAX:
        raise ConstructRefused(
            f"{_name(node)} may build text of any length",
            code=Code.FUNCTION_REFUSED,
            place=place_of_node(node),
            next_step=f"say its length, at most {CHARS_MAX:,} characters: {form}",
        )


def refuse_growth(replacing: Sequence[exp.Expr]) -> None:
    """REPLACE by longer text multiplies at every level; a few calls would outgrow any memory limit."""
    growing = [
        node
        for node in replacing
        if len(_text_of(node.args.get("replacement"))) > max(len(_text_of(node.args.get("expression"))), 1)
    ]
    if len(growing) > GROWING_REPLACES_MAX:
        raise ConstructRefused(
            f"more than {GROWING_REPLACES_MAX} calls of REPLACE put in longer text",
            place=place_of_node(growing[-1]),
            next_step="replace by text that is not longer, or in the caller",
        )


def _text_of(node: exp.Expr | None) -> str:
    """A computed text counts as long."""
    if node is None:
        return ""
    return node.name if isinstance(node, exp.Literal) else "?" * 1000


def _repeated(node: exp.Repeat) -> int | None:
    times = _at_most(node.args["times"])
    known = isinstance(node.this, exp.Literal) and node.this.is_string and times is not None
    return len(node.this.name) * times if known and times is not None else None


def _at_most(node: exp.Expr) -> int | None:
    """Return what a number cannot exceed, as far as the statement says so."""
    node = node.unnest()
    if isinstance(node, exp.Literal):
        return int(node.name) if node.is_int and not node.is_string else None
    if isinstance(node, WHOLE_PARTS):
        return _at_most(node.this) if set(filter(node.args.get, node.args)) == {"this"} else None
    if _is_whole(node):
        return _at_most(node.this)
    if isinstance(node, exp.Least):
        arguments = [each.unnest() for each in (node.this, *node.expressions)]
        limits = [limit for each in arguments if (limit := _at_most(each)) is not None]
        numbers = all(_is_number(each) or _at_most(each) is not None for each in arguments)
        return min(limits) if limits and numbers else None
    return None


def _is_number(node: exp.Expr) -> bool:
    return isinstance(node, NUMBERS) or _is_whole(node)


def _is_whole(node: exp.Expr) -> bool:
    return isinstance(node, exp.Cast) and node.to.this in exp.DataType.INTEGER_TYPES


def _name(node: exp.Expr) -> str:
    if isinstance(node, exp.Pad):
        return "LPAD" if node.args.get("is_left") else "RPAD"
    return node.key.upper()
