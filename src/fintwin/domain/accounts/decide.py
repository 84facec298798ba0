"""The rules of an account.

Rules are checked in one order, and the first that forbids the command answers:

1. the account exists, is not closed, and (for a payment) is not frozen;
2. the amount is positive, within 15 digits, and in the account's currency;
3. a transfer goes to another account;
4. the effective date is not in the future, not before 1900 and not in a closed period;
5. a transaction is reversed once only;
6. there is enough money: balance and overdraft limit cover a payment, now and at every moment since it counts; a balance
   stays within 15 digits.

A payment that counts before another one that is booked already needs the account's past (`AccountState.past`). Where the state
does not know it, the answer is `PAST_UNKNOWN`, which is no refusal for anybody but the word for "ask again with the past".

A transfer is decided from the payer's state alone; that the recipient is open, keeps the same currency and has not closed the
period is a guard of the append, and the receiving half is `ReceiveTransfer`, decided by the recipient's state wherever that is
at hand.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from fintwin.domain.accounts.commands import (
    AccountCommand,
    Annotate,
    CloseAccount,
    ClosePeriod,
    Deposit,
    FreezeAccount,
    OpenAccount,
    ReceiveTransfer,
    RenameAccount,
    SendTransfer,
    SetOverdraftLimit,
    SetRate,
    UnfreezeAccount,
    Withdraw,
)
from fintwin.domain.accounts.events import (
    AccountClosed,
    AccountEvent,
    AccountFrozen,
    AccountOpened,
    AccountRenamed,
    AccountUnfrozen,
    Deposited,
    OverdraftLimitSet,
    PeriodClosed,
    RateSet,
    TransactionAnnotated,
    TransferReceived,
    TransferSent,
    Withdrawn,
)
from fintwin.domain.accounts.state import AccountState, Status
from fintwin.domain.money import MINOR_MAX, in_words, is_currency
from fintwin.domain.refusals import Code, Refusal

Decision = list[AccountEvent] | Refusal

UNKNOWN_ACCOUNT: Final = Refusal(Code.UNKNOWN_ACCOUNT, "There is no such account.")
RECIPIENT_CANNOT_RECEIVE: Final = Refusal(
    Code.RECIPIENT_CANNOT_RECEIVE, "The receiving account cannot take this payment."
)
CLOSED: Final = Refusal(Code.ACCOUNT_CLOSED, "The account is closed.")
FROZEN: Final = Refusal(Code.ACCOUNT_FROZEN, "The account is frozen: it receives, but pays nothing until unfrozen.")
SAME_ACCOUNT: Final = Refusal(Code.SAME_ACCOUNT, "An account cannot pay itself.")
ALREADY_REVERSED: Final = Refusal(Code.ALREADY_REVERSED, "The transaction has been reversed already.")
EARLIEST: Final = datetime(1900, 1, 1, tzinfo=UTC)
"""Whoever means a day before this one has mistyped it."""
PAST_UNKNOWN: Final = Refusal(
    Code.EFFECTIVE_AT_TOO_EARLY, "The effective date lies before another transaction, and the past is not at hand."
)


def _amount_refusal(state: AccountState, amount_minor: int, currency: str | None) -> Refusal | None:
    if amount_minor <= 0:
        return Refusal(Code.AMOUNT_NOT_POSITIVE, "The amount must be greater than zero.")
    if amount_minor > MINOR_MAX:
        return Refusal(Code.AMOUNT_TOO_LARGE, "The amount has more than 15 digits.")
    if currency is not None and currency != state.currency:
        return Refusal(Code.CURRENCY_MUST_MATCH, f"The account is kept in {state.currency}, not in {currency}.")
    return None


def _date_refusal(state: AccountState, at: datetime, effective_at: datetime | None) -> Refusal | None:
    if effective_at is None:
        return None
    if effective_at > at:
        return Refusal(Code.EFFECTIVE_AT_IN_FUTURE, "The effective date lies in the future.")
    if effective_at < EARLIEST:
        return Refusal(Code.EFFECTIVE_AT_TOO_EARLY, f"Nothing counts before the year {EARLIEST.year}.")
    if _is_closed(state, effective_at):
        text = f"The period up to {state.closed_through} is closed."
        return Refusal(Code.EFFECTIVE_AT_TOO_EARLY, text)
    return None


def _is_closed(state: AccountState, effective_at: datetime | None) -> bool:
    closed = state.closed_through
    return closed is not None and effective_at is not None and effective_at.astimezone(UTC).date() <= closed


def _funds_refusal(state: AccountState, command: Withdraw | SendTransfer) -> Refusal | None:
    amount_minor = command.amount_minor
    if amount_minor > state.available_minor:
        have = in_words(state.available_minor, state.currency)
        need = in_words(amount_minor, state.currency)
        return Refusal(Code.INSUFFICIENT_FUNDS, f"The payment of {need} is more than the {have} available.")
    if command.effective_at is None or not state.counts_late(command.effective_at):
        return None
    if state.past is None:
        return PAST_UNKNOWN
    lowest = state.past.lowest(command.effective_at, state.balance_minor)
    available_minor = lowest.balance_minor + state.overdraft_limit_minor
    if amount_minor > available_minor:
        have = in_words(available_minor, state.currency)
        need = in_words(amount_minor, state.currency)
        day = min(lowest.at, command.at).astimezone(UTC).date()
        text = f"The payment of {need} is more than the {have} that were available on {day}."
        return Refusal(Code.INSUFFICIENT_FUNDS, text)
    return None


def _paying_refusal(state: AccountState | None) -> Refusal | None:
    if state is None:
        return UNKNOWN_ACCOUNT
    if state.status is Status.CLOSED:
        return CLOSED
    return FROZEN if state.status is Status.FROZEN else None


def _debit_refusal(state: AccountState | None, command: Withdraw | SendTransfer) -> Refusal | None:
    refusal = _paying_refusal(state)
    if refusal is not None or state is None:
        return refusal
    refusal = _amount_refusal(state, command.amount_minor, command.currency)
    if refusal is not None:
        return refusal
    if isinstance(command, SendTransfer) and command.to_account == command.account_id:
        return SAME_ACCOUNT
    refusal = _date_refusal(state, command.at, command.effective_at)
    if refusal is not None:
        return refusal
    if command.reverses is not None and command.reverses in state.reversed:
        return ALREADY_REVERSED
    return _funds_refusal(state, command)


def _deposit(state: AccountState | None, command: Deposit) -> Decision:
    if state is None:
        return UNKNOWN_ACCOUNT
    if state.status is Status.CLOSED:
        return CLOSED
    refusal = _amount_refusal(state, command.amount_minor, command.currency) or _date_refusal(
        state, command.at, command.effective_at
    )
    if refusal is not None:
        return refusal
    if command.reverses is not None and command.reverses in state.reversed:
        return ALREADY_REVERSED
    if state.balance_minor + command.amount_minor > MINOR_MAX:
        return Refusal(Code.BALANCE_TOO_LARGE, "The balance would have more than 15 digits.")
    return [
        Deposited(
            amount_minor=command.amount_minor,
            currency=state.currency,
            category=command.category,
            note=command.note,
            counterparty=command.counterparty,
            payee_ref=command.payee_ref,
            reverses=command.reverses,
            date_only=command.date_only,
        )
    ]


def _withdraw(state: AccountState | None, command: Withdraw) -> Decision:
    refusal = _debit_refusal(state, command)
    if refusal is not None or state is None:
        return refusal or UNKNOWN_ACCOUNT
    return [
        Withdrawn(
            amount_minor=command.amount_minor,
            currency=state.currency,
            category=command.category,
            note=command.note,
            counterparty=command.counterparty,
            payee_ref=command.payee_ref,
            reverses=command.reverses,
            date_only=command.date_only,
        )
    ]


def _send(state: AccountState | None, command: SendTransfer) -> Decision:
    refusal = _debit_refusal(state, command)
    if refusal is not None or state is None:
        return refusal or UNKNOWN_ACCOUNT
    return [
        TransferSent(
            amount_minor=command.amount_minor,
            currency=state.currency,
            to_account=command.to_account,
            category=command.category,
            note=command.note,
            reverses=command.reverses,
            date_only=command.date_only,
        )
    ]


def _receive(state: AccountState | None, command: ReceiveTransfer) -> Decision:
    if state is None:
        return UNKNOWN_ACCOUNT
    if state.status is not Status.OPEN or state.currency != command.currency or _is_closed(state, command.effective_at):
        return RECIPIENT_CANNOT_RECEIVE
    if state.balance_minor + command.amount_minor > MINOR_MAX:
        return RECIPIENT_CANNOT_RECEIVE
    return [
        TransferReceived(
            amount_minor=command.amount_minor,
            currency=command.currency,
            from_account=command.from_account,
            reverses=command.reverses,
            date_only=command.date_only,
        )
    ]


def _open(state: AccountState | None, command: OpenAccount) -> Decision:
    if state is not None:
        return Refusal(Code.ACCOUNT_EXISTS, "The account is open already.")
    if not is_currency(command.currency):
        return Refusal(Code.UNKNOWN_CURRENCY, f"{command.currency!r} is not a currency of ISO 4217.")
    return [
        AccountOpened(
            name=command.name,
            kind=command.kind,
            currency=command.currency,
            annual_rate_percent=command.annual_rate_percent,
        )
    ]


def _freeze(state: AccountState, _command: FreezeAccount) -> Decision:
    return FROZEN if state.status is Status.FROZEN else [AccountFrozen()]


def _unfreeze(state: AccountState, _command: UnfreezeAccount) -> Decision:
    if state.status is not Status.FROZEN:
        return Refusal(Code.ACCOUNT_NOT_FROZEN, "The account is not frozen.")
    return [AccountUnfrozen()]


def _close(state: AccountState, _command: CloseAccount) -> Decision:
    if state.balance_minor != 0:
        have = in_words(state.balance_minor, state.currency)
        return Refusal(Code.BALANCE_NOT_ZERO, f"Only an empty account can be closed; the balance is {have}.")
    return [AccountClosed()]


def _set_limit(state: AccountState, command: SetOverdraftLimit) -> Decision:
    if not 0 <= command.overdraft_limit_minor <= MINOR_MAX:
        return Refusal(Code.AMOUNT_NOT_POSITIVE, "An overdraft limit is zero or more, of at most 15 digits.")
    if state.balance_minor < -command.overdraft_limit_minor:
        have = in_words(state.balance_minor, state.currency)
        return Refusal(Code.LIMIT_BELOW_BALANCE, f"The balance is {have}, below the limit asked for.")
    return [OverdraftLimitSet(overdraft_limit_minor=command.overdraft_limit_minor)]


def _close_period(state: AccountState, command: ClosePeriod) -> Decision:
    if command.through >= command.at.date():
        return Refusal(Code.EFFECTIVE_AT_IN_FUTURE, "Only days that are over can be closed.")
    if state.closed_through is not None and command.through <= state.closed_through:
        text = f"The period up to {state.closed_through.isoformat()} is closed already."
        return Refusal(Code.EFFECTIVE_AT_TOO_EARLY, text)
    return [PeriodClosed(through=command.through)]


def _annotate(_state: AccountState, command: Annotate) -> Decision:
    return [
        TransactionAnnotated(
            transaction_id=command.transaction_id,
            category=command.category,
            note=command.note,
            payee_ref=command.payee_ref,
        )
    ]


_MOVES: Final[dict[type, Callable[[AccountState | None, Any], Decision]]] = {
    Deposit: _deposit,
    Withdraw: _withdraw,
    SendTransfer: _send,
    ReceiveTransfer: _receive,
    OpenAccount: _open,
}
_CHANGES: Final[dict[type, Callable[[AccountState, Any], Decision]]] = {
    RenameAccount: lambda _state, command: [AccountRenamed(name=command.name)],
    SetRate: lambda _state, command: [RateSet(annual_rate_percent=command.annual_rate_percent)],
    SetOverdraftLimit: _set_limit,
    FreezeAccount: _freeze,
    UnfreezeAccount: _unfreeze,
    CloseAccount: _close,
    ClosePeriod: _close_period,
    Annotate: _annotate,
}


def decide(state: AccountState | None, command: AccountCommand) -> Decision:
    """The events that a command causes on an account, or the first rule that forbids it."""
    move = _MOVES.get(type(command))
    if move is not None:
        return move(state, command)
    if state is None:
        return UNKNOWN_ACCOUNT
    if state.status is Status.CLOSED and not isinstance(command, Annotate):
        return CLOSED
    return _CHANGES[type(command)](state, command)


def received_leg(sent: TransferSent, from_account: UUID) -> TransferReceived:
    """The receiving half of a transfer, made from the paying half: the account id of the payer and nothing more."""
    assert sent.counter_currency is None, "transfers between currencies do not exist yet"
    return TransferReceived(
        amount_minor=sent.amount_minor,
        currency=sent.currency,
        from_account=from_account,
        reverses=sent.reverses,
        date_only=sent.date_only,
    )
