"""One span for each request, sent to a collector by OTLP over HTTP: for whoever sets `OTEL_EXPORTER_OTLP_ENDPOINT`.

Where it is not set this module is not even imported. A span has the route, the method, the status and the request's id,
and no address, person, header or body; it continues the trace that the gateway or a client began (`traceparent`). Sending happens
in a thread of its own, in batches; a collector that is away costs its spans and nothing else.

    tracing = open_tracing("http://collector:4318")
    span = tracing.begin(scope)
    tracing.end(span, method="GET", route="/api/auth/me", status=200, request_id="a1-7")
"""

from __future__ import annotations

from typing import Any, Final

from opentelemetry.propagate import extract
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, Status, StatusCode

import fintwin

TIMEOUT_S: Final = 3
"""For one batch, its repetitions included; a service that stops waits for its last one."""
_FAULT: Final = 500


class Tracing:
    """Makes the spans of one process."""

    def __init__(self, provider: TracerProvider) -> None:
        """``provider`` sends them."""
        self._provider = provider
        self._tracer = provider.get_tracer("fintwin", fintwin.__version__)

    def begin(self, scope: Any) -> Span:
        """A request has come."""
        carrier = {
            name.decode("latin-1"): value.decode("latin-1")
            for name, value in scope["headers"]
            if name in {b"traceparent", b"tracestate"}
        }
        return self._tracer.start_span("request", context=extract(carrier), kind=SpanKind.SERVER)

    def end(self, span: Span, *, method: str, route: str, status: int, request_id: str) -> None:
        """It has been answered; only now its route is known."""
        span.update_name(f"{method} {route}")
        span.set_attribute("http.request.method", method)
        span.set_attribute("http.route", route)
        span.set_attribute("http.response.status_code", status)
        span.set_attribute("fintwin.request_id", request_id)
        if status >= _FAULT:
            span.set_status(Status(StatusCode.ERROR))
        span.end()

    def close(self) -> None:
        """Send what is left."""
        self._provider.shutdown()


def open_tracing(endpoint: str) -> Tracing:
    """Spans go to ``endpoint``; further `OTEL_` variables are the exporter's own (headers, time-outs, sampling)."""
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    address = f"{endpoint.rstrip('/')}/v1/traces"
    resource = Resource.create({SERVICE_NAME: "fintwin-api", SERVICE_VERSION: fintwin.__version__})
    provider = TracerProvider(resource=resource)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(address, timeout=TIMEOUT_S)))
    return Tracing(provider)
