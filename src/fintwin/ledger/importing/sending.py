"""Sends movements to the ledger in their order, whatever happens on the way.

outcomes = await send_in_order(ledger, items)
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from fintwin.domain.refusals import Refusal
from fintwin.ledger.ledger import Ledger, Request
from fintwin.ledger.movements import Movement
from fintwin.ledger.submission import LedgerBusyError, Outcome, OutcomeUnknownError

CHUNK_ROWS: Final = 256
"""One append of the writer."""
TRIES_MAX: Final = 6
PAUSE_S: Final = 0.2


async def send_in_order(ledger: Ledger, items: Sequence[tuple[Request, Movement | Refusal]]) -> list[Outcome]:
    """Book movements in chunks of one append, each answered in full before the next is sent.

    A chunk whose answer was lost is sent again: its idempotency keys tell what is in the log already, and nothing that comes
    later can have overtaken it. Every request has a key. Raises `LedgerBusyError` and `OutcomeUnknownError` when the
    database stays away.
    """
    outcomes: list[Outcome] = []
    for begin in range(0, len(items), CHUNK_ROWS):
        outcomes += await _send(ledger, items[begin : begin + CHUNK_ROWS])
    return outcomes


async def _send(ledger: Ledger, chunk: Sequence[tuple[Request, Movement | Refusal]]) -> list[Outcome]:
    pause_s = PAUSE_S
    for tries in range(1, TRIES_MAX + 1):
        try:
            answers = await ledger.book_all(chunk)
            outcomes: list[Outcome] = []
            for answer in answers:
                if isinstance(answer, Exception):
                    raise answer
                outcomes.append(answer)
        except (LedgerBusyError, OutcomeUnknownError):
            if tries == TRIES_MAX:
                raise
        else:
            return outcomes
        await asyncio.sleep(pause_s)
        pause_s *= 2
    raise AssertionError("the last try returns or raises")
