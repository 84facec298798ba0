"""Double entry: the signed lines of a money event, which sum to zero in each currency.

Deposits and withdrawals stand against ``world:<CCY>``, the two halves of a transfer against ``transit:<CCY>``. These are
names, not accounts: they have no stream and no balance of their own, but over one transaction ``transit`` is always zero.

>>> from uuid import UUID
>>> from fintwin.domain.accounts import Deposited
>>> [str(p.amount_minor) for p in postings(UUID(int=7), Deposited(amount_minor=500, currency="EUR"))]
['500', '-500']
"""

from __future__ import annotations

from typing import Any, NamedTuple
from uuid import UUID

from fintwin.domain.accounts.events import Deposited, TransferReceived, TransferSent, Withdrawn


class Posting(NamedTuple):
    """One signed line in minor units: an account's id, or ``world:<CCY>`` or ``transit:<CCY>``."""

    account: UUID | str
    amount_minor: int
    currency: str


def postings(account_id: UUID, event: Any) -> tuple[Posting, ...]:
    """The lines of one event of an account stream; none for an event that moves no money."""
    match event:
        case Deposited():
            sign, other = 1, f"world:{event.currency}"
        case Withdrawn():
            sign, other = -1, f"world:{event.currency}"
        case TransferSent():
            sign, other = -1, f"transit:{event.currency}"
        case TransferReceived():
            sign, other = 1, f"transit:{event.currency}"
        case _:
            return ()
    amount = sign * event.amount_minor
    return (Posting(account_id, amount, event.currency), Posting(other, -amount, event.currency))
