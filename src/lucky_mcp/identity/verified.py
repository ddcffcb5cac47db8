"""Who a credential speaks for, and until when; or why it speaks for nobody."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from lucky_mcp.model.principal import Principal


@dataclass(frozen=True, kw_only=True)
class Verified:
    """A caller as its credential says; `expires` (aware) is None for one that does not end by itself."""

    principal: Principal
    expires: datetime | None = None


class CredentialRefused(Exception):
    """A credential speaks for nobody; `reason` is for the audit, and holds nothing of the credential."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


Authenticate = Callable[[str], Awaitable[Verified]]
