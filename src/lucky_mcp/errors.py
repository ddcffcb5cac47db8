"""Every error of the gateway, and what of it an agent may read.

LuckyError
├── ReadError                      an agent's read did not succeed; has code, phase and agent_text
│   ├── StatementRefused           NOT_READ_ONLY · MULTIPLE_STATEMENTS · PARSE_ERROR · TOO_LARGE
│   ├── ConstructRefused           CONSTRUCT_REFUSED · FUNCTION_REFUSED
│   ├── NameRefused                UNKNOWN_NAME · COLUMN_AMBIGUOUS
│   ├── PolicyRefused              KEY_DENIED · REFERENCE_UNAVAILABLE
│   │   ├── PredicateMissing       PREDICATE_REQUIRED
│   │   └── AggregateOnly          AGGREGATE_ONLY
│   ├── LimitExceeded              TIMEOUT · RATE_LIMITED · SOURCE_BUSY
│   │   └── TooExpensive           TOO_EXPENSIVE
│   ├── ReadCancelled              CANCELLED
│   ├── ReadStopped                STOPPED
│   ├── SourceUnavailable          SOURCE_UNAVAILABLE
│   ├── QueryFailed                QUERY_FAILED
│   ├── AuditUnavailable           AUDIT_UNAVAILABLE
│   ├── ArgumentInvalid            INVALID_ARGUMENT
│   ├── NotAuthenticated           NOT_AUTHENTICATED
│   └── GuardFailed                CONSTRUCT_REFUSED (the rewritten text did not verify)
├── EngineError                    what an adapter raises; never leaves the gateway
└── ConfigurationError             a policy directory, catalog or setting is wrong; for operators
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Code(StrEnum):
    """The closed list of codes that the tool contract promises."""

    NOT_READ_ONLY = "NOT_READ_ONLY"
    MULTIPLE_STATEMENTS = "MULTIPLE_STATEMENTS"
    PARSE_ERROR = "PARSE_ERROR"
    CONSTRUCT_REFUSED = "CONSTRUCT_REFUSED"
    FUNCTION_REFUSED = "FUNCTION_REFUSED"
    UNKNOWN_NAME = "UNKNOWN_NAME"
    COLUMN_AMBIGUOUS = "COLUMN_AMBIGUOUS"
    PREDICATE_REQUIRED = "PREDICATE_REQUIRED"
    AGGREGATE_ONLY = "AGGREGATE_ONLY"
    TOO_EXPENSIVE = "TOO_EXPENSIVE"
    TOO_LARGE = "TOO_LARGE"
    TIMEOUT = "TIMEOUT"
    CANCELLED = "CANCELLED"
    STOPPED = "STOPPED"
    RATE_LIMITED = "RATE_LIMITED"
    SOURCE_UNAVAILABLE = "SOURCE_UNAVAILABLE"
    SOURCE_BUSY = "SOURCE_BUSY"
    REFERENCE_UNAVAILABLE = "REFERENCE_UNAVAILABLE"
    AUDIT_UNAVAILABLE = "AUDIT_UNAVAILABLE"
    KEY_DENIED = "KEY_DENIED"
    QUERY_FAILED = "QUERY_FAILED"
    INVALID_ARGUMENT = "INVALID_ARGUMENT"
    NOT_AUTHENTICATED = "NOT_AUTHENTICATED"


class Phase(StrEnum):
    """The step of the one pass in which an error arose (the names of the data-flow box)."""

    REQUEST = "request"
    PARSE = "parse"
    ALLOW = "allow"
    RESOLVE = "resolve"
    DECIDE = "decide"
    ENFORCE = "enforce"
    VERIFY = "verify"
    AUDIT = "audit"
    EXECUTE = "execute"


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where in the agent's text something stands: 1-based line and column, and the token there."""

    line: int
    column: int
    token: str = ""

    def __str__(self) -> str:
        where = f"line {self.line}:{self.column}"
        return f"{where} near `{self.token}`" if self.token else where


class LuckyError(Exception):
    """Root of the tree, so that a caller can tell our errors from a defect."""


class ConfigurationError(LuckyError):
    """A policy directory, catalog snapshot or setting is wrong; the text names file, line and fix."""


class EngineError(LuckyError):
    """What an adapter raises: a closed kind, and driver text that stays inside the gateway."""

    def __init__(self, kind: EngineErrorKind, detail: str = "") -> None:
        super().__init__(kind.value)
        self.kind = kind
        self.detail = detail


class LoginRefused(EngineError):
    """The server does not know the account by this password; it may have been changed."""

    def __init__(self, detail: str) -> None:
        super().__init__(EngineErrorKind.UNAVAILABLE, detail)


class EngineErrorKind(StrEnum):
    """What went wrong in an engine, told apart without quoting the driver."""

    UNKNOWN_NAME = "unknown_name"
    AMBIGUOUS_NAME = "ambiguous_name"
    INVALID_QUERY = "invalid_query"
    RUNTIME = "runtime"
    TIMEOUT = "timeout"
    CANCELLED = "cancelled"
    UNAVAILABLE = "unavailable"
    BUSY = "busy"
    GIVEN_UP = "given_up"  # by the server for reasons of its own: a standby that had to replay a change
    TOO_EXPENSIVE = "too_expensive"  # by the server's own estimate
    LOADED = "loaded"  # a production writer that has enough to do
    STALE = "stale"  # no replica that is near enough to its primary, and the writer is not to be asked
    FORBIDDEN = "forbidden"  # to the gateway's own account
    CHANGED = "changed"  # a table that the reviewed catalog has is not there


class ReadError(LuckyError):
    """A read that did not succeed; `agent_text` is all that an agent may be told.

    `audit_detail` is for the audit record only: it may hold what the agent must not see (the
    difference between a denied name and an unknown one, a driver's message).
    """

    default_code: Code = Code.QUERY_FAILED
    default_phase: Phase = Phase.EXECUTE

    def __init__(
        self,
        what: str,
        *,
        code: Code | None = None,
        phase: Phase | None = None,
        place: Place | None = None,
        nearest: tuple[str, ...] = (),
        next_step: str = "",
        rewrite: str = "",
        audit_detail: str = "",
        retry_after_s: int | None = None,
    ) -> None:
        super().__init__(what)
        self.what = what
        self.code = code or self.default_code
        self.phase = phase or self.default_phase
        self.place = place
        self.nearest = nearest
        self.next_step = next_step
        self.rewrite = rewrite
        self.audit_detail = audit_detail
        self.retry_after_s = retry_after_s

    @property
    def agent_text(self) -> str:
        """The whole error text, starting with `ERROR <CODE>:` (clients that drop isError read it)."""
        where = f" ({self.place})" if self.place else ""
        lines = [f"ERROR {self.code}: {self.what}{where}"]
        if self.nearest:
            lines.append("Nearest names: " + ", ".join(self.nearest))
        if self.next_step:
            lines.append("Next step: " + self.next_step)
        if self.rewrite:
            lines.append("This runs instead:\n" + self.rewrite)
        return "\n".join(lines)


class StatementRefused(ReadError):
    """The text is not one read-only statement."""

    default_code, default_phase = Code.NOT_READ_ONLY, Phase.PARSE


class ConstructRefused(ReadError):
    """The statement uses something outside the allowlist."""

    default_code, default_phase = Code.CONSTRUCT_REFUSED, Phase.ALLOW


class NameRefused(ReadError):
    """A table or column is unknown, denied or ambiguous; the first two read alike."""

    default_code, default_phase = Code.UNKNOWN_NAME, Phase.RESOLVE


class PolicyRefused(ReadError):
    """Policy permits no such read as it stands."""

    default_code, default_phase = Code.REFERENCE_UNAVAILABLE, Phase.DECIDE


@dataclass(frozen=True, kw_only=True)
class MissingCondition:
    """What would let the scan at `place` be read: `column` since a day, or equal to some value."""

    place: Place | None
    column: str
    since: date | None = None
    as_number: bool = False


class PredicateMissing(PolicyRefused):
    """A table is read without the condition that policy requires of each scan of it."""

    default_code, default_phase = Code.PREDICATE_REQUIRED, Phase.DECIDE

    def __init__(
        self,
        what: str,
        *,
        missing: tuple[MissingCondition, ...],
        place: Place | None,
        next_step: str,
        audit_detail: str,
    ) -> None:
        super().__init__(what, place=place, next_step=next_step, audit_detail=audit_detail)
        self.missing = missing


class AggregateOnly(PolicyRefused):
    """A column that is read in aggregates alone is used in another way."""

    default_code, default_phase = Code.AGGREGATE_ONLY, Phase.DECIDE


class LimitExceeded(ReadError):
    """A bound on time, cost or concurrency was met."""

    default_code, default_phase = Code.TIMEOUT, Phase.EXECUTE


class TooExpensive(LimitExceeded):
    """The server expects to examine far more rows for it than one read may; `missing` would narrow it."""

    default_code = Code.TOO_EXPENSIVE

    def __init__(
        self, what: str, *, missing: tuple[MissingCondition, ...], next_step: str, audit_detail: str
    ) -> None:
        super().__init__(what, next_step=next_step, audit_detail=audit_detail)
        self.missing = missing


class ReadCancelled(ReadError):
    """The caller went away; the query was stopped in the engine."""

    default_code, default_phase = Code.CANCELLED, Phase.EXECUTE


class ReadStopped(ReadError):
    """An operator has stopped the source or the caller; what ran of it was ended in the engine."""

    default_code, default_phase = Code.STOPPED, Phase.DECIDE


class SourceUnavailable(ReadError):
    """The source cannot be reached or is unknown to the caller."""

    default_code, default_phase = Code.SOURCE_UNAVAILABLE, Phase.EXECUTE


class QueryFailed(ReadError):
    """The engine refused or aborted the guarded query; no driver text is passed on."""

    default_code, default_phase = Code.QUERY_FAILED, Phase.EXECUTE


class AuditUnavailable(ReadError):
    """The audit record could not be written, so nothing is read or returned."""

    default_code, default_phase = Code.AUDIT_UNAVAILABLE, Phase.AUDIT


class ArgumentInvalid(ReadError):
    """A tool argument is missing, of the wrong type or out of range."""

    default_code, default_phase = Code.INVALID_ARGUMENT, Phase.REQUEST


class NotAuthenticated(ReadError):
    """No principal could be established."""

    default_code, default_phase = Code.NOT_AUTHENTICATED, Phase.REQUEST


class GuardFailed(ReadError):
    """The rewritten text did not verify: a defect of ours, answered by refusing."""

    default_code, default_phase = Code.CONSTRUCT_REFUSED, Phase.VERIFY
