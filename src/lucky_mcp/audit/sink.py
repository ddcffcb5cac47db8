"""Where audit records go: a sink either has the record when `write` returns, or says that it has not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from lucky_mcp.audit.line import to_line
from lucky_mcp.audit.record import AuditRecord
from lucky_mcp.errors import AuditUnavailable


@dataclass(frozen=True, kw_only=True)
class SinkState:
    """How a log stands: records that may not be on the disk yet, and its segment's number, bytes and age."""

    pending: int
    segment: int
    bytes: int
    age_s: float
    is_writable: bool


@runtime_checkable
class Watched(Protocol):
    """A sink that can say how it stands."""

    def state(self) -> SinkState:
        """Say it, without writing anything."""


class AuditSink(Protocol):
    """Takes records in order; safe to call from several threads."""

    def write(self, record: AuditRecord) -> None:
        """Hand `record` to the operating system whole, or raise AuditUnavailable."""

    async def durable(self) -> None:
        """Return once all that was written cannot be lost any more, or raise AuditUnavailable."""


class MemorySink:
    """Keeps records in a list, for dry runs and tests; `broken` makes it refuse as a full disk would."""

    def __init__(self) -> None:
        self.records: list[AuditRecord] = []
        self.broken = False

    def write(self, record: AuditRecord) -> None:
        """Remember `record`, encoded once so that what JSON cannot hold fails here too."""
        if self.broken:
            raise unavailable("the sink was set to broken")
        to_line(record)
        self.records.append(record)

    async def durable(self) -> None:
        """Refuse while broken."""
        if self.broken:
            raise unavailable("the sink was set to broken")


def unavailable(detail: str) -> AuditUnavailable:
    """Return the refusal of every read whose record is not kept; `detail` is for the operator."""
    return AuditUnavailable(
        "the audit log cannot be written, so nothing is read or returned",
        next_step="tell the operator of this server; trying again helps only once the log can be written",
        audit_detail=detail,
    )
