"""The project's own identity.yaml, served: a bridge, an app and two people, down to the rows and the audit log."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2

from lucky_mcp.app.serving import serve_http
from lucky_mcp.app.tokens import create_token
from lucky_mcp.server.ask import ask
from lucky_mcp.server.transports import endpoint_of, listen
from lucky_mcp.settings import Settings
from tests.server.wire import direct
from tests.support.audit_log import records

QUESTION = {
    "source": "salescrm",
    "sql": "SELECT user_no, phone, email FROM t_user ORDER BY user_no LIMIT 1",
}


@asynccontextmanager
async def served(settings: Settings, data: Path) -> AsyncIterator[str]:
    bound = listen("127.0.0.1", 0)
    ready, stop = asyncio.Event(), asyncio.Event()

    async def until_stopped() -> bool:
        ready.set()
        await stop.wait()
        return False

    environment = {"DEMO_DATA": str(data)}
    work = serve_http(settings, bound, demo=False, environment=environment, when_ready=until_stopped)
    task = asyncio.create_task(work)
    waiting = asyncio.create_task(ready.wait())
    await asyncio.wait({task, waiting}, timeout=60, return_when=asyncio.FIRST_COMPLETED)
    assert ready.is_set(), task.exception() if task.done() else "not ready within a minute"
    try:
        yield endpoint_of(bound)
    finally:
        stop.set()
        await asyncio.wait_for(task, 30)


def token(settings: Settings, subject: str, role: str) -> str:
    made = create_token(settings, subject=subject, roles=(role,), attributes={}, expires_days=None)
    return made.secret


async def minted(client: httpx2.AsyncClient, endpoint: str, bridge: str, **body: object) -> str:
    answer = await client.post(
        endpoint.replace("/mcp", "/delegations"), json=body, headers={"Authorization": f"Bearer {bridge}"}
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["lucky_ctx"])


async def test_a_question_in_slack(project_root: Path, demo_data: Path, tmp_path: Path) -> None:
    settings = Settings(policies=project_root / "policies", state=tmp_path, policies_reload_s=0, catalog_refresh_s=0)  # fmt: skip
    bridge = token(settings, "app:slack-bridge", "customer_care")
    app = token(settings, "app:ask-lucky", "analyst")
    async with served(settings, demo_data) as endpoint, direct() as client:

        async def answer(lucky_ctx: str | None, secret: str = app) -> str:
            given = {**QUESTION, "lucky_ctx": lucky_ctx} if lucky_ctx else QUESTION
            return await ask(endpoint, token=secret, tool="run_query", arguments=given)

        ann = await minted(client, endpoint, bridge, subject="ann@x.example", groups=["lucky-analysts"])
        cara = await minted(
            client, endpoint, bridge, subject="cara@x.example", groups=["lucky-customer-care"]
        )
        shown = (await answer(ann)).splitlines()
        assert shown[0].startswith("OK 1 row") and shown[1] == "user_no,phone,email"
        assert shown[2].split(",")[1].startswith("***-***-")
        # Customer care looks one customer up at a time; with the app's analyst in between it still does.
        assert (await answer(cara)).startswith("ERROR PREDICATE_REQUIRED: ")
        assert (await answer(None)).startswith("ERROR NOT_AUTHENTICATED: this app asks for people")
        assert (await answer(ann, secret=bridge)).startswith("ERROR NOT_AUTHENTICATED: ")
        refused = await client.post(endpoint, json={})
        assert refused.status_code == 401

    kept = records(tmp_path / "audit")
    reads = [
        each for each in kept if each["event"] == "ended" and not each["principal"].startswith("system:")
    ]
    assert [(each["principal"], each["app"], each["outcome"]) for each in reads] == [
        ("ann@x.example", "app:ask-lucky", "ok"),
        ("cara@x.example", "app:ask-lucky", "PREDICATE_REQUIRED"),
    ]
    events = [(each["kind"], each["principal"]) for each in kept if each["event"] == "event"]
    assert events[-5:] == [
        ("delegation.created", "app:slack-bridge"),
        ("delegation.created", "app:slack-bridge"),
        ("caller.refused", "app:ask-lucky"),
        ("caller.refused", "app:slack-bridge"),
        ("auth.refused", "-"),
    ]
    written = json.dumps(kept)
    for secret in (bridge, app, ann, cara):
        assert secret not in written
