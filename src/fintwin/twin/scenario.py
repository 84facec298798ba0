"""Scenario documents: what a person may ask of the twin, as plain data.

A document names a horizon, steps and, where wanted, uncertainty and sensitivity. Amounts are exact decimals in the currency
of the account they concern; `checks` says what is wrong with a document, `steps` what each step does.

>>> msgspec.json.decode(b'{"horizon_months":12,"steps":[{"type":"withdraw","amount":40000}]}', type=Document).steps[
...     0
... ].amount
Decimal('40000')
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Literal
from uuid import UUID

import msgspec

from fintwin.twin.payoff import PayoffOrder
from fintwin.twin.schedule import Unit, Weekend

CompoundingName = Literal["monthly", "yearly", "daily", "continuous", "effective"]
"""``effective``: the rate is what a whole year brings, however many months of it have passed."""


class _Strict(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A misspelt field is said, never ignored."""


class Every(_Strict, frozen=True):
    """A rhythm: every ``n`` units, on a day of the month (31: the last) or week (1: Monday)."""

    unit: Unit = Unit.MONTH
    n: int = 1
    day: int | None = None
    weekend: Weekend = Weekend.NONE


class _Payment(_Strict, frozen=True):
    """Once, on a day (today by default); or again and again from a day (one period from today by default) until a day."""

    amount: Decimal
    account_id: UUID | None = None
    on: dt.date | None = None
    every: Every | None = None
    from_: dt.date | None = msgspec.field(default=None, name="from")
    until: dt.date | None = None
    times: int | None = None


class Deposit(_Payment, frozen=True, tag_field="type", tag="deposit"):
    """Money comes in."""

    category: str | None = None


class Withdraw(_Payment, frozen=True, tag_field="type", tag="withdraw"):
    """Money goes out, if the ledger lets it."""

    category: str | None = None


class Transfer(_Payment, frozen=True, kw_only=True, tag_field="type", tag="transfer"):
    """Money goes to another account, if the ledger lets it."""

    to_account: UUID


class ChangeRate(_Strict, frozen=True, tag_field="type", tag="change_rate"):
    """The interest rate changes by percentage points."""

    points: Decimal
    account_id: UUID | None = None
    from_: dt.date | None = msgspec.field(default=None, name="from")
    compounding: CompoundingName | None = None


class SetRate(_Strict, frozen=True, tag_field="type", tag="set_rate"):
    """The interest rate is so many percent a year."""

    percent: Decimal
    account_id: UUID | None = None
    from_: dt.date | None = msgspec.field(default=None, name="from")
    compounding: CompoundingName | None = None


class LoseIncome(_Strict, frozen=True, tag_field="type", tag="lose_income"):
    """Expected income does not come for some months, all of it or a share; ``income`` names one flow or planned item."""

    months: int
    from_: dt.date | None = msgspec.field(default=None, name="from")
    share_percent: Decimal = Decimal(100)
    replacement: Decimal = Decimal(0)
    income: UUID | None = None
    account_id: UUID | None = None


class ChangeIncome(_Strict, frozen=True, tag_field="type", tag="change_income"):
    """Expected income changes by a percentage."""

    percent: Decimal
    from_: dt.date | None = msgspec.field(default=None, name="from")
    until: dt.date | None = None
    income: UUID | None = None


class ChangeSpending(_Strict, frozen=True, tag_field="type", tag="change_spending"):
    """Expected spending changes by a percentage, all of it or that of one category."""

    percent: Decimal
    category: str | None = None
    from_: dt.date | None = msgspec.field(default=None, name="from")
    until: dt.date | None = None


class ExtraPayment(_Strict, frozen=True):
    """A payment on top of the instalment of a month (1 is the first)."""

    month: int
    amount: Decimal


class LoanRateChange(_Strict, frozen=True):
    """From the month after ``month`` the loan costs another rate; the end date stays."""

    month: int
    annual_rate_percent: Decimal


class Loan(_Strict, frozen=True, tag_field="type", tag="loan"):
    """A loan in monthly instalments; with ``paid_out`` its sum comes onto the account first."""

    amount: Decimal
    annual_rate_percent: Decimal
    months: int
    account_id: UUID | None = None
    on: dt.date | None = None
    paid_out: bool = True
    extra_monthly: Decimal = Decimal(0)
    extra: tuple[ExtraPayment, ...] = ()
    rate_changes: tuple[LoanRateChange, ...] = ()


class DebtTerms(_Strict, frozen=True):
    """One debt of a payoff, told by its place in the list."""

    balance: Decimal
    annual_rate_percent: Decimal
    minimum: Decimal


class Payoff(_Strict, frozen=True, tag_field="type", tag="payoff"):
    """Several debts are paid off with one monthly sum. ``replaces``: found flows that this takes the place of."""

    debts: tuple[DebtTerms, ...]
    monthly: Decimal
    order: PayoffOrder = PayoffOrder.AVALANCHE
    account_id: UUID | None = None
    replaces: tuple[UUID, ...] = ()


class Goal(_Strict, frozen=True, tag_field="type", tag="goal"):
    """An amount is to be on an account by a day (or after so many months): the monthly sum is solved for."""

    amount: Decimal
    months: int | None = None
    by: dt.date | None = None
    account_id: UUID | None = None
    from_account: UUID | None = None
    at_start: bool = False


class MarketShock(_Strict, frozen=True, tag_field="type", tag="market_shock"):
    """Holdings (all, or some by ticker) or the money on an account gain or lose a percentage on a day."""

    percent: Decimal
    on: dt.date | None = None
    tickers: tuple[str, ...] = ()
    account_id: UUID | None = None


class Omit(_Strict, frozen=True, tag_field="type", tag="omit"):
    """A transaction of the past never happened."""

    transaction_id: UUID


class Amend(_Strict, frozen=True, tag_field="type", tag="amend"):
    """A transaction of the past was another amount."""

    transaction_id: UUID
    amount: Decimal


Step = (
    Deposit
    | Withdraw
    | Transfer
    | ChangeRate
    | SetRate
    | LoseIncome
    | ChangeIncome
    | ChangeSpending
    | Loan
    | Payoff
    | Goal
    | MarketShock
    | Omit
    | Amend
)
PAST_STEPS = (Omit, Amend)


class LogNormalReturns(_Strict, frozen=True, tag_field="type", tag="log_normal"):
    """Random yearly returns; ``rate_is`` says whether the percentage is their arithmetic mean or their median.

    Without ``rate_percent`` the accounts' own rates are what is strayed from.
    """

    sd_percent: Decimal
    rate_percent: Decimal | None = None
    rate_is: Literal["mean", "median"] = "mean"
    accounts: tuple[UUID, ...] | None = None


class GbmReturns(_Strict, frozen=True, tag_field="type", tag="gbm"):
    """Geometric Brownian motion: the mean grows with ``exp(drift)`` a year."""

    drift_percent: Decimal
    sd_percent: Decimal
    accounts: tuple[UUID, ...] | None = None


class HistoricalReturns(_Strict, frozen=True, tag_field="type", tag="history"):
    """Every real stretch of years that is long enough. With ``todays_money`` each sum is raised by that year's inflation."""

    stock_percent: Decimal
    first_year: int | None = None
    last_year: int | None = None
    sums: Literal["todays_money", "nominal"] = "todays_money"
    accounts: tuple[UUID, ...] | None = None


Returns = LogNormalReturns | GbmReturns | HistoricalReturns


class Uncertainty(_Strict, frozen=True):
    """How the future may stray: by the user's own past months, by the market, or by both."""

    paths: int = 1000
    seed: int = 1
    own_months: bool = True
    returns: Returns | None = None
    goal: Decimal | None = None
    goal_month: int | None = None


LeverName = Literal["rate", "income", "spending", "inflation", "shock"]


class Lever(_Strict, frozen=True):
    """One thing to turn and how far, both ways: points for rate and inflation, percent for the others."""

    name: LeverName
    by: Decimal


class Grid(_Strict, frozen=True):
    """Two levers against each other, each at several settings."""

    x: LeverName
    y: LeverName
    x_values: tuple[Decimal, ...]
    y_values: tuple[Decimal, ...]


class Sensitivity(_Strict, frozen=True):
    """Which levers to try; without any all five with usual turns."""

    levers: tuple[Lever, ...] = ()
    grid: Grid | None = None


class Document(_Strict, frozen=True):
    """A scenario. ``fork_at`` is a time (what was known then) or a position of the log; without it the run begins now.

    ``accounts`` are those that the totals add up; without it all that are not closed.
    """

    horizon_months: int
    steps: tuple[Step, ...] = ()
    name: str | None = None
    fork_at: int | dt.datetime | None = None
    accounts: tuple[UUID, ...] | None = None
    inflation_percent: Decimal = Decimal(2)
    uncertainty: Uncertainty | None = None
    sensitivity: Sensitivity | None = None
