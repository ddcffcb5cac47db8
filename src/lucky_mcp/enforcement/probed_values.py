"""Which values a statement asks after: those it compares with columns that a caller might guess by.

These are masked columns that show something (a token, four digits), and the keys by which policy requires
rows to be looked up. Names are compared without their case, and a name that might mean such a column counts
as it: what is counted is never less than what is asked after.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sqlglot import exp

from lucky_mcp.model.decision import MaskName, Permit, TableDecision
from lucky_mcp.model.requirement import Equals
from lucky_mcp.sql.resolved import ResolvedQuery

# They show the same for every value, so that nobody finds one by them.
TELLING_NOTHING = frozenset({MaskName.NULL, MaskName.REDACT, MaskName.MEAN})
CLAUSES = (exp.Query, exp.Where, exp.Having, exp.Join, exp.Group, exp.Order, exp.From, exp.Connector, exp.Not)


def probed_values(query: ResolvedQuery, permit: Permit) -> frozenset[str]:
    """Return `schema.table.column = value` for each; call it while the scans still stand in the statement."""
    watched: dict[str, list[str]] = {}
    for decided in permit.tables:
        for name in _watched(decided):
            watched.setdefault(name.lower(), []).append(f"{decided.table}.{name}")
    if not watched:
        return frozenset()
    return frozenset(_found(query.tree, watched))


def _watched(decided: TableDecision) -> set[str]:
    masked = {
        column.name
        for column in decided.columns
        for mask in (column.mask, *column.masks_below)
        if mask is not None and mask not in TELLING_NOTHING
    }
    options = (option for requirement in decided.requires for option in requirement.options)
    return masked | {option.column for option in options if isinstance(option, Equals)}


def _found(tree: exp.Expr, watched: dict[str, list[str]]) -> Iterator[str]:
    """Where a column meets another one, any value of the statement may stand behind that."""
    everywhere = list(tree.find_all(exp.Literal))
    for node in tree.find_all(exp.Column):
        columns = watched.get(node.name.lower())
        if columns is None:
            continue
        around = _comparison(node)
        alone = all(each is node for each in around.find_all(exp.Column, exp.Values))
        yield from _each(columns, list(around.find_all(exp.Literal)) if alone else everywhere)
    for join in tree.find_all(exp.Join):
        for name in join.args.get("using") or ():
            yield from _each(watched.get(name.name.lower(), ()), everywhere)
        if join.args.get("method"):  # NATURAL, by whatever both have
            yield from _each([each for found in watched.values() for each in found], everywhere)


def _each(columns: Iterable[str], literals: Iterable[exp.Literal]) -> Iterator[str]:
    values = {literal.name for literal in literals}
    yield from (f"{column} = {value}" for column in columns for value in values)


def _comparison(node: exp.Expr) -> exp.Expr:
    """Return the largest expression around a column within one clause, and within one side of an AND."""
    found = node
    while found.parent is not None and not isinstance(found.parent, CLAUSES):
        found = found.parent
    return found
