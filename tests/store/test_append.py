"""The append function by itself, with batches that no correct program would send: the last judge trusts nobody."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from uuid_utils.compat import uuid7

from fintwin.domain import accounts
from fintwin.domain.streams import StreamKey, StreamKind
from fintwin.store import read
from fintwin.store.append import Appended, Batch, Verdict, append, load_heads
from fintwin.store.rows import Head
from tests.conftest import Database
from tests.support.ledgers import Bank, booked, open_ledger
from tests.support.log_check import problems_of, read_log

_INDEX = Path(__file__).parents[2] / "migrations" / "0016_append_in_turn" / "010_event_transaction.sql"
_WAITING = """
    SELECT count(DISTINCT a.pid) FROM pg_stat_activity a JOIN pg_locks l ON l.pid = a.pid AND NOT l.granted
    WHERE a.datname = current_database()
"""


def account(id_: UUID) -> StreamKey:
    return StreamKey(StreamKind.ACCOUNT, id_)


class Forger:
    """Puts batches together by hand, in the name of whoever it likes."""

    def __init__(self, bank: Bank, database: Database) -> None:
        self.bank = bank
        self.database = database
        self.batch = Batch()
        self.transactions: list[UUID] = []

    async def head(self, owner: UUID, id_: UUID | None = None) -> Head:
        """The true head of an account."""
        found = await read.one_head(self.bank.pool, owner, account(id_ or owner))
        assert found is not None
        return found

    def command(self, user: UUID, **more: Any) -> UUID:
        """Begin a command in the name of a user; gives its transaction."""
        transaction = uuid7()
        self.batch.add_command(user, transaction, more.get("key"), more.get("request"), more.get("reverses"))
        self.transactions.append(transaction)
        return transaction

    def event(self, stream: UUID, event_type: str | None, head: Head | None = None, **more: Any) -> None:
        """An event, decided on ``head`` (None: asks for no state); any field can be given another value."""
        fields: dict[str, Any] = {"version": None, "balance_minor": None, "basis": None}
        if head is not None:
            assert isinstance(head.state, accounts.AccountState)
            fields = {"version": head.version, "balance_minor": head.state.balance_minor, "basis": head.decided_in}
        self.batch.add_event(account(stream), event_type=event_type, **fields | more)

    def transfer(
        self, user: UUID, head: Head, to: UUID, amount_minor: int, received_minor: int | None = None, **more: Any
    ) -> UUID:
        """A whole transfer, decided on ``head``; ``more`` is said of the paying half."""
        transaction = self.command(user)
        sent = {"delta_minor": -amount_minor, "currency": "EUR"} | more
        self.event(head.stream.id, "TransferSent", head, payload=_paid(amount_minor, to_account=to), **sent)
        received = received_minor or amount_minor
        self.event(
            to,
            "TransferReceived",
            delta_minor=received,
            currency="EUR",
            payload=_paid(received, from_account=head.stream.id),
        )
        return transaction

    async def send(self, *, atomic: bool = False) -> Appended:
        """Hand the batch to the function."""
        async with self.bank.pool.acquire() as connection:
            return await append(connection, self.batch, atomic=atomic)

    async def denied(self) -> None:
        """Everything in the batch is denied and nothing has changed."""
        before = await read_log(self.database)
        answer = await self.send()
        assert set(answer.verdicts) == {Verdict.DENIED}
        assert await read_log(self.database) == before


def _paid(amount_minor: int, **names: UUID) -> bytes:
    others = "".join(f',"{name}":"{value}"' for name, value in names.items())
    return f'{{"amount_minor":{amount_minor},"currency":"EUR"{others}}}'.encode()


@pytest.fixture
async def scene(database: Database) -> AsyncIterator[tuple[Forger, UUID, UUID]]:
    """A forger, and two users with 1000 each."""
    async with open_ledger(database) as bank:
        yield Forger(bank, database), await bank.person(balance_minor=1000), await bank.person(balance_minor=1000)


Scene = tuple[Forger, UUID, UUID]


async def test_an_honest_batch(scene: Scene) -> None:
    """What the forger puts together honestly is appended: the denials below are not for a wrong form."""
    forger, anna, ben = scene
    forger.transfer(anna, await forger.head(anna), ben, 300)
    answer = await forger.send()
    assert answer.verdicts == [Verdict.APPENDED]
    assert (await forger.bank.balance(anna), await forger.bank.balance(ben)) == (700, 1300)
    assert await problems_of(forger.database) == []


async def test_nobody_pays_with_foreign_money(scene: Scene) -> None:
    """A transfer out of another user's account is refused by the function, whatever the program says of versions."""
    forger, anna, ben = scene
    forger.transfer(anna, await forger.head(ben), anna, 300)
    await forger.denied()


async def test_nobody_withdraws_foreign_money(scene: Scene) -> None:
    """Nor is a withdrawal from another user's account let in."""
    forger, anna, ben = scene
    forger.command(anna)
    forger.event(ben, "Withdrawn", await forger.head(ben), delta_minor=-1, currency="EUR", payload=_paid(1))
    await forger.denied()


@pytest.mark.parametrize("event_type", ["Deposited", "AccountFrozen", "AccountRenamed", "TransactionAnnotated"])
async def test_nobody_touches_foreign_streams(scene: Scene, event_type: str) -> None:
    """No other event of any kind gets into another user's stream, with or without a version."""
    forger, anna, ben = scene
    head = await forger.head(ben)
    money = {"delta_minor": 1, "currency": "EUR", "payload": _paid(1)} if event_type == "Deposited" else {}
    forger.command(anna)
    forger.event(ben, event_type, head, **money)
    forger.command(anna)
    forger.event(ben, event_type, **money)
    await forger.denied()


async def test_money_is_not_made(scene: Scene) -> None:
    """Halves of transfers that do not cancel out are refused: none alone, none larger, none negative."""
    forger, anna, ben = scene
    head = await forger.head(anna)
    forger.transfer(anna, head, ben, 300, 301)
    forger.transfer(anna, head, ben, 300, 299)
    forger.command(anna)
    forger.event(anna, "TransferSent", head, delta_minor=-300, currency="EUR", payload=_paid(300, to_account=ben))
    forger.command(anna)
    forger.event(ben, "TransferReceived", delta_minor=300, currency="EUR", payload=_paid(300, from_account=anna))
    forger.command(anna)
    forger.event(anna, "TransferSent", head, delta_minor=300, currency="EUR", payload=_paid(300, to_account=ben))
    forger.event(ben, "TransferReceived", delta_minor=-300, currency="EUR", payload=_paid(300, from_account=anna))
    await forger.denied()


async def test_money_does_not_change_its_currency(scene: Scene) -> None:
    """A payment in another currency than the account's is refused, even where the payee keeps that currency."""
    forger, anna, _ = scene
    yen = await forger.bank.person("JPY", 1000)
    forger.transfer(yen, await forger.head(yen), anna, 300)
    await forger.denied()


async def test_a_debit_names_its_state(scene: Scene) -> None:
    """A debit without the state that it was decided on is refused."""
    forger, anna, ben = scene
    forger.command(anna)
    forger.event(anna, "Withdrawn", delta_minor=-1, currency="EUR", payload=_paid(1))
    forger.command(anna)
    forger.event(anna, "TransferSent", delta_minor=-1, currency="EUR", payload=_paid(1, to_account=ben))
    forger.event(ben, "TransferReceived", delta_minor=1, currency="EUR", payload=_paid(1, from_account=anna))
    await forger.denied()


async def test_a_stream_begins_with_its_facts(scene: Scene) -> None:
    """An account that does not exist cannot begin with money."""
    forger, anna, _ = scene
    forger.command(anna)
    forger.event(uuid7(), "Deposited", delta_minor=1, currency="EUR", payload=_paid(1), version=0)
    await forger.denied()


async def test_the_limit_holds_without_the_rules(scene: Scene) -> None:
    """A debit of more than there is does not get in although it names the true state; nothing is raised for it."""
    forger, anna, ben = scene
    forger.transfer(anna, await forger.head(anna), ben, 1001)
    forger.transfer(ben, await forger.head(ben), anna, 1000)
    answer = await forger.send()
    assert answer.verdicts == [Verdict.CONFLICTED, Verdict.APPENDED]
    assert (await forger.bank.balance(anna), await forger.bank.balance(ben)) == (2000, 0)


async def test_a_frozen_account_pays_nothing(scene: Scene) -> None:
    """Freezing holds under the lock, whatever a program remembered of the account."""
    forger, anna, ben = scene
    booked(await forger.bank.change(anna, accounts.FreezeAccount(at=datetime.now(UTC))))
    forger.transfer(anna, await forger.head(anna), ben, 1)
    assert (await forger.send()).verdicts == [Verdict.CONFLICTED]


async def test_what_hangs_on_a_dropped_command_drops_too(scene: Scene) -> None:
    """Only the commands decided on what did not happen fall out with it; positions stay dense."""
    forger, anna, ben = scene
    old, true = await forger.head(anna), await forger.head(ben)
    booked(await forger.bank.withdraw(anna, 1))
    first = forger.transfer(anna, old, ben, 300)
    forger.command(anna)
    forger.event(anna, "Withdrawn", old, basis=first, delta_minor=-1, currency="EUR", payload=_paid(1))
    forger.transfer(ben, true, anna, 50)
    forger.command(ben)
    forger.event(ben, "Deposited", delta_minor=7, currency="EUR", payload=_paid(7))
    answer = await forger.send()
    assert answer.verdicts == [Verdict.CONFLICTED, Verdict.CONFLICTED, Verdict.APPENDED, Verdict.APPENDED]
    assert {one.stream.id for one in answer.heads} == {anna, ben}
    assert await problems_of(forger.database) == []
    assert (await forger.bank.balance(anna), await forger.bank.balance(ben)) == (1049, 957)


async def test_an_earlier_change_outdates_the_state(scene: Scene) -> None:
    """A change decided on a state before another decided change is in conflict, money that came in is not one."""
    forger, anna, ben = scene
    head = await forger.head(anna)
    booked(await forger.bank.deposit(anna, 5))
    booked(await forger.bank.transfer(ben, anna, 5))
    forger.transfer(anna, head, ben, 1)
    assert (await forger.send()).verdicts == [Verdict.APPENDED]
    forger.batch = Batch()
    forger.transfer(anna, head, ben, 1)
    assert (await forger.send()).verdicts == [Verdict.CONFLICTED]


async def test_recipients(scene: Scene) -> None:
    """A payee that is not there, and one that is closed, frozen, full or keeps another currency: two different answers."""
    forger, anna, ben = scene
    bank, now = forger.bank, datetime.now(UTC)
    closed, frozen, yen, full = await bank.person(), await bank.person(), await bank.person("JPY"), await bank.person()
    booked(await bank.change(closed, accounts.CloseAccount(at=now)))
    booked(await bank.change(frozen, accounts.FreezeAccount(at=now)))
    booked(await bank.deposit(full, 10**15 - 1))
    head = await forger.head(anna)
    for payee in (uuid7(), closed, frozen, yen, full, ben):
        forger.transfer(anna, head, payee, 1)
    cannot = Verdict.RECIPIENT_CANNOT_RECEIVE
    assert (await forger.send()).verdicts == [Verdict.NO_RECIPIENT, cannot, cannot, cannot, cannot, Verdict.APPENDED]


async def test_atomic_is_all_or_nothing(scene: Scene) -> None:
    """One command that cannot be holds back all others of an atomic batch, and says which one it was."""
    forger, anna, ben = scene
    before = await read_log(forger.database)
    head = await forger.head(anna)
    first = forger.transfer(anna, head, ben, 1)
    forger.transfer(anna, head, uuid7(), 1, basis=first)
    assert (await forger.send(atomic=True)).verdicts == [Verdict.SIBLING_FAILED, Verdict.NO_RECIPIENT]
    assert await read_log(forger.database) == before


async def test_one_reversal_within_a_batch(scene: Scene) -> None:
    """Two commands of one batch that take the same transaction back: the second is told, and nothing hangs on it."""
    forger, anna, _ = scene
    wrong, head = uuid7(), await forger.head(anna)
    for basis in (head.decided_in, None):
        forger.command(anna, reverses=wrong)
        forger.event(
            anna, "Withdrawn", head, basis=basis or forger.transactions[0], delta_minor=-1, currency="EUR",
            payload=_paid(1)[:-1] + f',"reverses":"{wrong}"}}'.encode(),
        )  # fmt: skip
    assert (await forger.send()).verdicts == [Verdict.APPENDED, Verdict.ALREADY_REVERSED]
    assert await problems_of(forger.database) == []


async def test_questions(scene: Scene) -> None:
    """A refusal is confirmed if the state it was given on still stands; what is not one's own is like missing."""
    forger, anna, ben = scene
    true = await forger.head(anna)
    missing = {"version": 0, "balance_minor": None, "basis": None}
    for stream, head, more in (
        (anna, true, {}),
        (anna, true, {"version": true.version - 1}),
        (anna, true, {"balance_minor": 5}),
        (anna, true, {"basis": uuid7()}),
        (uuid7(), None, missing),
        (anna, None, missing),
        (ben, None, missing),
        (ben, await forger.head(ben), {}),
    ):
        forger.command(anna)
        forger.event(stream, None, head, **more)
    yes, no = Verdict.CONFIRMED, Verdict.CONFLICTED
    before = await read_log(forger.database)
    assert (await forger.send()).verdicts == [yes, no, no, no, yes, no, yes, no]
    assert await read_log(forger.database) == before


async def test_other_shards_are_refused(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """This version runs one shard and takes nothing for another."""
    forger, anna, ben = scene
    monkeypatch.setattr("fintwin.store.append.SHARD", 1)
    forger.transfer(anna, await forger.head(anna), ben, 1)
    with pytest.raises(asyncpg.NoDataFoundError):
        await forger.send()


async def test_the_clock_may_jump_back(scene: Scene) -> None:
    """Recording times never decrease, even where the server's clock was set back."""
    forger, anna, _ = scene
    later = datetime.now(UTC) + timedelta(hours=1)
    forger.database.run_sql(f"UPDATE log.log_head SET recorded_at = '{later.isoformat()}'")
    first, second = booked(await forger.bank.deposit(anna, 1)), booked(await forger.bank.deposit(anna, 1))
    assert first.recorded_at == second.recorded_at == later
    assert await problems_of(forger.database) == []


async def test_appends_take_turns(scene: Scene) -> None:
    """Appends that wait for another one get in in the order in which they came: the second may be decided on the first."""
    forger, anna, _ = scene

    async def deposit(connection: asyncpg.Connection, amount_minor: int) -> Appended:
        mine = Forger(forger.bank, forger.database)
        mine.command(anna)
        mine.event(anna, "Deposited", delta_minor=amount_minor, currency="EUR", payload=_paid(amount_minor))
        return await append(connection, mine.batch)

    async with AsyncExitStack() as stack:

        async def connected(url: str) -> asyncpg.Connection:
            connection = await asyncpg.connect(url)
            stack.push_async_callback(connection.close)
            return connection

        api = forger.database.role_urls["api"]
        first, watcher = await connected(api), await connected(forger.database.superuser_url)
        waiting: list[asyncio.Task[Appended]] = []
        async with first.transaction():
            await deposit(first, 1)
            for number in range(1, 13):
                waiting.append(asyncio.create_task(deposit(await connected(api), number)))
                for _ in range(5000):
                    if await watcher.fetchval(_WAITING) == number:
                        break
                    await asyncio.sleep(0.002)
        balances = [(await one).balances_minor[0] for one in waiting]
    assert balances == [1001 + sum(range(1, number + 1)) for number in range(1, 13)]
    assert await problems_of(forger.database) == []


async def test_an_index_is_replaced_beside_commands(scene: Scene) -> None:
    """A command that has its turn and has read the log gets in, however far the upgrade that replaces an index has come."""
    forger, anna, _ = scene
    head = await forger.head(anna)
    forger.command(anna)
    forger.event(anna, "Deposited", head, delta_minor=1, currency="EUR", payload=_paid(1))
    async with AsyncExitStack() as stack:
        urls = forger.database.role_urls["api"], *[forger.database.superuser_url] * 2
        late, owner, watcher = [await asyncpg.connect(url) for url in urls]
        for connection in (late, owner, watcher):
            stack.push_async_callback(connection.close)
        async with late.transaction():
            await load_heads(late, [(anna, head.stream)], lock=True)
            await read.account_moves(late, anna, anna, 0, 10)
            upgrade = asyncio.create_task(owner.execute(f"SET ROLE fintwin_owner; {_INDEX.read_text()}"))
            for _ in range(5000):
                if await watcher.fetchval(_WAITING):
                    break
                await asyncio.sleep(0.002)
            assert (await append(late, forger.batch)).verdicts == [Verdict.APPENDED]
        await upgrade
    assert await problems_of(forger.database) == []


async def test_listeners_are_told(scene: Scene) -> None:
    """Each append tells listeners once how far the log goes now."""
    forger, anna, _ = scene
    heard: list[str] = []
    listener = await asyncpg.connect(forger.database.role_urls["api"])
    await listener.add_listener("fintwin_log", lambda *told: heard.append(told[3]))
    position = booked(await forger.bank.deposit(anna, 1)).position
    for _ in range(100):
        if heard:
            break
        await asyncio.sleep(0.01)
    await listener.close()
    assert heard == [f"0:{position}"]


async def test_bytes_are_kept(scene: Scene) -> None:
    """Payload and metadata are stored as the very bytes that were hashed: spaces, order, escapes and all."""
    forger, anna, _ = scene
    payload = '{ "currency" : "EUR",  "amount_minor":1, "x":"\\u00e9é\\u0000☂", "x": 2 }'
    forger.command(anna)
    forger.event(anna, "Deposited", delta_minor=1, currency="EUR", payload=payload.encode(), metadata=b'{"b":1,"a":2}')
    assert (await forger.send()).verdicts == [Verdict.APPENDED]
    stored = (await read.stored_events(forger.bank.pool, anna))[-1]
    assert (stored.payload, stored.metadata) == (payload, '{"b":1,"a":2}')
    assert stored.computed_digest() == stored.digest


@pytest.mark.parametrize(
    "moment",
    [
        datetime(1900, 1, 1, 0, 0, 0, 1, tzinfo=UTC),
        datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
        datetime(2024, 3, 31, 1, 0, 0, 1, tzinfo=UTC),
    ],
)
async def test_effective_times_are_exact(scene: Scene, moment: datetime) -> None:
    """An effective time is kept to the microsecond, however long ago: else the digest would not verify."""
    forger, anna, _ = scene
    account_id = await forger.bank.further_account(anna)
    booked(await forger.bank.deposit(anna, 1, account=account_id, effective_at=moment))
    stored = (await read.stored_events(forger.bank.pool, anna))[-1]
    assert stored.effective_at == moment
    assert await problems_of(forger.database) == []
    assert (await forger.bank.account(anna, account_id)).effective_at_last == moment
