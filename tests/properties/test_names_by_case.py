"""Where the server tells names apart by case, an entry of another case shields no table.

The embedded engine ignores case even in quotes, so no comparison of answers can show this: it is read off the scans.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from lucky_mcp.catalog.snapshot import Catalog
from lucky_mcp.policy.policy_set import PolicySet
from lucky_mcp.sql import resolve as resolving
from lucky_mcp.sql.dialects import GRAMMARS, Grammar
from lucky_mcp.sql.parse import parse
from lucky_mcp.sql.resolve import resolve
from tests.support.reference import CRM

OTHER_CASE = 'WITH "T_USER" AS (SELECT 1 AS user_no) SELECT user_no FROM t_user'
SAME_CASE = 'WITH T_USER AS (SELECT 1 AS user_no) SELECT user_no FROM "t_user"'
SCHEMA = "luckyus_sales_crm"


@pytest.fixture
def exact(demo_policies: PolicySet) -> Catalog:
    """The customer database as a server that tells names apart by case."""
    return replace(demo_policies.catalogs[CRM], case_sensitive=True)


def scanned(sql: str, grammar: Grammar, catalog: Catalog) -> list[str]:
    """Return the base tables that a statement reads."""
    query = resolve(parse(sql, grammar), grammar, catalog, SCHEMA)
    return [scan.table.table for scan in query.scans]


def test_an_entry_of_another_case_shields_nothing(exact: Catalog) -> None:
    postgres = next(each for name, each in GRAMMARS.items() if name.value == "postgres")
    assert scanned(OTHER_CASE, postgres, exact) == ["t_user"]
    assert scanned(SAME_CASE, postgres, exact) == []


def test_matching_without_case_would_be_noticed(exact: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    postgres = next(each for name, each in GRAMMARS.items() if name.value == "postgres")
    same = lambda self, left, right: left.name.lower() == right.name.lower()  # noqa: E731
    monkeypatch.setattr(resolving._Resolver, "_same", same)
    assert scanned(OTHER_CASE, postgres, exact) == []
