"""Filters through a parent that a statement implies, since it joins rows with their visible parents itself.

`items.order_id IN (SELECT order_id FROM orders WHERE …)` says nothing new where every item that is used
equals, by its order_id, a row of orders that is read behind the very same filter. Servers do not see that,
and look each order up twice. Only a statement that cannot fail may go without: elsewhere a hidden row could
still make it fail.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from sqlglot import exp

from lucky_mcp.model.decision import TableDecision
from lucky_mcp.model.predicate import Predicate, Through, every_part
from lucky_mcp.model.requirement import Equated
from lucky_mcp.sql.correlation import names_in_from, select_around
from lucky_mcp.sql.dialects import Grammar, folded
from lucky_mcp.sql.from_items import FromItems
from lucky_mcp.sql.resolved import Scan
from lucky_mcp.sql.scan_conditions import Conditions, conditions_around, conjuncts
from lucky_mcp.sql.scan_facts import family, scan_facts

ANY_TIME = datetime(2000, 1, 1)  # noqa: DTZ001  (equalities do not lean on the clock)


def without_parents(decided: TableDecision) -> TableDecision | None:
    """Return the decision without its filters through a parent; None when it has none.

    Or when its rows are compared with each other: hidden ones would be among them.
    """
    if decided.compares_rows:
        return None
    kept = tuple(each for each in decided.filters if not isinstance(each.predicate, Through))
    return replace(decided, filters=kept) if len(kept) < len(decided.filters) else None


def implied_filters(
    scans: Sequence[Scan], decided: Sequence[TableDecision], grammar: Grammar
) -> frozenset[int]:
    """Return the positions of the scans all of whose filters through a parent the statement implies.

    `decided` are the decisions of the scans, in full. Call it while the scans stand in the statement. Of a
    parent that is leant on no filter is left out.
    """
    asking = {at for at, each in enumerate(decided) if each.below is None and without_parents(each)}
    if not asking or len(scans) < 2:
        return frozenset()
    equal = _equalities(scans, decided, grammar)
    found = {at for at in asking if _is_implied(decided[at], equal[at], scans, decided, asking)}
    return frozenset(found)


def _is_implied(
    child: TableDecision,
    equal: Iterable[Equated],
    scans: Sequence[Scan],
    decided: Sequence[TableDecision],
    asking: set[int],
) -> bool:
    throughs = [each.predicate for each in child.filters if isinstance(each.predicate, Through)]
    facts = [each for each in equal if each.other not in asking]
    return all(
        any(
            (fact.column, fact.other_column) == (through.column, through.parent_column)
            and scans[fact.other].table == through.parent
            and decided[fact.other].below is None
            and set(every_part(through.filter)) <= _filters(decided[fact.other])
            for fact in facts
        )
        for through in throughs
    )


def _filters(decided: TableDecision) -> set[Predicate]:
    return {part for each in decided.filters for part in every_part(each.predicate)}


def _equalities(
    scans: Sequence[Scan], decided: Sequence[TableDecision], grammar: Grammar
) -> list[list[Equated]]:
    """Return what each scan's rows equal, in their own SELECT and in the one around an EXISTS or IN."""
    columns = {each.table: each.columns for each in decided}
    facts = scan_facts(scans, grammar, columns, ANY_TIME)
    found = [[fact for fact in each if isinstance(fact, Equated)] for each in facts]
    known: dict[int, Conditions] = {}
    for scan in scans:
        conditions_around(scan.node, known)
    seen = [columns[scan.table] for scan in scans]

    def items(conditions: Conditions) -> FromItems:
        return FromItems(conditions.select, scans, seen, grammar, known)

    for conditions in list(known.values()):
        around = select_around(conditions.select)
        outer = known.get(id(around)) if around is not None else None
        if outer is not None:
            _add_correlated(found, scans, conditions, items(conditions), items(outer), grammar)
    return found


def _add_correlated(
    found: list[list[Equated]],
    scans: Sequence[Scan],
    conditions: Conditions,
    own: FromItems,
    outer: FromItems,
    grammar: Grammar,
) -> None:
    """Add what WHERE equates with a column of the query around, by a qualifier that means nothing in here."""
    names = names_in_from(conditions.select)
    for condition in (each for each in conditions.all if each.join < 0):
        for part in conjuncts(condition.expression):
            if not isinstance(part, exp.EQ):
                continue
            for mine, other in ((part.this, part.expression), (part.expression, part.this)):
                qualifier = other.args.get("table") if isinstance(other, exp.Column) else None
                if qualifier is None or folded(qualifier, grammar).lower() in names:
                    continue
                for (at, column), (there, its) in zip(
                    own.places(mine, None)[:1], outer.places(other, None)[:1], strict=False
                ):
                    same = family(column) == family(its) != ""
                    if same and conditions.holds(condition, scans[at].node) is not None:
                        found[at].append(Equated(column=column.name, other=there, other_column=its.name))
