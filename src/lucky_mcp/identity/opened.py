"""Where the handles of apps are kept, as it is configured: beside the limits, so that replicas share both."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from lucky_mcp.errors import ConfigurationError
from lucky_mcp.identity.delegations import Handles, MemoryHandles
from lucky_mcp.secrets.references import read_secret


def open_handles(
    url: str,
    password: str,
    environment: Mapping[str, str],
    now: Callable[[], datetime],
    *,
    alone: bool = True,
    seal: bytes = b"",
) -> Handles:
    """Return handles in Redis at `url`, or in memory, where one that is not `alone` makes none: the process
    that is asked next would not know it. `password` is a reference, `seal` the key by which Redis is checked.

    ConfigurationError for what cannot be used; a Redis that is away is no error, its handles do not count.
    """
    if not url:
        return MemoryHandles(now, **({} if alone else {"kept_max": 0}))
    try:
        from lucky_mcp.identity.shared_handles import SharedHandles

        return SharedHandles(url, read_secret(password, environment) if password else None, seal)
    except ImportError:
        raise ConfigurationError(
            "LUCKY_LIMITS_URL is set, and the Redis client is not installed: pip install 'lucky-mcp[redis]'"
        ) from None
    except ValueError as failure:
        raise ConfigurationError(f"LUCKY_LIMITS_URL: {failure}") from None
