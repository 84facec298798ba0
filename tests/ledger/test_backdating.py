"""Payments that count before others: decided knowing the account's past, with nobody slipping in between."""

import asyncio
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

import pytest

from fintwin.domain import accounts
from fintwin.domain.accounts import delta_minor
from fintwin.domain.refusals import Code, Refusal
from fintwin.ledger.ledger import Booking, Request
from fintwin.ledger.movements import Movement
from fintwin.ledger.submission import NotApplied
from fintwin.store import read
from tests.conftest import Database
from tests.support.ledgers import Bank, booked, open_ledger, refused
from tests.support.log_check import problems_of


def ago(days: float) -> datetime:
    return datetime.now(UTC) - timedelta(days=days)


async def lowest_ever(bank: Bank, user: UUID, account: UUID | None = None) -> int:
    """The lowest balance at the end of any moment that something counted, added up from the log."""
    moves: dict[datetime, int] = {}
    async for one in read.history(bank.pool, user):
        if one.stream_id == (account or user):
            moves[one.effective_at] = moves.get(one.effective_at, 0) + delta_minor(one.event)
    balance, lowest = 0, 0
    for at in sorted(moves):
        balance += moves[at]
        lowest = min(lowest, balance)
    return lowest


async def test_a_late_payment_is_accepted_or_refused_by_the_days_in_between(database: Database) -> None:
    """100 ten days ago, 90 paid five days ago, 200 today: eight days ago 10 were to spend, no more."""
    async with open_ledger(database) as bank:
        anna = await bank.person()
        booked(await bank.deposit(anna, 100, effective_at=ago(10)))
        booked(await bank.withdraw(anna, 90, effective_at=ago(5)))
        booked(await bank.deposit(anna, 200))
        answer = await bank.withdraw(anna, 11, effective_at=ago(8))
        assert refused(answer) is Code.INSUFFICIENT_FUNDS
        assert isinstance(answer, Refusal)
        assert str(ago(5).date()) in answer.detail
        assert refused(await bank.withdraw(anna, 1, effective_at=ago(11))) is Code.INSUFFICIENT_FUNDS
        booked(await bank.withdraw(anna, 10, effective_at=ago(8)))
        assert refused(await bank.withdraw(anna, 1, effective_at=ago(9))) is Code.INSUFFICIENT_FUNDS
        booked(await bank.withdraw(anna, 200, effective_at=ago(0)))
        assert await bank.balance(anna) == 0
        assert (await bank.account(anna)).effective_at_last is not None
    assert await problems_of(database) == []


async def test_late_money_makes_late_payments_possible(database: Database) -> None:
    """A deposit of any open day is taken, and pays for what counts after it, whatever process booked either."""
    async with open_ledger(database) as one, open_ledger(database) as two:
        anna = await one.person(balance_minor=5)
        booked(await two.deposit(anna, 50, effective_at=ago(30)))
        assert refused(await one.withdraw(anna, 51, effective_at=ago(29))) is Code.INSUFFICIENT_FUNDS
        booked(await one.withdraw(anna, 30, effective_at=ago(29)))
        booked(await two.withdraw(anna, 20, effective_at=ago(28)))
        assert refused(await one.withdraw(anna, 1, effective_at=ago(27))) is Code.INSUFFICIENT_FUNDS
        assert await one.balance(anna) == 5
    assert await problems_of(database) == []


async def test_a_late_transfer_pays_a_closed_period_of_nobody(database: Database) -> None:
    """Neither the payer's closed days nor the payee's take a payment; the day after does."""
    async with open_ledger(database) as bank:
        anna, ben = await bank.person(), await bank.person()
        booked(await bank.deposit(anna, 100, effective_at=ago(30)))
        booked(await bank.deposit(anna, 1))
        closing = accounts.ClosePeriod(at=datetime.now(UTC), through=ago(20).date())
        booked(await bank.change(ben, closing))
        assert refused(await bank.transfer(anna, ben, 5, effective_at=ago(20))) is Code.RECIPIENT_CANNOT_RECEIVE
        booked(await bank.transfer(anna, ben, 5, effective_at=ago(19)))
        assert refused(await bank.deposit(ben, 5, effective_at=ago(21))) is Code.EFFECTIVE_AT_TOO_EARLY
        booked(await bank.change(anna, closing))
        for move in (bank.withdraw, bank.deposit):
            assert refused(await move(anna, 5, effective_at=ago(20))) is Code.EFFECTIVE_AT_TOO_EARLY
        assert refused(await bank.transfer(anna, ben, 5, effective_at=ago(20))) is Code.EFFECTIVE_AT_TOO_EARLY
        booked(await bank.withdraw(anna, 5, effective_at=ago(19)))
    assert await problems_of(database) == []


async def test_a_batch_keeps_its_order_through_the_past(database: Database) -> None:
    """Late and present movements of one batch are booked in their order; an atomic one all or none."""
    async with open_ledger(database) as bank:
        anna = await bank.person(balance_minor=1)

        def items(*moves: tuple[str, int, float | None]) -> list[tuple[Request, Movement | Refusal]]:
            return [
                (Request(user_id=anna), Movement(kind=kind, account_id=anna, amount_minor=amount,  # type: ignore[arg-type]
                                                 effective_at=None if days is None else ago(days)))
                for kind, amount, days in moves
            ]  # fmt: skip

        in_order = [("deposit", 100, 9.0), ("withdrawal", 60, 8.0), ("withdrawal", 41, None), ("withdrawal", 1, 8.0)]
        answers = await bank.ledger.move_all(items(*in_order))
        assert [type(one) for one in answers] == [Booking, Booking, Booking, Refusal]
        positions = [one.position for one in answers if isinstance(one, Booking)]
        assert positions == sorted(positions)
        answers = await bank.ledger.move_all(
            items(("deposit", 10, 9.0), ("withdrawal", 10, 7.0), ("withdrawal", 1, 9.5)), atomic=True
        )
        assert [type(one) for one in answers] == [NotApplied, NotApplied, Refusal]
        answers = await bank.ledger.move_all(items(("deposit", 10, 9.0), ("withdrawal", 10, 7.0)), atomic=True)
        assert [type(one) for one in answers] == [Booking, Booking]
        assert await bank.balance(anna) == 0
        assert await lowest_ever(bank, anna) == 0
    assert await problems_of(database) == []


@pytest.mark.parametrize("seed", range(3))
async def test_nobody_slips_in_between(database: Database, seed: int) -> None:
    """Three processes booking into the past and the present of one account at once: no moment of it was ever below zero."""
    draw = Random(seed)
    begin = ago(20)
    async with open_ledger(database) as one, open_ledger(database) as two, open_ledger(database) as three:
        anna = await one.person()
        ben = await one.person(balance_minor=1000)
        booked(await one.deposit(anna, 300, effective_at=begin))

        async def chance(bank: Bank) -> None:
            for _ in range(12):
                at = None if draw.random() < 0.3 else begin + timedelta(days=draw.randrange(20))
                amount = draw.choice((5, 40, 120))
                kind = draw.random()
                if kind < 0.35:
                    answer = await bank.deposit(anna, amount, effective_at=at)
                elif kind < 0.8:
                    answer = await bank.withdraw(anna, amount, effective_at=at)
                else:
                    answer = await bank.transfer(anna if draw.random() < 0.5 else ben, ben if kind < 0.9 else anna, 5)
                assert isinstance(answer, Booking | Refusal)

        await asyncio.gather(*(chance(bank) for bank in (one, two, three) for _ in range(3)))
        assert await lowest_ever(one, anna) >= 0
    assert await problems_of(database) == []
