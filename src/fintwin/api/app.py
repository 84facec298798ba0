"""The HTTP application: every route, and what all requests have in common.

    async with open_services(settings) as services:
        app = create_app(services)    # an ASGI application

A request gets an id of its own on the way in, which is in the answer's `X-Request-Id`, in every problem and in the log. Private
answers are never stored by anybody on the way. Whatever goes wrong, in a route or before one is found, is told as a problem.
"""

from __future__ import annotations

import os
from functools import cached_property
from itertools import count
from time import perf_counter
from typing import Any, Final

from litestar import Litestar
from litestar.enums import ScopeType
from litestar.routes import HTTPRoute
from litestar.types import Message, Receive, Scope, Send

from fintwin.api import (
    accounts,
    assistant,
    audit,
    auth,
    docs_page,
    erasure,
    events,
    health,
    imports,
    internal,
    live,
    notifications,
    personas,
    plans,
    portfolio,
    recurring,
    risk,
    sessions,
    sign_in,
    simulate,
    status,
    transactions,
    twin,
    webhooks,
)
from fintwin.api.answers import Answer
from fintwin.api.bodies import JsonBody
from fintwin.api.call import Call
from fintwin.api.door import Door
from fintwin.api.measured import Models, Places, Requests, registry
from fintwin.api.movements import Currencies
from fintwin.api.problems import HANDLERS
from fintwin.api.request_log import RequestLog
from fintwin.api.room import Visit
from fintwin.api.schema import OPENAPI, MoneyInSchema, document
from fintwin.api.web import WebApp, is_service
from fintwin.bootstrap import Services
from fintwin.settings import web_folder
from fintwin.store.heads import Heads
from fintwin.store.statement_pages import StatementPages

UNTOLD: Final = ("/health/", "/metrics")
"""Asked for every few seconds by whoever watches the service: not logged."""
BODY_BYTES_MAX: Final = 64 * 1024


class Application(Litestar):
    """Litestar with the parts of the service at hand, and with what every request gets."""

    def __init__(
        self, services: Services, *, request_log: RequestLog | None = None, tracing: Any = None, **options: Any
    ) -> None:
        """``tracing`` is an `api.tracing.Tracing`; ``options`` are Litestar's."""
        self.services = services
        self.request_log = request_log
        self.tracing = tracing
        self.currencies = Currencies(services.pools["api"])
        self.heads = Heads(services.pools["api"])
        self.statement_pages = StatementPages(services.pools["api"])
        self.requests = Requests()
        self.process = os.urandom(6).hex()
        self._numbers = count(1)
        self.models = Models()
        self.metrics = registry(services, self.requests, self.models)
        self.door = Door(services, self.requests.refused)
        self.metrics.register(Places(self.door.room, services.limits))
        google = services.settings.google_client_id is not None
        self.web = WebApp(web_folder(), google, self.door.proxies, self.door.hosts)
        super().__init__(**options)

    @cached_property
    def document(self) -> dict[str, Any]:
        """The OpenAPI document; made when first asked for."""
        return document(self)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # type: ignore[override]
        """One request, or the start and stop of the application."""
        if scope["type"] != ScopeType.HTTP:
            await super().__call__(scope, receive, send)
            return
        if not is_service(scope["path"]):
            await self.web(scope, receive, send)
            return
        request_id = f"{self.process}-{next(self._numbers):x}"
        scope["request_id"] = request_id  # type: ignore[typeddict-unknown-key]
        status, visit = 0, Visit()
        span = None if self.tracing is None else self.tracing.begin(scope)
        started = perf_counter()

        async def tell(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers: Any = message["headers"]
                self.door.starts(visit, headers)
                if scope["method"] == "OPTIONS":
                    headers = self._allowed(scope, headers)
                message["headers"] = [*headers, *visit.headers, (b"x-request-id", request_id.encode())]
            await send(message)

        try:
            await self.door.pass_through(visit, scope, receive, tell, super().__call__)
        finally:
            self._ended(scope, status, perf_counter() - started, span)

    def _allowed(self, scope: Any, headers: Any) -> Any:
        """Litestar's own answer to OPTIONS forgets what was registered for an address after its first method."""
        methods = self.methods.get(_shape(scope.get("path_template") or ""))
        return [(name, methods if methods and name.lower() == b"allow" else value) for name, value in headers]

    @cached_property
    def methods(self) -> dict[str, bytes]:
        """What each address takes, as `Allow` tells it; addresses that differ in the names of their parameters only are one."""
        found: dict[str, set[str]] = {}
        for route in self.routes:
            if isinstance(route, HTTPRoute):
                found.setdefault(_shape(route.path_format), set()).update(route.methods)
        return {shape: ", ".join(sorted(methods)).encode() for shape, methods in found.items()}

    def _ended(self, scope: Any, status: int, seconds: float, span: Any) -> None:
        """Tell of a request: counted, logged, and where somebody wants it, traced."""
        # What was not found has no name of its own: whatever people try must not become labels.
        found = scope.get("path_template")
        route = str(found or "none")
        method = str(scope["method"]) if found else "any"
        request_id: str = scope["request_id"]
        self.requests.ended(method, route, status, seconds)
        if self.request_log is not None and not route.startswith(UNTOLD):
            bearer: Any = scope.get("user")
            self.request_log.ended(
                request_id, method, route, status, seconds, None if bearer is None else bearer.user_id
            )
        if span is not None:
            self.tracing.end(span, method=method, route=route, status=status, request_id=request_id)


def _shape(path: str) -> str:
    return "/".join("{}" if part.startswith("{") else part for part in path.split("/"))


def create_app(services: Services, *, request_log: RequestLog | None = None, tracing: Any = None) -> Application:
    """The application of one process; without the two it logs no requests and makes no traces."""
    return Application(
        services,
        request_log=request_log,
        tracing=tracing,
        route_handlers=[
            sign_in.router,
            sessions.by_cookie,
            sessions.router,
            auth.router,
            erasure.router,
            transactions.router,
            imports.router,
            accounts.router,
            events.router,
            live.router,
            assistant.router,
            plans.router,
            portfolio.router,
            simulate.router,
            twin.router,
            recurring.router,
            risk.router,
            notifications.router,
            personas.router,
            status.router,
            audit.router,
            webhooks.router,
            health.router,
            internal.router,
            docs_page.router,
        ],
        request_class=Call,
        response_class=Answer,
        dto=JsonBody,
        return_dto=None,
        exception_handlers=HANDLERS,
        request_max_body_size=BODY_BYTES_MAX,
        openapi_config=OPENAPI,
        plugins=[MoneyInSchema()],
        logging_config=None,
        debug=False,
    )
