"""k of the token mask may be named in a proved guard's columns alone, in the text of each engine."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from ruamel.yaml import YAML
from sqlglot import exp

from lucky_mcp.decision.decide import decide
from lucky_mcp.enforcement.mask_forms import mask_expression
from lucky_mcp.enforcement.mentioned_columns import narrowed
from lucky_mcp.enforcement.render import render_engine
from lucky_mcp.enforcement.verify import verify
from lucky_mcp.errors import GuardFailed
from lucky_mcp.gateway.prepare import Prepared, prepare
from lucky_mcp.gateway.view import View
from lucky_mcp.model.decision import MaskName, Permit, VisibleColumn
from lucky_mcp.model.request import SqlRead
from lucky_mcp.model.source import Dialect, Kind
from lucky_mcp.policy.policy_set import PolicySet
from lucky_mcp.sql.dialects import GRAMMARS
from lucky_mcp.sql.nodes import Nodes
from lucky_mcp.sql.parse import parse
from lucky_mcp.sql.resolve import resolve
from lucky_mcp.sql.resolved import ResolvedQuery
from tests.support.cases import CASES
from tests.support.house import ANALYST, NOW, policies_over
from tests.support.reference import CRM

FILE = YAML(typ="safe").load((CASES / "verify" / "tokens.yaml").read_text(encoding="utf-8"))
KINDS = {Kind.MYSQL: Dialect.MYSQL, Kind.POSTGRES: Dialect.POSTGRES, Kind.DUCKDB: Dialect.MYSQL}
QUOTES = {Kind.MYSQL: "`", Kind.POSTGRES: '"', Kind.DUCKDB: '"'}
DAMAGES = [
    pytest.param(kind, each, id=f"{kind}: {each['title']}")
    for kind in KINDS
    for each in FILE["mutations"]
    if kind in each.get("kinds", KINDS)
]
Found = tuple[Prepared, ResolvedQuery, Permit]


@pytest.fixture(scope="module")
def keyed(project_root: Path, demo_data: Path) -> PolicySet:
    return policies_over(project_root / "policies", demo_data, has_token_key=True)


def prepared(policies: PolicySet, kind: Kind) -> Found:
    view = View(policies=policies, references={}, now=NOW)
    source = replace(policies.sources[CRM], kind=kind, dialect=KINDS[kind])
    grammar, catalog = GRAMMARS[source.dialect], policies.catalogs[CRM]
    query = resolve(parse(FILE["query"], grammar), grammar, catalog, source.default_schema)
    permit = decide(ANALYST, source, query.tables, policies, {})
    assert isinstance(permit, Permit)
    return prepare(view, ANALYST, source, SqlRead(source=CRM, sql=FILE["query"])), query, permit


def words(kind: Kind) -> Mapping[str, str]:
    """What the places in the file's texts stand for."""
    column = VisibleColumn(name="email", type="VARCHAR", tags=("pii.email",), mask=MaskName.TOKEN)
    quote = QUOTES[kind]
    scanned = exp.column(exp.to_identifier("email", quoted=True), table="lucky_scan")
    scan = "lucky_scan" if kind is Kind.POSTGRES else f"{quote}lucky_scan{quote}"
    return {
        "key": FILE["keys"][str(kind)],
        "token": render_engine(mask_expression(column, scanned, KINDS[kind]), KINDS[kind], kind),
        "value": f"{scan}.{quote}email{quote}",
        "other": f"{scan}.{quote}group_no{quote}",
        "email": "email" if kind is Kind.POSTGRES else f"{quote}email{quote}",
        "quote": quote,
    }


def check(text: str, found: Found) -> None:
    done, query, permit = found
    shown = narrowed(permit, query, Nodes(query.tree), done.source)
    verify(text, query, shown, done.source, rows_max=done.guarded.rows_max, fenced=True)


@pytest.mark.parametrize("kind", KINDS)
def test_a_text_with_tokens_is_what_was_decided(keyed: PolicySet, kind: Kind) -> None:
    found = prepared(keyed, kind)
    check(found[0].guarded.text_sent, found)
    assert found[0].guarded.needs_token_key
    assert words(kind)["token"] in found[0].guarded.text_sent
    assert FILE["keys"][str(kind)] not in found[0].guarded.text_agent


@pytest.mark.parametrize(("kind", "damage"), DAMAGES)
def test_k_is_named_nowhere_else(keyed: PolicySet, kind: Kind, damage: Mapping[str, str]) -> None:
    found, known = prepared(keyed, kind), words(kind)
    text = found[0].guarded.text_sent
    new = damage["new"] if "pattern" in damage else damage["new"].format(**known).replace("\\", "\\\\")
    old = damage["pattern"] if "pattern" in damage else re.escape(damage["old"].format(**known))
    damaged, count = re.subn(old, new, text, count=1)
    assert count == 1, text
    assert damaged != text
    with pytest.raises(GuardFailed):
        check(damaged, found)
