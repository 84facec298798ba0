"""Notifications: what a user should hear of, made from the events themselves; no request can post one.

A row keeps codes and figures only; `notifications_text` makes the sentence when it is read, in the reader's locale. Reading
and deleting are events, so a rebuild brings nothing back. "All read" moves one mark per account, whatever the number.

Alerts about the risk are made where the risk is known, by the read model `risk`, in the same form; readers get both as one
list. Each of the two takes "read" and "deleted" for its own rows, `mark`.

Worked example: Deposited 1,000.00, Withdrawn 950.00 gives two rows here, and a third in `risk`:

    deposit (info)    withdrawal (alert)    |    risk_alert (risk: the score went from 0 to 75)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from msgspec.structs import replace

from fintwin.domain.accounts.events import AccountOpened, Deposited, TransferReceived, TransferSent, Withdrawn
from fintwin.domain.notifications.events import AllNotificationsRead, NotificationDeleted, NotificationRead
from fintwin.domain.simulations.events import SimulationSaved
from fintwin.domain.streams import Recorded
from fintwin.projections.model import Changes, Key, ReadModel, Row, Table, UserRows, current
from fintwin.projections.notification_rows import Code, Notification, Type, is_news, made

NOTIFICATION: Final = "notification"
ACCOUNT: Final = "notification_account"


class NotificationAccount(Row, frozen=True, gc=False):
    """An own account, and up to which position all its notifications have been read."""

    user_id: UUID
    account_id: UUID
    read_through: int


_MOVED: Final[dict[type, tuple[Code, Type]]] = {
    Deposited: ("deposit", "info"),
    Withdrawn: ("withdrawal", "alert"),
    TransferSent: ("transfer_sent", "info"),
    TransferReceived: ("transfer_received", "info"),
}
_SIMULATED: Final[dict[str, Type]] = {"medium": "alert", "high": "risk"}


def keys(event: Recorded) -> list[Key]:
    """The notification that is read or deleted, or the payer of a transfer, in case it is an own account."""
    what = event.event
    match what:
        case TransferReceived():
            return [(ACCOUNT, what.from_account)]
        case NotificationRead() | NotificationDeleted():
            return [(NOTIFICATION, what.notification_id)]
        case AllNotificationsRead():
            return [(ACCOUNT, what.account_id)]
    return []


def fold(rows: UserRows, events: Sequence[Recorded]) -> Changes:
    """What is new to say, and what has been read or deleted."""
    changes: dict[Key, Any] = {}
    for event in events:
        what = event.event
        moved = _MOVED.get(type(what))
        if moved is None:
            _unmoved(rows, changes, event)
        # A transfer between own accounts is told once, by its payer's side.
        elif is_news(event) and not (
            type(what) is TransferReceived and current(rows, changes, (ACCOUNT, what.from_account))
        ):
            row = made(event, *moved, event.stream_id, currency=what.currency, amount_minor=what.amount_minor)
            changes[NOTIFICATION, row.notification_id] = row
    return changes


def _unmoved(rows: UserRows, changes: dict[Key, Any], event: Recorded) -> None:
    what = event.event
    match what:
        case AccountOpened():
            changes[ACCOUNT, event.stream_id] = NotificationAccount(event.user_id, event.stream_id, 0)
        case SimulationSaved():
            _simulated(changes, event)
        case AllNotificationsRead():
            key = (ACCOUNT, what.account_id)
            account: NotificationAccount | None = current(rows, changes, key)
            if account is not None:
                changes[key] = replace(account, read_through=event.position)
        case _:
            mark(rows, changes, event, NOTIFICATION)


def mark(rows: UserRows, changes: dict[Key, Any], event: Recorded, table: str) -> None:
    """Change the row of ``table`` that an event reads or deletes, if it is there."""
    what = event.event
    key = (table, what.notification_id)
    row: Notification | None = current(rows, changes, key)
    if row is not None:
        changes[key] = None if isinstance(what, NotificationDeleted) else replace(row, is_read=True)


def _simulated(changes: dict[Key, Any], event: Recorded) -> None:
    what = event.event
    kind = _SIMULATED.get(what.level)
    if kind is None:
        return
    row = made(
        event, "simulation", kind, event.user_id if what.account_id is None else what.account_id, currency=what.currency,
        amount_minor=what.after_minor, score=what.risk_score, scenario=what.scenario,
    )  # fmt: skip
    changes[NOTIFICATION, row.notification_id] = row


MODEL: Final = ReadModel(
    name="notifications",
    version=1,
    tables=(Table(NOTIFICATION, Notification, key_fields=2), Table(ACCOUNT, NotificationAccount, key_fields=2)),
    events=(*_MOVED, AccountOpened, SimulationSaved, NotificationRead, AllNotificationsRead, NotificationDeleted),
    keys=keys,
    fold=fold,
    sources=("notification_rows", "risk_levels"),
)
