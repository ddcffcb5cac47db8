"""Fetches the keys of issuers: through no redirect, no more than a small file, from where it may be."""

from __future__ import annotations

import asyncio
import ssl
from urllib.parse import urlsplit

import httpx2
from fastmcp.server.auth.ssrf import ssrf_safe_fetch

from lucky_mcp.errors import ConfigurationError
from lucky_mcp.policy.identity_schema import IssuerEntry
from lucky_mcp.server.transports import is_loopback

BYTES_MAX = 128 << 10
SECONDS_MAX = 10.0


async def fetch_keys(issuer: IssuerEntry) -> bytes:
    """Return what stands at the issuer's `jwks_url`; raises whatever keeps it from being had.

    Public addresses alone are asked, over TLS and at the address that was looked up, unless the issuer has
    `private_network`: then any address is, over TLS, and this machine also without.
    """
    async with asyncio.timeout(SECONDS_MAX):
        if not issuer.private_network:
            return await ssrf_safe_fetch(issuer.jwks_url, max_size=BYTES_MAX, timeout=SECONDS_MAX)
        return await _from_private_network(issuer.jwks_url)


async def _from_private_network(url: str) -> bytes:
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname or "")):
        raise ConfigurationError("jwks_url is https, or http on this machine")
    # No proxy of the environment: what is meant stands in this network. The system's authorities count.
    client_of_its_own = httpx2.AsyncClient(
        verify=ssl.create_default_context(), trust_env=False, follow_redirects=False, timeout=SECONDS_MAX
    )
    async with (
        client_of_its_own as client,
        client.stream("GET", url) as answer,
    ):
        if answer.status_code != 200:
            raise ConfigurationError(f"jwks_url answers {answer.status_code}")
        content = b""
        async for chunk in answer.aiter_bytes():
            content += chunk
            if len(content) > BYTES_MAX:
                raise ConfigurationError(f"jwks_url holds more than {BYTES_MAX:,} bytes")
        return content
