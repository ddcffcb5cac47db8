"""`make fuzz`: many generated queries through the guard, compared with the twin and with neighbouring data.

"all" is every dialect on the embedded engine; a server is asked by its name, and must be installed.
A run keeps its place in `.fuzz/<engine>-<seed>/`, so that the next one goes on from there. Exit code 1 means
that violations were found, in this run or in the ones it goes on from.
"""

from __future__ import annotations

import argparse
import gc
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from multiprocessing.util import Finalize
from pathlib import Path

import pytest

from lucky_mcp.model.source import Dialect
from tests.properties.long_run import BY_PLAN, Block, Finding, kept, run_block, written
from tests.support.generator_checks import AnyHouse
from tests.support.generator_house import house as built
from tests.support.generator_servers import SERVERS, server_house
from tests.support.generator_sharp import sharp_fleet
from tests.support.preparation import prepare_once
from tests.support.same_thread import read_in_this_thread

ROOT = Path(__file__).resolve().parent.parent.parent
STATE = ROOT / ".fuzz"
BLOCK = 50
PROGRESS_SECONDS = 5.0
_house: dict[str, AnyHouse] = {}
_open = ExitStack()
ENGINES = [*(each.value for each in Dialect), *SERVERS]


@dataclass
class State:
    """How far the runs of one engine and seed have come."""

    engine: str
    seed: int
    next: int = 0
    seconds: float = 0.0
    counts: dict[str, int] = field(default_factory=dict)
    commits: list[str] = field(default_factory=list)

    @property
    def folder(self) -> Path:
        """Where the state and the findings are kept."""
        return STATE / f"{self.engine}-{self.seed}"

    def save(self) -> None:
        """Write the state whole: a run that is stopped leaves the last one."""
        self.folder.mkdir(parents=True, exist_ok=True)
        new = self.folder / "state.new"
        new.write_text(json.dumps(asdict(self), indent=1, sort_keys=True), encoding="utf-8")
        new.replace(self.folder / "state.json")

    def add(self, block: Block, stop: int) -> None:
        """Count a block that followed the last one."""
        self.next = stop
        self.counts = dict(Counter(self.counts) + block.counts)

    def asked_at(self, commit: str) -> None:
        """Note the commit that the next queries are asked at."""
        if commit not in self.commits[-1:]:
            self.commits.append(commit)

    def share(self, name: str) -> str:
        """Return the share of the queries that have something, in percent."""
        return f"{self.counts.get(name, 0) / max(self.next, 1):.1%}"


def loaded(engine: str, seed: int, *, restart: bool) -> State:
    """Return the state of earlier runs, or a new one."""
    state = State(engine=engine, seed=seed)
    path = state.folder / "state.json"
    if restart or not path.exists():
        for old in state.folder.glob("*.txt"):
            old.unlink()
        return state
    return State(**json.loads(path.read_text(encoding="utf-8")))


def run(state: State, number: int, workers: int) -> None:
    """Go on until `number` queries of the engine and seed have been asked."""
    state.asked_at(_commit())
    ranges = [(start, min(start + BLOCK, number)) for start in range(state.next, number, BLOCK)]
    spent, began, told = state.seconds, time.monotonic(), 0.0
    for (_, stop), block in zip(ranges, _blocks(state, ranges, workers), strict=True):
        state.add(block, stop)
        state.seconds = spent + time.monotonic() - began
        state.save()
        kept(state.folder, block.findings, state.engine, state.seed)
        _note_refusals(state, block)
        for finding in block.findings:
            print(written(finding, state.engine, state.seed), flush=True)
        if time.monotonic() - told > PROGRESS_SECONDS:
            told = time.monotonic()
            rate = (stop - ranges[0][0]) / (told - began)
            print(f"{state.engine}: {stop} of {number}, {rate:.0f}/s, {_bad(state)}", flush=True)


def _commit() -> str:
    """Return the commit of the working tree, marked when it holds changes; "unknown" outside a repository."""
    asked = ["git", "-C", str(ROOT), "describe", "--always", "--dirty", "--exclude=*"]
    told = subprocess.run(asked, capture_output=True, text=True, check=False)
    return told.stdout.strip() or "unknown"


def _blocks(state: State, ranges: list[tuple[int, int]], workers: int) -> Iterator[Block]:
    asked = [(state.engine, state.seed, start, stop) for start, stop in ranges]
    if workers == 1:
        yield from map(_block, asked)
        return
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=spawn) as pool:  # a killed worker ends it with an error
        yield from pool.map(_block, asked)


def _block(asked: tuple[str, int, int, int]) -> Block:
    engine, seed, start, stop = asked
    if engine not in _house:
        patch = pytest.MonkeyPatch()
        prepare_once(patch)
        read_in_this_thread(patch)
        _house[engine] = _built(engine)
        gc.freeze()
        gc.disable()  # collected by run_block, now and then
    return run_block(_house[engine], seed, start, stop)


def _built(engine: str) -> AnyHouse:
    folder = Path(tempfile.mkdtemp(prefix=f"fuzz-{engine}-"))
    if engine not in SERVERS:
        return built(sharp_fleet(), ROOT / "policies", folder, engine)
    Finalize(None, _open.close, exitpriority=1)  # when a worker ends
    return _open.enter_context(server_house(engine, sharp_fleet(), ROOT / "policies", folder))


def _note_refusals(state: State, block: Block) -> None:
    with (state.folder / "refused.txt").open("a", encoding="utf-8") as notes:
        notes.writelines(f"{each}\n\n" for each in block.refused)


def _bad(state: State) -> str:
    outcomes = ("refused", "failed", "undecided")
    shown = ", ".join(f"{name} {state.share(name)}" for name in outcomes)
    return f"{state.counts.get('violations', 0)} violations, {shown}"


def report(state: State) -> str:
    """Return the figures of all runs of an engine and seed."""
    lines = [
        f"{state.engine}, seed {state.seed}: {state.next} queries, {_bad(state)}, "
        f"{state.next / max(state.seconds, 1e-9):.0f}/s",
        f"  at {', '.join(state.commits)}",
    ]
    became = ("rows", "no rows", "failed", "undecided", BY_PLAN, "refused", "both refuse")
    named = [name for name in state.counts if name.startswith("the engine's: ")]
    lines += [f"  {state.share(name):>6} {name}" for name in (*became, *named)]
    lines.append("  of the queries, and those that gave rows:")
    constructs = [
        name
        for name, _ in Counter(state.counts).most_common()
        if name not in {*became, *named, "asked", "violations"} and not name.endswith(" with rows")
    ]
    lines += [f"  {state.share(name):>6} {state.share(f'{name} with rows'):>6} {name}" for name in constructs]
    return "\n".join(lines)


def single(engine: str, seed: int, index: int) -> list[Finding]:
    """Ask the query of one index again."""
    return _block((engine, seed, index, index + 1)).findings


def main(arguments: Iterable[str] | None = None) -> int:
    """Run what the command line asks for; return 1 when there are violations."""
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("--number", type=int, default=1000)
    parser.add_argument("--engine", choices=["all", *ENGINES], default="all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--restart", action="store_true")
    parser.add_argument("--at", type=int)
    chosen = parser.parse_args(None if arguments is None else list(arguments))
    engines = [each.value for each in Dialect] if chosen.engine == "all" else [chosen.engine]
    if chosen.at is not None:
        found = [
            written(each, engine, chosen.seed)
            for engine in engines
            for each in single(engine, chosen.seed, chosen.at)
        ]
        print("\n".join(found) or "nothing is wrong")
        return 1 if found else 0
    bad = 0
    for engine in engines:
        state = loaded(engine, chosen.seed, restart=chosen.restart)
        run(state, chosen.number, chosen.workers)
        print(report(state), flush=True)
        bad += state.counts.get("violations", 0)
    return 1 if bad else 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    _open.close()
    os._exit(code)  # open databases need no orderly end
