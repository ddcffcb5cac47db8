from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from datetime import date
from pathlib import Path

import pytest

from lucky_mcp.cli.root import Exit
from lucky_mcp.errors import NameRefused
from lucky_mcp.model.request import SqlRead
from lucky_mcp.model.result import ReadResult
from lucky_mcp.server.transports import listen
from tests.cli.fleet import put_in_place, revenue
from tests.cli.running import Run
from tests.server.fakes import FakeGateway
from tests.support.audit_log import records


def test_the_version_is_the_packages(run: Run, project_root: Path) -> None:
    project = tomllib.loads((project_root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert run("--version").out == f"{project['version']}\n"


def audited(state: Path) -> list[tuple[str, str]]:
    return [(record["kind"], record["target"]) for record in records(state / "audit")]


def test_a_token_from_birth_to_end(run: Run, state: Path) -> None:
    made = run("token", "create", "--role", "analyst", "--role", "dba", "--subject", "ann",
               "--attr", "shops=1, 2", "--attr", "team=x", "--expires-days", "30")  # fmt: skip
    assert (made.code, made.out[:3], len(made.out.splitlines())) == (0, "lk_", 1)
    token_id = made.err.splitlines()[-1].split()[0]
    listed = run("token", "list").out.splitlines()
    assert listed[0] == "id,subject,roles,attributes,created,expires"
    assert listed[1].startswith(f'{token_id},ann,analyst dba,"shops=1,2 team=x",')
    assert made.out.strip() not in "".join(listed)
    assert run("token", "revoke", token_id).out == f"{token_id} is revoked\n"
    assert run("token", "list").out.splitlines() == listed[:1]
    assert audited(state) == [("token.created", token_id), ("token.revoked", token_id)]


def test_a_token_that_cannot_be_audited_does_not_live(run: Run, state: Path) -> None:
    run("token", "create", "--role", "analyst", "--subject", "ann")
    before = run("token", "list").out
    (state / "audit").chmod(0o755)
    failed = run("token", "create", "--role", "analyst", "--subject", "bob")
    assert (failed.code, failed.out) == (Exit.CONFIGURATION, "")
    assert run("token", "list").out == before


WRONG = [
    (["token", "create", "--subject", "ann"], Exit.USAGE, "--role"),
    (["token", "create", "--role", "system:catalog", "--subject", "ann"], Exit.USAGE, "not a valid role"),
    (["token", "create", "--role", "a", "--subject", "ann", "--attr", "x"], Exit.USAGE, "name=value"),
    (
        ["token", "create", "--role", "a", "--subject", "ann", "--expires-days", "0"],
        Exit.USAGE,
        "--expires-days",
    ),
    (["token", "revoke", "t-00000000"], Exit.USAGE, "there is no token t-00000000"),
    (["serve"], Exit.CONFIGURATION, "which policies?"),
    (["serve", "--transport", "sse"], Exit.USAGE, "sse"),
    (["serve", "--policies", "p"], Exit.CONFIGURATION, "LUCKY_TOKEN is not set"),
    (["serve", "--policies", "p", "--transport", "http"], Exit.CONFIGURATION, "no token exists"),
    (
        ["serve", "--policies", "p", "--transport", "http", "--demo", "--host", "0.0.0.0"],
        Exit.CONFIGURATION,
        "0.0.0.0 is not loopback",
    ),
    (["serve", "--policies", "p", "--port", "99999"], Exit.CONFIGURATION, "LUCKY_PORT: "),
    (["catalog", "accept"], Exit.USAGE, "SOURCE"),
    (["catalog", "crawl"], Exit.CONFIGURATION, "which policies?"),
    (["catalog", "diff", "nowhere"], Exit.CONFIGURATION, "which policies?"),
    (["demo", "--end", "yesterday"], Exit.USAGE, "--end"),
    (["demo", "--scale", "huge"], Exit.USAGE, "unknown scale 'huge': choose one of"),
]


@pytest.mark.parametrize(("arguments", "code", "words"), WRONG)
def test_what_is_wrong_is_one_message_on_stderr(
    arguments: list[str], code: int, words: str, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    ran = run(*arguments)
    assert (ran.code, ran.out) == (code, "")
    assert words in ran.err
    if code == Exit.CONFIGURATION:
        assert ran.err.startswith("lucky-mcp: ") and ran.err.count("\n") == 1


def test_stdio_with_an_unknown_token_does_not_start(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    put_in_place(monkeypatch, FakeGateway())
    monkeypatch.setenv("LUCKY_TOKEN", "lk_unknown")
    ran = run("serve", "--policies", "p")
    assert (ran.code, ran.out) == (Exit.CONFIGURATION, "")
    assert ran.err.startswith("lucky-mcp: LUCKY_TOKEN is unknown or expired")
    assert "lk_unknown" not in ran.err


def test_demo_tokens_do_not_exist_outside_demo_mode(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    put_in_place(monkeypatch, FakeGateway())
    monkeypatch.setenv("LUCKY_TOKEN", "demo-analyst")
    assert run("serve", "--policies", "p").code == Exit.CONFIGURATION


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, object]]:
    """What the demo's builder was asked to build."""
    asked: list[dict[str, object]] = []

    def build_demo(directory: Path, **options: object) -> None:
        asked.append({"directory": directory, **options})

    monkeypatch.setattr("lucky_mcp.demo.build.build_demo", build_demo)
    return asked


def test_the_demo_ends_with_an_answered_question(
    run: Run, built: list[dict[str, object]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    gateway = FakeGateway(work=revenue)
    put_in_place(monkeypatch, gateway)
    ran = run("demo", "--port", "0", "--dir", str(tmp_path), "--seed", "3", "--end", "2026-02-14", "--once")
    assert ran.code == Exit.OK, ran.err
    assert "LUCKY_TOKEN_KEY is not set: where a mask is token, [redacted] is shown\n" in ran.err
    assert ran.err.count("LUCKY_TOKEN_KEY") == 1 and '{"' not in ran.err
    assert built == [{"directory": tmp_path, "seed": 3, "end": date(2026, 2, 14), "scale": "small"}]
    first, _, connect, command, _, question, receipt, columns, *rest = ran.out.splitlines()
    endpoint = first.removeprefix("lucky-mcp serves the demo fleet at ")
    assert endpoint.startswith("http://127.0.0.1:") and endpoint.endswith("/mcp")
    assert connect == "Connect Claude Code:"
    assert command == (
        f'  claude mcp add --transport http lucky {endpoint} --header "Authorization: Bearer demo-analyst"'
    )
    assert question == "Asked as an analyst: revenue by store, 7 days to 2026-02-14"
    assert receipt.startswith("  OK 2 rows · ")
    assert [columns, *rest] == ["  shop_id,orders,revenue_usd", "  1,20,110.50", "  2,10,50.00"]
    ((principal, request),) = gateway.asked
    assert principal.subject == "demo:analyst"
    assert "order_time >= '2026-02-08' AND order_time < '2026-02-15'" in request.sql


def test_a_demo_without_an_answer_fails(
    run: Run, built: list[dict[str, object]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def refused(_: SqlRead) -> ReadResult:
        raise NameRefused("there is no such table")

    put_in_place(monkeypatch, FakeGateway(work=refused))
    ran = run("demo", "--port", "0", "--dir", str(tmp_path), "--once")
    assert ran.code == Exit.FAILED
    assert "  ERROR UNKNOWN_NAME: there is no such table" in ran.out


def test_a_busy_port_is_found_before_anything_is_built(run: Run, built: list[dict[str, object]]) -> None:
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        ran = run("demo", "--port", str(port), "--once")
    assert (ran.code, ran.out, built) == (Exit.CONFIGURATION, "", [])
    assert ran.err == f"lucky-mcp: port {port} on 127.0.0.1 is in use; choose another with --port\n"


@pytest.mark.parametrize("command", [[], ["serve"], ["demo"], ["token"], ["token", "create"], ["catalog"]])
def test_help_loads_neither_the_server_nor_an_engine(command: list[str], source_root: Path) -> None:
    script = (
        "import sys\n"
        "from lucky_mcp.cli import main\n"
        f"sys.argv = ['lucky-mcp', *{command!r}, '--help']\n"
        "try:\n    main()\n"
        "except SystemExit as stop:\n    assert not stop.code\n"
        "print('LOADED', *sorted({'fastmcp', 'mcp', 'duckdb', 'pyarrow', 'sqlglot'} & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": str(source_root.parent)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.splitlines()[-1].strip() == "LOADED"
