"""How sessions come by k of the token mask: when a read needs it, as it is then, and never by its name."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from lucky_mcp.errors import ConfigurationError, EngineError, EngineErrorKind
from lucky_mcp.secrets.token_keys import NO_KEYS, TokenKeys

TokenKey = Callable[[], str]
"""Returns k as it is now; EngineError when there is none."""


def token_key_from(keys: TokenKeys) -> TokenKey:
    """Return what reads k; an unreadable key is a source that is not available, and is not asked."""
    return partial(_read, keys)


def _read(keys: TokenKeys) -> str:
    if not keys.exists:
        raise EngineError(EngineErrorKind.UNAVAILABLE, "no key for tokens is set")
    try:
        return keys.current()
    except ConfigurationError as failure:
        raise EngineError(EngineErrorKind.UNAVAILABLE, str(failure)) from None


NO_TOKEN_KEY = token_key_from(NO_KEYS)


def refuse_other_key(expected: str, found: object) -> None:
    """EngineError unless the session has k; the message has neither."""
    shown = found.decode("ascii", "replace") if isinstance(found, bytes) else found
    if shown != expected:
        raise EngineError(EngineErrorKind.UNAVAILABLE, "the session does not have the key for tokens in use")
