"""What the risk score of an account was at the end of past months, by the very fold and score that production runs.

The history is gone through in the order in which things count, so what was booked late stands where it belongs and an imported
past has a course as well. It is what the score would have said with all that is known today; where nothing was booked late, it is
what it did say.

    course([...], account_id, month_ends(date(2026, 3, 20), 3))
    -> [(date(2026, 1, 31), 12), (date(2026, 2, 28), 35)]      # opened in January; March has not ended
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any, Final
from uuid import UUID

from fintwin.domain.accounts.events import AccountOpened
from fintwin.domain.streams import Recorded
from fintwin.projections import risk
from fintwin.projections.model import Key
from fintwin.projections.risk_levels import score
from fintwin.projections.risk_state import seconds

_CONCERNED: Final = frozenset(risk.MODEL.events)


def month_ends(today: dt.date, months: int) -> list[dt.date]:
    """The last days of the ``months`` months before this one, oldest first.

    >>> month_ends(dt.date(2026, 3, 20), 2)
    [datetime.date(2026, 1, 31), datetime.date(2026, 2, 28)]
    """
    ends: list[dt.date] = []
    first = today.replace(day=1)
    for _ in range(months):
        end = first - dt.timedelta(days=1)
        ends.append(end)
        first = end.replace(day=1)
    return ends[::-1]


def course(events: Iterable[Recorded], account_id: UUID, ends: Sequence[dt.date]) -> list[tuple[dt.date, int]]:
    """The score at the end of each of these days, oldest first, from the account's first movement on.

    ``events`` are one user's, in the order of booking.
    """
    told: list[tuple[dt.date, int]] = []
    # Accounts first: money that counts from before the opening is of an account that is there.
    ordered = sorted(
        (event for event in events if type(event.event) in _CONCERNED),
        key=lambda event: (not isinstance(event.event, AccountOpened), event.effective_at),
    )
    rows: dict[Key, Any] = {}
    taken = 0
    for day in ends:
        end = dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), dt.UTC)
        begun = taken
        while taken < len(ordered) and (
            isinstance(ordered[taken].event, AccountOpened) or ordered[taken].effective_at < end
        ):
            taken += 1
        if taken > begun:
            for key, row in risk.fold(rows, ordered[begun:taken]).items():
                if row is None:
                    rows.pop(key, None)
                else:
                    rows[key] = row
        account = rows.get((risk.ACCOUNT, account_id))
        if account is None or account.state.origin is None:
            continue
        pot = rows.get((risk.POT, account.state.currency))
        told.append((day, score(account.state, None if pot is None else pot.state, seconds(end) - 1).score))
    return told
