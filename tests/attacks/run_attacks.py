"""`make attacks`: every technique on every engine, a share of the mutations, and the same without a guard.

Exit code 1 when anything was told, changed or left running, or when a technique without a guard does otherwise than
its file says. `--mutated 1` tries every mutation, which takes an hour and more.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import structlog

from tests.attacks.running import Opened, attacked, mutated, opened, share
from tests.attacks.techniques import EMBEDDED, ON_SERVERS, Technique, techniques
from tests.attacks.unguarded import PLAIN_ENGINES, Engine, bites, is_plain, plainly
from tests.support.servers import NoServer

ROOT = Path(__file__).resolve().parent.parent.parent
PROGRESS_SECONDS = 30.0


def main() -> int:
    """Run, print what was asked, refused and told, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", default="all", choices=["all", *EMBEDDED, *ON_SERVERS])
    parser.add_argument("--mutated", type=float, default=0.1, help="the share of mutations that is tried")
    parser.add_argument("--match", default="", help="techniques whose id holds this text")
    given = parser.parse_args()
    logging.disable(logging.CRITICAL)
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    engines = [*EMBEDDED, *ON_SERVERS] if given.engine == "all" else [given.engine]
    wrong = 0
    for engine in engines:
        try:
            wrong += asyncio.run(guarded(engine, given.match, given.mutated))
        except NoServer as missing:
            print(f"{engine}: not tried, {missing}")
    if given.engine == "all":
        wrong += unguarded(given.match)
    return 1 if wrong else 0


async def guarded(engine: str, match: str, mutations: float) -> int:
    """Try everything on one engine; the number of findings."""
    begun = said = time.monotonic()
    asked, wrong = Counter[str](), 0
    with tempfile.TemporaryDirectory(prefix="attacks-") as folder:
        async with opened(engine, ROOT / "policies", Path(folder)) as worlds:
            before = worlds.checksum()
            async for each in attacked(_chosen(engine, match, mutations), engine, worlds):
                asked["refused" if each.refused else "answered"] += 1
                if each.wrong:
                    wrong += 1
                    print(f"{engine} {each.technique.id}\n  {each.sql}\n  {each.wrong}", flush=True)
                if time.monotonic() - said > PROGRESS_SECONDS:
                    said = time.monotonic()
                    print(f"{engine}: {asked.total()} tried, at {each.technique.id}", file=sys.stderr)
            wrong += _left(engine, before, worlds)
    seconds = time.monotonic() - begun
    print(
        f"{engine}: {asked.total()} tried, {asked['refused']} refused, {wrong} findings, {seconds:.0f} s",
        flush=True,
    )
    return wrong


def _chosen(engine: str, match: str, mutations: float) -> Iterator[tuple[Technique, str | None]]:
    for technique in techniques():
        if match not in technique.id or not technique.on(engine):
            continue
        yield technique, None
        if technique.effect == "takes":
            continue  # each of its mutations would take the whole time limit as well
        for name, text in mutated(technique, engine):
            if share(technique.id, engine, name) < mutations:
                yield technique, text


def _left(engine: str, before: str, worlds: Opened) -> int:
    """Return how many things are not as they were."""
    found = 0
    if worlds.checksum() != before:
        print(f"{engine}: something was changed")
        found += 1
    for text in worlds.running():
        print(f"{engine}: still runs: {text}")
        found += 1
    return found


def unguarded(match: str) -> int:
    """Try everything without a guard; the number of techniques that do otherwise than their files say."""
    done: dict[str, set[str]] = {}
    with tempfile.TemporaryDirectory(prefix="attacks-") as folder, ExitStack() as stack:
        for name in PLAIN_ENGINES:
            worlds: Mapping[str, Engine] = stack.enter_context(plainly(name, Path(folder)))
            for technique in techniques():
                if match in technique.id and is_plain(technique, name):
                    done.setdefault(technique.id, set()).add(bites(technique, worlds)[0])
    otherwise = [
        each
        for each in techniques()
        if each.id in done and bool(done[each.id] - {""}) is bool(each.unguarded)
    ]
    for each in otherwise:
        print(f"without a guard: {each.id} {'does something' if each.unguarded else 'does nothing'}")
    ways = Counter(way for found in done.values() for way in sorted(found - {""})[-1:])
    print(f"without a guard: {len(done)} tried, {ways.total()} work: {dict(ways)}")
    return len(otherwise)


if __name__ == "__main__":
    sys.exit(main())
