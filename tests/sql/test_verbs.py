"""No statement but a query passes, at the root or in disguise, in any dialect."""

from collections.abc import Iterator

import pytest
from ruamel.yaml import YAML
from sqlglot import exp

from lucky_mcp.errors import Code, ReadError
from lucky_mcp.model.source import Dialect
from lucky_mcp.sql.allow import allow
from lucky_mcp.sql.dialects import GRAMMARS
from lucky_mcp.sql.parse import parse
from tests.support.cases import CASES

VERBS = YAML(typ="safe").load((CASES / "verbs.yaml").read_text(encoding="utf-8"))
STATEMENTS = [statement for group in VERBS["refused"] for statement in group["statements"]]
# What a refused statement may hide behind, and the codes that it may get there.
ROOT = {Code.NOT_READ_ONLY}
INSIDE = {Code.NOT_READ_ONLY, Code.PARSE_ERROR, Code.CONSTRUCT_REFUSED, Code.FUNCTION_REFUSED}
SECOND = {Code.MULTIPLE_STATEMENTS}
DISGUISES = {
    "as it is": ("{}", ROOT),
    "after a line": ("\n\t{}\n;", ROOT),
    "behind a comment": ("/* SELECT */ {}", ROOT),
    "behind a line comment": ("-- SELECT\n{}", ROOT),
    "in parentheses": ("({})", ROOT),
    "in lower case": ("{lower}", ROOT),
    "behind EXPLAIN": ("EXPLAIN {}", ROOT),
    "after a SELECT": ("SELECT 1; {}", SECOND),
    "before a SELECT": ("{}; SELECT 1", SECOND),
    "in a WITH entry": ("WITH x AS ({}) SELECT * FROM x", INSIDE),
    "behind a WITH entry": ("WITH x AS (SELECT 1) {}", INSIDE),
    "as a derived table": ("SELECT * FROM ({}) x", INSIDE),
    "as a scalar": ("SELECT ({}) AS a", INSIDE),
    "in EXISTS": ("SELECT 1 WHERE EXISTS ({})", INSIDE),
    "behind UNION": ("SELECT 1 UNION ALL {}", INSIDE),
}


def passes(text: str, dialect: Dialect) -> exp.Expr:
    tree = parse(text, GRAMMARS[dialect]).tree
    allow(tree, dialect)
    return tree


def is_only_a_name(tree: exp.Expr, statement: str) -> bool:
    """Whether the verb became a name: in `(VACUUM t)` the parser finds a table VACUUM under the alias t."""
    names = {identifier.name.upper().split()[0] for identifier in tree.find_all(exp.Identifier)}
    tables = {table.name for table in tree.find_all(exp.Table)}
    return statement.split()[0].upper() in names and "t_shop_info" not in tables


def accepted() -> Iterator[tuple[Dialect, str]]:
    for dialect in Dialect:
        for statement in (*VERBS["accepted"]["all"], *VERBS["accepted"][dialect]):
            yield dialect, statement


@pytest.mark.parametrize(("dialect", "statement"), list(accepted()))
def test_a_query_is_a_read(dialect: Dialect, statement: str) -> None:
    passes(statement, dialect)


@pytest.mark.parametrize("disguise", DISGUISES)
@pytest.mark.parametrize("dialect", list(Dialect))
def test_no_other_statement_is(dialect: Dialect, disguise: str) -> None:
    form, codes = DISGUISES[disguise]
    wrong = []
    for statement in STATEMENTS:
        text = form.format(statement, lower=statement.lower())
        try:
            tree = passes(text, dialect)
        except ReadError as refusal:
            if refusal.code not in codes:
                wrong.append((text, refusal.code))
        else:
            if codes is not INSIDE or not is_only_a_name(tree, statement):
                wrong.append((text, "accepted"))
    assert wrong == []


def test_every_statement_stands_once() -> None:
    assert len(set(STATEMENTS)) == len(STATEMENTS) >= 115
