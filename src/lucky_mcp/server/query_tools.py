"""run_query and check_query: one governed read, and the same read rehearsed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastmcp.tools.base import ToolResult

from lucky_mcp.model.principal import Principal
from lucky_mcp.model.request import SqlRead
from lucky_mcp.model.result import Explanation
from lucky_mcp.server import layouts
from lucky_mcp.server.arguments import Form, RowsMax, SourceName, SqlText
from lucky_mcp.server.auth import Identify
from lucky_mcp.server.cells import one_line
from lucky_mcp.server.errors import Answers
from lucky_mcp.server.results import Format, result_text

if TYPE_CHECKING:
    from lucky_mcp.gateway.read import Gateway


class QueryTools:
    """The tools that take SQL; each names its caller anew and does nothing but ask the gateway."""

    def __init__(self, *, gateway: Gateway, identify: Identify, answers: Answers) -> None:
        self._gateway = gateway
        self._identify = identify
        self._answers = answers

    async def run_query(
        self, source: SourceName, sql: SqlText, max_rows: RowsMax = None, format: Form = "csv"
    ) -> ToolResult:
        """Rows of one guarded read, under a receipt line."""
        request = SqlRead(source=source, sql=sql, rows_max=max_rows)
        return await self._answers.answer(self._run(self._identify(), request, format or "csv"))

    async def check_query(self, source: SourceName, sql: SqlText) -> ToolResult:
        """What the gateway would make of a query, and how its server would read it; nothing is read."""
        return await self._answers.answer(self._check(self._identify(), SqlRead(source=source, sql=sql)))

    async def _run(self, principal: Principal, request: SqlRead, form: Format) -> str:
        result = await self._gateway.read(principal, request)
        return result_text(result, form=form, time_zone=self._time_zone(principal, result.receipt.source))

    async def _check(self, principal: Principal, request: SqlRead) -> str:
        return explanation_text(await self._gateway.explain(principal, request, with_plan=True))

    def _time_zone(self, principal: Principal, source: str) -> str:
        """The zone in which `source` keeps its times; a read that succeeded was of a visible source."""
        zones = (seen.time_zone for seen in self._gateway.visible.sources(principal) if seen.name == source)
        return next(zones, "the source's own zone")


def explanation_text(explanation: Explanation) -> str:
    """A permitted read in words: bounds, the SQL that would run, and each rule with owner and place."""
    bounds = f"at most {explanation.rows_max} rows, {explanation.timeout_ms} ms"
    head = [
        "OK permitted, nothing was read",
        explanation.source,
        f"dialect {explanation.dialect}",
        bounds,
        "reads " + ", ".join(explanation.tables) if explanation.tables else "reads no table",
        *explanation.notes,
        f"receipt {explanation.receipt_id}",
    ]
    fence = _fence(explanation.sql_sent)
    parts = [
        " · ".join(one_line(part) for part in head),
        f"It runs as:\n{fence}sql\n{explanation.sql_sent}\n{fence}",
        _rules(explanation),
        *_plan(explanation),
    ]
    return "\n\n".join(parts)


def _rules(explanation: Explanation) -> str:
    if not explanation.applied:
        return "No rule changes it."
    rows = [
        (rule.table, rule.effect, rule.rule_id, rule.owner, rule.place, rule.why)
        for rule in explanation.applied
    ]
    return "Rules applied:\n" + layouts.csv(("table", "effect", "rule", "owner", "place", "why"), rows, None)


def _plan(explanation: Explanation) -> list[str]:
    """The server's plan, for callers who may see one; of others nothing is said."""
    if explanation.no_plan:
        return [f"No plan: {explanation.no_plan}."]
    if not explanation.plan:
        return []
    rows = [
        (step.table or None, step.access, step.index or None, step.rows_at_least or None)
        for step in explanation.plan
    ]
    head = ("table", "access", "index", "rows_at_least")
    return [
        "The server plans it as (rows of the whole table, a power of ten):\n" + layouts.csv(head, rows, None)
    ]


def _fence(sql: str) -> str:
    """A fence longer than any run of backticks inside, so that the SQL cannot close it."""
    fence = "```"
    while fence in sql:
        fence += "`"
    return fence
