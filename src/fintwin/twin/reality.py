"""A run held against what really happened afterwards: how far off it was, and whether its band held.

What happened is the balance on the fork's day and every movement recorded after it, on the day it counts. Days that have not
come yet are left out; the band (percentiles 10 to 90 of the scenario) is looked at on month ends.

    held = held_against(answer, later_events, today)[0]
    held.scenario_error_minor        # the mean absolute error over the days that have come
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from itertools import accumulate
from uuid import UUID

import msgspec

from fintwin.domain.accounts.state import delta_minor
from fintwin.domain.streams import Recorded, StreamKind
from fintwin.twin.answer import Answer, Total

BAND = (0, 4)


class Held(msgspec.Struct, frozen=True):
    """One currency: what was, beside what was expected; errors are means of absolute differences, in minor units.

    Of the month ends that have come, ``covered`` of ``month_ends`` lay in the band; both are 0 without uncertainty.
    """

    currency: str
    days: tuple[dt.date, ...]
    actual_minor: list[int]
    baseline_minor: list[int]
    scenario_minor: list[int]
    baseline_error_minor: int
    scenario_error_minor: int
    covered: int
    month_ends: int


def held_against(
    answer: Answer, selected: Collection[UUID], history: Iterable[Recorded], today: dt.date
) -> tuple[Held, ...]:
    """Compare an answer with the events recorded after its position, currency by currency."""
    currencies = {one.account_id: one.currency for one in answer.accounts if one.account_id in selected}
    before: dict[str, int] = defaultdict(int)
    later: dict[str, list[tuple[dt.date, int]]] = defaultdict(list)
    for one in history:
        currency = currencies.get(one.stream_id) if one.stream_kind is StreamKind.ACCOUNT else None
        moved = 0 if currency is None else delta_minor(one.event)
        if currency is None or not moved:
            continue
        if one.position <= answer.position:
            before[currency] += moved
        else:
            later[currency].append((one.effective_at.astimezone(dt.UTC).date(), moved))
    days = [day for day in answer.axis if day <= today]
    return tuple(_held(answer, total, days, before[total.currency], later[total.currency]) for total in answer.totals)


def _held(answer: Answer, total: Total, days: Sequence[dt.date], before: int, later: list[tuple[dt.date, int]]) -> Held:
    later.sort()
    dates = [day for day, _ in later]
    sums = [0, *accumulate(moved for _, moved in later)]
    actual = [before + sums[bisect_right(dates, day)] for day in days]
    baseline, scenario = total.nominal.baseline_minor[: len(days)], total.nominal.scenario_minor[: len(days)]
    covered = ends = 0
    if total.uncertainty is not None:
        bands = total.uncertainty.scenario.percentiles_minor
        for band, place in zip(bands[1:], answer.month_ends[1:], strict=True):
            if place < len(days):
                ends += 1
                covered += band[BAND[0]] <= actual[place] <= band[BAND[1]]
    return Held(
        currency=total.currency,
        days=tuple(days),
        actual_minor=actual,
        baseline_minor=baseline,
        scenario_minor=scenario,
        baseline_error_minor=_error(actual, baseline),
        scenario_error_minor=_error(actual, scenario),
        covered=covered,
        month_ends=ends,
    )


def _error(actual: Sequence[int], expected: Sequence[int]) -> int:
    if not actual:
        return 0
    return round(sum(abs(a - b) for a, b in zip(actual, expected, strict=True)) / len(actual))
