from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from lucky_mcp.model.request import SqlRead
from lucky_mcp.model.result import ReadResult
from tests.server.fakes import FakeGateway
from tests.server.harness import call, make_server

HIDDEN = "row value 4155550100"

WRONG_ARGUMENTS = [
    (
        "run_query",
        {"source": "s"},
        "run_query: argument `sql` is missing; it must be text of at least 1 character",
    ),
    (
        "run_query",
        {"source": "s", "sql": "x", "max_rows": 0},
        "run_query: argument `max_rows` was not accepted; it must be a whole number from 1 to 5000",
    ),
    (
        "run_query",
        {"source": "s", "sql": "x", "max_rows": HIDDEN},
        "run_query: argument `max_rows` was not accepted; it must be a whole number from 1 to 5000",
    ),
    (
        "run_query",
        {"source": "s", "sql": "x", "format": HIDDEN},
        "run_query: argument `format` was not accepted; it must be one of csv, markdown, json, slack (default csv)",
    ),
    (
        "run_query",
        {"source": ["s"], "sql": {"a": HIDDEN}},
        "run_query: argument `source` was not accepted; it must be text of 1 to 200 characters; "
        "argument `sql` was not accepted; it must be text of at least 1 character",
    ),
    (
        "search_catalog",
        {"question": "x", "limit": 21},
        "search_catalog: argument `limit` was not accepted; it must be a whole number from 1 to 20 (default 8)",
    ),
    (
        "list_sources",
        {"domain": "x" * 101},
        "list_sources: argument `domain` was not accepted; it must be text of at most 100 characters",
    ),
    (
        "describe_table",
        {"source": "s", "table": "t", "tabel": HIDDEN},
        "describe_table: there is no argument `tabel`; the arguments are source, table, lucky_ctx\nNearest names: table",
    ),
    (
        "describe_table",
        {"source": "s", "table": "t", HIDDEN: 1},
        "describe_table: there is no argument of the name that was given; the arguments are source, table, lucky_ctx",
    ),
]


@pytest.mark.parametrize(("tool", "arguments", "words"), WRONG_ARGUMENTS)
async def test_wrong_arguments(tool: str, arguments: dict[str, object], words: str) -> None:
    gateway = FakeGateway()
    error, text = await call(make_server(gateway), tool, **arguments)
    assert error
    assert text == f"ERROR INVALID_ARGUMENT: {words}\nNext step: call {tool} again with this corrected"
    assert gateway.asked == []


async def test_a_defect_is_named_by_reference_only() -> None:
    def broken(_: SqlRead) -> ReadResult:
        raise RuntimeError(HIDDEN)

    with capture_logs() as logged:
        error, text = await call(make_server(FakeGateway(work=broken)), "run_query", source="s", sql="x")
    assert error
    assert text.startswith("ERROR QUERY_FAILED: the server met a defect of its own (reference e-0001)\n")
    assert HIDDEN not in text
    assert [(entry["event"], entry["reference"], entry["exc_info"]) for entry in logged] == [
        ("defect", "e-0001", True)
    ]


async def test_a_defect_outside_the_tools_is_answered_alike() -> None:
    def nobody() -> object:
        raise RuntimeError(HIDDEN)

    error, text = await call(make_server(identify=nobody), "list_sources")  # type: ignore[arg-type]
    assert error
    assert text.startswith("ERROR QUERY_FAILED: ")
    assert HIDDEN not in text
