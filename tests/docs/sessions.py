"""Sessions as the pages show them: a call on one line, and below it what it answers.

`tool  name=value  name=value` (two blanks between), then the answer. In it `…` stands for anything, times
and ids for any. `x×70000` in a value stands for 70,000 of that letter.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace

from fastmcp import Client

from lucky_mcp.audit.sink import MemorySink
from lucky_mcp.enforcement.guarded import GuardedSql
from lucky_mcp.errors import EngineError, EngineErrorKind, ReadError
from lucky_mcp.gateway.admission import Admission
from lucky_mcp.gateway.execute import ExecutionFailed
from lucky_mcp.gateway.probed import Probed
from lucky_mcp.gateway.read import Gateway
from lucky_mcp.gateway.switches import Switches
from lucky_mcp.gateway.weight import Weight
from lucky_mcp.limits.memory import MemoryMeter
from lucky_mcp.limits.stops import Stop, StopKind
from lucky_mcp.model.principal import Principal
from lucky_mcp.model.quota import Quota
from lucky_mcp.model.request import SqlRead
from lucky_mcp.policy.policy_set import PolicySet
from lucky_mcp.policy.quotas import Quotas
from lucky_mcp.server.server import build_server
from lucky_mcp.server.texts import prompts_directory
from tests.server.harness import said
from tests.support.house import NOW, gateway_over, opened

TOOLS = ("search_catalog", "describe_table", "run_query", "check_query", "list_sources")
CALL = re.compile(rf"(?:{'|'.join(TOOLS)})(?:  \w+=.+)?")
REPEATED = re.compile(r"(\w)×(\d+)")
VARIES = re.compile(r"…|\d+ ms\b|\br-[0-9a-f…]+|\be-[0-9a-f…]+")


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """One call and what is shown below it."""

    tool: str
    arguments: Mapping[str, object]
    shown: str


def exchanges(text: str) -> list[Exchange]:
    """Return the calls of a session; ValueError when it begins with anything else."""
    calls: list[tuple[str, list[str]]] = []
    for line in text.splitlines():
        if CALL.fullmatch(line.strip()):
            calls.append((line.strip(), []))
        elif calls:
            calls[-1][1].append(line)
        else:
            raise ValueError(f"a session begins with a call, not with {line!r}")
    return [
        Exchange(tool=call.split("  ")[0], arguments=_arguments(call), shown="\n".join(lines).strip())
        for call, lines in calls
    ]


def _arguments(call: str) -> dict[str, object]:
    found: dict[str, object] = {}
    for part in call.split("  ")[1:]:
        name, _, value = part.partition("=")
        written = REPEATED.sub(lambda match: match[1] * int(match[2]), value)
        found[name] = int(written) if name in {"limit", "max_rows"} else written
    return found


def matches(shown: str, answer: str) -> bool:
    """Whether the answer is what is shown; runs of white space count as one blank."""
    text, pattern, end = " ".join(shown.split()), "", 0
    for varying in VARIES.finditer(text):
        pattern += re.escape(text[end : varying.start()]) + _any(varying.group())
        end = varying.end()
    pattern += re.escape(text[end:])
    return re.fullmatch(pattern, " ".join(answer.split())) is not None


def _any(varying: str) -> str:
    if varying == "…":
        return ".*"
    return r"\d+ ms" if varying.endswith("ms") else varying[:2] + "[0-9a-f]+"


async def answer(gateway: Gateway, caller: Principal, exchange: Exchange) -> str:
    """Return what the server says to the call."""
    server = build_server(
        gateway=gateway,
        identify=lambda: caller,
        new_reference=lambda: "e-0001",
        prompts=prompts_directory(),
    )
    async with Client(server) as client:
        result = await client.call_tool_mcp(exchange.tool, dict(exchange.arguments))
    is_error, text = said(result)
    assert is_error is text.startswith("ERROR ")
    return text


@dataclass(frozen=True)
class Failing:
    """An executor whose reads always end alike."""

    kind: EngineErrorKind

    async def execute(self, read: GuardedSql, caller: str, weight: Weight, receipt: str = "") -> None:
        raise ExecutionFailed(EngineError(self.kind))

    async def rows_of(self, read: GuardedSql, weight: Weight) -> dict[str, float]:
        return {}

    async def is_affordable(self, read: GuardedSql, weight: Weight) -> bool:
        return False

    async def close(self) -> None:
        """Nothing is open."""


class Stopped:
    """A file in which everything is stopped."""

    def find(self, *, source: str, principal: str) -> Stop | None:
        if not source:
            return None
        return Stop(
            kind=StopKind.SOURCE, name=source, reason="the disk is being replaced until 14:00", at=NOW
        )


@asynccontextmanager
async def scene(words: str, policies: PolicySet) -> AsyncIterator[tuple[Gateway, Principal]]:
    """A gateway and a caller as the words behind `session` say: a role, or what is out of order."""
    audit = MemorySink()
    caller = Principal(subject="ann", roles=("analyst",))
    gateway = (
        gateway_over(policies, audit=audit)
        if words == "no-references"
        else await opened(policies, audit=audit)
    )
    match words:
        case "" | "no-references":
            pass
        case "broken-audit":
            audit.broken = True
        case "timeout" | "busy" | "loaded" | "too_expensive":
            await gateway.close()
            gateway._executor = Failing(EngineErrorKind(words))  # type: ignore[assignment]
        case "too_often":
            policies = replace(policies, quotas=Quotas(default=Quota(calls_per_minute=1)))
            gateway = gateway_over(policies, audit=audit, admission=Admission(MemoryMeter()))
            with suppress(ReadError):
                await gateway.read(caller, SqlRead(source="salesorder", sql="SELECT 1"))
        case "probed":
            gateway.probed = Probed()
            gateway.probed._budget.take("ann", map(str, range(1000)), 1000, NOW)
        case "stopped":
            gateway._switches = Switches(Stopped())  # type: ignore[arg-type]
        case "unknown-role":
            caller = Principal(subject="ann", roles=("gone",))
        case role if role in policies.roles:
            caller = Principal(subject="dan", roles=(role,))
        case _:
            raise ValueError(f"no scene is called {words!r}")
    try:
        yield gateway, caller
    finally:
        await gateway.close()
