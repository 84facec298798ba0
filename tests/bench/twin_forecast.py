"""How near forecasts of real accounts come, held against two forecasts that need no thinking.

The last 90 days of the real transactions are hidden. Every account that is at least `fewest_days` old forecasts its
balance at each month end in the hidden days; what happened is then looked up. "Stays" says that the last balance
stays; "as last month" adds what the last full calendar month changed, once for each month ahead.
"""

import datetime as dt
from bisect import bisect_right
from collections.abc import Callable
from itertools import accumulate
from statistics import median

from fintwin.twin.forecast import forecast
from fintwin.twin.habits import learn
from fintwin.twin.schedule import in_month, month_number
from tests.twin.berka import flows_by_account

LAST_DAY_OF_DATA = dt.date(1994, 3, 30)
HIDDEN_DAYS = 90
END_OF_MONTH = 31
AVERAGE_MONTH_DAYS = 30.4


def measure(
    cut: dt.date, fewest_days: int = 90, *, wanted: Callable[[str], bool] = lambda _account: True
) -> dict[str, float]:
    """Return median absolute errors in crowns, the share of balances within the band, and how many were looked at.

    `wanted` says which accounts are looked at.
    """
    until = min(LAST_DAY_OF_DATA, cut + dt.timedelta(days=HIDDEN_DAYS))
    ends = [in_month(month_number(cut) + ahead, END_OF_MONTH) for ahead in range(4)]
    ends = [end for end in ends if cut < end <= until]
    ours, stays, as_last = [], [], []
    within = 0
    for account, flows in flows_by_account().items():
        if not wanted(account) or (cut - flows[0].on).days < fewest_days:
            continue
        days = [flow.on for flow in flows]
        sums = [0, *accumulate(flow.amount_minor for flow in flows)]
        balance, *past = (sums[bisect_right(days, day)] for day in (cut, *_last_full_month(cut)))
        points = {point.on: point for point in forecast(learn(flows, cut), balance, 4)}
        for end in ends:
            happened = sums[bisect_right(days, end)]
            point = points[end]
            months = max(1, round((end - cut).days / AVERAGE_MONTH_DAYS))
            ours.append(abs(happened - point.balance_minor))
            stays.append(abs(happened - balance))
            as_last.append(abs(happened - balance - months * (past[1] - past[0])))
            within += point.low_minor <= happened <= point.high_minor
    return {
        "balances": len(ours),
        "median_error": round(median(ours) / 100, 2),
        "median_error_stays": round(median(stays) / 100, 2),
        "median_error_as_last_month": round(median(as_last) / 100, 2),
        "within_band": round(within / len(ours), 3),
    }


def _last_full_month(cut: dt.date) -> tuple[dt.date, dt.date]:
    number = month_number(cut)
    if in_month(number, END_OF_MONTH) != cut:
        number -= 1
    return in_month(number - 1, END_OF_MONTH), in_month(number, END_OF_MONTH)
