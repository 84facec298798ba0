"""One notification as a row: codes and figures, no text; shared by the read models that make some.

`notifications` makes them from movements and kept simulations, `risk` from its score crossing a threshold. What is booked more
than `NEWS_DAYS` after it happened (an import) is no news: nothing is said of it.

    made(event, "deposit", "info", account_id, currency="EUR", amount_minor=1250_50)
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import UUID

from fintwin.domain.streams import Recorded
from fintwin.projections.model import Row, row_id
from fintwin.projections.risk_levels import Reason

NEWS_DAYS: Final = 7
_NEWS: Final = timedelta(days=NEWS_DAYS)

Type = Literal["risk", "alert", "info"]
Code = Literal["deposit", "withdrawal", "transfer_sent", "transfer_received", "simulation", "risk_alert"]


class Notification(Row, frozen=True, gc=False):
    """One notification; ``amount_minor`` in ``currency``, ``score`` and ``reason`` of the risk or the simulation."""

    user_id: UUID
    notification_id: UUID
    account_id: UUID
    position: int
    code: Code
    type: Type
    created_at: datetime
    is_read: bool
    currency: str | None
    amount_minor: int | None
    score: int | None
    reason: Reason | None
    scenario: str | None


def is_news(event: Recorded) -> bool:
    """Whether the event was booked soon after it happened."""
    return event.recorded_at - event.effective_at <= _NEWS


def made(
    event: Recorded,
    code: Code,
    kind: Type,
    account_id: UUID,
    *,
    currency: str | None = None,
    amount_minor: int | None = None,
    score: int | None = None,
    reason: Reason | None = None,
    scenario: str | None = None,
) -> Notification:
    """The notification that an event gives rise to."""
    return Notification(
        event.user_id, row_id(event, code), account_id, event.position, code, kind, event.recorded_at, False,  # noqa: FBT003
        currency, amount_minor, score, reason, scenario,
    )  # fmt: skip
