"""Two databases whose groups of ten have the same means: no statement tells them apart, on any engine.

They differ in what each member of staff earns, in who has no value and in every value of groups that are too small, and in rows that a
contract hides. It holds for statements of every form, those that are refused for their form among them: for these
the check of the form is taken away, and what is left is what the scans show.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest
from ruamel.yaml import YAML
from sqlglot import exp

from lucky_mcp.demo.tables import Fleet, Table
from lucky_mcp.demo.write_duckdb import write_source
from lucky_mcp.enforcement import averages
from lucky_mcp.enforcement.mean_form import mean_expression
from lucky_mcp.enforcement.render import render_engine
from lucky_mcp.errors import Code, ReadError
from lucky_mcp.model.decision import Averaged, MaskName, VisibleColumn
from lucky_mcp.model.principal import Principal
from lucky_mcp.model.request import SqlRead
from lucky_mcp.model.source import Dialect, Kind
from lucky_mcp.policy.policy_set import PolicySet
from tests.live.conftest import Server
from tests.live.fleet import ENVIRONMENT, moved
from tests.support.cases import CASES
from tests.support.house import opened, policies_over

IEHR = "aws-luckyus-iehr-rw"
PEOPLE = Principal(subject="pia", roles=("people_analyst",))
GROUPS = YAML(typ="safe").load((CASES / "averages.yaml").read_text(encoding="utf-8"))
WRITTEN = [case["sql"] for group in GROUPS.values() for case in group]
QUERIES, SEED = 120, 5
GROUP_MIN = 10
SHOP, HIDDEN_SHOP, HIRED = 10001, 99999, date(2025, 1, 1)
SIZES = {"barista": 40, "shift_lead": 10, "store_manager": 9, "trainee": 1}
Answer = tuple[object, ...]


def staff(table: Table, seed: int) -> Table:
    """Staff with the same people in every group; what they earn is drawn anew, with the means of large groups kept."""
    rng = Random(seed)
    rows, number = [], 0
    for position, size in SIZES.items():
        pay = _pay(rng, size)
        for value in pay:
            number += 1
            rows.append((f"E{number}", "Ann Li", "000-01-0001", position, value, SHOP, HIRED))
    for _ in range(12):  # those of a store that the contract hides
        number += 1
        hidden = Decimal(rng.randrange(1, 10**8)) if rng.random() < 0.8 else None
        rows.append((f"E{number}", "Bo", "000-01-0002", "store_manager", hidden, HIDDEN_SHOP, HIRED))
    return replace(table, rows=tuple(rows))


def _pay(rng: Random, size: int) -> list[Decimal | None]:
    """Values of a group: their sum is told of a large one, and nothing of a small one."""
    if size < GROUP_MIN:
        return [Decimal(rng.randrange(1, 10**8)) if rng.random() < 0.7 else None for _ in range(size)]
    found = [Decimal(50_000)] * size
    for _ in range(3 * size):
        one, other = rng.sample(range(size), 2)
        moved_by = Decimal(rng.randrange(0, int(found[one])))
        found[one], found[other] = found[one] - moved_by, found[other] + moved_by
    return list(found)


def questions() -> list[str]:
    """Statements of every form over the columns, most of them refused for it."""
    rng = Random(SEED)
    return [*WRITTEN, *(_question(rng) for _ in range(QUERIES))]


def _question(rng: Random) -> str:
    if rng.random() < 0.4:
        return _honest(rng)
    key = rng.choice([*["position"] * 6, "shop_id", "employee_id", "salary", "hire_date"])
    figure = rng.choice(
        [
            *(
                "AVG(salary)",
                "SUM(salary)",
                "COUNT(salary)",
                "AVG(salary)",
                "SUM(salary)",
                "COUNT(*)",
                "MIN(salary)",
                "MAX(salary)",
            ),
            *("AVG(salary) / SUM(salary)", "COUNT(DISTINCT salary)", "SUM(salary) - 1", "MAX(employee_id)"),
        ]
    )
    where = rng.choice(
        [
            *(
                "",
                "",
                "",
                "",
                "position <> 'barista'",
                "position LIKE '%r%'",
                "position > 'c'",
                "salary > 50000",
                "salary IS NULL",
            ),
            *(
                "employee_id <> 'E3'",
                "employee_id = 'E59'",
                "shop_id = 10001",
                "salary = 1000000 / (salary - 7)",
            ),
            *(
                "position IN (SELECT position FROM t_employee WHERE salary > 60000)",
                "1 / (salary - salary) > 0",
            ),
        ]
    )
    table = rng.choice(
        [
            *("t_employee", "t_employee", "t_employee"),
            "(SELECT position, shop_id, employee_id, salary, hire_date FROM t_employee) AS t_employee",
            "(SELECT * FROM t_employee) AS t_employee",
            "(SELECT position, AVG(salary) AS salary FROM t_employee GROUP BY position) AS t_employee",
        ]
    )
    having = rng.choice(["", "", "", " HAVING AVG(salary) > 50000", " HAVING COUNT(salary) >= 10"])
    condition = f" WHERE {where}" if where else ""
    if rng.random() < 0.2:
        return f"SELECT {key}, salary FROM {table}{condition} ORDER BY 1, 2"
    return f"SELECT {key}, {figure} AS figure FROM {table}{condition} GROUP BY {key}{having} ORDER BY 1, 2"


def _honest(rng: Random) -> str:
    figures = [f"{rng.choice(['AVG', 'SUM', 'COUNT'])}(salary) AS f{n}" for n in range(rng.randint(1, 3))]
    where = rng.choice(
        ["", " WHERE position <> 'barista'", " WHERE position > 'c'", " WHERE position LIKE '%e%'"]
    )
    having = rng.choice(
        ["", "", " HAVING AVG(salary) > 50000", " HAVING COUNT(*) > 1", " HAVING SUM(salary) IS NULL"]
    )
    return (
        f"SELECT position, {', '.join(figures)} FROM t_employee{where} GROUP BY position{having} ORDER BY 1"
    )


@dataclass(frozen=True)
class House:
    """One engine that holds the staff; `load` replaces them."""

    server: Server | None
    policies: PolicySet
    table: Table
    folder: Path

    def load(self, table: Table) -> None:
        if self.server is not None:
            self.server.load([table])
            return
        (path,) = self.folder.glob(f"{IEHR}.duckdb")
        path.unlink()
        write_source([table], path, dialect="mysql")

    async def answers(self, asked: Sequence[str]) -> list[Answer]:
        """Load nothing; ask a gateway that is opened for it, since an embedded file may have been replaced."""
        gateway = await opened(self.policies, environment=ENVIRONMENT)
        try:
            return [await _answer(gateway, sql) for sql in asked]
        finally:
            await gateway.close()


async def _answer(gateway: object, sql: str) -> Answer:
    try:
        found = await gateway.read(PEOPLE, SqlRead(source=IEHR, sql=sql))  # type: ignore[attr-defined]
    except ReadError as refusal:
        return (refusal.code, refusal.agent_text)
    return ("rows", found.columns, tuple(sorted(map(repr, found.rows))), found.truncation)


@pytest.fixture(params=["duckdb", "live_mariadb", "live_postgres"])
def house(
    request: pytest.FixtureRequest, demo_fleet: Fleet, demo_data: Path, project_root: Path, tmp_path: Path
) -> Iterator[House]:
    """Each engine in turn, with the reference sets of the demo."""
    for path in demo_data.glob("*.duckdb"):
        if path.stem in {IEHR, "aws-luckyus-opshop-rw"}:
            (tmp_path / path.name).write_bytes(path.read_bytes())
    (table,) = (each for each in demo_fleet.tables if each.source == IEHR)
    policies = policies_over(project_root / "policies", tmp_path)
    if request.param == "duckdb":
        yield House(None, policies, table, tmp_path)
        return
    server: Server = request.getfixturevalue(request.param)
    yield House(server, moved(policies, server.kind, server.address, [IEHR]), table, tmp_path)


def both(house: House, asked: Sequence[str]) -> list[tuple[str, Answer, Answer]]:
    found = []
    for seed in (1, 2):
        house.load(staff(house.table, seed))
        found.append(asyncio.run(house.answers(asked)))
    return list(zip(asked, *found, strict=True))


def test_no_statement_tells_two_staffs_apart(house: House) -> None:
    told = both(house, questions())
    assert [(sql, one, other) for sql, one, other in told if one != other] == []
    kinds = [one[0] for _, one, _ in told]
    averaged = [sql for sql, one, _ in told if one[0] == "rows" and "salary" in sql.lower()]
    assert len(averaged) > 30 and kinds.count(Code.AGGREGATE_ONLY) > 50


def test_nor_does_one_whose_form_nobody_checks(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is told rests on the scans: a listed value is the mean of a group, and the small groups show none."""
    monkeypatch.setattr(averages, "_refuse_listed", lambda *_: None)
    monkeypatch.setattr(averages, "_refuse_beside", lambda *_: None)
    asked = [*questions(), "SELECT position, salary, COUNT(*) FROM t_employee GROUP BY 1, 2"]
    told = both(house, asked)
    assert [(sql, one, other) for sql, one, other in told if one != other] == []
    assert sum(one[0] == "rows" for _, one, _ in told) > 90
    listed = told[-1][1]
    assert "50000" in str(listed) and str(listed).count("None") == 2, listed


def test_the_staffs_do_differ(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the mean in its place the same statements tell them apart: what the properties can notice."""
    monkeypatch.setattr(averages, "_refuse_listed", lambda *_: None)
    monkeypatch.setattr(averages, "_refuse_beside", lambda *_: None)
    shown = averages._shown

    def plain(decided: averages.TableDecision, used: Mapping[str, VisibleColumn]) -> averages.TableDecision:
        found = shown(decided, dict(used))
        columns = tuple(replace(each, mask=None, averaged=None) for each in found.columns)
        return replace(found, columns=columns)

    monkeypatch.setattr(averages, "_shown", plain)
    told = both(
        house,
        ["SELECT position, AVG(salary) FROM t_employee GROUP BY position", "SELECT salary FROM t_employee"],
    )
    assert all(one[0] == "rows" and one != other for _, one, other in told)


@pytest.mark.parametrize("kind", [Kind.MYSQL, Kind.POSTGRES])
def test_persons_are_counted_and_not_their_rows(kind: Kind, request: pytest.FixtureRequest) -> None:
    """Three people with four rows each are three; a row without a person or a value counts for nothing."""
    server: Server = request.getfixturevalue("live_mariadb" if kind is Kind.MYSQL else "live_postgres")
    dialect = Dialect.MYSQL if kind is Kind.MYSQL else Dialect.POSTGRES
    rows = [("a", f"p{n % 3}", 10 * (n % 3)) for n in range(12)] + [("b", f"p{n}", n) for n in range(4)]
    rows += [
        ("b", None, 900),
        ("a", "p9", None),
        (None, "p1", 7),
        (None, "p2", 8),
        (None, "p3", 9),
        (None, "p4", 0),
    ]
    values = ", ".join(
        "(" + ", ".join("NULL" if each is None else repr(each) for each in row) + ")" for row in rows
    )
    column = VisibleColumn(
        name="v", type="INT", mask=MaskName.MEAN, averaged=Averaged(group_min=4, by=("g",), person="p")
    )
    text = render_engine(
        exp.select(exp.column("g", table="t"), exp.alias_(mean_expression(column, "t"), "mean")).from_("t"),
        dialect,
        kind,
    )
    schema = "averages"
    server.ask(
        "mysql" if kind is Kind.MYSQL else "public",
        f"DROP SCHEMA IF EXISTS {schema}" + (" CASCADE" if kind is Kind.POSTGRES else ""),
    )
    for sql in (f"CREATE SCHEMA {schema}",):
        assert server.ask("mysql" if kind is Kind.MYSQL else "public", sql) != "failed"
    assert server.ask(schema, "CREATE TABLE t (g VARCHAR(5), p VARCHAR(5), v INT)") != "failed"
    assert server.ask(schema, f"INSERT INTO t VALUES {values}") != "failed"
    found = server.ask(schema, text)
    assert not isinstance(found, str), text
    means = {(group, None if mean is None else float(str(mean))) for group, mean in found}
    assert means == {("a", None), ("b", 1.5), ("b", None), (None, 6.0)}
