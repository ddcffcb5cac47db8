"""A lake's URL in S3: what may stand in it, and that no key does."""

from __future__ import annotations

from pathlib import Path

import pytest

from lucky_mcp.errors import ConfigurationError
from lucky_mcp.model.s3_place import S3Place, s3_place
from lucky_mcp.policy.source_urls import expand_url

KEYS = "access_key=env:A&secret_key=file:/run/secrets/b"
REFUSED = [
    ("s3:///prefix", "s3://bucket/prefix"),
    ("s3://user@bucket/prefix", "s3://bucket/prefix"),
    ("s3://bucket:9000/prefix", "s3://bucket/prefix"),
    ("s3://bucket/p#x", "s3://bucket/prefix"),
    ("s3://bucket/p?acess_key=x", "after ? there may be"),
    ("s3://bucket/p?region=a&region=b", "each once"),
    ("s3://bucket/p?access_key=env:A", "go together"),
    ("s3://bucket/p?access_key=AKIA&secret_key=s3cr3t", "a key stands in the URL"),
    ("s3://bucket/p?endpoint=minio:9000", "an endpoint is"),
    ("s3://bucket/p?endpoint=http://minio.example.com", "TLS cannot be off"),
    ("s3://bucket/p?endpoint=http://10.0.0.7:9000", "TLS cannot be off"),
]


@pytest.mark.parametrize(("url", "said"), REFUSED)
def test_what_cannot_be_is_refused_at_its_line(url: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said.replace("?", "\\?")) as refused:
        expand_url(url, Path("/policies"), {}, "sources.yaml:7")
    assert str(refused.value).startswith("sources.yaml:7: ")
    assert "s3cr3t" not in str(refused.value)


def test_a_place_with_everything() -> None:
    url = "s3://${BUCKET}/lake/v1/?region=eu-west-1&endpoint=https://minio.example.com&" + KEYS
    found = expand_url(url, Path("/policies"), {"BUCKET": "data"}, "sources.yaml:7")
    assert s3_place(found) == S3Place(
        bucket="data",
        prefix="lake/v1",
        region="eu-west-1",
        endpoint="https://minio.example.com",
        access_key="env:A",
        secret_key="file:/run/secrets/b",
    )


def test_the_least_is_a_bucket() -> None:
    assert s3_place("s3://data").root == "data"
    assert s3_place("s3://data/lake/").root == "data/lake"
    assert s3_place("s3://data/?endpoint=http://127.0.0.1:9000").endpoint == "http://127.0.0.1:9000"
