"""Uncertainty of a run: the lines as pots, many futures around them, single paths opened and walked again by the rules.

A path fails when an account is below its limit at a month's end, or a decided payment cannot be made in it. Baseline and
scenario meet the same draws. Without chance every percentile is the line.

    uncertain(simulation, "EUR", baseline, scenario, None).scenario.failed.probability
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from decimal import Decimal, localcontext
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec
from msgspec.structs import replace

from fintwin.domain.accounts.state import Status
from fintwin.twin import scenario as ask
from fintwin.twin.draws import (
    Centre,
    Historical,
    LogNormal,
    Market,
    closed_form_minor,
    geometric_brownian,
    historical,
    log_normal,
)
from fintwin.twin.faults import ScenarioError
from fintwin.twin.history import SHIPPED_LABEL, MarketYear, parse_market, shipped_market, sustainable_rates
from fintwin.twin.interest import EXACT, MONTHS_A_YEAR, PER_CENT, round_half_up
from fintwin.twin.line import Line
from fintwin.twin.monte_carlo import (
    PERCENTS,
    Decision,
    Outcome,
    Plan,
    Pot,
    Progress,
    Share,
    TooLargeError,
    open_paths,
    simulate,
)
from fintwin.twin.outlook import Item, Origin
from fintwin.twin.rates import Mode, RateChange
from fintwin.twin.run import TOO_LARGE, Run
from fintwin.twin.steps import Built, main_account

if TYPE_CHECKING:
    from fintwin.twin.answer import Simulation
    from fintwin.twin.fork import Fork

OPENED_NAMES = ("worst", "p25", "median", "p75", "best")
SHOWN = Decimal("0.000001")


class Chance(msgspec.Struct, frozen=True):
    """A probability as paths of all paths, with its standard error."""

    paths: int
    of: int
    probability: Decimal
    standard_error: Decimal


class Fan(msgspec.Struct, frozen=True):
    """What became of one course: at each month's end from today on the percentiles 10, 25, 50, 75, 90 of the total.

    ``first_failures`` counts by month's end (today first) the paths that failed there first.
    """

    percentiles_minor: list[list[int]]
    todays_percentiles_minor: list[list[int]]
    failed: Chance
    reached_goal: Chance | None
    first_failures: tuple[int, ...]
    shortfall_median_minor: int | None
    shortfall_p90_minor: int | None
    final_mean_minor: int


class Opened(msgspec.Struct, frozen=True):
    """One path of the scenario, and the same path walked event by event by the rules.

    ``replayed_minor`` may be off ``path_minor`` by roundings, and by payments inside a month that the rules refuse.
    """

    name: str
    number: int
    path_minor: tuple[int, ...]
    replayed_minor: tuple[int, ...]
    refused: int
    would_be_refused: int
    first_breach: dt.date | None


class ClosedForm(msgspec.Struct, frozen=True):
    """What the formula says of a single sum that nothing is paid into or out of."""

    p10_minor: int
    p50_minor: int
    p90_minor: int
    mean_minor: int


class WindowsTold(msgspec.Struct, frozen=True):
    """Historical sequences: how many there are, which fail, and what every one of them would have borne.

    ``sustainable_percent`` is the yearly draw, in today's money and percent of the start, that the worst window just bears.
    """

    label: str
    first_year: int
    last_year: int
    windows: int
    successes: int
    failed_starts: tuple[int, ...]
    sustainable_percent: Decimal | None
    worst_start: int | None


class Uncertain(msgspec.Struct, frozen=True):
    """The futures of baseline and scenario on the same draws."""

    currency: str
    seed: int
    paths: int
    percents: tuple[int, ...]
    baseline: Fan
    scenario: Fan
    opened: tuple[Opened, ...]
    closed_form: ClosedForm | None
    history: WindowsTold | None


def market_accounts(fork: Fork, document: ask.Document) -> tuple[UUID, ...]:
    """The accounts whose growth is uncertain: those named, else the investment accounts, else the main one."""
    uncertainty = document.uncertainty
    if uncertainty is None or uncertainty.returns is None:
        return ()
    named = uncertainty.returns.accounts
    if named is not None:
        where = "uncertainty.returns.accounts"
        if not named:
            raise ScenarioError("no_account", where, "Name at least one account, or leave the field out.")
        for place, each in enumerate(named):
            state = fork.accounts.get(each)
            if state is None:
                raise ScenarioError("unknown_account", f"{where}[{place}]", "There is no such account.")
            if state.status is Status.CLOSED:
                raise ScenarioError("account_closed", f"{where}[{place}]", "The account is closed.")
        return named
    return tuple(each for each, one in fork.accounts.items() if one.kind == "investment") or (main_account(fork),)


def rate_changes(fork: Fork, document: ask.Document) -> tuple[RateChange, ...]:
    """The growth that a document's returns plan with, in every run of it."""
    returns = None if document.uncertainty is None else document.uncertainty.returns
    accounts = market_accounts(fork, document)
    match returns:
        case ask.LogNormalReturns() if returns.rate_percent is not None:
            percent, mode = returns.rate_percent, Mode.EFFECTIVE
        case ask.GbmReturns():
            percent, mode = returns.drift_percent, Mode.CONTINUOUS
        case _:
            return ()
    return tuple(RateChange(each, fork.today, percent, is_set=True, mode=mode) for each in accounts)


def uncertain(one: Simulation, currency: str, baseline: Line, scenario: Line) -> Uncertain:
    """Run baseline and scenario on the same draws."""
    wanted = one.document.uncertainty
    assert wanted is not None
    accounts = [each for each in one.selected if baseline.currencies[each] == currency]
    market, years = _market(one, accounts)
    paths = len(market.start_years) if isinstance(market, Historical) else wanted.paths
    plans = [
        _plan(one, currency, built, line, fork)
        for built, line, fork in (
            (one.baseline_built, baseline, one.fork),
            (one.scenario_built, scenario, one.past.fork),
        )
    ]
    try:
        outcomes = simulate(plans, seed=wanted.seed, paths=paths, market=market, progress=_progress(one))
    except TooLargeError:
        raise ScenarioError("balance_too_large", "uncertainty", TOO_LARGE) from None
    assert outcomes is not None, "whoever stops a run raises"
    chosen = list(outcomes[1].opened_paths)
    walked = open_paths(plans[1], chosen, seed=wanted.seed, paths=paths, market=market)
    opened = []
    for name, number, path in zip(OPENED_NAMES, chosen, walked, strict=True):
        totals = tuple(sum(month) for month in zip(*path.balances_minor, strict=True))
        opened.append(_replayed(one, plans[1], accounts, scenario, Opened(name, number, totals, (), 0, 0, None), path))
    fans = [_fan(outcome, one.document.inflation_percent) for outcome in outcomes]
    return Uncertain(
        currency=currency,
        seed=wanted.seed,
        paths=paths,
        percents=PERCENTS,
        baseline=fans[0],
        scenario=fans[1],
        opened=tuple(opened),
        closed_form=_closed_form(one, currency, scenario, market),
        history=None if not isinstance(market, Historical) else _windows(one, outcomes[1], market, years),
    )


def _progress(one: Simulation) -> Progress:
    """Counts simulated years as months of the run's pace."""
    told = 0

    def note(done: int, _of: int) -> bool:
        nonlocal told
        one.pace.month(done - told)
        told = done
        return True

    return note


def _market(one: Simulation, accounts: Sequence[UUID]) -> tuple[Market | None, tuple[MarketYear, ...]]:
    wanted = one.document.uncertainty
    returns = None if wanted is None else wanted.returns
    if returns is None or not set(accounts) & set(market_accounts(one.fork, one.document)):
        return None, ()
    match returns:
        case ask.GbmReturns():
            return geometric_brownian(float(returns.sd_percent)), ()
        case ask.LogNormalReturns():
            first = market_accounts(one.fork, one.document)[0]
            percent = one.scenario_built.rates.on(first, one.fork.today).percent
            if percent <= -PER_CENT:
                text = "Random yearly returns need a rate above -100 %."
                raise ScenarioError("out_of_range", "uncertainty.returns", text)
            return log_normal(float(percent), float(returns.sd_percent), Centre(returns.rate_is)), ()
    market = shipped_market() if one.market_text is None else parse_market(one.market_text, SHIPPED_LABEL)
    first_year = market.years[0].year if returns.first_year is None else returns.first_year
    last_year = market.years[-1].year if returns.last_year is None else returns.last_year
    years = market.years_between(first_year, last_year)
    span = -(-one.document.horizon_months // MONTHS_A_YEAR)
    if span > len(years):
        text = f"The market file has {len(years)} of these years, the horizon needs {span} in a row."
        raise ScenarioError("history_too_short", "uncertainty.returns", text)
    share = float(returns.stock_percent) / PER_CENT
    return historical(years, one.document.horizon_months, share, real=returns.sums == "todays_money"), years


def _plan(one: Simulation, currency: str, built: Built, line: Line, fork: Fork) -> Plan:
    wanted = one.document.uncertainty
    assert wanted is not None
    accounts = [each for each in one.selected if line.currencies[each] == currency]
    drawn = set(market_accounts(one.fork, one.document))
    residuals = _residuals(one, accounts, built) if wanted.own_months else {}
    pots = tuple(
        Pot(
            line_minor=tuple(line.balances[each][place] for place in line.month_ends),
            growth=line.growth[each],
            market=each in drawn,
            residuals_minor=residuals.get(each, ()),
            limit_minor=None if fork.accounts[each].kind == "loan" else -fork.accounts[each].overdraft_limit_minor,
        )
        for each in accounts
    )
    numbers = {each: place for place, each in enumerate(accounts)}
    decisions: list[list[Decision]] = [[] for _ in range(one.document.horizon_months)]
    today: list[Decision] = []
    for met in line.decided:
        if met.account_id in numbers:
            to_pot = None if met.to_account is None else numbers.get(met.to_account)
            (decisions[met.month - 1] if met.month else today).append(
                Decision(
                    numbers[met.account_id], to_pot, met.amount_minor, met.available_minor, met.paid, met.at_end,
                    met.possible,
                )
            )  # fmt: skip
    goal = None
    if wanted.goal is not None:
        goal = one.amount_minor(wanted.goal, currency, "uncertainty.goal")
    kept = tuple(tuple(month) for month in decisions) if line.decided else ()
    return Plan(pots, goal, wanted.goal_month, kept, tuple(today))


def _residuals(one: Simulation, accounts: Sequence[UUID], built: Built) -> dict[UUID, tuple[int, ...]]:
    """The accounts' own past months, the same number of months for all that have any."""
    found = {}
    for each in accounts:
        rated = each in built.rates.rated
        own = one.outlook.habits(each, with_interest=not rated).residuals_minor
        if own:
            found[each] = own
    count = min((len(own) for own in found.values()), default=0)
    return {each: own[:count] for each, own in found.items()}


def _replayed(
    one: Simulation, plan: Plan, accounts: Sequence[UUID], line: Line, opened: Opened, path: object
) -> Opened:
    """Walk one path event by event: drawn growth as interest, drawn months as everyday money at month ends."""
    course = one.scenario_built.course
    ends = [line.axis[place] for place in line.month_ends]
    items: list[Item] = list(course.items)
    drawn = {}
    for place, each in enumerate(accounts):
        growth = path.growth[place]  # type: ignore[attr-defined]  # an OpenedPath
        months = path.residuals_minor[place]  # type: ignore[attr-defined]
        beyond = [factor - plan.pots[place].growth_in(month) for month, factor in enumerate(growth)]
        if any(beyond):
            drawn[each] = beyond
        origin = Origin("everyday", str(each))
        items += [Item(ends[month + 1], each, amount, origin) for month, amount in enumerate(months) if amount]
    fork = one.past.fork.branch(())
    walked = Run(fork, replace(course, items=items, drawn=drawn), beat=one.pace.month).to_the_end()
    totals = tuple(sum(walked.balances[each][place] for each in accounts) for place in walked.month_ends)
    return replace(
        opened,
        replayed_minor=totals,
        refused=len(walked.refused),
        would_be_refused=len(walked.would_be_refused),
        first_breach=min(walked.breaches.values(), default=None),
    )


def _fan(outcome: Outcome, inflation_percent: Decimal) -> Fan:
    percentiles = outcome.percentiles_minor.tolist()
    if outcome.todays_percentiles_minor is not None:
        todays = outcome.todays_percentiles_minor.tolist()
    else:
        todays = [_todays(row, inflation_percent, month) for month, row in enumerate(percentiles)]
    return Fan(
        percentiles_minor=percentiles,
        todays_percentiles_minor=todays,
        failed=_chance(outcome.failed),
        reached_goal=None if outcome.reached_goal is None else _chance(outcome.reached_goal),
        first_failures=outcome.first_failures,
        shortfall_median_minor=outcome.shortfall_median_minor,
        shortfall_p90_minor=outcome.shortfall_p90_minor,
        final_mean_minor=outcome.final_mean_minor,
    )


def _todays(row: Sequence[int], inflation_percent: Decimal, month: int) -> list[int]:
    """One month end's amounts in today's money; the same as `todays_money_minor` of each."""
    with localcontext(EXACT):
        growth = (1 + inflation_percent / PER_CENT) ** (Decimal(month) / MONTHS_A_YEAR)
        return [round_half_up(amount / growth) for amount in row]


def _chance(share: Share) -> Chance:
    probability = (Decimal(share.paths) / share.of).quantize(SHOWN)
    return Chance(share.paths, share.of, probability, Decimal(share.standard_error).quantize(SHOWN))


def _closed_form(one: Simulation, currency: str, scenario: Line, market: Market | None) -> ClosedForm | None:
    """Only for one account that nothing but its growth moves after today."""
    accounts = [each for each in one.selected if scenario.currencies[each] == currency]
    moved = any(item.on > one.fork.today for item in one.scenario_built.items)
    if not isinstance(market, LogNormal) or len(accounts) != 1 or moved or one.scenario_built.shocks:
        return None
    rate = one.scenario_built.rates.on(accounts[0], one.fork.today)
    start = scenario.balances[accounts[0]][0]
    years = one.document.horizon_months / MONTHS_A_YEAR
    growth = math.pow(rate.month_factor(), MONTHS_A_YEAR)
    found = [closed_form_minor(start, growth, market, years=years, percent=percent) for percent in (10, 50, 90, None)]
    return ClosedForm(*found)


def _windows(one: Simulation, outcome: Outcome, market: Historical, years: Sequence[MarketYear]) -> WindowsTold:
    wanted = one.document.uncertainty
    assert wanted is not None
    assert isinstance(wanted.returns, ask.HistoricalReturns)
    span, rest = divmod(one.document.horizon_months, MONTHS_A_YEAR)
    worst = None
    if not rest:
        share = float(wanted.returns.stock_percent) / PER_CENT
        worst = min(sustainable_rates(years, years=span, stock_share=share), key=lambda window: window.rate)
    return WindowsTold(
        label=SHIPPED_LABEL if one.market_text is None else "a market file of the operator's own",
        first_year=years[0].year,
        last_year=years[-1].year,
        windows=outcome.failed.of,
        successes=outcome.failed.of - outcome.failed.paths,
        failed_starts=tuple(market.start_years[path] for path in outcome.failed_paths),
        sustainable_percent=None if worst is None else Decimal(worst.rate * PER_CENT).quantize(SHOWN),
        worst_start=None if worst is None else worst.start_year,
    )
