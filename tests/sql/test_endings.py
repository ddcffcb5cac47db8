"""What may stand behind a statement: semicolons, and comments that no server would run."""

from __future__ import annotations

import pytest

from lucky_mcp.errors import ConstructRefused, StatementRefused
from lucky_mcp.model.source import Dialect
from lucky_mcp.sql.dialects import GRAMMARS
from lucky_mcp.sql.parse import parse

READ = ["SELECT 1;", "SELECT 1;;", "SELECT 1; -- done", "SELECT 1; /* done */ ;"]


@pytest.mark.parametrize("text", READ)
@pytest.mark.parametrize("dialect", list(Dialect))
def test_a_comment_behind_the_last_semicolon_is_no_second_statement(text: str, dialect: Dialect) -> None:
    assert parse(text, GRAMMARS[dialect]).tree.sql(comments=False) == "SELECT 1"


@pytest.mark.parametrize("text", ["SELECT 1; SELECT 2", "; SELECT 1", "SELECT 1; -- then\nSELECT 2"])
@pytest.mark.parametrize("dialect", list(Dialect))
def test_a_second_statement_is_refused(text: str, dialect: Dialect) -> None:
    with pytest.raises(StatementRefused):
        parse(text, GRAMMARS[dialect])


@pytest.mark.parametrize("text", ["SELECT 1; /*! DELETE FROM t */", "SELECT 1 /*! UNION SELECT 2 */;"])
@pytest.mark.parametrize("dialect", [Dialect.MYSQL, Dialect.DORIS])
def test_what_a_server_would_run_is_refused_behind_the_semicolon_too(text: str, dialect: Dialect) -> None:
    with pytest.raises(ConstructRefused):
        parse(text, GRAMMARS[dialect])
