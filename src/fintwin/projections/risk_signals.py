"""What a single payment can say about risk, against the account's balance and its owner's own past.

Each signal that fires is kept in the account's state as a `Raised` reason; `fading` says how long it counts. Signals about
the state of things (little money left, overdrawn, income stopped) are not kept but seen anew: `risk_levels`.

Worked example: 1,000.00 at hand after a year of usual life, then 900.00 to a counterparty never paid before raises
``large_payment`` (90 percent of the balance, more than 50) and ``new_counterparty`` (90 percent, more than 25).
"""

from __future__ import annotations

from typing import Final
from uuid import UUID

from fintwin.projections.risk_money import unusual_from
from fintwin.projections.risk_state import (
    BLOCK,
    DAY,
    HOUR,
    NO_PEAKS,
    RECENT_KEPT,
    TIMES_KEPT,
    WEEK,
    AccountRisk,
    Fresh,
    Peaks,
    Pot,
    Raised,
    Woken,
)

FADING_DAYS: Final[dict[str, tuple[int, int]]] = {
    "large_payment": (7, 21),
    "new_counterparty": (14, 45),
    "unusual_amount": (14, 45),
    "in_and_out": (14, 45),
    "dormant_then_busy": (14, 45),
    "payments_1h": (7, 21),
    "payments_24h": (7, 21),
    "payments_7d": (7, 21),
    "spending_1h": (7, 21),
    "spending_24h": (7, 21),
    "spending_7d": (7, 21),
}
"""How many days a reason counts in full, and after how many it is gone."""

KNOWN_AFTER_PAYMENTS: Final = 8
KNOWN_AFTER_DAYS: Final = 30
"""An account must have lived so long, and paid so often, before anybody is new to it."""
MATERIAL_PARTS: Final = 10
"""A payment below a tenth of what a usual month costs is not large, whatever is left on the account."""
AMOUNTS_OF_PAYEE_MIN: Final = 4
AMOUNTS_OF_KIND_MIN: Final = 8
PASSED_ON_PERCENT: Final = 80
PASSED_ON_WITHIN: Final = 2 * DAY
REST_DAYS: Final = 60
REST_AFTER_PAYMENTS: Final = 5
BUSY_PAYMENTS: Final = 3
FLOORS: Final = (5, 10, 20)
"""So many payments in an hour, a day, a week are nobody's high frequency."""
BURST_PAYMENTS: Final = 3
_WINDOWS: Final = ("1h", "24h", "7d")


def fading(code: str, raised: Raised, now: int) -> int:
    """The points that a raised reason still has."""
    full, gone = FADING_DAYS[code]
    age = now - raised.at
    if age <= full * DAY:
        return raised.points
    return max(0, raised.points * (gone * DAY - age) // ((gone - full) * DAY))


Found = list[tuple[str, int, int, int]]
"""Signals of one payment: code, points, observed, threshold."""


def weigh(
    account: AccountRisk, balance: int, pot: Pot, at: int, amount: int, payee: str | None, *, transfer: bool
) -> Found:
    """Size, in minor units: against the balance, the counterparty's and the kind's usual amounts, all from before."""
    found: Found = []
    if MATERIAL_PARTS * amount * pot.whole_periods < pot.spent_minor:
        return found
    known = None if payee is None else pot.payees.get(payee)
    # Whoever was paid at least two thirds of that before: once is not unusual, twice is usual.
    once = known is not None and 2 * amount <= 3 * max(known.amounts_minor)
    twice = once and known is not None and known.count > 1
    usual = 2 * amount <= 3 * pot.usual_largest_minor if payee is None else twice
    if 0 < balance < 2 * amount and not usual:
        points = 20 if 4 * amount <= 3 * balance else 28 if 10 * amount <= 9 * balance else 35
        points = points if 2 * amount > pot.liquid_minor else 8
        found.append(("large_payment", points, 100 * amount // balance, 50))
    if known is None and payee is not None and 0 < balance < 4 * amount and _has_lived(account, at):
        points = 14 if 2 * amount <= balance else 22 if 5 * amount <= 4 * balance else 30
        found.append(("new_counterparty", points, 100 * amount // balance, 25))
    if usual or once:
        return found
    if known is not None and known.count >= AMOUNTS_OF_PAYEE_MIN:
        amounts, times = known.amounts_minor, 2
    else:
        amounts, times = pot.transfers_minor if transfer else pot.withdrawals_minor, 3
        if len(amounts) < AMOUNTS_OF_KIND_MIN:
            return found
    if amount > times * min(amounts) and amount > (bound := unusual_from(amounts, times)):
        found.append(("unusual_amount", 16 if amount <= 3 * bound else 24, amount, bound))
    return found


def _has_lived(account: AccountRisk, at: int) -> bool:
    lived = at - (at if account.origin is None else account.origin)
    return account.payments >= KNOWN_AFTER_PAYMENTS and lived >= KNOWN_AFTER_DAYS * DAY


def wake(before: AccountRisk, before_minor: int, at: int, amount: int, found: Found) -> Woken | None:
    """What is known of an account that pays again after a long rest; ``dormant_then_busy`` when it is busy at once.

    ``before_minor`` is its balance before the payment.
    """
    woken = before.woken
    rest_days = (at - before.paid_at) // DAY
    if before.payments >= REST_AFTER_PAYMENTS and rest_days >= REST_DAYS:
        threshold = max(REST_DAYS, 2 * before.longest_rest_days)
        if rest_days >= threshold:
            woken = Woken(at, rest_days, threshold, 0, 0, before_minor)
    if woken is None or at - woken.at > WEEK:
        return None
    count, total = woken.count + 1, woken.sum_minor + amount
    if count >= BUSY_PAYMENTS or 2 * total > woken.balance_minor > 0:
        found.append(("dormant_then_busy", 35, woken.rested_days, woken.threshold_days))
    return Woken(woken.at, woken.rested_days, woken.threshold_days, count, total, woken.balance_minor)


def pass_on(fresh: Fresh, at: int, amount: int, found: Found) -> Fresh | None:
    """Money that has just come in goes out again: ``in_and_out``."""
    if at - fresh.at > PASSED_ON_WITHIN:
        return None
    out = fresh.out_minor + amount
    percent = min(100, 100 * out // fresh.in_minor)
    if percent >= PASSED_ON_PERCENT:
        found.append(("in_and_out", 40, percent, PASSED_ON_PERCENT))
    return Fresh(fresh.at, fresh.in_minor, out, fresh.evidence)


def count(account: AccountRisk, at: int, amount: int, found: Found, *, timed: bool) -> None:
    """Take a payment into the account's windows; find what is too much in them.

    A payment without a time of day counts in days and weeks, not in an hour. One that is booked after a later one is not
    counted at all, and more than `TIMES_KEPT` in seven days count as so many.
    """
    times, amounts = account.times, account.amounts_minor
    hour_count, hour_sum = (1, amount) if timed else (0, 0)
    day_count, day_sum, kept = 1, amount, len(times)
    latest = abs(times[-1]) if kept else 0
    if kept and latest > at:
        return
    oldest = at - WEEK
    if not kept or latest <= oldest:
        times, amounts, week_sum, week_count = (at if timed else -at,), (amount,), amount, 1
    else:
        gone, week_sum = 0, account.week_minor + amount
        while gone < kept and (kept - gone >= TIMES_KEPT or abs(times[gone]) <= oldest):
            week_sum -= amounts[gone]
            gone += 1
        oldest, oldest_hour, index = at - DAY, at - HOUR, kept - 1
        while index >= gone and abs(time := times[index]) > oldest:
            day_count += 1
            day_sum += amounts[index]
            if timed and time > oldest_hour:
                hour_count += 1
                hour_sum += amounts[index]
            index -= 1
        times, amounts = (*times[gone:], at if timed else -at), (*amounts[gone:], amount)
        week_count = len(times)
    account.times, account.amounts_minor, account.week_minor = times, amounts, week_sum
    block = (at - (account.origin or 0)) // BLOCK
    if block > account.block:
        _begin_block(account, block)
    a, b, c, d, e, f = peaks = account.peaks
    if day_sum > d or week_sum > f or week_count > e or day_count > c or hour_count > a or hour_sum > b:
        now = (hour_count, hour_sum, day_count, day_sum, week_count, week_sum)
        if hour_count > FLOORS[0] or day_count > FLOORS[1] or week_count > FLOORS[2]:
            _too_often(now, account.usual or NO_PEAKS, found)
        if week_count >= BURST_PAYMENTS and account.usual is not None and week_sum > 2 * account.usual[3]:
            _too_much(account, now, account.usual, amount, found)
        account.peaks = now if peaks is NO_PEAKS else _higher(peaks, now)


def _higher(one: Peaks, other: Peaks) -> Peaks:
    a, b, c, d, e, f = map(max, one, other)
    return a, b, c, d, e, f


def _begin_block(account: AccountRisk, block: int) -> None:
    """What is usual are the higher peaks of the two blocks before this one, where there were payments in both."""
    before, last = account.before, account.peaks
    if before is not None:
        account.usual = _higher(before, last)
    account.before = last if last[4] else before
    account.peaks = NO_PEAKS
    account.block = block


def _too_often(now: Peaks, usual: Peaks, found: Found) -> None:
    """The window whose count is furthest above twice the usual gives ``payments_...``."""
    best: tuple[int, str, int, int] | None = None
    for index, name in enumerate(_WINDOWS):
        seen, threshold = now[2 * index], max(FLOORS[index], 2 * usual[2 * index])
        if seen > threshold:
            points = 25 if seen < 2 * threshold else 38 if seen < 3 * threshold else 48
            if best is None or points > best[0]:
                best = (points, name, seen, threshold)
    if best is not None:
        found.append((f"payments_{best[1]}", best[0], best[2], best[3]))


def _too_much(account: AccountRisk, now: Peaks, usual: Peaks, amount: int, found: Found) -> None:
    """The shortest window with three payments or more that cost too much gives ``spending_...``.

    Too much is more than twice what the last two blocks of four weeks saw at most in such a window, an hour being held
    against a day, and over a quarter of the money at hand; the balance is that after the payment. Where one payment is most
    of it, its size says that already.
    """
    for index, name in enumerate(_WINDOWS):
        payments, total = now[2 * index], now[2 * index + 1]
        threshold = 2 * usual[max(3, 2 * index + 1)]
        if (
            payments >= BURST_PAYMENTS
            and total > threshold
            and total >= 2 * amount
            and 3 * total > account.balance_minor
        ):
            found.append((f"spending_{name}", 20 if total <= 2 * threshold else 32, total, threshold))
            return


def with_raised(
    before: AccountRisk, fresh: Fresh | None, found: Found, at: int, transaction_id: UUID
) -> dict[str, Raised]:
    """The account's reasons and what was found: of two with one code the stronger stays, with the evidence of both."""
    raised = before.raised.copy()
    for code, points, observed, threshold in found:
        known = raised.get(code)
        evidence: tuple[UUID, ...] = (transaction_id,)
        if code.startswith(("payments_", "spending_")):
            evidence = (*before.recent[1 - RECENT_KEPT :], transaction_id)
        elif code == "in_and_out" and fresh is not None:
            evidence = (*fresh.evidence, transaction_id)
        if known is not None and (left := fading(code, known, at)):
            evidence = tuple(dict.fromkeys((*known.evidence, *evidence)))[-RECENT_KEPT:]
            if left > points:
                raised[code] = Raised(left, known.observed, known.threshold, at, evidence)
                continue
        raised[code] = Raised(points, observed, threshold, at, evidence)
    return raised
