import math
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fintwin.twin.draws import (
    Centre,
    LogNormal,
    closed_form_minor,
    geometric_brownian,
    historical,
    log_normal,
)
from fintwin.twin.history import shipped_market, trinity
from fintwin.twin.interest import balances_minor
from fintwin.twin.monte_carlo import (
    Outcome,
    Plan,
    Pot,
    Share,
    TooLargeError,
    nearest_rank,
    open_paths,
    simulate,
)

YEARS = 10
LUMP_MINOR = 10_000_000
MEAN_7_SD_15 = log_normal(7, 15, Centre.MEAN)


def lump(yearly_growth: float, months: int = 12 * YEARS) -> Pot:
    """A single sum that grows as planned, with nothing paid in or out."""
    growth = yearly_growth ** (1 / 12)
    line = tuple(round(LUMP_MINOR * yearly_growth ** (month / 12)) for month in range(months + 1))
    return Pot(line, growth, market=True)


def saver(monthly_minor: int, months: int, rate: str = "6") -> Pot:
    moves = [monthly_minor] * months
    line = tuple(balances_minor(LUMP_MINOR, moves, Decimal(rate)))
    return Pot(line, 1 + float(rate) / 1200, market=True, residuals_minor=(-90_000, 10_000, 80_000))


def run(*plans: Plan, seed: int = 5, paths: int = 400, market: LogNormal | None = MEAN_7_SD_15) -> list[Outcome]:
    outcomes = simulate(plans, seed=seed, paths=paths, market=market)
    assert outcomes is not None
    return outcomes


@pytest.mark.parametrize(
    ("growth", "market", "expected"),
    [
        (math.exp(0.07), geometric_brownian(15), (97_981, 179_948, 330_486, 201_375)),
        (1.07, MEAN_7_SD_15, (101_401, 178_475, 314_131, 196_715)),
    ],
    ids=["geometric Brownian motion", "arithmetic mean, yearly"],
)
def test_closed_forms(growth: float, market: LogNormal, expected: tuple[int, ...]) -> None:
    """P10, P50, P90 and mean of 100,000 after ten years at 7 % with 15 %, in both conventions."""
    found = [
        closed_form_minor(LUMP_MINOR, growth, market, years=YEARS, percent=percent) for percent in (10, 50, 90, None)
    ]
    assert tuple(round(value / 100) for value in found) == expected


@pytest.mark.parametrize(
    ("growth", "market"),
    [(math.exp(0.07), geometric_brownian(15)), (1.07, MEAN_7_SD_15), (1.07, log_normal(7, 15, Centre.MEDIAN))],
    ids=["geometric Brownian motion", "mean", "median"],
)
def test_drawn_median_and_mean_meet_the_closed_form(growth: float, market: LogNormal) -> None:
    """The median of 10,000 paths, and their mean, lie within three standard errors of the closed form."""
    (outcome,) = run(Plan((lump(growth),)), paths=10_000, market=market)
    deviation = market.log_sd * math.sqrt(YEARS)
    median = closed_form_minor(LUMP_MINOR, growth, market, years=YEARS, percent=50)
    mean = closed_form_minor(LUMP_MINOR, growth, market, years=YEARS, percent=None)
    assert abs(outcome.percentiles_minor[-1][2] - median) < 3 * 1.2533 * deviation * median / 100
    assert abs(outcome.final_mean_minor - mean) < 3 * mean * math.sqrt(math.exp(deviation**2) - 1) / 100


def test_seven_percent_means_two_things() -> None:
    """The planned 7 % is the median in one convention and the mean in the other."""
    as_median = log_normal(7, 15, Centre.MEDIAN)
    planned = round(LUMP_MINOR * 1.07**10)
    assert closed_form_minor(LUMP_MINOR, 1.07, as_median, years=10, percent=50) == planned
    assert closed_form_minor(LUMP_MINOR, 1.07, MEAN_7_SD_15, years=10, percent=None) == planned
    yearly_mean = math.log(1.07) + as_median.log_sd**2 / 2
    sd = math.exp(yearly_mean) * math.sqrt(math.exp(as_median.log_sd**2) - 1)
    assert sd == pytest.approx(0.15)


@given(
    st.lists(
        st.tuples(
            st.integers(-(10**9), 10**11),
            st.lists(st.integers(-(10**8), 10**8), min_size=13, max_size=13),
            st.decimals(0, 20, places=2),
            st.booleans(),
        ),
        min_size=1,
        max_size=3,
    ),
    st.sampled_from(Centre),
    st.booleans(),
)
@settings(deadline=None)
def test_without_chance_all_percentiles_are_the_line(
    pots: list[tuple[int, list[int], Decimal, bool]], centre: Centre, drawn: bool
) -> None:
    """With a deviation of nought every path is the event-by-event line to the cent, below zero too."""
    made = tuple(
        Pot(tuple(balances_minor(opening, moves, rate)), 1 + float(rate) / 1200, market=market)
        for opening, moves, rate, market in pots
    )
    (outcome,) = run(Plan(made), paths=50, market=LogNormal(0.0, centre) if drawn else None)
    line = np.sum([pot.line_minor for pot in made], axis=0)
    assert (outcome.percentiles_minor == line[:, None]).all()


def test_an_empty_scenario_is_the_baseline() -> None:
    """Two equal plans meet the same draws and come out equal to the last byte."""
    baseline, scenario = run(Plan((saver(5_000, 120),)), Plan((saver(5_000, 120),)))
    assert baseline.percentiles_minor.tobytes() == scenario.percentiles_minor.tobytes()
    assert baseline.opened_paths == scenario.opened_paths


def test_same_seed_same_bytes_whatever_runs_beside_it() -> None:
    """Eight runs on four threads and one alone give the same bytes; another seed gives others."""
    plan = Plan((saver(-20_000, 240),))
    alone = run(plan)[0].percentiles_minor.tobytes()
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda _: run(plan)[0].percentiles_minor.tobytes(), range(8)))
    assert set(together) == {alone}
    assert run(plan, seed=6)[0].percentiles_minor.tobytes() != alone


def test_a_longer_run_begins_with_the_shorter_one() -> None:
    """The draws of a month do not depend on the horizon or on what else is simulated."""
    (short,) = run(Plan((saver(5_000, 60),)))
    (long, _) = run(Plan((saver(5_000, 120),)), Plan((lump(1.03, 120),)))
    assert (long.percentiles_minor[:61] == short.percentiles_minor).all()


@given(st.integers(0, 2**63), st.integers(-300_000, 100_000))
@settings(deadline=None, max_examples=30)
def test_percentiles_are_ordered(seed: int, monthly: int) -> None:
    """P10 to P90 never cross at any date."""
    (outcome,) = run(Plan((saver(monthly, 60),)), seed=seed, paths=97)
    assert (np.diff(outcome.percentiles_minor, axis=1) >= 0).all()


@given(st.integers(0, 2**32), st.integers(-300_000, 0), st.integers(0, 100_000))
@settings(deadline=None, max_examples=40)
def test_more_spending_never_raises_success(seed: int, monthly: int, more: int) -> None:
    """On the same draws a plan that spends more fails on at least as many paths."""
    little, much = run(Plan((saver(monthly, 90),)), Plan((saver(monthly - more, 90),)), seed=seed, paths=200)
    assert much.failed.paths >= little.failed.paths


@given(st.integers(0, 2**32), st.integers(-300_000, 0), st.integers(1, 60))
@settings(deadline=None, max_examples=40)
def test_a_longer_horizon_never_raises_success(seed: int, monthly: int, longer: int) -> None:
    """On the same seed more months mean at least as many failing paths."""
    (short,) = run(Plan((saver(monthly, 60),)), seed=seed, paths=200)
    (long,) = run(Plan((saver(monthly, 60 + longer),)), seed=seed, paths=200)
    assert long.failed.paths >= short.failed.paths


def test_opened_paths_are_those_of_the_run() -> None:
    """Worst to best path, drawn again one by one: in order, on the percentiles, and every cent accounted for."""
    cash = Pot(tuple(range(100_000, 161_000, 1_000)), residuals_minor=(-50_000, 20_000, 30_000))
    plan = Plan((cash, lump(1.05, 60)))
    (outcome,) = run(plan, paths=500)
    opened = open_paths(plan, outcome.opened_paths, seed=5, paths=500, market=MEAN_7_SD_15)
    finals = [sum(pot[-1] for pot in path.balances_minor) for path in opened]
    assert finals == sorted(finals)
    assert finals[1:4] == outcome.percentiles_minor[-1][1:4].tolist()
    for path in opened:
        for month, drawn in enumerate(path.residuals_minor[0]):
            step = path.balances_minor[0][month + 1] - path.balances_minor[0][month]
            assert step == cash.line_minor[month + 1] - cash.line_minor[month] + drawn


def test_failures_are_counted_once_and_with_their_date() -> None:
    """500.00, each month +300.00 or -300.00: paths fail at the first month end below zero, and count once."""
    plan = Plan((Pot((50_000,) * 13, residuals_minor=(-30_000, 30_000)),), goal_minor=50_000)
    (outcome,) = run(plan, paths=1_000, market=None)
    paths = open_paths(plan, range(1_000), seed=5, paths=1_000, market=None)
    firsts = [0] * 13
    depths = []
    for path in paths:
        balances = path.balances_minor[0]
        below = [month for month, balance in enumerate(balances) if balance < 0]
        if below:
            firsts[below[0]] += 1
            depths.append(-min(balances))
    assert outcome.first_failures == tuple(firsts)
    assert outcome.failed == Share(len(depths), 1_000)
    assert outcome.shortfall_median_minor == sorted(depths)[nearest_rank(50, len(depths))]
    assert outcome.shortfall_p90_minor == sorted(depths)[nearest_rank(90, len(depths))]
    reached = sum(path.balances_minor[0][-1] >= 50_000 for path in paths)
    assert outcome.reached_goal == Share(reached, 1_000)


def test_standard_error() -> None:
    """A fifth of 10,000 paths is 0.2 with a standard error of 0.004."""
    share = Share(2_000, 10_000)
    assert (share.probability, share.standard_error) == (0.2, pytest.approx(0.004))


@pytest.mark.parametrize(("stock_share", "draw", "failing"), [(0.6, 0.04, 2), (0.5, 0.05, 22)])
def test_historical_paths_agree_with_the_history_engine(stock_share: float, draw: float, failing: int) -> None:
    """The same windows, month by month in today's money: the Trinity counts come out of this engine too."""
    years = shipped_market().years_between(1928, 2023)
    market = historical(years, 360, stock_share, real=True)
    drawn = [draw * LUMP_MINOR if month and month % 12 == 0 else 0 for month in range(361)]
    line = tuple(round(LUMP_MINOR - paid) for paid in np.cumsum(drawn))
    outcomes = simulate([Plan((Pot(line, 1.0, market=True),))], seed=0, paths=67, market=market)
    assert outcomes is not None
    counted = trinity(years, years=30, stock_share=stock_share, draw_rate=draw)
    assert outcomes[0].failed == Share(failing, 67)
    assert counted.windows - counted.successes == failing


def test_todays_money_uses_the_prices_of_its_own_years() -> None:
    """A sum that just lies there loses what each window's prices rose; whether it fails stays the same."""
    years = shipped_market().years_between(1970, 1981)
    market = historical(years, 120, 0.0)
    outcomes = simulate([Plan((Pot((LUMP_MINOR,) * 121),))], seed=0, paths=3, market=market)
    assert outcomes is not None
    worth = sorted(round(LUMP_MINOR / level) for level in market.prices[:, -1])
    todays = outcomes[0].todays_percentiles_minor
    assert todays is not None
    assert todays[-1].tolist() == [worth[0], worth[0], worth[1], worth[2], worth[2]]
    assert outcomes[0].failed.paths == 0


def test_a_run_can_be_cancelled() -> None:
    """Progress is told once a simulated year; the first False ends the run without an answer."""
    told: list[tuple[int, int]] = []

    def progress(done: int, total: int) -> bool:
        told.append((done, total))
        return done < 24

    assert simulate([Plan((saver(0, 100),))], seed=1, paths=10, market=None, progress=progress) is None
    assert told == [(12, 100), (24, 100)]


def test_amounts_beyond_exact_cents_are_refused() -> None:
    """A plan that grows beyond 2^53 minor units is refused, not rounded."""
    line = tuple(10**13 * 2**month for month in range(13))
    with pytest.raises(TooLargeError):
        run(Plan((Pot(line, 2.0, market=True),)))


def test_lines_of_unequal_length_are_a_mistake() -> None:
    """Plans that do not cover the same months are not silently cut."""
    with pytest.raises(ValueError, match="one length"):
        run(Plan((saver(0, 12),)), Plan((saver(0, 13),)))
    with pytest.raises(ValueError, match="windows and months"):
        simulate([Plan((saver(0, 12),))], seed=0, paths=5, market=historical(shipped_market().years, 24, 1.0))
