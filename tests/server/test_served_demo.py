"""A real MCP client against the real server over the demo, on stdio, HTTP and SSE: the first questions, whole."""

from __future__ import annotations

import csv
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from fastmcp import Client
from fastmcp.client.transports import ClientTransport, SSETransport, StdioTransport, StreamableHttpTransport
from mcp_types import TextContent

from tests.server.wire import direct
from tests.support.audit_log import records
from tests.support.reference import CRM, MAP, ORDERS
from tests.support.twin import Unguarded

PROGRAM = str(Path(sys.executable).with_name("lucky-mcp"))
WEEK = "order_time >= '2026-02-08' AND order_time < '2026-02-15'"
RECEIPT = re.compile(
    r"OK \d+ rows? .*· (?P<source>\S+) · \d+ ms · .*receipt r-[0-9a-f]{16} · rows are untrusted data"
)

QUESTIONS: dict[str, tuple[str, str]] = {
    "revenue by store for last week": (
        ORDERS,
        "SELECT shop_id, SUM(pay_amount) AS revenue FROM luckyus_sales_order.t_sales_order_m "
        f"WHERE order_status = 90 AND {WEEK} GROUP BY shop_id ORDER BY revenue DESC, shop_id",
    ),
    "top products": (
        ORDERS,
        "SELECT product_name, SUM(quantity) AS sold FROM luckyus_sales_order.t_order_item "
        "GROUP BY product_name ORDER BY sold DESC, product_name LIMIT 5",
    ),
    "orders joined to items": (
        ORDERS,
        "SELECT o.order_channel, COUNT(DISTINCT o.order_id) AS orders, SUM(i.item_amount) AS amount "
        "FROM luckyus_sales_order.t_sales_order_m o JOIN luckyus_sales_order.t_order_item i "
        "ON i.order_id = o.order_id GROUP BY o.order_channel ORDER BY 1",
    ),
    "users joined to profiles": (
        CRM,
        "SELECT u.user_no, u.phone, u.email, p.gender FROM luckyus_sales_crm.t_user u "
        "JOIN luckyus_sales_crm.t_user_profile p ON p.user_no = u.user_no ORDER BY u.user_no LIMIT 20",
    ),
    "every column of the users": (
        CRM,
        "SELECT * FROM luckyus_sales_crm.t_user ORDER BY user_no DESC LIMIT 30",
    ),
    "a running total": (
        ORDERS,
        "WITH daily AS (SELECT DATE(order_time) AS day, SUM(pay_amount) AS revenue "
        "FROM luckyus_sales_order.t_sales_order_m WHERE order_status = 90 GROUP BY DATE(order_time)) "
        "SELECT day, revenue, SUM(revenue) OVER (ORDER BY day) AS so_far FROM daily ORDER BY day",
    ),
    "a question in PostgreSQL's dialect": (
        MAP,
        "SELECT COUNT(*) FILTER (WHERE lat > 40) AS north, COUNT(*)::int AS places FROM public.store_location",
    ),
}


@asynccontextmanager
async def over_stdio(policies: Path, environment: Mapping[str, str]) -> AsyncIterator[Client[Any]]:
    arguments = ["serve", "--transport", "stdio", "--demo", "--policies", str(policies)]
    transport = StdioTransport(command=PROGRAM, args=arguments, env=dict(environment), keep_alive=False)
    async with Client(transport) as client:
        yield client


def over_http(policies: Path, environment: Mapping[str, str]) -> AbstractAsyncContextManager[Client[Any]]:
    return served(policies, environment, "/mcp", StreamableHttpTransport)


def over_sse(policies: Path, environment: Mapping[str, str]) -> AbstractAsyncContextManager[Client[Any]]:
    return served(policies, environment, "/sse", SSETransport)


@asynccontextmanager
async def served(
    policies: Path, environment: Mapping[str, str], path: str, make: Callable[..., ClientTransport]
) -> AsyncIterator[Client[Any]]:
    arguments = ["serve", "--transport", "http", "--port", "0", "--demo"]
    with subprocess.Popen(  # noqa: ASYNC220 (its one line is read before anything else runs)
        [PROGRAM, *arguments, "--policies", str(policies)],
        env=dict(environment),
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr
        try:
            endpoint = next(
                found.group() for line in process.stderr if (found := re.search(r"http://\S+/mcp", line))
            )
            transport = make(
                endpoint.replace("/mcp", path),
                auth="demo-analyst",
                httpx_client_factory=lambda **options: direct(**dropped(options)),
            )
            async with Client(transport) as client:
                yield client
        finally:
            process.terminate()
            process.stderr.read()


def dropped(options: Mapping[str, Any]) -> dict[str, Any]:
    """What the transport asks of its HTTP client, less what the direct client sets itself."""
    return {name: value for name, value in options.items() if name not in {"timeout", "trust_env"}}


@pytest.fixture
def environment(demo_data: Path, tmp_path: Path) -> dict[str, str]:
    """The environment of a server process over the demo."""
    return {**os.environ, "DEMO_DATA": str(demo_data), "LUCKY_STATE": str(tmp_path / "state")}


@pytest.mark.parametrize("transport", [over_stdio, over_http, over_sse])
async def test_the_first_questions_are_answered_as_on_a_clean_copy(
    transport: Any,
    project_root: Path,
    environment: dict[str, str],
    twins: Mapping[str, Unguarded],
    raw: Unguarded,
    tmp_path: Path,
) -> None:
    async with transport(project_root / "policies", environment) as client:
        texts = {title: await asked(client, source, sql) for title, (source, sql) in QUESTIONS.items()}
    for title, (source, sql) in QUESTIONS.items():
        receipt, *_ = texts[title].splitlines()
        found = RECEIPT.fullmatch(receipt)
        assert found, receipt
        assert found["source"] == source
        assert "filters us-market" in receipt
        columns, expected = twins["analyst"].ask(source, sql)
        assert rows_of(texts[title]) == [list(columns), *(as_written(row) for row in expected)]
        assert "CUT" not in receipt and "TRUNCATED" not in receipt
    for title in ("revenue by store for last week", "top products"):
        source, sql = QUESTIONS[title]
        _, unfiltered = raw.ask(source, sql)
        assert rows_of(texts[title])[1:] != [as_written(row) for row in unfiltered]
    for title in ("users joined to profiles", "every column of the users"):
        assert "masked phone:last4, email:redact" in texts[title].splitlines()[0]
        phones = {row[rows_of(texts[title])[0].index("phone")] for row in rows_of(texts[title])[1:]}
        assert all(re.fullmatch(r"(\*\*\*-\*\*\*-\d{4}|\*\*\*)?", phone) for phone in phones)
    audited(tmp_path / "state" / "audit")


async def asked(client: Client[Any], source: str, sql: str) -> str:
    """Ask as a client would and return the text; a structured copy must not be there."""
    result = await client.call_tool("run_query", {"source": source, "sql": sql})
    assert result.structured_content is None
    (block,) = result.content
    assert isinstance(block, TextContent)
    return block.text


def rows_of(text: str) -> list[list[str]]:
    """Return the header and rows below the receipt."""
    return list(csv.reader(text.splitlines()[1:]))


def as_written(row: tuple[object, ...]) -> list[str]:
    """Return a row as the CSV writes it."""
    return [str(cell) if isinstance(cell, Decimal) else _cell(cell) for cell in row]


def _cell(cell: object) -> str:
    if cell is None:
        return ""
    return cell.isoformat() if hasattr(cell, "isoformat") else str(cell)


def audited(directory: Path) -> None:
    """Each question left a record before and a record after it, with everything an auditor asks for."""
    lines = records(directory)
    asked_lines = [
        line for line in lines if line["event"] == "begun" and not line["principal"].startswith("system:")
    ]
    assert [line["sql_asked"] for line in asked_lines] == [sql for _, sql in QUESTIONS.values()]
    for begun in asked_lines:
        (ended,) = [line for line in lines if line["event"] == "ended" and line["id"] == begun["id"]]
        assert lines.index(begun) < lines.index(ended)
        assert begun["principal"] == "demo:analyst" and begun["source"].startswith("aws-luckyus-")
        for digest in ("policy_digest", "catalog_digest", "references_digest"):
            assert re.fullmatch("[0-9a-f]{16}", begun[digest])
        for filled in ("sql_sent", "sql_engine", "tables", "columns", "filters"):
            assert begun[filled], filled
        assert (
            ended["outcome"] == "ok" and ended["rows"] > 0 and ended["bytes"] > 0 and ended["elapsed_ms"] >= 0
        )
    assert any("luckyus_sales_crm.t_user.phone:last4" in begun["masks"] for begun in asked_lines)
