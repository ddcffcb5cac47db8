"""How readers of one WITH entry are kept apart; tests/live/test_generated_on_servers.py asks the servers."""

import pytest
import sqlglot

from lucky_mcp.enforcement.shared_entries import separate_readers

MADE, APART = "(SELECT a FROM t LIMIT 9)", "(SELECT * FROM `e` LIMIT 9223372036854775807)"


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
        f"`f` AS (SELECT `a` FROM {APART} AS `e`) SELECT `f`.`a` FROM `f` CROSS JOIN `f` AS `g`",
    ),
    (
        f"WITH e AS {MADE}, f AS (SELECT a FROM e), g AS (SELECT a FROM f) SELECT 1 FROM g CROSS JOIN g AS h",
        f"`f` AS (SELECT `a` FROM {APART} AS `e`), `g` AS (SELECT `a` FROM `f`) SELECT",
    ),
    (
        "WITH e AS (SELECT a FROM t INTERSECT SELECT b FROM t), f AS (SELECT a FROM e) SELECT f.a FROM f CROSS JOIN f AS g",
        f"{own(0)}, `f` AS (SELECT `a` FROM (SELECT * FROM `e_0` LIMIT 9223372036854775807) AS `e`) SELECT",
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
            "(SELECT a FROM t) LIMIT 9",
            "((SELECT a FROM t) LIMIT 9 OFFSET 1)",
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
        f"WITH e AS {MADE} SELECT 1 FROM t JOIN u ON (SELECT a FROM e WHERE a = 'X') = (SELECT a FROM e WHERE a = 'x')"
        " AND (SELECT a FROM e WHERE a = 'X') > 0",
        "(SELECT `a` FROM `e_1` AS `e` WHERE `a` = 'X') = (SELECT `a` FROM `e_2` AS `e` WHERE `a` = 'x') "
        "AND (SELECT `a` FROM `e_1` AS `e` WHERE `a` = 'X') > 0",
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
    # What may name a column from around it is not made again for the next row through another entry.
    f"SELECT t.a FROM t WHERE EXISTS (WITH e AS {MADE} SELECT 1 FROM e AS x CROSS JOIN e)",
    f"SELECT (WITH e AS {MADE} SELECT 1 FROM e AS x CROSS JOIN e) FROM t",
    f"SELECT d.a FROM t CROSS JOIN LATERAL (WITH e AS {MADE} SELECT e.a FROM e AS x CROSS JOIN e) AS d",
    f"WITH e AS {MADE} SELECT 1 FROM t WHERE a IN "
    "(WITH q AS (SELECT a FROM e WHERE e.a > t.a) SELECT x.a FROM q AS x CROSS JOIN q)",
    f"SELECT t.a FROM t JOIN u ON (WITH e AS {MADE} SELECT COUNT(*) FROM e AS x CROSS JOIN e)",
    # Names that mean two entries.
    f"WITH e AS {MADE} SELECT 1 FROM (WITH e AS {MADE} SELECT 1 FROM e AS x CROSS JOIN e) AS d CROSS JOIN e",
]


def separated(sql: str) -> str:
    tree = sqlglot.parse_one(sql, read="mysql")
    separate_readers(tree)
    return tree.sql(dialect="mysql", identify=True)


@pytest.mark.parametrize(("agent", "part"), ENTRIES)
def test_each_reader_of_a_shared_entry_has_one_of_its_own(agent: str, part: str) -> None:
    assert part in separated(agent)


@pytest.mark.parametrize("agent", AS_THEY_ARE)
def test_an_entry_with_one_reader_or_no_table_stays_as_it_is(agent: str) -> None:
    assert "9223372036854775807" not in separated(agent)


def test_many_entries_that_read_each_other_twice_are_looked_at_once() -> None:
    chain = ", ".join(
        f"e{n} AS (SELECT x.a FROM e{n - 1} AS x CROSS JOIN e{n - 1} AS y)" for n in range(1, 400)
    )
    text = separated(f"WITH e0 AS {MADE}, {chain} SELECT a FROM e399")
    assert text.count("(SELECT * FROM `e0` LIMIT") == 2
    assert text.count("LIMIT") == 3
