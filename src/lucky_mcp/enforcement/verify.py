"""Reads the rendered text again, as a stranger would, and refuses it unless every scan is guarded.

Guards are most of a text and stand in many texts alike. So each is read once, by itself and in full, against
its decision; in a text, what is letter for letter such a guard is taken for one, and the rest is read with a
mark in its place. A guard with its fence and both its brackets leaves the name of a table, which counts where
the grammar takes it for one, in FROM or a join: there every engine reads what is around it the same. One that
conditions follow leaves `SELECT <mark>`, and its fence and the conditions are read with the rest. A text that
is not made of proved guards and a rest without tables is read as a whole.
"""

from __future__ import annotations

from collections import Counter
from functools import cache, lru_cache, partial

from sqlglot import exp

from lucky_mcp.enforcement.guard_reading import definition_text, has_fence
from lucky_mcp.enforcement.guard_scans import SCAN_ALIAS, set_fence
from lucky_mcp.enforcement.guard_shape import guard_shape
from lucky_mcp.enforcement.guard_texts import GuardText, alike, guard_texts
from lucky_mcp.enforcement.known_text import not_safe, read_known
from lucky_mcp.enforcement.predicates import qualified
from lucky_mcp.enforcement.safe_conjuncts import is_safe
from lucky_mcp.enforcement.whole_text import guarded_tables, is_bounded
from lucky_mcp.errors import GuardFailed
from lucky_mcp.model.decision import Permit, TableDecision
from lucky_mcp.model.names import TableName
from lucky_mcp.model.source import Dialect, Kind, Source
from lucky_mcp.sql.dialects import ENGINES
from lucky_mcp.sql.nodes import Nodes
from lucky_mcp.sql.resolved import ResolvedQuery
from lucky_mcp.sql.scan_conditions import conjuncts
from lucky_mcp.telemetry.steps import step

PROOFS_KEPT = 4096
EMPTY = "lucky_proved"
QUOTES = {Kind.DUCKDB: '"', Kind.LAKE: '"', Kind.POSTGRES: '"', Kind.REDSHIFT: '"', Kind.MYSQL: "`"}
MARKED_PLACES = (exp.From, exp.Join, exp.Subquery)  # the last is a join in brackets
MARKED_PARTS = {"this", "alias", "joins", "laterals"}
EMPTIED_PARTS = {"expressions", "where", "limit", "offset"}


@step("verify")
def verify(
    text: str, query: ResolvedQuery, permit: Permit, source: Source, *, rows_max: int, fenced: bool
) -> None:
    """Raise GuardFailed unless `text` reads exactly the query's scans, each under its guard."""
    same = alike(permit.tables, source.dialect, source.kind)
    scans = Counter(same.get(scan.table, scan.table) for scan in query.scans)
    if (
        read_in_parts(text, scans, query.cte_prefix, permit, source, rows_max=rows_max, fenced=fenced)
        is not None
    ):
        return
    found = guarded_tables(
        text,
        permit.tables,
        source.dialect,
        source.kind,
        cte_prefix=query.cte_prefix,
        rows_max=rows_max,
        fenced=fenced,
    )
    if found != scans:
        raise not_safe("the scans differ from those of the statement")


def read_in_parts(
    text: str,
    scans: Counter[TableName],
    cte_prefix: str,
    permit: Permit,
    source: Source,
    *,
    rows_max: int,
    fenced: bool,
) -> Nodes | None:
    """Return the rest of a text that is made of proved guards, as many as the scans, and reads nothing else.

    None for any other text. In the rest, names that `marked_number` knows stand for guards.
    """
    emptied = _emptied_text(text, permit, source, fenced=fenced)
    if emptied is None:
        return None
    try:
        nodes = read_known(emptied, source.dialect, source.kind)
    except GuardFailed:
        return None
    if not is_bounded(nodes.tree, permit.tables, source.kind, rows_max, partial(_is_guard, permit=permit)):
        return None
    found: Counter[TableName] = Counter()
    for table in nodes.of(exp.Table):
        marked = _marked(table, permit)
        if marked is not None:
            found[marked.table] += 1
            continue
        own = isinstance(table.this, exp.Identifier) and table.name.startswith(cte_prefix)
        if not own or table.args.get("db") or table.args.get("catalog"):
            return None
    for derived in nodes.of(exp.Subquery):
        decided = _guarded(derived, permit, source.kind, fenced=fenced)
        if decided is not None:
            found[decided.table] += 1
    # One that stands in a literal, or is no derived table with its fence, is missing in what was found.
    return nodes if found == scans and found.total() == emptied.count(EMPTY) else None


def _emptied_text(text: str, permit: Permit, source: Source, *, fenced: bool) -> str | None:
    """Return the text with columns, table and filters of each guard gone; None when a guard is not proved.

    What is left of a guard is `"lucky_proved<n>"`, or `(SELECT "lucky_proved<n>" WHERE …)` when conditions
    follow.
    """
    if EMPTY in text:
        return None
    quote, ending = QUOTES[source.kind], _ending(source.kind) if fenced else ""
    guards = [guard_texts(each, source.dialect, source.kind).engine for each in permit.tables]
    # Longest first: a view's guard holds others, which are proved with it.
    for number in sorted(range(len(guards)), key=lambda at: len(guards[at].alone), reverse=True):
        decided, guard = permit.tables[number], guards[number]
        if not _proved(guard, decided, source.dialect, source.kind):
            return None
        if fenced:
            text = text.replace(f"({guard.joined}", f"(SELECT {quote}{EMPTY}{number}{quote} WHERE ")
        text = text.replace(f"({guard.alone}{ending})", f" {quote}{EMPTY}{number}{quote} ")
    return text


@lru_cache(maxsize=PROOFS_KEPT)
def _proved(guard: GuardText, decided: TableDecision, dialect: Dialect, kind: Kind) -> bool:
    """Whether the texts, read in full as a derived table, are the guard of the decision.

    `joined` is read with a condition behind it such as may follow there.
    """
    plain = (each for each in decided.columns if each.mask is None and not each.masks_below)
    column = None if decided.compares_rows else next(plain, None)
    quote, more = (
        QUOTES[kind],
        exp.Is(this=qualified(column.name if column else "", SCAN_ALIAS), expression=exp.null()),
    )
    behind = more.sql(dialect=ENGINES[kind], identify=True)
    ending = _ending(kind)
    forms = [(guard.alone, False), (guard.alone + ending, True)]
    if column is not None:
        forms.append((guard.joined + behind + ending, True))
    try:
        for form, fenced in forms:
            text = f"SELECT * FROM ({form}) AS {quote}{EMPTY}{quote} LIMIT 1"  # noqa: S608
            found = guarded_tables(text, (decided,), dialect, kind, cte_prefix="", rows_max=1, fenced=fenced)
            if found != Counter([decided.table]):
                return False
    except GuardFailed:
        return False
    return True


@cache
def _ending(kind: Kind) -> str:
    """Return how the fence is written behind a guard."""
    barrier = exp.Select()
    set_fence(barrier, kind)
    return barrier.sql(dialect=ENGINES[kind]).removeprefix("SELECT")


def _marked(table: exp.Table, permit: Permit) -> TableDecision | None:
    """Return whose guard a table's name stands for; None for any other name."""
    if not isinstance(table.parent, MARKED_PLACES) or not isinstance(table.this, exp.Identifier):
        return None
    if not set(filter(table.args.get, table.args)) <= MARKED_PARTS:
        return None
    return _numbered(table.name, permit)


def _is_guard(item: exp.Expr, permit: Permit) -> bool:
    """Whether an item of FROM is a name that stands for a guard, or an emptied one with conditions."""
    if isinstance(item, exp.Table):
        return _marked(item, permit) is not None
    column = item.this.expressions[0] if isinstance(item.this, exp.Select) else None
    return isinstance(column, exp.Column) and _numbered(column.name, permit) is not None


def _guarded(derived: exp.Subquery, permit: Permit, kind: Kind, *, fenced: bool) -> TableDecision | None:
    """Return whose guard an emptied one with conditions was; None for any other query in parentheses."""
    select = derived.this
    if not isinstance(select, exp.Select) or not set(filter(select.args.get, select.args)) <= EMPTIED_PARTS:
        return None
    column = select.expressions[0]
    if len(select.expressions) != 1 or not isinstance(column, exp.Column) or column.args.get("table"):
        return None
    where, decided = select.args.get("where"), _numbered(column.name, permit)
    if where is None or decided is None or not fenced or not has_fence(select, kind, fenced=True):
        return None
    return decided if all(is_safe(each, decided, SCAN_ALIAS) for each in conjuncts(where.this)) else None


def _numbered(name: str, permit: Permit) -> TableDecision | None:
    number = marked_number(name, permit)
    return None if number is None else permit.tables[number]


def marked_number(name: str, permit: Permit) -> int | None:
    """Return the position, among the decision's tables, of the guard that a name stands for."""
    number = name.removeprefix(EMPTY)
    if not name.startswith(EMPTY) or not number.isdecimal() or int(number) >= len(permit.tables):
        return None
    return int(number)


def forget_guards() -> None:
    """Drop every text, shape and proof that is kept between statements; they are made anew when needed."""
    for kept in (guard_texts, guard_shape, definition_text, _proved):
        kept.cache_clear()
