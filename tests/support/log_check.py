"""Reads a whole log and says everything that is wrong with it.

    assert await problems_of(database) == []

What is looked at: positions without gaps, both hash chains, versions without gaps, transactions in one piece with nothing left
in transit, no balance below its limit after any event, heads equal to the fold of their events, keys and reversals that
name what is there. `tests/support/test_log_check.py` seeds each fault and sees it found.
"""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
from msgspec.structs import replace

from fintwin.domain import accounts
from fintwin.domain.accounts import AccountState
from fintwin.domain.hashing import GENESIS, chain
from fintwin.domain.postings import postings
from fintwin.domain.streams import Recorded, StreamKey, StreamKind
from fintwin.ledger.states import evolved
from fintwin.store.rows import Head, StoredEvent, head, recorded, stored
from tests.conftest import Database


class Log(NamedTuple):
    """Everything that the write side keeps, as it lies there."""

    events: list[StoredEvent]
    recorded: list[Recorded]
    heads: list[Head]
    end: dict[str, Any]
    keys: list[dict[str, Any]]
    reversals: list[dict[str, Any]]


async def read_log(database: Database) -> Log:
    """The whole write side, read as superuser in one snapshot."""
    connection = await asyncpg.connect(database.superuser_url)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            rows = await connection.fetch("SELECT * FROM log.event ORDER BY shard, position")
            heads = await connection.fetch("SELECT * FROM log.stream_head")
            end = await connection.fetchrow("SELECT * FROM log.log_head")
            keys = await connection.fetch("SELECT * FROM log.idempotency")
            reversals = await connection.fetch("SELECT * FROM log.reversal")
    finally:
        await connection.close()
    return Log(
        [stored(row) for row in rows],
        [recorded(row) for row in rows],
        [head(row) for row in heads],
        dict(end),
        [dict(row) for row in keys],
        [dict(row) for row in reversals],
    )


async def problems_of(database: Database) -> list[str]:
    """What is wrong with the log of a database: nothing, or sentences with positions."""
    return problems(await read_log(database))


def problems(log: Log) -> list[str]:
    """The same for a log in memory."""
    return [*chain_problems(log), *transaction_problems(log.recorded), *head_problems(log), *index_problems(log)]


def chain_problems(log: Log) -> Iterator[str]:
    """Density, order and hashes."""
    links: dict[Any, bytes] = {}
    versions: dict[tuple[int, UUID], int] = {}
    owners: dict[tuple[int, UUID], UUID] = {}
    last = None
    for expected, event in enumerate(log.events, 1):
        at = f"position {event.position}"
        stream = (event.stream_kind, event.stream_id)
        if event.position != expected:
            yield f"{at}: position {expected} expected"
            return
        if last is not None and event.recorded_at < last.recorded_at:
            yield f"{at}: recorded before the one in front of it"
        if event.version != versions.get(stream, 0) + 1:
            yield f"{at}: version {event.version} after {versions.get(stream, 0)}"
        if owners.setdefault(stream, event.user_id) != event.user_id:
            yield f"{at}: another owner than the stream's"
        if event.computed_digest() != event.digest:
            yield f"{at}: digest"
        for name, value in ((stream, event.stream_hash), ("shard", event.hash)):
            links[name] = chain(links.get(name, GENESIS), event.digest)
            if links[name] != value:
                yield f"{at}: {'hash' if name == 'shard' else 'stream_hash'}"
                links[name] = value
        versions[stream] = event.version
        last = event
    end = (log.end["position"], log.end["hash"])
    if end != ((last.position, last.hash) if last else (0, GENESIS)):
        yield f"the end of the log says {end[0]}"


def transaction_problems(events: Iterable[Recorded]) -> Iterator[str]:
    """Transactions in one piece, whole, with nothing left in transit."""
    seen: set[UUID] = set()
    transit: dict[str, int] = {}
    current: UUID | None = None
    kinds: list[str] = []

    def end_of() -> Iterator[str]:
        if kinds.count("TransferSent") != kinds.count("TransferReceived"):
            yield f"transaction {current}: half a transfer ({', '.join(kinds)})"
        if any(transit.values()):
            yield f"transaction {current}: left in transit: {transit}"

    for one in events:
        if one.transaction_id != current:
            yield from end_of()
            if one.transaction_id in seen:
                yield f"position {one.position}: transaction {one.transaction_id} in two pieces"
            seen.add(one.transaction_id)
            current, transit, kinds = one.transaction_id, {}, []
        kinds.append(one.type)
        for line in postings(one.stream_id, one.event):
            if isinstance(line.account, str) and line.account.startswith("transit:"):
                transit[line.currency] = transit.get(line.currency, 0) + line.amount_minor
    yield from end_of()


def head_problems(log: Log) -> Iterator[str]:
    """Heads against the fold of their events, and limits after every event."""
    states: dict[StreamKey, Any] = {}
    lasts: dict[StreamKey, StoredEvent] = {}
    for one, event in zip(log.recorded, log.events, strict=True):
        lasts[one.stream] = event
        if one.stream_kind in {StreamKind.ACCOUNT, StreamKind.PROFILE}:
            before = states.get(one.stream)
            state = evolved(before, one.stream, one.event, one.effective_at)
            opened = before is None and isinstance(state, AccountState)
            states[one.stream] = accounts.remembering(state) if opened else state
            yield from step_problems(one, before, states[one.stream])
    if {one.stream for one in log.heads} != lasts.keys():
        yield "heads and streams are not the same ones"
    for one in log.heads:
        last = lasts.get(one.stream)
        if last is None:
            continue
        if (one.version, one.position, one.stream_hash, one.user_id) != (
            last.version, last.position, last.stream_hash, last.user_id,
        ):  # fmt: skip
            yield f"head of {one.stream}: not at the stream's last event"
        state = states.get(one.stream)
        # A head does not list what was reversed, which has a table of its own, nor the past, which is the log.
        folded = replace(state, reversed=frozenset(), past=None) if isinstance(state, AccountState) else state
        if folded is not None and one.state != folded:
            yield f"head of {one.stream}: {one.state} is not {folded}"


def step_problems(one: Recorded, before: Any, state: Any) -> Iterator[str]:
    """What must hold of an account after each single event."""
    if isinstance(state, AccountState):
        if state.balance_minor < -state.overdraft_limit_minor:
            yield f"position {one.position}: {state.balance_minor} is below the limit"
        if before is not None and accounts.delta_minor(one.event) and one.event.currency != state.currency:
            yield f"position {one.position}: {one.event.currency} on an account in {state.currency}"
        if before is not None and before.counts_late(one.effective_at) and accounts.delta_minor(one.event) < 0:
            lowest = before.past.lowest(one.effective_at, before.balance_minor)
            if lowest.balance_minor - one.event.amount_minor < -state.overdraft_limit_minor:
                yield f"position {one.position}: a balance of {lowest.at} is below the limit"


def index_problems(log: Log) -> Iterator[str]:
    """Idempotency keys and reversals against the events they stand for."""
    last_of = {one.transaction_id: one.position for one in log.recorded}
    users = {(one.transaction_id, one.user_id) for one in log.recorded}
    for key in log.keys:
        if (
            last_of.get(key["transaction_id"]) != key["position"]
            or (key["transaction_id"], key["user_id"]) not in users
        ):
            yield f"the key of transaction {key['transaction_id']} says position {key['position']}"
    reversing = {
        (one.user_id, one.event.reverses): one.transaction_id
        for one in log.recorded
        if getattr(one.event, "reverses", None) is not None
    }
    if reversing != {(row["user_id"], row["transaction_id"]): row["reversed_by"] for row in log.reversals}:
        yield "the reversals are not those of the events"
