"""One request, as handlers see it: who asks, the parts of the service, and the idempotency key.

async def handler(request: Call) -> Answer[Me]:
    head = await request.services.identity.profile(request.user_id)
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any, Final, cast
from uuid import UUID

from litestar.connection import Request
from litestar.datastructures import State
from litestar.exceptions.http_exceptions import RequestEntityTooLarge
from litestar.types import Empty

from fintwin.api.answers import encode
from fintwin.api.problems import SIGNED_OUT, ProblemError, malformed, refused
from fintwin.domain.refusals import Refusal
from fintwin.identity.tokens import Bearer
from fintwin.ledger.ledger import Answer as LedgerAnswer
from fintwin.ledger.ledger import Booking
from fintwin.ledger.ledger import Request as LedgerRequest
from fintwin.ledger.submission import NotApplied

if TYPE_CHECKING:
    from prometheus_client.registry import CollectorRegistry

    from fintwin.api.measured import Models
    from fintwin.api.movements import Currencies
    from fintwin.bootstrap import Services

KEY_LENGTH_MAX: Final = 255
_BEARER: Final = b"bearer "


class Call(Request[Bearer, Any, State]):
    """A request of a signed-in person; see the module."""

    async def body(self) -> bytes:
        """The whole body, within the route's limit. Litestar's own way looks at it twice, at a tenth of a deposit's cost."""
        if self._body is not Empty:
            return self._body
        limit = self.route_handler.resolve_request_max_body_size() or inf
        body, more = b"", True
        while more:
            event: Any = await self.receive()
            if event["type"] == "http.disconnect":
                raise malformed("The body ended too early.")
            body += event.get("body", b"")
            if len(body) > limit:
                raise RequestEntityTooLarge
            more = event.get("more_body", False)
        self._body = body
        return body

    @property
    def services(self) -> Services:
        """The parts of the service."""
        return cast("Services", self.app.services)  # type: ignore[attr-defined]  # see `app.Application`

    @property
    def currencies(self) -> Currencies:
        """The currencies of accounts, as far as this process knows them."""
        return cast("Currencies", self.app.currencies)  # type: ignore[attr-defined]

    @property
    def metrics(self) -> CollectorRegistry:
        """What the service measures of itself."""
        return cast("CollectorRegistry", self.app.metrics)  # type: ignore[attr-defined]

    @property
    def models(self) -> Models:
        """What was last told of the read models."""
        return cast("Models", self.app.models)  # type: ignore[attr-defined]

    @property
    def user_id(self) -> UUID:
        """Who asks."""
        return self.user.user_id

    @property
    def idempotency_key(self) -> str | None:
        """The header, 1 to 255 characters, or None where there is none."""
        for name, value in self.scope["headers"]:
            if name == b"idempotency-key":
                text = value.decode("latin-1")
                if not 0 < len(text) <= KEY_LENGTH_MAX:
                    raise malformed("An Idempotency-Key has 1 to 255 characters.", "Idempotency-Key")
                return text
        return None

    def command(self, *words: object) -> LedgerRequest:
        """The ledger's request for a command; ``words`` are what an equal request must equal, its name first."""
        key = self.idempotency_key
        return LedgerRequest(user_id=self.user_id, key=key, body=b"" if key is None else encode(words))


async def signed_in(request: Request[Any, Any, Any]) -> None:
    """What comes before every route that is not public: who has no good token gets 401.

    A hook and no guard: for each guard and request Litestar copies the whole handler.
    """
    for name, value in request.scope["headers"]:
        if name == b"authorization":
            if value[:7].lower() == _BEARER:
                bearer = request.app.services.admission.bearer(  # type: ignore[attr-defined]
                    value[7:].decode("latin-1").strip()
                )
                if bearer is not None:
                    request.scope["user"] = bearer
                    return
            break
    raise ProblemError(SIGNED_OUT)


def booked(answer: LedgerAnswer) -> Booking:
    """The booking, or the problem that tells the refusal."""
    if isinstance(answer, Refusal):
        raise refused(answer)
    assert not isinstance(answer, NotApplied), "only commands of an atomic batch are left out because of others"
    return answer


def position_headers(booking: Booking, position: int) -> dict[str, str]:
    """What every write tells in its headers."""
    headers = {"X-Position": str(position)}
    if booking.replayed:
        headers["Idempotent-Replay"] = "true"
    return headers
