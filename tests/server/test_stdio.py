from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from lucky_mcp.errors import ConfigurationError, NotAuthenticated
from lucky_mcp.model.principal import Principal
from lucky_mcp.server.auth import token_caller

Message = dict[str, object]

ANN = Principal(subject="ann", roles=("analyst",))


def converse(role: str, project_root: Path, *messages: Message) -> tuple[list[Message], str]:
    """Send `messages` to a stdio server of `role`; its answers in order, and its stderr.

    Each request is answered before the next message goes out: closing stdin cancels what is still open.
    """
    with subprocess.Popen(
        [sys.executable, "-m", "tests.server.stdio_server", role],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=project_root,
        env={**os.environ, "PYTHONPATH": f"{project_root / 'src'}{os.pathsep}{project_root}"},
    ) as process:
        assert process.stdin and process.stdout and process.stderr
        answers: list[Message] = []
        for message in messages:
            process.stdin.write(json.dumps(message) + "\n")
            process.stdin.flush()
            if "id" in message:
                answers.append(json.loads(process.stdout.readline()))
        process.stdin.close()
        assert process.stdout.read() == ""
        stderr = process.stderr.read()
    assert process.returncode == 0
    return answers, stderr


INITIALIZE: Message = {
    "jsonrpc": "2.0",
    "id": 0,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    },
}
READY: Message = {"jsonrpc": "2.0", "method": "notifications/initialized"}


def test_stdout_is_protocol_only_and_toolsets_hold(project_root: Path) -> None:
    answers, stderr = converse(
        "executive",
        project_root,
        INITIALIZE,
        READY,
        {"jsonrpc": "2.0", "id": 1, "method": "tools/list"},
        {
            "jsonrpc": "2.0",
            "id": 2,
            "method": "tools/call",
            "params": {"name": "run_query", "arguments": {"source": "s", "sql": "x"}},
        },
    )
    by_id = {answer["id"]: answer["result"] for answer in answers}
    assert by_id[0]["instructions"]  # type: ignore[index]
    assert by_id[1]["tools"] == []  # type: ignore[index]
    assert by_id[2]["isError"] is True  # type: ignore[index]
    assert by_id[2]["content"][0]["text"] == "Unknown tool: 'run_query'"  # type: ignore[index]
    assert "FastMCP" not in stderr


def test_a_token_is_asked_again_at_each_call() -> None:
    known = {"lk_one": ANN}
    identify = token_caller("lk_one", known.get)
    assert identify() == ANN
    known.clear()
    with pytest.raises(NotAuthenticated, match="no longer valid"):
        identify()


def test_a_damaged_token_file_authenticates_nobody() -> None:
    def damaged(_: str) -> Principal | None:
        raise ConfigurationError("damaged")

    with pytest.raises(NotAuthenticated):
        token_caller("lk_one", damaged)()
