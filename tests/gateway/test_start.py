"""What the server does once before it answers."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from lucky_mcp.enforcement.engine_functions import engine_functions
from lucky_mcp.gateway.read import Gateway
from lucky_mcp.gateway.start import settle
from lucky_mcp.sql.functions.allowlist import allowlist


@pytest.fixture(autouse=True)
def collector_as_before() -> Iterator[None]:
    yield
    gc.enable()
    gc.unfreeze()


def test_what_was_loaded_is_set_apart_and_no_list_is_learnt_by_a_read(gateway: Gateway) -> None:
    policies = gateway.policies
    for kept in (allowlist, engine_functions):
        kept.cache_clear()
    before = gc.get_freeze_count()
    gc.disable()
    settle(policies)
    assert gc.isenabled()
    assert gc.get_freeze_count() > before + len(policies.sources)
    learnt = [kept.cache_info().misses for kept in (allowlist, engine_functions)]
    for source in (each for each in policies.sources.values() if not each.is_keyed):
        allowlist(source.dialect)
        engine_functions(source.dialect, source.kind)
    assert learnt == [kept.cache_info().misses for kept in (allowlist, engine_functions)]
