"""The checker that other tests trust: each fault that is seeded into a true log is found."""

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from fintwin.domain import accounts
from fintwin.domain.hashing import GENESIS, chain
from fintwin.domain.streams import StreamKind
from tests.conftest import Database
from tests.support.ledgers import booked, open_ledger, request_of
from tests.support.log_check import Log, problems, read_log


async def made_log(database: Database) -> Log:
    async with open_ledger(database) as bank:
        anna, ben = await bank.person(balance_minor=1000), await bank.person()
        booked(await bank.transfer(anna, ben, 300, key="k", note="Rent"))
        sent = booked(await bank.deposit(ben, 5))
        booked(await bank.ledger.reverse(request_of(ben, {}), sent.transaction_id))
    return await read_log(database)


@pytest.fixture(scope="module")
def log(module_database: Database) -> Log:
    """A short true log with a transfer, a key and a reversal."""
    return asyncio.run(made_log(module_database))


def rehashed(log: Log) -> Log:
    """The log as a forger would leave it: with all hashes made anew."""
    events, links = [], {}
    for event in log.events:
        made = event.computed_digest()
        stream = (event.stream_kind, event.stream_id)
        links[stream] = chain(links.get(stream, GENESIS), made)
        links["shard"] = chain(links.get("shard", GENESIS), made)
        events.append(replace(event, digest=made, stream_hash=links[stream], hash=links["shard"]))
    heads = [msgspec.structs.replace(one, stream_hash=links[one.stream.kind, one.stream.id]) for one in log.heads]
    return log._replace(events=events, heads=heads, end=log.end | {"hash": links["shard"]})


def sent_at(log: Log) -> int:
    return next(index for index, one in enumerate(log.recorded) if one.type == "TransferSent")


def changed(log: Log, index: int, event: Any = None, **fields: Any) -> Log:
    """The log with one event changed."""
    events, decoded = list(log.events), list(log.recorded)
    events[index] = replace(events[index], **fields)
    kept = {name: value for name, value in fields.items() if name in decoded[index].__struct_fields__}
    decoded[index] = replace(decoded[index], **kept, **({} if event is None else {"event": event}))
    return log._replace(events=events, recorded=decoded)


def without(log: Log, index: int, count: int = 1) -> Log:
    return log._replace(
        events=log.events[:index] + log.events[index + count :],
        recorded=log.recorded[:index] + log.recorded[index + count :],
    )


def poorer(log: Log) -> Log:
    opened = next(index for index, one in enumerate(log.recorded) if one.type == "Deposited")
    return changed(log, opened, event=accounts.Deposited(amount_minor=10, currency="EUR"))


def with_head(log: Log, **facts: Any) -> Log:
    heads = list(log.heads)
    index = next(n for n, one in enumerate(heads) if one.stream.kind is StreamKind.ACCOUNT)
    heads[index] = replace(heads[index], state=replace(heads[index].state, **facts))
    return log._replace(heads=heads)


FAULTS: dict[str, tuple[Callable[[Log], Log], str]] = {
    "a payload changed": (lambda log: changed(log, sent_at(log), payload='{"amount_minor":1}'), "digest"),
    "an owner changed": (lambda log: changed(log, 0, user_id=log.events[-1].user_id), "digest"),
    "a hash changed": (lambda log: changed(log, 2, hash=bytes(32)), "hash"),
    "a stream hash changed": (lambda log: changed(log, 2, stream_hash=bytes(32)), "stream_hash"),
    "an event left out": (lambda log: without(log, 3), "position 4 expected"),
    "the last events left out": (lambda log: without(log, len(log.events) - 1), "the end of the log says"),
    "half a transfer": (lambda log: rehashed(without(log, sent_at(log) + 1)), "half a transfer"),
    "a version skipped": (lambda log: rehashed(changed(log, sent_at(log), version=9)), "version 9"),
    "time runs backwards": (lambda log: rehashed(changed(log, 4, recorded_at=log.events[0].effective_at)), "recorded"),
    "a transaction in two pieces": (
        lambda log: changed(log, len(log.events) - 1, transaction_id=log.events[0].transaction_id),
        "two pieces",
    ),
    "money in transit": (
        lambda log: changed(
            log,
            sent_at(log),
            event=replace(log.recorded[sent_at(log)].event, amount_minor=299),
        ),
        "left in transit",
    ),
    "below the limit": (poorer, "below the limit"),
    "a richer head": (lambda log: with_head(log, balance_minor=10**6), "head of"),
    "a renamed head": (lambda log: with_head(log, name="s1.other"), "head of"),
    "a head left out": (lambda log: log._replace(heads=log.heads[1:]), "not the same"),
    "a key of nothing": (lambda log: log._replace(keys=[log.keys[0] | {"position": 1}]), "the key"),
    "a reversal left out": (lambda log: log._replace(reversals=[]), "reversals"),
}


def test_a_true_log_has_no_problems(log: Log) -> None:
    """Nothing is said about a log as the ledger wrote it."""
    assert problems(log) == []
    assert problems(rehashed(log)) == []
    assert (len(log.keys), len(log.reversals)) == (1, 1)


@pytest.mark.parametrize("fault", FAULTS)
def test_faults_are_found(log: Log, fault: str) -> None:
    """A log with this fault in it is called wrong, with words that name the fault."""
    seed, words = FAULTS[fault]
    found = problems(seed(log))
    assert any(words in one for one in found), found
