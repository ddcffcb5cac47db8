"""Verification refuses every guarded text that was damaged afterwards, whatever the damage."""

import re
from dataclasses import dataclass
from typing import Any

import pytest
import sqlglot
from ruamel.yaml import YAML

from lucky_mcp.decision.decide import decide
from lucky_mcp.enforcement import enforce
from lucky_mcp.enforcement.verify import verify
from lucky_mcp.errors import GuardFailed
from lucky_mcp.gateway.prepare import Prepared, prepare
from lucky_mcp.gateway.read import Gateway
from lucky_mcp.model.decision import Permit
from lucky_mcp.model.request import SqlRead
from lucky_mcp.sql.dialects import GRAMMARS
from lucky_mcp.sql.parse import parse
from lucky_mcp.sql.resolve import resolve
from lucky_mcp.sql.resolved import ResolvedQuery
from tests.enforcement.conftest import Shared, SharedByDialect
from tests.support.cases import CASES, rewrite_cases
from tests.support.house import ANALYST, ENGINEER, EXECUTIVE

FILE: dict[str, Any] = YAML(typ="safe").load(
    (CASES / "verify" / "mutations.yaml").read_text(encoding="utf-8")
)
BASES: dict[str, dict[str, str]] = FILE["bases"]
PRINCIPALS = {"analyst": ANALYST, "data_engineer": ENGINEER, "executive": EXECUTIVE}


@dataclass(frozen=True, kw_only=True)
class Mutation:
    """One damage: `old` (a text, or `pattern` an expression) becomes `new`, once or everywhere."""

    title: str
    base: str
    new: str
    old: str = ""
    pattern: str = ""
    everywhere: bool = False
    fenced: bool = False

    def of(self, text: str) -> str:
        found = self.pattern or re.escape(self.old)
        put = self.new if self.pattern else self.new.replace("\\", "\\\\")
        changed, count = re.subn(found, put, text, count=0 if self.everywhere else 1, flags=re.DOTALL)
        assert count, f"{found!r} does not occur in {text}"
        assert changed != text
        return changed


MUTATIONS = [Mutation(**entry) for entry in FILE["mutations"]]


@pytest.fixture(autouse=True)
def both_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a text without fences be made as well: verification must tell the two apart."""
    monkeypatch.setattr(enforce, "ALWAYS_FENCED", frozenset())


def prepared(
    gateway: Gateway, source: str, sql: str, role: str = "analyst"
) -> tuple[Prepared, ResolvedQuery, Permit]:
    """Return what the gateway would run, and the query and decision that verification compares with."""
    view, principal = gateway.view(), PRINCIPALS[role]
    known = view.policies.sources[source]
    grammar, catalog = GRAMMARS[known.dialect], view.policies.catalogs[source]
    query = resolve(parse(sql, grammar), grammar, catalog, known.default_schema)
    permit = decide(principal, known, query.tables, view.policies, view.references)
    assert isinstance(permit, Permit)
    return prepare(view, principal, known, SqlRead(source=source, sql=sql)), query, permit


def quoted(text: str) -> str:
    """Return the text with every name quoted, so that a mutation can name its place exactly."""
    return sqlglot.parse_one(text, read="duckdb").sql(dialect="duckdb", identify=True)


def check(text: str, found: tuple[Prepared, ResolvedQuery, Permit], *, fenced: bool) -> None:
    done, query, permit = found
    verify(text, query, permit, done.source, rows_max=done.guarded.rows_max, fenced=fenced)


@pytest.mark.parametrize("mutation", [pytest.param(each, id=each.title) for each in MUTATIONS])
async def test_a_damaged_text_is_refused(shared: Shared, mutation: Mutation) -> None:
    found = prepared(shared.gateway, BASES[mutation.base]["source"], BASES[mutation.base]["sql"])
    guarded = found[0].guarded
    text = quoted(guarded.text_fenced if mutation.fenced else guarded.text)
    check(text, found, fenced=mutation.fenced)
    with pytest.raises(GuardFailed):
        check(mutation.of(text), found, fenced=mutation.fenced)


@pytest.mark.parametrize("base", BASES)
async def test_a_text_with_other_scans_is_refused(shared: Shared, base: str) -> None:
    found = prepared(shared.gateway, **BASES[base])
    others = [prepared(shared.gateway, **BASES[other]) for other in BASES]
    others = [each for each in others if sorted(each[1].tables) != sorted(found[1].tables)]
    assert len(others) >= 4
    for done, _, _ in others:
        with pytest.raises(GuardFailed):
            check(done.guarded.text, found, fenced=False)


@pytest.mark.parametrize("base", BASES)
async def test_the_two_texts_are_not_taken_for_each_other(shared: Shared, base: str) -> None:
    found = prepared(shared.gateway, **BASES[base])
    with pytest.raises(GuardFailed):
        check(found[0].guarded.text_fenced, found, fenced=False)
    with pytest.raises(GuardFailed):
        check(found[0].guarded.text, found, fenced=True)


async def test_a_text_made_for_another_role_is_refused(shared: Shared) -> None:
    source, sql = "aws-luckyus-salescrm-rw", "SELECT email FROM t_user LIMIT 5"
    analyst, engineer = (prepared(shared.gateway, source, sql, role) for role in ("analyst", "data_engineer"))
    check(analyst[0].guarded.text, analyst, fenced=False)
    with pytest.raises(GuardFailed):
        check(engineer[0].guarded.text, analyst, fenced=False)


async def test_dropping_any_one_scan_guard_of_any_case_is_refused(shared_by_dialect: SharedByDialect) -> None:
    """Each filter of each guarded text of the rewrite cases, taken out alone."""
    tried = 0
    for case in rewrite_cases()[::3]:
        shared = await shared_by_dialect.speaking(case.dialect)
        found = prepared(shared.gateway, case.source, case.sql, case.role)
        tree = sqlglot.parse_one(found[0].guarded.text, read="duckdb")
        filters = [where for where in tree.find_all(sqlglot.exp.Where) if "lucky_" in where.sql()]
        for where in [each for each in filters if each.parent.args["from_"].this.alias.startswith("lucky_")]:
            select = where.parent
            select.set("where", None)
            with pytest.raises(GuardFailed):
                check(tree.sql(dialect="duckdb"), found, fenced=False)
            select.set("where", where)
            tried += 1
    assert tried > 50
