"""A view's guard on engines other than the embedded one: written out, fenced in the engine's words, and proved."""

from pathlib import Path

import pytest

from lucky_mcp.decision.decide import decide_table
from lucky_mcp.enforcement.guard_texts import guard_texts
from lucky_mcp.enforcement.verify import _proved
from lucky_mcp.model.decision import TableDecision
from lucky_mcp.model.names import TableName
from lucky_mcp.model.source import Dialect, Kind
from tests.support.house import EXECUTIVE, policies_in, policies_over

MARTS = ("mart_daily_store_revenue", "mart_customer_health", "mart_product_mix")
SERVERS = {
    Kind.MYSQL: (Dialect.MYSQL, "LIMIT 9223372036854775807"),
    Kind.POSTGRES: (Dialect.POSTGRES, "OFFSET 0"),
}


@pytest.mark.parametrize("kind", SERVERS)
@pytest.mark.parametrize("mart", MARTS)
def test_a_guard_is_written_out_and_proved(
    kind: Kind, mart: str, project_root: Path, demo_data: Path, tmp_path: Path
) -> None:
    dialect, fence = SERVERS[kind]
    policies = policies_over(
        policies_in(project_root / "policies", tmp_path / "policies", dialect), demo_data
    )
    view = TableName(schema="mart_schema", table=mart)
    source = policies.sources["redshift"]
    decided = decide_table(EXECUTIVE, source, view, policies, {"us_shops": (10001, 10002)})
    assert isinstance(decided, TableDecision) and decided.below is not None
    text = guard_texts(decided, dialect, kind).engine
    assert text.alone.count(fence) == len(decided.below.tables)
    assert mart not in text.alone
    assert _proved(text, decided, dialect, kind)
