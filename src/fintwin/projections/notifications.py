"""Notifications: what a user should hear of, made from the events themselves; no request can post one.

A row keeps codes and figures only; `notifications_text` makes the sentence when it is read, in the reader's locale. Reading
and deleting are events, so a rebuild brings nothing back. "All read" moves one mark per account, whatever the number.

The risk score is followed with the functions of `risk`, on a state kept in this model's own rows. An alert comes when the
score crosses 30 or 60 upwards, once: the same band can alert again only after the score has fallen `REARM_POINTS` below its
threshold, so a number that drifts around it does not bring a dismissed alert back.

What is booked more than `NEWS_DAYS` after it happened (an import) is no news: it counts for the risk, and nothing is said.

Worked example: Deposited 1,000.00, Withdrawn 950.00 gives three rows:

    deposit (info)    withdrawal (alert)    risk_alert (risk: the score went from 0 to 75)
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final, Literal
from uuid import UUID

from msgspec.structs import replace

from fintwin.domain.accounts.events import AccountOpened, Deposited, TransferReceived, TransferSent, Withdrawn
from fintwin.domain.notifications.events import AllNotificationsRead, NotificationDeleted, NotificationRead
from fintwin.domain.simulations.events import SimulationSaved
from fintwin.domain.streams import Recorded
from fintwin.projections import risk
from fintwin.projections.model import Changes, Key, ReadModel, Row, Table, UserRows, row_id
from fintwin.projections.risk_levels import LOW_MAX, MEDIUM_MAX, Reason, score
from fintwin.projections.risk_state import AccountRisk, Pot, seconds

NOTIFICATION: Final = "notification"
ACCOUNT: Final = "notification_account"
POT: Final = "notification_pot"

NEWS_DAYS: Final = 7
REARM_POINTS: Final = 5

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


class NotificationAccount(Row, frozen=True, gc=False):
    """What is known of an account: read up to which position, in which band the last alert was, and its risk."""

    user_id: UUID
    account_id: UUID
    read_through: int
    band: int
    state: AccountRisk


class NotificationPot(Row, frozen=True, gc=False):
    """The risk of a user's money in one currency."""

    user_id: UUID
    currency: str
    state: Pot


_MOVED: Final[dict[type, tuple[Code, Type]]] = {
    Deposited: ("deposit", "info"),
    Withdrawn: ("withdrawal", "alert"),
    TransferSent: ("transfer_sent", "info"),
    TransferReceived: ("transfer_received", "info"),
}
_SIMULATED: Final[dict[str, Type]] = {"medium": "alert", "high": "risk"}
_BANDS: Final[tuple[tuple[int, Type], ...]] = ((LOW_MAX, "alert"), (MEDIUM_MAX, "risk"))


def keys(event: Recorded) -> list[Key]:
    """The notification that is read or deleted, or the rows of `risk` for the same event."""
    what = event.event
    match what:
        case NotificationRead() | NotificationDeleted():
            return [(NOTIFICATION, what.notification_id)]
        case AllNotificationsRead():
            return [(ACCOUNT, what.account_id)]
        case SimulationSaved():
            return []
    named: list[Key] = [(ACCOUNT, event.stream_id)]
    if type(what) in _MOVED:
        named.append((POT, what.currency))
        other = risk.other_account(what)
        if other is not None:
            named.append((ACCOUNT, other))
    return named


def fold(rows: UserRows, event: Recorded) -> Changes:
    """What is new to say, and what has been read or deleted."""
    what = event.event
    if type(what) in _MOVED:
        return _moved(rows, event)
    match what:
        case SimulationSaved():
            return _simulated(event)
        case AccountOpened():
            opened = NotificationAccount(event.user_id, event.stream_id, 0, 0, risk.began(what))
            return {(ACCOUNT, event.stream_id): opened}
        case AllNotificationsRead():
            return _changed(rows, (ACCOUNT, what.account_id), read_through=event.position)
        case NotificationRead():
            return _changed(rows, (NOTIFICATION, what.notification_id), is_read=True)
        case NotificationDeleted():
            key = (NOTIFICATION, what.notification_id)
            return {key: None} if key in rows else {}
    key = (ACCOUNT, event.stream_id)
    return {key: replace(rows[key], state=risk.changed(rows[key].state, what))}


def _changed(rows: UserRows, key: Key, **fields: object) -> Changes:
    return {key: replace(rows[key], **fields)} if key in rows else {}


def _moved(rows: UserRows, event: Recorded) -> Changes:
    what = event.event
    key, pot_key = (ACCOUNT, event.stream_id), (POT, what.currency)
    account: NotificationAccount = rows[key]
    pot: NotificationPot | None = rows.get(pot_key)
    other = risk.other_account(what)
    own: NotificationAccount | None = None if other is None else rows.get((ACCOUNT, other))
    state, money = risk.advance_once(
        account.state, None if pot is None else pot.state, None if own is None else own.state, event
    )
    changes: dict[Key, Any] = {}
    if money is not None and (pot is None or money is not pot.state):
        changes[pot_key] = NotificationPot(event.user_id, what.currency, money)
    band = account.band
    if event.recorded_at - event.effective_at <= timedelta(days=NEWS_DAYS):
        if own is None or type(what) is TransferSent:
            code, kind = _MOVED[type(what)]
            made = _made(event, code, kind, event.stream_id, currency=what.currency, amount_minor=what.amount_minor)
            changes[NOTIFICATION, made.notification_id] = made
        found = score(state, money, seconds(event.effective_at))
        reached = sum(found.score > threshold for threshold, _ in _BANDS)
        if reached > band:
            alert = _made(
                event, "risk_alert", _BANDS[reached - 1][1], event.stream_id, currency=what.currency,
                score=found.score, reason=found.reasons[0],
            )  # fmt: skip
            changes[NOTIFICATION, alert.notification_id] = alert
            band = reached
        else:
            band = min(band, sum(found.score > threshold - REARM_POINTS for threshold, _ in _BANDS))
    changes[key] = NotificationAccount(event.user_id, event.stream_id, account.read_through, band, state)
    return changes


def _simulated(event: Recorded) -> Changes:
    what = event.event
    kind = _SIMULATED.get(what.level)
    if kind is None:
        return {}
    account_id = event.user_id if what.account_id is None else what.account_id
    made = _made(
        event, "simulation", kind, account_id, currency=what.currency, amount_minor=what.after_minor,
        score=what.risk_score, scenario=what.scenario,
    )  # fmt: skip
    return {(NOTIFICATION, made.notification_id): made}


def _made(
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
    return Notification(
        event.user_id, row_id(event, code), account_id, event.position, code, kind, event.recorded_at, False,  # noqa: FBT003
        currency, amount_minor, score, reason, scenario,
    )  # fmt: skip


MODEL: Final = ReadModel(
    name="notifications",
    version=1,
    tables=(
        Table(NOTIFICATION, Notification, key_fields=2),
        Table(ACCOUNT, NotificationAccount, key_fields=2),
        Table(POT, NotificationPot, key_fields=2),
    ),
    events=(*risk.EVENTS, SimulationSaved, NotificationRead, AllNotificationsRead, NotificationDeleted),
    keys=keys,
    fold=fold,
    sources=risk.SOURCES,
)
