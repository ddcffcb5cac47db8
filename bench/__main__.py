"""`make bench`: measures and writes docs/benchmarks.md; `--short` only shows that everything runs."""

from __future__ import annotations

import argparse
import gc
import platform
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import sqlglot

from bench import columns, measure
from bench.catalogs import catalogs
from bench.estimates import HEAD as ESTIMATES
from bench.estimates import estimates
from bench.fleet import ROOT, build, policies_over, view_of
from bench.questions import questions
from bench.servers import HEAD, ratios, summary
from lucky_mcp.gateway.view import View

PAGE = ROOT / "docs" / "benchmarks.md"
SHORT = 12
SERVERS = "## Running on servers"
TIMES = ("p50 ms", "p99 ms", "max ms")


def main() -> None:
    """Measure, print, and write the page unless it is a short run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="a few questions, small sizes, no page")
    parser.add_argument(
        "--servers", action="store_true", help="only the part about servers, into the page as it is"
    )
    chosen = parser.parse_args()
    short = chosen.short
    with tempfile.TemporaryDirectory() as folder:
        if chosen.servers:
            text = with_servers(PAGE.read_text(encoding="utf-8"), Path(folder))
        else:
            text = report(Path(folder), short=short)
    print(text)
    if not short:
        PAGE.write_text(text, encoding="utf-8")


def with_servers(page: str, data: Path) -> str:
    """Return the page with its last section measured again."""
    build(data, "tiny")
    before, _, rest = page.partition(SERVERS)
    found = "\n".join(on_servers(view_of(policies_over(data)), short=False))
    after = rest.partition("\n## ")[2]
    return f"{before}{found}" + (f"\n## {after}" if after else "")


def on_servers(view: View, *, short: bool) -> list[str]:
    """Return the section about servers; they must be installed."""
    rows, seconds = (2000, 0.1) if short else (1_000_000, 12.0)
    lines = list(ratios(view, rows, seconds))
    return [
        SERVERS,
        "",
        f"Guarded against unguarded on private MariaDB and PostgreSQL servers with {rows:,} orders and as many items,"
        " one in twenty of them hidden, client and server on this machine. The plain question, the guarded text and the"
        " question with the guard's filters written by hand follow each other in turns, in one session of the gateway's;"
        " the ratios are medians over the turns, so that others on the machine slow all three. *Text* is running the"
        " statement and fetching, *read* is that and the reset and checks of the session before it, which all have."
        " *Read ×* is guarded over plain, *by hand* is guarded over the question with the filters by hand, which reads the"
        " same rows. *Fenced* says whether something in it could fail on some row.",
        "",
        *table(HEAD, lines),
        "",
        summary(lines),
        "",
        "The plain *EXISTS in a day* opens no row on MariaDB, since `order_time` alone is asked for and stands in its"
        " index; whether a row may be seen is in the row. The last line is the same question with an index on"
        " `(order_time, shop_id, currency_code)`. See decision 0034.",
        "",
    ]


def on_estimates(view: View, *, short: bool) -> list[str]:
    """Return the section about asking for plans; servers must be installed."""
    rows, turns = (2000, 1) if short else (1_000_000, 15)
    return [
        "## Estimating on servers",
        "",
        f"What the server is asked before a read that may be large (`EXPLAIN` of the guarded text), beside the read, on"
        f" private MariaDB and PostgreSQL servers with {rows:,} orders and as many items; medians of {turns} turns, each"
        " with the reset and checks of its session. A text is explained once in five minutes, and not at all when it"
        " reads by primary keys or its tables are small: the column is what the first read of a text waits longer.",
        "",
        *table(ESTIMATES, list(estimates(view, rows, turns))),
        "",
    ]


def report(data: Path, *, short: bool) -> str:
    """Return the page; `data` is an empty folder for the demo's databases."""
    build(data, "tiny" if short else "small")
    policies = policies_over(data)
    asked = questions()[:: len(questions()) // SHORT] if short else questions()
    rounds = 1 if short else 10
    view = view_of(policies)
    counts = (2, 4) if short else (10, 20, 40, 80)
    steps = measure.preparation(view, asked, 1)  # once for all that is made on first use
    tails = measure.pauses(view, asked, rounds)
    gc.collect()
    gc.freeze()
    steps = measure.preparation(view, asked, rounds)
    sizes = (14, 140) if short else (1_400, 14_000)
    text = "\n".join(
        [
            "# Benchmarks",
            "",
            f"Measured on {datetime.now(UTC):%Y-%m-%d} by `make bench`: Python {platform.python_version()},"
            f" sqlglot {sqlglot.__version__}, {len(asked)} different questions to the four databases of the first"
            " demo fleet (`bench/queries`), as an analyst. Times are milliseconds of one thread's processor time; the"
            " machine was shared, so the ratios in one table say more than the times.",
            "",
            "## Preparing a read",
            "",
            "Everything between the call and the audit: no database is asked. The last column is the median as a"
            " multiple of what the parser's own parse and generate take for the same texts in the same run.",
            "",
            *table(("step", *TIMES, "× floor"), steps),
            "",
            "*Not seen before*: the text is new, guards of its tables are known. *Seen before*: finding the source"
            " and the kept preparation, in elapsed time. *Nothing kept*: decisions, guards and proofs are made"
            " anew as well. *Without a copy*: what the parser needs when its tree may be used up.",
            "",
            "## The best of several rounds",
            "",
            f"Each question's best of {rounds} rounds, which others on the machine disturb least; the largest is"
            " the slowest single question.",
            "",
            *table(("step", "p50 ms", "p99 ms", "slowest ms", "× floor"), measure.best(view, asked, rounds)),
            "",
            "## Growth of the fleet",
            "",
            "One source with that many governed tables; each table read for the first time, and again with its"
            " guard known.",
            "",
            *table(
                ("tables", "first p50", "first p99", "again p50", "again p99"),
                measure.growth(policies, sizes, 20 * rounds),
            ),
            "",
            "## Growth of a statement",
            "",
            "Milliseconds for statements with that many of each; the last column is the last over the first, to be"
            f" held against {counts[-1] // counts[0]} for a line.",
            "",
            *table(("of", *map(str, counts), "ratio"), measure.sizes(view, counts)),
            "",
            "## Running guarded",
            "",
            "The guarded text against the plain translation of the question, on the demo's files, in elapsed time.",
            "",
            *table(
                ("questions", "guarded p50", "plain p50", "ratio p50"),
                [measure.execution(policies, data, asked, 3)],
            ),
            "",
            "## The collector",
            "",
            "Preparation with the objects of the start collected again and again, and set apart, as the server"
            " does once everything is loaded.",
            "",
            *table(("start's objects", *TIMES), tails),
            "",
            "## What a column is",
            "",
            "Tags that `policy scaffold` guesses, on columns labelled by hand before there was a classifier"
            " (`tests/cases/columns`); it was tuned on one half only.",
            "",
            *table(("half", "columns", "with a tag", "precision", "recall"), columns.scores()),
            "",
            "## The fleet's catalogs",
            "",
            "Databases of 23 tables with 12 columns each on one private MariaDB, a source for each of them, crawled"
            " through the gateway and written as proposals; then a server that starts over all of them. Seconds"
            " of elapsed time on the shared machine.",
            "",
            *table(("what", "s"), catalogs(data / "catalogs", short=short)),
            "",
            *on_estimates(view, short=short),
            *on_servers(view, short=short),
        ]
    )
    gc.unfreeze()
    return text


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return [f"| {' | '.join(line)} |" for line in lines]


if __name__ == "__main__":
    main()
