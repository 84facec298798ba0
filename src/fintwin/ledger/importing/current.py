"""What of a file is in the ledger now: booked by an earlier import and not taken back since.

A row whose booking was reversed may be booked again; it then needs a key of its own, as the first one stands for the reversed
booking for good. The keys of one row are tried in turn until one is free or stands for a booking that holds.

    for found in await current_keys(ledger, pool, user_id, keys):
        found.key, found.replay    # replay is None where the row is to be booked
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from fintwin.domain.refusals import Code, Refusal
from fintwin.ledger.importing.keys import RowKey
from fintwin.ledger.importing.sending import send_in_order
from fintwin.ledger.ledger import Ledger, Request
from fintwin.ledger.movements import UNKNOWN_TRANSACTION
from fintwin.ledger.submission import Replay
from fintwin.store import read
from fintwin.store.connect import Pool


class Current(NamedTuple):
    """The key that a row has now, and what it stands for. ``taken``: another row has used it."""

    key: RowKey
    replay: Replay | None
    taken: bool = False


async def current_keys(ledger: Ledger, pool: Pool, user_id: UUID, keys: Sequence[RowKey]) -> list[Current]:
    """The current keys of a user's rows, in their order. Asking books nothing."""
    found: list[Current | None] = [None] * len(keys)
    asked = dict(enumerate(keys))
    again = 0
    while asked:
        # A refusal in the place of a movement: the ledger looks the key up before it refuses.
        items = [(Request(user_id=user_id, key=key.key, body=key.body), UNKNOWN_TRANSACTION) for key in asked.values()]
        outcomes = dict(zip(asked, await send_in_order(ledger, items), strict=True))
        booked = [one.transaction_id for one in outcomes.values() if isinstance(one, Replay)]
        taken_back = await read.reversals(pool, user_id, booked) if booked else {}
        again += 1
        following: dict[int, RowKey] = {}
        for index, outcome in outcomes.items():
            if isinstance(outcome, Replay) and outcome.transaction_id in taken_back:
                following[index] = RowKey(f"{keys[index].key}:again:{again}", keys[index].body)
            else:
                replay = outcome if isinstance(outcome, Replay) else None
                taken = isinstance(outcome, Refusal) and outcome.code is Code.IDEMPOTENCY_KEY_REUSED
                found[index] = Current(asked[index], replay, taken)
        asked = following
    return [one for one in found if one is not None]
