"""Against a stand-in for a collector that speaks OTLP over HTTP: real exporter, real bytes, the protocol's own classes."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from gzip import decompress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from fintwin.api.app import create_app
from fintwin.api.tracing import open_tracing
from fintwin.bootstrap import open_services
from tests.api.people import settings
from tests.conftest import Database


class Collector(ThreadingHTTPServer):
    """Keeps the spans it is sent."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Door)
        self.spans: list[Span] = []
        self.paths: list[str] = []

    @property
    def address(self) -> str:
        """What the endpoint is set to."""
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Door(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.headers.get("content-encoding") == "gzip":
            body = decompress(body)
        told = ExportTraceServiceRequest.FromString(body)
        self.server.paths.append(self.path)
        self.server.spans += [span for one in told.resource_spans for scope in one.scope_spans for span in scope.spans]
        answer = ExportTraceServiceResponse().SerializeToString()
        self.send_response(200)
        self.send_header("content-type", "application/x-protobuf")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


async def test_each_request_becomes_a_span_of_the_callers_trace(database: Database, collector: Collector) -> None:
    """Route, method and status are told, the caller's trace goes on, and nothing of the address or the person is there."""
    trace, parent = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
    tracing = open_tracing(collector.address)
    async with open_services(settings(database)) as services:
        transport = httpx.ASGITransport(create_app(services, tracing=tracing))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8000") as client:
            await client.post("/api/auth/demo", json={"name": "Canaria Span"})
            headers = {"traceparent": f"00-{trace}-{parent}-01", "authorization": "Bearer canary-token"}
            await client.get("/api/transactions/?q=canary-word", headers=headers)
    tracing.close()
    assert set(collector.paths) == {"/v1/traces"}
    entered, refused = collector.spans
    assert entered.name == "POST /api/auth/demo"
    told = {one.key: one.value for one in refused.attributes}
    assert (refused.trace_id.hex(), refused.parent_span_id.hex()) == (trace, parent)
    assert told["http.response.status_code"].int_value == 401
    assert told["http.request.method"].string_value == "GET"
    assert told["fintwin.request_id"].string_value
    assert "anar" not in str(collector.spans)


async def test_a_collector_that_is_away_costs_no_request(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests are answered at once, spans are lost, and the stop does not wait for long."""
    monkeypatch.setattr("fintwin.api.tracing.TIMEOUT_S", 0.2)
    tracing = open_tracing("http://127.0.0.1:9")
    async with open_services(settings(database)) as services:
        transport = httpx.ASGITransport(create_app(services, tracing=tracing))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8000") as client:
            assert (await client.get("/health/live")).status_code == 200
    started = time.monotonic()
    tracing.close()
    assert time.monotonic() - started < 3


def test_without_an_endpoint_no_tracing_is_imported() -> None:
    """Whoever makes no traces does not pay for them, save what Redis' client imports by itself."""
    program = (
        "import sys, fintwin.api.app, fintwin.cli.api;"
        "print([n for n in sys.modules if n == 'fintwin.api.tracing' or n.startswith('opentelemetry.exporter')])"
    )
    told = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env=os.environ | {"PORT": "1"}
    )
    assert told.stdout == "[]\n"
