"""A real Redis for the tests of a module, with the account that `sources grants` makes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from lucky_mcp.policy.policy_set import PolicySet
from tests.support.house import policies_over
from tests.support.keyed import make_reader
from tests.support.redis_server import RedisServer, redis_server


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    """A server with the account of the grants script."""
    with redis_server(password="root of all") as running:
        make_reader(running)
        yield running


@pytest.fixture
def admin(server: RedisServer) -> Iterator[redis.Redis]:
    with server.client() as client:
        client.flushall()
        yield client


@pytest.fixture(scope="module")
def token_policies(project_root: Path, demo_data: Path) -> PolicySet:
    """The product's policies where tokens can be made."""
    return policies_over(project_root / "policies", demo_data, has_token_key=True)
