"""Closing a period: from now on nothing is booked that counts on a day up to and including this one.

Each account that is there gets an event of its own, `PeriodClosed`, decided and booked like every other: so it is in the history,
the hash chain and the state of the account, and no look at a table beside the log is needed to decide. An account that is opened
later has had no books that could be closed, and takes its history. A run that was interrupted is simply started again.

    done = await close_period(ledger, auditor, date(2025, 12, 31), now=datetime.now(UTC))
    done.closed, done.closed_before, done.accounts_closed
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import date, datetime
from typing import Final
from uuid import UUID

import msgspec

from fintwin.domain import accounts
from fintwin.domain.refusals import Code, Refusal
from fintwin.ledger.ledger import Booking, Ledger, Request
from fintwin.store.auditing import account_page
from fintwin.store.connect import Connection

TOGETHER: Final = 256


class PeriodClosing(msgspec.Struct):
    """How many accounts got the event, had one of that day or a later one, or are closed themselves."""

    closed: int = 0
    closed_before: int = 0
    accounts_closed: int = 0


class NotClosedError(Exception):
    """An account could not be given the event; the sentence says why."""


async def close_period(
    ledger: Ledger,
    auditor: Connection,
    through: date,
    *,
    now: datetime,
    user_id: UUID | None = None,
    watch: Callable[[int], None] = lambda _accounts: None,
) -> PeriodClosing:
    """Close the period on all accounts, or on those of one user. Raises `NotClosedError`, `LedgerBusyError` and the like."""
    done = PeriodClosing()
    after = UUID(int=0)
    while page := await account_page(auditor, after, TOGETHER, user_id):
        after = page[-1][0]
        answers = await asyncio.gather(
            *(
                ledger.change_account(Request(user_id=owner), account_id, accounts.ClosePeriod(at=now, through=through))
                for account_id, owner in page
            )
        )
        for answer in answers:
            match answer:
                case Booking():
                    done.closed += 1
                case Refusal(code=Code.EFFECTIVE_AT_TOO_EARLY):
                    done.closed_before += 1
                case Refusal(code=Code.ACCOUNT_CLOSED):
                    done.accounts_closed += 1
                case Refusal(detail=detail):
                    raise NotClosedError(detail)
        watch(len(page))
    return done
