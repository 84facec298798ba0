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

from typing import Any, Final

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
from fintwin.projections.notifications import marked
from fintwin.projections.risk_levels import LOW_MAX, MEDIUM_MAX, score
from fintwin.projections.risk_money import earn, move, remember
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
    seconds,
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


def changed(account: AccountRisk, event: Any) -> AccountRisk:
    """The account after an event that moves no money."""
    after: AccountRisk = account.__copy__()  # type: ignore[attr-defined]
    if isinstance(event, OverdraftLimitSet):
        after.limit_minor = event.overdraft_limit_minor
    else:
        after.closed = True
    return after


def advance(
    before: AccountRisk, pot: Pot | None, other: AccountRisk | None, event: Recorded
) -> tuple[AccountRisk, Pot | None]:
    """Account and pot after a movement; ``other`` is the other side of a transfer where that is an own account."""
    what = event.event
    since = event.effective_at - EPOCH
    at = since.days * DAY + since.seconds
    kind = type(what)
    out = kind is Withdrawn or kind is TransferSent
    account: AccountRisk = before.__copy__()  # type: ignore[attr-defined]
    if account.origin is None:
        account.origin = at
    account.balance_minor = balance = before.balance_minor + (-what.amount_minor if out else what.amount_minor)
    if balance >= 0:
        account.overdrawn_by = None
    elif before.overdrawn_by is None:
        account.overdrawn_by = event.transaction_id
    if before.kind == "loan" or (other is not None and other.kind != "loan"):
        return account, pot
    money: Pot = Pot(origin=at) if pot is None else pot.__copy__()  # type: ignore[attr-defined]
    if what.reverses is not None or (other is not None and not out):
        move(money, at, balance - before.balance_minor)
    elif out:
        _pay(before, account, money, event, at)
    else:
        _receive(account, money, event, at)
    return account, money


def _pay(before: AccountRisk, account: AccountRisk, pot: Pot, event: Recorded, at: int) -> None:
    """Take a payment to others into account and pot, which are copies already; ``before`` is the account before it."""
    what = event.event
    amount: int = what.amount_minor
    payee: str | None
    if type(what) is TransferSent:
        transfer, payee = True, what.to_account.hex[-16:]
    else:
        transfer, payee = False, what.payee_ref and what.payee_ref[:16]
    found = weigh(before, pot, at, amount, payee, transfer=transfer)
    if before.payments:
        rest_days = (at - before.paid_at) // DAY
        if before.woken is not None or rest_days >= REST_DAYS:
            account.woken = wake(before, at, amount, found)
        if rest_days > before.longest_rest_days:
            account.longest_rest_days = rest_days
    if before.fresh is not None:
        account.fresh = pass_on(before.fresh, at, amount, found)
    count(account, at, amount, found, timed=not what.date_only)
    account.payments += 1
    account.paid_at = max(account.paid_at, at)
    account.recent = (*before.recent[1 - RECENT_KEPT :], event.transaction_id)
    if found:
        account.raised = with_raised(before, found, at, event.transaction_id)
    move(pot, at, -amount, spending_minor=amount)
    remember(pot, at, amount, payee, transfer=transfer)


def _receive(account: AccountRisk, pot: Pot, event: Recorded, at: int) -> None:
    """Take income from others into account and pot, which are copies already."""
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


def fold(rows: UserRows, event: Recorded) -> Changes:
    """What is remembered of the account and of the user's money after one more event, and the alert it gives rise to."""
    what = event.event
    kind = type(what)
    if kind in _MARKS:
        return marked(rows, event, ALERT)
    key = (ACCOUNT, event.stream_id)
    if kind is AccountOpened:
        return {key: _row(event, AccountRisk(what.currency, what.kind), 0)}
    row: AccountRow = rows[key]
    if kind not in _MONEY:
        return {key: _row(event, changed(row.state, what), row.band)}
    other: AccountRow | None = None
    if kind is TransferSent:
        other = rows.get((ACCOUNT, what.to_account))
    elif kind is TransferReceived:
        other = rows.get((ACCOUNT, what.from_account))
    pot_key = (POT, what.currency)
    pot: PotRow | None = rows.get(pot_key)
    before = None if pot is None else pot.state
    state, money = advance(row.state, before, None if other is None else other.state, event)
    changes: dict[Key, Any] = {}
    if money is not None and money is not before:
        changes[pot_key] = PotRow(event.user_id, what.currency, money)
    band = row.band
    if is_news(event):
        band, alert = _crossed(band, state, money, event)
        if alert is not None:
            changes[ALERT, alert.notification_id] = alert
    changes[key] = _row(event, state, band)
    return changes


def _crossed(band: int, state: AccountRisk, pot: Pot | None, event: Recorded) -> tuple[int, Notification | None]:
    """The band of the last alert after the event, and an alert where the score has crossed into a higher one."""
    found = score(state, pot, seconds(event.effective_at))
    reached = sum(found.score > threshold for threshold, _ in _BANDS)
    if reached > band:
        alert = made(
            event, "risk_alert", _BANDS[reached - 1][1], event.stream_id, currency=state.currency, score=found.score,
            reason=found.reasons[0],
        )  # fmt: skip
        return reached, alert
    return min(band, sum(found.score > threshold - REARM_POINTS for threshold, _ in _BANDS)), None


def _row(event: Recorded, state: AccountRisk, band: int) -> AccountRow:
    return AccountRow(event.user_id, event.stream_id, event.position, event.recorded_at, band, state)


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
