"""The same techniques on the same engines without a guard: what an attack is worth where nothing stands in its way."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

from lucky_mcp.demo.write_lake import write_lake
from tests.attacks.asking import MADE, filled, is_ordered, token_in, wrong_guess
from tests.attacks.houses import SEES_TOKENS, write_world
from tests.attacks.laden import WORLDS, laden
from tests.attacks.plain_engines import TOOK_TOO_LONG, Embedded, Engine, OnMariaDB, OnPostgres, PlainLake
from tests.attacks.servers import Loaded, mariadb_with, mysql_with, postgres_with
from tests.attacks.techniques import EMBEDDED, SOURCES, Technique
from tests.support.servers import MariaDB

NOWHERE = SOURCES["nowhere"]
PLAIN_ENGINES = (
    "mariadb",
    "mysql-server",
    "postgresql",
    "duckdb",
    "redshift",
    "mysql",
    "postgres",
    "lake-s3",
)
"""Where techniques are tried without a guard: on servers where they can be, else on the embedded engine."""
_INSTEAD = {"mysql-server": "mariadb", "mysql": "mariadb", "postgres": "postgresql"}
_ON_SERVERS: Mapping[str, Callable[[str], AbstractContextManager[Loaded]]] = {
    "mariadb": mariadb_with,
    "mysql-server": mysql_with,
    "postgresql": postgres_with,
}
NEVER_UNGUARDED = ("statements/shutdown", "exhaustion/")


def is_plain(technique: Technique, name: str) -> bool:
    """Whether a technique is tried there without a guard: the gateway's own tools exist behind it only."""
    if technique.tool != "run_query" or technique.arguments or technique.id.startswith(NEVER_UNGUARDED):
        return False
    if technique.source == NOWHERE or not technique.on(name):
        return False
    return name not in _INSTEAD or not technique.on(_INSTEAD[name])


@contextmanager
def plainly(name: str, folder: Path) -> Iterator[Mapping[str, Engine]]:
    """Open the worlds of an engine without a guard; NoServer when it is not installed."""
    if name in EMBEDDED or name == PlainLake.name:
        for world in WORLDS:
            data = write_world(folder, "duckdb" if name == PlainLake.name else name, world)
            if name == PlainLake.name:
                write_lake(laden(world).fleet, data)
        yield {world: _in_files(name, folder, world) for world in WORLDS}
        return
    with ExitStack() as stack:
        yield {world: _on_server(stack.enter_context(_ON_SERVERS[name](world))) for world in ("a", "b")}


def _in_files(name: str, folder: Path, world: str) -> Engine:
    return PlainLake(folder, world) if name == PlainLake.name else Embedded(folder, name, world)


def _on_server(loaded: Loaded) -> Engine:
    if isinstance(loaded.running, MariaDB):
        return OnMariaDB(loaded, loaded.running)
    return OnPostgres(loaded, loaded.running)


def bites(technique: Technique, worlds: Mapping[str, Engine]) -> tuple[str, str]:
    """Return what the technique does where nobody guards ("" when nothing), and what the engine said in world `a`."""
    other = worlds["b"] if technique.role in SEES_TOKENS or "c" not in worlds else worlds["c"]
    here = worlds["a"]
    facts = dict(laden("a").facts) | dict(here.places) | MADE
    right = facts.get(technique.guess, "")
    texts = [*technique.first, technique.text(here.name)]
    own = [filled(text, facts | {"guess": right}) for text in texts]
    if technique.effect == "changes" and here.changed_by(technique.source, own):
        return "changes", ""
    said = here.ask(technique.source, own)
    if said == TOOK_TOO_LONG:
        return "takes", said
    bare = said.replace(right, "") if right else said
    if token_in(f"\n{bare}") or any(each in bare for each in technique.never):
        return "tells", said
    if technique.guess:
        wrong = [filled(text, facts | {"guess": wrong_guess(right)}) for text in texts]
        elsewhere = here.ask(technique.source, wrong)
        if elsewhere.replace(wrong_guess(right), "") != bare:
            return "tells", said
    if not technique.varies and _told(other.ask(technique.source, own), own[-1]) != _told(said, own[-1]):
        return "differs", said
    return "", said


def _told(said: str, text: str) -> list[str]:
    return said.splitlines() if is_ordered(text) else sorted(said.splitlines())
