"""The public keys of issuers: fetched when needed, kept for minutes, asked for anew when one is new."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field

import structlog
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey, import_key

from lucky_mcp.errors import ConfigurationError
from lucky_mcp.identity.verified import CredentialRefused
from lucky_mcp.policy.identity_schema import IssuerEntry
from lucky_mcp.secrets.references import read_secret

KEPT_SECONDS = 300.0
# Tokens with made-up key names must not make a request of each: an issuer is asked again after this time.
AGAIN_SECONDS = 10.0
KEYS_MAX = 100
RSA_BITS_MIN = 2048
TYPES: Mapping[str, type[RSAKey] | type[ECKey] | type[OKPKey]] = {
    "RS": RSAKey,
    "PS": RSAKey,
    "ES": ECKey,
    "Ed": OKPKey,
}
log = structlog.get_logger(__name__)

# Returns what stands at the address of an issuer's keys; raises whatever keeps it from being had.
Fetch = Callable[[IssuerEntry], Awaitable[bytes]]


@dataclass
class _Kept:
    keys: tuple[Key, ...] = ()
    read_at: float = float("-inf")
    asked_at: float = float("-inf")
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class SigningKeys:
    """Finds the key of a token; a key that its issuer has withdrawn counts no longer than `KEPT_SECONDS`."""

    def __init__(self, *, fetch: Fetch, environment: Mapping[str, str], ticks: Callable[[], float]) -> None:
        self._fetch = fetch
        self._environment = environment
        self._ticks = ticks
        self._kept: dict[tuple[str, str], _Kept] = {}

    async def find(self, issuer: IssuerEntry, algorithm: str, kid: str | None) -> Key:
        """Return the one key by which a token of that issuer can be signed; CredentialRefused otherwise."""
        kept = self._kept.setdefault((issuer.jwks_url, issuer.public_key), _Kept())
        found = self._known(kept, algorithm, kid)
        if found is None:
            async with kept.lock:  # one request for all who wait
                found = self._known(kept, algorithm, kid)
                if found is None and self._ticks() - kept.asked_at >= AGAIN_SECONDS:
                    await self._read(issuer, kept)
                    found = self._known(kept, algorithm, kid)
        if found is None:
            raise CredentialRefused("its key is unknown" if self._is_fresh(kept) else "no keys of its issuer")
        return found

    def _is_fresh(self, kept: _Kept) -> bool:
        return self._ticks() - kept.read_at < KEPT_SECONDS

    def _known(self, kept: _Kept, algorithm: str, kid: str | None) -> Key | None:
        return _fitting(kept.keys, algorithm, kid) if self._is_fresh(kept) else None

    async def _read(self, issuer: IssuerEntry, kept: _Kept) -> None:
        kept.asked_at = self._ticks()
        try:
            if issuer.public_key:
                text = await asyncio.to_thread(read_secret, issuer.public_key, self._environment)
                kept.keys = (_pem(text),)
            else:
                kept.keys = _key_set(await self._fetch(issuer))
        except Exception as failure:
            # The keys that are still fresh stay: an issuer that is away for a moment locks nobody out.
            why = str(failure) if isinstance(failure, ConfigurationError) else type(failure).__name__
            log.warning("keys_not_read", issuer=issuer.issuer, why=why)
            return
        kept.read_at = self._ticks()


def _fitting(keys: Iterable[Key], algorithm: str, kid: str | None) -> Key | None:
    """Return the key with that name, or without a name the only one there is, that may sign so."""
    fitting = [
        key
        for key in keys
        if isinstance(key, TYPES[algorithm[:2]])
        and key.get("use") in (None, "sig")
        and key.get("alg") in (None, algorithm)
        and (kid is None or key.get("kid") in (None, kid))
    ]
    named = [key for key in fitting if kid is not None and key.get("kid") == kid]
    chosen = named or fitting
    return chosen[0] if len(chosen) == 1 else None


def _key_set(content: bytes) -> tuple[Key, ...]:
    """Return the keys of a JWK set; those of a kind that is not known here are passed over."""
    entries = json.loads(content)["keys"]
    if not isinstance(entries, list) or len(entries) > KEYS_MAX:
        raise ConfigurationError(f"a key set is a list of at most {KEYS_MAX} keys")
    return tuple(key for entry in entries if (key := _jwk(entry)) is not None)


def _jwk(entry: object) -> Key | None:
    if not isinstance(entry, dict) or entry.get("kty") not in ("RSA", "EC", "OKP"):
        return None
    try:
        return _strong(import_key(entry, entry["kty"]))
    except (JoseError, ValueError, TypeError, KeyError):
        return None


def _pem(text: str) -> Key:
    for kind in ("RSA", "EC", "OKP"):
        try:
            key = import_key(text, kind)
        except (JoseError, ValueError, TypeError):
            continue
        if (strong := _strong(key)) is not None:
            return strong
    raise ConfigurationError("public_key: this is no public key in PEM form, or one that is too short")


def _strong(key: Key) -> Key | None:
    return None if isinstance(key, RSAKey) and key.raw_value.key_size < RSA_BITS_MIN else key
