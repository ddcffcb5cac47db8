"""Replaces every scan of a table or view by a derived table that is already filtered and masked.

The engine then resolves columns itself and sees exactly what a physically filtered and masked copy
would have: stars, USING, NATURAL, correlation and whole rows are right by construction.

The tree gets a marked place for each guard, and the guards' own text is put there after rendering: it is the
same for every statement that reads the table under one decision, so it is rendered once.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from lucky_mcp.enforcement.mask_forms import mask_expression
from lucky_mcp.enforcement.predicates import predicate_expression, qualified, table_expression
from lucky_mcp.enforcement.safe_conjuncts import Selects, safe_conjuncts
from lucky_mcp.model.decision import Permit, TableDecision, VisibleColumn
from lucky_mcp.model.source import Dialect, Kind
from lucky_mcp.sql.resolved import ResolvedQuery

SCAN_ALIAS = "lucky_scan"
COPIES = "lucky_copies"
PLACES = "lucky_places"
FENCE_ROWS = 9223372036854775807
HANGING = ("joins", "laterals")
# No accepted text holds this character, quoted or not, so nothing of an agent's is taken for a place.
MARK = "\x00"
# Whether a plain text fails can depend on hidden rows even when the fenced one fails on visible rows too, so
# a fence for the second try is not enough, and every engine runs the fenced text (docs/decisions/0011, 0012).
ALWAYS_FENCED = frozenset(Kind)


class _Notes(dict[str, object]):
    """What is noted at a place, handed over as it is when the tree around it is copied."""

    def __deepcopy__(self, memo: object) -> _Notes:
        return self


def guard_scans(query: ResolvedQuery, permit: Permit, dialect: Dialect) -> exp.Expr:
    """Return the tree with a marked place for the guard of every scan, in place.

    The mark is the table's number in the decision; KeyError when the decision misses a table.
    """
    numbers = {decided.table: number for number, decided in enumerate(permit.tables)}
    selects = Selects(query.grammar)
    copies = [
        safe_conjuncts(scan, permit.tables[numbers[scan.table]], selects, SCAN_ALIAS) for scan in query.scans
    ]
    places: list[exp.Select] = []
    for scan, safe in zip(query.scans, copies, strict=True):
        place = exp.Select(expressions=[marked_column(str(numbers[scan.table]))])
        place._meta = _Notes({COPIES: safe})
        places.append(place)
        derived = exp.Subquery(this=place, alias=scan.node.args["alias"])
        move_hanging_joins(scan.node, derived)
        scan.node.replace(derived)
    query.tree._meta = _Notes({PLACES: places})
    return query.tree


def renumber(tree: exp.Expr, numbers: Mapping[int, int]) -> None:
    """Mark the places of some scans, by their position, with another decision's number, in place."""
    for at, number in numbers.items():
        tree.meta[PLACES][at].set("expressions", [marked_column(str(number))])


def marked_column(word: str) -> exp.Column:
    """Return what renders as a name that no agent can write."""
    return exp.Column(this=exp.to_identifier(f"{MARK}{word}", quoted=True))


def guard_select(decided: TableDecision, dialect: Dialect, body: exp.Query | None = None) -> exp.Select:
    """Return `SELECT visible columns, masked FROM schema.table WHERE filters` for one table.

    With a `body` that is read instead of the name.
    """
    select = exp.Select().select(*(_projection(column, dialect) for column in decided.columns))
    read = (
        table_expression(decided.table, SCAN_ALIAS) if body is None else body.subquery(SCAN_ALIAS, copy=False)
    )
    select = select.from_(read, copy=False)
    for row_filter in decided.filters:
        select = select.where(predicate_expression(row_filter.predicate, SCAN_ALIAS))
    return select


def fence(tree: exp.Expr, kind: Kind) -> exp.Expr:
    """Keep engines from moving the agent's predicates into a scan: every guard's place gets a barrier.

    The tree is changed in place. A limit that cannot be reached is a barrier: without it an agent's predicate
    can be evaluated on rows that the filter drops, and its error tells something about them. What cannot
    fail goes inside as well, as a copy, so that an index serves it.
    """
    for place in tree.meta[PLACES]:
        if place.meta[COPIES]:
            place.where(*place.meta[COPIES], copy=False)
        set_fence(place, kind)
    return tree


def set_fence(select: exp.Select, kind: Kind) -> None:
    """Put the barrier that one engine respects into a guard, in place.

    PostgreSQL plans `OFFSET 0` as no step at all, where a limit would forbid parallel scans.
    """
    if kind is Kind.POSTGRES:
        select.set("offset", exp.Offset(expression=exp.Literal.number(0)))
    else:
        select.set("limit", exp.Limit(expression=exp.Literal.number(FENCE_ROWS)))


def _projection(column: VisibleColumn, dialect: Dialect) -> exp.Expr:
    value = qualified(column.name, SCAN_ALIAS)
    shown = value if column.mask is None else mask_expression(column, value, dialect)
    return exp.alias_(shown, exp.to_identifier(column.name, quoted=True))


def move_hanging_joins(scan: exp.Expr, derived: exp.Expr) -> None:
    """A parenthesised join hangs on the table's node; dropped with it, the other table would vanish."""
    for part in HANGING:
        hanging = scan.args.get(part)
        if hanging:
            scan.set(part, None)
            derived.set(part, hanging)
