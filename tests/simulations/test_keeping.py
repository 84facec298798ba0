import datetime as dt
from typing import Any
from uuid import UUID

import msgspec
import pytest

from fintwin.domain import accounts, simulations
from fintwin.domain.streams import StreamKey, StreamKind
from fintwin.simulations.keeping import stale
from tests.twin.pasts import NOW, TODAY, USER, Past, at

OWN = StreamKey(StreamKind.ACCOUNT, USER)
YESTERDAY = TODAY - dt.timedelta(days=1)


def kept(past: Past, base_position: int) -> None:
    """Keep a run of today that was forked at a position."""
    run = simulations.SimulationSaved(
        simulation_id=UUID(int=77), source="full", scenario="baseline", document={}, base_position=base_position,
        base_hash="", before_minor=0, after_minor=0, currency="EUR", risk_score=0, level="low",
        summary={"at": NOW.isoformat()},
    )  # fmt: skip
    past.record(StreamKey(StreamKind.SIMULATIONS, USER), run, NOW)


def test_a_run_of_an_old_fork_is_not_stale_from_the_start() -> None:
    """What was in the log already when the run was kept, and left out on purpose, corrects nothing."""
    past = Past()
    used = past.deposit(100)
    base = len(past.events)
    past.withdraw(1, reverses=used)
    past.deposit(50, dt.date(2026, 1, 1))
    kept(past, base)
    assert not stale(past.events[-1], past.events)


@pytest.mark.parametrize(
    ("event", "when", "expected"),
    [
        (accounts.Deposited(amount_minor=5, currency="EUR"), at(YESTERDAY), True),
        (accounts.Deposited(amount_minor=5, currency="EUR", date_only=True), at(TODAY), False),
        (accounts.Deposited(amount_minor=5, currency="EUR"), at(TODAY + dt.timedelta(days=3)), False),
        (accounts.Withdrawn(amount_minor=5, currency="EUR", reverses="used"), NOW, True),
        (accounts.Withdrawn(amount_minor=5, currency="EUR", reverses=UUID(int=5)), NOW, True),
        (accounts.TransactionAnnotated(transaction_id="used", category="food"), NOW, True),
        (accounts.TransactionAnnotated(transaction_id="used", note="x"), NOW, False),
    ],
    ids=["of yesterday", "of today", "of later", "takes back", "takes back what is older", "category", "note"],
)
def test_what_makes_a_run_stale(event: Any, when: dt.datetime, expected: bool) -> None:
    """Booked before its day, taken back, or seen differently; not what came afterwards, and not a note."""
    past = Past()
    used = past.deposit(100)
    kept(past, len(past.events))
    for name in ("reverses", "transaction_id"):
        if getattr(event, name, None) == "used":
            event = msgspec.structs.replace(event, **{name: used})
    past.record(OWN, event, when)
    saved = next(one for one in past.events if isinstance(one.event, simulations.SimulationSaved))
    assert stale(saved, [one for one in past.events if one.position > saved.event.base_position]) is expected


def test_what_is_taken_back_of_afterwards_corrects_nothing() -> None:
    """A payment made after the run, and refunded: the past that the run used is as it was."""
    past = Past()
    past.deposit(100)
    kept(past, len(past.events))
    paid = past.record(OWN, accounts.Withdrawn(amount_minor=5, currency="EUR"), NOW)
    past.record(OWN, accounts.Deposited(amount_minor=5, currency="EUR", reverses=paid), NOW)
    saved = next(one for one in past.events if isinstance(one.event, simulations.SimulationSaved))
    assert not stale(saved, past.events)
