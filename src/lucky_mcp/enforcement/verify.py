"""Reads the rendered text again, as a stranger would, and refuses it unless every scan is guarded.

Guards are most of a text and stand in many texts alike. So each is read once, by itself and in full, against
its decision; in a text, what is letter for letter such a guard is taken for one, and the rest is read with
`SELECT <mark>` in its place: fence, conditions behind the filters and whatever else is the statement's own.
Where the guard stood alone as columns, table and filters, the grammar of every engine reads what is around it
the same. A text that is not made of proved guards and a rest without tables is read as a whole.
"""

from __future__ import annotations

from collections import Counter
from functools import lru_cache

from sqlglot import exp

from lucky_mcp.enforcement.guard_scans import SCAN_ALIAS, set_fence
from lucky_mcp.enforcement.guard_shape import guard_shape
from lucky_mcp.enforcement.guard_texts import GuardText, guard_texts
from lucky_mcp.enforcement.known_text import not_safe, read_known
from lucky_mcp.enforcement.predicates import conjuncts, qualified
from lucky_mcp.enforcement.safe_conjuncts import is_safe
from lucky_mcp.enforcement.whole_text import guarded_tables, has_fence, root_limit
from lucky_mcp.errors import GuardFailed
from lucky_mcp.model.decision import Permit, TableDecision
from lucky_mcp.model.names import TableName
from lucky_mcp.model.source import Dialect, Kind, Source
from lucky_mcp.sql.dialects import ENGINE_DIALECTS
from lucky_mcp.sql.resolved import ResolvedQuery

PROOFS_KEPT = 4096
EMPTY = "lucky_proved"
QUOTES = {Kind.DUCKDB: '"', Kind.LAKE: '"', Kind.POSTGRES: '"', Kind.MYSQL: "`"}
EMPTIED_PARTS = {"expressions", "where", "limit", "offset"}


def verify(
    text: str, query: ResolvedQuery, permit: Permit, source: Source, *, rows_max: int, fenced: bool
) -> None:
    """Raise GuardFailed unless `text` reads exactly the query's scans, each under its guard."""
    scans = Counter(scan.table for scan in query.scans)
    if _holds_in_parts(text, scans, query.cte_prefix, permit, source, rows_max=rows_max, fenced=fenced):
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


def _holds_in_parts(
    text: str,
    scans: Counter[TableName],
    cte_prefix: str,
    permit: Permit,
    source: Source,
    *,
    rows_max: int,
    fenced: bool,
) -> bool:
    """Whether the text is made of proved guards, as many as the scans, and a rest that reads no table."""
    emptied = _emptied_text(text, permit, source, fenced=fenced)
    if emptied is None:
        return False
    try:
        tree = read_known(emptied, source.dialect, source.kind)
    except GuardFailed:
        return False
    limit = root_limit(tree)
    if limit is None or limit > rows_max + 1:
        return False
    found: Counter[TableName] = Counter()
    for node in tree.walk():
        if isinstance(node, exp.Table):
            own = isinstance(node.this, exp.Identifier) and node.name.startswith(cte_prefix)
            if not own or node.args.get("db") or node.args.get("catalog"):
                return False
        elif isinstance(node, exp.Subquery):
            decided = _guarded(node, permit, source.kind, fenced=fenced)
            if decided is not None:
                found[decided.table] += 1
    # One that stands in a literal, or is no derived table with its fence, is missing in what was found.
    return found == scans and found.total() == emptied.count(EMPTY)


def _emptied_text(text: str, permit: Permit, source: Source, *, fenced: bool) -> str | None:
    """Return the text with columns, table and filters of each guard gone; None when a guard is not proved.

    What is left of a guard is `SELECT "lucky_proved<n>"`, with `and` before n when conditions follow.
    """
    if EMPTY in text:
        return None
    quote = QUOTES[source.kind]
    for number, decided in enumerate(permit.tables):
        guard = guard_texts(decided, source.dialect, source.kind).engine
        if not _proved(guard, decided, source.dialect, source.kind):
            return None
        if fenced:
            text = text.replace(f"({guard.joined}", f"(SELECT {quote}{EMPTY}and{number}{quote} WHERE ")
        text = text.replace(f"({guard.alone}", f"(SELECT {quote}{EMPTY}{number}{quote}")
    return text


@lru_cache(maxsize=PROOFS_KEPT)
def _proved(guard: GuardText, decided: TableDecision, dialect: Dialect, kind: Kind) -> bool:
    """Whether the texts, read in full as a derived table, are the guard of the decision.

    `joined` is read with a condition behind it such as may follow there.
    """
    column = next((each for each in decided.columns if each.mask is None), None)
    quote, more = (
        QUOTES[kind],
        exp.Is(this=qualified(column.name if column else "", SCAN_ALIAS), expression=exp.null()),
    )
    behind = more.sql(dialect=ENGINE_DIALECTS[kind], identify=True)
    barrier = exp.Select()
    set_fence(barrier, kind)
    ending = barrier.sql(dialect=ENGINE_DIALECTS[kind]).removeprefix("SELECT")
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


def _guarded(derived: exp.Subquery, permit: Permit, kind: Kind, *, fenced: bool) -> TableDecision | None:
    """Return whose guard an emptied one was; None for any other query in parentheses."""
    select = derived.this
    if not isinstance(select, exp.Select) or not set(filter(select.args.get, select.args)) <= EMPTIED_PARTS:
        return None
    column = select.expressions[0]
    if len(select.expressions) != 1 or not isinstance(column, exp.Column) or column.args.get("table"):
        return None
    where = select.args.get("where")
    number = column.name.removeprefix(f"{EMPTY}and" if where else EMPTY)
    if not number.isdecimal() or int(number) >= len(permit.tables):
        return None
    decided = permit.tables[int(number)]
    others = conjuncts(where.this) if where else []
    if any(not fenced or not is_safe(each, decided, SCAN_ALIAS) for each in others):
        return None
    return decided if has_fence(select, kind, fenced=fenced) else None


def forget_guards() -> None:
    """Drop every text, shape and proof that is kept between statements; they are made anew when needed."""
    for kept in (guard_texts, guard_shape, _proved):
        kept.cache_clear()
