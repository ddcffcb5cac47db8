"""One gateway per dialect for all cases of a module: they change nothing in it but the audit."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pytest

from lucky_mcp.adapters.registry import Registry
from lucky_mcp.audit.sink import MemorySink
from lucky_mcp.gateway.read import Gateway
from lucky_mcp.policy.policy_set import PolicySet
from tests.support.dialect_worlds import DialectWorlds
from tests.support.house import opened
from tests.support.twin import Unguarded


@dataclass(frozen=True, kw_only=True)
class Shared:
    """A gateway with its reference sets read, its audit, adapters beside it for single texts, and the twins."""

    gateway: Gateway
    audit: MemorySink
    registry: Registry
    twins: Mapping[str, Unguarded]


class SharedByDialect:
    """The demo in its sources' own dialects (""), or in one dialect for all."""

    def __init__(self, policies: PolicySet, twins: Mapping[str, Unguarded], worlds: DialectWorlds) -> None:
        self._policies = policies
        self._twins = twins
        self._worlds = worlds
        self._made: dict[str, Shared] = {}

    async def speaking(self, dialect: str) -> Shared:
        """Return the gateway of a dialect, opened when it is first asked for."""
        if dialect not in self._made:
            world = self._worlds.world(dialect) if dialect else None
            audit = MemorySink()
            self._made[dialect] = Shared(
                gateway=await opened(world.policies if world else self._policies, audit=audit),
                audit=audit,
                registry=Registry(),
                twins=world.twins if world else self._twins,
            )
        return self._made[dialect]

    def close(self) -> None:
        """Close every gateway."""
        for made in self._made.values():
            asyncio.run(made.gateway.close())
            asyncio.run(made.registry.close())


@pytest.fixture(scope="module")
def shared_by_dialect(
    demo_policies: PolicySet, twins: Mapping[str, Unguarded], dialect_worlds: DialectWorlds
) -> Iterator[SharedByDialect]:
    made = SharedByDialect(demo_policies, twins, dialect_worlds)
    yield made
    made.close()


@pytest.fixture(scope="module")
def shared(shared_by_dialect: SharedByDialect) -> Shared:
    """The demo as it is."""
    return asyncio.run(shared_by_dialect.speaking(""))
