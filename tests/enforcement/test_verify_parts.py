"""Guards are rendered once and read once: nothing comes out otherwise than from whole trees and whole texts."""

from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial

import pytest
from sqlglot import exp

from lucky_mcp.enforcement import enforce, guard_scans, verify, whole_text
from lucky_mcp.enforcement.guard_texts import guard_texts
from lucky_mcp.enforcement.view_bodies import view_body
from lucky_mcp.errors import GuardFailed
from lucky_mcp.gateway.prepare import Prepared, prepare
from lucky_mcp.model.decision import Permit
from lucky_mcp.model.request import SqlRead
from lucky_mcp.model.source import Dialect, Kind
from lucky_mcp.sql.dialects import GRAMMARS
from lucky_mcp.sql.parse import parse
from lucky_mcp.sql.resolve import resolve
from lucky_mcp.sql.resolved import ResolvedQuery
from tests.enforcement.conftest import Shared, SharedByDialect
from tests.support.cases import RewriteCase, rewrite_cases
from tests.support.house import ANALYST, ENGINEER, EXECUTIVE

PRINCIPALS = {"analyst": ANALYST, "data_engineer": ENGINEER, "executive": EXECUTIVE}
CASES = [case for case in rewrite_cases() if case.role in PRINCIPALS]
CRM, SHOPS, MAP = "aws-luckyus-salescrm-rw", "aws-luckyus-opshop-rw", "aws-luckyus-pgilkmap-rw"


@pytest.fixture(autouse=True)
def both_texts(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let a text without fences be made as well, and leave nothing kept behind."""
    monkeypatch.setattr(enforce, "ALWAYS_FENCED", frozenset())
    yield
    verify.forget_guards()


each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.place} {case.title}")


def prepared(shared: Shared, source: str, sql: str, role: str = "analyst") -> Prepared:
    view = shared.gateway.view()
    request = SqlRead(source=source, sql=sql)
    return prepare(view, PRINCIPALS[role], view.policies.sources[source], request)


def whole(query: ResolvedQuery, permit: Permit, dialect: Dialect, *, written_out: bool) -> exp.Expr:
    """The tree with every guard in it, where `guard_scans` leaves a place; views by name, or written out."""
    tree = guard_scans.guard_scans(query, permit, dialect)
    places = tree.meta[guard_scans.PLACES]
    for index, place in enumerate(places):
        decided = permit.tables[int(place.expressions[0].name[1:])]
        body = view_body(decided, dialect, Kind.DUCKDB) if written_out else None
        guard = guard_scans.guard_select(decided, dialect, body)
        guard.meta[guard_scans.COPIES] = place.meta[guard_scans.COPIES]
        place.replace(guard)
        places[index] = guard
    return tree


@each_case
async def test_a_text_put_together_is_the_text_of_the_whole_tree(
    case: RewriteCase, shared_by_dialect: SharedByDialect, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = await shared_by_dialect.speaking(case.dialect)
    parts = prepared(shared, case.source, case.sql, case.role).guarded
    monkeypatch.setattr(enforce, "verify", lambda *args, **kwargs: None)
    monkeypatch.setattr(enforce, "guard_scans", partial(whole, written_out=False))
    named = prepared(shared, case.source, case.sql, case.role).guarded
    assert parts.text_agent == named.text_agent
    monkeypatch.setattr(enforce, "guard_scans", partial(whole, written_out=True))
    trees = prepared(shared, case.source, case.sql, case.role).guarded
    assert (parts.text, parts.text_fenced) == (trees.text, trees.text_fenced)


def watched(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the texts that are read as a whole from now on."""
    texts: list[str] = []

    def read(text: str, *args: object, **kwargs: object) -> Counter[object]:
        texts.append(text)
        return whole_text.guarded_tables(text, *args, **kwargs)  # type: ignore[arg-type, return-value]

    monkeypatch.setattr(verify, "guarded_tables", read)
    return texts


@each_case
async def test_what_is_accepted_in_parts_is_accepted_as_a_whole(
    case: RewriteCase, shared_by_dialect: SharedByDialect, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = await shared_by_dialect.speaking(case.dialect)
    texts = watched(monkeypatch)
    parts = prepared(shared, case.source, case.sql, case.role)
    assert not {parts.guarded.text, parts.guarded.text_fenced} & set(texts)
    monkeypatch.setattr(verify, "read_in_parts", lambda *args, **kwargs: None)
    assert prepared(shared, case.source, case.sql, case.role) == parts
    assert {parts.guarded.text, parts.guarded.text_fenced} <= set(texts)


# An agent's own words that look like the marks of either side.
LOOK_ALIKES = [
    "SELECT 'lucky_proved0' AS x, COUNT(*) AS n FROM t_shop_info",
    "SELECT (SELECT 1 AS lucky_proved0) AS y, COUNT(*) AS n FROM t_shop_info",
    "SELECT lucky_proved0 FROM (SELECT shop_no AS lucky_proved0 FROM t_shop_info) AS x",
    "SELECT '(SELECT \"lucky_proved0\")' AS x, shop_no FROM t_shop_info",
    "SELECT 'SELECT `0`' AS x, shop_no FROM t_shop_info",
    "WITH lucky_proved0 AS (SELECT shop_no FROM t_shop_info) SELECT * FROM lucky_proved0",
]


@pytest.mark.parametrize("sql", LOOK_ALIKES)
def test_words_of_an_agent_are_not_taken_for_a_mark(
    sql: str, shared: Shared, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = prepared(shared, SHOPS, sql)
    monkeypatch.setattr(verify, "read_in_parts", lambda *args, **kwargs: None)
    assert prepared(shared, SHOPS, sql) == parts


def test_a_guard_in_a_literal_is_no_scan(shared: Shared) -> None:
    """The guard of this table holds no literal, so its text can stand in one letter for letter."""
    first = prepared(shared, MAP, "SELECT lat FROM store_location")
    guard = guard_texts(first.permit.tables[0], Dialect.POSTGRES, first.source.kind).engine
    assert "'" not in guard.alone
    fenced = f"({guard.alone} LIMIT {guard_scans.FENCE_ROWS})"
    assert fenced in first.guarded.text_fenced
    done = prepared(shared, MAP, f"SELECT '{fenced}' AS x, lat FROM store_location")
    assert f"'{fenced}'" in done.guarded.text_fenced


def test_a_mark_of_an_agent_does_not_become_a_guard(shared: Shared) -> None:
    with pytest.raises(GuardFailed):
        prepared(shared, SHOPS, "SELECT 'SELECT `\\00`' AS x, shop_no FROM t_shop_info")


def without_filters(select: exp.Select) -> exp.Select:
    select.set("where", None)
    return select


def without_table(select: exp.Select) -> exp.Select:
    return exp.select(*(exp.alias_("'x'", each.alias, quoted=True) for each in select.expressions))


@pytest.mark.parametrize("damage", [without_filters, without_table])
def test_a_damaged_guard_is_never_proved(
    damage: Callable[[exp.Select], exp.Select], shared: Shared, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = guard_scans.guard_select
    verify.forget_guards()
    monkeypatch.setattr(guard_scans, "guard_select", lambda *args: damage(original(*args)))
    with pytest.raises(GuardFailed):
        prepared(shared, SHOPS, "SELECT shop_no FROM t_shop_info")


# What may not stand in a place of our own: each is put right behind a proved guard, before its fence.
GLUED = [
    " OR TRUE",
    " AND TRUE",
    " AND 1 = 1",
    ' AND "lucky_scan"."shop_no" > "lucky_scan"."city"',
    ' AND 1 / ("lucky_scan"."id" - 5) > 0',
    ' WHERE "lucky_scan"."shop_no" = 1',
    " GROUP BY ALL",
    ", 1 AS x",
    " UNION ALL SELECT 1",
    "x",
    "'x'",
    "::text",
    ' AND "lucky_scan"."id" = 1 OR TRUE',
    ' AND "lucky_scan"."id" = 1 OR "lucky_scan"."id" = 2',
    ' AND "lucky_scan"."country_code" IN (SELECT \'US\')',
    ' AND "other"."id" = 1',
]


@pytest.mark.parametrize("glued", GLUED)
def test_what_is_glued_to_a_proved_guard_is_refused(glued: str, shared: Shared) -> None:
    view = shared.gateway.view()
    source, grammar = view.policies.sources[SHOPS], GRAMMARS[view.policies.sources[SHOPS].dialect]
    sql = "SELECT shop_no FROM t_shop_info WHERE id = 4"
    query = resolve(parse(sql, grammar), grammar, view.policies.catalogs[SHOPS], source.default_schema)
    done = prepared(shared, SHOPS, sql)

    def check(text: str) -> None:
        verify.verify(text, query, done.permit, source, rows_max=100, fenced=True)

    text, copy, barrier = (
        done.guarded.text_fenced,
        ' AND "lucky_scan"."id" = 4',
        f" LIMIT {guard_scans.FENCE_ROWS}",
    )
    assert copy + barrier in text
    check(text)
    check(text.replace(copy, ""))
    for damaged in (text.replace(barrier, glued + barrier), text.replace(copy, glued)):
        with pytest.raises(GuardFailed):
            check(damaged)
