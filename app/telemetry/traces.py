"""OpenTelemetry traces: the extra `otel`, off unless `LIKEWISE_OTLP_ENDPOINT` is set.

FastAPI creates the span of a request, and continues the trace of the client's `traceparent`. The
spans of its stages are created here, as children of that span, once each stage is over: it may have
run in another thread, and together with other requests.

The SDK's own variables (OTEL_TRACES_SAMPLER, OTEL_RESOURCE_ATTRIBUTES, ...) apply as usual.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from opentelemetry import trace as api  # FastAPI itself depends on it

from app.errors import SettingsError

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

SERVICE = "likewise"
NOTHING: dict[str, Any] = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "operation_spans": False,
    "auto_configure": False,
}
"""FastAPI's own telemetry, all of it off."""


class Trace:
    """Trace of one request, for the stages of its work."""

    __slots__ = ("_context", "_tracer")

    def __init__(self, tracer: api.Tracer, span: api.Span) -> None:
        self._tracer = tracer
        self._context = api.set_span_in_context(span)

    def stage(self, name: str, seconds: float, **attributes: int) -> None:
        """Add the span of a stage that took `seconds` and ends now."""
        end = time.time_ns()
        start = end - int(seconds * 1e9)
        span = self._tracer.start_span(name, self._context, attributes=attributes, start_time=start)
        span.end(end)


class Tracing:
    """Destination of the spans."""

    def __init__(self, provider: TracerProvider) -> None:
        self.provider = provider
        self._tracer = provider.get_tracer(SERVICE)

    def here(self) -> Trace | None:
        """Return the trace of the current request, or None if it is not sampled."""
        span = api.get_current_span()
        return Trace(self._tracer, span) if span.is_recording() else None

    def close(self) -> None:
        """Send the spans that are left."""
        self.provider.shutdown()


def otlp_tracing(endpoint: str, version: str) -> Tracing:
    """Create the tracing that sends spans in the background by OTLP over HTTP.

    Args:
        endpoint: The collector's URL for traces, as http://collector:4318/v1/traces.
        version: This service's version.

    Raises:
        SettingsError: The extra is not installed.
    """
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415
            OTLPSpanExporter,
        )
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
    except ImportError as error:
        raise SettingsError(
            "LIKEWISE_OTLP_ENDPOINT needs OpenTelemetry's SDK: pip install 'likewise[otel]', "
            "or leave it out"
        ) from error
    resource = Resource.create({"service.name": SERVICE, "service.version": version})
    provider = TracerProvider(resource=resource)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint)))
    return Tracing(provider)


def for_fastapi(tracing: Tracing | None) -> Any:  # noqa: ANN401 (FastAPI's own type, which is for the entry points)
    """Return FastAPI's own telemetry: the span of a request, and nothing that could hold a body.

    Its logs would contain the messages of errors; its metrics would duplicate ours.
    """
    if tracing is None:
        return NOTHING
    return NOTHING | {"tracing": True, "tracer_provider": tracing.provider}
