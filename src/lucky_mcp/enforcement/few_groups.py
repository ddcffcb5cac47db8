"""How many rows a grouped SELECT can give at most, where its guards list the values of what it groups by.

Such a SELECT needs no row bound of ours. MariaDB takes a LIMIT for the promise that few rows will be read,
and then begins a join with the table that is grouped by, at whatever cost; what is grouped is read in full.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from sqlglot import exp

from lucky_mcp.catalog.column_types import INTEGERS, base_type
from lucky_mcp.model.decision import TableDecision
from lucky_mcp.model.predicate import Member, every_part

PARTS = {"expressions", "from_", "joins", "where", "group", "having", "order"}


def groups_at_most(
    query: exp.Expr, tables: Iterable[TableDecision], is_scan: Callable[[exp.Expr], bool]
) -> int | None:
    """Return a number of rows that the outermost SELECT cannot exceed; None when no list of values tells.

    Every item of FROM must be a scan of one of the tables, and every group a whole number's column by its
    name, whose values each table that has such a column lists in a filter. An outer join may add a NULL.
    """
    group = query.args.get("group")
    if not isinstance(query, exp.Select) or group is None or not _has_only(query, PARTS):
        return None
    items = [query.args["from_"].this, *(join.this for join in query.args.get("joins") or ())]
    if not all(map(is_scan, items)) or not _has_only(group, {"expressions"}):
        return None
    aliases = {each.alias.lower() for each in query.expressions if isinstance(each, exp.Alias)}
    listed, found = list(tables), 1
    for column in group.expressions:
        values = _values(column, listed) if isinstance(column, exp.Column) else None
        if values is None or column.name.lower() in aliases:
            return None
        found *= values + 1
    return found


def _values(column: exp.Column, tables: Iterable[TableDecision]) -> int | None:
    """Return how many values the filters of each table that has the column leave it; None when not known."""
    name, counts = column.name.lower(), []
    for decided in tables:
        meant = next((each for each in decided.columns if each.name.lower() == name), None)
        if meant is None:
            continue
        if meant.mask is not None or base_type(meant.type)[0] not in INTEGERS or decided.below is not None:
            return None
        lists = [
            len(set(part.values))
            for each in decided.filters
            for part in every_part(each.predicate)
            if isinstance(part, Member) and part.column.lower() == name
        ]
        counts.append(min(lists, default=0))
    return max(counts) if counts and all(counts) else None


def _has_only(node: exp.Expr, parts: set[str]) -> bool:
    return set(filter(node.args.get, node.args)) <= parts
