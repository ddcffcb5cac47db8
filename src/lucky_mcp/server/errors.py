"""The one mapping from errors to what goes over the wire."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import mcp_types
import structlog
from fastmcp.exceptions import McpError, NotFoundError
from fastmcp.exceptions import ValidationError as ArgumentsRejected
from fastmcp.server.middleware.middleware import CallNext, Middleware, MiddlewareContext
from fastmcp.tools.base import Tool, ToolResult
from pydantic import ValidationError

from lucky_mcp.errors import Code, ReadError
from lucky_mcp.server.argument_errors import Schema, argument_error
from lucky_mcp.server.tracing import called
from lucky_mcp.telemetry.instruments import TOOL_CALLS

log = structlog.get_logger(__name__)

NewReference = Callable[[], str]
# What is called by a name that no tool has is one thing in metrics, whatever the name.
UNKNOWN = "unknown"


def error_result(text: str) -> ToolResult:
    """An error for the model to read; its text says so by itself, since some clients drop the flag."""
    return ToolResult(content=text, is_error=True)


class Answers:
    """Turns what a tool is about to say, or the error it meets, into a result.

    `new_reference` names a defect, so that an operator finds in the log what the agent was not told.
    """

    def __init__(self, new_reference: NewReference) -> None:
        self._new_reference = new_reference

    async def answer(self, work: Awaitable[str]) -> ToolResult:
        """Await the text of a tool; cancellation passes through, everything else becomes a result."""
        try:
            return ToolResult(content=await work)
        except ReadError as error:
            return error_result(error.agent_text)
        except Exception:
            return self.defect("a tool failed")

    def defect(self, what: str) -> ToolResult:
        """Answer for an error nobody foresaw: its detail goes to the log, a reference to the agent."""
        reference = self._new_reference()
        log.error("defect", reference=reference, what=what, exc_info=True)
        return error_result(
            f"ERROR {Code.QUERY_FAILED}: the server met a defect of its own (reference {reference})\n"
            "Next step: try once more; if it fails again, tell the operator this reference"
        )


class ErrorsMiddleware(Middleware):
    """Gives every tool call an answer in this project's form, whatever the layers below raise.

    `schemas` maps tool names to their input schemas. A tool that is unknown stays FastMCP's to answer, so
    that hidden tools and tools that never existed cannot be told apart.
    """

    def __init__(self, *, answers: Answers, schemas: Mapping[str, Schema]) -> None:
        self._answers = answers
        self._schemas = schemas

    async def on_call_tool(
        self,
        context: MiddlewareContext[mcp_types.CallToolRequestParams],
        call_next: CallNext[mcp_types.CallToolRequestParams, ToolResult],
    ) -> ToolResult:
        """Call the tool and map what it raises."""
        tool = context.message.name if context.message.name in self._schemas else UNKNOWN
        with called(tool):
            answer = await self._answered(context, call_next)
        TOOL_CALLS.labels(tool, "error" if answer.is_error else "ok").inc()
        return answer

    async def _answered(
        self,
        context: MiddlewareContext[mcp_types.CallToolRequestParams],
        call_next: CallNext[mcp_types.CallToolRequestParams, ToolResult],
    ) -> ToolResult:
        try:
            return await call_next(context)
        except NotFoundError:
            raise
        except ReadError as error:
            return error_result(error.agent_text)
        except ArgumentsRejected as error:
            return self._rephrased(context.message.name, error)
        except Exception:
            return self._answers.defect(f"calling {context.message.name!r} failed")

    async def on_list_tools(
        self, context: MiddlewareContext[Any], call_next: CallNext[Any, Sequence[Tool]]
    ) -> Sequence[Tool]:
        """List tools; a list has no error form of its own, so an unknown caller becomes a protocol error."""
        try:
            return await call_next(context)
        except ReadError as error:
            raise McpError(code=mcp_types.INVALID_REQUEST, message=error.agent_text) from None

    def _rephrased(self, tool: str, error: ArgumentsRejected) -> ToolResult:
        cause = error.__cause__
        if not isinstance(cause, ValidationError) or tool not in self._schemas:
            return self._answers.defect(f"the arguments of {tool!r} were rejected for no known reason")
        return error_result(argument_error(tool, self._schemas[tool], cause).agent_text)
