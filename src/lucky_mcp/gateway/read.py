"""The one door: every read of every caller passes `Gateway.read`, in this order.

    parse ▶ allow ▶ resolve ▶ decide ▶ enforce ▶ verify ▶ audit(Begun) ▶ execute ▶ audit(Ended) ▶ rows

Everything before `audit(Begun)` is memory only. If a record cannot be written, nothing is read or
returned. `explain` runs the same steps and stops before `audit(Begun)`, so it cannot drift.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from functools import partial

from lucky_mcp.audit.sink import AuditSink
from lucky_mcp.errors import ArgumentInvalid, EngineErrorKind, QueryFailed, ReadCancelled, ReadError
from lucky_mcp.gateway.admission import Admission, Spent
from lucky_mcp.gateway.costs import too_costly
from lucky_mcp.gateway.deep_stack import parsing
from lucky_mcp.gateway.drift import Drifts
from lucky_mcp.gateway.execute import Executed, ExecutionFailed, Executor
from lucky_mcp.gateway.journal import Journal, on_record
from lucky_mcp.gateway.key_results import keys_in_agent_words
from lucky_mcp.gateway.outcomes import in_agent_words, is_drift, refuse_unknown_columns
from lucky_mcp.gateway.parts import Parts
from lucky_mcp.gateway.plans import may_see_plans, plan_shown
from lucky_mcp.gateway.prepare import Prepared, catalog_for, find_source, prepare, tables_read
from lucky_mcp.gateway.prepare_keys import PreparedKeys, Ready, prepare_keys
from lucky_mcp.gateway.prepared_cache import PreparedCache, forget_everything
from lucky_mcp.gateway.probed import Probed
from lucky_mcp.gateway.receipts import digests
from lucky_mcp.gateway.references import References
from lucky_mcp.gateway.results import explanation_of, result_of
from lucky_mcp.gateway.switches import Switches
from lucky_mcp.gateway.view import View
from lucky_mcp.gateway.visible import Visible
from lucky_mcp.model.principal import Principal
from lucky_mcp.model.request import KeyRead, ReadRequest, SqlRead
from lucky_mcp.model.result import Explanation, PlanStep, ReadResult
from lucky_mcp.model.source import Source
from lucky_mcp.policy.policy_set import PolicySet


class Gateway:
    """Reads under one policy set at a time; `swap` replaces it whole."""

    def __init__(
        self,
        *,
        policies: PolicySet,
        executor: Executor,
        audit: AuditSink,
        now: Callable[[], datetime],
        new_id: Callable[[], str],
        ticks: Callable[[], float] = time.monotonic,
        switches: Switches | None = None,
        admission: Admission | None = None,
    ) -> None:
        self._policies = policies
        self._executor = executor
        self.audit = self._audit = audit  # which keeps what is done around reads, too
        self._now = now
        self._new_id = new_id
        self._ticks = ticks
        self._switches = switches or Switches()
        self._admission = admission or Admission()
        self._prepared_before = PreparedCache()
        self.references = References()
        self.drifts = Drifts()
        self.probed = Probed()
        self.rejected = ""
        self.in_force_since = now()
        self.parts = Parts(executor=executor, audit=audit, admission=self._admission)
        self.visible = Visible(self.view)

    @property
    def policies(self) -> PolicySet:
        """The policy set in force."""
        return self._policies

    def health(self) -> dict[str, str]:
        """Say which policy set is in force, and which rules of lint keep a newer one from being it."""
        told = {"policies": self._policies.digest}
        return {**told, "rejected": self.rejected} if self.rejected else told

    def stopped(self, source: str) -> str:
        """Say why operators have stopped a source; empty when they have not."""
        return self._switches.stopped(source)

    def swap(self, policies: PolicySet) -> None:
        """Put a new policy set in force for reads that begin from now on."""
        self._policies = policies
        self.in_force_since = self._now()
        self.drifts.forget()
        self.references.keep_only(policies.references)
        forget_everything()

    def beside(self, policies: PolicySet) -> Gateway:
        """Return a gateway under other policies: connections, audit, clock, reference sets are the same.

        Do not close it: what it runs on belongs to this one.
        """
        made = Gateway(
            policies=policies,
            executor=self._executor,
            audit=self._audit,
            now=self._now,
            new_id=self._new_id,
            ticks=self._ticks,
            switches=self._switches,
            admission=self._admission,
        )
        made.references, made.probed = self.references, self.probed
        return made

    def view(self) -> View:
        """Take the snapshots for one read."""
        policies, now = self._policies, self._now()
        return View(policies=policies, references=self.references.current(policies.references, now), now=now)

    async def read(self, principal: Principal, request: ReadRequest) -> ReadResult:
        """Answer one read under its policies and bounds.

        Raises a ReadError for every refusal and failure; its `agent_text` is all a caller may be told.
        """
        journal = self._journal(principal, request)
        async with on_record(self._audit, journal.id), self._admitted(principal, journal.refused) as spent:
            return await self._read(journal, principal, request, spent)

    async def _read(
        self, journal: Journal, principal: Principal, request: ReadRequest, spent: Spent
    ) -> ReadResult:
        prepared = await self._prepared(journal, principal, request, spent)
        journal.begun(prepared)
        spent.sent(prepared.source, self._ticks())
        try:
            executed = await self._execute(journal, prepared, principal, request)
            result = result_of(journal, prepared, executed)
        except (ReadError, asyncio.CancelledError):
            raise
        except Exception as defect:
            raise self._defect(journal.ended_by_defect, defect) from defect
        spent.rows, spent.bytes = len(result.rows), result.bytes
        journal.ended(
            outcome="ok",
            phase="execute",
            rows=len(result.rows),
            size=result.bytes,
            truncation=result.truncation,
        )
        return result

    async def explain(
        self, principal: Principal, request: SqlRead, *, with_plan: bool = False
    ) -> Explanation:
        """Say what `read` would do; raises the same refusals.

        No database is asked, except for its plan `with_plan`, if the caller may see plans.
        """
        journal = self._journal(principal, request)
        async with on_record(self._audit, journal.id), self._admitted(principal, journal.explained_refused):
            return await self._explain(journal, principal, request, with_plan=with_plan)

    async def _explain(
        self, journal: Journal, principal: Principal, request: SqlRead, *, with_plan: bool
    ) -> Explanation:
        try:
            source = self._source(journal, principal, request)
            prepared = await self._prepare(journal, principal, source, request)
            refuse_unknown_columns(prepared, request.sql)
        except ReadError as refusal:
            journal.explained_refused(refusal)
            raise
        journal.explained(verdict="permit", prepared=prepared)
        plan, no_plan = await self._plan(principal, prepared) if with_plan else ((), "")
        return explanation_of(journal, prepared, plan, no_plan)

    async def _plan(self, principal: Principal, prepared: Prepared) -> tuple[tuple[PlanStep, ...], str]:
        if not may_see_plans(self._policies, principal):
            return (), ""
        async with self._switches.held(principals=principal.subjects, source=prepared.source.name):
            return await plan_shown(self._executor, self._policies, principal, prepared)

    async def close(self) -> None:
        """Close every connection."""
        await self._executor.close()
        await self._admission.close()

    def _admitted(
        self, principal: Principal, refused: Callable[[ReadError], None]
    ) -> AbstractAsyncContextManager[Spent]:
        return self._admission.held(principal, self._policies.quotas, ticks=self._ticks, refused=refused)

    def _journal(self, principal: Principal, request: ReadRequest) -> Journal:
        return Journal(
            audit=self._audit,
            now=self._now,
            ticks=self._ticks,
            id=self._new_id(),
            principal=principal,
            request=request,
            view=self.view(),
        )

    async def _prepared(
        self, journal: Journal, principal: Principal, request: ReadRequest, spent: Spent
    ) -> Ready:
        """Prepare for `read`, and pay what it costs: a refusal is recorded before it is raised."""
        try:
            source = self._source(journal, principal, request)
            if isinstance(request, KeyRead):
                prepared: Ready = prepare_keys(journal.view, principal, source, request)
            else:
                prepared = await self._prepare(journal, principal, source, request)
                self.probed.refuse_more(principal, prepared, journal.view.now)
            await spent.pay(prepared.guarded)
            return prepared
        except ReadError as refusal:
            journal.refused(refusal)
            raise
        except asyncio.CancelledError:
            journal.refused(ReadCancelled("the call was cancelled"))
            raise
        except Exception as defect:
            raise self._defect(journal.refused, defect) from defect

    def _defect(self, record: Callable[[ReadError], None], defect: Exception) -> ReadError:
        """Record a defect of ours like any failure: a read without an end must not exist."""
        failure = QueryFailed(
            "the read failed inside the gateway",
            next_step="try a simpler statement; the failure has been recorded for the maintainers",
            audit_detail=repr(defect),
        )
        record(failure)
        return failure

    def _source(self, journal: Journal, principal: Principal, request: ReadRequest) -> Source:
        if request.rows_max is not None and request.rows_max < 1:
            raise ArgumentInvalid("max_rows must be at least 1", next_step="leave it out or pass 1 or more")
        self._switches.refuse_stopped(principals=principal.subjects)
        source = find_source(journal.view, principal, request.source, keyed=isinstance(request, KeyRead))
        journal.source_found(
            source, digests(journal.view, catalog_for(journal.view, principal, source).digest)
        )
        self._switches.refuse_stopped(principals=principal.subjects, source=source.name)
        return source

    async def _prepare(
        self, journal: Journal, principal: Principal, source: Source, request: SqlRead
    ) -> Prepared:
        prepared = self._prepared_before.find(journal.view, principal, source, request)
        if prepared is None:
            prepared = await self._made(journal, principal, source, request)
        self.drifts.refuse_changed(source.name, tables_read(prepared))
        return prepared

    async def _made(
        self, journal: Journal, principal: Principal, source: Source, request: SqlRead
    ) -> Prepared:
        prepared = await parsing(request.sql, partial(prepare, journal.view, principal, source, request))
        self._prepared_before.keep(journal.view, principal, source, request, prepared)
        return prepared

    async def _execute(
        self, journal: Journal, prepared: Ready, principal: Principal, request: ReadRequest
    ) -> Executed:
        try:
            async with self._switches.held(principals=principal.subjects, source=prepared.source.name):
                executed = await self._attempt(journal, prepared, principal, request)
        except ReadError as refusal:
            journal.ended(outcome=refusal.code, phase=refusal.phase, detail=refusal.audit_detail)
            raise
        except asyncio.CancelledError:
            journal.ended(outcome="CANCELLED", phase="execute", detail="the caller went away")
            raise
        journal.server = executed.route.record
        return executed

    async def _attempt(
        self, journal: Journal, prepared: Ready, principal: Principal, request: ReadRequest
    ) -> Executed:
        """Run it; a failure becomes what the caller is told, for which a server may be asked once more."""
        try:
            sent, caller = prepared.guarded, principal.subject
            return await self._executor.execute(sent, caller, prepared.weight, journal.id)
        except ExecutionFailed as failure:
            journal.server = failure.server
            if isinstance(prepared, PreparedKeys) or isinstance(request, KeyRead):
                raise keys_in_agent_words(failure, prepared.source, prepared.guarded.bound) from None
            if is_drift(failure, request.sql):
                self.drifts.suspect(prepared.source.name)
            if failure.kind is EngineErrorKind.TOO_EXPENSIVE:
                raise await too_costly(
                    self._executor, journal.view, principal, prepared, request, failure
                ) from None
            raise in_agent_words(failure, prepared, request.sql) from None
