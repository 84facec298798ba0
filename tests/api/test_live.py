"""The live stream: what is told, to whom, in what order, and what becomes of it after a break."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic
from typing import Any
from uuid import UUID

import pytest

from fintwin.api import live as route
from fintwin.live import hub as hub_module
from tests.api.people import Person, Service, service
from tests.conftest import Database
from tests.projector.projecting_tools import projector

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.usefixtures("projected")]
Message = tuple[str, int | None, Any]
"""Event, id, data."""


class Following:
    """One open stream, read message by message."""

    def __init__(self, app: Any, person: Person, last: int | None = None) -> None:
        self._sent: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._gone = asyncio.Event()
        self._buffer = b""
        self._messages: list[Message] = []
        headers = [(b"authorization", f"Bearer {person.token}".encode()), (b"host", b"localhost")]
        if last is not None:
            headers.append((b"last-event-id", str(last).encode()))
        scope = {
            "type": "http", "method": "GET", "path": "/api/live", "raw_path": b"/api/live", "query_string": b"",
            "headers": headers, "http_version": "1.1", "scheme": "http", "root_path": "", "asgi": {"version": "3.0"},
            "client": ("127.0.0.1", 1), "server": ("localhost", 8000), "state": {}, "extensions": {},
        }  # fmt: skip
        self.comments = 0
        self.ended = False
        self.task = asyncio.create_task(app(scope, self._receive, self._sent.put))

    async def _receive(self) -> dict[str, Any]:
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def status(self) -> int:
        """The status line."""
        return int((await self._sent.get())["status"])

    async def message(self) -> Message:
        """The next one."""
        async with asyncio.timeout(10):
            while not self._messages:
                chunk = await self._sent.get()
                self.ended = not chunk["more_body"]
                self._buffer += chunk["body"]
                *parts, self._buffer = self._buffer.split(b"\n\n")
                for part in parts:
                    fields = dict(line.split(": ", 1) for line in part.decode().splitlines() if line[0] != ":")
                    self.comments += part.startswith(b":")
                    if "event" in fields:
                        number = int(fields["id"]) if "id" in fields else None
                        self._messages.append((fields["event"], number, json.loads(fields["data"])))
                if self.ended:
                    break
        return self._messages.pop(0)

    async def is_over(self) -> bool:
        """Whether the body ends here."""
        return self.ended or not (await self._sent.get())["more_body"]

    async def batch(self) -> list[Message]:
        """The messages up to the next `reached`, that one included."""
        found = [await self.message()]
        while found[-1][0] != "reached":
            found.append(await self.message())
        return found

    async def until(self, position: int) -> list[Message]:
        """All messages until a position is reached."""
        found = await self.batch()
        while found[-1][1] is not None and found[-1][1] < position:
            found += await self.batch()
        return found

    async def close(self) -> None:
        """The client goes away."""
        self._gone.set()
        await self.task


@asynccontextmanager
async def following(app: Service, person: Person, last: int | None = None) -> AsyncIterator[Following]:
    one = Following(app.app, person, last)
    try:
        assert await one.status() == 200
        yield one
    finally:
        await one.close()


def of(messages: list[Message], event: str) -> list[Any]:
    return [data for name, _, data in messages if name == event]


async def test_it_begins_with_what_is_and_tells_what_comes(app: Service, ada: Person) -> None:
    """Balance and risk at first; after a deposit the transaction, its notification, the new balance, and the position."""
    async with following(app, ada) as stream:
        # The account is younger than the read models.
        first = await stream.until((await ada.positions())[-1])
        assert of(first, "risk")[-1] == {"account_id": ada.id, "score": 0, "alert_level": "low"}
        assert of(first, "balance")[0]["account_id"] == ada.id
        assert of(first, "transaction") == []
        made = await ada.move("deposit", 12, note="Lottery")
        told = await stream.until(made["position"])
    (transaction,) = of(told, "transaction")
    listed = (await ada.get("/api/transactions/")).json[0]
    assert transaction == json.loads(json.dumps(listed, default=float))
    assert transaction["note"] == "Lottery"
    assert [one["title"] for one in of(told, "notification")] == ["Deposit received"]
    assert of(told, "balance")[-1]["balance"] == 12
    assert {name for name, number, _ in told if number is not None} == {"reached"}


async def test_every_own_change_is_reached(app: Service, ada: Person) -> None:
    """What has no message of its own, like a renamed account, still gives a `reached`."""
    async with following(app, ada) as stream:
        await stream.batch()
        answer = await ada.patch(f"/api/accounts/{ada.id}", {"name": "Everyday money"})
        told = await stream.until(answer.json["position"])
    assert told[-1][0] == "reached"


async def test_after_a_break_nothing_is_missing(app: Service, ada: Person) -> None:
    """With the last id, what happened meanwhile comes first, oldest first; without it only what comes from now on."""
    async with following(app, ada) as stream:
        made = await ada.move("deposit", 1)
        seen = (await stream.until(made["position"]))[-1][1]
    amounts = [2, 3, 4]
    for amount in amounts:
        made = await ada.move("deposit", amount)
    await ada.get("/api/transactions/")
    async with following(app, ada, seen) as stream:
        told = await stream.until(made["position"])
    assert [one["amount"] for one in of(told, "transaction")] == amounts
    assert len(of(told, "notification")) == 3
    assert of(told, "reset") == []
    await ada.get("/api/notifications/")
    async with following(app, ada) as stream:
        assert of(await stream.until(made["position"]), "transaction") == []


async def test_who_missed_too_much_asks_again(app: Service, ada: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """Instead of a flood there is one `reset`; a position from the future is answered with it as well."""
    monkeypatch.setattr(route, "TOLD_AT_ONCE_MAX", 2)
    for amount in (1, 2, 3):
        await ada.move("deposit", amount)
    await ada.get("/api/notifications/")
    for last in (1, 10**12):
        async with following(app, ada, last) as stream:
            told = await stream.batch()
        assert len(of(told, "reset")) == 1
        assert of(told, "transaction") == []


async def test_nobody_hears_of_others(app: Service) -> None:
    """The recipient's stream tells the transfer with the payer's account id and nothing else of the payer's."""
    ada, ben, eve = await app.person(deposit=7654321.25), await app.person(), await app.person()
    async with following(app, ben) as theirs, following(app, eve) as nobodys:
        await theirs.batch()
        before = await nobodys.batch()
        made = await ada.move("transfer", 41, to_account=ben.id, note="for the secret party")
        told = await theirs.until(made["position"])
        assert [one["amount"] for one in of(told, "transaction")] == [41]
        text = json.dumps(told)
        assert text.count(ada.id) == 1
        assert of(told, "transaction")[0]["account_id"] == ada.id
        assert "secret party" not in text
        # Too long to be found in an id or a time by chance.
        assert "7654280.25" not in text  # what the payer has left
        assert "7654321.25" not in text
        await eve.move("deposit", 1)
        assert ada.id not in json.dumps(before + await nobodys.batch())


async def test_a_stream_of_another_process_hears_of_it_too(
    module_database: Database, app: Service, ada: Person
) -> None:
    """Written through one process, told by the other; a process that has just started goes on from an id of the first."""
    async with following(app, ada) as stream:
        made = await ada.move("deposit", 1)
        seen = (await stream.until(made["position"]))[-1][1]
    made = await ada.move("deposit", 5)
    await ada.get("/api/notifications/")
    async with service(module_database) as other, following(other, ada, seen) as stream:
        assert [one["amount"] for one in of(await stream.until(made["position"]), "transaction")] == [5]
        made = await ada.move("deposit", 6)
        assert [one["amount"] for one in of(await stream.until(made["position"]), "transaction")] == [6]


async def test_a_read_model_that_has_stopped_is_not_passed_over(database: Database) -> None:
    """What it would tell is missing, so the stream says to ask again; the others are told all the same."""
    async with service(database) as app, projector(database):
        ada = await app.person()
        await ada.get("/api/transactions/")
        async with following(app, ada) as stream:
            await stream.batch()
            database.run_sql("UPDATE read.checkpoint SET fault = 'tested' WHERE model = 'statements'")
            made = await ada.move("deposit", 3)
            told = await stream.until(made["position"])
    assert of(told, "transaction") == []
    assert len(of(told, "reset")) >= 1
    assert [one["title"] for one in of(told, "notification")] == ["Deposit received"]


async def seconds_until_over(app: Service, other: Service) -> float:
    """Somebody's stream ends after the sign-out through another process: how long that takes."""
    ada = await app.person()
    async with following(app, ada) as stream:
        # The account is younger than the read models.
        await stream.until((await ada.positions())[-1])
        assert (await Person(other.client, ada.token, ada.id).post("/api/auth/logout")).status == 204
        began = monotonic()
        assert await stream.message() == ("end", None, {"reason": "signed_out"})
        assert await stream.is_over()
        took_s = monotonic() - began
    refused = Following(app.app, ada)
    assert await refused.status() == 401
    await refused.close()
    return took_s


async def test_it_ends_at_sign_out(module_database: Database, app: Service) -> None:
    """Signed out through another process: within two seconds the stream says so and is over."""
    async with service(module_database) as other:
        took_s = await seconds_until_over(app, other)
        if took_s >= 2:
            # The machine may have been busy with something else; it is not every time.
            took_s = min([await seconds_until_over(app, other) for _ in range(3)])
    assert took_s < 2


async def test_only_so_many_streams_of_one_user(app: Service, ada: Person) -> None:
    """The next one is refused with 429; when one is closed there is room again."""
    most = hub_module.STREAMS_OF_USER_MAX
    streams = [Following(app.app, ada) for _ in range(most)]
    assert [await one.status() for one in streams] == [200] * most
    answer = await ada.get("/api/live")
    assert (answer.status, answer.code) == (429, "too_many_streams")
    await streams[0].close()
    async with following(app, ada):
        assert app.services.live.open_streams >= most
    for one in streams[1:]:
        await one.close()
    assert app.services.live.open_streams == 0


async def test_it_needs_a_token_and_an_id_that_makes_sense(app: Service, ada: Person) -> None:
    """401 without a token, 400 for an id that no stream ever gave."""
    assert (await app.client.get("/api/live")).status_code == 401
    for text in ("x", "-1", "1.5", "9" * 30):
        answer = await ada.get("/api/live", last_event_id=text)
        assert (answer.status, answer.code) == (400, "malformed"), text


async def test_the_first_look_wakes_whom_it_concerns(app: Service, ada: Person) -> None:
    """Where something has happened since the first streams were opened, only those are woken whose it is."""
    eve = await app.person()
    hub = hub_module.Hub(app.services.pools["api"])
    streams = [hub.open(UUID(person.id), lambda: None) for person in (ada, eve, await app.person())]
    for person in (ada, eve):
        await person.get("/api/transactions/")  # now the read models know of them
    streams[0].told = streams[1].told = (await hub.look()).position
    await eve.move("deposit", 5)
    await eve.get("/api/transactions/")
    await hub._tell()
    # The third one is only just coming.
    assert [await stream.news(0) for stream in streams] == [False, True, True]


async def test_idle_streams_only_breathe(app: Service, ada: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing happens there are comments, and what happens to others wakes nobody."""
    monkeypatch.setattr(route, "HEARTBEAT_S", 0.05)
    eve = await app.person()
    await eve.get("/api/transactions/")  # until then the read models may be on their way to her beginning, and say so
    async with following(app, ada) as stream:
        await stream.until((await ada.positions())[-1])
        await eve.move("deposit", 5)
        await eve.get("/api/transactions/")
        await asyncio.sleep(0.5)
        made = await ada.move("deposit", 5)
        told = await stream.until(made["position"])
        assert stream.comments >= 3
        assert [name for name, _, _ in told].count("reached") == 1
