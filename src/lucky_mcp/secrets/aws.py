"""Whoever this process is to AWS, as its own client finds out: environment, profile, role."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from lucky_mcp.errors import ConfigurationError


@dataclass(frozen=True, kw_only=True)
class AwsKeys:
    """Keys that may be used now; no representation shows them."""

    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)
    session_token: str = field(default="", repr=False)


class AwsChain:
    """Finds the keys once and renews them when they are about to expire."""

    def __init__(self) -> None:
        self._found: Any = None

    def keys(self) -> AwsKeys:
        """Return keys for now; ConfigurationError when the client is missing or finds none."""
        try:
            import boto3
        except ImportError:
            raise ConfigurationError("AWS needs the extra `aws`: pip install 'lucky-mcp[aws]'") from None
        try:
            self._found = self._found or boto3.Session().get_credentials()
            now = self._found.get_frozen_credentials() if self._found else None
        except Exception as failure:  # of whatever the chain tries; its text may hold what it read
            raise ConfigurationError(f"AWS gives no credentials ({type(failure).__name__})") from None
        if now is None:
            raise ConfigurationError("no AWS credentials are found")
        return AwsKeys(access_key=now.access_key, secret_key=now.secret_key, session_token=now.token or "")
