"""How risky the state of an account is: a score from 0 to 100 that explains itself.

The fold remembers, of bounded size, what the score needs; the score is a pure function of that and of the moment, because
windows pass and reasons fade without any event. Nobody's payments are compared with anybody else's: all thresholds are
relative to the account's balance and the owner's own past.

- `risk_signals`: what a payment says (large, new counterparty, unusual, straight out again, dormant then busy, bursts);
- `risk_levels`: what the state of things says (overdrawn, drained, few months covered, income stopped), and the score;
- `risk_money`, `risk_state`: what is remembered; `risk_text`: flags and advice in words.

Worked example, an account whose owner drew everything on the day it came in:

    Deposited 1,000.00, Withdrawn 950.00  ->  score 75: in_and_out 40 (95 percent went on, 80 is the threshold),
                                              large_payment 35 (95 percent of the balance, 50 is the threshold)

The same fold makes the alerts, as notifications: one when the score after an event has crossed 30 or 60 upwards. The same
band alerts again only after the score has fallen `REARM_POINTS` below its threshold, so that a number that drifts around it
does not bring a dismissed alert back; and what is no news (`notification_rows.is_news`) is counted without a word.

A transfer between own accounts is neither income nor spending; a reversal neither. Only a transfer to an own account of
kind ``loan`` counts as spent, because it cannot be had back.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import msgspec

from fintwin.domain.accounts.events import (
    AccountClosed,
    AccountOpened,
    Deposited,
    OverdraftLimitSet,
    TransferReceived,
    TransferSent,
    Withdrawn,
)
from fintwin.domain.notifications.events import NotificationDeleted, NotificationRead
from fintwin.domain.streams import Recorded
from fintwin.projections.model import Changes, Key, ReadModel, Table, UserRows
from fintwin.projections.notification_rows import Notification, Type, is_news, made
from fintwin.projections.notifications import mark
from fintwin.projections.risk_levels import LOW_MAX, MEDIUM_MAX, score
from fintwin.projections.risk_money import earn, look_back, move, own_pot, remember
from fintwin.projections.risk_signals import (
    PASSED_ON_WITHIN,
    REST_DAYS,
    count,
    pass_on,
    wake,
    weigh,
    with_raised,
)
from fintwin.projections.risk_state import (
    DAY,
    EPOCH,
    RECENT_KEPT,
    AccountRisk,
    AccountRow,
    Fresh,
    Pot,
    PotRow,
)

ACCOUNT: Final = "risk_account"
POT: Final = "risk_pot"
ALERT: Final = "risk_alert"
MONEY: Final = (Deposited, Withdrawn, TransferSent, TransferReceived)
REARM_POINTS: Final = 5
KNOWN_SOURCE: Final = 2
"""Who has paid in so often before is a known source."""
_MONEY: Final = frozenset(MONEY)
_MARKS: Final = frozenset((NotificationRead, NotificationDeleted))
_BANDS: Final[tuple[tuple[int, Type], ...]] = ((LOW_MAX, "alert"), (MEDIUM_MAX, "risk"))


class _Work(msgspec.Struct, gc=False):
    """An account while a run is folded: a state to write to, the band of its last alert, and its last event."""

    state: AccountRisk
    band: int
    last: Recorded


class _Run:
    """The accounts and the money of one user while a run of events is folded; states are copied when first written to."""

    __slots__ = ("_accounts", "_changes", "_pots", "_present", "_rows", "_work")

    def __init__(self, rows: UserRows) -> None:
        self._rows = rows
        self._accounts: dict[UUID, _Work] = {}
        self._pots: dict[str, Pot] = {}
        self._changes: dict[Key, Any] = {}
        self._present: UUID | None = None
        self._work: _Work

    def change(self, event: Recorded, kind: type) -> None:
        """One more event that moves no money."""
        what = event.event
        if kind in _MARKS:
            mark(self._rows, self._changes, event, ALERT)
        elif kind is AccountOpened:
            self._accounts[event.stream_id] = _Work(AccountRisk(what.currency, what.kind), 0, event)
            self._present = None
        else:
            work = self._account(event)
            work.last = event
            if kind is OverdraftLimitSet:
                work.state.limit_minor = what.overdraft_limit_minor
            else:
                work.state.closed = True

    def move(self, event: Recorded, kind: type) -> None:
        """One more movement."""
        what = event.event
        # Comparing ids is cheaper than looking one up, and a run seldom changes accounts.
        if event.stream_id != self._present:
            self._work = self._account(event)
            self._present = event.stream_id
        work = self._work
        work.last = event
        account = work.state
        out = kind is Withdrawn or kind is TransferSent
        since = event.effective_at - EPOCH
        at = since.days * DAY + since.seconds
        amount: int = what.amount_minor
        before_minor = account.balance_minor
        account.balance_minor = balance_minor = before_minor - amount if out else before_minor + amount
        if account.origin is None:
            account.origin = at
        if balance_minor >= 0:
            account.overdrawn_by = None
        elif account.overdrawn_by is None:
            account.overdrawn_by = event.transaction_id
        other = None if kind is Withdrawn or kind is Deposited else self._kind_of_other(what)
        pot: Pot | None
        if account.kind == "loan" or (other is not None and other != "loan"):
            pot = self._pots.get(what.currency) or self._stored_pot(what.currency)
        else:
            pot = self._pots.get(what.currency) or self._pot(what.currency, at)
            if what.reverses is not None or (other is not None and not out):
                if move(pot, at, balance_minor - before_minor):
                    look_back(pot)
            elif out:
                _pay(account, before_minor, pot, event, at)
            else:
                _receive(account, pot, event, at)
        if is_news(event):
            self._alert(work, pot, event, at)

    def _account(self, event: Recorded) -> _Work:
        work = self._accounts.get(event.stream_id)
        if work is None:
            row: AccountRow = self._rows[ACCOUNT, event.stream_id]
            state: AccountRisk = row.state.__copy__()  # type: ignore[attr-defined]
            self._accounts[event.stream_id] = work = _Work(state, row.band, event)
        return work

    def _kind_of_other(self, what: TransferSent | TransferReceived) -> str | None:
        """The kind of the account at the other end, where that is an own one."""
        account_id = what.to_account if isinstance(what, TransferSent) else what.from_account
        work = self._accounts.get(account_id)
        if work is not None:
            return work.state.kind
        row: AccountRow | None = self._rows.get((ACCOUNT, account_id))
        return None if row is None else row.state.kind

    def _pot(self, currency: str, at: int) -> Pot:
        stored = self._stored_pot(currency)
        self._pots[currency] = pot = Pot(origin=at) if stored is None else own_pot(stored)
        return pot

    def _stored_pot(self, currency: str) -> Pot | None:
        row: PotRow | None = self._rows.get((POT, currency))
        return None if row is None else row.state

    def _alert(self, work: _Work, pot: Pot | None, event: Recorded, at: int) -> None:
        """An alert where the score has crossed into a higher band than that of the last one."""
        found = score(work.state, pot, at)
        points = found.score
        reached = 0 if points <= LOW_MAX else 1 if points <= MEDIUM_MAX else 2
        if reached > work.band:
            work.band = reached
            alert = made(
                event, "risk_alert", _BANDS[reached - 1][1], event.stream_id, currency=work.state.currency, score=points,
                reason=found.reasons[0],
            )  # fmt: skip
            self._changes[ALERT, alert.notification_id] = alert
        elif work.band:
            work.band = min(work.band, sum(points > threshold - REARM_POINTS for threshold, _ in _BANDS))

    def changes(self, user_id: UUID) -> Changes:
        """All that the run has changed."""
        found = self._changes
        for account_id, work in self._accounts.items():
            last = work.last
            row = AccountRow(user_id, account_id, last.position, last.recorded_at, work.band, work.state)
            found[ACCOUNT, account_id] = row
        for currency, pot in self._pots.items():
            found[POT, currency] = PotRow(user_id, currency, pot)
        return found


def _pay(account: AccountRisk, before_minor: int, pot: Pot, event: Recorded, at: int) -> None:
    """Take a payment to others into account and pot; ``before_minor`` is the account's balance before it."""
    what = event.event
    amount: int = what.amount_minor
    payee: str | None
    if type(what) is TransferSent:
        transfer, payee = True, what.to_account.hex[-16:]
    else:
        transfer, payee = False, what.payee_ref and what.payee_ref[:16]
    found = weigh(account, before_minor, pot, at, amount, payee, transfer=transfer)
    if account.payments:
        rest_days = (at - account.paid_at) // DAY
        if account.woken is not None or rest_days >= REST_DAYS:
            account.woken = wake(account, before_minor, at, amount, found)
        account.longest_rest_days = max(account.longest_rest_days, rest_days)
    fresh = account.fresh
    if fresh is not None:
        account.fresh = pass_on(fresh, at, amount, found)
    count(account, at, amount, found, timed=not what.date_only)
    account.payments += 1
    account.paid_at = max(account.paid_at, at)
    if found:
        account.raised = with_raised(account, fresh, found, at, event.transaction_id)
    account.recent = (*account.recent[1 - RECENT_KEPT :], event.transaction_id)
    if move(pot, at, -amount, 0, amount):
        look_back(pot)
    remember(pot, at, amount, payee, transfer=transfer)


def _receive(account: AccountRisk, pot: Pot, event: Recorded, at: int) -> None:
    """Take income from others into account and pot."""
    what = event.event
    amount = what.amount_minor
    if type(what) is TransferReceived:
        source = what.from_account.hex[-16:]
    else:
        source = what.payee_ref[:16] if what.payee_ref else what.category or ""
    known, fresh = pot.incomes.get(source), account.fresh
    if known is None or known.count < KNOWN_SOURCE or amount > 3 * max(known.amounts_minor):
        if fresh is not None and at - fresh.at <= PASSED_ON_WITHIN:
            evidence = (*fresh.evidence[-1:], event.transaction_id)
            account.fresh = Fresh(fresh.at, fresh.in_minor + amount, fresh.out_minor, evidence)
        elif 2 * amount >= abs(account.balance_minor):
            account.fresh = Fresh(at, amount, 0, (event.transaction_id,))
    earn(pot, at, amount, source, event.transaction_id)


def keys(event: Recorded) -> list[Key]:
    """The account, the money in its currency, and the other account of a transfer, in case it is an own one."""
    what = event.event
    kind = type(what)
    if kind in _MARKS:
        return [(ALERT, what.notification_id)]
    named: list[Key] = [(ACCOUNT, event.stream_id)]
    if kind in _MONEY:
        named.append((POT, what.currency))
        if kind is TransferSent:
            named.append((ACCOUNT, what.to_account))
        elif kind is TransferReceived:
            named.append((ACCOUNT, what.from_account))
    return named


def fold(rows: UserRows, events: Sequence[Recorded]) -> Changes:
    """What is remembered of the accounts and of the user's money after more events, and the alerts they give rise to."""
    run = _Run(rows)
    for event in events:
        kind = type(event.event)
        if kind in _MONEY:
            run.move(event, kind)
        else:
            run.change(event, kind)
    return run.changes(events[0].user_id)


MODEL: Final = ReadModel(
    name="risk",
    version=1,
    tables=(
        Table(ACCOUNT, AccountRow, key_fields=2),
        Table(POT, PotRow, key_fields=2),
        Table(ALERT, Notification, key_fields=2),
    ),
    events=(AccountOpened, OverdraftLimitSet, AccountClosed, *MONEY, NotificationRead, NotificationDeleted),
    keys=keys,
    fold=fold,
    sources=("notification_rows", "notifications", "risk_levels", "risk_money", "risk_signals", "risk_state"),
)
