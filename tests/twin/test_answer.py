import datetime as dt
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fintwin.twin import scenario as ask
from fintwin.twin.answer import answer
from fintwin.twin.faults import ScenarioError
from tests.twin.pasts import SAVINGS, TODAY, USER, Past

MONTHLY = ask.Every()


def saver(balance: int = 10_000_00) -> Past:
    """A main account with money and plans, and savings at 3 %."""
    past = Past()
    past.open(SAVINGS, kind="savings", rate="3")
    past.deposit(balance)
    past.plan(2_000_00, kind="income")
    past.plan(-1_500_00)
    return past


def test_a_transfer_between_own_accounts_changes_nothing_in_all() -> None:
    """Net worth, income, spending and the savings rate are those of the baseline; only the accounts differ."""
    past = Past()
    past.open(SAVINGS, kind="savings")
    past.deposit(10_000_00)
    past.plan(2_000_00, kind="income")
    past.plan(-1_500_00)
    found = past.run(12, ask.Transfer(amount=Decimal(300), to_account=SAVINGS, every=MONTHLY))
    total = found.totals[0]
    assert total.nominal.scenario_minor == total.nominal.baseline_minor
    assert total.net_worth.scenario_minor == total.net_worth.baseline_minor
    assert (total.scenario.savings_rate, total.scenario.income_minor) == (
        total.baseline.savings_rate, total.baseline.income_minor,
    )  # fmt: skip
    assert total.baseline.savings_rate == Decimal("0.2500")
    assert {one.account_id: one.series.scenario_minor[-1] for one in found.accounts} == {
        USER: 10_000_00 + 12 * 200_00, SAVINGS: 12 * 300_00,
    }  # fmt: skip


def test_a_refused_payment_tells_date_and_reason() -> None:
    """The line goes on without it, and nothing is booked in part."""
    past = Past()
    past.deposit(100_00)
    day = TODAY + dt.timedelta(days=40)
    total = past.run(3, ask.Withdraw(amount=Decimal(101), on=day)).totals[0]
    (refused,) = total.scenario.refused.listed
    assert (refused.on, refused.code, refused.missing_minor) == (day, "insufficient_funds", 1_00)
    assert refused.detail == "The payment of 101.00 EUR is more than the 100.00 EUR available."
    assert total.nominal.scenario_minor[-1] == 100_00


def test_each_figure_leads_to_its_causes() -> None:
    """The causes of the end sum to what the money moved by, and a step is one of them."""
    past = saver()
    found = past.run(12, ask.Withdraw(amount=Decimal(40)), ask.ChangeSpending(percent=Decimal(10)))
    total = found.totals[0]
    moved = total.nominal.scenario_minor[-1] - total.nominal.baseline_minor[0]
    assert sum(one.amount_minor for one in total.scenario_causes) == moved
    assert {one.kind for one in total.scenario_causes} == {"plan", "step"}


def test_real_money_and_nominal_money() -> None:
    """Today both are the same; after a year at 10 % inflation 1,100 are worth 1,000."""
    past = Past()
    past.deposit(1_100_00)
    total = past.run(12, inflation_percent=Decimal(10)).totals[0]
    assert total.todays_money.baseline_minor[0] == total.nominal.baseline_minor[0]
    assert total.todays_money.baseline_minor[-1] == 1_000_00


def test_a_shock_changes_an_accounts_money() -> None:
    """-25 % of what lies there on that day."""
    past = Past()
    past.deposit(1_000_00)
    day = TODAY + dt.timedelta(days=10)
    found = past.run(1, ask.MarketShock(percent=Decimal(-25), on=day, account_id=USER))
    series = found.accounts[0].series.scenario_minor
    assert (series[9], series[10]) == (1_000_00, 750_00)


def test_risk_and_notifications_of_the_future() -> None:
    """Emptying the account raises the score of that day in the scenario only, and an alert is told."""
    past = Past()
    for month in range(1, 13):
        past.deposit(2_000_00, dt.date(2025, month, 1), payee_ref="work")
        past.withdraw(1_500_00, dt.date(2025, month, 10), payee_ref="rent")
    found = past.run(2, ask.Withdraw(amount=Decimal(5_900), on=TODAY + dt.timedelta(days=3)))
    (scores,) = found.risk
    assert scores.scenario[:3] == scores.baseline[:3]
    assert scores.scenario[5] > 60 > scores.baseline[5]
    assert "risk_alert" in found.notifications.counts
    assert "risk_alert" not in found.baseline_notifications.counts


def test_levers_are_sorted_by_size() -> None:
    """100,000 at 6 %: a point more or less is +1,061.23 or -1,051.59 after a year; idle levers come last."""
    past = Past(rate="6")
    past.deposit(100_000_00)
    found = past.run(
        12,
        inflation_percent=Decimal(0),
        sensitivity=ask.Sensitivity(
            levers=(ask.Lever(name="income", by=Decimal(10)), ask.Lever(name="rate", by=Decimal(1))),
            grid=ask.Grid(x="rate", y="inflation", x_values=(Decimal(0), Decimal(1)), y_values=(Decimal(0),)),
        ),
    )
    told = found.totals[0].sensitivity
    assert told is not None
    assert [one.name for one in told.tornado] == ["rate", "income"]
    assert (told.tornado[0].high_todays_minor, told.tornado[0].low_todays_minor) == (1_061_23, -1_051_59)
    assert told.tornado[1].size_minor == 0
    assert told.grid is not None
    assert told.grid.finals_minor == [[106_167_78, told.tornado[0].high_final_minor]]


@pytest.mark.parametrize(
    "step", [ask.Withdraw(amount=Decimal(1), account_id=UUID(int=9)), ask.Omit(transaction_id=USER)]
)
def test_what_is_not_there_is_said(step: Any) -> None:
    """An account or transaction that is not the user's names the step at fault."""
    with pytest.raises(ScenarioError) as caught:
        saver().run(1, step)
    assert caught.value.field.startswith("steps[0]")


def test_more_spending_never_raises_success() -> None:
    """On the same draws the share of paths that go below zero only grows with what is withdrawn, and with the horizon."""
    past = Past()
    past.deposit(100_000_00)
    returns = ask.LogNormalReturns(rate_percent=Decimal(5), sd_percent=Decimal(18))
    chance = ask.Uncertainty(paths=400, seed=3, returns=returns)

    def failed(sum_: int, months: int, inflation: int = 2) -> int:
        step = ask.Withdraw(amount=Decimal(sum_), every=MONTHLY)
        total = past.run(months, step, uncertainty=chance, inflation_percent=Decimal(inflation)).totals[0]
        assert total.uncertainty is not None
        return total.uncertainty.scenario.failed.paths

    by_sum = [failed(sum_, 120) for sum_ in (300, 900, 1_100, 1_500)]
    assert by_sum == sorted(by_sum)
    assert by_sum[0] < by_sum[-1]
    assert failed(1_000, 60) <= failed(1_000, 120)
    assert failed(1_000, 120, inflation=0) == failed(1_000, 120, inflation=9)


AMOUNTS = st.integers(1, 3_000_00).map(lambda minor: Decimal(minor) / 100)
DAYS = st.integers(0, 300).map(lambda days: TODAY + dt.timedelta(days=days))
STEPS = st.lists(
    st.one_of(
        st.builds(ask.Deposit, amount=AMOUNTS, on=DAYS),
        st.builds(ask.Withdraw, amount=AMOUNTS, on=DAYS),
        st.builds(ask.Withdraw, amount=AMOUNTS, every=st.just(MONTHLY)),
        st.builds(ask.Transfer, amount=AMOUNTS, to_account=st.just(SAVINGS), every=st.just(MONTHLY)),
        st.builds(ask.ChangeRate, points=st.integers(-3, 9).map(Decimal), account_id=st.just(SAVINGS)),
        st.builds(ask.LoseIncome, months=st.integers(1, 12)),
        st.builds(ask.ChangeSpending, percent=st.integers(-100, 200).map(Decimal)),
        st.builds(ask.Loan, amount=AMOUNTS, annual_rate_percent=st.just(Decimal(5)), months=st.integers(1, 40)),
    ),
    max_size=4,
)


@settings(max_examples=40, deadline=None)
@given(steps=STEPS)
def test_documents_of_any_kind(steps: list[Any]) -> None:
    """Effects and interaction sum to the difference, no chance gives the line, and the fork is left alone."""
    past = saver(3_000_00)
    simulation = past.simulation(12, *steps, uncertainty=ask.Uncertainty(paths=3, own_months=False))
    rows = {name: dict(known) for name, known in simulation.fork.rows.items()}
    found = answer(simulation)
    assert found is not None
    total = found.totals[0]
    difference = total.difference
    assert difference.interaction_minor is not None
    parts = sum(effect.total_minor for effect in difference.effects) + difference.interaction_minor
    assert parts == difference.final_minor == total.scenario.final_minor - total.baseline.final_minor
    line = [total.nominal.scenario_minor[place] for place in found.month_ends]
    assert total.uncertainty is not None
    assert total.uncertainty.scenario.percentiles_minor == [[amount] * 5 for amount in line]
    assert simulation.fork.rows == rows
