"""The lake over an S3 API: every case as on the embedded lake, other markets' objects never asked for, and faults."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lucky_mcp.errors import EngineErrorKind
from lucky_mcp.gateway.read import Gateway
from lucky_mcp.model.request import SqlRead
from lucky_mcp.model.source import Dialect, Kind, Source
from lucky_mcp.policy.policy_set import PolicySet
from tests.gateway.test_lake import QUERIES
from tests.live.sealed import Ask
from tests.live.test_faults import listening
from tests.support.aws import KEYS, Aws, aws
from tests.support.house import ENGINEER, opened
from tests.support.iam import CALLER
from tests.support.reference_lake import LAKE

COUNT = "SELECT COUNT(*) AS n FROM raw.orders"


@pytest.fixture(scope="session")
def cloud() -> Iterator[Aws]:
    with aws() as made:
        yield made


@pytest.fixture(scope="session")
def bucket(cloud: Aws, demo_data: Path) -> str:
    """The demo's lake in a bucket."""
    return cloud.upload(demo_data / "lake")


def lake(url: str, name: str = "lake") -> Source:
    return Source(name=name, kind=Kind.LAKE, dialect=Dialect.DUCKDB, url=url, domain="d", short_name=name)


def moved(policies: PolicySet, url: str) -> PolicySet:
    found = replace(policies.sources[LAKE], url=url)
    return replace(policies, sources=MappingProxyType({**policies.sources, LAKE: found}))


async def test_every_case_answers_as_on_the_embedded_lake(
    cloud: Aws, bucket: str, demo_policies: PolicySet, gateway: Gateway
) -> None:
    """And no object of another market was asked for: the columns are those of the dataset's last file."""
    remote = await opened(moved(demo_policies, cloud.lake(bucket)), environment=KEYS)
    cloud.requests.clear()
    for sql in QUERIES:
        request = SqlRead(source=LAKE, sql=sql, rows_max=5000)
        here, there = await gateway.read(ENGINEER, request), await remote.read(ENGINEER, request)
        assert (there.columns, sorted(map(str, there.rows))) == (here.columns, sorted(map(str, here.rows))), (
            sql
        )
    await remote.close()
    objects = [each for each in cloud.requests if each.endswith(".parquet")]
    assert any("market=US" in each for each in objects)
    assert [each for each in objects if "market=US" not in each] == []


async def test_without_the_guard_they_are_asked_for(cloud: Aws, bucket: str, asked: Ask) -> None:
    """Else the test above would show nothing."""
    cloud.requests.clear()
    await asked(lake(cloud.lake(bucket)), KEYS).rows(COUNT)
    assert any("market=NZ" in each for each in cloud.requests)


async def test_without_keys_of_its_own_it_is_read_as_this_process(
    cloud: Aws, bucket: str, asked: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in CALLER.items():
        monkeypatch.setenv(name, value)
    made = asked(lake(f"s3://{bucket}?region=us-east-1&endpoint={cloud.url}"), {})
    assert int(str(await made.cell(COUNT))) > 0


def small(folder: Path) -> Path:
    for market, ids in (("NZ", [1, 2]), ("US", [3, 4, 5])):
        place = folder / "raw" / "orders" / f"market={market}"
        place.mkdir(parents=True)
        pq.write_table(pa.table({"id": ids}), place / "part-0.parquet")
    return folder


async def test_new_and_changed_objects_are_seen(cloud: Aws, asked: Ask, tmp_path: Path) -> None:
    bucket = cloud.upload(small(tmp_path / "lake"))
    made = asked(lake(cloud.lake(bucket)), KEYS)
    assert await made.cell(COUNT) == 5
    pq.write_table(
        pa.table({"id": [6, 7]}),
        f"{bucket}/raw/orders/market=US/part-1.parquet",
        filesystem=cloud.filesystem(),
    )
    adapter = made.registry.adapter(made.source)
    adapter._database._place._listed = None  # type: ignore[attr-defined]  # it is older than LISTING_SECONDS
    assert await made.cell(COUNT) == 7


async def test_a_file_with_other_columns_is_no_answer(cloud: Aws, asked: Ask, tmp_path: Path) -> None:
    folder = small(tmp_path / "lake")
    pq.write_table(pa.table({"id": ["x"]}), folder / "raw/orders/market=US/part-0.parquet")
    made = asked(lake(cloud.lake(cloud.upload(folder))), KEYS)
    assert await made.failure(COUNT) is EngineErrorKind.UNAVAILABLE
    assert await made.cell(COUNT + " WHERE market = 'US'") == 1


async def test_nothing_else_can_be_read_or_written(cloud: Aws, asked: Ask, tmp_path: Path) -> None:
    bucket = cloud.upload(small(tmp_path / "lake"))
    other = cloud.upload(small(tmp_path / "other"))
    made = asked(lake(cloud.lake(bucket)), KEYS)
    for text in (
        f"SELECT * FROM read_parquet('luckylake://{other}/raw/orders/market=US/part-0.parquet')",
        f"SELECT * FROM read_parquet('luckylake://{bucket}/raw/orders/*/*.parquet')",
        "SELECT * FROM read_csv('/etc/passwd')",
        f"COPY (SELECT 1) TO 'luckylake://{bucket}/raw/orders/market=US/part-0.parquet'",
    ):
        assert await made.failure(text) in {EngineErrorKind.UNAVAILABLE, EngineErrorKind.INVALID_QUERY}, text
    assert await made.cell(COUNT) == 5


@pytest.mark.parametrize(
    ("url", "environment"),
    [
        ("s3://no-such-bucket?region=us-east-1&endpoint={url}&{keys}", KEYS),
        ("s3://empty-bucket?region=us-east-1&endpoint={url}&{keys}", KEYS),
        ("s3://empty-bucket/nowhere?region=us-east-1&endpoint={url}&{keys}", KEYS),
        ("s3://empty-bucket?region=us-east-1&endpoint={url}&{keys}", {}),
    ],
)
async def test_what_cannot_be_read_is_away(
    cloud: Aws, asked: Ask, url: str, environment: dict[str, str]
) -> None:
    cloud.filesystem().create_dir("empty-bucket")
    keys = "access_key=env:LAKE_ACCESS_KEY&secret_key=env:LAKE_SECRET_KEY"
    started = time.monotonic()
    error = await asked(lake(url.format(url=cloud.url, keys=keys)), environment).error(COUNT)
    assert error.kind is EngineErrorKind.UNAVAILABLE
    assert KEYS["LAKE_SECRET_KEY"] not in error.detail
    assert time.monotonic() - started < 8


async def test_wrong_keys_are_refused_and_told_nowhere(asked: Ask) -> None:
    """A server that forbids, as Amazon does with a key that it does not know."""

    def forbid(line: socket.socket) -> None:
        with line:
            line.recv(65536)
            body = b"<Error><Code>InvalidAccessKeyId</Code><Message>no</Message></Error>"
            line.sendall(
                b"HTTP/1.1 403 Forbidden\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(body)
            )
            line.sendall(body)

    with listening(forbid) as port:
        error = await asked(lake(Aws(url=f"http://127.0.0.1:{port}").lake("some-lake")), KEYS).error(COUNT)
    assert error.kind is EngineErrorKind.UNAVAILABLE
    assert not any(secret in error.detail for secret in KEYS.values())


async def test_an_endpoint_that_hangs_costs_its_own_callers_their_time_and_no_more(
    cloud: Aws, bucket: str, asked: Ask
) -> None:
    held: list[socket.socket] = []
    well = asked(lake(cloud.lake(bucket)), KEYS)
    assert await well.cell("SELECT 1") == 1
    with listening(held.append) as port:
        hanging = asked(lake(Aws(url=f"http://127.0.0.1:{port}").lake(bucket), "hanging"), KEYS)
        started = time.monotonic()
        task = asyncio.create_task(hanging.failure(COUNT, timeout_ms=700))
        while not task.done():
            began = time.monotonic()
            assert await well.cell("SELECT 1") == 1
            assert time.monotonic() - began < 2
            await asyncio.sleep(0.1)
        assert await task is EngineErrorKind.TIMEOUT
        assert time.monotonic() - started < 9
        for line in held:
            line.close()


async def test_a_call_that_is_cancelled_ends(cloud: Aws, bucket: str, asked: Ask) -> None:
    made = asked(lake(cloud.lake(bucket)), KEYS)
    await made.cell("SELECT 1")
    burning = "SELECT COUNT(*) FROM raw.orders a, raw.orders b, raw.orders c WHERE a.order_id + b.order_id + c.order_id < 0"
    task = asyncio.create_task(made.rows(burning))
    await asyncio.sleep(0.5)
    started = time.monotonic()
    task.cancel()
    await asyncio.wait({task})
    assert task.cancelled()
    assert time.monotonic() - started < 6
    found = await made.rows("SELECT repeat('x', 1000) FROM raw.orders", bytes_max=5000)
    assert (found.bytes_met, len(found.rows)) == (True, 4)
