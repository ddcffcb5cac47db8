"""Whoever this process is to AWS: from the environment as boto3 reads it, and shown nowhere."""

from __future__ import annotations

import pytest

from lucky_mcp.errors import ConfigurationError
from lucky_mcp.secrets.aws import AwsChain
from tests.support.iam import CALLER


def test_the_environment_gives_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in CALLER.items():
        monkeypatch.setenv(name, value)
    keys = AwsChain().keys()
    assert (keys.access_key, keys.secret_key, keys.session_token) == (
        CALLER["AWS_ACCESS_KEY_ID"],
        CALLER["AWS_SECRET_ACCESS_KEY"],
        "",
    )
    assert CALLER["AWS_SECRET_ACCESS_KEY"] not in repr(keys)


def test_nobody_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in CALLER.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    with pytest.raises(ConfigurationError, match="no AWS credentials are found"):
        AwsChain().keys()
