"""A server's password in AWS: rotated without a restart, and found in nothing that the gateway writes."""

from __future__ import annotations

import asyncio
import logging
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest
import structlog

from lucky_mcp.errors import ReadError
from lucky_mcp.model.request import SqlRead
from lucky_mcp.model.source import Kind, Source
from lucky_mcp.secrets import references
from tests.live.conftest import Reader
from tests.live.fleet import READER
from tests.live.sealed import Ask
from tests.support.audit_log import audit_sink, records
from tests.support.aws import Aws, aws
from tests.support.house import ANALYST, opened
from tests.support.iam import CALLER

REFERENCE = "ssm:/lucky/reader"
FIRST, SECOND = "f1rst-c4n4ry-of-a-password", "s3cond-c4n4ry-of-a-password"


@pytest.fixture(scope="module")
def cloud() -> Iterator[Aws]:
    with aws() as made:
        yield made


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch, cloud: Aws) -> Any:
    for name, value in {**CALLER, "AWS_DEFAULT_REGION": "us-east-1"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ENDPOINT_URL", cloud.url)
    references._stores.cache_clear()
    return boto3.client("ssm")


@pytest.fixture
def by_store(reader: Reader, store: Any) -> Iterator[Source]:
    """The source with its password in the store, and the account's own put back at the end."""
    assert reader.source.server is not None
    rotate(reader, store, FIRST)
    yield replace(reader.source, server=replace(reader.source.server, password=REFERENCE))


def rotate(reader: Reader, store: Any, password: str) -> None:
    how = "IDENTIFIED BY" if reader.kind is Kind.MYSQL else "PASSWORD"
    reader.admin(f"ALTER USER {READER} {how} '{password}'")
    store.put_parameter(Name="/lucky/reader", Value=password, Type="SecureString", Overwrite=True)


def asked_for(cloud: Aws) -> int:
    return sum(each.startswith("POST /") for each in cloud.requests)


async def test_a_rotated_password_counts_at_the_next_connection(
    reader: Reader, by_store: Source, store: Any, cloud: Aws, asked: Ask
) -> None:
    source = asked(by_store, {})
    cloud.requests.clear()
    assert await source.cell("SELECT 1") == 1
    assert asked_for(cloud) == 1
    rotate(reader, store, SECOND)
    cloud.requests.clear()
    assert await source.cell("SELECT 1") == 1  # the open connection goes on
    adapter = source.registry.adapter(source.source)
    adapter._pool.drop_all()  # type: ignore[attr-defined]
    assert await source.cell("SELECT 1") == 1
    adapter._pool.drop_all()  # type: ignore[attr-defined]
    assert await source.cell("SELECT 1") == 1
    assert asked_for(cloud) == 1  # once, when the old one was refused


async def test_a_password_that_is_wrong_in_the_store_too_is_asked_for_once(
    reader: Reader, by_store: Source, store: Any, cloud: Aws, asked: Ask
) -> None:
    store.put_parameter(Name="/lucky/reader", Value=SECOND, Type="SecureString", Overwrite=True)
    source = asked(by_store, {})
    cloud.requests.clear()
    assert (await source.error("SELECT 1")).detail
    assert asked_for(cloud) == 2  # to connect, and to see whether it is another by now


async def test_the_secret_is_found_nowhere(
    reader: Reader, by_store: Source, store: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Logs at their loudest, errors, what agents are told, the audit and the words of every process."""
    policies = replace(reader.policies, sources={**reader.policies.sources, by_store.name: by_store})
    audit = audit_sink(tmp_path / "audit")
    said = []
    with caplog.at_level(logging.DEBUG), structlog.testing.capture_logs() as logged:
        gateway = await opened(policies, audit=audit, environment={})
        request = SqlRead(source=by_store.name, sql="SELECT COUNT(*) AS n FROM t_order_item")
        said.append(repr(await gateway.read(ANALYST, request)))
        reader.admin(
            f"ALTER USER {READER} {'IDENTIFIED BY' if reader.kind is Kind.MYSQL else 'PASSWORD'} 'other'"
        )
        gateway.swap(
            replace(policies, sources={**policies.sources, by_store.name: replace(by_store, owner="x")})
        )
        with pytest.raises(ReadError) as refused:
            await gateway.read(ANALYST, request)
        said += [refused.value.agent_text, str(refused.value.audit_detail), repr(refused.value)]
        await gateway.close()
    words = await asyncio.to_thread(subprocess.check_output, ["ps", "-eo", "args"], text=True)
    found = [
        *said,
        repr(logged),
        caplog.text,
        str(records(tmp_path / "audit")),
        words,
        repr(by_store.server),
        repr(policies.sources),
    ]
    assert "SOURCE_UNAVAILABLE" in str(records(tmp_path / "audit"))
    assert [text for text in found if FIRST in text] == []
