"""Which quota a caller has, by its roles and by its name."""

from __future__ import annotations

from dataclasses import replace

from lucky_mcp.model.principal import Principal
from lucky_mcp.model.quota import Quota
from lucky_mcp.policy.quotas import Quotas


def test_which_quota_a_caller_has() -> None:
    quotas = Quotas(
        default=Quota(calls_per_minute=60, rows_per_hour=1_000),
        by_role={"analyst": Quota(rows_per_hour=5_000), "dba": Quota(calls_per_minute=10)},
        by_principal={"app:ask-lucky": Quota(calls_per_minute=600)},
    )
    assert quotas.of(Principal(subject="x", roles=())) == quotas.default
    assert quotas.of(Principal(subject="x", roles=("analyst",))) == Quota(
        calls_per_minute=60, rows_per_hour=5_000
    )
    both = Principal(subject="x", roles=("analyst", "dba"))
    assert quotas.of(both) == Quota(calls_per_minute=10, rows_per_hour=1_000)
    app = replace(both, subject="app:ask-lucky")
    assert quotas.of(app) == Quota(calls_per_minute=600, rows_per_hour=1_000)
    assert quotas.of(Principal(subject="system:catalog", roles=("dba",))) == Quota()
