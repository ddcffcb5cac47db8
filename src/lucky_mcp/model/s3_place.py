"""Where a lake lies in S3: a bucket, a prefix, and how to get there."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

SCHEME = "s3://"
OPTIONS = frozenset({"region", "endpoint", "access_key", "secret_key"})


@dataclass(frozen=True, kw_only=True)
class S3Place:
    """`endpoint` is another than Amazon's, with its scheme; the keys are references to secrets, or empty."""

    bucket: str
    prefix: str
    region: str = ""
    endpoint: str = ""
    access_key: str = ""
    secret_key: str = ""

    @property
    def root(self) -> str:
        """The bucket and the prefix, without a slash at the end."""
        return f"{self.bucket}/{self.prefix}".rstrip("/")


def s3_place(url: str) -> S3Place:
    """Return the place of `s3://bucket/prefix?region=…`; ValueError says what is wrong, quoting no value."""
    parts = urlsplit(url)
    given = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
    unknown = sorted({name for name, _ in given} - OPTIONS)
    if parts.scheme != "s3" or not parts.hostname or parts.username or parts.port or parts.fragment:
        raise ValueError("a lake in S3 is s3://bucket/prefix")
    if unknown or len(given) != len(dict(given)):
        raise ValueError(f"after ? there may be {', '.join(sorted(OPTIONS))}, each once")
    place = S3Place(bucket=parts.netloc, prefix=parts.path.strip("/"), **dict(given))
    if bool(place.access_key) != bool(place.secret_key):
        raise ValueError("access_key and secret_key go together")
    if place.endpoint:
        _check_endpoint(place.endpoint)
    return place


def _check_endpoint(endpoint: str) -> None:
    found = urlsplit(endpoint)
    if found.scheme not in {"http", "https"} or not found.hostname or found.path.strip("/"):
        raise ValueError("an endpoint is https://host or https://host:port")
    if found.scheme == "http" and not _is_here(found.hostname):
        raise ValueError("TLS cannot be off on the way to another machine")


def _is_here(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
