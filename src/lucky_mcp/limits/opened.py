"""The meter that a process counts by, as it is configured."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from lucky_mcp.errors import ConfigurationError
from lucky_mcp.limits.divided import DividedMeter
from lucky_mcp.limits.fallback import FallbackMeter
from lucky_mcp.limits.memory import MemoryMeter
from lucky_mcp.limits.meter import Meter
from lucky_mcp.secrets.references import read_secret


def open_meter(url: str, password: str, processes: int, environment: Mapping[str, str]) -> Meter:
    """Return a meter in memory, for one of so many `processes` that share the limits; or in Redis at `url`.

    `password` is a reference. ConfigurationError for what cannot be used; a Redis that is away is no error.
    """
    own = DividedMeter(MemoryMeter(), processes)
    if not url:
        if password:
            raise ConfigurationError("LUCKY_LIMITS_PASSWORD is set, and LUCKY_LIMITS_URL is not")
        return own
    parts = urlsplit(url)
    if parts.scheme not in {"redis", "rediss", "unix"} or parts.password:
        raise ConfigurationError(
            "LUCKY_LIMITS_URL: it is redis://host:port/number, rediss:// with TLS, or unix:///path, without a"
            " password; LUCKY_LIMITS_PASSWORD says where that is"
        )
    try:
        from lucky_mcp.limits.shared import SharedMeter

        secret = read_secret(password, environment) if password else None
        return FallbackMeter(SharedMeter(url, secret), own)
    except ImportError:
        raise ConfigurationError(
            "LUCKY_LIMITS_URL is set, and the Redis client is not installed: pip install 'lucky-mcp[redis]'"
        ) from None
    except ConfigurationError as failure:
        raise ConfigurationError(f"LUCKY_LIMITS_PASSWORD: {failure}") from None
    except ValueError as failure:
        raise ConfigurationError(f"LUCKY_LIMITS_URL: {failure}") from None
