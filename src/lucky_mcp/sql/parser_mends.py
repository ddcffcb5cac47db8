"""What the parser's dialects are taught when the grammars are loaded: where they would change an answer."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from sqlglot import exp, transforms
from sqlglot.dialects.dialect import Dialect
from sqlglot.parser import Parser, build_coalesce

MYSQL_LIKE = ("mysql", "doris")
# The word before a literal, by the type that the parser takes it for.
LITERAL_WORDS = {exp.DType.DATE: "DATE", exp.DType.TIME: "TIME", exp.DType.TIMESTAMPTZ: "TIMESTAMP"}


def mend_dialects() -> None:
    """Change the dialects of the parser in place."""
    # Behind GROUP BY ALL and WITH ROLLUP parsers read `UNION (SELECT …)` as a call. A set of all dialects'.
    Parser.QUERY_MODIFIER_TOKENS.update(Parser.SET_OPERATIONS)
    for name in MYSQL_LIKE:
        _mend_mysql(Dialect.get_or_raise(name))
    # PostgreSQL's DATE_PART gives a double precision, and a column of that name; EXTRACT, for which its
    # parser takes it, gives a decimal.
    Dialect.get_or_raise("postgres").parser_class.FUNCTION_PARSERS.pop("DATE_PART", None)


def _mend_mysql(dialect: Dialect) -> None:
    # The generator writes FULL JOIN as a union of two joins, in which every aggregate is counted twice.
    dialect.generator_class.TRANSFORMS[exp.Select] = transforms.preprocess(
        [transforms.eliminate_semi_and_anti_joins]
    )
    # MySQL groups by a subquery in IFNULL otherwise than by one in COALESCE, for which its parser takes it.
    dialect.parser_class.FUNCTIONS["IFNULL"] = partial(build_coalesce, is_null=True)
    literals: dict[exp.DType, Callable[..., exp.Expr]] = dict.fromkeys(LITERAL_WORDS, _time_literal)
    dialect.parser_class.TYPE_LITERAL_PARSERS = dialect.parser_class.TYPE_LITERAL_PARSERS | literals


def is_time_literal(node: exp.Cast) -> bool:
    """Whether a cast was written `DATE '…'`, `TIME '…'` or `TIMESTAMP '…'`.

    In MySQL that is never NULL, and an error when it is no date; a cast gives NULL then.
    """
    return node.args.get("safe") is False


def _time_literal(_: Parser, this: exp.Expr, type_: exp.DataType) -> exp.Cast:
    return exp.Cast(this=this, to=type_, safe=None if type_.expressions else False)
