"""LangChain's adapters, in their own environment: `langchain_client.py streamable_http|sse URL` or `... stdio COMMAND ...`.

Prints what they saw as one JSON object.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from typing import Any

from langchain_mcp_adapters.client import MultiServerMCPClient  # type: ignore[import-not-found]


def connection(kind: str, target: str, rest: list[str]) -> dict[str, Any]:
    """How the adapters are told to connect."""
    if kind == "stdio":
        return {"transport": kind, "command": target, "args": rest, "env": dict(os.environ)}
    return {"transport": kind, "url": target, "headers": {"Authorization": "Bearer demo-analyst"}}


async def look(kind: str, target: str, *rest: str) -> dict[str, object]:
    """Ask as an agent's tools would."""
    client = MultiServerMCPClient({"lucky": connection(kind, target, list(rest))})
    tools = {tool.name: tool for tool in await client.get_tools()}

    async def ask(**given: str) -> str:
        answer = await tools["run_query"].ainvoke({"source": "salesorder", **given})
        return answer if isinstance(answer, str) else "\n".join(block["text"] for block in answer)

    return {
        "tools": list(tools),
        "answer": await ask(sql=os.environ["QUESTION"]),
        "refusal": await ask(sql="DROP TABLE t_sales_order_m"),
    }


if __name__ == "__main__":
    print(json.dumps(asyncio.run(look(*sys.argv[1:]))))
