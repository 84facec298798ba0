"""Refusals: what the ledger says when a rule forbids a command.

A refusal is a value, not an exception: `decide` returns it, callers test for it, and one function of the API maps its
code to an HTTP status. Codes are public and stable; the order in which rules are checked is part of each ``decide``.

>>> Refusal(Code.SAME_ACCOUNT, "An account cannot pay itself.").code.value
'same_account'
"""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Code(StrEnum):
    """Stable public codes of refusals."""

    UNKNOWN_ACCOUNT = "unknown_account"
    ACCOUNT_EXISTS = "account_exists"
    ACCOUNT_CLOSED = "account_closed"
    ACCOUNT_FROZEN = "account_frozen"
    ACCOUNT_NOT_FROZEN = "account_not_frozen"
    BALANCE_NOT_ZERO = "balance_not_zero"
    TOO_MANY_ACCOUNTS = "too_many_accounts"
    AMOUNT_NOT_POSITIVE = "amount_not_positive"
    AMOUNT_NOT_FINITE = "amount_not_finite"
    AMOUNT_PRECISION = "amount_precision"
    AMOUNT_TOO_LARGE = "amount_too_large"
    BALANCE_TOO_LARGE = "balance_too_large"
    UNKNOWN_CURRENCY = "unknown_currency"
    CURRENCY_MUST_MATCH = "currency_must_match"
    SAME_ACCOUNT = "same_account"
    RECIPIENT_CANNOT_RECEIVE = "recipient_cannot_receive"
    INSUFFICIENT_FUNDS = "insufficient_funds"
    LIMIT_BELOW_BALANCE = "limit_below_balance"
    EFFECTIVE_AT_IN_FUTURE = "effective_at_in_future"
    EFFECTIVE_AT_TOO_EARLY = "effective_at_too_early"
    UNKNOWN_TRANSACTION = "unknown_transaction"
    ALREADY_REVERSED = "already_reversed"
    IS_A_REVERSAL = "is_a_reversal"
    NOT_REVERSIBLE = "not_reversible"
    UNKNOWN_USER = "unknown_user"
    USER_EXISTS = "user_exists"
    USER_ERASED = "user_erased"
    PROFILE_INCOMPLETE = "profile_incomplete"
    UNKNOWN_HOLDING = "unknown_holding"
    TOO_MANY_HOLDINGS = "too_many_holdings"
    UNKNOWN_NOTIFICATION = "unknown_notification"
    UNKNOWN_SIMULATION = "unknown_simulation"
    SIMULATION_EXISTS = "simulation_exists"
    UNKNOWN_PLAN = "unknown_plan"
    TOO_MANY_PLANS = "too_many_plans"
    BAD_PERIOD = "bad_period"
    IDEMPOTENCY_KEY_REUSED = "idempotency_key_reused"


class Refusal(msgspec.Struct, frozen=True):
    """A rule's refusal: a stable code and one readable sentence that names no other tenant."""

    code: Code
    detail: str
