"""Which scan of a SELECT a column name means, where that is beyond doubt."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlglot import exp

from lucky_mcp.model.decision import VisibleColumn
from lucky_mcp.sql.dialects import Grammar, folded
from lucky_mcp.sql.resolved import Scan
from lucky_mcp.sql.scan_conditions import Conditions, column_meant, conditions_around

Place = tuple[int, VisibleColumn]
"""A scan by its position among the statement's, and a column of it."""


class FromItems:
    """The items of one FROM in their order; `seen` are the columns of each scan of the statement.

    `known` are the conditions of the statement's SELECTs, this one's among them.
    """

    def __init__(
        self,
        select: exp.Select,
        scans: Sequence[Scan],
        seen: Sequence[Sequence[VisibleColumn]],
        grammar: Grammar,
        known: dict[int, Conditions],
    ) -> None:
        self._seen = seen
        self._grammar = grammar
        self._joins: list[exp.Join] = list(select.args.get("joins") or ())
        by_node = {id(scan.node): index for index, scan in enumerate(scans)}
        nodes = [select.args["from_"].this, *(join.this for join in self._joins)]
        self._items = [by_node.get(id(node)) for node in nodes]
        self._numbers = {id(join): number for number, join in enumerate(self._joins, start=1)}
        # An alias that another item shares, in any case, is nobody's.
        self._sure = [
            index is not None and conditions_around(node, known) is known.get(id(select))
            for node, index in zip(nodes, self._items, strict=True)
        ]
        self._by_alias = {
            folded(node.args["alias"].this, grammar): position
            for position, node in enumerate(nodes)
            if self._sure[position]
        }

    def places(self, column: exp.Expr, join: exp.Join | None) -> list[Place]:
        """Return the columns that a name means in WHERE, or in the ON of a join.

        Of several, merged by USING, the first has the value; the others have it too, or no row.
        Before a join is read, the items behind it do not exist: the same alias may be one of an outer query.
        """
        if not isinstance(column, exp.Column) or column.args.get("db") or isinstance(column.this, exp.Star):
            return []
        until = len(self._items) if join is None else self._numbers[id(join)] + 1
        qualifier = column.args.get("table")
        if qualifier is None:
            return self._unqualified(column, until)
        position = self._by_alias.get(folded(qualifier, self._grammar), until)
        return self._at(position, column) if position < until else []

    def merged(self) -> Iterator[tuple[Place, Place, bool]]:
        """Yield what USING makes equal: left, right, and whether rows of the left without a match go as well.

        Beside a comma USING does not see all items before it.
        """
        if any(set(filter(join.args.get, join.args)) == {"this"} for join in self._joins):
            return
        for position, join in enumerate(self._joins, start=1):
            if join.args.get("side", "") not in {"", "LEFT"}:
                continue
            for name in join.args.get("using") or ():
                column = exp.Column(this=name.this.copy() if isinstance(name, exp.Column) else name.copy())
                left, right = self._unqualified(column, position), self._at(position, column)
                if left and right and self._sure[position]:
                    yield left[0], right[0], not join.args.get("side")

    def _at(self, position: int, column: exp.Column) -> list[Place]:
        index = self._items[position]
        meant = None if index is None else column_meant(column, self._seen[index], self._grammar)
        return [] if meant is None or index is None else [(index, meant)]

    def _unqualified(self, column: exp.Column, until: int) -> list[Place]:
        """A name without a table is sure only where every item's columns are known and one has it.

        Or several, when each of those joins merged it by USING and keeps the left one's value.
        """
        if not all(self._sure[:until]):
            return []
        found = [(position, place) for position in range(until) for place in self._at(position, column)]
        if any(not self._merges(self._joins[position - 1], column) for position, _ in found[1:]):
            return []
        return [place for _, place in found]

    def _merges(self, join: exp.Join, column: exp.Column) -> bool:
        names = [folded(name, self._grammar).lower() for name in join.args.get("using") or ()]
        sided = any(each.args.get("side") in {"RIGHT", "FULL"} for each in self._joins)
        return not sided and folded(column.this, self._grammar).lower() in names
