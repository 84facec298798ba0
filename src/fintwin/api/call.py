"""One request, as handlers see it: who asks, the parts of the service, and the idempotency key.

async def handler(request: Call) -> Answer[Me]:
    head = await request.services.identity.profile(request.user_id)
"""

from __future__ import annotations

from math import ceil, inf
from typing import TYPE_CHECKING, Any, Final, cast
from uuid import UUID

from litestar.connection import Request
from litestar.datastructures import State
from litestar.exceptions.http_exceptions import RequestEntityTooLarge
from litestar.types import Empty

from fintwin.api.answers import encode
from fintwin.api.problems import SIGNED_OUT, TOO_MANY, ProblemError, malformed, refused
from fintwin.domain.refusals import Refusal
from fintwin.identity.tokens import Bearer
from fintwin.ledger.ledger import Answer as LedgerAnswer
from fintwin.ledger.ledger import Booking
from fintwin.ledger.ledger import Request as LedgerRequest
from fintwin.ledger.submission import NotApplied

if TYPE_CHECKING:
    from prometheus_client.registry import CollectorRegistry

    from fintwin.api.door import Door
    from fintwin.api.measured import Models
    from fintwin.api.movements import Currencies
    from fintwin.api.room import Visit
    from fintwin.bootstrap import Services
    from fintwin.store.heads import Heads
    from fintwin.store.statement_pages import StatementPages

KEY_LENGTH_MAX: Final = 255
GUESSES_COUNTED_MAX: Final = 1000


class Call(Request[Bearer, Any, State]):
    """A request of a signed-in person; see the module."""

    async def body(self) -> bytes:
        """The whole body, within the route's limit. Litestar's own way looks at it twice, at a tenth of a deposit's cost."""
        if self._body is not Empty:
            return self._body
        limit = self.route_handler.resolve_request_max_body_size() or inf
        visit: Visit = self.scope["visit"]  # type: ignore[typeddict-item]  # see `api.door`
        visit.awaits_body()
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
        visit.has_body()
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
    def heads(self) -> Heads:
        """Reads heads for all requests together."""
        return cast("Heads", self.app.heads)  # type: ignore[attr-defined]

    @property
    def statement_pages(self) -> StatementPages:
        """Reads pages of statements for all requests together."""
        return cast("StatementPages", self.app.statement_pages)  # type: ignore[attr-defined]

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
    def door(self) -> Door:
        """What the request passed before it was routed."""
        return cast("Door", self.app.door)  # type: ignore[attr-defined]

    def limit_guesses(self, found: int) -> None:
        """Names of accounts that turned out to be nobody's: ``found`` just now. Raises a 429 where there were too many before."""
        limits, asker = self.services.limits, self.user_id.int
        if not found:
            wait_s = limits.wait_s("unknown_account", asker)
            if wait_s > 0:
                raise too_many(wait_s)
        for _ in range(min(found, GUESSES_COUNTED_MAX)):
            limits.take("unknown_account", asker)

    def limit_sign_ins(self) -> None:
        """Count an attempt to sign in, by its address. Raises a 429 where there were too many."""
        wait_s = self.services.limits.take("sign_in", self.door.address(self.scope))
        if wait_s > 0:
            raise too_many(wait_s)

    @property
    def idempotency_key(self) -> str | None:
        """The header, 1 to 255 characters, or None where there is none."""
        found: bytes | None = None
        for name, value in self.scope["headers"]:
            if name == b"idempotency-key":
                if found is not None:  # which of them is meant would be a guess about money
                    raise malformed("A request has one Idempotency-Key.", "Idempotency-Key")
                found = value
        if found is None:
            return None
        if not 0 < len(found) <= KEY_LENGTH_MAX:
            raise malformed("An Idempotency-Key has 1 to 255 characters.", "Idempotency-Key")
        return found.decode("latin-1")

    def command(self, *words: object) -> LedgerRequest:
        """The ledger's request for a command; ``words`` are what an equal request must equal, its name first."""
        key = self.idempotency_key
        return LedgerRequest(user_id=self.user_id, key=key, body=b"" if key is None else encode(words))


async def signed_in(request: Request[Any, Any, Any]) -> None:
    """What comes before every route that is not public: whom the door did not know gets 401.

    A hook and no guard: for each guard and request Litestar copies the whole handler.
    """
    if request.scope.get("user") is None:
        raise ProblemError(SIGNED_OUT)


def too_many(wait_s: float) -> ProblemError:
    """The 429 that says when to come back."""
    return ProblemError(TOO_MANY, {"Retry-After": str(ceil(wait_s))})


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
