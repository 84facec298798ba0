"""What a worker process does: read a user's log as the twin's role, run the twin, hand back finished JSON.

The service itself neither replays nor computes nor encodes: it waits. A worker is started on first use, has one connection and
keeps forks between runs (`snapshots`). Progress and cancelling go through a piece of shared memory, three numbers a run.

    pool.submit(work, encode(Task(kind="run", user_id=..., document=b"{...}", ...)))     # -> bytes of Done
"""

from __future__ import annotations

import asyncio
import datetime as dt
from typing import Any, Literal
from uuid import UUID

import msgspec

from fintwin.garbage import rest_garbage_collection
from fintwin.projections.risk_levels import Level, level_of
from fintwin.simulations.lifeline import hold_on_to_parent
from fintwin.simulations.priority import stand_back
from fintwin.simulations.quick import QuickAsked, quick_document, quick_told
from fintwin.simulations.views import shown
from fintwin.store.connect import LOST, open_connection
from fintwin.twin import scenario as ask
from fintwin.twin.answer import Answer, Simulation, answer
from fintwin.twin.faults import ScenarioError
from fintwin.twin.fork import Fork
from fintwin.twin.outlook import FoundFlow, Outlook
from fintwin.twin.pace import StoppedError
from fintwin.twin.reality import held_against
from fintwin.twin.risk_past import course, month_ends
from fintwin.twin.steps import main_account, step_type

Kind = Literal["run", "quick", "recurring", "reality", "risk_course"]
DONE, OF, CANCEL = 0, 1, 2
NUMBERS_A_RUN = 3

encode = msgspec.json.Encoder(decimal_format="number").encode
_tasks = msgspec.msgpack.Decoder
_documents = msgspec.json.Decoder(ask.Document)


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """One piece of work. ``place`` is the run's place in the shared memory, ``at`` its present, ``now`` that of the asker."""

    kind: Kind
    user_id: UUID
    at: dt.datetime
    place: int
    document: bytes = b""
    quick: QuickAsked | None = None
    now: dt.datetime | None = None
    account_id: UUID | None = None
    months: int = 0


class PastScore(msgspec.Struct, frozen=True):
    """The risk score of an account at the end of a day."""

    on: dt.date
    score: int
    alert_level: Level


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """What a kept run remembers: money in minor units of ``currency``."""

    scenario: str
    account_id: UUID
    currency: str
    before_minor: int
    after_minor: int
    risk_score: int
    level: Literal["low", "medium", "high"]
    position: int
    base_hash: str
    figures: dict[str, Any]


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome: a finished body, or what is wrong with the document, or why there is none; cancelled: nothing of these."""

    body: bytes = b""
    summary: Summary | None = None
    fault: tuple[str, str, str] | None = None
    lost: bool = False
    """The database could not be reached."""
    broken: bool = False
    """The worker died, or the whole process with it."""


class FlowTold(msgspec.Struct, frozen=True, kw_only=True):
    """A found flow for its owner; ``sealed`` is its name, sealed for a stream and a field, or None."""

    key: UUID
    account_id: UUID
    to_account: UUID | None
    currency: str
    direction: Literal["in", "out"]
    unit: str
    every: int
    day: int | None
    weekend: str
    amount_minor: int
    low_minor: int
    high_minor: int
    confidence: float
    category: str | None
    essential: bool
    off: bool
    ends_on: dt.date | None
    first_on: dt.date
    last_on: dt.date
    next_on: dt.date | None
    transaction_ids: tuple[UUID, ...]
    named_by: Literal["owner", "counterparty"] | None
    sealed: str | None
    sealed_in: UUID | None


class _Worker:
    """The state of one worker process."""

    def __init__(self, url: str, shared: Any, market_text: str | None) -> None:
        from fintwin.simulations.snapshots import Snapshots

        self.url = url
        self.shared = shared
        self.market_text = market_text
        self.loop = asyncio.new_event_loop()
        self.connection: Any = None
        self.snapshots = Snapshots()

    async def fork(self, task: Task, fork_at: int | dt.datetime | None) -> tuple[Fork, Outlook]:
        if self.connection is None or self.connection.is_closed():
            self.connection = await open_connection(self.url, name="fintwin twin")
        if fork_at is None:
            return await self.snapshots.current(self.connection, task.user_id, task.at)
        return await self.snapshots.past(self.connection, task.user_id, task.at, fork_at)

    def simulation(self, fork: Fork, outlook: Outlook, document: ask.Document, task: Task) -> Simulation:
        """A simulation that notes how far it is, and stops when it is told to: raises `StoppedError` then."""
        start = task.place * NUMBERS_A_RUN

        def tell(done: int, of: int) -> bool:
            self.shared[start + DONE], self.shared[start + OF] = done, of
            return not self.shared[start + CANCEL]

        if self.shared[start + CANCEL]:
            raise StoppedError
        return Simulation(fork, outlook, document, market_text=self.market_text, tell=tell)


_worker: _Worker | None = None


def begin(url: str, shared: Any, market_text: str | None, niceness: int) -> None:
    """Set a fresh worker process up; it stands back where the service itself wants the processor."""
    hold_on_to_parent()
    stand_back(niceness)
    global _worker  # noqa: PLW0603 - a process has one
    rest_garbage_collection()
    _worker = _Worker(url, shared, market_text)


def work(task_bytes: bytes) -> bytes:
    """Do one task; faults of the document come back as values, everything else is our bug and raises."""
    assert _worker is not None, "begin() runs first in each worker"
    task = msgspec.msgpack.decode(task_bytes, type=Task)
    try:
        done = _WORK[task.kind](_worker, task)
    except ScenarioError as error:
        done = Done(fault=(error.code, error.field, error.detail))
    except StoppedError:
        done = Done()
    except LOST:
        _worker.connection = None
        done = Done(lost=True)
    return msgspec.msgpack.encode(done)


def _run(worker: _Worker, task: Task) -> Done:
    document = _documents.decode(task.document)
    fork, outlook = worker.loop.run_until_complete(worker.fork(task, document.fork_at))
    simulation = worker.simulation(fork, outlook, document, task)
    found = answer(simulation)
    return Done(body=encode(shown(found)), summary=_summary(simulation, found))


def _summary(simulation: Simulation, found: Answer) -> Summary:
    total = next((one for one in found.totals if one.currency == found.currency), found.totals[0])
    risk = max((one.scenario[-1] for one in found.risk), default=0)
    steps = simulation.document.steps
    chance = total.uncertainty
    return Summary(
        scenario=step_type(steps[0]) if steps else "baseline",
        account_id=getattr(steps[0] if steps else None, "account_id", None) or main_account(simulation.fork),
        currency=total.currency,
        before_minor=total.baseline.final_minor,
        after_minor=total.scenario.final_minor,
        risk_score=risk,
        level=level_of(risk),
        position=found.position,
        base_hash=found.base_hash,
        figures={
            "at": found.fork_at.isoformat(),
            "sentence": total.sentence,
            "lowest_minor": total.scenario.lowest_minor,
            "lowest_on": total.scenario.lowest_on.isoformat(),
            "first_breach": None if total.scenario.first_breach is None else total.scenario.first_breach.isoformat(),
            "refused": total.scenario.refused.count,
            "would_be_refused": total.scenario.would_be_refused.count,
            "failed": None if chance is None else str(chance.scenario.failed.probability),
        },
    )


def _quick(worker: _Worker, task: Task) -> Done:
    asked = task.quick
    assert asked is not None, "a quick task carries what is asked"
    fork, outlook = worker.loop.run_until_complete(worker.fork(task, None))
    document = quick_document(fork, asked)
    simulation = worker.simulation(fork, outlook, document, task)
    found = answer(simulation)
    told = quick_told(simulation, found, asked)
    summary = Summary(
        scenario=asked.scenario,
        account_id=told.account_id,
        currency=told.currency,
        before_minor=told.current_balance_minor,
        after_minor=told.virtual_balance_minor,
        risk_score=told.risk_score,
        level=told.alert_level,
        position=found.position,
        base_hash=found.base_hash,
        figures={"at": found.fork_at.isoformat(), "told": msgspec.to_builtins(told)},
    )
    return Done(body=b"{}", summary=summary)


def _recurring(worker: _Worker, task: Task) -> Done:
    fork, outlook = worker.loop.run_until_complete(worker.fork(task, None))
    names = {
        one.transaction_id: (one.event.counterparty.name, one.stream_id)
        for one in fork.events
        if getattr(one.event, "counterparty", None) is not None
    }
    return Done(body=msgspec.json.encode([_flow_told(one, fork, names) for one in outlook.found()]))


def _flow_told(one: FoundFlow, fork: Fork, names: dict[UUID, tuple[str | None, UUID]]) -> FlowTold:
    flow, said = one.flow, one.adjustment
    sealed, sealed_in = names.get(flow.transaction_ids[-1], (None, None))
    named_by: Literal["owner", "counterparty"] | None = "counterparty" if sealed else None
    if said.name is not None:
        sealed, sealed_in, named_by = said.name, fork.user_id, "owner"
    ended = said.off or (said.ends_on is not None and flow.next_on is not None and said.ends_on < flow.next_on)
    return FlowTold(
        key=flow.key,
        account_id=flow.account_id,
        to_account=one.to_account,
        currency=fork.accounts[flow.account_id].currency,
        direction="in" if flow.amount_minor > 0 else "out",
        unit=flow.schedule.unit.value,
        every=flow.schedule.every,
        day=flow.schedule.day,
        weekend=flow.schedule.weekend.value,
        amount_minor=flow.amount_minor,
        low_minor=flow.low_minor,
        high_minor=flow.high_minor,
        confidence=flow.confidence,
        category=flow.category,
        essential=said.essential is not False,
        off=said.off,
        ends_on=said.ends_on,
        first_on=flow.first_on,
        last_on=flow.last_on,
        next_on=None if ended else flow.next_on,
        transaction_ids=flow.transaction_ids,
        named_by=named_by,
        sealed=sealed,
        sealed_in=sealed_in,
    )


def _reality(worker: _Worker, task: Task) -> Done:
    document = _documents.decode(task.document)
    fork, outlook = worker.loop.run_until_complete(worker.fork(task, document.fork_at))
    simulation = worker.simulation(fork, outlook, document, task)
    found = answer(simulation)
    now = task.now or task.at
    present, _ = worker.loop.run_until_complete(worker.fork(msgspec.structs.replace(task, at=now), None))
    held = held_against(found, simulation.selected, present.events, present.today)
    return Done(body=encode([shown(one) for one in held]))


def _risk_course(worker: _Worker, task: Task) -> Done:
    assert task.account_id is not None, "a course is that of an account"
    fork, _ = worker.loop.run_until_complete(worker.fork(task, None))
    told = course(fork.events, task.account_id, month_ends(fork.today, task.months))
    return Done(body=msgspec.json.encode([PastScore(day, points, level_of(points)) for day, points in told]))


_WORK = {"run": _run, "quick": _quick, "recurring": _recurring, "reality": _reality, "risk_course": _risk_course}
