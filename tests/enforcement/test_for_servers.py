"""What the text of a server has that the agent's has not, though both are of one dialect."""

import pytest
import sqlglot

from lucky_mcp.enforcement.render import render_agent, render_engine
from lucky_mcp.errors import ConstructRefused
from lucky_mcp.model.source import Dialect, Kind

MYSQL = [
    ("SELECT a REGEXP 'x'", "SELECT (`a` REGEXP 'x')"),
    ("SELECT 1 = REGEXP_LIKE(a OR b, c)", "SELECT 1 = ((`a` OR `b`) REGEXP `c`)"),
    ("SELECT NOT a RLIKE b || 'x'", "SELECT NOT (`a` REGEXP `b`) OR 'x'"),
    ("SELECT REGEXP_LIKE(a, 'x', 'i')", "SELECT (`a` REGEXP '(?i)x')"),
    ("SELECT REGEXP_LIKE(a, b, 'c')", "SELECT REGEXP_LIKE(`a`, `b`, 'c')"),
    ("SELECT ANY_VALUE(a)", "SELECT MIN(`a`)"),
    ("SELECT IFNULL(a, COALESCE(b, c, 0))", "SELECT IFNULL(`a`, COALESCE(`b`, `c`, 0))"),
    ("SELECT IFNULL(a), IFNULL(a, b, c)", "SELECT IFNULL(`a`), IFNULL(`a`, `b`, `c`)"),
    ("SELECT DATE'2026-02-13', TIME '1:0:0'", "SELECT DATE '2026-02-13', TIME '1:0:0'"),
    ('SELECT TIMESTAMP "2026-02-13"', "SELECT TIMESTAMP '2026-02-13'"),
    ("SELECT CAST('2026-02-13' AS DATE)", "SELECT CAST('2026-02-13' AS DATE)"),
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
# What a planner may not try on its statistics: a pattern that may end in an escape character.
PATTERNS = [
    ("a LIKE 'x%'", "a LIKE 'x%'"),
    (r"a LIKE '\%x'", r"a LIKE '\%x'"),
    ("a LIKE 'x!%' ESCAPE '!'", "a LIKE 'x!%' ESCAPE '!'"),
    ("a LIKE 'x%!' ESCAPE '!'", "a LIKE ('x%!' || (SELECT '')) ESCAPE '!'"),
    ("a LIKE 'x%' ESCAPE ''", "a LIKE ('x%' || (SELECT '')) ESCAPE ''"),
    ("a LIKE 'x%\\'", "a LIKE ('x%\\' || (SELECT ''))"),
    ("NOT a ILIKE 'x%\\'", "NOT a ILIKE ('x%\\' || (SELECT ''))"),
    ("a !~~ 'x%\\'", "a NOT LIKE ('x%\\' || (SELECT ''))"),
    (r"a LIKE 'x%\134'", r"a LIKE ('x%\134' || (SELECT ''))"),
    (r"a LIKE '\x255c'", r"a LIKE ('\x255c' || (SELECT ''))"),
    (r"a LIKE 'x%\041' ESCAPE '!'", r"a LIKE ('x%\041' || (SELECT '')) ESCAPE '!'"),
    (r"a LIKE 'x%!' ESCAPE '\041'", r"a LIKE ('x%!' || (SELECT '')) ESCAPE '\041'"),
    ("a LIKE b", "a LIKE (b || (SELECT ''))"),
    ("a LIKE 'x%' || b", "a LIKE (('x%' || b) || (SELECT ''))"),
    ("a LIKE LOWER(b)", "a LIKE (LOWER(b) || (SELECT ''))"),
    ("a LIKE CASE WHEN b THEN 'x' END", "a LIKE (CASE WHEN b THEN 'x' END || (SELECT ''))"),
    (
        "a LIKE ANY (ARRAY['x', 'y\\', b])",
        "a LIKE ANY(ARRAY['x', ('y\\' || (SELECT '')), (b || (SELECT ''))])",
    ),
    ("a LIKE ANY (SELECT b FROM t)", "a LIKE ANY (SELECT b FROM t OFFSET 0)"),
    ("a LIKE ALL (SELECT 'x' LIMIT 1)", "a LIKE ALL (SELECT 'x' LIMIT 1)"),
    ("a LIKE ANY ('{x,y}')", "a LIKE ANY('{x,y}')"),
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


@pytest.mark.parametrize("kind", [Kind.POSTGRES, Kind.REDSHIFT])
@pytest.mark.parametrize(("agent", "engine"), PATTERNS)
def test_patterns(agent: str, engine: str, kind: Kind) -> None:
    tree = sqlglot.parse_one(f"SELECT {agent}", read="postgres")
    dialect = Dialect.POSTGRES if kind is Kind.POSTGRES else Dialect.REDSHIFT
    found = render_engine(tree, dialect, kind)
    assert found == f"SELECT {engine}" or kind is Kind.REDSHIFT
    assert found.count("(SELECT '')") == engine.count("(SELECT '')")


@pytest.mark.parametrize(
    "patterns", [r"'{x\\}'", "ARRAY['x'] || ARRAY['y']", "b", "STRING_TO_ARRAY('x', ',')"]
)
def test_patterns_of_an_array_that_is_computed_are_refused(patterns: str) -> None:
    tree = sqlglot.parse_one(f"SELECT a LIKE ANY ({patterns})", read="postgres")
    with pytest.raises(ConstructRefused, match="written out"):
        render_engine(tree, Dialect.POSTGRES, Kind.POSTGRES)
