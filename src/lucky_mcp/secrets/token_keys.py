"""The key of the token mask: referred to, read anew for each session, and never shown.

What sessions get is not the secret itself but k, a digest of it, so its form is known: 64 hexadecimal digits.
A file whose content was replaced counts from the next session on, without a restart.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from lucky_mcp.errors import ConfigurationError
from lucky_mcp.secrets.references import read_secret

BYTES_MIN = 32
DIFFERENT_MIN = 8  # of its bytes: thirty-two zeros are no secret
PURPOSE = b"lucky-mcp token mask\0"


@dataclass(frozen=True, kw_only=True)
class TokenKeys:
    """Where the key in use is, and the one before it; an empty reference is no key."""

    reference: str = ""
    previous_reference: str = ""
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)

    @property
    def exists(self) -> bool:
        """Whether the token mask can be had."""
        return bool(self.reference)

    def current(self) -> str:
        """Return k as it is now; ConfigurationError says what is wrong with it and holds no part of it."""
        return self._read("LUCKY_TOKEN_KEY", self.reference)

    def previous(self) -> str | None:
        """Return k of the key before, None when there is none; ConfigurationError as `current`."""
        if not self.previous_reference:
            return None
        return self._read("LUCKY_TOKEN_KEY_PREVIOUS", self.previous_reference)

    def check(self) -> None:
        """ConfigurationError for a key that cannot be read, is short, or is the same as the one before."""
        if self.previous_reference and not self.reference:
            raise ConfigurationError("LUCKY_TOKEN_KEY_PREVIOUS is set, and LUCKY_TOKEN_KEY is not")
        if self.exists and self.current() == self.previous():
            raise ConfigurationError("LUCKY_TOKEN_KEY and LUCKY_TOKEN_KEY_PREVIOUS are the same key")

    def _read(self, name: str, reference: str) -> str:
        try:
            secret = read_secret(reference, self.environment).encode("utf-8", "surrogateescape")
        except ConfigurationError as failure:
            raise ConfigurationError(f"{name}: {failure}") from None
        if len(secret) < BYTES_MIN or len(set(secret)) < DIFFERENT_MIN:
            raise ConfigurationError(
                f"{name}: the key is too weak; use at least {BYTES_MIN} random bytes: openssl rand -hex 32"
            )
        return hashlib.sha256(PURPOSE + secret).hexdigest()


NO_KEYS = TokenKeys(environment={})
