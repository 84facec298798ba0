"""What can be said against a scenario document before anything is run: sizes, ranges, dates that contradict each other.

>>> from fintwin.twin.scenario import Document
>>> check(Document(horizon_months=601))
Traceback (most recent call last):
fintwin.twin.faults.ScenarioError: ('horizon', 'horizon_months', 'A run looks 1 to 600 months ahead.')
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from fintwin.twin import scenario as ask
from fintwin.twin.faults import ScenarioError

MONTHS_MAX = 600
STEPS_MAX = 1_000
PATHS_TIMES_MONTHS_MAX = 20_000 * 600
EVERY_MAX = 1_000
TIMES_MAX = 20_000
RATE_MAX = 1_000
PERCENT_MIN = -100
PERCENT_MAX = 10_000
DEBTS_MAX = 50
EXTRAS_MAX = 600
LEVERS_MAX = 20
GRID_MAX = 9
TEXT_MAX = 100
LARGEST = Decimal(10) ** 13
DECIMALS_MAX = 8
SEED_MAX = 2**63 - 1
POSITION_MAX = 2**63 - 1
DAYS = {"day": 0, "week": 7, "month": 31}


def check(document: ask.Document) -> None:
    """Raise `ScenarioError` at the first thing that cannot be run, whatever the history is."""
    _within(document.horizon_months, 1, MONTHS_MAX, "horizon", "horizon_months", "A run looks 1 to 600 months ahead.")
    if len(document.steps) > STEPS_MAX:
        raise ScenarioError("too_many_steps", "steps", f"A scenario has at most {STEPS_MAX} steps.")
    _number(document.inflation_percent, -50, RATE_MAX, "inflation_percent")
    if document.name is not None:
        _text(document.name, "name")
    if isinstance(document.fork_at, dt.datetime) and document.fork_at.tzinfo is None:
        raise ScenarioError("fork_at", "fork_at", "A time carries its zone, like 2026-01-31T12:00:00Z.")
    if isinstance(document.fork_at, int) and not 0 <= document.fork_at <= POSITION_MAX:
        raise ScenarioError("fork_at", "fork_at", "A position of the log is a whole number from 0 on.")
    for number, step in enumerate(document.steps):
        _step(step, f"steps[{number}]")
    if document.uncertainty is not None:
        _uncertainty(document.uncertainty, document.horizon_months)
    if document.sensitivity is not None:
        _sensitivity(document.sensitivity)


def _step(step: ask.Step, field: str) -> None:
    if (category := getattr(step, "category", None)) is not None:
        _text(category, f"{field}.category")
    match step:
        case ask.Deposit() | ask.Withdraw() | ask.Transfer():
            _amount(step.amount, f"{field}.amount")
            _rhythm(step, field)
        case ask.Loan():
            _loan(step, field)
        case ask.Payoff():
            _payoff(step, field)
        case ask.Goal():
            _goal(step, field)
        case ask.Amend():
            _amount(step.amount, f"{field}.amount")
        case _:
            _change(step, field)


def _change(step: ask.Step, field: str) -> None:
    match step:
        case ask.ChangeRate():
            _number(step.points, -RATE_MAX, RATE_MAX, f"{field}.points")
        case ask.SetRate():
            _number(step.percent, PERCENT_MIN, RATE_MAX, f"{field}.percent")
        case ask.LoseIncome():
            _within(step.months, 1, MONTHS_MAX, "months", f"{field}.months", "Income is lost for 1 to 600 months.")
            _number(step.share_percent, 0, 100, f"{field}.share_percent")
            _amount(step.replacement, f"{field}.replacement", zero=True)
        case ask.ChangeIncome() | ask.ChangeSpending() | ask.MarketShock():
            _number(step.percent, PERCENT_MIN, PERCENT_MAX, f"{field}.percent")
        case _:
            return


def _goal(step: ask.Goal, field: str) -> None:
    _amount(step.amount, f"{field}.amount")
    if (step.months is None) == (step.by is None):
        raise ScenarioError("goal_date", field, "A goal has either a number of months or a day.")
    if step.months is not None:
        _within(step.months, 1, MONTHS_MAX, "months", f"{field}.months", "A goal lies 1 to 600 months ahead.")


def _rhythm(step: Any, field: str) -> None:
    if step.every is None:
        if step.until is not None or step.times is not None:
            raise ScenarioError("not_repeating", field, "Only a repeating step has an end or a number of times.")
        if step.on is not None and step.from_ is not None:
            raise ScenarioError("two_dates", field, "A single payment has one day: give `on`.")
        return
    if step.on is not None:
        raise ScenarioError(
            "two_dates", f"{field}.on", "A repeating payment begins `from` a day; `on` is for a single one."
        )
    every = step.every
    _within(every.n, 1, EVERY_MAX, "period", f"{field}.every.n", f"A step repeats every 1 to {EVERY_MAX} units.")
    if every.day is not None and not 1 <= every.day <= DAYS[every.unit]:
        raise ScenarioError(
            "period", f"{field}.every.day", "The day is one of the week (1 to 7) or of the month (1 to 31)."
        )
    if step.times is not None:
        _within(step.times, 1, TIMES_MAX, "times", f"{field}.times", f"A step happens 1 to {TIMES_MAX} times.")
    if step.from_ is not None and step.until is not None and step.until < step.from_:
        raise ScenarioError("dates", f"{field}.until", "The last day lies before the first.")


def _loan(step: ask.Loan, field: str) -> None:
    _amount(step.amount, f"{field}.amount")
    _number(step.annual_rate_percent, 0, RATE_MAX, f"{field}.annual_rate_percent")
    _within(step.months, 1, MONTHS_MAX, "months", f"{field}.months", "A loan runs 1 to 600 months.")
    _amount(step.extra_monthly, f"{field}.extra_monthly", zero=True)
    if len(step.extra) > EXTRAS_MAX or len(step.rate_changes) > EXTRAS_MAX:
        raise ScenarioError("too_many", field, f"A loan has at most {EXTRAS_MAX} extra payments or changes of rate.")
    for number, one in enumerate(step.extra):
        _amount(one.amount, f"{field}.extra[{number}].amount")
        _within(
            one.month, 1, step.months, "months", f"{field}.extra[{number}].month", "The month is one of the loan's."
        )
    last = 0
    for number, change in enumerate(step.rate_changes):
        where = f"{field}.rate_changes[{number}]"
        _number(change.annual_rate_percent, 0, RATE_MAX, f"{where}.annual_rate_percent")
        _within(
            change.month,
            last + 1,
            step.months - 1,
            "months",
            f"{where}.month",
            "Changes of rate come in order, within the loan.",
        )
        last = change.month


def _payoff(step: ask.Payoff, field: str) -> None:
    _amount(step.monthly, f"{field}.monthly")
    if not 1 <= len(step.debts) <= DEBTS_MAX:
        raise ScenarioError("debts", f"{field}.debts", f"A payoff has 1 to {DEBTS_MAX} debts.")
    for number, debt in enumerate(step.debts):
        where = f"{field}.debts[{number}]"
        _amount(debt.balance, f"{where}.balance")
        _amount(debt.minimum, f"{where}.minimum", zero=True)
        _number(debt.annual_rate_percent, 0, RATE_MAX, f"{where}.annual_rate_percent")
    if step.monthly < sum(debt.minimum for debt in step.debts):
        raise ScenarioError("below_minimums", f"{field}.monthly", "The monthly sum is less than the minimums together.")


def _uncertainty(one: ask.Uncertainty, months: int) -> None:
    field = "uncertainty"
    if one.paths < 1 or one.paths * months > PATHS_TIMES_MONTHS_MAX:
        raise ScenarioError(
            "too_many_paths", f"{field}.paths", "Paths times months are at most 20,000 times 600, at least one path."
        )
    _within(one.seed, 0, SEED_MAX, "seed", f"{field}.seed", "A seed is a whole number from 0 to 2^63 - 1.")
    if one.goal is not None:
        _amount(one.goal, f"{field}.goal")
    if one.goal_month is not None:
        _within(one.goal_month, 1, months, "months", f"{field}.goal_month", "The goal's month lies within the horizon.")
    match one.returns:
        case ask.LogNormalReturns():
            _number(one.returns.sd_percent, 0, 200, f"{field}.returns.sd_percent")
            if one.returns.rate_percent is not None:
                _number(one.returns.rate_percent, -99, RATE_MAX, f"{field}.returns.rate_percent")
        case ask.GbmReturns():
            _number(one.returns.sd_percent, 0, 200, f"{field}.returns.sd_percent")
            _number(one.returns.drift_percent, -99, RATE_MAX, f"{field}.returns.drift_percent")
        case ask.HistoricalReturns():
            _number(one.returns.stock_percent, 0, 100, f"{field}.returns.stock_percent")
            first, last = one.returns.first_year, one.returns.last_year
            if first is not None and last is not None and last < first:
                raise ScenarioError("dates", f"{field}.returns.last_year", "The last year comes before the first.")
        case _:
            return


def _sensitivity(one: ask.Sensitivity) -> None:
    if len(one.levers) > LEVERS_MAX:
        raise ScenarioError("too_many", "sensitivity.levers", f"At most {LEVERS_MAX} levers are tried at once.")
    for number, lever in enumerate(one.levers):
        most = RATE_MAX if lever.name in {"rate", "inflation"} else -PERCENT_MIN
        _number(lever.by, -most, most, f"sensitivity.levers[{number}].by")
    if one.grid is not None:
        if one.grid.x == one.grid.y:
            raise ScenarioError("grid", "sensitivity.grid", "A grid sets two different levers against each other.")
        for axis, lever_name, values in (
            ("x", one.grid.x, one.grid.x_values),
            ("y", one.grid.y, one.grid.y_values),
        ):
            least = -RATE_MAX if lever_name in {"rate", "inflation"} else PERCENT_MIN
            where = f"sensitivity.grid.{axis}_values"
            if not 1 <= len(values) <= GRID_MAX:
                raise ScenarioError("grid", where, f"A grid has 1 to {GRID_MAX} settings of each lever.")
            for value in values:
                _number(value, least, RATE_MAX, where)


def _text(value: str, field: str) -> None:
    if not 1 <= len(value) <= TEXT_MAX or "\0" in value:
        raise ScenarioError("text", field, f"A text here has 1 to {TEXT_MAX} characters, none of them NUL.")


def _within(value: int, low: int, high: int, code: str, field: str, detail: str) -> None:
    if not low <= value <= high:
        raise ScenarioError(code, field, detail)


def _amount(value: Decimal, field: str, *, zero: bool = False) -> None:
    if not value.is_finite():
        raise ScenarioError("amount_not_finite", field, "The amount must be a finite number.")
    if value < 0 or (value == 0 and not zero):
        raise ScenarioError("amount_not_positive", field, "The amount must be greater than zero.")
    if value >= LARGEST * 100:
        raise ScenarioError("amount_too_large", field, "The amount has more than 15 digits.")


def _number(value: Decimal, low: int, high: int, field: str) -> None:
    if not value.is_finite() or not low <= value <= high:
        raise ScenarioError("out_of_range", field, f"The figure must lie between {low} and {high}.")
    exponent = value.normalize().as_tuple().exponent
    if isinstance(exponent, int) and -exponent > DECIMALS_MAX:
        raise ScenarioError("too_many_decimals", field, f"The figure has at most {DECIMALS_MAX} decimals.")
