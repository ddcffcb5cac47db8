"""Over policies that hide less, the same techniques succeed: what finds nothing otherwise would find it."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.attacks.running import attacked, opened
from tests.attacks.techniques import techniques

# What is written otherwise in a copy of the product's policies, and techniques that must succeed then.
LESS: Mapping[str, tuple[Mapping[str, tuple[str, str]], set[str]]] = {
    "an address is no personal data": (
        {
            "tags.yaml": ("(.*_)?e?mail(_address|_addr)?", "no_such_name"),
            "datasets/crm/customers.yaml": ("email: {tags: [pii.email]}", "email: {}"),
        },
        {
            "mask-outputs/reversed",
            "mask-outputs/characters-in-columns",
            "mask-oracles/like-front",
            "mask-oracles/ilike",
        },
    ),
    "the names of sessions are no secret": (
        {
            "redis/sessions.yaml": (
                "session:{token:rest}\n    types: [string, hash]\n    description: One login of the app or the web\n"
                "    show: metadata\n    classification: internal\n    parts: {token: {tags: [secret]}}",
                "session:{sid:rest}\n    types: [string, hash]\n    show: metadata\n"
                "    classification: internal\n    parts: {sid: {}}",
            )
        },
        {
            "redis-names/scan-all",
            "redis-names/session-guess",
            "redis-names/session-pattern-guess",
            "redis-names/session-front",
            "redis-names/session-length",
        },
    ),
    "fields of orders are listed as they are": (
        {"redis/sales.yaml": ("remark: {tags: [free_text]}", "remark: {}\n      rider: {}")},
        {
            "redis-values/hash-all",
            "redis-values/hash-field-rider",
            "redis-values/hash-field-remark",
        },
    ),
    "test orders count": (
        {
            "contracts.yaml": (
                "row_filter: \"currency_code = 'USD'\"",
                "row_filter: \"currency_code <> 'XXX'\"",
            )
        },
        {
            "hidden-rows/sum",
            "hidden-rows/distinct-values",
            "hidden-rows/window-total",
            "tools/describe-orders",
        },
    ),
}


@pytest.mark.parametrize("name", LESS)
async def test_attacks_succeed_where_less_is_hidden(name: str, project_root: Path, tmp_path: Path) -> None:
    changes, expected = LESS[name]
    policies = tmp_path / "policies"
    shutil.copytree(project_root / "policies", policies)
    for file, (old, new) in changes.items():
        text = (policies / file).read_text(encoding="utf-8")
        assert old in text
        (policies / file).write_text(text.replace(old, new), encoding="utf-8")
    asked = [(each, None) for each in techniques() if each.id in expected]
    engine = "redis" if all(each.startswith("redis-") for each in expected) else "duckdb"
    async with opened(engine, policies, tmp_path) as worlds:
        found = {each.technique.id async for each in attacked(asked, engine, worlds) if each.wrong}
    assert found == expected
