"""Which statements run without fences on a server, and that the proof is made of the text itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ruamel.yaml import YAML

from lucky_mcp.decision.decide import decide
from lucky_mcp.decision.rare_rows import with_floors
from lucky_mcp.enforcement.enforce import enforce
from lucky_mcp.enforcement.guarded import GuardedSql
from lucky_mcp.enforcement.mentioned_columns import narrowed
from lucky_mcp.enforcement.unfenced import may_run
from lucky_mcp.gateway.view import View
from lucky_mcp.model.decision import Permit, Rule
from lucky_mcp.model.source import Dialect, Kind, Source
from lucky_mcp.policy.policy_set import FloorRule
from lucky_mcp.sql.dialects import GRAMMARS
from lucky_mcp.sql.nodes import Nodes
from lucky_mcp.sql.parse import parse
from lucky_mcp.sql.resolve import resolve
from lucky_mcp.sql.resolved import ResolvedQuery
from tests.enforcement.conftest import Shared
from tests.support.cases import CASES
from tests.support.house import ENGINEER
from tests.support.reference import ORDERS

FILE: dict[str, list[dict[str, Any]]] = YAML(typ="safe").load(
    (CASES / "unfenced.yaml").read_text(encoding="utf-8")
)
VIA = "lucky_parent1"


EACH = [
    pytest.param(dialect, case, id=f"{dialect} {case['title']}")
    for dialect in ("mysql", "postgres")
    for case in FILE["both"] + FILE[dialect]
]


def decided(view: View, dialect: str, sql: str, kind: Kind) -> tuple[ResolvedQuery, Permit, Source]:
    source = replace(view.policies.sources[ORDERS], dialect=Dialect(dialect), kind=kind)
    grammar = GRAMMARS[source.dialect]
    query = resolve(parse(sql, grammar), grammar, view.policies.catalogs[source.name], source.default_schema)
    permit = decide(ENGINEER, source, query.tables, view.policies, view.references)
    assert isinstance(permit, Permit)
    return query, permit, source


def made(view: View, dialect: str, sql: str, kind: Kind) -> tuple[GuardedSql, ResolvedQuery, Permit, Source]:
    query, permit, source = decided(view, dialect, sql, kind)
    guarded = enforce(query, permit, source, None, view.now)
    return guarded, *decided(view, dialect, sql, kind)


@pytest.mark.parametrize(("dialect", "case"), EACH)
def test_a_statement_runs_without_fences_when_it_can_fail_on_no_row(
    shared: Shared, dialect: str, case: dict[str, Any]
) -> None:
    guarded, query, *_ = made(shared.gateway.view(), dialect, case["sql"], Kind(dialect))
    assert guarded.always_fenced is not case["unfenced"]
    if case["unfenced"]:
        assert guarded.text_sent == guarded.text_fenced
        assert "9223372036854775807" not in guarded.text_sent
        assert "OFFSET" not in guarded.text_sent
        through = sum(str(scan.table).endswith(".t_order_item") for scan in query.scans)
        assert guarded.text_sent.count(f"FROM {quoted(dialect, 't_sales_order_m')} AS {VIA}") == 0
        lacking = len(case.get("lacks", ()))
        assert guarded.text_sent.count(f"SELECT {quoted(dialect, VIA, bare=True)}") == through - lacking


def quoted(dialect: str, name: str, *, bare: bool = False) -> str:
    if dialect == "mysql":
        return f"`{name}`"
    return name if bare else f'"{name}"'


@pytest.mark.parametrize("dialect", ["mysql", "postgres"])
@pytest.mark.parametrize("compared", [False, True])
def test_rows_that_are_compared_are_filtered_though_the_statement_joins_them(
    shared: Shared, dialect: str, compared: bool
) -> None:
    """A floor, or a mean, counts what the guard reads: without its filter, hidden rows of the table as well."""
    view = shared.gateway.view()
    sql = (
        "SELECT i.quantity, o.order_no FROM t_order_item i JOIN t_sales_order_m o ON i.order_id = o.order_id"
    )
    query, permit, source = decided(view, dialect, sql, Kind(dialect))
    floor = FloorRule(k_min=5, by=("quantity",), rule=Rule(id="rare"))
    if compared:
        tables = [replace(each, columns=with_floors(each.columns, [floor])) for each in permit.tables]
        permit = replace(permit, tables=tuple(tables))
    text = enforce(query, permit, source, None, view.now).text_sent
    assert ("COUNT(*) OVER (PARTITION BY" in text) is compared
    assert (VIA in text) is compared


@pytest.mark.parametrize(("dialect", "case"), [each for each in EACH if each.values[1]["unfenced"]])
def test_the_embedded_engine_is_fenced_all_the_same(
    shared: Shared, dialect: str, case: dict[str, Any]
) -> None:
    assert made(shared.gateway.view(), dialect, case["sql"], Kind.DUCKDB)[0].always_fenced


@pytest.mark.parametrize(("kind", "dialect"), [(Kind.REDSHIFT, "redshift"), (Kind.MYSQL, "doris")])
def test_servers_that_were_not_looked_at_are_fenced(shared: Shared, kind: Kind, dialect: str) -> None:
    sql = "SELECT order_no FROM t_sales_order_m WHERE order_id = 7"
    assert made(shared.gateway.view(), dialect, sql, kind)[0].always_fenced


@pytest.mark.parametrize("dialect", ["mysql", "postgres"])
def test_a_text_that_lacks_a_filter_it_does_not_imply_is_not_run(shared: Shared, dialect: str) -> None:
    """What was proved of one statement says nothing of another one, whoever thought so."""
    view, kind = shared.gateway.view(), Kind(dialect)
    joined = "SELECT i.quantity FROM t_sales_order_m o JOIN t_order_item i ON i.order_id = o.order_id"
    guarded, query, permit, source = made(view, dialect, joined, kind)
    shown = narrowed(permit, query, Nodes(query.tree), source)

    def runs(text: str) -> bool:
        return may_run(text, query, (permit, shown), source, rows_max=guarded.rows_max)

    text = guarded.text_sent
    column = "`i`.`order_id`" if dialect == "mysql" else "i.order_id"
    assert runs(text)
    assert column in text
    assert not runs(text.replace(column, column.replace("order_id", "quantity")))
    assert not runs(text.replace(" JOIN ", " RIGHT JOIN "))
    assert not runs(text.replace("'USD'", "'NZD'"))
    assert not runs(text.replace(" ON ", " ON NOT "))
    assert not runs(text.replace(f"{column} =", f"EXP({column}) ="))
    assert not runs(text.replace(" LIMIT 101", ""))
