"""Conditions of the agent's that may stand inside a fence: they cannot fail and reveal no masked value.

A fence keeps the agent's conditions out of the scan, and with them the index they would use. A copy of
`column op literal` may go in again: on any row, hidden or not, it gives true, false or NULL and never an
error, so neither the rows nor an error tells of hidden rows. The condition itself stays where it was.
"""

from __future__ import annotations

import re
from datetime import date, datetime

from sqlglot import exp

from lucky_mcp.enforcement.predicates import conjuncts, qualified
from lucky_mcp.model.decision import TableDecision, VisibleColumn
from lucky_mcp.sql.dialects import Grammar, folded
from lucky_mcp.sql.resolved import Scan

COPIES_MAX = 16
VALUES_MAX = 1000
# No operand is ever turned into a type that cannot hold every value of the other side, on any engine.
NUMBER = re.compile(r"\d{1,15}(?:\.\d{1,6})?")
DECIMAL_DIGITS_MAX, DECIMAL_SCALE_MAX = 28, 10
DECIMALS = frozenset({"DECIMAL", "NUMERIC"})
INTEGERS = frozenset({"TINYINT", "SMALLINT", "MEDIUMINT", "INT", "INTEGER", "BIGINT"})
FLOATS = frozenset({"FLOAT", "REAL", "DOUBLE", "DOUBLE PRECISION"})
TEXTS = frozenset({"VARCHAR", "CHAR", "CHARACTER VARYING", "CHARACTER", "TEXT", "MEDIUMTEXT", "LONGTEXT"})
TIMESTAMPS = frozenset({"TIMESTAMP", "DATETIME", "TIMESTAMP WITHOUT TIME ZONE"})
BOOLEANS = frozenset({"BOOLEAN", "BOOL"})
DATE_TYPES = frozenset({exp.DType.DATE})
TIME_TYPES = DATE_TYPES | {exp.DType.TIMESTAMP, exp.DType.TIMESTAMPNTZ, exp.DType.DATETIME}
FLIPPED: dict[type[exp.Expr], type[exp.Binary]] = {
    exp.EQ: exp.EQ,
    exp.LT: exp.GT,
    exp.LTE: exp.GTE,
    exp.GT: exp.LT,
    exp.GTE: exp.LTE,
}


def safe_conjuncts(scan: Scan, decided: TableDecision, grammar: Grammar, alias: str) -> tuple[exp.Expr, ...]:
    """Return copies, over the columns of `alias`, of the conditions that hold for every row used of `scan`.

    They are parts of the WHERE of the scan's own SELECT, or of an ON that drops what does not satisfy it.
    Call it while the scan still stands in the statement. Where a name or a join leaves doubt, nothing is
    returned: the scan is then only slower.
    """
    select = _own_select(scan.node)
    if select is None or not _joins_are_plain(select) or not _alias_is_its_own(scan.node, select):
        return ()
    found = []
    for condition, may_be_null in _conditions(scan.node, select):
        for part in [*conjuncts(condition), *_implied(conjuncts(condition), scan, decided, grammar, select)]:
            copied = _copied(part, scan, decided, grammar, select, alias)
            if copied is not None and (may_be_null or not isinstance(copied, exp.Is)):
                found.append(copied)
    return tuple(found[:COPIES_MAX])


def is_safe(conjunct: exp.Expr, decided: TableDecision, alias: str) -> bool:
    """Whether a condition compares an unmasked column of `alias` with literals and can never fail."""
    if isinstance(conjunct, exp.In) and set(filter(conjunct.args.get, conjunct.args)) != {
        "this",
        "expressions",
    }:
        return False
    found = _operands(conjunct)
    if found is None:
        return False
    column, literals = found
    if not isinstance(column, exp.Column) or column.table != alias or column.args.get("db"):
        return False
    meant = next((each for each in decided.columns if each.name == column.name), None)
    return meant is not None and _is_comparable(meant, literals)


def _own_select(node: exp.Table) -> exp.Select | None:
    """Return the SELECT whose FROM lists the table itself; None inside brackets or with joins of its own."""
    if node.args.get("joins") or node.args.get("laterals") or node.args["alias"].args.get("columns"):
        return None
    select = node.parent.parent if isinstance(node.parent, exp.From | exp.Join) else None
    return select if isinstance(select, exp.Select) and not select.args.get("laterals") else None


def _joins_are_plain(select: exp.Select) -> bool:
    return all(
        not join.args.get("method")
        and join.args.get("side", "") in {"", "LEFT", "RIGHT", "FULL"}
        and join.args.get("kind", "") in {"", "INNER", "CROSS", "OUTER"}
        for join in select.args.get("joins") or ()
    )


def _alias_is_its_own(node: exp.Table, select: exp.Select) -> bool:
    """Engines differ in how they compare aliases, so another one that differs in case alone is too near."""
    items = [select.args["from_"], *(select.args.get("joins") or ())]
    names = [alias.name.lower() for item in items for alias in item.find_all(exp.TableAlias)]
    names += [each.name.lower() for item in items for each in item.find_all(exp.Table) if not each.alias]
    return names.count(node.alias.lower()) == 1


def _conditions(node: exp.Table, select: exp.Select) -> list[tuple[exp.Expr, bool]]:
    """Return conditions with whether `IS NULL` in them speaks of the table's own values.

    WHERE and the ON of an inner join drop every row whose condition is not true, also where an outer join
    has filled the table's columns with NULL: for comparisons, NULL is not true. The ON of a LEFT JOIN
    does so for the table on its right alone. Beside a comma no ON counts: it may not see the tables before
    the comma, and mean those of an outer query.
    """
    joins = select.args.get("joins") or []
    inner = not any(join.args.get("side") for join in joins)
    where = select.args.get("where")
    found: list[tuple[exp.Expr, bool]] = [(where.this, inner)] if where is not None else []
    if any(set(filter(join.args.get, join.args)) == {"this"} for join in joins):
        return found
    reached = isinstance(node.parent, exp.From)
    for join in joins:
        own = id(join) == id(node.parent)
        reached = reached or own
        if not join.args.get("on") or not reached:
            continue
        if not join.args.get("side"):
            found.append((join.args["on"], inner))
        elif own and join.args["side"] == "LEFT":
            found.append((join.args["on"], True))
    return found


def _implied(
    parts: list[exp.Expr], scan: Scan, decided: TableDecision, grammar: Grammar, select: exp.Select
) -> list[exp.Expr]:
    """Return `ours = number` where the parts say `ours = theirs`, and WHERE says `theirs = number`.

    A row whose `theirs` is another number is dropped by WHERE, whatever it was joined with. Only for whole
    numbers: between other types equality need not carry over.
    """
    where = select.args.get("where")
    keys = [each for each in conjuncts(where.this) if isinstance(each, exp.EQ)] if where is not None else []
    keys = [each for each in keys if isinstance(each.expression, exp.Literal) and each.expression.is_int]
    found: list[exp.Expr] = []
    for part in parts:
        if not isinstance(part, exp.EQ) or not isinstance(part.expression, exp.Column):
            continue
        for ours, theirs in ((part.this, part.expression), (part.expression, part.this)):
            if not isinstance(ours, exp.Column) or not _is_of(ours, scan, grammar, select):
                continue
            meant = _column(ours, decided, grammar)
            if meant is not None and _base_type(meant)[0] in INTEGERS:
                values = [key.expression for key in keys if _same_column(key.this, theirs, grammar)]
                found += [exp.EQ(this=ours.copy(), expression=value.copy()) for value in values]
    return found


def _same_column(left: exp.Expr, right: exp.Expr, grammar: Grammar) -> bool:
    if not isinstance(left, exp.Column) or not isinstance(right, exp.Column):
        return False
    parts = [(each.args.get("table"), each.this) for each in (left, right)]
    names = [(folded(table, grammar), folded(name, grammar)) for table, name in parts if table is not None]
    return len(names) == 2 and names[0] == names[1]


def _copied(
    part: exp.Expr, scan: Scan, decided: TableDecision, grammar: Grammar, select: exp.Select, alias: str
) -> exp.Expr | None:
    if type(part) in FLIPPED and isinstance(part.expression, exp.Column):
        part = FLIPPED[type(part)](this=part.expression.copy(), expression=part.this.copy())
    column = part.this
    if not isinstance(column, exp.Column) or not _is_of(column, scan, grammar, select):
        return None
    meant = _column(column, decided, grammar)
    if meant is None:
        return None
    copied = part.copy()
    copied.set("this", qualified(meant.name, alias))
    return copied if is_safe(copied, decided, alias) else None


def _is_of(column: exp.Column, scan: Scan, grammar: Grammar, select: exp.Select) -> bool:
    qualifier = column.args.get("table")
    if qualifier is None:
        return not select.args.get("joins")
    return folded(qualifier, grammar) == folded(scan.node.args["alias"].this, grammar)


def _column(column: exp.Column, decided: TableDecision, grammar: Grammar) -> VisibleColumn | None:
    name = folded(column.this, grammar)
    near = [each for each in decided.columns if each.name.lower() == name.lower()]
    exact = near and (not grammar.folds_names or near[0].name == name)
    return near[0] if len(near) == 1 and exact else None


def _operands(conjunct: exp.Expr) -> tuple[exp.Expr, list[exp.Expr]] | None:
    """One dialect's parser notes a NOT as a part of the node, another one's around it: neither is copied."""
    parts = set(filter(conjunct.args.get, conjunct.args))
    if type(conjunct) in FLIPPED and parts == {"this", "expression"}:
        return conjunct.this, [conjunct.expression]
    if isinstance(conjunct, exp.Between) and parts == {"this", "low", "high"}:
        return conjunct.this, [conjunct.args["low"], conjunct.args["high"]]
    if isinstance(conjunct, exp.In) and parts == {"this", "expressions"}:
        return (conjunct.this, conjunct.expressions) if len(conjunct.expressions) <= VALUES_MAX else None
    if isinstance(conjunct, exp.Is) and parts == {"this", "expression"}:
        return (conjunct.this, []) if isinstance(conjunct.expression, exp.Null) else None
    return None


def _is_comparable(column: VisibleColumn, literals: list[exp.Expr]) -> bool:
    if column.mask is not None:
        return False
    base, sizes = _base_type(column)
    if base in INTEGERS or base in FLOATS or (base in DECIMALS and _is_narrow(sizes)):
        return all(map(_is_number, literals))
    if base in TEXTS:
        return all(isinstance(each, exp.Literal) and each.is_string for each in literals)
    if base in BOOLEANS:
        return all(isinstance(each, exp.Boolean) for each in literals)
    if base == "DATE":
        return all(_is_time(each, DATE_TYPES) for each in literals)
    return base in TIMESTAMPS and all(_is_time(each, TIME_TYPES) for each in literals)


def _base_type(column: VisibleColumn) -> tuple[str, str]:
    base, _, sizes = column.type.upper().partition("(")
    return base.strip().removesuffix(" UNSIGNED"), sizes


def _is_narrow(sizes: str) -> bool:
    numbers = [int(size) for size in re.findall(r"\d+", sizes)]
    return bool(numbers) and numbers[0] <= DECIMAL_DIGITS_MAX and sum(numbers[1:]) <= DECIMAL_SCALE_MAX


def _is_number(node: exp.Expr) -> bool:
    bare = node.this if isinstance(node, exp.Neg) else node
    return isinstance(bare, exp.Literal) and not bare.is_string and bool(NUMBER.fullmatch(bare.name))


def _is_time(node: exp.Expr, types: frozenset[exp.DType]) -> bool:
    """A date or time of the calendar, since one that is not may fail once a row meets it."""
    if isinstance(node, exp.Cast):
        if node.to.this not in types or node.to.expressions:
            return False
        types, node = frozenset({node.to.this}), node.this
    if not isinstance(node, exp.Literal) or not node.is_string:
        return False
    return _is_of_calendar(node.name, date if types == DATE_TYPES else datetime)


def _is_of_calendar(text: str, kind: type[date]) -> bool:
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}(?:[ T]\d{2}:\d{2}:\d{2}(?:\.\d{3}|\.\d{6})?)?", text):
        return False
    try:
        return kind.fromisoformat(text).year >= 1000
    except ValueError:
        return False
