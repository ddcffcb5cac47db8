"""Every way to say what policy requires of a scan, or only to seem to: answered as the clean twin does, or refused."""

from collections.abc import Iterator

import pytest

from lucky_mcp.demo.roster import DIALECTS
from lucky_mcp.demo.tables import Fleet
from lucky_mcp.errors import Code, ReadError
from lucky_mcp.model.request import SqlRead
from lucky_mcp.model.source import Dialect
from tests.enforcement.conftest import SharedByDialect
from tests.support.cases import as_csv, csv_lines
from tests.support.house import CARE, MANAGER
from tests.support.required import PermittedCase, RefusedCase, permitted_cases, refused_cases
from tests.support.role_twins import RoleTwins
from tests.support.twin import as_multiset

PRINCIPALS = {"customer_care": CARE, "operations_manager": MANAGER}
PERMITTED, REFUSED = permitted_cases(), refused_cases()


@pytest.fixture(scope="module")
def role_twins(demo_fleet: Fleet, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RoleTwins]:
    made = RoleTwins(demo_fleet, tmp_path_factory.mktemp("role-twins"))
    yield made
    made.close()


@pytest.mark.parametrize("case", [pytest.param(case, id=case.title) for case in PERMITTED])
async def test_what_is_required_is_said_and_the_twin_answers(
    shared_by_dialect: SharedByDialect, role_twins: RoleTwins, case: PermittedCase
) -> None:
    shared = await shared_by_dialect.speaking(case.dialect)
    _, expected = role_twins.of(case.role, case.dialect).ask(case.source, case.twin or case.sql)
    assert sorted(as_csv(expected)) == sorted(csv_lines(case.rows)), "the twin's answer"
    answer = await shared.gateway.read(PRINCIPALS[case.role], SqlRead(source=case.source, sql=case.sql))
    assert as_multiset(answer.rows) == as_multiset(expected)


@pytest.mark.parametrize("case", [pytest.param(case, id=case.title) for case in REFUSED])
async def test_what_only_seems_to_say_it_is_refused(
    shared_by_dialect: SharedByDialect, case: RefusedCase
) -> None:
    shared = await shared_by_dialect.speaking(case.dialect)
    principal = PRINCIPALS[case.role]
    with pytest.raises(ReadError) as refused:
        await shared.gateway.read(principal, SqlRead(source=case.source, sql=case.sql))
    assert refused.value.code is Code.PREDICATE_REQUIRED, refused.value.agent_text
    assert case.needed in refused.value.agent_text
    assert bool(refused.value.rewrite) is case.rewrite, refused.value.agent_text
    if case.rewrite:
        await shared.gateway.read(principal, SqlRead(source=case.source, sql=refused.value.rewrite))


def test_the_cases_cover_every_dialect() -> None:
    assert {case.dialect or DIALECTS[case.source] for case in PERMITTED} == set(Dialect)
    assert {case.dialect or DIALECTS[case.source] for case in REFUSED} == set(Dialect)
    assert len(PERMITTED) >= 40
    assert len(REFUSED) >= 80


@pytest.mark.parametrize(("values", "permitted"), [(1, True), (100, True), (101, False), (3000, False)])
async def test_a_list_may_be_as_long_as_policy_says(
    shared_by_dialect: SharedByDialect, values: int, permitted: bool
) -> None:
    shared = await shared_by_dialect.speaking("")
    numbers = ", ".join(map(str, range(values)))
    sql = f"SELECT order_no FROM t_sales_order_m WHERE order_id IN ({numbers})"
    request = SqlRead(source="aws-luckyus-salesorder-rw", sql=sql)
    if permitted:
        await shared.gateway.read(MANAGER, request)
        return
    with pytest.raises(ReadError) as refused:
        await shared.gateway.read(MANAGER, request)
    assert refused.value.code is Code.PREDICATE_REQUIRED
