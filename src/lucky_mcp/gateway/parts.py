"""What a gateway works with, for whoever watches it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lucky_mcp.audit.sink import AuditSink
from lucky_mcp.gateway.admission import Admission

if TYPE_CHECKING:
    from lucky_mcp.gateway.execute import Executor


@dataclass(frozen=True, kw_only=True)
class Parts:
    """The executor, the audit and the admission of one gateway."""

    executor: Executor
    audit: AuditSink
    admission: Admission
