"""Sending spans away, by OpenTelemetry's SDK and its own variables (OTEL_*), when they say where to."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from lucky_mcp.errors import ConfigurationError
from lucky_mcp.telemetry.spans import trace_to

SERVICE = "lucky-mcp"
ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")


def export_spans(environment: Mapping[str, str]) -> Callable[[], None]:
    """Begin to export if one of ENDPOINTS is set; return what ends it, sending what is left.

    ConfigurationError when the SDK is not installed. Everything else about it is as its variables say.
    """
    wanted = any(environment.get(name) for name in ENDPOINTS)
    is_off = environment.get("OTEL_SDK_DISABLED", "").lower() == "true"
    if not wanted or is_off or environment.get("OTEL_TRACES_EXPORTER", "otlp") == "none":
        return _nothing
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        raise ConfigurationError(
            f"{ENDPOINTS[0]} is set, and OpenTelemetry's SDK is not installed: pip install 'lucky-mcp[otel]'"
        ) from None
    name = environment.get("OTEL_SERVICE_NAME") or SERVICE
    provider = TracerProvider(resource=Resource.create({"service.name": name}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace_to(provider)
    return provider.shutdown


def _nothing() -> None:
    """There is nothing to end."""
