"""What the read models of a fork say while a line is walked: risk scores over time, notifications that would have been sent.

They are the very folds that production runs, on the branch's rows.

    watch = Watch(branch)
    Run(branch, course, watch.note).to_the_end()
    watch.scores[account_id][-1], watch.told()
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Any
from uuid import UUID

import msgspec

from fintwin.domain.accounts.state import Status
from fintwin.projections import notifications, risk
from fintwin.projections.model import Key
from fintwin.projections.notification_rows import Notification as NotificationRow
from fintwin.projections.risk_levels import score
from fintwin.projections.risk_state import seconds
from fintwin.twin.fork import Fork

TOLD_MAX = 200


class AccountRisk(msgspec.Struct, frozen=True):
    """An account's risk score on every day of the axis."""

    account_id: UUID
    baseline: list[int]
    scenario: list[int]


class Notification(msgspec.Struct, frozen=True):
    """A notification that would have been sent: its code and figures as the read model keeps them."""

    on: dt.date
    account_id: UUID
    code: str
    type: str
    currency: str
    amount_minor: int | None
    score: int | None
    reason: str | None


class Told(msgspec.Struct, frozen=True):
    """All that would have been sent, counted by code; listed are the risk alerts and the first of the others."""

    counts: dict[str, int]
    listed: tuple[Notification, ...]


class Watch:
    """Notes the scores at the end of each day; see the module."""

    def __init__(self, branch: Fork) -> None:
        """``branch`` folds risk and notifications; what is in it now is the past."""
        self._branch = branch
        self._before = set(_told(branch))
        self.scores: dict[UUID, list[int]] = {
            each: [] for each, state in branch.accounts.items() if state.status is not Status.CLOSED
        }

    def note(self, day: dt.date) -> None:
        """Take each account's score at the end of a day."""
        rows = self._branch.rows[risk.MODEL.name]
        at = seconds(self._branch.moment(day))
        for each, scores in self.scores.items():
            account = rows[risk.ACCOUNT, each].state
            pot = rows.get((risk.POT, account.currency))
            scores.append(score(account, None if pot is None else pot.state, at).score)

    def told(self) -> Told:
        """The notifications that came since, in the order of their coming."""
        fresh = [row for key, row in _told(self._branch).items() if key not in self._before]
        fresh.sort(key=lambda row: row.position)
        others = [row for row in fresh if row.code != "risk_alert"][:TOLD_MAX]
        listed = sorted([*others, *(row for row in fresh if row.code == "risk_alert")], key=lambda row: row.position)
        return Told(
            dict(sorted(Counter(row.code for row in fresh).items())),
            tuple(
                Notification(
                    row.created_at.date(), row.account_id, row.code, row.type, row.currency or "", row.amount_minor,
                    row.score, None if row.reason is None else row.reason.code,
                )
                for row in listed
            ),
        )  # fmt: skip


def _told(branch: Fork) -> dict[Key, Any]:
    """All notifications; the alerts among them are kept with the risk that raised them."""
    found = dict(branch.rows[notifications.MODEL.name])
    found.update(branch.rows[risk.MODEL.name])
    return {key: row for key, row in found.items() if isinstance(row, NotificationRow)}
