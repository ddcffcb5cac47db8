"""Secrets by reference: configuration says where a secret is, and it is read when it is needed.

Read for each connection, so a secret that was rotated counts without a restart. Those in AWS are kept for a
few minutes, and asked for anew when a server refuses one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from lucky_mcp.errors import ConfigurationError

if TYPE_CHECKING:
    from lucky_mcp.secrets.aws_stores import AwsStores

ENVIRONMENT = re.compile(r"env:[A-Za-z_][A-Za-z0-9_]*\Z")
FILE = re.compile(r"file:/[^\x00]*\Z")
SSM = re.compile(r"ssm:(?:arn:aws[a-z-]*:ssm:[a-z0-9-]+:\d+:parameter)?[A-Za-z0-9_./-]+\Z")
MANAGER = re.compile(r"secretsmanager:[A-Za-z0-9_+=.@/:-]+(?:#[A-Za-z0-9_.-]+)?\Z")
FORMS = (ENVIRONMENT, FILE, SSM, MANAGER)
IN_AWS = ("ssm:", "secretsmanager:")
HOW = "env:NAME, file:/path, ssm:/name or secretsmanager:name"
BYTES_MAX = 64 << 10


def is_reference(text: str) -> bool:
    """Whether the text says where a secret is.

    `env:NAME`, `file:` with an absolute path, `ssm:` with a parameter's name or ARN, or `secretsmanager:`
    with a secret's name or ARN and, after `#`, the key of a JSON text.
    """
    return any(form.match(text) for form in FORMS)


def read_secret(reference: str, environment: Mapping[str, str]) -> str:
    """Return the secret; ConfigurationError says what is missing and never holds a part of it.

    A line break at the end of a file is not part of the secret.
    """
    scheme, _, place = reference.partition(":")
    if not is_reference(reference):
        raise ConfigurationError(f"a secret is referred to as {HOW}")
    if scheme == "env":
        found = environment.get(place)
        if not found:
            raise ConfigurationError(f"the environment variable {place} is not set")
        return found
    if reference.startswith(IN_AWS):
        return _stores().read(reference)
    try:
        raw = Path(place).read_bytes()
    except OSError as failure:
        raise ConfigurationError(f"the secret file cannot be read ({type(failure).__name__})") from None
    if len(raw) > BYTES_MAX:
        raise ConfigurationError("the secret file is longer than 64 KB")
    try:
        text = raw.decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError:
        raise ConfigurationError("the secret file is no UTF-8 text") from None
    if not text:
        raise ConfigurationError("the secret file is empty")
    return text


def renew_secret(reference: str) -> bool:
    """Ask anew for a secret that was refused; whether it is another now. Only those in AWS are kept."""
    return reference.startswith(IN_AWS) and _stores().renew(reference)


@cache
def _stores() -> AwsStores:
    from lucky_mcp.secrets.aws_stores import AwsStores

    return AwsStores()
