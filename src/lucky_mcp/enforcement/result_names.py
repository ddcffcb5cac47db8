"""The names that a statement gives its result's columns, where a server may mix them up.

MySQL 9.7 keeps one name for a value that is no column's, such as a mask's NULL: shown in two places, by a
statement that sorts or makes distinct, it has the name of the last in both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

from sqlglot import exp

from lucky_mcp.enforcement.guard_scans import HANGING
from lucky_mcp.model.decision import Permit
from lucky_mcp.sql.resolved import ResolvedQuery

UNKNOWN = ""
COLUMNS_MAX = 4096  # of a result, to the server


@dataclass(frozen=True, kw_only=True)
class ResultNames:
    """The names from the first column on, and those up to the last where some between are not known.

    `last` is None when `first` are all of them.
    """

    first: tuple[str, ...] = ()
    last: tuple[str, ...] | None = ()

    def over(self, found: tuple[str, ...]) -> tuple[str, ...]:
        """Return the server's names, those given back that it replaced by the name of a later column."""
        last = self.last or ()
        between = len(found) - len(self.first) - len(last)
        if between < 0 or (between and self.last is None):
            return found
        named = (*self.first, *(UNKNOWN for _ in range(between)), *last)
        return tuple(
            own if own and own != told and (told, told) in zip(named[at:], found[at:], strict=True) else told
            for at, (own, told) in enumerate(zip(named, found, strict=True))
        )


def result_names(query: ResolvedQuery, permit: Permit) -> ResultNames:
    """Return the names of a statement whose expressions all have one; its scans still stand in it."""
    names = _Names(query, permit).of(query.tree)
    if UNKNOWN not in names:
        return ResultNames(first=tuple(names), last=None)
    before, after = names.index(UNKNOWN), names[::-1].index(UNKNOWN)
    return ResultNames(first=tuple(names[:before]), last=tuple(names[len(names) - after :]))


class _Names:
    """The names that queries show; a column or star that is not known is one UNKNOWN."""

    def __init__(self, query: ResolvedQuery, permit: Permit) -> None:
        self._query = query
        self._columns = {
            id(scan.node): [column.name for column in permit.for_table(scan.table).columns]
            for scan in query.scans
        }
        self._known: dict[int, list[str]] = {}

    @cached_property
    def _entries(self) -> Mapping[str, exp.CTE]:
        """Every WITH entry by its name, which is one of a kind."""
        return {entry.alias: entry for entry in self._query.tree.find_all(exp.CTE)}

    def of(self, tree: exp.Expr) -> list[str]:
        """Return a query's names, each query looked at once: stars of stars have no end."""
        while isinstance(tree, exp.SetOperation | exp.Subquery):
            tree = tree.this
        if not isinstance(tree, exp.Select):
            return [UNKNOWN]
        if id(tree) not in self._known:
            self._known[id(tree)] = [UNKNOWN]  # to a query that reads itself
            whole = self._whole(tree) if any(isinstance(each, exp.Star) for each in tree.expressions) else []
            shown = (name for node in tree.expressions for name in self._shown(node, tree, whole))
            names = list(islice(shown, COLUMNS_MAX + 1))
            self._known[id(tree)] = names if len(names) <= COLUMNS_MAX else [UNKNOWN]
        return self._known[id(tree)]

    def _shown(self, node: exp.Expr, select: exp.Select, whole: list[str]) -> list[str]:
        """Return the columns of a projection; `whole` are those of `*`."""
        if isinstance(node, exp.Star):
            return whole
        if not isinstance(node, exp.Column) or not isinstance(node.this, exp.Star):
            return [node.alias_or_name]
        items = [each for each in _items(select) if each.alias_or_name.lower() == node.table.lower()]
        return self._columns_of(items[0]) if len(items) == 1 else [UNKNOWN]

    def _whole(self, select: exp.Select) -> list[str]:
        """Return what `*` shows; columns that a join merges stand first, as the left one has them.

        Where a RIGHT JOIN stands with such a one, MySQL takes its right side first.
        """
        first, *others = _items(select) or [select]
        names, joins = self._columns_of(first), select.args.get("joins") or []
        has_right = any(join.args.get("side") == "RIGHT" for join in joins)
        for join, item in zip(joins, others, strict=True):
            right = self._columns_of(item)
            merged = {name.name.lower() for name in join.args.get("using") or ()}
            if join.args.get("method"):
                merged = {name.lower() for name in names} & {name.lower() for name in right}
            if merged and (has_right or UNKNOWN in (*names, *right)):
                return [UNKNOWN]
            kept = [name for name in (*names, *right) if name.lower() not in merged]
            names = [*(name for name in names if name.lower() in merged), *kept]
        return [UNKNOWN] if select.args.get("laterals") else names

    def _columns_of(self, item: exp.Expr) -> list[str]:
        """Return what a star shows of one item of FROM."""
        if any(item.args.get(part) for part in HANGING):
            return [UNKNOWN]
        if id(item) in self._columns:
            return self._columns[id(item)]
        source = self._entries.get(item.name) if isinstance(item, exp.Table) else item
        if not isinstance(source, exp.CTE | exp.Subquery):
            return [UNKNOWN]
        return source.alias_column_names or self.of(source.this)


def _items(select: exp.Select) -> list[exp.Expr]:
    read = select.args.get("from_")
    return [each.this for each in (read, *(select.args.get("joins") or ())) if each is not None]
