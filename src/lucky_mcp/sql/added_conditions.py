"""A refused text with the conditions that policy requires, where they can be made up from what it says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlglot import exp
from sqlglot.errors import ErrorLevel

from lucky_mcp.errors import MissingCondition
from lucky_mcp.model.source import Dialect
from lucky_mcp.sql.dialects import GRAMMARS
from lucky_mcp.sql.parse import parse
from lucky_mcp.sql.places import place_of_node
from lucky_mcp.sql.time_constants import is_time

DENYING = (exp.Not, exp.EQ, exp.NEQ, exp.Is)


def with_conditions(text: str, missing: Sequence[MissingCondition], dialect: Dialect) -> Iterator[str]:
    """Yield the text with each condition added: the latest range, or the one value that it says elsewhere."""
    tree = parse(text, GRAMMARS[dialect]).tree
    tables = list(tree.find_all(exp.Table))
    for each in missing:
        scan = next((table for table in tables if place_of_node(table) == each.place), None)
        select = scan.parent_select if scan is not None else None
        value = _value(each, tree)
        if scan is None or not isinstance(select, exp.Select) or value is None:
            return
        column = exp.column(each.column, table=scan.alias or scan.name)
        kind = exp.EQ if each.since is None else exp.GTE
        select.where(kind(this=column, expression=value), copy=False)
    if missing:
        yield tree.sql(dialect=dialect.value, comments=False, unsupported_level=ErrorLevel.IGNORE)


def _value(missing: MissingCondition, tree: exp.Expr) -> exp.Expr | None:
    if missing.since is not None:
        day = missing.since.isoformat()
        texts = [each for each in _compared(missing, tree) if each.is_string]
        if not all(map(is_time, texts)):
            return None
        return exp.Literal.number(day.replace("-", "")) if missing.as_number else exp.Literal.string(day)
    said = set(_compared(missing, tree, (exp.EQ,)))
    return said.pop().copy() if len(said) == 1 else None


def _compared(
    missing: MissingCondition, tree: exp.Expr, kinds: tuple[type[exp.Expr], ...] = (exp.Binary,)
) -> Iterator[exp.Literal]:
    """Yield the literals that the column is compared with; what is denied again around it says nothing."""
    for each in tree.find_all(*kinds):
        for column, literal in ((each.this, each.expression), (each.expression, each.this)):
            named = isinstance(column, exp.Column) and column.name.lower() == missing.column.lower()
            if named and isinstance(literal, exp.Literal) and not each.find_ancestor(*DENYING):
                yield literal
