"""Long but plain texts are read; the parser ends on every shape that once took it exponential time.

A shape that comes back would hang: pytest's timeout is the only clock here.
"""

import re

import pytest

from lucky_mcp.errors import ReadError
from lucky_mcp.gateway.read import Gateway
from lucky_mcp.model.request import SqlRead
from lucky_mcp.model.source import Dialect
from lucky_mcp.sql.allow import allow
from lucky_mcp.sql.dialects import GRAMMARS
from lucky_mcp.sql.parse import parse
from tests.support.house import ANALYST
from tests.support.reference import MAP, ORDERS

READ = {
    "a flat chain of OR": "SELECT a FROM t WHERE a = 1" + " OR a = 1" * 5000,
    "a flat chain of UNION": "SELECT 1" + " UNION ALL SELECT 1" * 1500,
    "a long IN list": "SELECT a FROM t WHERE a IN (0" + ", 12345" * 7000 + ")",
    "many columns": "SELECT a" + ", a" * 15000 + " FROM t",
    "many joins with conditions": "SELECT 1 FROM t" + " JOIN t b ON t.a = b.a" * 300,
    "many entries": "WITH a0 AS (SELECT 1)"
    + "".join(f", a{n} AS (SELECT 1)" for n in range(1, 1500))
    + " SELECT 1",
    "many WHEN branches": "SELECT CASE" + " WHEN a = 1 THEN 1" * 2500 + " END FROM t",
    "ninety parentheses": "SELECT " + "(" * 90 + "1" + ")" * 90,
    "long text": "SELECT '" + "x" * 60_000 + "'",
}
HOSTILE = {
    "bare joins": "SELECT 1 FROM t a" + " JOIN t b" * 40,
    "bare joins in parentheses": "SELECT 1 FROM t a" + " JOIN (t b JOIN t c" * 25 + ")" * 25,
    "bare inner joins": "SELECT 1 FROM t a" + " INNER JOIN t b" * 40,
    "bare joins before one condition": "SELECT 1 FROM t a" + " JOIN t b" * 30 + " ON a.a = b.a",
    "outer joins without conditions": "SELECT 1 FROM t a" + " LEFT JOIN t b" * 100,
    "natural joins": "SELECT 1 FROM t a" + " NATURAL JOIN t b" * 30,
    "straight joins": "SELECT 1 FROM t a" + " STRAIGHT_JOIN t b" * 30,
    "subscripts": "SELECT a" + "[1]" * 90 + " FROM t",
    "nested lists": "SELECT " + "[" * 90 + "1" + "]" * 90,
    "nested arrays": "SELECT " + "ARRAY[" * 90 + "1" + "]" * 90,
    "nested structs": "SELECT " + "{'a': " * 90 + "1" + "}" * 90,
    "nested calls": "SELECT " + "ABS(" * 90 + "1" + ")" * 90,
    "nested CASE": "SELECT " + "CASE WHEN 1 = 1 THEN " * 90 + "1" + " END" * 90,
    "nested CAST": "SELECT " + "CAST(" * 90 + "1" + " AS CHAR)" * 90,
    "nested IN": "SELECT 1 WHERE 1 " + "IN (SELECT 1 WHERE 1 " * 90 + "= 1" + ")" * 90,
    "nested subqueries in FROM": "SELECT 1 FROM " + "(SELECT 1 FROM " * 90 + "t" + ") x" * 90,
    "nested parentheses in FROM": "SELECT 1 FROM " + "(" * 90 + "t" + ")" * 90,
    "nested row values": "SELECT 1 WHERE " + "(1, " * 90 + "1" + ")" * 90 + " = 1",
    "half a nest of parentheses in FROM": "SELECT 1 FROM " + "(" * 90 + "t",
    "half a nest of calls": "SELECT " + "COALESCE(1, " * 90 + "1",
    "half a nest of CASE": "SELECT " + "CASE WHEN 1 THEN " * 90,
    "half a nest of types": "SELECT CAST(1 AS " + "ARRAY(" * 90,
    "intervals": "SELECT a" + " + INTERVAL 1 DAY" * 1000 + " FROM t",
    "chains of NOT": "SELECT " + "NOT " * 3000 + "1",
    "chains of minus": "SELECT " + "- " * 3000 + "1",
    "chains of LIKE": "SELECT a" + " LIKE 'x'" * 1500 + " FROM t",
    "chains of BETWEEN": "SELECT a" + " BETWEEN 1 AND 2" * 1500 + " FROM t",
    "chains of dots": "SELECT a" + ".a" * 4000 + " FROM t",
    "chains of arrows": "SELECT a" + " -> 'x'" * 1000 + " FROM t",
    "chains of casts": "SELECT a" + "::int" * 2000 + " FROM t",
    "chains of COLLATE": "SELECT a" + " COLLATE x" * 1000 + " FROM t",
    "chains of AT TIME ZONE": "SELECT a" + " AT TIME ZONE 'UTC'" * 800 + " FROM t",
    "chains of IS": "SELECT a" + " IS NULL" * 2000 + " FROM t",
    "chains of commas in FROM": "SELECT 1 FROM t" + ", t" * 30,
    "unread entries in subqueries": "SELECT 1"
    + ", (WITH a AS (SELECT 1 FROM t JOIN t u ON x) SELECT 1)" * 900
    + " FROM t",
    "unread entries of one subquery": "SELECT (WITH a AS (SELECT 1)"
    + "".join(f", a{n} AS (SELECT 1 FROM t JOIN t u ON x)" for n in range(900))
    + " SELECT 1) FROM t",
    "aggregates over an ordered derived table": "SELECT "
    + "SUM(x.a), " * 3000
    + "1 FROM (SELECT "
    + "1, " * 3000
    + "2 AS a FROM t ORDER BY 1) x",
    "chains of windows": "SELECT 1 FROM t WINDOW w AS ()" + ", w AS ()" * 500,
    "chains of strings": "SELECT 'a'" + " 'a'" * 4000,
    "chains of comments": "SELECT 1" + " /* a */" * 3000,
    "chains of quotes": "SELECT " + '"' * 60000,
    "less-than signs": "SELECT 1 " + "<" * 20000,
    "at signs": "SELECT " + "@" * 20000,
    "backslashes": "SELECT '" + "\\" * 60000,
    "dollar signs": "SELECT " + "$" * 60000,
}


@pytest.mark.parametrize("dialect", list(Dialect))
@pytest.mark.parametrize("shape", READ)
def test_a_long_plain_text_is_read(shape: str, dialect: Dialect) -> None:
    statement = parse(READ[shape], GRAMMARS[dialect])
    allow(statement.tree, dialect)


@pytest.mark.timeout(20)
@pytest.mark.parametrize("source", [ORDERS, MAP])
@pytest.mark.parametrize("shape", HOSTILE)
async def test_a_hostile_shape_ends_in_a_text_or_a_refusal(gateway: Gateway, shape: str, source: str) -> None:
    sql = re.sub(r"\bt\b", {ORDERS: "t_order_item", MAP: "store_location"}[source], HOSTILE[shape])
    try:
        explained = await gateway.explain(ANALYST, SqlRead(source=source, sql=sql))
    except ReadError as refusal:
        assert refusal.agent_text.startswith("ERROR ")
    else:
        assert explained.sql_sent
