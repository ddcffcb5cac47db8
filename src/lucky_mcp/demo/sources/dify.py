"""aws-luckyus-dify-rw: the AI platform's own store: workflows, conversations, keys to model providers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from random import Random
from typing import Final

from lucky_mcp.demo.contacts import us_phone
from lucky_mcp.demo.lazy_rows import Row
from lucky_mcp.demo.source import DemoSource
from lucky_mcp.demo.tables import Column, Table
from lucky_mcp.demo.world import World

_NAME: Final = "aws-luckyus-dify-rw"
_APPS: Final = ("Ask Lucky", "Store assistant", "Menu translator", "Campaign writer", "Shift planner")
_PROVIDERS: Final = ("openai", "anthropic", "bedrock")
_ID: Final = Column(name="id", type="VARCHAR", comment="Key, a UUID")
_CREATED: Final = Column(name="created_at", type="TIMESTAMP", comment="When it was made")
_APP_COLUMNS: Final = (
    _ID,
    Column(name="name", type="VARCHAR", comment="Name of the application"),
    Column(name="mode", type="VARCHAR", comment="chat or workflow"),
    _CREATED,
)
_WORKFLOW_COLUMNS: Final = (
    _ID,
    Column(name="app_id", type="VARCHAR", comment="apps.id"),
    Column(name="version", type="VARCHAR", comment="Published version"),
    Column(name="graph", type="JSON", comment="Steps, with their prompts"),
    _CREATED,
)
_CONVERSATION_COLUMNS: Final = (
    _ID,
    Column(name="app_id", type="VARCHAR", comment="apps.id"),
    Column(name="from_end_user_id", type="VARCHAR", comment="Who asked"),
    Column(name="summary", type="VARCHAR", comment="First question, as typed"),
    _CREATED,
)
_CREDENTIAL_COLUMNS: Final = (
    _ID,
    Column(name="provider_name", type="VARCHAR", comment="Model provider"),
    Column(name="encrypted_config", type="VARCHAR", comment="The key, encrypted"),
    _CREATED,
)


def _uuid(rng: Random) -> str:
    digits = f"{rng.getrandbits(128):032x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def _app_rows(world: World) -> Iterator[Row]:
    rng = world.random("dify_apps")
    for place, name in enumerate(_APPS):
        mode = "chat" if place % 2 == 0 else "workflow"
        yield (_uuid(rng), name, mode, _before_end(world, 60 - place))


def _workflow_rows(world: World) -> Iterator[Row]:
    rng = world.random("dify_workflows")
    for app_id, name, *_ in _app_rows(world):
        graph = json.dumps({"nodes": [{"type": "llm", "prompt": f"You are {name}."}], "edges": []})
        yield (_uuid(rng), app_id, "1.2", graph, _before_end(world, 30))


def _conversation_rows(world: World) -> Iterator[Row]:
    rng = world.random("dify_conversations")
    app_ids = [row[0] for row in _app_rows(world)]
    for number in range(120):
        question = rng.choice(
            (
                "How many cups did we sell yesterday?",
                f"Which orders came from {us_phone(rng, number)}?",
                "Write a text for the matcha campaign",
                "Who is on shift tomorrow?",
            )
        )
        yield (
            _uuid(rng),
            rng.choice(app_ids),
            f"U{100_000_001 + rng.randrange(len(world.customers))}",
            question,
            _before_end(world, rng.randint(0, 20)),
        )


def _credential_rows(world: World) -> Iterator[Row]:
    rng = world.random("dify_credentials")
    for provider in _PROVIDERS:
        yield (_uuid(rng), provider, f"demo:{rng.getrandbits(160):040x}", _before_end(world, 90))


def _before_end(world: World, days: int) -> datetime:
    return datetime.combine(world.end - timedelta(days=days), time(10, 15))


def _tables(world: World) -> tuple[Table, ...]:
    described = (
        ("apps", "Applications", _APP_COLUMNS, _app_rows),
        ("workflows", "What applications do, step by step", _WORKFLOW_COLUMNS, _workflow_rows),
        ("conversations", "What people asked", _CONVERSATION_COLUMNS, _conversation_rows),
        ("provider_credentials", "Keys to model providers", _CREDENTIAL_COLUMNS, _credential_rows),
    )
    return tuple(
        Table(
            source=_NAME,
            schema="public",
            name=name,
            comment=f"{comment}: restricted",
            columns=columns,
            primary_key=("id",),
            rows=tuple(rows(world)),
        )
        for name, comment, columns, rows in described
    )


DIFY: Final = DemoSource(name=_NAME, dialect="postgres", tables=_tables)
