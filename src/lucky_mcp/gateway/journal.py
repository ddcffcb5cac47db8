"""The audit of one read: which record is due at which step, with what is known by then."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from lucky_mcp.audit.record import Begun, Ended, Explained
from lucky_mcp.audit.sink import AuditSink
from lucky_mcp.errors import AuditUnavailable, ReadError
from lucky_mcp.gateway.measured import count_read, count_refusal
from lucky_mcp.gateway.prepare import Prepared
from lucky_mcp.gateway.prepare_keys import LANGUAGE, Ready, asked_in_words
from lucky_mcp.gateway.receipts import digests
from lucky_mcp.gateway.said import NOTHING, said_of
from lucky_mcp.gateway.view import View
from lucky_mcp.model.principal import Principal
from lucky_mcp.model.request import KeyRead, ReadRequest
from lucky_mcp.model.result import Digests
from lucky_mcp.model.source import Source
from lucky_mcp.telemetry.instruments import NONE
from lucky_mcp.telemetry.spans import span

SQL_CHARS_MAX = 70_000


@asynccontextmanager
async def on_record(audit: AuditSink, receipt: str) -> AsyncIterator[None]:
    """Let nobody hear how the block ended before its records are on the disk; else AuditUnavailable."""
    with span("read", receipt=receipt):
        try:
            async with _durable_after(audit):
                yield
        except AuditUnavailable as failure:
            count_refusal(failure.code, failure.phase)
            raise


@asynccontextmanager
async def _durable_after(audit: AuditSink) -> AsyncIterator[None]:
    try:
        yield
    except ReadError:
        await _durable(audit)
        raise
    await _durable(audit)


async def _durable(audit: AuditSink) -> None:
    with span("audit"):
        await audit.durable()


class Journal:
    """Writes the records of one read; AuditUnavailable from any of them stops the read."""

    def __init__(
        self,
        *,
        audit: AuditSink,
        now: Callable[[], datetime],
        ticks: Callable[[], float],
        id: str,
        principal: Principal,
        request: ReadRequest,
        view: View,
    ) -> None:
        self.id = id
        self.view = view
        self.digests: Digests = digests(view, "")
        self.server = ""  # which server of the source it was, once that is known
        self._audit = audit
        self._now = now
        self._ticks = ticks
        self._started = ticks()
        self._principal = principal
        self._app = principal.app.subject if principal.app is not None else ""
        self._app_roles = principal.app.roles if principal.app is not None else ()
        self._source = request.source[:200]
        self._dialect = LANGUAGE if isinstance(request, KeyRead) else ""
        self._engine = NONE
        self._sql = asked_in_words(request) if isinstance(request, KeyRead) else _kept(request.sql)

    def source_found(self, source: Source, known: Digests) -> None:
        """Remember what the source's name resolved to."""
        self._source = source.name
        self._dialect = self._dialect or source.dialect.value
        self._engine = source.kind.value
        self.digests = known

    def elapsed_ms(self) -> int:
        """Milliseconds since the read arrived, by a clock that is never set back."""
        return round((self._ticks() - self._started) * 1000)

    def begun(self, prepared: Ready) -> None:
        """Record that what is guarded is about to be sent."""
        self._audit.write(
            Begun(
                id=self.id,
                at=self._at(),
                principal=self._principal.subject,
                app=self._app,
                app_roles=self._app_roles,
                roles=self._principal.roles,
                source=self._source,
                policy_digest=self.digests.policy,
                catalog_digest=self.digests.catalog,
                references_digest=self.digests.references,
                sql_asked=self._sql,
                dialect=self._dialect,
                **vars(said_of(prepared)),
            )
        )

    def refused(self, refusal: ReadError) -> None:
        """Record a refusal before anything was sent."""
        count_read(self._engine, refusal.code, refusal.phase, elapsed_ms=self.elapsed_ms())
        self._audit.write(
            Ended(
                id=self.id,
                at=self._at(),
                principal=self._principal.subject,
                app=self._app,
                app_roles=self._app_roles,
                source=self._source,
                outcome=refusal.code,
                phase=refusal.phase,
                detail=refusal.audit_detail or refusal.what,
                elapsed_ms=self.elapsed_ms(),
                roles=self._principal.roles,
                sql_asked=self._sql,
                dialect=self._dialect,
                policy_digest=self.digests.policy,
                catalog_digest=self.digests.catalog,
                references_digest=self.digests.references,
            )
        )

    def ended(
        self,
        *,
        outcome: str,
        phase: str,
        detail: str = "",
        rows: int = 0,
        size: int = 0,
        truncation: str = "none",
    ) -> None:
        """Record how a read that was sent ended."""
        elapsed_ms = self.elapsed_ms()
        count_read(self._engine, outcome, phase, elapsed_ms=elapsed_ms, rows=rows, size=size)
        self._audit.write(
            Ended(
                id=self.id,
                at=self._at(),
                principal=self._principal.subject,
                app=self._app,
                app_roles=self._app_roles,
                source=self._source,
                outcome=outcome,
                phase=phase,
                detail=detail,
                rows=rows,
                bytes=size,
                elapsed_ms=elapsed_ms,
                truncation=truncation,
                server=self.server,
                roles=self._principal.roles,
                policy_digest=self.digests.policy,
                catalog_digest=self.digests.catalog,
                references_digest=self.digests.references,
            )
        )

    def ended_by_defect(self, failure: ReadError) -> None:
        """Record that a read that was sent ended in a defect of the gateway."""
        self.ended(outcome=failure.code, phase=failure.phase, detail=failure.audit_detail)

    def explained_refused(self, refusal: ReadError) -> None:
        """Record a dry run that was refused."""
        count_refusal(refusal.code, refusal.phase)
        self.explained(verdict="refused", refusal=refusal)

    def explained(
        self,
        *,
        verdict: str,
        refusal: ReadError | None = None,
        prepared: Prepared | None = None,
    ) -> None:
        """Record a dry run."""
        self._audit.write(
            Explained(
                id=self.id,
                at=self._at(),
                principal=self._principal.subject,
                app=self._app,
                app_roles=self._app_roles,
                roles=self._principal.roles,
                source=self._source,
                verdict=verdict,
                code=refusal.code if refusal else "",
                phase=refusal.phase if refusal else "",
                detail=(refusal.audit_detail or refusal.what) if refusal else "",
                policy_digest=self.digests.policy,
                catalog_digest=self.digests.catalog,
                references_digest=self.digests.references,
                sql_asked=self._sql,
                dialect=self._dialect,
                **vars(said_of(prepared) if prepared else NOTHING),
            )
        )

    def _at(self) -> str:
        return self._now().astimezone(UTC).isoformat(timespec="milliseconds")


def _kept(sql: str) -> str:
    """Texts above the accepted size are cut: a refused megabyte must not fill the log."""
    return sql if len(sql) <= SQL_CHARS_MAX else f"{sql[:2_000]}… ({len(sql):,} characters)"
