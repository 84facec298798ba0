"""Runs that are kept: one event each, with the document, the base it ran on, and what it came to.

event = saved(run_id, document, done.summary, name=sealed_name)
stale(recorded_event, later_events)      # whether the past that it used has since been corrected
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from fintwin.domain import accounts, simulations
from fintwin.domain.streams import Recorded
from fintwin.projections.simulations import Simulation
from fintwin.simulations.quick import QuickAsked
from fintwin.simulations.working import Summary
from fintwin.twin import scenario as ask


def saved(run_id: UUID, document: ask.Document, summary: Summary, *, name: str | None) -> simulations.SimulationSaved:
    """The event of a full run; ``name`` is sealed. The document is kept without its name."""
    plain = msgspec.to_builtins(msgspec.structs.replace(document, name=None), enc_hook=None)
    first = document.steps[0] if document.steps else None
    figure = getattr(first, "points", None) or getattr(first, "percent", None)
    return _event(run_id, "full", summary, plain, figure=figure, name=name)


def saved_quick(
    run_id: UUID, asked: QuickAsked, summary: Summary, amount_minor: int | None
) -> simulations.SimulationSaved:
    """The event of a quick run."""
    figure = asked.amount if amount_minor is None else None
    return _event(run_id, "quick", summary, msgspec.to_builtins(asked), figure=figure, amount_minor=amount_minor)


def _event(
    run_id: UUID,
    source: simulations.Source,
    summary: Summary,
    document: dict[str, Any],
    *,
    figure: Decimal | None,
    amount_minor: int | None = None,
    name: str | None = None,
) -> simulations.SimulationSaved:
    return simulations.SimulationSaved(
        simulation_id=run_id,
        source=source,
        scenario=summary.scenario,
        document=document,
        base_position=summary.position,
        base_hash=summary.base_hash,
        before_minor=summary.before_minor,
        after_minor=summary.after_minor,
        currency=summary.currency,
        risk_score=summary.risk_score,
        level=summary.level,
        account_id=summary.account_id,
        amount_minor=amount_minor,
        figure=None if figure is None else f"{figure:f}",
        summary=summary.figures,
        name=name,
    )


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A kept run as it was saved: the event, whose it is, where it lies in the log and since when."""

    event: simulations.SimulationSaved
    user_id: UUID
    position: int
    recorded_at: dt.datetime


def kept(row: Simulation) -> Kept:
    """The run of a row of the read model."""
    fields = {name: getattr(row, name) for name in simulations.SimulationSaved.__struct_fields__}
    return Kept(
        event=simulations.SimulationSaved(**fields),
        user_id=row.user_id,
        position=row.position,
        recorded_at=row.created_at,
    )


def ran_at(event: simulations.SimulationSaved) -> dt.datetime:
    """The present of a kept run."""
    return dt.datetime.fromisoformat(event.summary["at"])


def stale(saved: Kept | Recorded, later: Iterable[Recorded]) -> bool:
    """Whether the past that a kept run used has been corrected since it was kept.

    Something of it was taken back, put into another category, or booked into a day before the run's. ``later`` are the
    events behind the run's base, or more; a transaction that is not among them is of the past. What a run did not know
    because it was forked earlier is no correction, and a changed note says nothing that a run uses.
    """
    event: simulations.SimulationSaved = saved.event
    first_day = ran_at(event).astimezone(dt.UTC).date()
    fresh: set[UUID | None] = {None}
    for one in later:
        if one.position <= event.base_position:
            continue
        happened = one.event
        fresh.add(one.transaction_id)
        if one.position <= saved.position:
            continue
        if isinstance(happened, accounts.TransactionAnnotated):
            says_more = happened.category is not msgspec.UNSET or happened.payee_ref is not msgspec.UNSET
            if says_more and happened.transaction_id not in fresh:
                return True
        elif isinstance(happened, accounts.MoneyEvent) and (
            happened.reverses not in fresh or one.effective_at.astimezone(dt.UTC).date() < first_day
        ):
            return True
    return False
