"""A goal as a step: the smallest monthly sum with which the account has the amount on its day.

The run itself is solved, not a formula: with the sum the line reaches the goal, with one cent less it does not, whatever
else happens on the account. A line is as good as linear in the sum, so two runs give the slope and a few more the cent.

    10,000.00 at 4 %, 50,000.00 in 60 months      570.00 a month, at month ends
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec.structs import replace

from fintwin.domain.money import MINOR_MAX, in_words
from fintwin.twin import scenario as ask
from fintwin.twin.faults import ScenarioError
from fintwin.twin.outlook import Item, Origin, mark
from fintwin.twin.run import Run
from fintwin.twin.told import GoalTold, StepTold

if TYPE_CHECKING:
    from fintwin.twin.steps import Builder, Built

TRIES_MAX = 60


def goal(builder: Builder, built: Built, number: int, step: ask.Goal) -> StepTold:
    """Find the sum and put it aside each month."""
    account_id, state = builder.account(number, step.account_id)
    wanted = builder.minor(number, step.amount, state.currency)
    on = builder.day(number, step.by, "by") if step.by else mark(builder.today, step.months or 0)
    where = f"steps[{number - 1}]"
    if on > builder.end:
        raise ScenarioError("after_the_end", where, f"The goal lies after the run's end on {builder.end}.")
    marks = [mark(builder.today, n) for n in range(builder.months + 1)]
    days = [day for day in (marks if step.at_start else marks[1:]) if (day < on if step.at_start else day <= on)]
    if not days:
        raise ScenarioError("no_month", where, "The goal's day comes before the first month's end.")
    paid_from = None
    if step.from_account is not None:
        paid_from, payer = builder.account(number, step.from_account, "from_account")
        if payer.currency != state.currency or paid_from == account_id:
            raise ScenarioError(
                "from_account", f"{where}.from_account", "The money comes from another account of the same currency."
            )

    def reached_minor(sum_minor: int, *, really: bool = False) -> int:
        first = Item(days[0], account_id, sum_minor, Origin("step", str(number)), decided=True)
        if really and paid_from is not None:
            first = replace(first, account_id=paid_from, amount_minor=-sum_minor, to_account=account_id)
        more = [replace(first, on=day) for day in days] if sum_minor else []
        course = replace(built.course, items=[*built.items, *more])
        branch = builder.fork.branch(())
        balance = Run(branch, course, beat=builder.beat).to_the_end().daily[on][account_id]
        if really:
            built.items += more
        return balance

    monthly = _smallest(wanted, reached_minor, where)
    reached = reached_minor(monthly, really=True)
    told = GoalTold(monthly, len(days), on, reached >= wanted, reached)
    sentence = (
        f"Puts {in_words(monthly, state.currency)} aside each month, {len(days)} times, "
        f"to have {in_words(wanted, state.currency)} on {on}."
    )
    if not told.reached:
        sentence += f" It comes to {in_words(reached, state.currency)} only, because payments are refused."
    return StepTold(number, "goal", sentence, state.currency, goal=told)


def _smallest(wanted: int, reached_minor: Callable[[int], int], where: str) -> int:
    """The smallest sum that reaches what is wanted; 0 where nothing has to be put aside."""
    without = reached_minor(0)
    if without >= wanted:
        return 0
    trial = min(max(wanted - without, 1), MINOR_MAX // 1_000)
    slope_up, slope_by = reached_minor(trial) - without, trial
    if slope_up <= 0:
        raise ScenarioError(
            "goal_unreachable", where, "Nothing put aside on this account stays there until the goal's day."
        )
    guess = -(-(wanted - without) * slope_by // slope_up)
    low, high = -1, None
    for _ in range(TRIES_MAX):
        if reached_minor(guess) >= wanted:
            high = guess
            if guess - 1 == low:
                return guess
            guess -= 1
        else:
            low = guess
            if high is not None and high - 1 == guess:
                return high
            guess += 1
    raise ScenarioError("goal_unreachable", where, "No monthly sum could be found that just reaches the goal.")
