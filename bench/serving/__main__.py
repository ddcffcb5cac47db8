"""`make bench-serving`: calls per second and milliseconds of a call over HTTP, beside others on one database."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

from bench.fleet import ROOT
from bench.serving import servers
from bench.serving.database import Database, loaded
from bench.serving.load import Endpoint, Measured, measured
from tests.support.servers import mariadb

PAGE = ROOT / "docs" / "benchmarks.md"
TITLE = "## Serving"
PACKAGES = ROOT / ".bench"
COLUMNS = "order_id, order_no, shop_id, order_status, pay_amount, currency_code, order_time, shop_name"
CLIENTS = (1, 16)
# So many texts come again and again; the others are new in every turn.
ASKED_BEFORE = 100
TURN_APART = 10_000
HEAD = (
    "server",
    "question",
    "clients",
    "calls/s",
    "p50 ms",
    "p95 ms",
    "p99 ms",
    "calls × floor",
    "p50 × floor",
)
Ask = Callable[[int], tuple[str, str]]


def questions(database: Database) -> dict[str, Ask]:
    """Return, for each question, the statement of a call by its number, and what its answer holds."""

    def point(number: int) -> tuple[str, str]:
        key, told = database.orders[number * 7919 % len(database.orders)]
        return f"SELECT {COLUMNS} FROM t_sales_order_m WHERE order_id = {key}", told

    def page(number: int) -> tuple[str, str]:
        key, told = database.orders[number * 7919 % len(database.orders)]
        where = f"WHERE order_id >= {key} ORDER BY order_id LIMIT 100"
        return f"SELECT {COLUMNS} FROM t_sales_order_m {where}", told

    def again(number: int) -> tuple[str, str]:
        return point(number % ASKED_BEFORE)

    return {"point": point, "point, asked before": again, "100 rows": page}


def contenders(
    stack: ExitStack, database: Database, folder: Path, workers: int
) -> Iterator[Callable[[], Endpoint]]:
    """Yield what starts each server; a peer that is not installed raises NotInstalled."""
    yield lambda: stack.enter_context(servers.floor(database))
    yield lambda: stack.enter_context(servers.ours(database, folder))
    yield lambda: stack.enter_context(servers.ours(database, folder, workers=workers))
    yield lambda: stack.enter_context(servers.dbhub(database, PACKAGES))
    yield lambda: stack.enter_context(servers.toolbox(database, PACKAGES, folder))


async def taken(
    endpoints: list[Endpoint], database: Database, seconds: float, rounds: int
) -> list[list[str]]:
    """Ask all in turns, each for a part of the time, and keep each one's best turn."""
    lines = []
    for question, ask in questions(database).items():
        for clients in CLIENTS:
            best: dict[str, Measured] = {}
            for turn in range(rounds + 1):
                for each in endpoints:
                    first = turn * TURN_APART
                    found = await measured(each, ask, clients=clients, seconds=seconds, first=first)
                    known = best.get(each.name)
                    # The first turn opens connections and fills caches; nobody's counts.
                    if turn and (known is None or found.calls_per_second > known.calls_per_second):
                        best[each.name] = found
            lines += [_line(name, question, clients, best[name], best["floor"]) for name in best]
            print("\n".join(" ".join(line) for line in lines[-len(best) :]), file=sys.stderr, flush=True)
    return lines


def _line(name: str, question: str, clients: int, found: Measured, floor: Measured) -> list[str]:
    ratios = (found.calls_per_second / floor.calls_per_second, found.p50 / floor.p50)
    times = (f"{each:.2f}" for each in (found.p50, found.p95, found.p99))
    shown = (f"{each:.2f}" for each in ratios)
    return [name, question, str(clients), f"{found.calls_per_second:.0f}", *times, *shown]


def report(seconds: float, rounds: int, workers: int) -> str:
    """Start everything, measure, and return the section of the page."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        database = loaded(stack.enter_context(mariadb()))
        endpoints, absent = [], []
        for start in contenders(stack, database, folder, workers):
            try:
                endpoints.append(start())
            except servers.NotInstalled as missing:
                absent.append(str(missing))
        lines = asyncio.run(taken(endpoints, database, seconds, rounds))
    rows = [HEAD, ["---"] * len(HEAD), *lines]
    table = "\n".join("| " + " | ".join(row) + " |" for row in rows)
    return f"{TITLE}\n\n{_words(seconds, rounds)}\n\n{table}\n" + "".join(f"\n{each}.\n" for each in absent)


def _words(seconds: float, rounds: int) -> str:
    return (
        "Calls of one tool over HTTP, each client one call after the other over a connection that stays open; servers, clients and"
        " one MariaDB share this machine's processors. Every call asks for another order, or for a hundred from another one on,"
        f" of eight columns, in a text that the server has not seen; *asked before* are {ASKED_BEFORE} texts that come again and again. All servers are up together and asked in turns of {seconds:g} s; the best of {rounds} turns is shown."
        " *floor* is the same server library and driver running the text as it comes, without guard, policy, token or audit;"
        " *dbhub* and *toolbox* are bytebase's and googleapis' servers as their npm packages bring them (`bench/serving/peers`)."
        " Taken by `make bench-serving`."
    )


def main() -> None:
    """Measure, and put the section into the page unless it is a short run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--short", action="store_true", help="a moment of each, and no page")
    chosen = parser.parse_args()
    text = report(0.5, 1, 2) if chosen.short else report(chosen.seconds, chosen.rounds, chosen.workers)
    print(text)
    if not chosen.short:
        before, _, rest = PAGE.read_text(encoding="utf-8").partition(TITLE)
        after = rest.partition("\n## ")[2]
        PAGE.write_text(f"{before}{text}" + (f"\n## {after}" if after else ""), encoding="utf-8")


if __name__ == "__main__":
    main()
