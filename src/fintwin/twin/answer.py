"""The answer to a scenario: baseline and scenario on one axis, what sets them apart, and what all of it rests on.

The baseline is the same history with no steps. The final difference is split into what each step does alone and what only
their meeting does (the interaction); a step's own part is split into money moved and growth.

Worked example: 100,000.00 at 6 %, 40,000.00 withdrawn now and 1.5 points more: the scenario ends at 64,657.96; alone the
withdrawal makes -42,467.11 (of which -2,467.11 lost growth), the rate +1,595.48, together there are -638.19 of interaction.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

import msgspec

from fintwin.domain.accounts.state import Status
from fintwin.domain.money import parse_minor
from fintwin.domain.refusals import Refusal
from fintwin.twin import scenario as ask
from fintwin.twin.assumptions import assumptions
from fintwin.twin.checks import check
from fintwin.twin.counterfactual import ChangedPast, Consequence, changed_past
from fintwin.twin.explain import Assumption, Cause, causes, sentence
from fintwin.twin.faults import ScenarioError
from fintwin.twin.fork import Fork
from fintwin.twin.interest import EXACT, MONTHS_A_YEAR, PER_CENT, round_half_up
from fintwin.twin.line import Line
from fintwin.twin.outcome import Outcome, flows_minor, outcome_of, total_series
from fintwin.twin.outlook import Outlook, essential_months_minor
from fintwin.twin.pace import Pace, Tell
from fintwin.twin.run import Run
from fintwin.twin.sensitivity import Sensitive, lines_of, sensitivity
from fintwin.twin.steps import Builder, Built, main_account
from fintwin.twin.told import StepTold
from fintwin.twin.uncertain import OPENED_NAMES, Uncertain, rate_changes, uncertain
from fintwin.twin.watching import AccountRisk, Told, Watch

EFFECTS_MAX = 12
GOAL_LINES = 8
WATCHED = ("accounts", "portfolios", "risk", "notifications")


class Effect(msgspec.Struct, frozen=True):
    """What one step does alone to the final total: money moved (or not moved), and growth gained or lost by it."""

    step: int
    total_minor: int
    moved_minor: int
    growth_minor: int


class Difference(msgspec.Struct, frozen=True):
    """Scenario less baseline at the end. Without effects (too many steps) there is no interaction either."""

    final_minor: int
    effects: tuple[Effect, ...]
    interaction_minor: int | None


class Series(msgspec.Struct, frozen=True):
    """Minor units on every day of the axis."""

    baseline_minor: list[int]
    scenario_minor: list[int]


class Total(msgspec.Struct, frozen=True):
    """All selected accounts of one currency. ``net_worth`` adds holdings and takes off what is owed on loans."""

    currency: str
    nominal: Series
    todays_money: Series
    net_worth: Series
    baseline: Outcome
    scenario: Outcome
    difference: Difference
    baseline_causes: tuple[Cause, ...]
    scenario_causes: tuple[Cause, ...]
    lowest_causes: tuple[Cause, ...]
    sentence: str
    uncertainty: Uncertain | None
    sensitivity: Sensitive | None


class AccountLines(msgspec.Struct, frozen=True):
    """One account's balances."""

    account_id: UUID
    currency: str
    series: Series


class Answer(msgspec.Struct, frozen=True):
    """What a run answers. Amounts are minor units of the nearest ``currency``."""

    currency: str
    position: int
    base_hash: str
    fork_at: dt.datetime
    horizon_months: int
    axis: tuple[dt.date, ...]
    month_ends: tuple[int, ...]
    steps: tuple[StepTold, ...]
    totals: tuple[Total, ...]
    accounts: tuple[AccountLines, ...]
    consequences: tuple[Consequence, ...]
    risk: tuple[AccountRisk, ...]
    baseline_notifications: Told
    notifications: Told
    assumptions: tuple[Assumption, ...]
    sentence: str


class Simulation:
    """One document on one fork, in its parts: lines are made once and asked for by whoever needs them."""

    def __init__(
        self,
        fork: Fork,
        outlook: Outlook,
        document: ask.Document,
        *,
        market_text: str | None = None,
        tell: Tell | None = None,
    ) -> None:
        """``market_text`` replaces the market file that ships; ``tell`` follows the run and may stop it (see `pace`).

        Raises `ScenarioError` where the document cannot be run, `StoppedError` where ``tell`` stops it.
        """
        check(document)
        self.pace = Pace(tell)
        self.document = document
        self.outlook = outlook
        self.market_text = market_text
        self.fork = fork
        self.steps = tuple(enumerate(document.steps, start=1))
        self.selected = _selected(fork, document)
        self.past: ChangedPast = (
            changed_past(fork, self.steps) if _is_past(document.steps) else ChangedPast(fork, (), [])
        )
        self.base = rate_changes(fork, document)
        self._builder = self._builder_of(fork)
        self.baseline_built = self._builder.build()
        self.scenario_built = self.built(self.steps, self.past.fork)

    def built(self, steps: Sequence[tuple[int, ask.Step]], fork: Fork) -> Built:
        """The course of some steps on the real or the changed past."""
        if fork is self.fork:
            return self._builder.build(steps)
        return self._builder_of(fork).build(steps)

    def _builder_of(self, fork: Fork) -> Builder:
        return Builder(fork, self.outlook, self.document, self.base, beat=self.pace.check)

    def line(self, built: Built, fork: Fork) -> Line:
        """A line without folds: balances only."""
        return Run(fork.branch(()), built.course, beat=self.pace.month).to_the_end()

    @property
    def effects_of(self) -> tuple[tuple[int, ask.Step], ...]:
        """The steps whose single effects are worked out: all, or none where there are too many."""
        return self.steps if len(self.steps) <= EFFECTS_MAX else ()

    def amount_minor(self, amount: Decimal, currency: str, field: str) -> int:
        """An amount of the document that belongs to no step, in minor units."""
        found = parse_minor(amount, currency)
        if isinstance(found, Refusal):
            raise ScenarioError(found.code.value, field, found.detail)
        return found


def answer(simulation: Simulation) -> Answer:
    """Run everything. Raises `ScenarioError`, and `StoppedError` where whoever follows it says so."""
    one = simulation
    one.pace.expect(_months_in_all(one))
    watches = []
    lines = []
    for built, fork in ((one.baseline_built, one.fork), (one.scenario_built, one.past.fork)):
        branch = fork.branch(WATCHED)
        watch = Watch(branch)
        lines.append(Run(branch, built.course, watch.note, one.pace.month).to_the_end())
        watches.append(watch)
    baseline, scenario = lines
    totals = []
    for currency in sorted({baseline.currencies[each] for each in one.selected}):
        chance = None
        if one.document.uncertainty is not None:
            chance = uncertain(one, currency, baseline, scenario)
        totals.append(_total(one, currency, baseline, scenario, chance))
    main = one.fork.accounts[main_account(one.fork)].currency
    told = sorted([*one.past.told, *one.scenario_built.told], key=lambda step: step.number)
    return Answer(
        currency=main,
        position=one.fork.position,
        base_hash=one.fork.hash,
        fork_at=one.fork.at,
        horizon_months=one.document.horizon_months,
        axis=baseline.axis,
        month_ends=baseline.month_ends,
        steps=tuple(told),
        totals=tuple(totals),
        accounts=tuple(
            AccountLines(each, baseline.currencies[each], Series(baseline.balances[each], scenario.balances[each]))
            for each in baseline.balances
        ),
        consequences=one.past.consequences,
        risk=tuple(AccountRisk(each, watches[0].scores[each], watches[1].scores[each]) for each in watches[0].scores),
        baseline_notifications=watches[0].told(),
        notifications=watches[1].told(),
        assumptions=assumptions(one),
        sentence=next((total.sentence for total in totals if total.currency == main), totals[0].sentence),
    )


def _months_in_all(one: Simulation) -> int:
    """How many months of lines and futures there are to walk: what `pace` counts."""
    currencies = len({one.fork.accounts[each].currency for each in one.selected})
    lines = 2
    if len(one.steps) > 1:
        lines += currencies * len(one.effects_of)
    if one.document.uncertainty is not None:
        lines += currencies * (1 + len(OPENED_NAMES))
    if one.document.sensitivity is not None:
        lines += currencies * lines_of(one.document.sensitivity)
    return lines * one.document.horizon_months


def work_of(document: ask.Document) -> tuple[int, int]:
    """About how many months of lines a document walks, and how many months of paths, in one currency."""
    steps = len(document.steps)
    lines = 2 + (steps if 1 < steps <= EFFECTS_MAX else 0)
    lines += GOAL_LINES * sum(isinstance(step, ask.Goal) for step in document.steps)
    path_months = 0
    if document.uncertainty is not None:
        lines += len(OPENED_NAMES)
        path_months = document.uncertainty.paths * document.horizon_months
    if document.sensitivity is not None:
        lines += lines_of(document.sensitivity)
    return lines * document.horizon_months, path_months


def _total(one: Simulation, currency: str, baseline: Line, scenario: Line, chance: Uncertain | None) -> Total:
    nominal = Series(total_series(baseline, one.selected, currency), total_series(scenario, one.selected, currency))
    outcomes = [
        outcome_of(
            line, currency, one.selected, fork.accounts,
            essential_months_minor(
                (item for item in built.items if fork.accounts[item.account_id].currency == currency),
                one.fork.today, one.document.horizon_months,
            ),
        )
        for line, built, fork in (
            (baseline, one.baseline_built, one.fork),
            (scenario, one.scenario_built, one.past.fork),
        )
    ]  # fmt: skip
    mine = {each for each in one.selected if baseline.currencies[each] == currency}
    end = baseline.axis[-1]
    deflators = _deflators(baseline, one.document.inflation_percent)
    return Total(
        currency=currency,
        nominal=nominal,
        todays_money=Series(_deflated(nominal.baseline_minor, deflators), _deflated(nominal.scenario_minor, deflators)),
        net_worth=Series(
            _worth(baseline, nominal.baseline_minor, currency), _worth(scenario, nominal.scenario_minor, currency)
        ),
        baseline=outcomes[0],
        scenario=outcomes[1],
        difference=_difference(one, currency, baseline, scenario),
        baseline_causes=causes(baseline, one.outlook, mine, upto=end),
        scenario_causes=causes(scenario, one.outlook, mine, upto=end),
        lowest_causes=causes(scenario, one.outlook, mine, upto=outcomes[1].lowest_on),
        sentence=sentence(currency, one.document.horizon_months, *outcomes, has_steps=bool(one.steps)),
        uncertainty=chance,
        sensitivity=None if one.document.sensitivity is None else sensitivity(one, currency),
    )


def _difference(one: Simulation, currency: str, baseline: Line, scenario: Line) -> Difference:
    mine = [each for each in one.selected if baseline.currencies[each] == currency]

    def final(line: Line) -> int:
        return sum(line.balances[each][-1] for each in mine)

    def interest(line: Line) -> int:
        return flows_minor(line, mine)[2]

    total = final(scenario) - final(baseline)
    if not one.effects_of and one.steps:
        return Difference(total, (), None)
    effects = []
    for step in one.effects_of:
        if len(one.steps) == 1:
            line = scenario
        else:
            fork = changed_past(one.fork, [step]).fork if isinstance(step[1], ask.PAST_STEPS) else one.fork
            line = one.line(one.built([step], fork), fork)
        alone = final(line) - final(baseline)
        growth = interest(line) - interest(baseline)
        effects.append(Effect(step[0], alone, alone - growth, growth))
    return Difference(total, tuple(effects), total - sum(effect.total_minor for effect in effects))


def _selected(fork: Fork, document: ask.Document) -> tuple[UUID, ...]:
    states = {each: one for each, one in fork.accounts.items() if one.status is not Status.CLOSED}
    if not states:
        raise ScenarioError("no_account", "accounts", "There is no open account.")
    if document.accounts is None:
        return tuple(states)
    for place, each in enumerate(document.accounts):
        if each not in states:
            raise ScenarioError("unknown_account", f"accounts[{place}]", "There is no such account.")
    if not document.accounts:
        raise ScenarioError("no_account", "accounts", "Name at least one account, or leave the field out for all.")
    return tuple(dict.fromkeys(document.accounts))


def _is_past(steps: Sequence[ask.Step]) -> bool:
    return any(isinstance(step, ask.PAST_STEPS) for step in steps)


def _worth(line: Line, series: list[int], currency: str) -> list[int]:
    held = line.holdings.get(currency) or [0] * len(series)
    owed = line.debts.get(currency) or [0] * len(series)
    return [a + b - c for a, b, c in zip(series, held, owed, strict=True)]


def _deflators(line: Line, inflation_percent: Decimal) -> list[Decimal]:
    """By how much each day's money is worth less: whole months by their number, days in between by their share."""
    yearly = EXACT.add(1, EXACT.divide(inflation_percent, Decimal(PER_CENT)))
    ends = [line.axis[place] for place in line.month_ends]
    found, month = [], 0
    for day in line.axis:
        while month + 1 < len(ends) and ends[month + 1] <= day:
            month += 1
        exact = Decimal(month)
        if month + 1 < len(ends):
            exact = EXACT.add(
                exact, EXACT.divide(Decimal((day - ends[month]).days), Decimal((ends[month + 1] - ends[month]).days))
            )
        found.append(EXACT.power(yearly, EXACT.divide(exact, Decimal(MONTHS_A_YEAR))))
    return found


def _deflated(series: Sequence[int], deflators: Sequence[Decimal]) -> list[int]:
    return [round_half_up(EXACT.divide(Decimal(amount), by)) for amount, by in zip(series, deflators, strict=True)]
