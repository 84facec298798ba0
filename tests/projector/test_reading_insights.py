from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from fintwin.domain import notifications, simulations
from fintwin.domain.streams import StreamKind
from fintwin.ledger.ledger import Booking, Request
from fintwin.ledger.plans import Noted
from fintwin.projections.catalogue import READ_MODELS
from fintwin.store import reading, reading_insights
from fintwin.store.reading import NotReachedError
from fintwin.store.reading_insights import Count, Wanted
from tests.conftest import Database
from tests.projector.projecting_tools import assert_as_in_memory, left_behind, projector
from tests.support.ledgers import Bank, booked, open_ledger


async def note(bank: Bank, user: UUID, kind: StreamKind, *events: Any) -> Booking:
    """Append events to the user's notifications or simulations."""
    return booked(await bank.ledger.submit(Request(user_id=user), Noted(user, kind, events)))


def run(number: int, account: UUID, score: int = 70) -> simulations.SimulationSaved:
    return simulations.SimulationSaved(
        simulation_id=UUID(int=number), source="quick", scenario="withdrawal", document={"amount": "900.00"}, base_position=1,
        base_hash="00", before_minor=1000_00, after_minor=100_00, currency="EUR", risk_score=score,
        level="high" if score > 60 else "low", account_id=account, amount_minor=900_00,
    )  # fmt: skip


async def test_risk_is_read_right_after_the_write(database: Database) -> None:
    """A score of 0 after the deposit, a high one with its reasons after nearly all of it went out, 0 weeks later."""
    async with open_ledger(database) as bank, projector(database):
        anna = await bank.person("EUR", 1000_00)
        savings = await bank.further_account(anna)
        now = datetime.now(UTC)
        assert [one.score.score for one in (await reading_insights.risk(bank.pool, anna, now=now)).value] == [0, 0]
        await bank.withdraw(anna, 950_00)
        now = datetime.now(UTC)
        (main,) = (await reading_insights.risk(bank.pool, anna, now=now, account_id=anna)).value
        assert (main.account_id, main.currency, main.score.level) == (anna, "EUR", "high")
        assert [one.code for one in main.score.reasons] == ["in_and_out", "large_payment"]
        later = (await reading_insights.risk(bank.pool, anna, now=now + timedelta(days=46), account_id=anna)).value
        assert later[0].score.score == 0
        assert (await reading_insights.risk(bank.pool, anna, now=now, account_id=UUID(int=1))).value == []
        assert savings != anna


async def test_notifications_of_both_read_models_are_one_list(database: Database) -> None:
    """Movements, a kept simulation and an alert, newest first; filters, counts, reading, deleting."""
    async with open_ledger(database) as bank, projector(database) as running:
        anna = await bank.person("EUR", 1000_00)
        await bank.withdraw(anna, 950_00)
        await note(bank, anna, StreamKind.SIMULATIONS, run(1, anna))

        async def codes(**wanted: Any) -> list[str]:
            seen = await reading_insights.notifications(bank.pool, anna, Wanted(**wanted))
            return [row.code for row in seen.value]

        everything = (await reading_insights.notifications(bank.pool, anna, Wanted())).value
        assert [row.code for row in everything][0::3] == ["simulation", "deposit"]
        assert {row.code for row in everything[1:3]} == {"risk_alert", "withdrawal"}
        assert await codes(type="info") == ["deposit"]
        assert await codes(limit=1) == ["simulation"]
        assert await codes(before=everything[1].position) == ["deposit"]
        assert await codes(account_id=UUID(int=1)) == []
        assert (await reading_insights.notification_count(bank.pool, anna, anna)).value == Count(4, 4)

        alert = next(row for row in everything if row.code == "risk_alert")
        assert alert.reason is not None
        read = notifications.NotificationRead(notification_id=alert.notification_id)
        await note(bank, anna, StreamKind.NOTIFICATIONS, read)
        seen = await reading_insights.notification(bank.pool, anna, alert.notification_id)
        assert seen.value is not None
        assert seen.value.is_read
        assert "risk_alert" not in await codes(unread_only=True)
        deleted = notifications.NotificationDeleted(notification_id=alert.notification_id)
        await note(bank, anna, StreamKind.NOTIFICATIONS, deleted)
        assert (await reading_insights.notification(bank.pool, anna, alert.notification_id)).value is None
        await note(bank, anna, StreamKind.NOTIFICATIONS, notifications.AllNotificationsRead(account_id=anna))
        await bank.deposit(anna, 5_00)
        assert (await reading_insights.notification_count(bank.pool, anna)).value == Count(4, 1)
        assert await codes(unread_only=True) == ["deposit"]
        await running.caught_up()
        await assert_as_in_memory(database, running.pool, READ_MODELS)


async def test_the_persona_needs_a_profile(database: Database) -> None:
    """None for who has only registered; base score and label once the profile is complete."""
    async with open_ledger(database) as bank, projector(database):
        ben = await bank.registered()
        now = datetime.now(UTC)
        assert (await reading_insights.persona(bank.pool, ben, now=now)).value is None
        anna = await bank.person("EUR", 10_00)
        found = (await reading_insights.persona(bank.pool, anna, now=now)).value
        assert found is not None
        assert (found[0].currency, found[1].label, found[1].score) == ("EUR", "Conservative Saver", 65)


async def test_kept_runs_are_listed_and_counted(database: Database) -> None:
    """Newest first, by account and by source; one is found by its id until it is deleted."""
    async with open_ledger(database) as bank, projector(database):
        anna = await bank.person("EUR", 10_00)
        for number in range(1, 4):
            await note(bank, anna, StreamKind.SIMULATIONS, run(number, anna, score=10))
        listed = (
            await reading_insights.kept_simulations(bank.pool, anna, account_id=anna, source="quick", limit=2)
        ).value
        assert [one.simulation_id.int for one in listed] == [3, 2]
        assert listed[0].document == {"amount": "900.00"}
        await note(bank, anna, StreamKind.SIMULATIONS, simulations.SimulationDeleted(simulation_id=UUID(int=3)))
        assert (await reading_insights.kept_simulation(bank.pool, anna, UUID(int=3))).value is None
        found = (await reading_insights.kept_simulation(bank.pool, anna, UUID(int=2))).value
        assert found is not None
        assert found.after_minor == 100_00
        assert (await reading_insights.kept_simulation_count(bank.pool, anna, anna)).value == 2


async def test_another_tenant_sees_nothing(database: Database) -> None:
    """Asked for somebody else's account, notification or run, every read answers as for a missing id."""
    async with open_ledger(database) as bank, projector(database):
        anna, ben = await bank.person("EUR", 1000_00), await bank.person("EUR", 1000_00)
        await bank.withdraw(anna, 950_00)
        await note(bank, anna, StreamKind.SIMULATIONS, run(1, anna))
        hers = (await reading_insights.notifications(bank.pool, anna, Wanted())).value
        now = datetime.now(UTC)
        assert (await reading_insights.risk(bank.pool, ben, now=now, account_id=anna)).value == []
        assert (await reading_insights.notifications(bank.pool, ben, Wanted(account_id=anna))).value == []
        assert (await reading_insights.notification_count(bank.pool, ben, anna)).value == Count(0, 0)
        for row in hers:
            assert (await reading_insights.notification(bank.pool, ben, row.notification_id)).value is None
        assert (await reading_insights.kept_simulation(bank.pool, ben, UUID(int=1))).value is None
        assert (await reading_insights.kept_simulations(bank.pool, ben, account_id=anna)).value == []


async def test_without_a_projector_nothing_old_is_read(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the projector stopped, risk and notifications after a write are refused, not shown as they were."""
    monkeypatch.setattr(reading, "WAIT_SECONDS", 0.2)
    async with left_behind(database) as (bank, anna):
        with pytest.raises(NotReachedError):
            await reading_insights.risk(bank.pool, anna, now=datetime.now(UTC))
        with pytest.raises(NotReachedError):
            await reading_insights.notifications(bank.pool, anna, Wanted())
        assert (await reading_insights.notification_count(bank.pool, anna, min_position=0)).value == Count(1, 1)
