from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from fintwin.domain import notifications as domain
from fintwin.domain import simulations
from fintwin.domain.simulations.events import Level
from fintwin.domain.streams import StreamKind
from fintwin.projections import risk
from fintwin.projections.model import encode_rows, fold_all
from fintwin.projections.notification_rows import Notification
from fintwin.projections.notifications import ACCOUNT, MODEL, NOTIFICATION
from fintwin.projections.notifications_text import message, title
from tests.projections.lives import BEGIN, USER, Life, month

SAVINGS = UUID("0198c0de-0000-7000-8000-0000000000aa")
STRANGER = UUID("0198c0de-0000-7000-8000-0000000000ff")


def notified(life: Life) -> list[Notification]:
    """The notifications after the last event, oldest first, from both read models that make some."""
    told, alerted = fold_all(MODEL, life.events)[life.user], fold_all(risk.MODEL, life.events)[life.user]
    found = [row for key, row in (*told.items(), *alerted.items()) if key[0] in {NOTIFICATION, risk.ALERT}]
    return sorted(found, key=lambda row: (row.position, row.code))


def said(life: Life) -> list[tuple[str, str]]:
    return [(title(row), row.type) for row in notified(life)]


def simulated(level: Level, score: int, **more: Any) -> simulations.SimulationSaved:
    return simulations.SimulationSaved(
        simulation_id=UUID(int=9), source="quick", scenario="rate_change", document={}, base_position=3, base_hash="",
        before_minor=1000_00, after_minor=400_00, currency="EUR", risk_score=score, level=level, **more,
    )  # fmt: skip


def test_each_movement_is_told_once() -> None:
    """Deposit and transfers are info, a withdrawal is an alert, each with the title that clients know."""
    life = Life()
    life.earn(0, 1000_00, "employer")
    life.pay(1, 100_00, "shop")
    life.send(2, 50_00, STRANGER)
    life.receive(3, 20_00, STRANGER)
    assert said(life) == [
        ("Deposit received", "info"),
        ("Withdrawal processed", "alert"),
        ("Transfer sent", "info"),
        ("Transfer received", "info"),
    ]
    assert [row.amount_minor for row in notified(life)] == [1000_00, 100_00, 50_00, 20_00]


def test_a_transfer_between_own_accounts_is_told_once() -> None:
    """Its payer's side speaks, the other is silent; one from somebody else is told to its recipient."""
    life = Life()
    life.open(SAVINGS, "savings")
    life.earn(0, 1000_00, "employer")
    life.send(1, 300_00, SAVINGS)
    assert said(life) == [("Deposit received", "info"), ("Transfer sent", "info")]


@pytest.mark.parametrize(
    ("level", "score", "expected"), [("low", 30, []), ("medium", 31, ["alert"]), ("high", 75, ["risk"])]
)
def test_a_kept_simulation_is_told_by_its_level(level: Level, score: int, expected: list[str]) -> None:
    """Medium is an alert, high a risk; a low one needs no telling."""
    life = Life()
    life.add(StreamKind.SIMULATIONS, USER, simulated(level, score))
    assert [row.type for row in notified(life)] == expected
    assert all(title(row) == "Simulation completed" for row in notified(life))
    assert all(row.account_id == USER for row in notified(life))


def alerts(life: Life) -> list[tuple[str, int | None]]:
    return [(row.type, row.score) for row in notified(life) if row.code == "risk_alert"]


def test_crossing_both_thresholds_at_once_is_one_alert() -> None:
    """From 0 to 75 in one event is one notification, of the higher kind, with the strongest reason."""
    life = Life()
    life.earn(0, 1000_00, "unknown")
    life.pay(0.1, 950_00, "stranger")
    assert alerts(life) == [("risk", 75)]
    (alert,) = [row for row in notified(life) if row.code == "risk_alert"]
    assert title(alert) == "Risk alert on your account"
    assert alert.reason is not None
    assert alert.reason.code == "in_and_out"


def test_each_threshold_alerts_once_while_the_score_stays_up() -> None:
    """Crossing 30 and later 60 are two alerts; more of the same above them is none."""
    life = Life(limit_minor=1000_00)
    for day in range(3):
        life.pay(day, 200_00, "shop")
    assert alerts(life) == [("alert", 40)]
    life.pay(3, 10_00, "shop")
    assert alerts(life) == [("alert", 40)]
    for number in range(9):
        life.pay(4 + number / 1000, 5_00, "shop")
    assert alerts(life) == [("alert", 40), ("risk", 65)]


def overdrawn_by(life: Life, day: float, balance_minor: int) -> None:
    """One movement that brings the balance to this."""
    if balance_minor < life.balance:
        life.pay(day, life.balance - balance_minor, "shop")
    else:
        life.earn(day, balance_minor - life.balance, "employer")


def test_a_drifting_score_does_not_alert_again() -> None:
    """Around the threshold there is one alert; after the score has been well below it, the next crossing is another one."""
    life = Life(limit_minor=1000_00)
    for day, balance in enumerate((-600_00, -490_00, -600_00, -490_00, -600_00)):
        overdrawn_by(life, day, balance)
    assert alerts(life) == [("alert", 40)]
    overdrawn_by(life, 6, 50_00)
    overdrawn_by(life, 9, -600_00)
    assert alerts(life) == [("alert", 40), ("alert", 40)]


def test_a_dismissed_alert_stays_away() -> None:
    """Deleting the alert does not make the next payment bring it back."""
    life = Life()
    life.earn(0, 1000_00, "unknown")
    life.pay(0.1, 950_00, "stranger")
    (alert,) = [row for row in notified(life) if row.code == "risk_alert"]
    life.add(StreamKind.NOTIFICATIONS, USER, domain.NotificationDeleted(notification_id=alert.notification_id))
    life.pay(0.2, 20_00, "stranger")
    assert alerts(life) == []


def test_what_is_old_when_it_is_booked_is_no_news() -> None:
    """An import says nothing, counts for the risk all the same, and the first new movement alerts."""
    life = Life(recorded_at=BEGIN + timedelta(days=400))
    for number in range(6):
        month(life, number)
    life.pay(6 * 30.44, life.balance * 95 // 100, "stranger")
    assert notified(life) == []
    life.pay(396, 1_00, "shop")
    assert [row.code for row in notified(life)] == ["risk_alert", "withdrawal"]


def test_reading_and_deleting_survive_a_rebuild() -> None:
    """A read notification stays read and a deleted one deleted when everything is folded again."""
    life = Life()
    life.earn(0, 1000_00, "employer")
    life.pay(1, 10_00, "shop")
    life.pay(2, 20_00, "shop")
    first, second, third = notified(life)
    life.add(StreamKind.NOTIFICATIONS, USER, domain.NotificationRead(notification_id=first.notification_id))
    life.add(StreamKind.NOTIFICATIONS, USER, domain.NotificationDeleted(notification_id=second.notification_id))
    once, again = fold_all(MODEL, life.events), fold_all(MODEL, life.events)
    assert encode_rows(MODEL, once) == encode_rows(MODEL, again)
    left = notified(life)
    assert [(row.notification_id, row.is_read) for row in left] == [
        (first.notification_id, True),
        (third.notification_id, False),
    ]


def test_all_read_is_a_mark_on_the_account() -> None:
    """It moves one row whatever the number of notifications, and later ones are unread."""
    life = Life()
    life.earn(0, 1000_00, "employer")
    life.add(StreamKind.NOTIFICATIONS, USER, domain.AllNotificationsRead(account_id=USER))
    mark = len(life.events)
    life.pay(1, 10_00, "shop")
    rows = fold_all(MODEL, life.events)[USER]
    assert rows[ACCOUNT, USER].read_through == mark
    assert [row.position <= mark for row in notified(life)] == [True, False]


def test_unknown_and_foreign_ids_change_nothing() -> None:
    """Events about notifications or accounts that are not there leave every row as it was."""
    life = Life()
    life.earn(0, 1000_00, "employer")
    before = encode_rows(MODEL, fold_all(MODEL, life.events))
    for event in (
        domain.NotificationRead(notification_id=UUID(int=5)),
        domain.NotificationDeleted(notification_id=UUID(int=5)),
        domain.AllNotificationsRead(account_id=UUID(int=5)),
    ):
        life.add(StreamKind.NOTIFICATIONS, USER, event)
    assert encode_rows(MODEL, fold_all(MODEL, life.events)) == before


def test_an_alert_is_read_and_deleted_like_any_other() -> None:
    """What the read model `risk` has said is marked and taken away by the same events, there."""
    life = Life()
    life.earn(0, 1000_00, "unknown")
    life.pay(0.1, 950_00, "stranger")
    (alert,) = [row for row in notified(life) if row.code == "risk_alert"]
    life.add(StreamKind.NOTIFICATIONS, USER, domain.NotificationRead(notification_id=alert.notification_id))
    assert [row.is_read for row in notified(life)] == [False, True, False]
    life.add(StreamKind.NOTIFICATIONS, USER, domain.NotificationDeleted(notification_id=alert.notification_id))
    assert "risk_alert" not in [row.code for row in notified(life)]


def test_rows_hold_no_personal_text() -> None:
    """Sealed notes and counterparties stay in the event; a row has codes and figures."""
    from fintwin.domain.accounts import Counterparty

    life = Life()
    life.earn(0, 1000_00, "ref", note="s1.secret", counterparty=Counterparty(name="s1.name"), category="rent")
    assert b"s1." not in encode_rows(MODEL, fold_all(MODEL, life.events))


def test_words_follow_the_reader() -> None:
    """The same row is written as the reader's country writes money; no placeholder is left in any text."""
    life = Life()
    life.earn(0, 1250_50, "unknown")
    life.pay(0.1, 1200_00, "stranger")
    life.add(StreamKind.SIMULATIONS, USER, simulated("high", 80))
    deposit = notified(life)[0]
    assert message(deposit, "de_DE") == "1.250,50\xa0€ came in."
    assert message(deposit, "en_US") == "€1,250.50 came in."
    for row in notified(life):
        assert "{" not in message(row)
        assert "None" not in message(row)
