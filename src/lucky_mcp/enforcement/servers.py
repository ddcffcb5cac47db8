"""Constructs that a server of the agent's own dialect still needs in another form.

MariaDB lacks REGEXP_LIKE and ANY_VALUE of the dialect that it shares with MySQL; both servers know REGEXP and
MIN. IFNULL and DATE '…' stay what they are. The row bound is read as LIMIT. Letters outside ASCII are quoted:
lexers may read them differently.
"""

from __future__ import annotations

from sqlglot import exp
from sqlglot.dialects.mysql import MySQL
from sqlglot.generator import Generator

from lucky_mcp.enforcement.like_patterns import hide_patterns
from lucky_mcp.model.source import Kind
from lucky_mcp.sql.parser_mends import LITERAL_WORDS, is_time_literal

OPERATOR = "lucky_operator"
ATOMS = (exp.Column, exp.Literal, exp.Func, exp.Paren, exp.Subquery)
OPERATORS = (exp.Connector, exp.Binary, exp.RegexpLike)  # some of them are functions to the parser
LONGEST_ALIAS = 256
INLINE_FLAGS = {"i": "(?i)", "c": "(?-i)"}


def for_server(tree: exp.Expr, kind: Kind) -> exp.Expr:
    """Return the tree, changed in place, as the server of this kind reads it."""
    if kind is Kind.MYSQL:
        _for_mysql(tree)
    elif kind in {Kind.POSTGRES, Kind.REDSHIFT}:
        _for_postgres(tree)
    return tree


def _for_mysql(tree: exp.Expr) -> None:
    for node in list(tree.find_all(exp.RegexpLike, exp.AnyValue)):
        if isinstance(node, exp.AnyValue):
            node.replace(exp.Min(this=node.this))
        elif _takes_flag(node):
            node.meta[OPERATOR] = True
    for alias in tree.find_all(exp.Alias):
        alias.set("alias", _fitting(alias.args["alias"]))


def _takes_flag(node: exp.Expr) -> bool:
    """Whether the call can be an operator: a flag about case goes into a pattern that is written out."""
    flag, pattern = node.args.get("flag"), node.args["expression"]
    if flag is None:
        return True
    inside = INLINE_FLAGS.get(flag.name) if isinstance(flag, exp.Literal) else None
    if inside is None or not pattern.is_string:
        return False
    node.set("expression", exp.Literal.string(inside + pattern.name))
    node.set("flag", None)
    return True


def _fitting(alias: exp.Identifier) -> exp.Identifier:
    """A name that is an expression's text can be longer than a name may be, or hold what none may."""
    name = "".join(each if each <= "\uffff" else "?" for each in alias.name[:LONGEST_ALIAS]).rstrip()
    return alias if name == alias.name else exp.to_identifier(name or "?", quoted=True)


def _for_postgres(tree: exp.Expr) -> None:
    hide_patterns(tree)
    for fetch in list(tree.find_all(exp.Fetch)):
        _as_limit(fetch)
    for node in list(tree.find_all(exp.Identifier)):
        if not node.quoted and not node.name.isascii():
            folded = "".join(each.lower() if each.isascii() else each for each in node.name)
            node.replace(exp.to_identifier(folded, quoted=True))


def _as_limit(node: exp.Fetch) -> None:
    options = node.args.get("limit_options")
    unusual = options is not None and (options.args.get("percent") or options.args.get("with_ties"))
    if not unusual and node.args.get("count") is not None:
        node.replace(exp.Limit(expression=node.args["count"]))


def _regexp(generator: Generator, node: exp.RegexpLike) -> str:
    """`REGEXP` where a server may lack the function; in brackets, so that nothing around it binds tighter."""
    if OPERATOR not in node.meta:
        return generator.function_fallback_sql(node)
    value, pattern = (_atom(generator, each) for each in (node.this, node.expression))
    return f"({value} REGEXP {pattern})"


def _atom(generator: Generator, node: exp.Expr) -> str:
    text = generator.sql(node)
    return text if isinstance(node, ATOMS) and not isinstance(node, OPERATORS) else f"({text})"


def _coalesce(generator: Generator, node: exp.Coalesce) -> str:
    """`IFNULL` where the agent wrote it: the two are not grouped by alike."""
    name = "IFNULL" if node.args.get("is_null") else "COALESCE"
    return generator.func(name, node.this, *node.expressions)


def _cast(generator: Generator, node: exp.Cast) -> str:
    """`DATE '…'` where the agent wrote it."""
    if is_time_literal(node) and node.this.is_string:
        return f"{LITERAL_WORDS[node.to.this]} {generator.sql(node, 'this')}"
    return generator.cast_sql(node)


MySQL.Generator.TRANSFORMS[exp.Cast] = _cast
MySQL.Generator.TRANSFORMS[exp.RegexpLike] = _regexp
MySQL.Generator.TRANSFORMS[exp.Coalesce] = _coalesce
