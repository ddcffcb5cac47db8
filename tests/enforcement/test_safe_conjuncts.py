"""Which conditions go inside the fence: placed surely, sure to succeed, never of a masked column."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ruamel.yaml import YAML
from sqlglot import exp

from lucky_mcp.decision.decide import decide
from lucky_mcp.enforcement import enforce as enforce_module
from lucky_mcp.enforcement.enforce import enforce
from lucky_mcp.enforcement.guard_scans import COPIES, guard_scans
from lucky_mcp.enforcement.safe_conjuncts import is_safe
from lucky_mcp.gateway.view import View
from lucky_mcp.model.decision import Permit, TableDecision, VisibleColumn
from lucky_mcp.model.names import TableName
from lucky_mcp.model.source import Dialect, Kind, Source
from lucky_mcp.sql.dialects import GRAMMARS
from lucky_mcp.sql.parse import parse
from lucky_mcp.sql.resolve import resolve
from lucky_mcp.sql.resolved import ResolvedQuery
from tests.enforcement.conftest import Shared
from tests.support.cases import CASES
from tests.support.house import ENGINEER
from tests.support.reference import ORDERS

FILE: dict[str, list[dict[str, Any]]] = YAML(typ="safe").load(
    (CASES / "safe_conjuncts.yaml").read_text(encoding="utf-8")
)
EACH = [pytest.param(dialect, case, id=case["title"]) for dialect, cases in FILE.items() for case in cases]
SERVERS = {"mysql": Kind.MYSQL, "postgres": Kind.POSTGRES}


def decided(view: View, source: Source, sql: str) -> tuple[ResolvedQuery, Permit]:
    grammar = GRAMMARS[source.dialect]
    query = resolve(parse(sql, grammar), grammar, view.policies.catalogs[source.name], source.default_schema)
    permit = decide(ENGINEER, source, query.tables, view.policies, view.references)
    assert isinstance(permit, Permit)
    return query, permit


@pytest.mark.parametrize(("dialect", "case"), EACH)
def test_what_is_copied_is_what_the_case_says(shared: Shared, dialect: str, case: dict[str, Any]) -> None:
    view = shared.gateway.view()
    source = replace(view.policies.sources[ORDERS], dialect=Dialect(dialect))
    query, permit = decided(view, source, case["sql"])
    tree = guard_scans(query, permit, source.dialect)
    guards = [select for select in tree.find_all(exp.Select, bfs=False) if COPIES in select.meta]
    assert [[bare(copy, dialect) for copy in guard.meta[COPIES]] for guard in guards] == case["copies"]


def bare(copy: exp.Expr, dialect: str) -> str:
    text = copy.sql(dialect=dialect)
    return text.replace("lucky_scan.", "").replace("`", "").replace('"', "")


@pytest.mark.parametrize(("dialect", "case"), EACH)
def test_every_copy_passes_verification_on_every_engine(
    shared: Shared, dialect: str, case: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(enforce_module, "needs_no_fence", lambda *_: None)
    view = shared.gateway.view()
    for kind in (Kind.DUCKDB, SERVERS[dialect]):
        source = replace(view.policies.sources[ORDERS], dialect=Dialect(dialect), kind=kind)
        query, permit = decided(view, source, case["sql"])
        sealed = enforce(query, permit, source, None, view.now)
        assert sealed.always_fenced
        assert ("OFFSET 0" if kind is Kind.POSTGRES else "LIMIT 9223372036854775807") in sealed.text_sent


@pytest.mark.parametrize(
    ("type_", "is_safe_to_compare"),
    [
        ("DECIMAL(12,2)", True),
        ("DECIMAL(28,10)", True),
        ("DECIMAL(29,2)", False),
        ("DECIMAL(20,11)", False),
        ("DECIMAL", False),
        ("NUMERIC(38,0)", False),
        ("BIGINT UNSIGNED", True),
        ("JSON", False),
    ],
)
def test_a_number_is_compared_where_no_type_can_overflow(type_: str, is_safe_to_compare: bool) -> None:
    column = VisibleColumn(name="a", type=type_)
    decided = TableDecision(table=TableName.parse("s.t"), columns=(column,), filters=())
    condition = exp.EQ(this=exp.column("a", table="x"), expression=exp.Literal.number("1.5"))
    assert is_safe(condition, decided, "x") is is_safe_to_compare
