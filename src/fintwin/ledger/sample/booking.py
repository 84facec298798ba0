"""Books a made-up life for a user who is registered and has nothing yet.

The user is one whose `UserRegistered` is marked as a sample; so are all movements, by their metadata. What is booked has keys:
started again after an end in the middle, on the same day, it goes on where it ended.

    await ledger.register(Request(user_id=user_id), RegisterUser(at=now, provider="demo", sample=True))
    movements = await lived_in(ledger, user_id, seed=7, today=now.date(), currency="EUR")
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Final
from uuid import UUID

from fintwin.domain.profiles import ProfileAnswers
from fintwin.domain.refusals import Code, Refusal
from fintwin.ledger.importing.sending import send_in_order
from fintwin.ledger.ledger import Answer, Booking, Ledger, Request
from fintwin.ledger.movements import Movement, Party
from fintwin.ledger.sample.habits import SAVINGS_RATE_PERCENT
from fintwin.ledger.sample.life import Account, Move, last_salary_minor, life

METADATA: Final = {"source": "sample"}


class SampleRefusedError(Exception):
    """The user cannot be given a life; one sentence says why."""


async def lived_in(ledger: Ledger, user_id: UUID, *, seed: int, today: date, currency: str = "EUR") -> int:
    """Complete the profile, open three accounts and book two years up to the day before ``today``.

    Gives the number of movements. Raises `SampleRefusedError`, and the errors of `Ledger.submit`.
    """
    body = f"{seed}:{today}:{currency}".encode()

    def request(name: str) -> Request:
        return Request(user_id=user_id, key=f"sample:{name}", body=body, metadata=METADATA)

    answers = ProfileAnswers(
        account_name="Everyday account",
        currency_preference=currency,
        monthly_income_minor=last_salary_minor(today, currency),
        financial_goal="savings",
        risk_appetite="medium",
    )
    _must(await ledger.fill_in_profile(request("profile"), answers))
    rate = Decimal(SAVINGS_RATE_PERCENT)
    savings = await ledger.open_account(
        request("savings"), name="Savings account", kind="savings", currency=currency, annual_rate_percent=rate
    )
    wallet = await ledger.open_account(request("wallet"), name="Wallet", kind="cash", currency=currency)
    ids: dict[Account, UUID] = {
        "main": user_id,
        "savings": _must(savings).entries[0].stream.id,
        "wallet": _must(wallet).entries[0].stream.id,
    }
    moves = life(seed, today, currency)
    items = [(request(str(number)), _movement(move, ids)) for number, move in enumerate(moves, 1)]
    for outcome in await send_in_order(ledger, items):
        if isinstance(outcome, Refusal):
            raise SampleRefusedError(outcome.detail)
    return len(moves)


def _movement(move: Move, ids: dict[Account, UUID]) -> Movement:
    return Movement(
        kind=move.kind,
        account_id=ids[move.account],
        to_account=None if move.to is None else ids[move.to],
        amount_minor=move.amount_minor,
        note=move.note,
        category=move.category,
        counterparty=None if move.payee is None else Party(name=move.payee),
        effective_at=move.at,
    )


def _must(answer: Answer) -> Booking:
    if isinstance(answer, Refusal):
        if answer.code is Code.IDEMPOTENCY_KEY_REUSED:
            msg = "This user has another sample history already."
            raise SampleRefusedError(msg)
        raise SampleRefusedError(answer.detail)
    assert isinstance(answer, Booking), "single commands are booked or refused"
    return answer
