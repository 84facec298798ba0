"""What a run rests on, said with it: nothing that shapes the figures is left to be guessed.

[one.code for one in assumptions(simulation)]     # ["inflation", "interest", "tax", ...]
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from fintwin.twin import scenario as ask
from fintwin.twin.explain import Assumption
from fintwin.twin.interest import real_rate_percent

if TYPE_CHECKING:
    from fintwin.twin.answer import Simulation

SHOWN = Decimal("0.0001")


def assumptions(one: Simulation) -> tuple[Assumption, ...]:
    """The list, most important first."""
    document = one.document
    inflation = document.inflation_percent
    found = [
        Assumption("inflation", "Today's money: prices rise by this many percent a year.", inflation),
        *_rates(one),
        Assumption("tax", "No tax is taken off.", Decimal(0)),
        Assumption("fees", "No fees are charged.", Decimal(0)),
        Assumption(
            "overdraft_cost", "Money owed to an account's overdraft costs nothing, because its price is not known here.",
            Decimal(0),
        ),
        Assumption("currency", "Each currency is added up for itself; nothing is converted."),
        Assumption(
            "decided", "What a person decides is refused where the ledger would refuse it; what merely happens is booked."
        ),
        Assumption("month", "A month runs from the day of the run to the same day of the next; interest comes before payments."),
        Assumption("everyday", "Everyday money is booked by day for 90 days, then once a month."),
        Assumption("own_transfers", "Of transfers between own accounts only those that recur go on."),
    ]  # fmt: skip
    if one.past.told:
        found.append(
            Assumption("past", "The changed past changes balances only: what is expected is learnt from the real one.")
        )
    if len(document.steps) > len(one.effects_of):
        found.append(Assumption("effects", "With this many steps their single effects are not worked out."))
    if document.uncertainty is not None:
        found += _uncertainty(document.uncertainty)
    return tuple(found)


def _rates(one: Simulation) -> list[Assumption]:
    found = []
    for each in one.selected:
        rate = one.scenario_built.rates.on(each, one.fork.today)
        if not rate.percent:
            continue
        replaced = any(
            flow.flow.account_id == each and flow.flow.category == "interest" for flow in one.outlook.found()
        )
        text = f"Account {each} bears this many percent a year, {rate.mode.value}, after today as its steps say"
        text += "; it takes the place of the interest found in its history." if replaced else "."
        found.append(Assumption("interest", text, rate.percent))
        real = real_rate_percent(rate.percent, one.document.inflation_percent)
        found.append(Assumption("real_interest", f"Account {each}: the same after inflation.", real.quantize(SHOWN)))
    return found


def _uncertainty(wanted: ask.Uncertainty) -> list[Assumption]:
    found = [
        Assumption(
            "success",
            "A path succeeds when no account is below its limit at a month's end and every decided payment can be made.",
        )
    ]
    if wanted.own_months:
        found.append(
            Assumption("own_months", "Each month strays from the line as one of the user's own past months did.")
        )
    match wanted.returns:
        case ask.LogNormalReturns():
            text = (
                f"Yearly returns are log-normal; the rate is their {_centre(wanted.returns)}; this is their deviation."
            )
            found.append(Assumption("returns", text, wanted.returns.sd_percent))
        case ask.GbmReturns():
            text = "Returns follow geometric Brownian motion: the mean grows with exp(drift); this is the yearly volatility."
            found.append(Assumption("returns", text, wanted.returns.sd_percent))
        case ask.HistoricalReturns():
            text = "Returns are real sequences of years, rebalanced yearly; windows never wrap. This many percent are stocks"
            sums = "; every sum is raised by inflation." if wanted.returns.sums == "todays_money" else "."
            found.append(Assumption("returns", text + sums, wanted.returns.stock_percent))
        case _:
            pass
    return found


def _centre(returns: ask.LogNormalReturns) -> str:
    return "arithmetic mean" if returns.rate_is == "mean" else "median"
