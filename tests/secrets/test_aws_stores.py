"""Secrets in AWS, as moto answers for it on this machine: kept for a while, and told nowhere."""

from __future__ import annotations

import json
import logging
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import boto3
import pytest

from lucky_mcp.errors import ConfigurationError
from lucky_mcp.secrets import references
from lucky_mcp.secrets.aws_stores import KEPT_SECONDS, AwsStores
from lucky_mcp.secrets.references import is_reference, read_secret, renew_secret
from tests.live.test_faults import listening
from tests.support.aws import Aws, aws
from tests.support.iam import CALLER

CANARY = "c4n4ry-0f-the-secret"


@pytest.fixture(scope="module")
def cloud() -> Iterator[Aws]:
    with aws() as made:
        yield made


@pytest.fixture(autouse=True)
def caller(monkeypatch: pytest.MonkeyPatch, cloud: Aws) -> None:
    """This process as somebody whom moto lets in, and every address Amazon's but here."""
    for name, value in {**CALLER, "AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ENDPOINT_URL", cloud.url)
    references._stores.cache_clear()


@pytest.fixture
def parameters(cloud: Aws) -> Any:
    return boto3.client("ssm")


@pytest.fixture
def manager(cloud: Aws) -> Any:
    return boto3.client("secretsmanager")


def put(parameters: Any, value: str, name: str = "/lucky/db") -> None:
    parameters.put_parameter(Name=name, Value=value, Type="SecureString", Overwrite=True)


@pytest.mark.parametrize(
    "text",
    [
        "ssm:/lucky/db",
        "ssm:db.password",
        "ssm:arn:aws:ssm:eu-west-1:123456789012:parameter/lucky/db",
        "secretsmanager:lucky/db",
        "secretsmanager:lucky/db#password",
        "secretsmanager:arn:aws:secretsmanager:us-east-1:123456789012:secret:lucky-AbCdEf#password",
    ],
)
def test_what_is_a_reference(text: str) -> None:
    assert is_reference(text)


@pytest.mark.parametrize(
    "text",
    ["ssm:", "ssm:a b", "ssm:/a#k", "secretsmanager:", "secretsmanager:a#", "secretsmanager:a#b#c", "aws:a"],
)
def test_what_is_none(text: str) -> None:
    assert not is_reference(text)


def test_a_parameter_and_a_secret_are_read(parameters: Any, manager: Any) -> None:
    put(parameters, "of-ssm")
    made = manager.create_secret(Name="plain", SecretString="of-manager")
    manager.create_secret(
        Name="json", SecretString=json.dumps({"username": "u", "password": "of-json", "port": 5439})
    )
    assert read_secret("ssm:/lucky/db", {}) == "of-ssm"
    assert read_secret("secretsmanager:plain", {}) == "of-manager"
    assert read_secret(f"secretsmanager:{made['ARN']}", {}) == "of-manager"
    assert read_secret("secretsmanager:json#password", {}) == "of-json"
    assert read_secret("secretsmanager:json#port", {}) == "5439"


def test_it_is_kept_for_a_while_and_asked_for_anew_when_refused(parameters: Any, cloud: Aws) -> None:
    moment = [0.0]
    stores = AwsStores(now=lambda: moment[0])
    put(parameters, "one", "/kept")
    cloud.requests.clear()
    assert [stores.read("ssm:/kept") for _ in range(3)] == ["one"] * 3
    assert len(cloud.requests) == 1
    put(parameters, "two", "/kept")
    assert stores.read("ssm:/kept") == "one"
    assert stores.renew("ssm:/kept")
    assert not stores.renew("ssm:/kept")
    assert stores.read("ssm:/kept") == "two"
    put(parameters, "three", "/kept")
    moment[0] = KEPT_SECONDS
    assert stores.read("ssm:/kept") == "three"


def test_only_those_in_aws_are_renewed() -> None:
    assert not renew_secret("env:A")
    assert not renew_secret("file:/a")


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        ("ssm:/not/there", "from ssm (ParameterNotFound)"),
        ("secretsmanager:not-there", "from secretsmanager (ResourceNotFoundException)"),
        ("secretsmanager:canary#nothing", "has no key nothing"),
        ("secretsmanager:canary#a", "has no key a"),
    ],
)
def test_what_cannot_be_read_is_said_without_it(reference: str, said: str, manager: Any) -> None:
    with suppress(manager.exceptions.ResourceExistsException):
        manager.create_secret(Name="canary", SecretString=CANARY)
    with pytest.raises(ConfigurationError) as refused:
        read_secret(reference, {})
    assert said in str(refused.value)
    assert CANARY not in str(refused.value)


def test_a_store_that_hangs_costs_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    held: list[socket.socket] = []
    with listening(held.append) as port:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
        started = time.monotonic()
        with pytest.raises(ConfigurationError, match="ReadTimeoutError"):
            AwsStores().read("ssm:/a")
        assert time.monotonic() - started < 45  # left alone, the client would wait for minutes
        for line in held:
            line.close()


def test_nobody_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    with pytest.raises(ConfigurationError, match="NoCredentialsError"):
        AwsStores().read("ssm:/a")


def test_logs_do_not_hold_it_however_much_they_say(parameters: Any, caplog: pytest.LogCaptureFixture) -> None:
    """Left alone, the client writes whole answers down at the level DEBUG."""
    put(parameters, CANARY, "/canary")
    with caplog.at_level(logging.DEBUG):
        assert AwsStores().read("ssm:/canary") == CANARY
    assert CANARY not in caplog.text
