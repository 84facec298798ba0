"""What goes wrong, said the same way everywhere: `application/problem+json` (RFC 9457).

`detail` is always one readable sentence, `code` is stable, `errors` lists fields at fault, `request_id` finds the request in
the log. One function, `of_refusal`, gives the ledger's refusals their HTTP status; everything else that a handler can meet has
its row in `HANDLERS`. Nothing internal is in any text.

>>> of_refusal(Refusal(Code.SAME_ACCOUNT, "An account cannot pay itself.")).status
422
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from traceback import format_tb
from typing import Any, Final

import msgspec
import structlog
from litestar.connection import Request
from litestar.exceptions import HTTPException

from fintwin.api.answers import Answer
from fintwin.domain.refusals import Code, Refusal
from fintwin.ledger.submission import LedgerBusyError, OutcomeUnknownError
from fintwin.store.connect import LOST, UNDONE
from fintwin.store.keys import KeyDestroyedError
from fintwin.store.reading import NotReachedError

MEDIA_TYPE: Final = "application/problem+json"
_SERVER_FAULT: Final = 500
_log = structlog.get_logger(__name__)

_STATUSES: Final[dict[Code, int]] = {
    Code.UNKNOWN_ACCOUNT: 404,
    Code.UNKNOWN_TRANSACTION: 404,
    Code.UNKNOWN_HOLDING: 404,
    Code.UNKNOWN_PLAN: 404,
    Code.UNKNOWN_SIMULATION: 404,
    Code.UNKNOWN_NOTIFICATION: 404,
    Code.UNKNOWN_USER: 401,
    Code.USER_ERASED: 401,
    Code.USER_EXISTS: 409,
    Code.ACCOUNT_EXISTS: 409,
}
_CODES: Final[dict[int, str]] = {
    400: "malformed",
    401: "unauthenticated",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    413: "body_too_large",
    415: "malformed",
    429: "too_many_requests",
    503: "unavailable",
}
# Query parameters whose public names are words of Python; Litestar tells ours.
_PUBLIC_NAMES: Final = {"kind": "type", "since": "from", "until": "to", "least": "min", "most": "max", "form": "format"}
_DETAILS: Final[dict[int, str]] = {
    401: "Sign in first: this needs a valid token.",
    404: "There is nothing here.",
    405: "This address does not take that method.",
    413: "The body is larger than this address takes.",
}


class FieldError(msgspec.Struct, frozen=True):
    """A field of the request that is at fault."""

    field: str
    message: str


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """The body of every answer that is no success."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: tuple[FieldError, ...] = ()
    request_id: str = ""


class ProblemError(Exception):
    """Ends a handler with a problem."""

    def __init__(self, problem: Problem, headers: Mapping[str, str] | None = None) -> None:
        """``headers`` are sent along."""
        super().__init__(problem.detail)
        self.problem = problem
        self.headers = dict(headers or {})


def problem(status: int, code: str, detail: str, errors: tuple[FieldError, ...] = ()) -> Problem:
    """A problem; title and type come from status and code."""
    return Problem(
        type=f"urn:fintwin:problem:{code}",
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        code=code,
        errors=errors,
    )


def of_refusal(refusal: Refusal) -> Problem:
    """The HTTP form of a refusal of the ledger: 422, but for what is missing, taken, or nobody's."""
    return problem(_STATUSES.get(refusal.code, 422), refusal.code.value, refusal.detail)


def refused(refusal: Refusal) -> ProblemError:
    """The exception that answers with a refusal."""
    return ProblemError(of_refusal(refusal))


def malformed(detail: str, field: str | None = None) -> ProblemError:
    """The exception that answers 400."""
    errors = () if field is None else (FieldError(field, detail),)
    return ProblemError(problem(400, "malformed", detail, errors))


def answer(
    request: Request[Any, Any, Any], found: Problem, headers: Mapping[str, str] | None = None
) -> Answer[Problem]:
    """The response for a problem, with the id of the request."""
    told = msgspec.structs.replace(found, request_id=request.scope.get("request_id", ""))
    request.app.requests.refused(str(request.scope.get("path_template") or "none"), found.status, found.code)  # type: ignore[attr-defined]
    more = dict(headers or {})
    if found.status == HTTPStatus.UNAUTHORIZED:
        more.setdefault("WWW-Authenticate", "Bearer")
    elif found.status == HTTPStatus.SERVICE_UNAVAILABLE:
        more.setdefault("Retry-After", "1")
    return Answer(told, status_code=found.status, headers=more, media_type=MEDIA_TYPE)


BUSY: Final = problem(503, "busy", "Too much is waiting at the moment. Nothing was booked: try again shortly.")
OUTCOME_UNKNOWN: Final = problem(
    503,
    "outcome_unknown",
    "The connection to the database broke while this was being booked. Repeat the request with the same Idempotency-Key "
    "to learn what became of it; without a key, look at the list of transactions before trying again.",
)
DATABASE_DOWN: Final = problem(503, "database_unavailable", "The database cannot be reached at the moment: try again.")
NOT_REACHED: Final = problem(
    503,
    "not_reached",
    "What you last wrote is not in this view yet, and an older one is never shown: try again shortly.",
)
BUSY_DOOR: Final = problem(503, "busy", "Too many requests are being worked on. Nothing was done: try again shortly.")
TOO_LONG: Final = problem(
    503,
    "took_too_long",
    "This took too long and was given up. A write may have been booked all the same: repeat it with the same Idempotency-Key to "
    "learn what became of it.",
)
STOPPING: Final = problem(
    503,
    "stopping",
    "This process of the service is ending. A write may have been booked all the same: repeat it with the same Idempotency-Key "
    "to learn what became of it.",
)
TOO_MANY: Final = problem(429, "too_many_requests", "Too many requests in a short time: try again later.")
CROSS_SITE: Final = problem(
    403, "cross_site", "A session's cookie is taken from pages of this address only. Programs send a token instead."
)
UNKNOWN_HOST: Final = problem(
    400,
    "unknown_host",
    "This service does not answer to that host name; FINTWIN_ALLOWED_HOSTS lists those that it has.",
)
TLS_NEEDED: Final = problem(
    422, "tls_needed", "Signing in from another machine needs TLS: open this address with https."
)
SIGNED_OUT: Final = problem(401, "unauthenticated", _DETAILS[401])
FAULT: Final = problem(500, "internal_error", "Something went wrong on our side; the request id helps us to find it.")


def _of_problem(request: Request[Any, Any, Any], error: ProblemError) -> Answer[Problem]:
    return answer(request, error.problem, error.headers)


def _of_http(request: Request[Any, Any, Any], error: HTTPException) -> Answer[Problem]:
    status = error.status_code
    if status >= _SERVER_FAULT and status != HTTPStatus.SERVICE_UNAVAILABLE:
        return _of_fault(request, error)
    errors: tuple[FieldError, ...] = ()
    detail = _DETAILS.get(status)
    if status == HTTPStatus.BAD_REQUEST:
        extra = error.extra if isinstance(error.extra, list) else []
        errors = tuple(_field_error(one) for one in extra)
        said = "; ".join(f"{one.field}: {one.message}" for one in errors)
        detail = f"The request is malformed: {said}." if said else "The request is malformed."
    code = _CODES.get(status, "malformed")
    headers = {name: value for name, value in (error.headers or {}).items() if name.lower() in {"allow", "retry-after"}}
    return answer(request, problem(status, code, detail or HTTPStatus(status).phrase, errors), headers)


def _field_error(told: dict[str, str]) -> FieldError:
    """Litestar's words for a parameter, made fit for people."""
    field, message = str(told.get("key", "")), str(told.get("message", ""))
    if field == "data":
        return FieldError("body", "a JSON body is needed")
    if "matching regex" in message:
        return FieldError(_PUBLIC_NAMES.get(field, field), "holds characters that are not taken")
    return FieldError(_PUBLIC_NAMES.get(field, field), message.replace("`", ""))


def _of_fault(request: Request[Any, Any, Any], error: Exception) -> Answer[Problem]:
    # Where and what kind, but neither the error's own words nor any variable: these may hold somebody's data.
    _log.error(
        "request failed",
        request_id=request.scope.get("request_id"),
        route=request.scope.get("path_template"),
        error=type(error).__name__,
        trace="".join(format_tb(error.__traceback__)),
    )
    return answer(request, FAULT)


def _always(found: Problem) -> Callable[[Request[Any, Any, Any], Exception], Answer[Problem]]:
    return lambda request, _error: answer(request, found)


HANDLERS: Final[dict[int | type[Exception], Any]] = {
    ProblemError: _of_problem,
    HTTPException: _of_http,
    LedgerBusyError: _always(BUSY),
    OutcomeUnknownError: _always(OUTCOME_UNKNOWN),
    KeyDestroyedError: _always(SIGNED_OUT),
    NotReachedError: _always(NOT_REACHED),
    **dict.fromkeys(LOST, _always(DATABASE_DOWN)),
    **dict.fromkeys(UNDONE, _always(BUSY)),
    Exception: _of_fault,
}
"""Exceptions that a handler may end with, and the response to each."""
