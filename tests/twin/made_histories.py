"""Made histories with known recurring flows: what the finder must see through, from one seed each."""

import datetime as dt
import random
from itertools import count
from uuid import UUID

import msgspec

from fintwin.twin.flows import Flow
from fintwin.twin.schedule import Schedule, Unit, Weekend

ACCOUNT = UUID(int=1)
FIRST = dt.date(2022, 1, 1)


class TrueFlow(msgspec.Struct, frozen=True):
    """A flow that was put in: its payments before the cut and the first date after it."""

    name: str
    unit: Unit
    every: int
    transaction_ids: frozenset[UUID]
    next_on: dt.date


class MadeHistory(msgspec.Struct, frozen=True):
    """A history up to `as_of` and the flows hidden in it."""

    flows: tuple[Flow, ...]
    truth: tuple[TrueFlow, ...]
    as_of: dt.date


class _Maker:
    def __init__(self, seed: int, months: tuple[int, int], jitter_days: int) -> None:
        self.random = random.Random(seed)
        self.jitter_days = jitter_days
        self.months = self.random.randint(*months)
        self.as_of = FIRST + dt.timedelta(days=round(self.months * 30.44))
        self.numbers = count(1)
        self.flows: list[Flow] = []
        self.truth: list[TrueFlow] = []

    def pay(self, on: dt.date, amount_minor: int, payee: str | None, category: str | None) -> UUID:
        number = next(self.numbers)
        kind = "deposit" if amount_minor > 0 else "withdrawal"
        flow = Flow(number, UUID(int=number), on, amount_minor, kind, ACCOUNT, category, payee)
        self.flows.append(flow)
        return flow.transaction_id

    def regular(
        self,
        name: str,
        rule: Schedule,
        amount_minor: int,
        payee: str | None,
        *,
        wobble: float = 0.0,
        rise: float = 0.0,
        miss: bool = False,
        category: str | None = None,
        fewest: int = 3,
    ) -> None:
        days = list(rule.between(FIRST, self.as_of))
        left_out = self.random.randrange(2, len(days) - 2) if miss else -1
        raised_from = self.random.randrange(2, len(days) - 1) if rise else len(days)
        ids = []
        still_due = None
        jitter_days = self.jitter_days if rule.unit is Unit.MONTH else 0
        for number, due in enumerate(days):
            day = due + dt.timedelta(days=self.random.randint(0, jitter_days))
            if day > self.as_of:
                still_due = due
            if number == left_out or day > self.as_of:
                continue
            amount = amount_minor * (1 + rise if number >= raised_from else 1)
            amount *= 1 + self.random.uniform(-wobble, wobble)
            ids.append(self.pay(day, round(amount), payee, category))
        following = still_due or rule.after(self.as_of)
        assert following is not None
        if len(ids) >= fewest:
            self.truth.append(TrueFlow(name, rule.unit, rule.every, frozenset(ids), following))

    def noise(self, payee: str | None, category: str, per_month: float, typical_minor: int) -> None:
        day = FIRST
        while (day := day + dt.timedelta(days=1 + int(self.random.expovariate(per_month / 30.4)))) <= self.as_of:
            size = typical_minor * self.random.lognormvariate(0, 0.6)
            rounding = 2_000 if payee is None else self.random.choice((1, 1, 10, 50))
            self.pay(day, -max(rounding, round(size / rounding) * rounding), payee, category)


def _monthly(random_: random.Random, weekend: Weekend, *, every: int = 1) -> Schedule:
    day = random_.choice((1, 2, 5, 10, 15, 20, 25, 28, 30, 31))
    starts = dt.date(FIRST.year, random_.randint(1, min(every, 12)), 1)
    return Schedule(Unit.MONTH, starts, every=every, day=day, weekend=weekend)


def make_history(seed: int, months: tuple[int, int] = (25, 36), jitter_days: int = 0) -> MadeHistory:
    """Return a history of so many months: salary, rent, bills, subscriptions, shopping.

    `jitter_days` lets a monthly payment come up to so many days late, on top of the weekend rule.
    """
    maker = _Maker(seed, months, jitter_days)
    random_ = maker.random
    salary_payee = random_.choice(("employer", None))
    salary_rule = _monthly(random_, random_.choice((Weekend.BEFORE, Weekend.AFTER)))
    maker.regular(
        "salary", salary_rule, 310_000, salary_payee, wobble=random_.choice((0, 0.1)), miss=random_.random() < 0.3
    )
    maker.regular("rent", _monthly(random_, Weekend.AFTER), -95_000, "landlord", rise=random_.choice((0, 0.08)))
    maker.regular("power", _monthly(random_, Weekend.AFTER), -8_400, "power", wobble=0.1, miss=True)
    maker.regular("music", _monthly(random_, Weekend.NONE), -999, "streams", rise=0.2)
    maker.regular("films", _monthly(random_, Weekend.NONE), -1_599, "streams", miss=random_.random() < 0.5)
    maker.regular("phone", _monthly(random_, Weekend.NONE), -2_499, "phone", rise=random_.choice((0, 0.3)))
    maker.regular("water", _monthly(random_, Weekend.AFTER, every=3), -11_000, "water", wobble=0.1)
    maker.regular("car", _monthly(random_, Weekend.NONE, every=12), -48_000, "insurer", wobble=0.1, fewest=2)
    maker.regular("house", _monthly(random_, Weekend.AFTER, every=12), -31_000, "house", rise=0.0, fewest=2)
    weekly = Schedule(Unit.WEEK, FIRST, every=random_.choice((1, 2)), day=random_.randint(1, 5))
    maker.regular("lessons", weekly, -3_500, "teacher", miss=True)
    maker.noise("market", "groceries", 8, 6_000)
    maker.noise("bakery", "groceries", 5, 700)
    maker.noise("fuel", "car", 2, 5_500)
    maker.noise("shop a", "shopping", 0.5, 4_000)
    maker.noise("shop b", "shopping", 0.3, 9_000)
    maker.noise("doctor", "health", 0.2, 7_000)
    maker.noise("cinema", "leisure", 1, 2_400)
    maker.noise(None, "cash", 3, 8_000)
    for number in range(25):
        maker.noise(f"once {number}", "shopping", 0.04, 5_000)
    flows = sorted(maker.flows, key=lambda flow: (flow.on, flow.position))
    return MadeHistory(tuple(flows), tuple(maker.truth), maker.as_of)
