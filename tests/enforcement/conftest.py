"""One gateway for all cases of a module: they change nothing in it but the audit."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from lucky_mcp.adapters.registry import Registry
from lucky_mcp.audit.sink import MemorySink
from lucky_mcp.gateway.read import Gateway
from lucky_mcp.policy.policy_set import PolicySet
from tests.support.house import opened


@dataclass(frozen=True, kw_only=True)
class Shared:
    """A gateway with its reference sets read, its audit, and adapters beside it for single texts."""

    gateway: Gateway
    audit: MemorySink
    registry: Registry


@pytest.fixture(scope="module")
def shared(demo_policies: PolicySet) -> Iterator[Shared]:
    audit = MemorySink()
    made = Shared(gateway=asyncio.run(opened(demo_policies, audit=audit)), audit=audit, registry=Registry())
    yield made
    asyncio.run(made.gateway.close())
    asyncio.run(made.registry.close())
