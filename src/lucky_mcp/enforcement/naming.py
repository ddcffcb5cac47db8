"""Gives unaliased columns the name the agent's server would have given them.

An embedded engine, and MySQL, names an expression after its own text, which after the rewrite would be ours:
the name would differ from the agent's and print a policy's SQL.
"""

from __future__ import annotations

import re

from sqlglot import exp

from lucky_mcp.enforcement.render import render_agent
from lucky_mcp.model.source import Dialect
from lucky_mcp.sql.nodes import Nodes
from lucky_mcp.sql.resolved import ResolvedQuery

# Servers that name an unaliased expression by its text; the embedded engine would print its own form of it.
NAMED_BY_TEXT = frozenset({Dialect.MYSQL, Dialect.DORIS, Dialect.DUCKDB})
COLUMNS_AS_WRITTEN = frozenset({Dialect.MYSQL, Dialect.DORIS})
CALL = re.compile(r"([a-z_][a-z0-9_]*)\s*\(", re.IGNORECASE)
NAMED_BY_CALL = (exp.Func, exp.Window, exp.Filter, exp.WithinGroup)
NAMELESS = "?column?"
TYPE_NAMES = {
    "int": "int4",
    "integer": "int4",
    "bigint": "int8",
    "smallint": "int2",
    "double precision": "float8",
}
TYPE_NAMES |= {"real": "float4", "boolean": "bool", "decimal": "numeric"}


def name_projections(query: ResolvedQuery, nodes: Nodes, dialect: Dialect) -> None:
    """Alias every unaliased expression of every SELECT in place; columns and stars keep their names."""
    root = _root_select(query.tree)
    for select in nodes.of(exp.Select):
        if all(isinstance(node, exp.Alias) for node in select.expressions):
            continue
        written = query.root_names.words if select is root else ()
        known = len(written) == len(select.expressions)
        named = [
            _named(node, written[index] if known else "", dialect)
            for index, node in enumerate(select.expressions)
        ]
        select.set("expressions", named)


def _root_select(tree: exp.Expr) -> exp.Expr:
    while isinstance(tree, exp.SetOperation | exp.Subquery):
        tree = tree.this
    return tree


def _named(node: exp.Expr, written: str, dialect: Dialect) -> exp.Expr:
    if isinstance(node, exp.Alias | exp.Star) or node.is_star:
        return node
    if isinstance(node, exp.Subquery) and node.args.get("alias"):
        return node
    if isinstance(node, exp.Column):
        return _named_as_written(node) if written and dialect in COLUMNS_AS_WRITTEN else node
    text = written or render_agent(node, dialect)
    name = text if dialect in NAMED_BY_TEXT else _postgres_name(node, text)
    return _aliased(node, name or NAMELESS)


def _named_as_written(node: exp.Column) -> exp.Expr:
    """MySQL names a column as the query spells it, the embedded engine as the table does."""
    return node if node.name == node.name.lower() else _aliased(node, node.name)


def _aliased(node: exp.Expr, name: str) -> exp.Expr:
    # Not a copy: the scans inside must stay the ones that will be replaced.
    return exp.alias_(node, exp.to_identifier(name, quoted=True), copy=False)


def _postgres_name(node: exp.Expr, text: str) -> str:
    """Return PostgreSQL's name: the function's, the column's under a cast, a CASE's ELSE, else nothing."""
    if isinstance(node, exp.Column):
        return node.name
    if isinstance(node, exp.Paren):
        return _postgres_name(node.this, text.strip("() "))
    if isinstance(node, exp.Case):
        default = node.args.get("default")
        return (_inner_name(default) if default is not None else "") or "case"
    if isinstance(node, exp.Cast):
        return _inner_name(node.this) or _type_name(node)
    if isinstance(node, exp.Exists):
        return "exists"
    if isinstance(node, exp.Subquery):
        return _subquery_name(node)
    call = CALL.match(text)
    return call.group(1).lower() if call and isinstance(node, NAMED_BY_CALL) else ""


def _inner_name(node: exp.Expr) -> str:
    return _postgres_name(node, render_agent(node, Dialect.POSTGRES))


def _type_name(node: exp.Cast) -> str:
    name = node.to.sql("postgres").lower().partition("(")[0]
    return TYPE_NAMES.get(name, name)


def _subquery_name(node: exp.Subquery) -> str:
    """A scalar subquery has the name of its column."""
    inner = node.unnest()
    if not isinstance(inner, exp.Select) or len(inner.expressions) != 1:
        return ""
    projection = inner.expressions[0]
    return projection.alias if isinstance(projection, exp.Alias) else _inner_name(projection)
