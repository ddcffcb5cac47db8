"""Patterns of LIKE that a planner cannot work out, so that it tries them on no value of its statistics.

PostgreSQL tries a pattern that is constant on the values that it gathered of a column, those of rows that a
filter drops among them, however the column is fenced. Where a value has matched up to an escape character at
the pattern's end, that fails: planning alone would tell which hidden values begin with what. A pattern that
holds something computed when the query runs is tried on the rows of the query and nowhere else. Every other
operator whose selectivity is tried so (`=`, `<`, `~`) gives an answer for any two values.
"""

from __future__ import annotations

import re

from sqlglot import exp

from lucky_mcp.errors import ConstructRefused, Phase

LIKES = (exp.Like, exp.ILike)
# To a column of bytes it says a character by its number, which may be the escape.
_OF_BYTES = re.compile(r"\\[0-7x]")


def hide_patterns(tree: exp.Expr) -> None:
    """Hide each pattern of LIKE and ILIKE that may end in an escape character, in place; ConstructRefused."""
    for like in list(tree.find_all(*LIKES)):
        pattern = like.expression
        if not isinstance(pattern, exp.Any | exp.All):
            _hide(pattern, _escape_of(like))
            continue
        inner = pattern.this.unnest()
        if isinstance(inner, exp.Array | exp.Tuple):
            for each in inner.expressions:
                _hide(each, "\\")
        elif isinstance(inner, exp.Query):
            _keep_apart(inner)
        elif not _is_without(inner, "\\"):
            raise ConstructRefused(
                "LIKE ANY and LIKE ALL take patterns that are written out",
                phase=Phase.ENFORCE,
                next_step="write ARRAY['…', '…'], or conditions joined by OR",
            )


def _hide(pattern: exp.Expr, escape: str | None) -> None:
    """Append what is no text before the query runs; a pattern that is written out mostly needs none."""
    if escape is not None and isinstance(pattern, exp.Literal) and not _may_end_in(escape, pattern.name):
        return
    nothing = exp.Subquery(this=exp.Select(expressions=[exp.Literal.string("")]))
    pattern.replace(exp.Paren(this=exp.DPipe(this=_atom(pattern.copy()), expression=nothing, safe=True)))


def _may_end_in(escape: str, text: str) -> bool:
    return text.endswith(escape) or _OF_BYTES.search(text) is not None


def _escape_of(like: exp.Expr) -> str | None:
    """Return the escape character; None when it is computed, said by its number, or there is to be none."""
    around = like.parent
    if not isinstance(around, exp.Escape) or around.this is not like:
        return "\\"
    given = around.expression
    return given.name if isinstance(given, exp.Literal) and len(given.name) == 1 else None


def _keep_apart(query: exp.Query) -> None:
    """Keep the planner from putting a subquery's constants into the condition."""
    if not (query.args.get("limit") or query.args.get("offset")):
        query.set("offset", exp.Offset(expression=exp.Literal.number(0)))


def _is_without(patterns: exp.Expr, escape: str) -> bool:
    return isinstance(patterns, exp.Literal) and escape not in patterns.name


def _atom(node: exp.Expr) -> exp.Expr:
    return node if isinstance(node, exp.Literal | exp.Column | exp.Func) else exp.Paren(this=node)
