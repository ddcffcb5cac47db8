"""Spans of OpenTelemetry: what took how long, for a tracer that somebody configured; else they are empty.

INVARIANT: an attribute holds a name of ours (a step, a source, an engine, a code, a receipt) or a number.
No statement, no value of one, no caller and no driver's words: exceptions are recorded by their code alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext

from opentelemetry import context as contexts
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, TracerProvider
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

PREFIX = "lucky."
_tracer = trace.get_tracer("lucky_mcp")
_UNTRACED = nullcontext(trace.INVALID_SPAN)
_is_traced = False
# Not the configured ones: they read `baggage` too, anybody's words, and log what they cannot read.
_trace_context = TraceContextTextMapPropagator()


def span(name: str, *, serves: bool = False, **attributes: str | int | float) -> AbstractContextManager[Span]:
    """Run the block as a span below the one under way; `serves` marks the one that answers a request.

    A failure shows as its `code` or the name of its class.
    """
    # Without a tracer the library's own empty spans would take a tenth of a short read's time.
    if not _is_traced:
        return _UNTRACED
    return _traced(name, serves=serves, **attributes)


@contextmanager
def _traced(name: str, *, serves: bool, **attributes: str | int | float) -> Iterator[Span]:
    with _tracer.start_as_current_span(
        name,
        kind=SpanKind.SERVER if serves else SpanKind.INTERNAL,
        attributes={PREFIX + key: value for key, value in attributes.items()},
        record_exception=False,
        set_status_on_exception=False,
    ) as made:
        try:
            yield made
        except BaseException as failure:
            made.set_status(Status(StatusCode.ERROR, _short(failure)))
            raise


def trace_to(provider: TracerProvider) -> None:
    """Make spans from now on, for this provider; the first one of a process counts."""
    global _is_traced
    trace.set_tracer_provider(provider)
    _is_traced = True


def note(**attributes: str | int | float) -> None:
    """Add attributes to the span under way."""
    under_way = trace.get_current_span()
    if under_way.is_recording():
        under_way.set_attributes({PREFIX + key: value for key, value in attributes.items()})


def trace_id() -> str:
    """Return the id of the trace under way: 32 digits of base 16, or nothing."""
    under_way = trace.get_current_span().get_span_context()
    return trace.format_trace_id(under_way.trace_id) if under_way.is_valid else ""


def here() -> Context:
    """Return what another thread needs to go on with the trace under way."""
    return contexts.get_current()


@contextmanager
def going_on(from_there: Context) -> Iterator[None]:
    """Run the block, on whatever thread, in the trace of `from_there`."""
    token = contexts.attach(from_there)
    try:
        yield
    finally:
        contexts.detach(token)


def sent_by(headers: Mapping[str, str]) -> Context:
    """Return the trace that a caller's headers (`traceparent`, names in small letters) name, if they do."""
    return _trace_context.extract(headers)


def _short(failure: BaseException) -> str:
    code = getattr(failure, "code", None) or getattr(failure, "kind", None)
    return str(code) if isinstance(code, str) else type(failure).__name__
