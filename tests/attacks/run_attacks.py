"""`make attacks`: every technique on every engine, a share of the mutations, and the same without a guard.

Exit code 1 when anything was told, changed or left running, or when a technique without a guard does otherwise than
its file says. `--mutated 1` tries every mutation, which takes an hour and more. A run that was stopped goes on
where it ended; one that has ended begins again. A whole run without a finding writes its record into
`docs/assurance.md`.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import multiprocessing
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import structlog

from tests.attacks.page import record, write_record
from tests.attacks.progress import PLAIN, ROOT, Clock, Part, forget, kept_part, part_of
from tests.attacks.running import Opened, attacked, mutated, opened, share
from tests.attacks.techniques import EMBEDDED, ON_SERVERS, Technique, techniques
from tests.attacks.unguarded import PLAIN_ENGINES, bites, is_plain, plainly
from tests.support.servers import NoServer


@dataclass(frozen=True)
class Task:
    """One part, and which of the techniques and mutations are its."""

    name: str
    match: str
    mutations: float


def main() -> int:
    """Run, print what was asked, refused and told, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", default="all", choices=["all", *EMBEDDED, *ON_SERVERS])
    parser.add_argument("--mutated", type=float, default=0.1, help="the share of mutations that is tried")
    parser.add_argument("--match", default="", help="techniques whose id holds this text")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--restart", action="store_true")
    given = parser.parse_args()
    names = [given.engine]
    if given.engine == "all":
        names = [*EMBEDDED, *ON_SERVERS, *(f"{PLAIN}{each}" for each in PLAIN_ENGINES)]
    tasks = [Task(name, given.match, given.mutated) for name in names]
    if given.restart or all(_begun(task).ended for task in tasks):
        forget(names)
    _run(tasks, given.workers)
    parts = [part for part in map(kept_part, names) if part]
    otherwise = _otherwise(parts) if given.engine == "all" else []
    print("\n".join([record(parts, given.mutated, len(otherwise)), *otherwise]))
    found = sum(len(part.findings) for part in parts) + len(otherwise)
    is_whole = given.engine == "all" and not given.match and not any(part.missing for part in parts)
    if is_whole and not found:
        write_record(parts, given.mutated)
    return 1 if found else 0


def _run(tasks: list[Task], workers: int) -> None:
    if workers == 1:
        for task in tasks:
            run_part(task)
        return
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=spawn, max_tasks_per_child=1) as pool:
        list(pool.map(run_part, tasks))  # a killed worker ends it with an error


def run_part(task: Task) -> None:
    """Go on with one part until it has ended, or note that its server is not installed."""
    logging.disable(logging.CRITICAL)
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    part = _begun(task)
    if part.ended:
        return
    part.goes_on()
    part.missing = ""
    try:
        if task.name.startswith(PLAIN):
            _unguarded(task, part)
        else:
            asyncio.run(_guarded(task, part))
    except NoServer as missing:
        part.missing = str(missing).strip()[-200:]
        print(f"{task.name}: not tried, {part.missing}", flush=True)
    else:
        print(
            f"{task.name}: {part.next} asked, {len(part.findings)} findings, {part.seconds:.0f} s", flush=True
        )
    part.save()


def _begun(task: Task) -> Part:
    texts = (
        f"{technique.id} {technique.role} {technique.source} {technique.arguments} {technique.first} {text}"
        for technique, text in _chosen(task)
    )
    return part_of(task.name, texts)


def _chosen(task: Task) -> Iterator[tuple[Technique, str | None]]:
    engine = task.name.removeprefix(PLAIN)
    for technique in techniques():
        if task.match not in technique.id or not technique.on(engine):
            continue
        if task.name.startswith(PLAIN):
            if is_plain(technique, engine):
                yield technique, None
            continue
        yield technique, None
        if technique.effect == "takes":
            continue  # each of its mutations would take the whole time limit as well
        for name, text in mutated(technique, engine):
            if share(technique.id, engine, name) < task.mutations:
                yield technique, text


async def _guarded(task: Task, part: Part) -> None:
    """Try what is left of everything on one engine."""
    begun_at, clock = part.next, Clock(part)
    left = list(_chosen(task))[begun_at:]
    with tempfile.TemporaryDirectory(prefix="attacks-") as folder:
        async with opened(task.name, ROOT / "policies", Path(folder)) as worlds:
            before = worlds.checksum()
            async for each in attacked(left, task.name, worlds):
                is_own = left[part.next - begun_at][1] is None
                part.next += 1
                part.techniques += is_own
                part.mutations += not is_own
                part.calls += each.calls
                part.refused += each.refused
                if each.wrong:
                    part.findings.append(f"{each.technique.id}\n  {each.sql}\n  {each.wrong}")
                    print(f"{task.name} {part.findings[-1]}", flush=True)
                if clock.tick():
                    print(f"{task.name}: {part.next} of {part.texts}", file=sys.stderr, flush=True)
            _note_what_is_left(part, before, worlds)
    part.ended = part.next == part.texts
    clock.tick(at_once=True)


def _note_what_is_left(part: Part, before: str, worlds: Opened) -> None:
    """Note what is not as it was."""
    if worlds.checksum() != before:
        part.findings.append("something was changed")
    part.findings += [f"still runs: {text}" for text in worlds.running()]


def _unguarded(task: Task, part: Part) -> None:
    """Try what is left of everything on one engine without a guard."""
    left, clock = list(_chosen(task))[part.next :], Clock(part)
    with (
        tempfile.TemporaryDirectory(prefix="attacks-") as folder,
        plainly(task.name.removeprefix(PLAIN), Path(folder)) as worlds,
    ):
        for technique, _ in left:
            part.done[technique.id] = bites(technique, worlds)[0]
            part.next += 1
            part.techniques += 1
            if clock.tick():
                print(f"{task.name}: {part.next} of {part.texts}", file=sys.stderr, flush=True)
    part.ended = part.next == part.texts
    clock.tick(at_once=True)


def _otherwise(parts: list[Part]) -> list[str]:
    """Say which techniques do otherwise without a guard than their files say."""
    done: dict[str, set[str]] = {}
    for part in parts:
        for title, way in part.done.items():
            done.setdefault(title, set()).add(way)
    ways = Counter(way for found in done.values() for way in sorted(found - {""})[-1:])
    print(f"without a guard: {len(done)} tried, {ways.total()} work: {dict(ways)}")
    return [
        f"without a guard: {each.id} {'does something' if each.unguarded else 'does nothing'}"
        for each in techniques()
        if each.id in done and bool(done[each.id] - {""}) is bool(each.unguarded)
    ]


if __name__ == "__main__":
    sys.exit(main())
