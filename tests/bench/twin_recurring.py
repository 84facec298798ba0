"""How many of the bank's standing orders are found in its transactions, and how much of what is found is one.

A found flow counts for precision when it is outgoing and has a counterparty; it is right when the bank's list has a standing
order of that account to that counterparty, the amount is the order's within the bank's own rounding (0.10) and the period is a
month. Cash, fees, interest and income have no order to compare with. Recall asks for every standing order that was carried out
three times before the cut.
"""

import datetime as dt
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from fintwin.twin.recurring import find_recurring
from fintwin.twin.schedule import Unit
from tests.twin.berka import flows_by_account, orders

ROUNDING_MINOR = 10
EXECUTIONS = 3


@dataclass(frozen=True)
class Finding:
    """Standing orders looked for, those found, and found flows that are none."""

    wanted: int
    found: int
    right: int
    wrong: int

    @property
    def recall(self) -> float:
        """The share of the standing orders that was found."""
        return self.found / self.wanted

    @property
    def precision(self) -> float:
        """The share of what was found that is a standing order."""
        return self.right / (self.right + self.wrong)


def measure(cut: dt.date, *, wanted: Callable[[str], bool] = lambda _account: True) -> Finding:
    """Look at the accounts that are `wanted`, up to a day."""
    amounts = {(order.account, order.payee_ref): order.amount_minor for order in orders()}
    looked_for: set[tuple[str, str]] = set()
    right: set[tuple[str, str]] = set()
    wrong = 0
    for account, all_flows in flows_by_account().items():
        if not wanted(account):
            continue
        history = [one for one in all_flows if one.on <= cut]
        times = Counter(one.payee_ref for one in history if one.payee_ref and one.amount_minor < 0)
        often = {(account, payee) for payee, count in times.items() if payee and count >= EXECUTIONS}
        looked_for |= often & set(amounts)
        for found in find_recurring(history, cut).recurring:
            if found.payee_ref is None or found.amount_minor > 0:
                continue
            order = amounts.get((account, found.payee_ref), 0)
            monthly = (found.schedule.unit, found.schedule.every) == (Unit.MONTH, 1)
            if monthly and abs(order + found.amount_minor) <= ROUNDING_MINOR:
                right.add((account, found.payee_ref))
            else:
                wrong += 1
    return Finding(len(looked_for), len(looked_for & right), len(right), wrong)
