"""Which columns each literal of a statement stands beside: in the same condition, or the same projection."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlglot import exp

from lucky_mcp.errors import ReadError
from lucky_mcp.sql.dialects import Grammar
from lucky_mcp.sql.parse import parse

ENDS = (exp.Connector, exp.Query, exp.Where, exp.Having, exp.Join, exp.Values, exp.With, exp.From, exp.Group)


@dataclass(frozen=True, kw_only=True)
class LiteralUses:
    """For each literal, as its plain text, the sets of column names (in small letters) that it stands beside.

    `renamed` are names that the statement gives to something else than the column of that name, each with the
    columns it is made of; None where that is not said.
    """

    beside: Mapping[str, tuple[frozenset[str], ...]]
    renamed: Mapping[str, frozenset[str] | None]


def literal_uses(text: str, grammar: Grammar) -> LiteralUses | None:
    """Return the uses of the literals of a statement; None when it cannot be parsed."""
    try:
        tree = parse(text, grammar).tree
    except (ReadError, RecursionError):
        return None
    found: dict[str, list[frozenset[str]]] = {}
    for literal in tree.find_all(exp.Literal):
        found.setdefault(literal.name, []).append(_columns_beside(literal))
    return LiteralUses(beside={name: tuple(uses) for name, uses in found.items()}, renamed=_renamed(tree))


def _columns_beside(literal: exp.Expr) -> frozenset[str]:
    scope = literal
    while scope.parent is not None and not isinstance(scope.parent, ENDS):
        scope = scope.parent
    return _columns_in(scope)


def _columns_in(part: exp.Expr) -> frozenset[str]:
    return frozenset(column.name.lower() for column in part.find_all(exp.Column))


def _renamed(tree: exp.Expr) -> dict[str, frozenset[str] | None]:
    names: dict[str, frozenset[str] | None] = {}
    for alias in tree.find_all(exp.Alias):
        name, columns = alias.alias.lower(), _columns_in(alias.this)
        if isinstance(alias.this, exp.Column) and columns == {name}:
            continue
        known = names.get(name, frozenset())
        names[name] = None if known is None else known | columns
    for table in tree.find_all(exp.TableAlias):
        names.update(dict.fromkeys((column.name.lower() for column in table.args.get("columns") or ()), None))
    return names
