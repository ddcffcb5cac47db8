"""The row bound: one row more than may be shown is read, so that truncation is known and said."""

from __future__ import annotations

from collections.abc import Iterable

from sqlglot import exp

from lucky_mcp.enforcement.few_groups import groups_at_most
from lucky_mcp.model.decision import Bound, TableDecision
from lucky_mcp.model.source import Kind
from lucky_mcp.sql.resolved import Scan

# Where a LIMIT changes in which order tables are joined.
LIMIT_MISLEADS = frozenset({Kind.MYSQL})


def rows_allowed(tree: exp.Expr, bound: Bound, asked: int | None) -> int:
    """Return how many rows the caller may see.

    The role's maximum; less when the query's LIMIT or the call's `max_rows` asks for less; the
    default when neither is given.
    """
    limit = _root_limit(tree)
    wanted = [number for number in (limit, asked) if number is not None]
    return min([*wanted, bound.rows_max]) if wanted else min(bound.rows_default, bound.rows_max)


def bound_rows(tree: exp.Expr, rows_max: int) -> None:
    """Set the root's LIMIT in place to `rows_max + 1` unless it asks for no more than `rows_max`.

    The tree is not wrapped in an outer SELECT: one engine would then drop the inner ORDER BY.
    """
    limit = _root_limit(tree)
    if limit is not None and limit <= rows_max:
        return
    offset = _offset(tree)
    tree.set("limit", exp.Limit(expression=exp.Literal.number(rows_max + 1)))
    if offset is not None:
        tree.set("offset", exp.Offset(expression=exp.Literal.number(offset)))


def is_few_groups(
    tree: exp.Expr, tables: Iterable[TableDecision], scans: Iterable[Scan], kind: Kind, rows_max: int
) -> bool:
    """Whether the statement is better without a bound that it cannot meet; its scans still stand in it."""
    if kind not in LIMIT_MISLEADS:
        return False
    known = {id(scan.node) for scan in scans}
    most = groups_at_most(tree, tables, lambda item: id(item) in known)
    return most is not None and most <= rows_max


def _root_limit(tree: exp.Expr) -> int | None:
    limit = tree.args.get("limit")
    value = limit.args.get("expression") or limit.args.get("count") if limit is not None else None
    return int(value.name) if isinstance(value, exp.Literal) else None


def _offset(tree: exp.Expr) -> int | None:
    """Return the offset, which `LIMIT offset, count` keeps inside the limit's node."""
    limit, offset = tree.args.get("limit"), tree.args.get("offset")
    inside = limit.args.get("offset") if limit is not None else None
    value = offset.args.get("expression") if offset is not None else inside
    return int(value.name) if isinstance(value, exp.Literal) else None
