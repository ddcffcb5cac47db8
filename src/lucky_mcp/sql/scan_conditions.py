"""Which conditions of a statement hold for every row that is used of one scan.

They are parts of the WHERE of the scan's own SELECT, or of an ON that drops what does not satisfy it. Where a
name or a join leaves doubt there are none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from sqlglot import exp

from lucky_mcp.model.decision import VisibleColumn
from lucky_mcp.sql.dialects import Grammar, folded

FLIPPED: dict[type[exp.Expr], type[exp.Expr]] = {
    exp.EQ: exp.EQ,
    exp.LT: exp.GT,
    exp.LTE: exp.GTE,
    exp.GT: exp.LT,
    exp.GTE: exp.LTE,
}


def conjuncts(tree: exp.Expr) -> list[exp.Expr]:
    """Return the parts of a condition that are ANDed at its top."""
    tree = tree.unnest()
    return [*conjuncts(tree.this), *conjuncts(tree.expression)] if isinstance(tree, exp.And) else [tree]


@dataclass(frozen=True, slots=True)
class Condition:
    """A WHERE or an ON; `join` is the number of the ON's join, -1 for WHERE, `side` the join's."""

    expression: exp.Expr
    join: int
    side: str


class Conditions:
    """The conditions of one SELECT and which of its scans each holds for, read once for all of them."""

    def __init__(self, select: exp.Select) -> None:
        joins = select.args.get("joins") or []
        where = select.args.get("where")
        self.select = select
        self._number = {id(join): number for number, join in enumerate(joins)}
        self._inner = not any(join.args.get("side") for join in joins)
        self._comma = any(set(filter(join.args.get, join.args)) == {"this"} for join in joins)
        self._plain = not select.args.get("laterals") and _joins_are_plain(joins)
        items = [select.args["from_"], *joins] if self._plain else []
        self._names = Counter(name for item in items for name in _names_in(item))
        self.all = [Condition(where.this, -1, "")] if where is not None else []
        self.all += [
            Condition(join.args["on"], number, join.args.get("side") or "")
            for number, join in enumerate(joins)
            if join.args.get("on")
        ]

    def lists_by_a_name_of_its_own(self, node: exp.Table) -> bool:
        """Whether no other item of FROM has the scan's name, nor one that differs from it in case alone.

        Engines differ in how they compare aliases.
        """
        return self._plain and self._names[node.alias.lower()] == 1

    def holds(self, condition: Condition, node: exp.Table) -> bool | None:
        """Return whether `IS NULL` in a condition speaks of the scan's own values; None if it may not hold.

        WHERE and the ON of an inner join drop every row whose condition is not true, also where an outer
        join has filled the table's columns with NULL: for comparisons, NULL is not true. The ON of a LEFT
        JOIN does so for the table on its right alone. Beside a comma no ON counts: it may not see the tables
        before the comma, and mean those of an outer query.
        """
        if condition.join < 0:
            return self._inner
        own = self._number.get(id(node.parent), -1)
        if self._comma or condition.join < own:
            return None
        if not condition.side:
            return self._inner
        return True if condition.join == own and condition.side == "LEFT" else None


def conditions_around(node: exp.Table, known: dict[int, Conditions]) -> Conditions | None:
    """Return the conditions of the SELECT whose FROM lists the table itself, by a name of its own.

    None inside brackets, with joins of its own, with renamed columns, or beside a join whose rows are
    chosen in another way than by ON or USING. `known` keeps them for the other scans of the same SELECT. Call
    it while the scan still stands in the statement.
    """
    if node.args.get("joins") or node.args.get("laterals") or node.args["alias"].args.get("columns"):
        return None
    select = node.parent.parent if isinstance(node.parent, exp.From | exp.Join) else None
    if not isinstance(select, exp.Select):
        return None
    found = known.get(id(select))
    if found is None:
        found = known[id(select)] = Conditions(select)
    return found if found.lists_by_a_name_of_its_own(node) else None


def _joins_are_plain(joins: Iterable[exp.Join]) -> bool:
    return all(
        not join.args.get("method")
        and join.args.get("side", "") in {"", "LEFT", "RIGHT", "FULL"}
        and join.args.get("kind", "") in {"", "INNER", "CROSS", "OUTER"}
        for join in joins
    )


def _names_in(item: exp.Expr) -> Iterator[str]:
    for each in item.find_all(exp.TableAlias, exp.Table):
        if isinstance(each, exp.TableAlias) or not each.alias:
            yield each.name.lower()


def column_meant(
    column: exp.Column, columns: Sequence[VisibleColumn], grammar: Grammar
) -> VisibleColumn | None:
    """Return the one of a scan's columns that a name means; None where its case leaves doubt."""
    name = folded(column.this, grammar)
    near = [each for each in columns if each.name.lower() == name.lower()]
    exact = near and (not grammar.folds_names or near[0].name == name)
    return near[0] if len(near) == 1 and exact else None


def operands(conjunct: exp.Expr) -> tuple[exp.Expr, list[exp.Expr]] | None:
    """Return what a plain comparison compares, and with what; None for any other condition.

    One dialect's parser notes a NOT as a part of the node, another one's around it: neither is plain.
    """
    parts = set(filter(conjunct.args.get, conjunct.args))
    if type(conjunct) in FLIPPED and parts == {"this", "expression"}:
        return conjunct.this, [conjunct.expression]
    if isinstance(conjunct, exp.Between) and parts == {"this", "low", "high"}:
        return conjunct.this, [conjunct.args["low"], conjunct.args["high"]]
    if isinstance(conjunct, exp.In) and parts == {"this", "expressions"}:
        return conjunct.this, conjunct.expressions
    if isinstance(conjunct, exp.Is) and parts == {"this", "expression"}:
        return (conjunct.this, []) if isinstance(conjunct.expression, exp.Null) else None
    return None
