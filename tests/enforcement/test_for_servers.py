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
    ("SELECT DATE'2026-02-13', TIME '1:0:0'", "SELECT DATE '2026-02-13', TIME '1:0:0'"),
    ('SELECT TIMESTAMP "2026-02-13"', "SELECT TIMESTAMP '2026-02-13'"),
    ("SELECT CAST('2026-02-13' AS DATE)", "SELECT CAST('2026-02-13' AS DATE)"),
    ("SELECT 1 AS 订单数", "SELECT 1 AS `订单数`"),
    (f"SELECT 1 AS `{'n' * 300}`", f"SELECT 1 AS `{'n' * 256}`"),
    ("SELECT 1 AS `a😀b `", "SELECT 1 AS `a?b`"),
]
MADE = "(SELECT a FROM t LIMIT 9)"


def own(number: int, name: str = "e", of: str = "") -> str:
    return f"`{name}_{number}` AS (SELECT * FROM `{of or name}` LIMIT 9223372036854775807)"


# An entry that the server makes a table of and that several read. What is not made is put in its readers' places.
ENTRIES = [
    (
        f"WITH e AS {MADE} SELECT a FROM e AS x CROSS JOIN e",
        f"{own(1)}, {own(2)} SELECT `a` FROM `e_1` AS `x` CROSS JOIN `e_2` AS `e`",
    ),
    (
        f"WITH e AS {MADE} SELECT a FROM (e CROSS JOIN e AS y)",
        f"{own(1)}, {own(2)} SELECT `a` FROM (`e_1` AS `e` CROSS JOIN `e_2` AS `y`)",
    ),
    (
        f"WITH e AS {MADE}, g AS (SELECT 1 AS b) SELECT (SELECT MAX(a) FROM e) FROM e AS x CROSS JOIN g",
        f"{own(1)}, {own(2)}, `g` AS (SELECT 1 AS `b`) SELECT (SELECT MAX(`a`) FROM `e_2` AS `e`) FROM `e_1` AS `x`",
    ),
    (
        f"WITH e AS {MADE}, f AS (SELECT a FROM e) SELECT f.a FROM f CROSS JOIN f AS g",
        "`f` AS (SELECT `a` FROM `e` LIMIT 9223372036854775807), "
        f"{own(1, 'f')}, {own(2, 'f')} SELECT `f`.`a` FROM `f_1` AS `f` CROSS JOIN `f_2` AS `g`",
    ),
    (
        f"WITH e AS {MADE}, f AS (SELECT a FROM e), g AS (SELECT a FROM f) SELECT 1 FROM g CROSS JOIN g AS h",
        f"`f` AS (SELECT `a` FROM `e`), `g` AS (SELECT `a` FROM `f` LIMIT 9223372036854775807), {own(1, 'g')}",
    ),
    (
        f"WITH f AS (WITH e AS {MADE} SELECT a FROM e) SELECT f.a FROM f CROSS JOIN f AS g",
        f"SELECT `a` FROM `e` LIMIT 9223372036854775807), {own(1, 'f')}, {own(2, 'f')} SELECT",
    ),
    (
        f"WITH f AS (WITH e AS {MADE} SELECT x.a FROM e AS x CROSS JOIN e) SELECT a FROM f",
        f"{own(1)}, {own(2)} SELECT `x`.`a` FROM `e_1` AS `x` CROSS JOIN `e_2` AS `e`) SELECT `a` FROM `f`",
    ),
    *(
        (f"WITH e AS ({made}) SELECT x.a FROM e AS x CROSS JOIN e", f"{own(1)}, {own(2)} SELECT")
        for made in (
            "SELECT a FROM t GROUP BY a",
            "SELECT DISTINCT a FROM t",
            "SELECT MAX(a) AS a FROM t",
            "SELECT a, ROW_NUMBER() OVER (ORDER BY a) AS n FROM t",
            "SELECT (SELECT MAX(b) FROM t) AS a FROM t",
            "SELECT a FROM t UNION SELECT b FROM t",
            "(SELECT DISTINCT a FROM t)",
            "SELECT 1 AS a",
        )
    ),
    (
        "WITH e AS (SELECT a FROM t EXCEPT SELECT b FROM t) SELECT x.a FROM e AS x CROSS JOIN e",
        f"{own(0)}, {own(1, of='e_0')}, {own(2, of='e_0')} SELECT `x`.`a` FROM `e_1` AS `x` CROSS JOIN `e_2` AS `e`",
    ),
    (
        f"WITH e AS {MADE} SELECT (SELECT MAX(a) FROM e) AS m FROM t GROUP BY (SELECT Max(A) FROM e), (SELECT a FROM e)",
        "SELECT (SELECT MAX(`a`) FROM `e_1` AS `e`) AS `m` FROM `t` "
        "GROUP BY (SELECT MAX(`A`) FROM `e_1` AS `e`), (SELECT `a` FROM `e_2` AS `e`)",
    ),
    (
        f"WITH e AS {MADE} SELECT (SELECT 1 FROM e AS x CROSS JOIN e), (SELECT 1 FROM e AS x CROSS JOIN e) "
        "FROM (SELECT (SELECT a FROM e), (SELECT a FROM e)) AS d",
        "SELECT (SELECT 1 FROM `e_1` AS `x` CROSS JOIN `e_2` AS `e`), (SELECT 1 FROM `e_1` AS `x` CROSS JOIN `e_2` AS `e`) "
        "FROM (SELECT (SELECT `a` FROM `e_3` AS `e`), (SELECT `a` FROM `e_3` AS `e`)) AS `d`",
    ),
    (
        "WITH RECURSIVE e (a) AS (SELECT 1 UNION ALL SELECT a + 1 FROM e WHERE a < 3) "
        "SELECT x.a FROM e AS x CROSS JOIN e",
        f"SELECT `a` + 1 FROM `e` WHERE `a` < 3), {own(1)}, {own(2)} SELECT `x`.`a` FROM `e_1` AS `x`",
    ),
]
AS_THEY_ARE = [
    f"WITH e AS {MADE} SELECT a FROM e",
    f"WITH e AS {MADE}, f AS (SELECT a FROM e) SELECT f.a FROM f",
    "WITH e AS (SELECT a FROM t WHERE a > 1 ORDER BY a) SELECT x.a FROM e AS x CROSS JOIN e",
    "WITH RECURSIVE e AS (SELECT 1 AS a UNION ALL SELECT a + 1 FROM e WHERE a < 3) SELECT a FROM e",
    f"WITH e AS {MADE} SELECT x.a FROM e AS x CROSS JOIN other.e",
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


@pytest.mark.parametrize(("agent", "part"), ENTRIES)
def test_each_reader_of_a_shared_entry_has_one_of_its_own(agent: str, part: str) -> None:
    assert part in render_engine(sqlglot.parse_one(agent, read="mysql"), Dialect.MYSQL, Kind.MYSQL)


@pytest.mark.parametrize("agent", AS_THEY_ARE)
def test_an_entry_with_one_reader_or_no_table_stays_as_it_is(agent: str) -> None:
    tree = sqlglot.parse_one(agent, read="mysql")
    assert "9223372036854775807" not in render_engine(tree, Dialect.MYSQL, Kind.MYSQL)


def test_many_entries_that_read_each_other_twice_are_looked_at_once() -> None:
    chain = ", ".join(
        f"e{n} AS (SELECT x.a FROM e{n - 1} AS x CROSS JOIN e{n - 1} AS y)" for n in range(1, 400)
    )
    tree = sqlglot.parse_one(f"WITH e0 AS {MADE}, {chain} SELECT a FROM e399", read="mysql")
    assert render_engine(tree, Dialect.MYSQL, Kind.MYSQL).count("SELECT * FROM `e") == 2 * 399


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
