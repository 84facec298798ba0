"""Which lever moves the end most: one at a time, both ways (a tornado), and two against each other (a grid).

A lever is one more step on the scenario: points on every account's rate, percent of expected income or spending, a shock to
holdings and investment accounts. Inflation moves the end in today's money only, so all ends are told in both.

Worked example: of 100,000.00 at 6 % after a year, one point more or less of the rate is +1,061.23 and -1,051.59.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

import msgspec

from fintwin.twin import scenario as ask
from fintwin.twin.faults import ScenarioError
from fintwin.twin.interest import PER_CENT, todays_money_minor
from fintwin.twin.outcome import total_series

if TYPE_CHECKING:
    from fintwin.twin.answer import Simulation

USUAL: tuple[ask.Lever, ...] = (
    ask.Lever(name="rate", by=Decimal(1)),
    ask.Lever(name="income", by=Decimal(10)),
    ask.Lever(name="spending", by=Decimal(10)),
    ask.Lever(name="inflation", by=Decimal(1)),
    ask.Lever(name="shock", by=Decimal(20)),
)


class Turned(msgspec.Struct, frozen=True):
    """A lever turned down and up: the final totals, and what they are off the scenario's in today's money."""

    name: str
    by: Decimal
    low_final_minor: int
    high_final_minor: int
    low_todays_minor: int
    high_todays_minor: int
    size_minor: int


class GridTold(msgspec.Struct, frozen=True):
    """Final totals in today's money; one row a setting of ``y``, one column a setting of ``x``."""

    x: str
    y: str
    x_values: tuple[Decimal, ...]
    y_values: tuple[Decimal, ...]
    finals_minor: list[list[int]]


class Sensitive(msgspec.Struct, frozen=True):
    """The tornado, largest first, and the grid where one was asked for."""

    currency: str
    final_minor: int
    todays_final_minor: int
    tornado: tuple[Turned, ...]
    grid: GridTold | None


def lines_of(wanted: ask.Sensitivity) -> int:
    """How many lines there are to walk: the scenario's, two a lever, one a cell of the grid."""
    cells = 0 if wanted.grid is None else len(wanted.grid.x_values) * len(wanted.grid.y_values)
    return 1 + 2 * len(wanted.levers or USUAL) + cells


def sensitivity(one: Simulation, currency: str) -> Sensitive:
    """Turn the levers of the document, or the usual five. Raises `ScenarioError` where a turn cannot be run."""
    wanted = one.document.sensitivity
    assert wanted is not None
    plain = _finals(one, currency, ())
    turned = []
    for lever in wanted.levers or USUAL:
        low = _finals(one, currency, ((lever.name, -lever.by),))
        high = _finals(one, currency, ((lever.name, lever.by),))
        off = (low[1] - plain[1], high[1] - plain[1])
        turned.append(Turned(lever.name, lever.by, low[0], high[0], *off, size_minor=abs(off[1] - off[0])))
    turned.sort(key=lambda lever: (-lever.size_minor, lever.name))
    grid = None
    if wanted.grid is not None:
        asked = wanted.grid
        finals = [
            [_finals(one, currency, ((asked.x, x), (asked.y, y)))[1] for x in asked.x_values] for y in asked.y_values
        ]
        grid = GridTold(asked.x, asked.y, asked.x_values, asked.y_values, finals)
    return Sensitive(currency, plain[0], plain[1], tuple(turned), grid)


def _finals(one: Simulation, currency: str, turns: Sequence[tuple[ask.LeverName, Decimal]]) -> tuple[int, int]:
    """The final total of the scenario with some levers turned, and the same in today's money."""
    inflation = one.document.inflation_percent
    steps = list(one.steps)
    own = len(steps)
    for name, by in turns:
        if name == "inflation":
            inflation += by
            if inflation <= -PER_CENT:
                text = f"Prices cannot fall by {-inflation:f} % a year: turn inflation by less."
                raise ScenarioError("out_of_range", "sensitivity", text)
        else:
            steps += [(len(steps) + 1, step) for step in _steps(one, currency, name, by)]
    fork = one.past.fork
    try:
        built = one.built(steps, fork)
    except ScenarioError as error:
        if len(steps) > own and error.field.startswith(tuple(f"steps[{number}]" for number in range(own, len(steps)))):
            raise ScenarioError(error.code, "sensitivity", error.detail) from None
        raise
    line = one.line(built, fork)
    final = total_series(line, one.selected, currency)[-1]
    held = line.holdings.get(currency)
    worth = final + held[-1] if held else final
    return worth, todays_money_minor(worth, inflation, months=one.document.horizon_months)


def _steps(one: Simulation, currency: str, name: str, by: Decimal) -> list[ask.Step]:
    mine = [each for each in one.selected if one.fork.accounts[each].currency == currency]
    match name:
        case "rate":
            return [ask.ChangeRate(points=by, account_id=each) for each in mine]
        case "income":
            return [ask.ChangeIncome(percent=by)]
        case "spending":
            return [ask.ChangeSpending(percent=by)]
        case _:
            invested = [each for each in mine if one.fork.accounts[each].kind == "investment"]
            return [
                ask.MarketShock(percent=by),
                *(ask.MarketShock(percent=by, account_id=each) for each in invested),
            ]
