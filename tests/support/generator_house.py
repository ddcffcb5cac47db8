"""Everything one dialect's properties ask: guarded gateways over neighbouring databases, the twin, the raw data."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from lucky_mcp.adapters.base import Adapter
from lucky_mcp.adapters.duckdb import SETTINGS
from lucky_mcp.adapters.registry import Registry
from lucky_mcp.audit.line import to_line
from lucky_mcp.audit.record import AuditRecord
from lucky_mcp.demo.tables import Fleet
from lucky_mcp.demo.write_duckdb import write_fleet
from lucky_mcp.errors import ReadError
from lucky_mcp.gateway.execute import ExecutionFailed, Executor
from lucky_mcp.gateway.read import Gateway
from lucky_mcp.gateway.refresh import refresh_references
from lucky_mcp.model.principal import Principal
from lucky_mcp.model.request import SqlRead
from lucky_mcp.model.result import ReadResult
from lucky_mcp.model.source import Source
from lucky_mcp.policy.policy_set import PolicySet
from tests.support.generator_marts import view_world
from tests.support.generator_schema import World, world
from tests.support.house import ANALYST, ENGINEER, NOW, Uncounted, policies_in, policies_over
from tests.support.neighbours import NAMES, neighbour
from tests.support.plain_databases import Databases, Plain
from tests.support.reference import CRM, MAP, ORDERS, SHOPS, clean_tables

PRINCIPALS: Mapping[str, Principal] = {"analyst": ANALYST, "data_engineer": ENGINEER}
SOURCES = (ORDERS, ORDERS, ORDERS, CRM, CRM, CRM, SHOPS)
FOLDING = {"postgres"}  # where the map's catalog, which tells names apart by case, has such names
ROWS_ASKED = 1000


@dataclass(frozen=True)
class Answer:
    """What a guarded read came to: rows, a failure in the engine, or a refusal before it."""

    result: ReadResult | None = None
    error: ReadError | None = None
    is_refusal: bool = False

    @property
    def text(self) -> str:
        """What the agent was told of an error."""
        return self.error.agent_text if self.error else ""

    @property
    def reason(self) -> str:
        """The error with what only the audit knows, for the report of a failing property."""
        return f"{self.text} | {self.error.audit_detail}" if self.error else "rows"


class Asked(Protocol):
    """A database without any guard, which is asked plainly."""

    def ask(self, source: str, sql: str, *, optimized: bool = True) -> Plain:
        """Return its rows, or how it failed."""

    def close(self) -> None:
        """Close its connections."""


D = TypeVar("D", bound=Asked)


@dataclass
class AnyHouse(Generic[D]):
    """The properties' world in one dialect on one kind of engine; `D` is what is asked plainly there."""

    dialect: str
    worlds: tuple[World, ...]
    gateways: Mapping[tuple[str, str], Gateway]
    twins: Mapping[str, D]
    fenced_twins: Mapping[str, D]
    raw: D
    runner: asyncio.Runner = field(repr=False)

    def ask(self, role: str, source: str, sql: str, *, over: str = "base") -> Answer:
        """Ask through the guard, as the role, over the base data or a neighbour of it."""
        request = SqlRead(source=source, sql=sql, rows_max=ROWS_ASKED)
        reading = self.gateways[role, over].read(PRINCIPALS[role], request)
        try:
            return Answer(result=self.runner.get_loop().run_until_complete(reading))
        except ReadError as error:
            return Answer(error=error, is_refusal=not isinstance(error.__context__, ExecutionFailed))

    def as_written(self, role: str, source: str, sql: str) -> Plain:
        """Ask the twin with as little optimized as can be."""
        return self.twins[role].ask(source, sql, optimized=False)

    def with_a_table_each(self, role: str, source: str, sql: str) -> Iterator[Plain]:
        """Yield nothing: only MySQL keeps one table for several readers of a WITH entry."""
        yield from ()

    def unguarded(self, source: str, sql: str) -> Plain:
        """Ask the raw data."""
        return self.raw.ask(source, sql)

    def close(self) -> None:
        """Close every connection and the event loop; a server is its owner's."""
        for gateway in self.gateways.values():
            self.runner.run(gateway.close())
        for each in (*self.twins.values(), *self.fenced_twins.values(), self.raw):
            each.close()
        self.runner.close()


@dataclass
class House(AnyHouse[Databases]):
    """The properties' world on the embedded engine, whose joins run as they are written."""

    view_worlds: tuple[World, ...] = ()
    plans_vary: bool = False

    @property
    def engine(self) -> str:
        """Under which name runs and differences are kept: every dialect is run by the embedded engine."""
        return self.dialect

    def holds(self, role: str, text: str) -> bool:
        """Say no: plans do not vary here."""
        return False

    def plans(self, role: str, source: str, sql: str) -> Iterator[Plain]:
        """Yield the twin's answers: plain, without its optimizer, with a fence at every table, and without the
        passes that a gateway's own engine leaves out.
        """
        yield self.twins[role].ask(source, sql)
        yield self.as_written(role, source, sql)
        yield self.fenced_twins[role].ask(source, sql)
        passes = str(SETTINGS["disabled_optimizers"])
        yield self.fenced_twins[role].ask(source, sql, without=passes)
        yield self.twins[role].ask(source, sql, without=passes)


def house(fleet: Fleet, policies: Path, folder: Path, dialect: str, *, seed: int = 0) -> House:
    """Write every database of one dialect below `folder` and open gateways over them.

    All gateways share one policy set, so that a statement prepared for one holds for its neighbours.
    """
    runner = asyncio.Runner()
    policies_copied = policies_over(policies_in(policies, folder / "policies", dialect), folder)
    gateways = {}
    for role in PRINCIPALS:
        fleets = {"base": fleet} | {name: neighbour(fleet, role, name, seed=seed) for name in NAMES}
        for name, each in fleets.items():
            data = folder / f"{role}-{name}"
            write_fleet(each, data, dialects={table.source: dialect for table in each.tables})
            gateways[role, name] = runner.run(gateway_of(policies_copied, Elsewhere(data)))
    twins = {
        role: Databases(clean_tables(fleet, role), folder / f"twin-{role}", dialect, views=fleet.views)
        for role in PRINCIPALS
    }
    raw = Databases(fleet.tables, folder / "raw", dialect, views=fleet.views)
    return House(
        dialect=dialect,
        worlds=tuple(
            world(fleet, role, source, dialect)
            for role in PRINCIPALS
            for source in (*SOURCES, *([MAP] if dialect in FOLDING else []))
        ),
        view_worlds=tuple(view_world(fleet, role, dialect, raw, twins[role]) for role in PRINCIPALS),
        gateways=gateways,
        twins=twins,
        fenced_twins={
            role: Databases(
                clean_tables(fleet, role),
                folder / f"fenced-{role}",
                dialect,
                views=fleet.views,
                fenced=True,
            )
            for role in PRINCIPALS
        },
        raw=raw,
        runner=runner,
    )


class EncodedOnly:
    """An audit sink that keeps nothing: a long run would fill the memory."""

    def write(self, record: AuditRecord) -> None:
        """Encode the record, which is what can fail."""
        to_line(record)

    async def durable(self) -> None:
        """There is nothing to wait for."""


class Elsewhere(Registry):
    """Adapters of the sources' namesakes in another folder."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder

    def adapter(self, source: Source) -> Adapter:
        """Return the adapter of the file of that name in the folder."""
        return super().adapter(replace(source, url=f"duckdb:///{self._folder / source.name}.duckdb"))


async def gateway_of(policies: PolicySet, adapters: Registry) -> Gateway:
    """Return a gateway over one world, whose reference sets have been read from there."""
    numbers = itertools.count(1)
    gateway = Gateway(
        policies=policies,
        executor=Executor(adapters),
        audit=EncodedOnly(),
        now=lambda: NOW,
        new_id=lambda: f"r-{next(numbers):08x}",
    )
    gateway.probed = Uncounted()
    await refresh_references(gateway, lambda: NOW)
    return gateway
