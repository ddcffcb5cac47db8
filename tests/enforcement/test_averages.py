"""Pay is averaged and never listed: what is answered equals the staff's own figures, whatever the dialect."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

import pytest
from ruamel.yaml import YAML

from lucky_mcp.demo.tables import Fleet
from lucky_mcp.errors import AggregateOnly, Code, ReadError
from lucky_mcp.model.principal import Principal
from lucky_mcp.model.request import SqlRead
from tests.enforcement.conftest import SharedByDialect
from tests.support.cases import CASES
from tests.support.reference import visible_rows

IEHR = "aws-luckyus-iehr-rw"
PEOPLE = Principal(subject="pia", roles=("people_analyst",))
DIALECTS = ("mysql", "postgres", "redshift", "duckdb", "doris")
GROUPS = YAML(typ="safe").load((CASES / "averages.yaml").read_text(encoding="utf-8"))
Figures = Mapping[str, list[Decimal]]
FIGURES: Mapping[str, Callable[[list[Decimal]], object]] = {
    "mean": lambda pay: sum(pay) / len(pay),
    "sum": sum,
    "count": len,
}


def cases(group: str) -> list[object]:
    return [pytest.param(case, id=case["title"]) for case in GROUPS[group]]


@pytest.fixture(scope="module")
def pay(demo_fleet: Fleet) -> Figures:
    """The pay of the staff that the market's contract leaves, by position."""
    (staff,) = (table for table in demo_fleet.tables if table.source == IEHR)
    found = defaultdict(list)
    for row in visible_rows(staff, demo_fleet):
        found[str(row["position"])].append(Decimal(str(row["salary"])))
    assert all(len(each) >= 10 for each in found.values()) and len(found) == 3
    return found


def expected(wanted: Sequence[str], pay: Figures) -> list[tuple[object, ...]]:
    if wanted == ["mean_of_all"]:
        everybody = [each for found in pay.values() for each in found]
        return [(sum(everybody) / len(everybody),)]
    return [
        tuple(name if figure == "position" else FIGURES[figure](found) for figure in wanted)
        for name, found in sorted(pay.items())
    ]


def comparable(row: Sequence[object]) -> tuple[object, ...]:
    return tuple(cell if isinstance(cell, str) else round(float(str(cell)), 4) for cell in row)


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("case", cases("answered"))
async def test_averages_are_those_of_the_staff(
    case: Mapping[str, object], dialect: str, shared_by_dialect: SharedByDialect, pay: Figures
) -> None:
    shared = await shared_by_dialect.speaking(dialect)
    found = await shared.gateway.read(PEOPLE, SqlRead(source=IEHR, sql=str(case["sql"])))
    wanted = expected(case["rows"], pay)  # type: ignore[arg-type]
    assert sorted(map(comparable, found.rows)) == sorted(map(comparable, wanted))
    assert ("salary", "mean") in found.receipt.masked


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("case", cases("refused"))
async def test_anything_else_is_refused_with_what_runs(
    case: Mapping[str, str], dialect: str, shared_by_dialect: SharedByDialect
) -> None:
    shared = await shared_by_dialect.speaking(dialect)
    with pytest.raises(ReadError) as refused:
        await shared.gateway.read(PEOPLE, SqlRead(source=IEHR, sql=case["sql"]))
    assert refused.value.code is Code.AGGREGATE_ONLY, refused.value.agent_text
    assert isinstance(refused.value, AggregateOnly) and "position" in refused.value.next_step
    runs = await shared.gateway.read(PEOPLE, SqlRead(source=IEHR, sql=refused.value.rewrite))
    assert len(runs.rows) == 3


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("case", cases("missing"))
async def test_no_other_scan_has_the_column(
    case: Mapping[str, str], dialect: str, shared_by_dialect: SharedByDialect
) -> None:
    shared = await shared_by_dialect.speaking(dialect)
    with pytest.raises(ReadError) as refused:
        await shared.gateway.read(PEOPLE, SqlRead(source=IEHR, sql=case["sql"]))
    assert refused.value.code is Code.UNKNOWN_NAME


async def test_a_star_leaves_it_out_and_the_explanation_says_so(shared_by_dialect: SharedByDialect) -> None:
    shared = await shared_by_dialect.speaking("")
    ask = SqlRead(source=IEHR, sql="SELECT * FROM t_employee LIMIT 1")
    assert (await shared.gateway.read(PEOPLE, ask)).columns == (
        "employee_id",
        "position",
        "shop_id",
        "hire_date",
    )
    (note,) = (await shared.gateway.explain(PEOPLE, ask)).notes
    assert note.startswith("luckyus_ehr.t_employee.salary is left out: it is read as AVG")


async def test_the_catalog_says_how_it_is_read(shared_by_dialect: SharedByDialect) -> None:
    visible = (await shared_by_dialect.speaking("")).gateway.visible
    table = visible.table(PEOPLE, IEHR, "t_employee")
    shown = {column.name: column.mask for column in table.columns}
    assert shown["salary"].startswith("only as AVG, SUM or COUNT over at least 10 values of employee_id")
    (found, *_) = visible.search(PEOPLE, "average salary of staff", None, 3)
    assert (found.table, found.columns[-1].name) == ("t_employee", "salary")
