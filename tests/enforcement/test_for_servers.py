"""What the text of a server has that the agent's has not, though both are of one dialect."""

import pytest
import sqlglot

from lucky_mcp.enforcement.render import render_agent, render_engine
from lucky_mcp.model.source import Dialect, Kind

MYSQL = [
    ("SELECT a REGEXP 'x'", "SELECT (`a` REGEXP 'x')"),
    ("SELECT 1 = REGEXP_LIKE(a OR b, c)", "SELECT 1 = ((`a` OR `b`) REGEXP `c`)"),
    ("SELECT NOT a RLIKE b || 'x'", "SELECT NOT (`a` REGEXP `b`) OR 'x'"),
    ("SELECT REGEXP_LIKE(a, 'x', 'i')", "SELECT (`a` REGEXP '(?i)x')"),
    ("SELECT REGEXP_LIKE(a, b, 'c')", "SELECT REGEXP_LIKE(`a`, `b`, 'c')"),
    ("SELECT ANY_VALUE(a)", "SELECT MIN(`a`)"),
    ("SELECT 1 AS 订单数", "SELECT 1 AS `订单数`"),
    (f"SELECT 1 AS `{'n' * 300}`", f"SELECT 1 AS `{'n' * 256}`"),
    ("SELECT 1 AS `a😀b `", "SELECT 1 AS `a?b`"),
]
POSTGRES = [
    ("SELECT a FROM t FETCH FIRST 2 ROWS ONLY", "SELECT a FROM t LIMIT 2"),
    ("SELECT a FROM t FETCH NEXT ROW ONLY", "SELECT a FROM t FETCH NEXT ROWS ONLY"),
    ("SELECT a FROM t FETCH FIRST 2 ROWS WITH TIES", "SELECT a FROM t FETCH FIRST 2 ROWS WITH TIES"),
    ("SELECT Ab AS Ünit", 'SELECT Ab AS "Ünit"'),
    ("SELECT 1 AS 订单A", 'SELECT 1 AS "订单a"'),
]


@pytest.mark.parametrize(("agent", "engine"), MYSQL)
def test_mysql(agent: str, engine: str) -> None:
    tree = sqlglot.parse_one(agent, read="mysql")
    assert render_engine(tree, Dialect.MYSQL, Kind.MYSQL) == engine


def test_the_agents_text_keeps_its_form() -> None:
    tree = sqlglot.parse_one("SELECT a REGEXP 'x', ANY_VALUE(b)", read="mysql")
    render_engine(tree, Dialect.MYSQL, Kind.MYSQL)
    assert render_agent(tree, Dialect.MYSQL) == "SELECT REGEXP_LIKE(a, 'x'), ANY_VALUE(b)"


@pytest.mark.parametrize(("agent", "engine"), POSTGRES)
def test_postgres(agent: str, engine: str) -> None:
    tree = sqlglot.parse_one(agent, read="postgres")
    assert render_engine(tree, Dialect.POSTGRES, Kind.POSTGRES) == engine
