"""Documents at the edges of sense: each is refused in words, or answered exactly; nothing is clamped and nothing breaks."""

import datetime as dt
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from fintwin.domain import accounts
from fintwin.domain.streams import StreamKey, StreamKind
from fintwin.twin import scenario as ask
from fintwin.twin.answer import Simulation, answer
from fintwin.twin.faults import ScenarioError
from fintwin.twin.outlook import Outlook
from tests.twin.pasts import SAVINGS, TODAY, USER, Past

YEN = UUID(int=0x1E9)
MONTHLY = ask.Every()


def several() -> Past:
    """Money in three accounts, one of them in another currency and invested."""
    past = Past(rate="2")
    past.open(SAVINGS, kind="savings")
    past.open(YEN, kind="investment", currency="JPY")
    past.deposit(1_000_00)
    past.deposit(500_00, account=SAVINGS)
    past.deposit(9_000, account=YEN)
    return past


def lever(name: Any, by: int) -> ask.Sensitivity:
    return ask.Sensitivity(levers=(ask.Lever(name=name, by=Decimal(by)),))


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"steps": (ask.ChangeRate(points=Decimal(-103)),)}, "steps[0]"),
        ({"steps": (ask.ChangeRate(points=Decimal(-60)), ask.ChangeRate(points=Decimal(-60)))}, "steps[0]"),
        ({"sensitivity": lever("rate", 200)}, "sensitivity"),
        ({"sensitivity": lever("inflation", 103)}, "sensitivity"),
        ({"sensitivity": lever("shock", 101)}, "sensitivity.levers[0].by"),
        ({"sensitivity": lever("income", -101)}, "sensitivity.levers[0].by"),
    ],
)
def test_more_than_all_is_not_lost(more: dict[str, Any], field: str) -> None:
    """A rate, prices, income or values cannot fall by more than 100 %: said, with the field at fault."""
    past = several()
    with pytest.raises(ScenarioError) as caught:
        past.run(12, *more.pop("steps", ()), **more)
    assert (caught.value.code, caught.value.field) == ("out_of_range", field)


def test_random_returns_need_a_rate_above_all_lost() -> None:
    """Around -100 % there is nothing to stray from."""
    returns = ask.LogNormalReturns(sd_percent=Decimal(10), accounts=(USER,))
    with pytest.raises(ScenarioError) as caught:
        several().run(12, ask.SetRate(percent=Decimal(-100)), uncertainty=ask.Uncertainty(returns=returns))
    assert caught.value.field == "uncertainty.returns"


def test_levers_beside_drawn_returns_of_another_account() -> None:
    """The rate lever turns each currency's own accounts, whichever the drawn returns belong to."""
    returns = ask.LogNormalReturns(rate_percent=Decimal(5), sd_percent=Decimal(10))
    found = several().run(12, uncertainty=ask.Uncertainty(paths=20, returns=returns), sensitivity=ask.Sensitivity())
    euros = next(total for total in found.totals if total.currency == "EUR")
    assert euros.sensitivity is not None
    assert next(one for one in euros.sensitivity.tornado if one.name == "rate").size_minor > 0


def test_two_changes_of_rate_say_what_each_does() -> None:
    """2 % becomes 3.5 %, then 3.5 % becomes 4 %."""
    steps = [ask.ChangeRate(points=Decimal("1.5")), ask.ChangeRate(points=Decimal("0.5"))]
    told = [step.sentence for step in several().run(1, *steps).steps]
    assert "2 % becomes 3.5 %" in told[0]
    assert "3.5 % becomes 4 %" in told[1]


@pytest.mark.parametrize(
    "step",
    [
        ask.Transfer(amount=Decimal(1), account_id=SAVINGS, to_account=USER, every=MONTHLY),
        ask.Transfer(amount=Decimal(1), to_account=YEN, every=MONTHLY),
        ask.Withdraw(amount=Decimal(1), account_id=SAVINGS),
        ask.Withdraw(amount=Decimal(100_000)),
    ],
    ids=["frozen", "another currency", "frozen, today", "too much, today"],
)
def test_a_payment_that_is_forbidden_is_made_on_no_path(step: ask.Step) -> None:
    """Paths do without it as the line does, to the cent, and by the definition of success all of them have failed."""
    past = several()
    past.record(StreamKey(StreamKind.ACCOUNT, SAVINGS), accounts.AccountFrozen())
    found = past.run(6, step, uncertainty=ask.Uncertainty(paths=4, own_months=False))
    total = found.totals[0]
    assert total.uncertainty is not None
    line = [total.nominal.scenario_minor[place] for place in found.month_ends]
    assert total.uncertainty.scenario.percentiles_minor == [[amount] * 5 for amount in line]
    assert total.uncertainty.scenario.failed.paths == 4
    assert total.uncertainty.baseline.failed.paths == 0


def test_a_closed_main_account_leaves_the_others() -> None:
    """Steps that name no account, drawn returns and totals then mean the first account that is open."""
    past = Past()
    past.open(SAVINGS, kind="savings")
    past.deposit(100_00, account=SAVINGS)
    past.record(StreamKey(StreamKind.ACCOUNT, USER), accounts.AccountClosed())
    returns = ask.LogNormalReturns(rate_percent=Decimal(5), sd_percent=Decimal(30))
    total = past.run(
        3, ask.Withdraw(amount=Decimal(40)), uncertainty=ask.Uncertainty(paths=50, returns=returns)
    ).totals[0]
    assert total.nominal.scenario_minor[0] == 60_00
    assert total.uncertainty is not None
    lowest, *_, highest = total.uncertainty.scenario.percentiles_minor[-1]
    assert lowest < highest


@pytest.mark.parametrize("named", [(), (USER,), (UUID(int=5),)], ids=["none", "closed", "unknown"])
def test_returns_of_accounts_that_are_not_there(named: tuple[UUID, ...]) -> None:
    """Said, instead of a future without chance."""
    past = Past()
    past.open(SAVINGS, kind="savings")
    past.record(StreamKey(StreamKind.ACCOUNT, USER), accounts.AccountClosed())
    returns = ask.LogNormalReturns(sd_percent=Decimal(30), accounts=named)
    with pytest.raises(ScenarioError) as caught:
        past.run(3, uncertainty=ask.Uncertainty(returns=returns))
    assert caught.value.field.startswith("uncertainty.returns.accounts")


def test_debts_that_outgrow_all_amounts_are_said() -> None:
    """1,000,000 at 1,000 % with 1,000 a month have more than 15 digits within ten years."""
    debt = ask.DebtTerms(balance=Decimal(1_000_000), annual_rate_percent=Decimal(1_000), minimum=Decimal(1))
    with pytest.raises(ScenarioError) as caught:
        several().run(120, ask.Payoff(debts=(debt,), monthly=Decimal(1_000)))
    assert (caught.value.code, caught.value.field) == ("balance_too_large", "steps[0]")


def test_a_leap_day_and_month_ends() -> None:
    """Begun on 31 January 2028, months end on 29 February, 31 March, 30 April; a year's interest is exactly 12 credits."""
    past = Past(rate="6")
    past.deposit(100_000_00, dt.date(2027, 12, 1))
    fork = past.fork(dt.datetime(2028, 1, 31, 12, tzinfo=dt.UTC))

    found = answer(Simulation(fork, Outlook(fork), ask.Document(horizon_months=12)))
    ends = [found.axis[place] for place in found.month_ends]
    assert [str(day) for day in ends[:4]] == ["2028-01-31", "2028-02-29", "2028-03-31", "2028-04-30"]
    assert found.totals[0].baseline.final_minor == 106_167_78


def test_an_empty_account_for_fifty_years() -> None:
    """Nothing ever happens, and that is said too."""
    total = Past().run(600).totals[0]
    assert set(total.nominal.baseline_minor) == {0}
    assert total.sentence == f"After 600 months there are 0.00 EUR, the lowest point is 0.00 EUR on {TODAY}."
