"""The real server object over each engine, once per world: an attack is a tool call there and nothing else."""

from __future__ import annotations

import itertools
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import duckdb
from fastmcp import Client

from lucky_mcp.adapters.base import Adapter
from lucky_mcp.adapters.registry import Registry
from lucky_mcp.demo.write_duckdb import write_fleet
from lucky_mcp.gateway.execute import Executor
from lucky_mcp.gateway.read import Gateway
from lucky_mcp.gateway.refresh import refresh_references
from lucky_mcp.gateway.system_datasets import with_system
from lucky_mcp.model.principal import Principal
from lucky_mcp.model.source import Source
from lucky_mcp.policy.policy_set import PolicySet
from lucky_mcp.server.server import build_server
from lucky_mcp.server.texts import prompts_directory
from tests.attacks.laden import laden
from tests.attacks.servers import Loaded
from tests.live.fleet import ENVIRONMENT, moved
from tests.support.generator_house import EncodedOnly
from tests.support.house import (
    ANALYST,
    CARE,
    DBA,
    ENGINEER,
    EXECUTIVE,
    MANAGER,
    ML_ENGINEER,
    NOW,
    Uncounted,
    policies_in,
    policies_over,
)
from tests.support.reference import CRM
from tests.support.token_keys import KEYS

PRINCIPALS: Mapping[str, Principal] = {
    "analyst": ANALYST,
    "data_engineer": ENGINEER,
    "executive": EXECUTIVE,
    "dba": DBA,
    "ml_engineer": ML_ENGINEER,
    "customer_care": CARE,
    "operations_manager": MANAGER,
}
SEES_TOKENS = {"analyst", "ml_engineer"}
"""Roles to which the same text of a hidden value shows the same token: they are asked in `a` and `b`."""
TIMEOUT_MS = 3_000
BEHIND = (
    "CREATE VIEW luckyus_sales_crm.v_all_users AS SELECT * FROM luckyus_sales_crm.t_user",
    "CREATE MACRO luckyus_sales_crm.reveal(u) AS "
    "(SELECT phone || email FROM luckyus_sales_crm.t_user WHERE user_no = u)",
)
"""What shows everything, in no catalog."""
_CHANGES = re.compile(
    r"(?<= · )\d+ ms(?= · )|(?<=receipt )r-[0-9a-f]+|(?<=reference )e-[0-9]+"
    r"|(?<= · ttl )\d+ s(?= · )|(?<= · hit rate )[0-9a-z. ]+%?(?= · )"
)


@dataclass(frozen=True)
class Said:
    """What one call came to: whether it is an error, and every word of it."""

    is_error: bool
    text: str

    @property
    def lasting(self) -> str:
        """The text without what differs from call to call: times, what INFO counts, and the receipt's number."""
        return _CHANGES.sub("…", self.text)


@dataclass
class House:
    """The server over one engine in one world, and the client that calls it."""

    engine: str
    world: str
    gateway: Gateway = field(repr=False)
    caller: list[Principal] = field(repr=False)
    client: Client[Any] = field(repr=False)
    places: Mapping[str, str] = field(default_factory=dict)
    """Where files are that nobody may read, and facts of this world alone."""
    calls: int = 0

    async def call(self, role: str, tool: str, arguments: Mapping[str, object]) -> Said:
        """Call a tool as somebody of the role."""
        self.caller[0] = PRINCIPALS[role]
        self.calls += 1
        result = await self.client.call_tool_mcp(tool, dict(arguments))
        said = "\n".join(getattr(block, "text", repr(block)) for block in result.content)
        extra = result.structured_content
        return Said(bool(result.is_error), said if extra is None else f"{said}\n{extra}")


class There(Registry):
    """Adapters of the sources' namesakes in another folder, with the key of the token mask; a bucket stays one."""

    def __init__(self, folder: Path, environment: Mapping[str, str] | None = None) -> None:
        super().__init__(environment or {}, KEYS)
        self._folder = folder

    def adapter(self, source: Source) -> Adapter:
        """Return the adapter of the file of that name in the folder."""
        if source.url.startswith("s3://"):
            return super().adapter(source)
        return super().adapter(replace(source, url=f"duckdb:///{self._folder / source.name}.duckdb"))


def files_of(folder: Path, dialect: str, world: str) -> Path:
    """Where the files of an embedded world are: a path that is told differs from world to world."""
    return folder / f"{dialect}-{world}"


def secret_files(data: Path) -> dict[str, str]:
    """Return the files of a world that no text may reach."""
    return {
        "secret_file": str(data / "secret.csv"),
        "staff_file": str(data / "aws-luckyus-iehr-rw.duckdb"),
        "folder": str(data),
    }


def embedded_policies(policies: Path, folder: Path, dialect: str) -> PolicySet:
    """Return the product's policies over files of one dialect."""
    copied = _hurried(policies_in(policies, folder / f"policies-{dialect}", dialect))
    return policies_over(copied, folder, has_token_key=True)


def _hurried(policies: Path) -> Path:
    """Shorten the time limit of everybody's reads, which is what attacks on time run into."""
    bounds = policies / "bounds.yaml"
    text = bounds.read_text(encoding="utf-8")
    bounds.write_text(text.replace("timeout_ms: 10000}", f"timeout_ms: {TIMEOUT_MS}}}", 1), encoding="utf-8")
    return policies


def write_world(folder: Path, dialect: str, world: str) -> Path:
    """Write the files of an embedded world, and a file beside them that nobody may read."""
    data, fleet = files_of(folder, dialect, world), laden(world).fleet
    write_fleet(fleet, data, dialects={table.source: dialect for table in fleet.tables})
    with duckdb.connect(str(data / f"{CRM}.duckdb")) as database:
        for text in BEHIND:
            database.execute(text)
    (data / "secret.csv").write_text("name,value,vkzqjxxzqkvj\nkey,qxzjkvvkjzxq,1\n", encoding="utf-8")
    (data / "xvzkqjqzxjvk.txt").touch()
    return data


@asynccontextmanager
async def embedded_house(policies: PolicySet, data: Path, dialect: str, world: str) -> AsyncIterator[House]:
    """Open a server over an embedded world."""
    async with house_over(policies, Executor(There(data)), dialect, world, secret_files(data)) as made:
        yield made


def server_policies(policies: Path, folder: Path, loaded: Loaded) -> PolicySet:
    """Return the product's policies with the sources that a server holds on it."""
    copied = _hurried(
        policies_in(policies, folder / f"policies-{loaded.engine}-{loaded.world}", loaded.dialect)
    )
    found = policies_over(copied, folder, has_token_key=True)
    return with_system(moved(found, loaded.kind, loaded.address, loaded.sources))


@asynccontextmanager
async def server_house(policies: PolicySet, loaded: Loaded) -> AsyncIterator[House]:
    """Open a server over a world that is on a database server."""
    executor = Executor(Registry(ENVIRONMENT, KEYS))
    async with house_over(policies, executor, loaded.engine, loaded.world, loaded.places) as made:
        yield made


@asynccontextmanager
async def house_over(
    policies: PolicySet, executor: Executor, engine: str, world: str, places: Mapping[str, str]
) -> AsyncIterator[House]:
    """Open a server over what an executor reaches."""
    numbers, references, caller = itertools.count(1), itertools.count(1), [ANALYST]
    gateway = Gateway(
        policies=policies,
        executor=executor,
        audit=EncodedOnly(),
        now=lambda: NOW,
        new_id=lambda: f"r-{next(numbers):08x}",
    )
    gateway.probed = Uncounted()
    server = build_server(
        gateway=gateway,
        identify=lambda: caller[0],
        new_reference=lambda: f"e-{next(references):04d}",
        prompts=prompts_directory(),
    )
    try:
        await refresh_references(gateway, lambda: NOW)
        async with Client(server) as client:
            yield House(engine, world, gateway, caller, client, places)
    finally:
        await gateway.close()
