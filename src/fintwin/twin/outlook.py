"""The outlook: what goes on by itself after the fork, with nothing typed in.

From the history come the recurring flows and the everyday money of each account (`habits`), from the profile stream the
plans and what the user said about found flows. Everything becomes dated items of whole minor units, which the run books.
A transfer between own accounts is one item with two ends, so it never changes what the user has in all.

Worked example: a salary found on the 25th, a planned rent on the 1st and 300.00 of everyday money a month give, for three
months, three salaries, three rents and the everyday money of each day (from day 91 on one item a month).
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal
from uuid import UUID

import msgspec

from fintwin.domain import accounts
from fintwin.domain.accounts.state import Status
from fintwin.domain.profiles.plans import Adjustment, PlanItem
from fintwin.domain.streams import Recorded
from fintwin.twin.flows import Flow
from fintwin.twin.forecast import DAILY_DAYS, Expected, PlannedItem, Source, expected_movements
from fintwin.twin.fork import Fork
from fintwin.twin.habits import Habits, learn
from fintwin.twin.interest import MONTHS_A_YEAR
from fintwin.twin.recurring import Recurring, find_recurring
from fintwin.twin.schedule import Schedule, Unit, Weekend, in_month, month_number

INTEREST = "interest"
ONE_DAY = dt.timedelta(days=1)

Kind = Literal["flow", "plan", "everyday", "step", "interest", "loan", "market"]


class Origin(msgspec.Struct, frozen=True):
    """Why money moves: the kind, and the found flow's key, the plan's id, the account of everyday money or the step's number."""

    kind: Kind
    id: str


class Item(msgspec.Struct, frozen=True):
    """Money that is to move on a day. ``amount_minor`` is signed as seen from ``account_id``.

    ``decided`` items are asked of the ledger's rules and may be refused; all others merely happen. ``to_account`` is the
    user's own, ``other_account`` somebody else's.
    """

    on: dt.date
    account_id: UUID
    amount_minor: int
    origin: Origin
    decided: bool = False
    to_account: UUID | None = None
    other_account: UUID | None = None
    category: str | None = None
    payee_ref: str | None = None
    essential: bool = True
    counted: bool = True
    """Whether it is income or spending; a loan paid out is neither."""


class FoundFlow(msgspec.Struct, frozen=True):
    """A recurring flow as found, and what the user said about it."""

    flow: Recurring
    adjustment: Adjustment
    to_account: UUID | None = None


def mark(today: dt.date, months: int) -> dt.date:
    """The same day so many months later, the last one where the month is shorter."""
    return in_month(month_number(today) + months, today.day)


def flows_of(events: Iterable[Recorded], own: Iterable[UUID]) -> list[Flow]:
    """The movements of a history as the finders of habits look at them.

    Reversed transactions and their reversals are left out; categories are the latest; a transfer between own accounts is one
    flow on the paying account.
    """
    mine = set(own)
    moves = []
    gone: set[UUID] = set()
    notes: dict[UUID, dict[str, Any]] = defaultdict(dict)
    for one in events:
        happened = one.event
        if isinstance(happened, accounts.TransactionAnnotated):
            said = {"category": happened.category, "payee_ref": happened.payee_ref}
            notes[happened.transaction_id].update({k: v for k, v in said.items() if v is not msgspec.UNSET})
        elif isinstance(
            happened, accounts.Deposited | accounts.Withdrawn | accounts.TransferSent | accounts.TransferReceived
        ):
            moves.append(one)
            if happened.reverses is not None:
                gone |= {happened.reverses, one.transaction_id}
    return [flow for one in moves if one.transaction_id not in gone and (flow := _flow(one, mine, notes))]


def _flow(one: Recorded, mine: set[UUID], notes: Mapping[UUID, dict[str, Any]]) -> Flow | None:
    happened = one.event
    kind, other = "transfer", None
    if isinstance(happened, accounts.TransferSent):
        other = happened.to_account
    elif isinstance(happened, accounts.TransferReceived):
        other = happened.from_account
        if other in mine:
            return None
    else:
        kind = "deposit" if isinstance(happened, accounts.Deposited) else "withdrawal"
    said = notes.get(one.transaction_id, {})
    return Flow(
        position=one.position,
        transaction_id=one.transaction_id,
        on=one.effective_at.astimezone(dt.UTC).date(),
        amount_minor=accounts.delta_minor(happened),
        kind=kind,
        account_id=one.stream_id,
        category=said.get("category", getattr(happened, "category", None)),
        payee_ref=said.get("payee_ref", getattr(happened, "payee_ref", None)) if other is None else str(other),
        own_transfer=other in mine,
    )


class Outlook:
    """What is expected of each account; learnt once, asked for many horizons."""

    def __init__(self, fork: Fork) -> None:
        """Learns from the fork's history up to its present."""
        self.today = fork.today
        self.states = {each: state for each, state in fork.accounts.items() if state.status is not Status.CLOSED}
        self.plans = fork.plans
        flows = flows_of(fork.events, fork.accounts)
        self.flows = {flow.transaction_id: flow for flow in flows}
        own = [flow for flow in flows if flow.own_transfer]
        self.own_transfers = [one for one in find_recurring(own, self.today).recurring if one.account_id in self.states]
        self._flows: dict[UUID, list[Flow]] = {each: [] for each in self.states}
        for flow in flows:
            if not flow.own_transfer and flow.account_id in self._flows:
                self._flows[flow.account_id].append(flow)
        self._habits: dict[tuple[UUID, bool], Habits] = {}

    def habits(self, account_id: UUID, *, with_interest: bool) -> Habits:
        """The account's habits; without interest where a rate takes its place."""
        key = (account_id, with_interest)
        if key not in self._habits:
            left_out = () if with_interest else (INTEREST,)
            self._habits[key] = learn(self._flows[account_id], self.today, leave_out=left_out)
        return self._habits[key]

    def found(self) -> list[FoundFlow]:
        """All recurring flows, found interest included, each with what the user said about it."""
        said = self.plans.adjustments
        listed = [
            FoundFlow(one, said.get(one.key, Adjustment()))
            for each in self.states
            for one in self.habits(each, with_interest=True).recurring
        ]
        listed += [
            FoundFlow(one, said.get(one.key, Adjustment()), UUID(one.payee_ref or "")) for one in self.own_transfers
        ]
        return listed

    def everyday(self, account_id: UUID, *, days: int) -> list[UUID]:
        """The transactions of so many past days that are neither regular nor between own accounts, oldest first."""
        regular = {each for one in self.found() for each in one.flow.transaction_ids}
        since = self.today - dt.timedelta(days=days)
        flows = self._flows.get(account_id, ())
        return [one.transaction_id for one in flows if one.on > since and one.transaction_id not in regular]

    def items(self, months: int, rated: frozenset[UUID]) -> list[Item]:
        """Everything expected from tomorrow to the end of so many months; ``rated`` accounts bear interest instead."""
        until = mark(self.today, months)
        days = _everyday_days(self.today, months)
        listed: list[Item] = []
        for account_id in self.states:
            habits = self.habits(account_id, with_interest=account_id not in rated)
            plans = [one for one in self.plans.items.values() if one.account_id == account_id]
            expected = expected_movements(
                habits, [_planned(one) for one in plans], until, switched_off=self._off(), everyday_on=days
            )
            listed += self._regular(account_id, habits, expected)
            origin = Origin("everyday", str(account_id))
            listed += [
                Item(one.on, account_id, one.amount_minor, origin) for one in expected if one.source is Source.EVERYDAY
            ]
        listed += self._transfers(until)
        return listed

    def _off(self) -> frozenset[UUID]:
        return frozenset(key for key, one in self.plans.adjustments.items() if one.off)

    def _regular(self, account_id: UUID, habits: Habits, expected: Sequence[Expected]) -> list[Item]:
        flows = {one.key: one for one in habits.recurring}
        listed = []
        for one in expected:
            if one.source_id is None:
                continue
            if one.source is Source.PLAN:
                plan = self.plans.items[one.source_id]
                listed.append(
                    Item(
                        one.on,
                        account_id,
                        one.amount_minor,
                        Origin("plan", str(one.source_id)),
                        category=one.category,
                        essential=plan.essential,
                    )
                )
                continue
            said = self.plans.adjustments.get(one.source_id, Adjustment())
            if said.ends_on is not None and one.on > said.ends_on:
                continue
            flow = flows[one.source_id]
            other = UUID(flow.payee_ref) if flow.kind == "transfer" and flow.payee_ref else None
            listed.append(
                Item(
                    one.on,
                    account_id,
                    one.amount_minor,
                    Origin("flow", str(one.source_id)),
                    other_account=other,
                    category=one.category,
                    payee_ref=None if other else flow.payee_ref,
                    essential=said.essential is not False,
                )
            )
        return listed

    def _transfers(self, until: dt.date) -> list[Item]:
        listed = []
        tomorrow = self.today + ONE_DAY
        for one in self.own_transfers:
            said = self.plans.adjustments.get(one.key, Adjustment())
            to_account = UUID(one.payee_ref or "")
            if one.next_on is None or said.off or to_account not in self.states:
                continue
            last = until if said.ends_on is None else min(until, said.ends_on)
            days = list(one.schedule.between(max(tomorrow, one.next_on), last))
            if one.next_on <= self.today and tomorrow not in days and tomorrow <= last:
                days.insert(0, tomorrow)
            origin = Origin("flow", str(one.key))
            listed += [Item(day, one.account_id, one.amount_minor, origin, to_account=to_account) for day in days]
        return listed


def _planned(one: PlanItem) -> PlannedItem:
    if one.kind == "one_off":
        schedule = Schedule(Unit.DAY, one.starts, until=one.starts)
    else:
        schedule = Schedule(
            Unit(one.unit), one.starts, every=one.every, day=one.day, until=one.until, weekend=Weekend(one.weekend)
        )
    return PlannedItem(one.item_id, schedule, one.amount_minor, one.category)


def _everyday_days(today: dt.date, months: int) -> list[dt.date]:
    """The days on which everyday money moves: each for 90 days, then each month's end."""
    ends = [mark(today, number) for number in range(1, months + 1)]
    near = [today + dt.timedelta(days=number) for number in range(1, DAILY_DAYS + 1)]
    return [*(day for day in near if day <= ends[-1]), *(day for day in ends if day > near[-1])]


def essential_months_minor(items: Iterable[Item], today: dt.date, months: int) -> list[int]:
    """Expected essential spending of each of the coming months, at most twelve, as positive sums."""
    count = min(months, MONTHS_A_YEAR)
    ends = [mark(today, number) for number in range(count + 1)]
    sums = [0] * count
    for item in items:
        if item.amount_minor < 0 and item.essential and item.to_account is None and ends[0] < item.on <= ends[-1]:
            number = next(n for n in range(count) if item.on <= ends[n + 1])
            sums[number] -= item.amount_minor
    return sums
