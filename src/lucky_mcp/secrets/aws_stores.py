"""Secrets in AWS: SSM Parameter Store and Secrets Manager, kept for a while, asked for anew when refused."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from lucky_mcp.errors import ConfigurationError

KEPT_SECONDS = 300.0
CONNECT_SECONDS = 2
ANSWER_SECONDS = 3
ATTEMPTS = 2
ARN_REGION = 3  # arn:partition:service:region:…


class AwsStores:
    """Reads secrets by reference; safe between threads, which wait for each other on the same secret only."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._waits: dict[str, threading.Lock] = {}
        self._kept: dict[str, tuple[float, str]] = {}
        self._clients: dict[tuple[str, str], Any] = {}

    def read(self, reference: str) -> str:
        """Return the secret, KEPT_SECONDS old at most; ConfigurationError, without it, when it cannot be."""
        with self._waiting(reference):
            kept = self._kept.get(reference)
            if kept is not None and self._now() - kept[0] < KEPT_SECONDS:
                return kept[1]
            return self._renewed(reference)

    def renew(self, reference: str) -> bool:
        """Ask for the secret anew; whether it is another than the one that was kept."""
        with self._waiting(reference):
            before = self._kept.get(reference)
            return before is None or self._renewed(reference) != before[1]

    def _waiting(self, reference: str) -> threading.Lock:
        with self._lock:
            return self._waits.setdefault(reference, threading.Lock())

    def _renewed(self, reference: str) -> str:
        scheme, _, place = reference.partition(":")
        found = _FETCH[scheme](self._client(scheme, place), place)
        if not found:
            raise ConfigurationError(f"the secret in {scheme} is empty")
        self._kept[reference] = (self._now(), found)
        return found

    def _client(self, scheme: str, place: str) -> Any:
        parts = place.split(":")
        region = parts[ARN_REGION] if parts[0] == "arn" and len(parts) > ARN_REGION else ""
        with self._lock:
            if (scheme, region) not in self._clients:
                self._clients[scheme, region] = _made(scheme, region)
            return self._clients[scheme, region]


def _made(scheme: str, region: str) -> Any:
    try:
        import boto3
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError
    except ImportError:
        raise ConfigurationError("AWS needs the extra `aws`: pip install 'lucky-mcp[aws]'") from None
    # Below this level it writes every answer down, secrets among them.
    logging.getLogger("botocore").setLevel(logging.INFO)
    limits = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=ANSWER_SECONDS,
        retries={"total_max_attempts": ATTEMPTS, "mode": "standard"},
    )
    try:
        return boto3.Session().client(scheme, region_name=region or None, config=limits)
    except (BotoCoreError, ValueError) as failure:
        raise ConfigurationError(f"{scheme} cannot be reached ({type(failure).__name__})") from None


def _from_parameters(client: Any, place: str) -> str:
    answer = _asked("ssm", lambda: client.get_parameter(Name=place, WithDecryption=True))
    return str(answer["Parameter"]["Value"])


def _from_manager(client: Any, place: str) -> str:
    name, _, key = place.partition("#")
    answer = _asked("secretsmanager", lambda: client.get_secret_value(SecretId=name))
    text = answer.get("SecretString")
    if text is None:
        raise ConfigurationError("the secret in secretsmanager is no text")
    if not key:
        return str(text)
    try:
        found = json.loads(text)[key]
    except (ValueError, KeyError, TypeError):
        raise ConfigurationError(f"the secret in secretsmanager has no key {key}") from None
    return str(found)


def _asked(scheme: str, ask: Callable[[], Any]) -> Any:
    try:
        return ask()
    except Exception as failure:  # its text may quote what was sent; AWS's own code is enough
        response = getattr(failure, "response", None) or {}
        why = response.get("Error", {}).get("Code") or type(failure).__name__
        raise ConfigurationError(f"the secret cannot be read from {scheme} ({why})") from None


_FETCH: dict[str, Callable[[Any, str], str]] = {"ssm": _from_parameters, "secretsmanager": _from_manager}
