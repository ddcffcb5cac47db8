"""The worlds of one engine, open for attacks, and what of them must be the same afterwards."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from tests.attacks.asking import Tried, tried
from tests.attacks.checksums import still_running
from tests.attacks.houses import (
    House,
    embedded_house,
    embedded_policies,
    files_of,
    server_house,
    server_policies,
    write_world,
)
from tests.attacks.keys import WORLDS as KEY_WORLDS
from tests.attacks.keys import key_house, laden_keys
from tests.attacks.laden import WORLDS
from tests.attacks.lake import ENGINE as LAKE_ENGINE
from tests.attacks.lake import lake_house, sum_of_buckets
from tests.attacks.mutations import mutations
from tests.attacks.servers import (
    MARIADB,
    MYSQL,
    POSTGRES,
    REDSHIFT,
    Loaded,
    mariadb_with,
    mysql_with,
    postgres_with,
    redshift_with,
)
from tests.attacks.techniques import EMBEDDED, ENGINES, Technique
from tests.support.aws import aws

SERVER_WORLDS = ("a", "b")
ON_SERVER = {MARIADB: mariadb_with, MYSQL: mysql_with, POSTGRES: postgres_with, REDSHIFT: redshift_with}


@dataclass(frozen=True, kw_only=True)
class Opened:
    """Houses by world; `checksum` is of everything that is stored, `running` what still runs for the gateway."""

    houses: Mapping[str, House]
    checksum: Callable[[], str]
    running: Callable[[], list[str]]


@asynccontextmanager
async def opened(engine: str, policies: Path, folder: Path) -> AsyncIterator[Opened]:
    """Open every world of an engine; NoServer when it is not installed."""
    async with AsyncExitStack() as stack:
        if engine in EMBEDDED:
            shared = embedded_policies(policies, folder, engine)
            houses = {}
            for world in WORLDS:
                data = write_world(folder, engine, world)
                houses[world] = await stack.enter_async_context(embedded_house(shared, data, engine, world))
            data = files_of(folder, engine, "a")
            yield Opened(houses=houses, checksum=lambda: sum_of(data), running=list)
            return
        if engine == "redis":
            loaded_keys = {world: stack.enter_context(laden_keys(world)) for world in KEY_WORLDS}
            houses = {
                world: await stack.enter_async_context(key_house(policies, folder, each))
                for world, each in loaded_keys.items()
            }
            yield Opened(houses=houses, checksum=loaded_keys["a"].checksum, running=list)
            return
        if engine == LAKE_ENGINE:
            cloud = stack.enter_context(aws())
            shared = embedded_policies(policies, folder, "duckdb")
            houses = {
                world: await stack.enter_async_context(lake_house(shared, folder, cloud, world))
                for world in WORLDS
            }
            yield Opened(houses=houses, checksum=lambda: sum_of_buckets(cloud), running=list)
            return
        # A server ends with the thread that began it: the threads stay until the servers are gone.
        threads = stack.enter_context(ThreadPoolExecutor(len(SERVER_WORLDS)))
        managers = {world: ON_SERVER[engine](world) for world in SERVER_WORLDS}
        begun = {world: threads.submit(manager.__enter__) for world, manager in managers.items()}
        for world, manager in managers.items():
            begun[world].result()
            stack.push(manager.__exit__)
        loaded: dict[str, Loaded] = {world: each.result() for world, each in begun.items()}
        houses = {
            world: await stack.enter_async_context(
                server_house(server_policies(policies, folder, each), each)
            )
            for world, each in loaded.items()
        }
        yield Opened(
            houses=houses,
            checksum=loaded["a"].checksum,
            running=lambda: [text for each in loaded.values() for text in still_running(each.running)],
        )


def sum_of(folder: Path) -> str:
    """Return what the names and bytes of all files come to."""
    made = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        made.update(str(path.relative_to(folder)).encode())
        if path.is_file():
            made.update(path.read_bytes())
    return made.hexdigest()


async def attacked(
    asked: Iterable[tuple[Technique, str | None]], engine: str, worlds: Opened
) -> AsyncIterator[Tried]:
    """Try each on the engine: a technique with its own text, or with a mutation of it."""
    houses, counted = worlds.houses, 0
    for technique, text in asked:
        made = await tried(technique, houses["a"], houses, text)
        before, counted = counted, sum(house.calls for house in houses.values())
        yield replace(made, calls=counted - before)


def family_of(engine: str) -> str:
    """Return the family of dialects of an engine."""
    return next(family for family, engines in ENGINES.items() if engine in engines)


def mutated(technique: Technique, engine: str) -> list[tuple[str, str]]:
    """Return the mutations of a technique on an engine, by name."""
    if technique.tool not in {"run_query", "check_query"} or "sql" in technique.arguments:
        return []
    return list(mutations(technique.text(engine), family_of(engine)))


def share(*words: str) -> float:
    """Return a number from 0 to 1 that is the same for the same words everywhere."""
    return zlib.crc32(" ".join(words).encode()) / (1 << 32)
