"""The data problems that the demo has on purpose, asked through the guard: ignoring one changes the answer.

That each is there at its stated rate is shown in tests/demo/test_data_problems.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from ruamel.yaml import YAML

from lucky_mcp.gateway.read import Gateway
from lucky_mcp.model.request import SqlRead
from tests.support.cases import CASES
from tests.support.house import ANALYST
from tests.support.twin import Rows, Unguarded, as_multiset


def problems(name: str, *keys: str) -> list[Any]:
    """Return the cases of one file; every case has these keys and no others, but for `first`."""
    cases = YAML(typ="safe").load((CASES / "problems" / f"{name}.yaml").read_text(encoding="utf-8"))
    assert all(set(case) - {"first"} == set(keys) for case in cases)
    return [pytest.param(case, id=case["problem"]) for case in cases]


async def answer(gateway: Gateway, source: str, sql: str) -> Rows:
    result = await gateway.read(ANALYST, SqlRead(source=source, sql=sql, rows_max=1000))
    return list(result.rows)


def filled(sql: str, values: Mapping[str, Rows]) -> str:
    """Put the answers to first questions in the places that are named after them, the longest name first."""
    for name in sorted(values, key=len, reverse=True):
        literals = ", ".join(
            repr(row[0]) if isinstance(row[0], int) else quoted(row[0]) for row in values[name]
        )
        sql = sql.replace(f":{name}", literals)
    return sql


def quoted(text: object) -> str:
    return "'" + str(text).replace("'", "''") + "'"


@pytest.mark.parametrize("case", problems("hidden", "problem", "source", "sql"))
async def test_the_guard_takes_the_problem_away(
    gateway: Gateway, twins: Mapping[str, Unguarded], raw: Unguarded, case: dict[str, Any]
) -> None:
    guarded = await answer(gateway, case["source"], case["sql"])
    _, clean = twins["analyst"].ask(case["source"], case["sql"])
    _, ignoring = raw.ask(case["source"], case["sql"])
    assert as_multiset(guarded) == as_multiset(clean)
    assert as_multiset(guarded) != as_multiset(ignoring)


@pytest.mark.parametrize("case", problems("traps", "problem", "source", "sql", "ignoring"))
async def test_ignoring_the_problem_changes_the_answer(
    gateway: Gateway, twins: Mapping[str, Unguarded], case: dict[str, Any]
) -> None:
    values = {
        name: await answer(gateway, first["source"], first["sql"])
        for name, first in case.get("first", {}).items()
    }
    assert all(values.values()), "a first question had no answer"
    answers = []
    for sql in (filled(case["sql"], values), filled(case["ignoring"], values)):
        guarded = await answer(gateway, case["source"], sql)
        _, clean = twins["analyst"].ask(case["source"], sql)
        assert as_multiset(guarded) == as_multiset(clean)
        answers.append(as_multiset(guarded))
    assert answers[0] != answers[1]
