"""A source whose entry changed gets a new adapter; the old one is closed as soon as no read holds it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lucky_mcp.adapters import registry as registry_module
from lucky_mcp.adapters.registry import Registry
from lucky_mcp.model.source import Dialect, Kind, Source

SOURCE = Source(name="s", kind=Kind.MYSQL, dialect=Dialect.MYSQL, url="", domain="x", short_name="s")
CHANGED = replace(SOURCE, description="another")
OTHER = replace(SOURCE, name="other")


class Adapter:
    """One that says when it was closed."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.closed = 0

    async def close(self) -> None:
        """Count it."""
        self.closed += 1


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Registry:
    monkeypatch.setattr(registry_module, "_make", lambda source, *_: Adapter(source))
    return Registry({})


def closed(adapter: object) -> int:
    assert isinstance(adapter, Adapter)
    return adapter.closed


async def test_one_that_nobody_holds_is_closed_at_once(registry: Registry) -> None:
    async with registry.held(SOURCE) as old:
        pass
    async with registry.held(CHANGED) as new:
        assert new is not old and closed(old) == 1
    await registry.close()
    assert (closed(old), closed(new)) == (1, 1)


async def test_one_that_reads_hold_is_closed_after_the_last(registry: Registry) -> None:
    async with registry.held(SOURCE) as old:
        async with registry.held(SOURCE) as same:
            assert same is old
            async with registry.held(CHANGED), registry.held(OTHER):
                assert closed(old) == 0
        assert closed(old) == 0
    assert closed(old) == 1


async def test_one_whose_read_failed_is_closed_as_well(registry: Registry) -> None:
    with pytest.raises(ZeroDivisionError):
        async with registry.held(SOURCE) as old:
            registry.adapter(CHANGED)
            raise ZeroDivisionError
    assert closed(old) == 1


async def test_closing_closes_what_is_held(registry: Registry) -> None:
    async with registry.held(SOURCE) as old, registry.held(CHANGED) as new:
        await registry.close()
        assert closed(old) == closed(new) == 1
    assert closed(old) == closed(new) == 1
