"""Secrets by reference: configuration says where a secret is, and it is read when it is needed.

Read anew for each connection, so a secret that was rotated counts without a restart.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from lucky_mcp.errors import ConfigurationError

ENVIRONMENT = re.compile(r"env:[A-Za-z_][A-Za-z0-9_]*\Z")
FILE = re.compile(r"file:/[^\x00]*\Z")
BYTES_MAX = 64 << 10


def is_reference(text: str) -> bool:
    """Whether the text says where a secret is: `env:NAME`, or `file:` with an absolute path."""
    return bool(ENVIRONMENT.match(text) or FILE.match(text))


def read_secret(reference: str, environment: Mapping[str, str]) -> str:
    """Return the secret; ConfigurationError says what is missing and never holds a part of it.

    A line break at the end of a file is not part of the secret.
    """
    scheme, _, place = reference.partition(":")
    if not is_reference(reference):
        raise ConfigurationError("a secret is referred to as env:NAME or file:/path")
    if scheme == "env":
        found = environment.get(place)
        if not found:
            raise ConfigurationError(f"the environment variable {place} is not set")
        return found
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
