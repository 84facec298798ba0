"""Forks kept in the memory of a worker, so that the next question of a user replays only what came since.

A snapshot is named by user, fold version, position and the shard's hash there. One look-up before use says whether the log
still has that event and brings what came after it; otherwise the history is read again.

    fork, outlook = await Snapshots().current(connection, user_id, now)
"""

from __future__ import annotations

import datetime as dt
from collections import OrderedDict
from uuid import UUID

from fintwin.domain.streams import StreamKind
from fintwin.store.connect import Connection
from fintwin.store.twin_reading import Tip, history, since
from fintwin.twin.faults import ScenarioError
from fintwin.twin.fork import Fork, fold_version, replay
from fintwin.twin.outlook import Outlook

_LEARNT_FROM = {StreamKind.ACCOUNT, StreamKind.PROFILE}
EVENTS_KEPT = 200_000
"""Of all users together; the least recently asked goes first."""


class Snapshots:
    """The kept forks of one process; see the module."""

    def __init__(self) -> None:
        """Nothing kept."""
        self._kept: OrderedDict[tuple[UUID, str], tuple[Tip, Fork, Outlook]] = OrderedDict()
        self.hits = 0

    async def current(self, connection: Connection, user_id: UUID, now: dt.datetime) -> tuple[Fork, Outlook]:
        """The user's fork at the log's end, with what is expected from today on. Callers branch it and change the branch."""
        key = (user_id, fold_version())
        known = self._kept.pop(key, None)
        if known is not None:
            tip, fork, outlook = known
            more = await since(connection, user_id, tip)
            if more is not None:
                self.hits += 1
                before = fork.today
                fork.at = now
                fork.take(more[0])
                fork.hash = more[1].hash
                if fork.today != before or any(one.stream_kind in _LEARNT_FROM for one in more[0]):
                    outlook = Outlook(fork)
                self._keep(key, more[1], fork, outlook)
                return fork, outlook
        events, tip = await history(connection, user_id)
        fork = replay(user_id, events, at=now)
        fork.hash = tip.hash
        outlook = Outlook(fork)
        self._keep(key, tip, fork, outlook)
        return fork, outlook

    async def past(
        self, connection: Connection, user_id: UUID, now: dt.datetime, fork_at: int | dt.datetime
    ) -> tuple[Fork, Outlook]:
        """A fork of an earlier state: what was known at a time, or the log up to a position. ``now`` is its present then."""
        if isinstance(fork_at, int):
            events, tip = await history(connection, user_id, until=fork_at)
            fork = replay(user_id, events, at=now)
            fork.hash = tip.hash
            return fork, Outlook(fork)
        if fork_at > now:
            raise ScenarioError("fork_at", "fork_at", "The fork lies in the future: leave `fork_at` out to begin now.")
        events, _ = await history(connection, user_id)
        fork = replay(user_id, events, at=now, known_at=fork_at)
        if fork.position:
            _, tip = await history(connection, user_id, until=fork.position)
            fork.hash = tip.hash
        return fork, Outlook(fork)

    def _keep(self, key: tuple[UUID, str], tip: Tip, fork: Fork, outlook: Outlook) -> None:
        if not tip.position:
            return
        self._kept[key] = (tip, fork, outlook)
        while len(self._kept) > 1 and sum(len(one.events) for _, one, _ in self._kept.values()) > EVENTS_KEPT:
            self._kept.popitem(last=False)
