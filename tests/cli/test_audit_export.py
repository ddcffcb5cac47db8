"""Exports to a bucket with object lock, and to Parquet; old segments removed, which the log can tell."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from pyarrow import parquet

from lucky_mcp.audit.rotation import Rotation
from lucky_mcp.audit.verify import verify
from lucky_mcp.cli.root import Exit
from lucky_mcp.settings import load_settings
from tests.audit.samples import BEGUN, EVENT, ended
from tests.cli.running import Run
from tests.support.audit_log import audit_sink, files, records
from tests.support.aws import KEYS, Aws, aws

PLACE = "s3://{bucket}/lucky?region=us-east-1&endpoint={url}&access_key=env:LAKE_ACCESS_KEY&secret_key=env:LAKE_SECRET_KEY"
SMALL = Rotation(bytes_max=1_500)
Write = Callable[[int], None]


@pytest.fixture(scope="module")
def cloud() -> Iterator[Aws]:
    with aws() as made:
        yield made


@pytest.fixture
def s3(cloud: Aws, monkeypatch: pytest.MonkeyPatch) -> Any:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    return boto3.client(
        "s3",
        region_name="us-east-1",
        endpoint_url=cloud.url,
        aws_access_key_id=KEYS["LAKE_ACCESS_KEY"],
        aws_secret_access_key=KEYS["LAKE_SECRET_KEY"],
    )


@pytest.fixture
def bucket(s3: Any, request: pytest.FixtureRequest) -> str:
    """A new bucket that can lock."""
    name = f"audit-{abs(hash(request.node.nodeid))}"
    s3.create_bucket(Bucket=name, ObjectLockEnabledForBucket=True)
    return name


@pytest.fixture
def write(state: Path) -> Write:
    """Write records some days ago, in small segments."""
    settings = load_settings(state=state)

    def written(days: int) -> None:
        at = datetime.now(UTC) - timedelta(days=days)
        sink = audit_sink(
            settings.audit_directory, keys=settings.audit_keys({}), clock=lambda: at, rotation=SMALL
        )
        for number in range(8):
            sink.write(ended(number))
        sink.close()

    return written


def keys(s3: Any, bucket: str) -> list[str]:
    return [each["Key"] for each in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]


def test_finished_segments_are_sent_once_and_locked(
    run: Run, state: Path, write: Write, s3: Any, bucket: str, cloud: Aws
) -> None:
    write(3)
    to = PLACE.format(bucket=bucket, url=cloud.url)
    names = [path.name for path in files(state / "audit")]
    ran = run("audit", "export", "--to", to, "--lock-days", "30")
    assert ran.code == Exit.OK, ran.out + ran.err
    sent = [key for key in keys(s3, bucket) if key.endswith(".jsonl")]
    # The last one as well: it was old, so the command that recorded the export began another.
    assert sent == [f"lucky/{name}" for name in names] and len(sent) >= 2
    for key in sent:
        assert (
            s3.get_object(Bucket=bucket, Key=key)["Body"].read() == (state / "audit" / key[6:]).read_bytes()
        )
        found = s3.head_object(Bucket=bucket, Key=key)
        assert found["ObjectLockMode"] == "COMPLIANCE"
        assert found["ObjectLockRetainUntilDate"] > datetime.now(UTC) + timedelta(days=29)
        with pytest.raises(ClientError):
            s3.delete_object(Bucket=bucket, Key=key, VersionId=found["VersionId"])
    events = [each for each in records(state / "audit") if each.get("kind") == "audit.exported"]
    assert [each["target"] for each in events] == [name[6:-6] for name in names]
    before = len(records(state / "audit"))
    again = run("audit", "export", "--to", to)
    assert again.code == Exit.OK and again.out.startswith("heads sent")
    assert len(records(state / "audit")) == before
    assert KEYS["LAKE_SECRET_KEY"] not in ran.out + again.out


def test_a_log_changed_after_it_was_sent_is_told(
    run: Run, state: Path, write: Write, s3: Any, bucket: str, cloud: Aws, tmp_path: Path
) -> None:
    """Also when it was put back as a whole, heads and all: the heads that were sent know of more."""
    to = PLACE.format(bucket=bucket, url=cloud.url)
    write(3)
    run("audit", "export", "--to", to, "--lock-days", "30")
    (heads,) = [key for key in keys(s3, bucket) if "/heads/" in key]
    noted = tmp_path / "heads"
    noted.write_bytes(s3.get_object(Bucket=bucket, Key=heads)["Body"].read())
    assert run("audit", "verify", "--heads", str(noted)).code == Exit.OK
    first = files(state / "audit")[0]
    first.write_bytes(first.read_bytes().replace(b'"ann"', b'"bob"', 1))
    ran = run("audit", "export", "--to", to)
    assert ran.code == Exit.FAILED and "another file is there" in ran.out and "changed, or lines" in ran.out
    for path in (state / "audit").iterdir():
        path.unlink()
    write(3)
    assert run("audit", "verify").code == Exit.OK
    assert run("audit", "verify", "--heads", str(noted)).code == Exit.FAILED


@pytest.mark.parametrize(
    ("to", "why"),
    [
        ("s3://{missing}/x?region=us-east-1&endpoint={url}&access_key=env:LAKE_ACCESS_KEY&secret_key=env:LAKE_SECRET_KEY", "NoSuchBucket"),
        ("s3://b/x?region=us-east-1&endpoint=http://127.0.0.1:1&access_key=env:LAKE_ACCESS_KEY&secret_key=env:LAKE_SECRET_KEY", "EndpointConnectionError"),
        ("https://b/x", "s3://bucket/prefix"),
        ("s3://b/x?access_key=env:NONE&secret_key=env:NONE", "NONE is not set"),
    ],
)  # fmt: skip
def test_a_bucket_that_takes_nothing_is_told(
    run: Run, write: Write, s3: Any, cloud: Aws, to: str, why: str
) -> None:
    write(3)
    ran = run("audit", "export", "--to", to.format(missing="nowhere", url=cloud.url))
    assert ran.code == Exit.CONFIGURATION and why in ran.err
    assert run("audit", "export").code == Exit.USAGE


def test_every_record_is_in_parquet(run: Run, state: Path, tmp_path: Path) -> None:
    settings = load_settings(state=state)
    sink = audit_sink(settings.audit_directory, keys=settings.audit_keys({}))
    for record in (BEGUN, ended(1), EVENT):
        sink.write(record)
    sink.close()
    path = tmp_path / "log.parquet"
    assert run("audit", "export", "--parquet", str(path)).out == f"3 records in {path}\n"
    rows = parquet.read_table(path).to_pylist()
    assert [(row["event"], row["seq"]) for row in rows] == [("begun", 2), ("ended", 3), ("event", 4)]
    assert rows[0]["tables"] == ["s.t"] and rows[0]["masks"] == ["s.t.phone:last4"]
    assert rows[1]["outcome"] == "ok" and rows[1]["kind"] is None and rows[2]["kind"] == "token.created"
    assert rows[0]["at"] == datetime(2026, 2, 14, 21, 4, 11, tzinfo=UTC)
    assert run("audit", "export", "--parquet", str(path)).code == Exit.CONFIGURATION
    other = tmp_path / "march.parquet"
    assert run("audit", "export", "--parquet", str(other), "--month", "2026-03").out.startswith("0 records")


def test_old_segments_are_removed_when_they_were_exported_and_the_log_can_tell(
    run: Run, state: Path, write: Write, s3: Any, bucket: str, cloud: Aws
) -> None:
    write(40)
    old = [path.name for path in files(state / "audit")]
    write(3)
    assert run("audit", "prune", "--keep-days", "30").out == "", "nothing was exported yet"
    run("audit", "export", "--to", PLACE.format(bucket=bucket, url=cloud.url))
    assert run("audit", "prune", "--keep-days", "50").out == ""
    ran = run("audit", "prune", "--keep-days", "30")
    removed = [f"audit-{name}.jsonl" for name in ran.out.split()]
    assert removed == old[: len(removed)] and len(removed) in (len(old), len(old) - 1)
    assert not set(removed) & {path.name for path in files(state / "audit")}
    found = run("audit", "verify")
    assert found.code == Exit.OK and "those before were pruned" in found.out
    left = files(state / "audit")
    left[0].unlink()
    settings = load_settings(state=state)
    assert "are missing" in str(verify(settings.audit_directory, settings.audit_keys({})).faults)


def test_what_was_never_exported_is_removed_on_demand_but_for_the_last(
    run: Run, state: Path, write: Write
) -> None:
    write(40)
    count = len(files(state / "audit"))
    ran = run("audit", "prune", "--keep-days", "30", "--unexported")
    assert len(ran.out.split()) == count - 1
    assert run("audit", "verify").code == Exit.OK
    for _ in range(2):
        write(35)
        run("audit", "prune", "--keep-days", "30", "--unexported")
        assert run("audit", "verify").code == Exit.OK
