"""Every refusal case: its code, its words, what it must not say, one audit record, and the text handed over."""

import pytest

from lucky_mcp.audit.record import Begun, Ended
from lucky_mcp.errors import ReadError
from lucky_mcp.model.request import SqlRead
from lucky_mcp.model.source import Dialect
from tests.enforcement.conftest import SharedByDialect
from tests.support.cases import RefusalCase, refusal_cases
from tests.support.house import ANALYST, CARE, DBA, ENGINEER, EXECUTIVE

PRINCIPALS = {
    "analyst": ANALYST,
    "data_engineer": ENGINEER,
    "executive": EXECUTIVE,
    "dba": DBA,
    "customer_care": CARE,
}
CASES = refusal_cases()
DRIVER_WORDS = ("lucky_scan", "lucky_parent", "Binder Error", "Catalog Error", "Conversion Error", "LINE 1")


@pytest.mark.parametrize("case", [pytest.param(case, id=case.title) for case in CASES])
async def test_a_refusal_is_what_its_case_says(shared_by_dialect: SharedByDialect, case: RefusalCase) -> None:
    shared = await shared_by_dialect.speaking(case.dialect)
    gateway, audit = shared.gateway, shared.audit
    audit.records.clear()
    principal = PRINCIPALS[case.role]
    with pytest.raises(ReadError) as refused:
        await gateway.read(principal, SqlRead(source=case.source, sql=case.sql))
    records = list(audit.records)
    error = refused.value
    assert error.code == case.code, error.agent_text
    assert error.agent_text.startswith(f"ERROR {case.code}: ")
    assert [phrase for phrase in case.text if phrase not in error.agent_text] == [], error.agent_text
    forbidden = (*case.never, *(word for word in DRIVER_WORDS if word not in case.sql))
    assert [phrase for phrase in forbidden if phrase in without_sql(error.agent_text, case)] == []
    kinds = [Begun, Ended] if case.by_engine else [Ended]
    assert [type(record) for record in records] == kinds
    assert [record.outcome for record in records if isinstance(record, Ended)] == [case.code]
    if case.rewrite:
        assert error.rewrite, "a text that runs is promised"
        await gateway.read(principal, SqlRead(source=case.source, sql=error.rewrite))


def without_sql(text: str, case: RefusalCase) -> str:
    """A refusal may quote the agent's own text; what it must never say is anything else."""
    return text.replace(case.sql, "") if len(case.sql) > 3 else text


def test_the_cases_cover_every_dialect() -> None:
    counts = {dialect: sum(f"/{dialect}/" in case.place for case in CASES) for dialect in Dialect}
    assert {dialect: count for dialect, count in counts.items() if count < 150} == {}
