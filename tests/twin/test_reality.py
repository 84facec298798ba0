import datetime as dt
from decimal import Decimal

from fintwin.twin import scenario as ask
from fintwin.twin.answer import answer
from fintwin.twin.reality import held_against
from tests.twin.pasts import TODAY, USER, Past


def test_a_run_is_held_against_what_happened() -> None:
    """Expected were 1,000 and no change; 40 went out after ten days: over the 20 days since the mean error is 20.00."""
    past = Past()
    past.deposit(1_000_00)
    simulation = past.simulation(2)
    found = answer(simulation)
    assert found is not None
    past.withdraw(40_00, TODAY + dt.timedelta(days=10))
    (held,) = held_against(found, {USER}, past.events, TODAY + dt.timedelta(days=19))
    assert len(held.days) == 20
    assert (held.actual_minor[9], held.actual_minor[10]) == (1_000_00, 960_00)
    assert held.baseline_error_minor == held.scenario_error_minor == 20_00
    assert (held.covered, held.month_ends) == (0, 0)


def test_a_band_holds_or_does_not() -> None:
    """Of two month ends one lies in the band of a run without chance, the other does not."""
    past = Past()
    past.deposit(1_000_00)
    found = answer(past.simulation(3, uncertainty=ask.Uncertainty(paths=1, own_months=False)))
    assert found is not None
    past.withdraw(1, TODAY + dt.timedelta(days=40))
    (held,) = held_against(found, {USER}, past.events, TODAY + dt.timedelta(days=70))
    assert (held.covered, held.month_ends) == (1, 2)


def test_days_to_come_are_left_out() -> None:
    """On the day of the run there is one day, and no error."""
    past = Past()
    past.deposit(5)
    found = answer(past.simulation(1, ask.Deposit(amount=Decimal(1), on=TODAY + dt.timedelta(days=1))))
    assert found is not None
    (held,) = held_against(found, {USER}, past.events, TODAY)
    assert (held.days, held.scenario_error_minor) == ((TODAY,), 0)
