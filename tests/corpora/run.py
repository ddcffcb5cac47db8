"""`make corpora`: every question of the corpora through the guard and of the plain engine, and what differs.

Exit code 1 when an answer differs, a question fails, or a refusal is not the one that `refusals.yaml` has.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path

from lucky_mcp.demo.generate import generate
from lucky_mcp.demo.tables import Fleet
from tests.support.corpora import Question, lacking, origins, questions, refusals
from tests.support.corpora_asked import Asked, Corpora, Verdict
from tests.support.corpora_on_servers import corpora_on
from tests.support.dialect_worlds import DialectWorlds
from tests.support.generator_servers import SERVERS, servers_of

ROOT = Path(__file__).resolve().parent.parent.parent
PROGRESS_EVERY = 100


async def asked(chosen: list[Question], folder: Path) -> list[Asked]:
    """Ask the questions of the embedded engine, one after the other."""
    worlds = DialectWorlds(demo(), ROOT / "policies", folder / "demo")
    corpora = Corpora(worlds, folder)
    found = await one_by_one(chosen, corpora.ask)
    await corpora.close()
    worlds.close()
    return found


async def asked_on(server: str, chosen: list[Question], folder: Path) -> list[Asked]:
    """Ask a private server those questions that are about the demo and that it has words for.

    NoServer when it is not installed.
    """
    without = lacking(server)
    with servers_of(server) as servers:
        corpora = await corpora_on(servers, demo(), ROOT / "policies", folder)
        there = [each for each in chosen if corpora.has(each) and (each.corpus, each.title) not in without]
        found = await one_by_one(there, corpora.ask)
        await corpora.close()
    return found


async def one_by_one(chosen: list[Question], ask: Callable[[Question], Awaitable[Asked]]) -> list[Asked]:
    """Ask each question, and tell how far that has come."""
    found = []
    for number, question in enumerate(chosen, start=1):
        found.append(await ask(question))
        if number % PROGRESS_EVERY == 0:
            print(f"{number} of {len(chosen)}", file=sys.stderr, flush=True)
    return found


def demo() -> Fleet:
    """Return the data that is asked."""
    return generate(seed=7, end=date(2026, 2, 14), scale="tiny")


def unexpected(found: list[Asked], *, on_server: bool = False) -> list[str]:
    """Return one line for each question that is neither answered as it should be nor a refusal that is known.

    What the embedded engine alone has no equal for, a server must answer.
    """
    listed = [each for each in refusals() if not on_server or each.where == "everywhere"]
    known = {(each.corpus, each.title): each.code for each in listed}
    lines = []
    for each in found:
        expected = known.get((each.question.corpus, each.question.title), "")
        if each.verdict is Verdict.SAME and not expected:
            continue
        if each.verdict is Verdict.REFUSED and each.code == expected:
            continue
        what = f"listed as {expected}, and {each.verdict}" if expected else each.verdict
        lines.append(f"{each.question.place} {each.question.title}: {what} {each.code} {each.told}")
    return lines


def table(found: list[Asked]) -> list[str]:
    """Return the figures of each corpus as rows of a Markdown table."""
    lines = ["| corpus | dialect | questions | shapes | same rows | refused |", "|---|---|---|---|---|---|"]
    by_corpus: dict[tuple[str, str], list[Asked]] = {}
    for each in found:
        by_corpus.setdefault((each.question.corpus, each.question.dialect), []).append(each)
    for (corpus, dialect), group in (*by_corpus.items(), (("all", ""), found)):
        shapes = len({(each.question.source, each.question.shape) for each in group})
        counts = Counter(each.verdict for each in group)
        lines.append(
            f"| {corpus} | {dialect} | {len(group)} | {shapes} | {counts[Verdict.SAME]} | {counts[Verdict.REFUSED]} |"
        )
    return lines


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", choices=["embedded", *SERVERS], default="embedded")
    parser.add_argument("--match", default="", help="only questions whose place or title has this")
    arguments = parser.parse_args()
    chosen = [each for each in questions() if arguments.match in f"{each.place} {each.title}"]
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        on_server = arguments.engine != "embedded"
        asking = (
            asked_on(arguments.engine, chosen, Path(folder)) if on_server else asked(chosen, Path(folder))
        )
        found = asyncio.run(asking)
    print("\n".join(table(found)))
    empty = sum(not each.rows for each in found if each.verdict is Verdict.SAME)
    print(f"{time.monotonic() - begun:.0f} s; {empty} of the answers have no rows")
    for corpus, (origin, licence) in origins().items():
        print(f"{corpus}: {origin}; {licence}")
    wrong = unexpected(found, on_server=on_server)
    print("\n".join(wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
