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

A transfer between own accounts is neither income nor spending; a reversal neither. Only a transfer to an own account of
kind ``loan`` counts as spent, because it cannot be had back.
"""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from fintwin.domain.accounts.events import (
    AccountClosed,
    AccountOpened,
    Deposited,
    OverdraftLimitSet,
    TransferReceived,
    TransferSent,
    Withdrawn,
)
from fintwin.domain.streams import Recorded
from fintwin.projections.model import Changes, Key, ReadModel, Table, UserRows
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
)

ACCOUNT: Final = "risk_account"
POT: Final = "risk_pot"
SOURCES: Final = ("risk", "risk_levels", "risk_money", "risk_signals", "risk_state")
"""The modules that the fold lives on, for this read model and for those that run the same fold."""
MONEY: Final = (Deposited, Withdrawn, TransferSent, TransferReceived)
_MONEY: Final = frozenset(MONEY)
STEPS_KEPT: Final = 4096
KNOWN_SOURCE: Final = 2
"""Who has paid in so often before is a known source."""
EVENTS: Final = (AccountOpened, OverdraftLimitSet, AccountClosed, *MONEY)


def other_account(event: Any) -> UUID | None:
    """The account on the other side of a transfer."""
    kind = type(event)
    if kind is TransferSent:
        return event.to_account  # type: ignore[no-any-return]
    return event.from_account if kind is TransferReceived else None


def began(opened: AccountOpened) -> AccountRisk:
    """An account at its opening. Its life begins with the first movement, which an import may date long before that."""
    return AccountRisk(opened.currency, opened.kind)


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


_Step = tuple[Recorded, AccountRisk, Pot | None, AccountRisk | None, tuple[AccountRisk, Pot | None]]
_steps: Final[dict[int, _Step]] = {}


def advance_once(
    before: AccountRisk, pot: Pot | None, other: AccountRisk | None, event: Recorded
) -> tuple[AccountRisk, Pot | None]:
    """`advance`, remembered for a while: two read models that fold the same events work it out once.

    An answer is used again, once, only for the very same event and equal states: it is the answer `advance` would give.
    """
    step = _steps.pop(event.position, None)
    if (
        step is not None
        and step[0] is event
        and (step[1] is before or step[1] == before)
        and (step[2] is pot or step[2] == pot)
        and (step[3] is other or step[3] == other)
    ):
        return step[4]
    after = advance(before, pot, other, event)
    if len(_steps) >= STEPS_KEPT:
        _steps.clear()
    _steps[event.position] = (event, before, pot, other, after)
    return after


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
    if type(what) not in _MONEY:
        return [(ACCOUNT, event.stream_id)]
    named: list[Key] = [(ACCOUNT, event.stream_id), (POT, what.currency)]
    other = other_account(what)
    if other is not None:
        named.append((ACCOUNT, other))
    return named


def fold(rows: UserRows, event: Recorded) -> Changes:
    """What is remembered of the account and of the user's money after one more event."""
    key = (ACCOUNT, event.stream_id)
    what = event.event
    if type(what) is AccountOpened:
        return {key: _row(event, began(what))}
    account: AccountRow = rows[key]
    if type(what) not in _MONEY:
        return {key: _row(event, changed(account.state, what))}
    pot_key = (POT, what.currency)
    pot: PotRow | None = rows.get(pot_key)
    other = other_account(what)
    other_row: AccountRow | None = None if other is None else rows.get((ACCOUNT, other))
    state, money = advance_once(
        account.state,
        None if pot is None else pot.state,
        None if other_row is None else other_row.state,
        event,
    )
    changes: dict[Key, Any] = {key: _row(event, state)}
    if money is not None and (pot is None or money is not pot.state):
        changes[pot_key] = PotRow(event.user_id, what.currency, money)
    return changes


def _row(event: Recorded, state: AccountRisk) -> AccountRow:
    return AccountRow(event.user_id, event.stream_id, event.position, event.recorded_at, state)


MODEL: Final = ReadModel(
    name="risk",
    version=1,
    tables=(Table(ACCOUNT, AccountRow, key_fields=2), Table(POT, PotRow, key_fields=2)),
    events=EVENTS,
    keys=keys,
    fold=fold,
    sources=SOURCES[1:],
)
