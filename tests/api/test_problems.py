"""Nothing that comes in gives a 500, and whatever goes wrong is told as a problem."""

import asyncio
from typing import Any

import httpx
import pytest

from fintwin.ledger.submission import LedgerBusyError, LedgerFaultError, OutcomeUnknownError
from tests.api.people import Answer, Person, Service, service
from tests.conftest import Database

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.usefixtures("projected")]

DEEP = b"[" * 30_000 + b"]" * 30_000
BODIES = [
    b"",
    b"{",
    b"[]",
    b"null",
    b'"deposit"',
    b"\xff\xfe",
    b'{"type":"deposit","amount":5,"note":"\\ud800"}',
    b'{"type":"deposit","amount":5,"note":"a\\u0000b"}',
    b'{"type":"deposit","amount":5,"note":"\xed\xa0\x80"}',
    b'{"type":"deposit","amount":5,"note":"' + b"x" * 501 + b'"}',
    b'{"type":"deposit","amount":5,"note":5}',
    b'{"type":"deposit","amount":5,"category":["a"]}',
    b'{"type":"deposit","amount":5,"counterparty":"ACME"}',
    b'{"type":"deposit","amount":5,"counterparty":{"name":"' + b"x" * 101 + b'"}}',
    b'{"type":"loan","amount":5}',
    b'{"amount":5}',
    b'{"type":"deposit"}',
    b'{"type":"deposit","amount":5,"account_id":"me"}',
    b'{"type":"deposit","amount":5,"effective_at":"2026-01-01"}',
    b'{"type":"deposit","amount":5,"effective_at":"2026-01-01T00:00:00"}',
    b'{"type":"deposit","amount":5,"effective_at":"0001-01-01T00:00:00+23:00"}',
    b'{"type":"deposit","amount":5,"effective_at":1}',
    b'{"type":"deposit","amount":5,"x":' + DEEP + b"}",
    DEEP,
]


@pytest.mark.parametrize("body", BODIES, ids=lambda body: repr(body[:50]))
async def test_a_malformed_body_is_400(ada: Person, body: bytes) -> None:
    """With a readable sentence, and nothing is booked."""
    answer = await ada.post("/api/transactions/", body)
    assert (answer.status, answer.code) == (400, "malformed"), answer.text
    assert isinstance(answer.json["detail"], str)
    assert (await ada.get("/api/transactions/")).json == []


async def test_a_field_at_fault_is_named(ada: Person) -> None:
    """By its path in the body."""
    answer = await ada.post("/api/transactions/batch", {"items": [{"type": "deposit", "amount": True}]})
    assert [one["field"] for one in answer.json["errors"]] == ["items[0].amount"]
    assert "number" in answer.json["detail"]


async def test_repeated_and_unknown_fields_do_no_harm(ada: Person) -> None:
    """The last one of a name counts, unknown ones are skipped."""
    answer = await ada.post("/api/transactions/", b'{"type":"deposit","amount":1,"amount":2,"later":{"a":[1]}}')
    assert (answer.status, answer.json["amount"]) == (201, 2)


@pytest.mark.parametrize(
    ("path", "size", "status"),
    [
        ("/api/transactions/", 64 * 1024, 400),
        ("/api/transactions/", 64 * 1024 + 1, 413),
        ("/api/transactions/batch", 4 * 1024 * 1024, 400),
        ("/api/transactions/batch", 4 * 1024 * 1024 + 1, 413),
        ("/api/auth/profile", 64 * 1024 + 1, 413),
    ],
)
async def test_a_body_has_a_limit(ada: Person, path: str, size: int, status: int) -> None:
    """64 KiB, a batch 4 MiB."""
    body = b'{"pad":"' + b"x" * (size - 10) + b'"}'
    answer = await ada.ask("PUT" if path.endswith("profile") else "POST", path, body)
    assert (answer.status, answer.code) == (status, "body_too_large" if status == 413 else "malformed")


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/internal/nothing", 404, "not_found"),
        ("GET", "/api/nothing", 404, "not_found"),
        ("GET", "/api/transactions/not-an-id", 404, "not_found"),
        ("GET", "/api/transactions/%00", 404, "not_found"),
        ("GET", "/api/accounts/..%2f..", 404, "not_found"),
        ("DELETE", "/api/transactions/", 405, "method_not_allowed"),
        ("PATCH", "/api/auth/me", 405, "method_not_allowed"),
    ],
)
async def test_what_is_not_there_is_told_as_a_problem(
    ada: Person, method: str, path: str, status: int, code: str
) -> None:
    """Also before a route is found."""
    answer = await ada.ask(method, path)
    assert (answer.status, answer.code) == (status, code)
    problem = answer.json
    assert set(problem) == {"type", "title", "status", "detail", "code", "errors", "request_id"}
    assert problem["request_id"] == answer.headers["x-request-id"]
    assert status != 405 or "GET" in answer.headers["allow"]


async def test_every_answer_is_private_and_has_an_id(ada: Person) -> None:
    """Nobody on the way stores it, no browser guesses its type; ids differ."""
    answers = [await ada.get(path) for path in ("/api/auth/me", "/api/auth/me", "/api/nothing")]
    assert {answer.headers["cache-control"] for answer in answers} == {"no-store"}
    assert {answer.headers["x-content-type-options"] for answer in answers} == {"nosniff"}
    assert len({answer.headers["x-request-id"] for answer in answers}) == 3


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (LedgerBusyError(), 503, "busy"),
        (OutcomeUnknownError(), 503, "outcome_unknown"),
        (LedgerFaultError("constraint balance_within_limit"), 500, "internal_error"),
        (ConnectionError("10.0.0.7:5432"), 503, "database_unavailable"),
        (ValueError("/etc/passwd"), 500, "internal_error"),
    ],
    ids=lambda value: type(value).__name__,
)
async def test_what_fails_inside_is_told_without_its_insides(
    ada: Person, app: Service, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int, code: str
) -> None:
    """503 says when to come again; nothing of the error's own text gets out."""

    async def fail(*_: Any) -> None:
        raise error

    with monkeypatch.context() as patched:
        patched.setattr(app.services.ledger, "move", fail)
        answer = await ada.post("/api/transactions/", {"type": "deposit", "amount": 1})
    assert (answer.status, answer.code) == (status, code)
    assert str(error) not in answer.text or not str(error)
    assert ("retry-after" in answer.headers) == (status == 503)
    assert code != "outcome_unknown" or "Idempotency-Key" in answer.json["detail"]


async def test_a_full_queue_turns_requests_away(database: Database) -> None:
    """503 with `Retry-After`; what was taken is booked."""
    async with service(database) as app:
        ada = await app.person()
        app.services.writer._waiting_max = 4
        answers = await asyncio.gather(
            *(ada.post("/api/transactions/", {"type": "deposit", "amount": 1}) for _ in range(60))
        )
        statuses = [answer.status for answer in answers]
        assert set(statuses) == {201, 503}
        assert await ada.balance() == statuses.count(201)


async def test_health_needs_no_token_and_tells_no_secret(app: Service) -> None:
    """Live, ready and the metrics, which count by route and status and name no user."""
    ada = await app.person(deposit=5)
    assert (await app.client.get("/health/live")).json() == {"status": "alive"}
    assert (await app.client.get("/health/ready")).json() == {"status": "ready"}
    await ada.get("/api/nothing-of-this-name")
    metrics: httpx.Response = await app.client.get("/metrics")
    assert 'fintwin_http_request_seconds_count{method="POST",route="/api/transactions",status="201"}' in metrics.text
    assert "fintwin_ledger_waiting 0.0" in metrics.text
    assert ada.id not in metrics.text
    assert "nothing-of-this-name" not in metrics.text
    assert Answer(await app.client.get("/internal/noop")).status == 401
