"""Every rewrite case: the golden text is what is sent, and all its forms answer as the clean twin does."""

from collections import Counter
from functools import cache

import pytest
import sqlglot

from lucky_mcp.demo.roster import DIALECTS
from lucky_mcp.gateway.prepare import find_source, prepare
from lucky_mcp.model.request import SqlRead
from lucky_mcp.model.source import Dialect
from tests.enforcement.conftest import SharedByDialect
from tests.support.cases import RewriteCase, as_csv, csv_lines, guards, one_space, rewrite_cases, with_guards
from tests.support.house import ANALYST, ENGINEER, EXECUTIVE
from tests.support.twin import Rows, as_multiset, in_order

PRINCIPALS = {"analyst": ANALYST, "data_engineer": ENGINEER, "executive": EXECUTIVE}
CASES = rewrite_cases()
guards_in = cache(guards)


def is_ordered(case: RewriteCase) -> bool:
    tree = sqlglot.parse_one(case.sql, read=case.dialect or DIALECTS[case.source])
    return tree.args.get("order") is not None or tree.unnest().args.get("order") is not None


def same_rows(case: RewriteCase, rows: Rows, others: Rows) -> bool:
    form = in_order if is_ordered(case) else as_multiset
    return form(rows) == form(others)


def lines(case: RewriteCase, found: list[str]) -> list[str]:
    return found if is_ordered(case) else sorted(found)


@pytest.mark.parametrize("case", [pytest.param(case, id=case.title) for case in CASES])
async def test_the_query_is_guarded_and_answers_as_the_twin(
    shared_by_dialect: SharedByDialect, case: RewriteCase
) -> None:
    shared = await shared_by_dialect.speaking(case.dialect)
    principal, request = PRINCIPALS[case.role], SqlRead(source=case.source, sql=case.sql)
    _, expected = shared.twins[case.role].ask(case.source, case.twin or case.sql)
    assert lines(case, as_csv(expected)) == lines(case, csv_lines(case.rows or "")), "the twin's answer"

    view = shared.gateway.view()
    source = find_source(view, principal, case.source)
    guarded = prepare(view, principal, source, request).guarded
    assert one_space(guarded.text_agent) == with_guards(case.sent, guards_in(case.dialect)[case.role])

    answer = await shared.gateway.read(principal, request)
    assert same_rows(case, list(answer.rows), expected)
    assert as_csv([answer.columns]) == [case.columns]

    adapter = shared.registry.adapter(source)
    for fenced in (False, True):
        rows = (await adapter.run(guarded, fenced=fenced)).rows
        assert same_rows(case, list(rows), expected), f"fenced={fenced}"


def test_the_cases_cover_every_dialect() -> None:
    spoken = Counter(case.dialect or DIALECTS[case.source] for case in CASES)
    assert {dialect: count for dialect, count in spoken.items() if count < 150} == {}
    assert set(spoken) == set(Dialect)
