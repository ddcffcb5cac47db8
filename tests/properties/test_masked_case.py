"""In MySQL's dialect masked text compares like the text it stands for: without case."""

from __future__ import annotations

import pytest

from tests.support.generator_checks import lie
from tests.support.generator_house import House
from tests.support.generator_queries import Query

QUESTIONS = (
    "SELECT COUNT(*) AS n FROM t_user_profile WHERE first_name = '[REDACTED]'",
    "SELECT COUNT(*) AS n FROM t_user_profile WHERE UPPER(first_name) < first_name",
    "SELECT COUNT(*) AS n FROM t_user_profile WHERE first_name >= 'Kenji'",
    "SELECT COUNT(*) AS n FROM t_user WHERE email = '***@EXAMPLE.com'",
    "SELECT COUNT(DISTINCT email) AS n FROM t_user",
)


@pytest.mark.parametrize("sql", QUESTIONS)
def test_masked_text_has_no_case(mysql_house: House, sql: str) -> None:
    crm = next(
        each for each in mysql_house.worlds if (each.role, "crm" in each.source) == ("data_engineer", True)
    )
    assert not lie(Query(sql=sql, is_ordered=False, seen=frozenset()), crm, mysql_house).wrong
