"""Finished segments in a bucket whose objects nobody may change or delete before their time."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lucky_mcp.audit.heads_noted import noted_text
from lucky_mcp.audit.segment_files import SegmentFile
from lucky_mcp.errors import ConfigurationError
from lucky_mcp.model.s3_place import S3Place, s3_place
from lucky_mcp.secrets.references import read_secret

HEADS = "heads"


@dataclass(frozen=True, kw_only=True)
class Sent:
    """What became of a segment: `new` when it was sent now; `fault` when another is there under its name."""

    name: str
    key: str
    digest: str
    new: bool
    fault: str = ""


class Bucket:
    """A place in S3 for exports; with `locked_until` objects are put under a lock in compliance mode."""

    def __init__(self, url: str, environment: Mapping[str, str], locked_until: datetime | None) -> None:
        try:
            self._place = s3_place(url)
        except ValueError as failure:
            raise ConfigurationError(f"--to: {failure}") from None
        self._client = _client(self._place, environment)
        self._lock: dict[str, Any] = (
            {"ObjectLockMode": "COMPLIANCE", "ObjectLockRetainUntilDate": locked_until}
            if locked_until is not None
            else {}
        )

    def send(self, segments: Iterable[SegmentFile]) -> Iterator[Sent]:
        """Send each segment that is not there yet; ConfigurationError when the bucket does not take it."""
        for segment in segments:
            content = segment.path.read_bytes()
            key, digest = self._key(segment.path.name), hashlib.sha256(content).hexdigest()
            there = self._digest(key)
            if there is None:
                self._put(key, content, digest)
            elif there != digest:
                fault = f"another file is there as {key}: this one was changed since, or that one is not ours"
                yield Sent(name=segment.name, key=key, digest=digest, new=False, fault=fault)
                continue
            yield Sent(name=segment.name, key=key, digest=digest, new=there is None)

    def send_heads(self, heads: Mapping[str, tuple[int, str]], now: datetime) -> str:
        """Put how far each chain goes beside them, and return the object's key."""
        content = noted_text(heads).encode("ascii")
        key = self._key(f"{HEADS}/{now:%Y-%m-%dT%H-%M-%S}.txt")
        self._put(key, content, hashlib.sha256(content).hexdigest())
        return key

    def _key(self, name: str) -> str:
        return f"{self._place.prefix}/{name}".lstrip("/")

    def _digest(self, key: str) -> str | None:
        """Return the digest that an object was sent with; None when there is no object."""
        from botocore.exceptions import ClientError

        try:
            found = self._client.head_object(Bucket=self._place.bucket, Key=key)
        except ClientError as failure:
            if failure.response["Error"]["Code"] in {"404", "NoSuchKey", "NotFound"}:
                return None
            raise _refused(self._place, failure) from None
        except Exception as failure:
            raise _refused(self._place, failure) from None
        return str(found["Metadata"].get("sha256", ""))

    def _put(self, key: str, content: bytes, digest: str) -> None:
        try:
            self._client.put_object(
                Bucket=self._place.bucket,
                Key=key,
                Body=content,
                Metadata={"sha256": digest},
                ChecksumAlgorithm="SHA256",  # a lock asks for one
                **self._lock,
            )
        except Exception as failure:
            raise _refused(self._place, failure) from None


def _client(place: S3Place, environment: Mapping[str, str]) -> Any:
    try:
        import boto3
    except ImportError:
        raise ConfigurationError("S3 needs the extra `aws`: pip install 'lucky-mcp[aws]'") from None
    given: dict[str, Any] = {}
    if place.access_key:
        given["aws_access_key_id"] = read_secret(place.access_key, environment)
        given["aws_secret_access_key"] = read_secret(place.secret_key, environment)
    try:
        return boto3.client(
            "s3", region_name=place.region or None, endpoint_url=place.endpoint or None, **given
        )
    except Exception as failure:
        raise _refused(place, failure) from None


def _refused(place: S3Place, failure: Exception) -> ConfigurationError:
    """Say what S3 answered by its code alone: texts of the client may quote keys."""
    response = getattr(failure, "response", None)
    code = response["Error"]["Code"] if isinstance(response, dict) else type(failure).__name__
    return ConfigurationError(f"s3://{place.root}: the export is not taken ({code})")
