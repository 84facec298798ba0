"""What a line into the future is made of, and what it gives: plain values, no rules.

A `Course` says which items are to move and which rates hold; `run` walks it and fills a `Line`, whose series have one entry
per day of an axis: 90 days one by one, then month ends.

>>> days, month_ends = axis_of(dt.date(2026, 1, 31), 12)
>>> len(days), [str(days[place]) for place in month_ends[:3]]
(100, ['2026-01-31', '2026-02-28', '2026-03-31'])
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

import msgspec

from fintwin.twin.forecast import DAILY_DAYS
from fintwin.twin.outlook import Item, Origin, mark
from fintwin.twin.rates import Rates


class Shock(msgspec.Struct, frozen=True):
    """On a day holdings (all, or those of some tickers) or an account's money change by a percentage."""

    on: dt.date
    percent: Decimal
    origin: Origin
    tickers: frozenset[str] = frozenset()
    account_id: UUID | None = None


class Debt(msgspec.Struct, frozen=True):
    """What is still owed of a loan from each of these days on, in minor units."""

    currency: str
    owed: tuple[tuple[dt.date, int], ...]


class Course(msgspec.Struct, frozen=True):
    """Everything that a line is made of. ``drawn``: by how much an account's monthly growth factors exceed the planned ones."""

    items: Sequence[Item]
    rates: Rates
    months: int
    shocks: Sequence[Shock] = ()
    debts: Sequence[Debt] = ()
    drawn: Mapping[UUID, Sequence[float]] = {}


class Booked(NamedTuple):
    """Money that moved in a line, signed as seen from ``account_id``."""

    on: dt.date
    account_id: UUID
    amount_minor: int
    origin: Origin
    to_account: UUID | None
    counted: bool


class NotPaid(msgspec.Struct, frozen=True):
    """A payment that the ledger's rules forbid, in the ledger's words.

    ``happened``: it was booked all the same, because nobody decides it. ``missing_minor``: by how much the money fell short.
    """

    on: dt.date
    account_id: UUID
    currency: str
    amount_minor: int
    code: str
    detail: str
    missing_minor: int
    happened: bool
    origin: Origin


class Decided(NamedTuple):
    """A payment that was decided: what it met, for paths that meet something else. ``month`` 0: today.

    ``possible`` is False where the rules forbid it whatever money is there.
    """

    month: int
    at_end: bool
    account_id: UUID
    to_account: UUID | None
    amount_minor: int
    available_minor: int
    paid: bool
    possible: bool


class Line(msgspec.Struct):
    """What a run gave. Series have one entry per day of ``axis``; ``month_ends`` are the places of the month ends in it."""

    axis: tuple[dt.date, ...]
    month_ends: tuple[int, ...]
    currencies: dict[UUID, str]
    balances: dict[UUID, list[int]] = msgspec.field(default_factory=dict)
    holdings: dict[str, list[int]] = msgspec.field(default_factory=dict)
    debts: dict[str, list[int]] = msgspec.field(default_factory=dict)
    lowest: dict[UUID, tuple[int, dt.date]] = msgspec.field(default_factory=dict)
    daily: dict[dt.date, dict[UUID, int]] = msgspec.field(default_factory=dict)
    breaches: dict[UUID, dt.date] = msgspec.field(default_factory=dict)
    booked: list[Booked] = msgspec.field(default_factory=list)
    refused: list[NotPaid] = msgspec.field(default_factory=list)
    would_be_refused: list[NotPaid] = msgspec.field(default_factory=list)
    decided: list[Decided] = msgspec.field(default_factory=list)
    growth: dict[UUID, tuple[float, ...]] = msgspec.field(default_factory=dict)


def axis_of(today: dt.date, months: int) -> tuple[tuple[dt.date, ...], tuple[int, ...]]:
    """The days of a run's series: 90 days one by one, then month ends; and where the month ends are in it."""
    marks = [mark(today, number) for number in range(months + 1)]
    near = [today + dt.timedelta(days=number) for number in range(DAILY_DAYS + 1)]
    days = [day for day in near if day <= marks[-1]]
    days += [day for day in marks if day > near[-1]]
    places = {day: place for place, day in enumerate(days)}
    return tuple(days), tuple(places[day] for day in marks)
