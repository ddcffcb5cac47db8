"""Clusters that differ in nothing a caller may see answer alike, and what is shown is what a reference says."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lucky_mcp.errors import ReadError
from lucky_mcp.gateway.read import Gateway
from lucky_mcp.model.principal import Principal
from lucky_mcp.model.request import KeyAsk, KeyRead
from lucky_mcp.policy.policy_set import PolicySet
from lucky_mcp.server.results import keys_text
from tests.support.house import DBA, ENGINEER
from tests.support.keyed import CLUSTER, embedded, gateway_to, ruled

EXAMPLES = 25
RULES = """
keys:
  - {id: orders, why: t, pattern: "order:{id:digits}", types: [hash], parts: {id: {}}, roles: [data_engineer],
     fields: {status: {}, note: {tags: [free_text]}, items: {}}}
  - {id: leads, why: t, pattern: "lead:{phone:digits}", types: [string], roles: [data_engineer],
     fields: {channel: {}, contact.email: {}, payload: {}}}
  - {id: sessions, why: t, pattern: "session:{token:rest}", types: [string], show: metadata, roles: [data_engineer, dba]}
  - {id: tags, why: t, pattern: "tags:{id:digits}", types: [set], parts: {id: {}}, value: {tags: [pii.phone]},
     roles: [data_engineer]}
denials:
  - {id: no, why: t, pattern: "order:{id:digits}", roles: [dba]}
"""
_numbers = itertools.count()
_CHANGES = re.compile(r"\d+ ms|r-[0-9a-f]+|ttl \d+ s")
DIGITS = st.text("84", min_size=9, max_size=9)
WORD = st.text("qjxzvk", min_size=6, max_size=6)
Key = dict[str, Any]


@st.composite
def worlds(draw: st.DrawFn) -> tuple[list[Key], list[Key]]:
    """Two clusters whose visible parts are the same: names, fields and values that are hidden differ."""
    pair: tuple[list[Key], list[Key]] = ([], [])
    for number in range(draw(st.integers(0, 4))):
        status, last4 = draw(st.sampled_from(["90", "10"])), f"{draw(st.integers(0, 9999)):04}"
        for world in pair:
            world.append(_order(draw, number, status, last4))
    for _ in range(draw(st.integers(0, 3))):
        channel, last4 = draw(st.sampled_from(["app", "sms"])), f"{draw(st.integers(0, 9999)):04}"
        for world in pair:
            world.append(_lead(draw, channel, last4))
    for _ in range(draw(st.integers(0, 3))):
        for world in pair:
            world.append({"name": f"session:{draw(WORD)}{draw(WORD)}", "type": "string", "value": draw(WORD)})
    last = draw(st.lists(st.integers(1000, 9999), max_size=3, unique=True))
    for world in pair if last else ():
        members = [f"{draw(DIGITS)}{each}" for each in last]
        world.append({"name": "tags:1", "type": "set", "value": members})
    for world in pair:
        for _ in range(draw(st.integers(0, 5))):
            kind = draw(
                st.sampled_from(["order:{}x", "{}", "blacklist:{}", "order:{}", "leads:{}", "ключ:{}"])
            )
            world.append({"name": kind.format(draw(WORD)), "type": "string", "value": draw(WORD)})
        if draw(st.booleans()):  # of a type that no rule has
            world.append({"name": "order:777", "type": "string", "value": draw(WORD)})
    return tuple(list({key["name"]: key for key in world}.values()) for world in pair)  # type: ignore[return-value]


def _order(draw: st.DrawFn, number: int, status: str, last4: str) -> Key:
    items = [{"sku": "S1", "phone": f"{draw(DIGITS)}{last4}", "note": f"mail {draw(WORD)}@x.example"}]
    value = {
        "status": status,
        "note": f"ring +{draw(DIGITS)}, {draw(WORD)}@mail.example",
        "phone": f"{draw(DIGITS)}{last4}",
        "items": json.dumps(items),
        "auth_token": draw(WORD),
        draw(WORD): draw(WORD),
    }
    return {"name": f"order:{number}", "type": "hash", "value": value}


def _lead(draw: st.DrawFn, channel: str, last4: str) -> Key:
    told = {
        "channel": channel,
        "contact": {"email": f"{draw(WORD)}@mail.example", "name": draw(WORD)},
        "payload": {
            "phone": int(f"8{draw(DIGITS)}{last4}"),
            "in": json.dumps({"email": f"{draw(WORD)}@b.example"}),
        },
        "secret": draw(WORD),
    }
    return {"name": f"lead:{draw(DIGITS)}{last4}", "type": "string", "value": json.dumps(told)}


async def told(gateway: Gateway, caller: Principal, request: KeyRead) -> str:
    """Return all that the caller hears, without times and receipts."""
    try:
        text = keys_text(await gateway.read(caller, request))
    except ReadError as refusal:
        text = refusal.agent_text
    return _CHANGES.sub("…", text)


async def answers(
    base: PolicySet, folder: Path, keys: list[Mapping[str, Any]], names: list[str]
) -> list[str]:
    """Return what is heard of a cluster in answer to the same questions."""
    home = folder / str(next(_numbers))
    gateway = gateway_to(ruled(base, embedded(home, keys), home, RULES))
    found = []
    try:
        for caller in (ENGINEER, DBA):
            for pattern in ("*", "lead:*4*", "*q*"):
                request = KeyRead(source=CLUSTER, ask=KeyAsk.SCAN, pattern=pattern)
                found.append(await told(gateway, caller, request))
            for name in names:
                found.append(await told(gateway, caller, KeyRead(source=CLUSTER, key=name)))
                one = KeyRead(source=CLUSTER, key=name, field="auth_token")
                found.append(await told(gateway, caller, one))
    finally:
        await gateway.close()
    return found


@given(pair=worlds())
@settings(
    max_examples=EXAMPLES, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
async def test_what_is_hidden_changes_no_answer(
    pair: tuple[list[Key], list[Key]], demo_policies: PolicySet, tmp_path: Path
) -> None:
    names = [key["name"] for world in pair for key in world][::2]
    here, there = [await answers(demo_policies, tmp_path, each, names) for each in pair]
    assert here == there


async def test_the_property_notices_what_is_shown(demo_policies: PolicySet, tmp_path: Path) -> None:
    """Fields that differ and are listed are told."""
    one = [{"name": "order:1", "type": "hash", "value": {"status": "90"}}]
    other = [{"name": "order:1", "type": "hash", "value": {"status": "10"}}]
    names = ["order:1"]
    assert await answers(demo_policies, tmp_path, one, names) != await answers(
        demo_policies, tmp_path, other, names
    )
    assert await answers(demo_policies, tmp_path, one, names) != await answers(
        demo_policies, tmp_path, [], names
    )


@pytest.mark.parametrize("role", ["person", "app"])
async def test_an_app_and_its_person_see_what_both_may(
    role: str, demo_policies: PolicySet, tmp_path: Path
) -> None:
    keys = [{"name": "order:1", "type": "hash", "value": {"status": "90"}}]
    gateway = gateway_to(ruled(demo_policies, embedded(tmp_path, keys), tmp_path, RULES))
    weak = Principal(subject="ann", roles=("analyst",))
    both = Principal(
        subject="p",
        roles=("data_engineer",) if role == "app" else ("analyst",),
        app=weak if role == "app" else ENGINEER,
    )
    try:
        assert "order" in await told(gateway, ENGINEER, KeyRead(source=CLUSTER, key="order:1"))
        assert "no such source" in await told(gateway, both, KeyRead(source=CLUSTER, key="order:1"))
    finally:
        await gateway.close()
