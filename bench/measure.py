"""The measurements: preparing step by step, preparing again, a growing fleet, growing statements, running."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from pathlib import Path

import duckdb
import sqlglot

from bench.fleet import ANALYST, GROWN, grown, view_of
from bench.questions import Question
from bench.timing import elapsed, percentile, row, shown, timed, watched
from lucky_mcp.enforcement import enforce
from lucky_mcp.gateway import prepare as preparing
from lucky_mcp.gateway.prepare import find_source, prepare
from lucky_mcp.gateway.prepared_cache import PreparedCache, forget_everything
from lucky_mcp.gateway.view import View
from lucky_mcp.model.request import SqlRead
from lucky_mcp.policy.policy_set import PolicySet
from lucky_mcp.sql.dialects import GRAMMARS

STEPS = {
    "parse": [(preparing, "parse")],
    "allow": [(preparing, "allow")],
    "resolve": [(preparing, "resolve")],
    "decide": [(preparing, "_decide")],
    "rewrite": [(enforce, name) for name in ("name_projections", "settle_clock", "guard_scans", "fence")],
    "render": [(enforce, name) for name in ("render_agent", "render_engine", "guard_texts", "put_guards")],
    "verify": [(enforce, "verify")],
}
Row = tuple[str, ...]


def floor(view: View, question: Question) -> float:
    """Return the time of sqlglot alone: parse, and generate in the same dialect."""
    grammar = GRAMMARS[view.policies.sources[question.source].dialect].dialect
    return timed(lambda: grammar.generate(grammar.parse(question.sql)[0]))


def floor_without_copy(view: View, question: Question) -> float:
    """Return the time of sqlglot alone when the tree may be used up: `transpile` into the same dialect."""
    grammar = GRAMMARS[view.policies.sources[question.source].dialect].dialect
    return timed(lambda: grammar.generate(grammar.parse(question.sql)[0], copy=False))


def prepared(view: View, question: Question) -> float:
    """Return the time of one whole preparation."""
    source = view.policies.sources[question.source]
    request = SqlRead(source=question.source, sql=question.sql)
    return timed(lambda: prepare(view, ANALYST, source, request))


def preparation(view: View, asked: Sequence[Question], rounds: int) -> list[Row]:
    """Return the table of all steps; every round takes the questions in turn, floor and guard side by side."""
    for question in asked:  # dialects, functions and guards are learnt; no statement is
        floor(view, question)
        prepared(view, question)
    bare: list[float] = []
    used_up: list[float] = []
    cold: list[float] = []
    for _ in range(rounds):
        for question in asked:
            bare.append(floor(view, question))
            used_up.append(floor_without_copy(view, question))
            cold.append(prepared(view, question))
    steps: dict[str, list[float]] = {step: [] for step in STEPS}
    for question in asked:
        with watched(STEPS) as spent:
            prepared(view, question)
        for step, times in steps.items():
            times.append(spent[step])
    rows = [row("sqlglot: parse and generate", bare, bare)]
    rows.append(row("sqlglot: the same without a copy of the tree", used_up, bare))
    rows += [row(step, times, bare) for step, times in steps.items()]
    rows.append(row("whole, text not seen before", cold, bare))
    rows.append(row("whole, text seen before", again(view, asked, rounds), bare))
    rows.append(row("whole, nothing kept at all", first(view, asked), bare))
    return rows


def best(view: View, asked: Sequence[Question], rounds: int) -> list[Row]:
    """Return the table of each question's best of all rounds: floor, whole, and the slowest of the questions."""
    bare = [float("inf")] * len(asked)
    used_up, cold = list(bare), list(bare)
    for _ in range(rounds):
        for index, question in enumerate(asked):
            bare[index] = min(bare[index], floor(view, question))
            used_up[index] = min(used_up[index], floor_without_copy(view, question))
            cold[index] = min(cold[index], prepared(view, question))
    return [
        row("sqlglot: parse and generate", bare, bare),
        row("sqlglot: the same without a copy of the tree", used_up, bare),
        row("whole, text not seen before", cold, bare),
    ]


def again(view: View, asked: Sequence[Question], rounds: int) -> list[float]:
    """Return the times of finding the source and the kept preparation."""
    cache, times = PreparedCache(), []

    def find(question: Question, request: SqlRead) -> None:
        source = find_source(view, ANALYST, question.source)
        if cache.find(view, ANALYST, source, request) is None:
            raise LookupError(question.sql)

    for question in asked:
        source, request = (
            view.policies.sources[question.source],
            SqlRead(source=question.source, sql=question.sql),
        )
        cache.keep(view, ANALYST, source, request, prepare(view, ANALYST, source, request))
        times += [elapsed(lambda: find(question, request)) for _ in range(rounds)]  # noqa: B023
    return times


def first(view: View, asked: Sequence[Question]) -> list[float]:
    """Return the times after everything that is kept was dropped: the first read of its tables."""
    times = []
    for question in asked:
        forget_everything()
        times.append(prepared(view, question))
    return times


def growth(policies: PolicySet, sizes: Sequence[int], rounds: int) -> list[Row]:
    """Return p50 and p99 for a fleet of each size: its tables read for the first time, and read again."""
    rows = []
    for size in sizes:
        view = view_of(grown(policies, size))
        tables = list(view.policies.tables[GROWN])
        step = max(len(tables) // rounds, 1)
        asked = [
            Question(source=GROWN, sql=f"SELECT shop_no FROM {table} WHERE id = 4")
            for table in tables[::step]
        ]
        find_source(view, ANALYST, GROWN)
        fresh = [prepared(view, question) for question in asked]
        known = [prepared(view, question) for question in asked]
        cells = [shown(percentile(times, share)) for times in (fresh, known) for share in (0.5, 0.99)]
        rows.append((f"{size:,}", *cells))
    return rows


def sizes(view: View, counts: Sequence[int]) -> list[Row]:
    """Return how preparation grows with columns, scans and WITH entries, in milliseconds per statement."""
    shapes = {
        "columns": lambda n: (
            "SELECT " + ", ".join(f"shop_id + {i} AS c{i}" for i in range(n)) + " FROM t_sales_order_m"
        ),
        "conditions": lambda n: (
            "SELECT 1 AS x FROM t_sales_order_m WHERE "
            + " AND ".join(f"(pay_amount <> {i} OR shop_id = {i})" for i in range(n))
        ),
        "scans": lambda n: (
            "SELECT COUNT(*) AS n FROM t_sales_order_m s0"
            + "".join(f" JOIN t_sales_order_m s{i} ON s{i}.order_id = s{i - 1}.order_id" for i in range(1, n))
        ),
        "WITH entries": lambda n: (
            "WITH "
            + ", ".join(
                f"w{i} AS (SELECT order_id FROM t_sales_order_m WHERE shop_id = {i})" for i in range(n)
            )
            + f" SELECT COUNT(*) AS n FROM w{n - 1}"
        ),
    }
    rows = []
    for name, shape in shapes.items():
        times = []
        for count in counts:
            question = Question(source="aws-luckyus-salesorder-rw", sql=shape(count))
            times.append(min(prepared(view, question) for _ in range(5)))
        rows.append((name, *(shown(each) for each in times), f"{times[-1] / times[0]:.1f}"))
    return rows


def execution(policies: PolicySet, data: Path, asked: Sequence[Question], rounds: int) -> Row:
    """Return p50 of the engine's time guarded and unguarded, and the median of the ratios."""
    view, pairs = view_of(policies), []
    for question in asked:
        source = policies.sources[question.source]
        guarded = prepare(
            view, ANALYST, source, SqlRead(source=source.name, sql=question.sql)
        ).guarded.text_sent
        bare = sqlglot.transpile(question.sql, read=source.dialect.value, write="duckdb")[0]
        with duckdb.connect(str(data / f"{source.name}.duckdb"), read_only=True) as database:
            database.execute(f"SET search_path = '{source.default_schema}'")
            try:
                times = [
                    min(elapsed(lambda: database.execute(text).fetchmany(101)) for _ in range(rounds))  # noqa: B023
                    for text in (guarded, bare)
                ]
            except duckdb.Error:  # plain translation does not carry every question over
                continue
        pairs.append(times)
    ratios = [guarded / bare for guarded, bare in pairs]
    columns = [[pair[index] for pair in pairs] for index in (0, 1)]
    return (
        str(len(pairs)),
        *(shown(percentile(times, 0.5)) for times in columns),
        f"{percentile(ratios, 0.5):.2f}",
    )


def pauses(view: View, asked: Sequence[Question], rounds: int) -> list[Row]:
    """Return the tail before and after what lives for ever is set apart from what is collected."""
    rows = []
    for name, freeze in (("collected", False), ("frozen", True)):
        gc.unfreeze()
        gc.collect()
        if freeze:
            gc.freeze()
        times = [prepared(view, question) for _ in range(rounds) for question in asked]
        rows.append(
            (name, *(shown(each) for each in (percentile(times, 0.5), percentile(times, 0.99), max(times))))
        )
    return rows
