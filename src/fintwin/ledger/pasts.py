"""The pasts of accounts, for payments that count before others that are booked already.

A past is read from the log, once, without keeping anybody waiting, and kept by this process for the next late payment; from then
on only what came since is read. Deciding itself happens while the log waits, on the heads and the pasts as they are then: no
payment can slip in between the look and the booking. Nothing of it is stored, so there is nothing that could be wrong.

    async with connection.transaction():
        part = await pasts.decided(connection, submissions)
        appended = await append(connection, part.batch)
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from msgspec.structs import replace

from fintwin.domain.accounts import AccountState, Past, remembering
from fintwin.domain.streams import StreamKey
from fintwin.ledger.slices import Slice
from fintwin.ledger.states import States
from fintwin.ledger.submission import Submission
from fintwin.store import read
from fintwin.store.append import load_heads
from fintwin.store.connect import Connection, Pool
from fintwin.store.rows import Head

MOVES_KEPT_MAX: Final = 1_000_000
"""Of all accounts together; the least recently used goes first."""
PAGE_EVENTS: Final = 4_000
FEW: Final = 64
"""So many new movements are put in one by one; more are cheaper to sort in."""
_LAST: Final = datetime.max.replace(tzinfo=UTC)


class Pasts:
    """See the module. One per writer."""

    def __init__(self, moves_kept_max: int = MOVES_KEPT_MAX) -> None:
        """Nothing known."""
        self._known: OrderedDict[UUID, tuple[int, Past]] = OrderedDict()
        self._moves_kept_max = moves_kept_max

    async def with_past(self, connection: Connection | Pool, head: Head) -> Head:
        """An account's head with the past up to it."""
        assert isinstance(head.state, AccountState), "accounts have a past"
        account_id = head.stream.id
        version, past = self._known.pop(account_id, (0, Past()))
        if version > head.version:
            # The head is older than what is known: this once, everything is read up to it.
            version, past = 0, Past()
        fresh: list[tuple[datetime, int]] = []
        while version < head.version:
            page = await read.account_moves(connection, head.user_id, account_id, version, PAGE_EVENTS)
            assert page, "the log has every version up to the head's"
            fresh += [(at, delta) for one, at, delta in page if delta and one <= head.version]
            version = min(page[-1][0], head.version)
        if len(fresh) > FEW:
            past = Past([*past, *fresh])
        else:
            for at, delta_minor in fresh:
                past = past.moved(at, delta_minor)
        self._known[account_id] = (version, past)
        while len(self._known) > 1 and sum(len(one) for _, one in self._known.values()) > self._moves_kept_max:
            self._known.popitem(last=False)
        return replace(head, state=remembering(head.state, past))

    async def read_ahead(self, connection: Connection, submissions: Sequence[Submission]) -> None:
        """Read the pasts of the commands' own accounts now, so that little is left to read under the lock."""
        wanted = {(one.user_id, stream) for one in submissions for stream in one.plan.streams}
        for head in await load_heads(connection, list(wanted)):
            if isinstance(head.state, AccountState):
                await self.with_past(connection, head)

    async def decided(self, connection: Connection, submissions: Sequence[Submission]) -> Slice:
        """The commands, decided inside a transaction that keeps everybody else from appending until it ends."""
        wanted = {(one.user_id, stream) for one in submissions for stream in one.plan.streams}
        heads = await load_heads(connection, list(wanted), lock=True)
        late: set[StreamKey] = set()
        while True:
            states = States(exact=True)
            states.refresh([await self.with_past(connection, one) if one.stream in late else one for one in heads])
            # What counts from its recording counts after everything else of this append.
            part = Slice(submissions, states, undated_at=_LAST)
            part.decide()
            if not part.set_aside:
                return part
            late |= states.aside
