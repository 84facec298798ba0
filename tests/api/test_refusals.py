"""Every refusal of the ledger has one status, and each that a person can meet over HTTP is met here."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from fintwin.api.problems import of_refusal
from fintwin.domain.refusals import Code, Refusal
from tests.api.people import Answer, Person, Service

pytestmark = pytest.mark.asyncio(loop_scope="module")
Ask = Callable[[Service, Person], Awaitable[Answer]]

STATUSES = {
    Code.UNKNOWN_ACCOUNT: 404,
    Code.UNKNOWN_TRANSACTION: 404,
    Code.UNKNOWN_HOLDING: 404,
    Code.UNKNOWN_NOTIFICATION: 404,
    Code.UNKNOWN_PLAN: 404,
    Code.UNKNOWN_SIMULATION: 404,
    Code.UNKNOWN_USER: 401,
    Code.USER_ERASED: 401,
    Code.USER_EXISTS: 409,
    Code.ACCOUNT_EXISTS: 409,
}


@pytest.mark.parametrize("code", list(Code))
async def test_every_code_has_a_status(code: Code) -> None:
    """422, but for what is missing, taken or nobody's; the sentence is told as it is."""
    told = of_refusal(Refusal(code, "Why it is refused."))
    assert told.status == STATUSES.get(code, 422)
    assert (told.code, told.detail) == (code.value, "Why it is refused.")


def transaction(**body: object) -> Ask:
    async def ask(_: Service, ada: Person) -> Answer:
        return await ada.post("/api/transactions/", body)

    return ask


async def to_oneself(_: Service, ada: Person) -> Answer:
    return await ada.post("/api/transactions/", {"type": "transfer", "amount": 1, "to_account": ada.id})


async def to_another_currency(app: Service, ada: Person) -> Answer:
    bob = await app.person("USD")
    return await ada.post("/api/transactions/", {"type": "transfer", "amount": 1, "to_account": bob.id})


async def to_an_own_account_of_another_currency(_: Service, ada: Person) -> Answer:
    dollars = await ada.account("USD")
    return await ada.post("/api/transactions/", {"type": "transfer", "amount": 1, "to_account": dollars})


async def to_a_frozen_account(app: Service, ada: Person) -> Answer:
    bob = await app.person()
    await bob.post(f"/api/accounts/{bob.id}/freeze")
    return await ada.post("/api/transactions/", {"type": "transfer", "amount": 1, "to_account": bob.id})


async def to_a_closed_account(app: Service, ada: Person) -> Answer:
    bob = await app.person()
    await bob.post(f"/api/accounts/{bob.id}/close")
    return await ada.post("/api/transactions/", {"type": "transfer", "amount": 1, "to_account": bob.id})


async def from_a_frozen_account(_: Service, ada: Person) -> Answer:
    await ada.post(f"/api/accounts/{ada.id}/freeze")
    return await ada.post("/api/transactions/", {"type": "withdrawal", "amount": 1})


async def into_a_closed_account(_: Service, ada: Person) -> Answer:
    savings = await ada.account()
    await ada.post(f"/api/accounts/{savings}/close")
    return await ada.post("/api/transactions/", {"type": "deposit", "amount": 1, "account_id": savings})


async def frozen_twice(_: Service, ada: Person) -> Answer:
    await ada.post(f"/api/accounts/{ada.id}/freeze")
    return await ada.post(f"/api/accounts/{ada.id}/freeze")


async def unfrozen_for_nothing(_: Service, ada: Person) -> Answer:
    return await ada.post(f"/api/accounts/{ada.id}/unfreeze")


async def closed_with_money(_: Service, ada: Person) -> Answer:
    return await ada.post(f"/api/accounts/{ada.id}/close")


async def tomorrow(_: Service, ada: Person) -> Answer:
    at = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    return await ada.post("/api/transactions/", {"type": "deposit", "amount": 1, "effective_at": at})


async def before_there_was_money(_: Service, ada: Person) -> Answer:
    return await ada.post(
        "/api/transactions/", {"type": "withdrawal", "amount": 1, "effective_at": "2020-01-01T00:00:00Z"}
    )


async def from_somebody_elses_account(app: Service, ada: Person) -> Answer:
    bob = await app.person(deposit=100)
    return await ada.post("/api/transactions/", {"type": "withdrawal", "amount": 1, "account_id": bob.id})


async def over_15_digits(_: Service, ada: Person) -> Answer:
    return await ada.post("/api/transactions/", {"type": "deposit", "amount": "9999999999999.99"})


async def in_no_currency(_: Service, ada: Person) -> Answer:
    return await ada.post("/api/accounts/", {"name": "X", "kind": "cash", "currency": "XXQ"})


async def before_the_profile(app: Service, _: Person) -> Answer:
    newcomer = await app.newcomer()
    return await newcomer.post("/api/accounts/", {"name": "X", "kind": "cash", "currency": "EUR"})


@pytest.mark.parametrize(
    ("ask", "status", "code"),
    [
        (transaction(type="withdrawal", amount=1000), 422, "insufficient_funds"),
        (transaction(type="transfer", amount=1, to_account=str(uuid4())), 404, "unknown_account"),
        (transaction(type="deposit", amount=1, account_id=str(uuid4())), 404, "unknown_account"),
        (transaction(type="transfer", amount=1), 400, "malformed"),
        (transaction(type="transfer", amount=1, to_account=""), 400, "malformed"),
        (transaction(type="transfer", amount=1, to_account="nobody"), 400, "malformed"),
        (to_oneself, 422, "same_account"),
        (to_another_currency, 422, "recipient_cannot_receive"),
        (to_an_own_account_of_another_currency, 422, "currency_must_match"),
        (to_a_frozen_account, 422, "recipient_cannot_receive"),
        (to_a_closed_account, 422, "recipient_cannot_receive"),
        (from_a_frozen_account, 422, "account_frozen"),
        (into_a_closed_account, 422, "account_closed"),
        (frozen_twice, 422, "account_frozen"),
        (unfrozen_for_nothing, 422, "account_not_frozen"),
        (closed_with_money, 422, "balance_not_zero"),
        (tomorrow, 422, "effective_at_in_future"),
        (before_there_was_money, 422, "insufficient_funds"),
        (from_somebody_elses_account, 404, "unknown_account"),
        (over_15_digits, 422, "balance_too_large"),
        (in_no_currency, 422, "unknown_currency"),
        (before_the_profile, 422, "profile_incomplete"),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
async def test_a_refusal_says_which_rule(app: Service, ask: Ask, status: int, code: str) -> None:
    """Status, stable code and a readable sentence; money stays where it is."""
    ada = await app.person(deposit=100)
    answer = await ask(app, ada)
    assert (answer.status, answer.code) == (status, code), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json
    assert problem["status"] == status
    assert problem["request_id"] == answer.headers["x-request-id"]
    assert len(problem["detail"]) > 10
    assert await ada.balance() == 100


async def test_there_are_at_most_a_hundred_accounts(app: Service) -> None:
    """The next one is refused, and a repeated request for an earlier one is not."""
    ada = await app.person()
    body = {"name": "S", "kind": "savings", "currency": "EUR"}
    first = await ada.post("/api/accounts/", body, Idempotency_Key="first")
    for _ in range(98):
        await ada.account()
    assert (await ada.post("/api/accounts/", body)).code == "too_many_accounts"
    assert (await ada.post("/api/accounts/", body, Idempotency_Key="first")).json == first.json
