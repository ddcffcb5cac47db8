"""Every session that a page shows is held again on the demo, and answers as shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from lucky_mcp.policy.policy_set import PolicySet
from tests.docs.markdown import Block, read_page
from tests.docs.sessions import answer, exchanges, matches, scene

DOCS = Path(__file__).resolve().parents[2] / "docs"
SESSIONS = [
    pytest.param(block, id=f"{page}:{block.line}")
    for page in ("tools.md", "errors.md")
    for block in read_page(DOCS / page).blocks
    if block.info.split()[:1] == ["session"]
]


@pytest.mark.parametrize("block", SESSIONS)
async def test_a_session_answers_as_shown(block: Block, demo_policies: PolicySet) -> None:
    async with scene(block.info.partition(" ")[2], demo_policies) as (gateway, caller):
        for exchange in exchanges(block.text):
            assert exchange.shown
            text = await answer(gateway, caller, exchange)
            assert matches(exchange.shown, text), text


def test_there_are_sessions_to_hold() -> None:
    assert len(SESSIONS) >= 20


@pytest.mark.parametrize(
    ("shown", "text", "same"),
    [
        ("OK 1 row · 5 ms · receipt r-…", "OK 1 row · 17 ms · receipt r-00ff", True),
        ("OK 1 row · …\na,b", "OK 1 row · x · y\na,b", True),
        ("OK 1 row\na", "OK 1 row\nb", False),
        ("OK 1 row", "OK 1 row\nmore", False),
        ("a.b", "axb", False),
    ],
)
def test_only_ids_times_and_dots_may_differ(shown: str, text: str, same: bool) -> None:
    assert matches(shown, text) is same


def test_a_session_begins_with_a_call() -> None:
    with pytest.raises(ValueError, match="begins with a call"):
        exchanges("OK 1 row")
