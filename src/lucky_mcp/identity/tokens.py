"""Bearer tokens: made once, shown once, and remembered only as a hash."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from lucky_mcp.errors import ConfigurationError
from lucky_mcp.identity.claims import claims_of, principal_of
from lucky_mcp.identity.token_file import WHAT, StoredToken, read_tokens, write_tokens
from lucky_mcp.identity.verified import Verified
from lucky_mcp.model.principal import Principal
from lucky_mcp.secrets.private_files import Stamp, sole_writer, stamp_of

BEARER_PREFIX = "lk_"
RANDOM_BYTES = 32

Clock = Callable[[], datetime]
RandomBytes = Callable[[int], bytes]
Verify = Callable[[str], Principal | None]


@dataclass(frozen=True, kw_only=True)
class NewToken:
    """A token at the only moment its secret is known."""

    id: str
    secret: str


class TokenStore:
    """The tokens of one server, in one JSON file.

    Plain SHA-256 is enough here: a secret is 256 random bits, so there is nothing to guess that a slow or
    salted hash would protect, and a fast one keeps every request cheap. `now` returns an aware time;
    `random_bytes(n)` must be fit for secrets.
    """

    def __init__(self, path: Path, *, now: Clock, random_bytes: RandomBytes) -> None:
        self._path = path
        self._now = now
        self._random_bytes = random_bytes
        self._stamp: Stamp = None
        self._by_hash: dict[str, StoredToken] = {}
        self._fault: tuple[Stamp, ConfigurationError] | None = None

    def create(
        self,
        *,
        subject: str,
        roles: tuple[str, ...],
        attributes: Mapping[str, tuple[str, ...]] | None = None,
        expires: datetime | None = None,
    ) -> NewToken:
        """Add a token and return its secret; ValueError for a subject, role or attribute that may not be."""
        asked = Principal(subject=subject, roles=roles, attributes=attributes or {})
        principal = principal_of(claims_of(asked))
        secret = BEARER_PREFIX + _base64url(self._random_bytes(RANDOM_BYTES))
        with sole_writer(self._path, WHAT):
            stored = StoredToken.model_validate(
                {
                    "id": f"t-{self._random_bytes(4).hex()}",
                    "sha256": _hash(secret),
                    "subject": principal.subject,
                    "roles": principal.roles,
                    "attributes": claims_of(principal)["attributes"],
                    "created": self._now(),
                    "expires": expires,
                }
            )
            write_tokens(self._path, (*read_tokens(self._path), stored))
        return NewToken(id=stored.id, secret=secret)

    def revoke(self, token_id: str) -> StoredToken | None:
        """Forget the token called `token_id` and return it; None when there is none."""
        with sole_writer(self._path, WHAT):
            tokens = read_tokens(self._path)
            gone = next((token for token in tokens if token.id == token_id), None)
            if gone is not None:
                write_tokens(self._path, tuple(token for token in tokens if token is not gone))
            return gone

    def tokens(self) -> tuple[StoredToken, ...]:
        """Every token, expired ones too, in the order they were made."""
        self._refresh()
        return tuple(self._by_hash.values())

    def verify(self, secret: str) -> Principal | None:
        """Who holds `secret`, or None; ConfigurationError when the token file cannot be trusted.

        It is the same error as long as the file is the same, so that it can be told once.
        """
        found = self.holder(secret)
        return found.principal if found is not None else None

    def holder(self, secret: str) -> Verified | None:
        """Who holds `secret` and until when, or None; ConfigurationError as `verify`.

        The look-up goes by hash, so how long it takes tells nothing about any secret.
        """
        self._refresh()
        hashed = _hash(secret)
        token = self._by_hash.get(hashed)
        if token is None or not hmac.compare_digest(token.sha256, hashed) or token.is_expired(self._now()):
            return None
        return Verified(principal=token.principal(), expires=token.expires)

    def _refresh(self) -> None:
        """Read the file again when it is another one than last time, so that a revocation counts at once."""
        stamp = stamp_of(self._path)
        if stamp == self._stamp and stamp is not None:
            return
        # Emptied first: a damaged file authenticates nobody, not even by what it said before.
        self._by_hash, self._stamp = {}, None
        try:
            tokens = read_tokens(self._path)
        except ConfigurationError as fault:
            raise self._known(stamp, fault) from None
        self._by_hash, self._stamp, self._fault = {token.sha256: token for token in tokens}, stamp, None

    def _known(self, stamp: Stamp, fault: ConfigurationError) -> ConfigurationError:
        """Return the fault as it was met first in this very file."""
        if self._fault is None or self._fault[0] != stamp or str(self._fault[1]) != str(fault):
            self._fault = stamp, fault
        return self._fault[1].with_traceback(None)


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
