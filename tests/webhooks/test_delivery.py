"""Webhooks from the API to the receiver: order, tries, letters, replays, and who is told what."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from fintwin.store import lease
from fintwin.store.connect import open_pool
from fintwin.webhooks.deliverer import Deliverer
from fintwin.webhooks.sending import Sender
from tests.api.people import Person, Service, service
from tests.conftest import Database
from tests.webhooks.receiver import Receiver, receiver

pytestmark = pytest.mark.asyncio(loop_scope="module")
PAUSES_S = 0.02


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def app(module_database: Database) -> AsyncIterator[Service]:
    """The service, which lets webhooks go to this machine."""
    async with service(module_database, FINTWIN_WEBHOOKS_PRIVATE="1") as started:
        yield started


@pytest_asyncio.fixture(loop_scope="module")
async def ada(app: Service) -> Person:
    """Somebody with an account."""
    return await app.person()


@asynccontextmanager
async def delivering(database: Database, app: Service, *, attempts_max: int = 3) -> AsyncIterator[Deliverer]:
    """A deliverer at work in this process, with short pauses."""
    pool = await open_pool(database.role_urls["publisher"], size_max=5)
    stop = asyncio.Event()
    async with Sender(private=True) as sender:
        keys = partial(app.services.vault.key, app.services.pools["api"])
        worker = Deliverer(pool, keys, sender, holder="test", pause_after=lambda _: PAUSES_S, attempts_max=attempts_max)
        task = asyncio.create_task(worker.run(stop))
        try:
            yield worker
        finally:
            stop.set()
            await task
            await pool.close()


async def hooked(person: Person, one: Receiver, **more: Any) -> dict[str, Any]:
    """A hook of somebody's that leads to a receiver."""
    answer = await person.post("/api/webhooks", {"url": f"http://127.0.0.1:{one.port}/hook"} | more)
    assert answer.status == 201, answer.text
    found: dict[str, Any] = answer.json
    return found


async def until(person: Person, hook: dict[str, Any], **wanted: Any) -> dict[str, Any]:
    """The hook when it is as wanted."""
    async with asyncio.timeout(10):
        while True:
            found: dict[str, Any] = (await person.get(f"/api/webhooks/{hook['id']}")).json
            if all(found[name] == value for name, value in wanted.items()):
                return found
            await asyncio.sleep(0.02)


async def test_own_events_come_signed_and_in_order(module_database: Database, app: Service, ada: Person) -> None:
    """Only what happened after the hook was made, only of the chosen kinds, without any personal text, once each."""
    ben = await app.person()
    before = await ada.move("deposit", 1)
    async with receiver() as one, delivering(module_database, app):
        hook = await hooked(ada, one)
        made = [await ada.move("deposit", n + 1, note="secret party") for n in range(20)]
        await ada.patch(f"/api/accounts/{ada.id}", {"name": "Another name"})
        sent = await ada.move("transfer", 3, to_account=ben.id, note="secret party")
        await ben.move("deposit", 77)
        await one.has(21)
        await until(ada, hook, position=sent["position"])
    assert one.positions == [each["position"] for each in [*made, sent]]
    assert before["position"] not in one.positions
    assert one.got[0].headers["webhook-id"] == f"{hook['id']}_{made[0]['position']}"
    text = b"".join(each.body for each in one.got)
    assert b"secret party" not in text
    last = one.got[-1].body.decode()
    assert ben.id in last
    assert '"amount":3.00,"currency":"EUR"' in last
    known: dict[str, Any] = {}
    page = (Path(__file__).parents[2] / "docs" / "webhooks.md").read_text()
    exec(page.split("```python\n")[1].split("```")[0], known)  # noqa: S102
    assert all(known["verified"](hook["secret"], each.headers, each.body) for each in one.got)


async def test_the_recipient_hears_of_the_payer_only_the_account(
    module_database: Database, app: Service, ada: Person
) -> None:
    """No balance, note, user or key of the other side is in the delivery."""
    ben = await app.person()
    await ada.move("deposit", 7654321.25)
    async with receiver() as one, delivering(module_database, app):
        await hooked(ben, one)
        await ada.post(
            "/api/transactions/",
            {"type": "transfer", "amount": 41, "to_account": ben.id, "note": "secret party"},
            Idempotency_Key="key-of-ada",
        )
        await one.has(1)
    text = one.got[0].body.decode()
    assert text.count(ada.id) == 1
    assert f'"from_account":"{ada.id}"' in text
    # The sums are too long to be found in an id or a time by chance.
    assert not [word for word in ("secret party", "7654321", "7654280", "key-of-ada") if word in text]


async def test_a_failure_is_repeated_and_nothing_overtakes(
    module_database: Database, app: Service, ada: Person
) -> None:
    """The same event with the same id until it is taken; later ones wait; the hook tells what became of the last try."""
    async with receiver() as one, delivering(module_database, app):
        one.answers = [500, "hang up", 200]
        hook = await hooked(ada, one)
        made = [await ada.move("deposit", n + 1) for n in range(3)]
        await one.has(5)
        found = await until(ada, hook, position=made[-1]["position"])
    first = made[0]["position"]
    assert one.positions == [first, first, first, made[1]["position"], made[2]["position"]]
    assert len({each.headers["webhook-id"] for each in one.got}) == 3
    assert (found["last_outcome"], found["attempts"], found["letters"]) == ("delivered", 0, 0)


async def test_what_is_given_up_is_seen_and_tried_again(module_database: Database, app: Service, ada: Person) -> None:
    """After the last try a letter; the next event goes on; asked for, the letter is tried once, and gone when it is taken."""
    async with receiver() as one, delivering(module_database, app, attempts_max=2):
        one.answers = [500, 503, 200]
        hook = await hooked(ada, one)
        made = [await ada.move("deposit", n + 1) for n in range(2)]
        await one.has(3)
        await until(ada, hook, letters=1, position=made[1]["position"])
        path = f"/api/webhooks/{hook['id']}/letters"
        (letter,) = (await ada.get(path)).json
        assert (letter["position"], letter["attempts"], letter["outcome"]) == (made[0]["position"], 2, "http_503")
        one.answers = [404]
        assert (await ada.post(f"{path}/{letter['position']}/replay")).json == {"count": 1}
        await one.has(4)
        async with asyncio.timeout(5):
            while (await ada.get(path)).json[0]["outcome"] != "http_404":  # noqa: ASYNC110  another process writes it
                await asyncio.sleep(0.02)
        assert (await ada.post(f"{path}/replay")).json == {"count": 1}
        await until(ada, hook, letters=0)
        assert (await ada.get(path)).json == []
    assert one.positions == [made[0]["position"]] * 2 + [made[1]["position"]] + [made[0]["position"]] * 2


async def test_who_never_answers_is_left_alone(module_database: Database, app: Service, ada: Person) -> None:
    """Three letters in a row, or one 410, stop the hook; made active it goes on where it stopped and loses nothing."""
    async with receiver() as one, delivering(module_database, app, attempts_max=1):
        one.usual = 500
        hook = await hooked(ada, one)
        made = [await ada.move("deposit", n + 1) for n in range(5)]
        found = await until(ada, hook, state="stopped")
        assert (found["letters"], found["position"]) == (3, made[2]["position"])
        one.usual = 200
        await ada.patch(f"/api/webhooks/{hook['id']}", {"state": "active"})
        await until(ada, hook, position=made[4]["position"])
        assert one.positions == [each["position"] for each in made]
        one.answers = [410]
        gone = await ada.move("deposit", 9)
        found = await until(ada, hook, state="stopped")
        assert found["last_outcome"] == "http_410"
        assert found["position"] < gone["position"]


async def test_everything_after_a_position_comes_again(module_database: Database, app: Service, ada: Person) -> None:
    """In order and with the same ids; paused, nothing comes and nothing is lost."""
    async with receiver() as one, delivering(module_database, app):
        hook = await hooked(ada, one)
        made = [(await ada.move("deposit", n + 1))["position"] for n in range(4)]
        await until(ada, hook, position=made[-1])
        await ada.post(f"/api/webhooks/{hook['id']}/replay", {"after": made[1]})
        await one.has(6)
        await until(ada, hook, position=made[-1])
        assert one.positions == made + made[2:]
        assert one.got[2].headers["webhook-id"] == one.got[4].headers["webhook-id"]
        await ada.patch(f"/api/webhooks/{hook['id']}", {"state": "paused"})
        late = (await ada.move("deposit", 5))["position"]
        await asyncio.sleep(0.3)
        assert len(one.got) == 6
        await ada.patch(f"/api/webhooks/{hook['id']}", {"state": "active"})
        await one.has(7)
        assert one.positions[-1] == late


async def test_one_works_and_the_other_takes_over(module_database: Database, app: Service, ada: Person) -> None:
    """Two deliverers: each event once, and the second goes on when the first has stopped."""
    async with receiver() as one, AsyncExitStack() as first:
        hook = await hooked(ada, one)
        await first.enter_async_context(delivering(module_database, app))
        made = [(await ada.move("deposit", 1))["position"]]
        await one.has(1)
        async with delivering(module_database, app):
            made.append((await ada.move("deposit", 2))["position"])
            await until(ada, hook, position=made[-1])
            await first.aclose()
            made.append((await ada.move("deposit", 3))["position"])
            await until(ada, hook, position=made[-1])
            await asyncio.sleep(0.3)
    assert one.positions == made


@pytest.mark.slow
async def test_a_deliverer_that_lost_its_lease_notes_nothing(
    module_database: Database, app: Service, ada: Person
) -> None:
    """Another epoch, a changed hook, a removed hook: the answer of a try under way changes nothing any more."""
    async with receiver() as one, delivering(module_database, app, attempts_max=1):
        one.answers = ["silence"]
        hook = await hooked(ada, one)
        first = (await ada.move("deposit", 1))["position"]
        await one.has(1)
        connection = await asyncpg.connect(module_database.superuser_url)
        await connection.execute("UPDATE webhook.lease SET epoch = epoch + 1, expires_at = now() + interval '1 hour'")
        # The old one notices at its next renewal and lets go of what is under way.
        await asyncio.sleep(lease.LEASE_SECONDS / 3 + 0.5)
        found = (await ada.get(f"/api/webhooks/{hook['id']}")).json
        assert (found["attempts"], found["letters"]) == (0, 0)
        assert found["position"] < first
        await connection.execute("UPDATE webhook.lease SET expires_at = now()")
        await connection.close()
        await one.has(2)
        await until(ada, hook, position=first)


@pytest.mark.slow
async def test_kill_of_the_real_deliverer(module_database: Database, app: Service, ada: Person) -> None:
    """`fintwin webhooks`, killed outright twice while events come: all arrive, in order, some perhaps twice."""
    environment = os.environ | module_database.servers.environment() | {
        "DATABASE_URL": module_database.role_urls["api"],
        **{f"FINTWIN_{role.upper()}_DATABASE_URL": url for role, url in module_database.role_urls.items() if role != "api"},
        "FINTWIN_MASTER_KEY": app_master_key(),
        "FINTWIN_WEBHOOKS_PRIVATE": "1",
    }  # fmt: skip
    made: list[int] = []
    async with receiver() as one:
        hook = await hooked(ada, one)
        for kill in (True, True, False):
            before = len(one.got)
            process = await asyncio.create_subprocess_exec(sys.executable, "-m", "fintwin", "webhooks", env=environment)
            try:
                made += [(await ada.move("deposit", 1))["position"] for _ in range(15)]
                await one.has(before + 5)
                if not kill:
                    await until(ada, hook, position=made[-1])
            finally:
                process.kill() if kill else process.terminate()
                await process.wait()
    once = list(dict.fromkeys(one.positions))
    assert once == made
    assert all(later >= earlier for earlier, later in pairwise(one.positions))


def app_master_key() -> str:
    from tests.api.people import MASTER_KEY

    return MASTER_KEY
