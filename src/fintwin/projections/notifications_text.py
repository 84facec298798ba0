"""Notifications in words, made when they are read: amounts in their own currency, written as the reader's locale has them.

>>> from fintwin.projections.notification_rows import Notification
>>> from datetime import UTC, datetime
>>> from uuid import UUID
>>> at, user = datetime(2026, 1, 2, tzinfo=UTC), UUID(int=1)
>>> row = Notification(
...     user, UUID(int=2), user, 7, "deposit", "info", at, False, "EUR", 125_050, None, None, None
... )  # fmt: skip
>>> title(row), message(row, "en_IE")
('Deposit received', '€1,250.50 came in.')
"""

from __future__ import annotations

from typing import Final

from fintwin.projections.money_text import money_text
from fintwin.projections.notification_rows import Notification
from fintwin.projections.risk_text import flag

_TITLES: Final = {
    "deposit": "Deposit received",
    "withdrawal": "Withdrawal processed",
    "transfer_sent": "Transfer sent",
    "transfer_received": "Transfer received",
    "simulation": "Simulation completed",
    "risk_alert": "Risk alert on your account",
}
_MESSAGES: Final = {
    "deposit": "{amount} came in.",
    "withdrawal": "{amount} went out.",
    "transfer_sent": "{amount} was sent.",
    "transfer_received": "{amount} was received.",
    "simulation": "The simulated {scenario} ends at {amount} with a risk score of {score}.",
    "risk_alert": "The risk score rose to {score}. {flag}.",
}


def title(row: Notification) -> str:
    """The title, one of a fixed set that clients know."""
    return _TITLES[row.code]


def message(row: Notification, locale: str | None = None) -> str:
    """The sentence."""
    currency = row.currency or ""
    return _MESSAGES[row.code].format(
        amount="" if row.amount_minor is None else money_text(row.amount_minor, currency, locale),
        scenario=(row.scenario or "").replace("_", " "),
        score=row.score,
        flag="" if row.reason is None else flag(row.reason, currency, locale),
    )
