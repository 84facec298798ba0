"""What every request passes: names, limits, places, headers."""

import asyncio
from time import monotonic
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from fintwin.api.origin import Proxies
from fintwin.api.room import Room
from fintwin.cli.http_server import opened, server_of
from fintwin.door_settings import door_settings
from tests.api.people import PROFILE, Answer, Service, service
from tests.conftest import Database
from tests.identity.test_tokens import FORGED

pytestmark = pytest.mark.asyncio(loop_scope="module")

EVERY_ANSWER = {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
}
POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/auth/config", 200),
        ("GET", "/api/auth/me", 401),
        ("GET", "/api/nothing", 404),
        ("PATCH", "/api/auth/me", 405),
        ("POST", "/api/auth/google", 400),
        ("GET", "/api/docs", 200),
        ("GET", "/api/schema/openapi.json", 200),
        ("GET", "/health/live", 200),
        ("GET", "/metrics", 200),
    ],
)
async def test_every_answer_has_the_headers(app: Service, method: str, path: str, status: int) -> None:
    """Good or bad, found or not: nothing is stored, guessed, framed, embedded elsewhere, or told to other sites."""
    answer = await app.client.request(method, path)
    assert answer.status_code == status
    assert answer.headers["content-security-policy"] == POLICY
    assert {name: answer.headers[name] for name in EVERY_ANSWER} == EVERY_ANSWER
    assert "strict-transport-security" not in answer.headers


async def test_no_other_site_may_read(app: Service) -> None:
    """CORS is closed: no answer names an origin, a preflight is no success."""
    for method in ("GET", "OPTIONS", "POST"):
        asked = {"origin": "https://example.org", "access-control-request-method": "POST"}
        answer = await app.client.request(method, "/api/auth/config", headers=asked)
        assert not [name for name in answer.headers if name.startswith("access-control-")]
        assert not answer.is_success or method != "POST"


async def test_no_forged_token_comes_in(app: Service) -> None:
    """The whole corpus of forgeries, as a token and as a cookie: 401, never a fault."""
    assert len(FORGED) >= 60
    for name, token in FORGED.items():
        for header, value in (("authorization", f"Bearer {token}"), ("cookie", f"ft_session={token}.AAAA")):
            sent = httpx.Headers({header: value.encode("utf-8")})
            answer = Answer(await app.client.get("/api/auth/me", headers=sent))
            assert (answer.status, answer.code) == (401, "unauthenticated"), name


@pytest.mark.parametrize(
    ("host", "known"),
    [
        ("localhost", True),
        ("LOCALHOST:8000", True),
        ("127.0.0.1:1", True),
        ("[::1]:8000", True),
        ("app.localhost:8000", True),
        ("example.org", False),
        ("localhost.example.org", False),
        ("127.0.0.1.example.org", False),
        ("localhost:8000@example.org", False),
        ("localhost:", False),
        ("localhost:8000:8000", False),
        ("", False),
        ("a" * 9000, False),
    ],
)
async def test_only_known_names_are_answered(app: Service, host: str, known: bool) -> None:
    """A name that somebody else points at us gets 400, of the interface and of the web app; who watches may use any."""
    for path in ("/api/auth/config", "/api/auth/me", "/no-such-file.js"):
        answer = await app.client.get(path, headers=httpx.Headers({"host": host.encode("latin-1")}))
        assert (answer.status_code == 400) is not known, answer.text
    assert (
        await app.client.get("/health/live", headers=httpx.Headers({"host": host.encode("latin-1")}))
    ).status_code == 200


async def test_further_names_are_a_setting(module_database: Database) -> None:
    """A star stands for whatever is under a name, and not for the name itself."""
    async with service(module_database, FINTWIN_ALLOWED_HOSTS="twin.example.org, *.example.net") as other:
        for host, status in (
            ("twin.example.org", 200),
            ("a.example.net:443", 200),
            ("example.net", 400),
            ("other.example.org", 400),
        ):
            assert (await other.client.get("/api/auth/config", headers={"host": host})).status_code == status


async def get(app: Service, path: str, times: int, **headers: str) -> list[Answer]:
    """The same question so often, one after the other."""
    return [Answer(await app.client.get(path, headers=headers)) for _ in range(times)]


def statuses(answers: list[Answer]) -> dict[int, int]:
    """How often each status came."""
    return {status: sum(one.status == status for one in answers) for status in {one.status for one in answers}}


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time that limits go by stands still, unless a test moves it: on a busy machine a second is soon over."""
    now = [monotonic()]
    monkeypatch.setattr("fintwin.identity.limits.monotonic", lambda: now[0])
    return now


async def test_a_user_is_limited_and_nobody_else(module_database: Database, clock: list[float]) -> None:
    """After the burst 429 with the time to wait, for every sign-in of the user; `/me` never; others are not touched."""
    async with service(module_database, FINTWIN_LIMITS="user=1/10 address=off") as limited:
        ada, bob = await limited.newcomer(), await limited.newcomer()
        answers = [await ada.get("/api/accounts/") for _ in range(15)]
        assert statuses(answers) == {200: 10, 429: 5}
        refused = answers[-1]
        assert (refused.code, refused.headers["retry-after"]) == ("too_many_requests", "1")
        assert refused.headers["content-type"] == "application/problem+json"
        assert refused.json["request_id"] == refused.headers["x-request-id"]
        assert statuses([await ada.get("/api/auth/me") for _ in range(30)]) == {200: 30}
        assert (await bob.get("/api/accounts/")).status == 200
        # The burst is the user's: two processes' worth of it.
        clock[0] += 1.1
        assert (await ada.get("/api/accounts/")).status == 200


async def test_two_sign_ins_of_a_user_share_a_limit(module_database: Database) -> None:
    """More tokens are not more requests."""
    async with service(module_database, FINTWIN_LIMITS="user=0.1/10 address=off") as limited:
        ada = await limited.newcomer()
        second = await limited.services.sessions.begin_token(UUID(ada.id), name=None, email=None)
        for _ in range(5):
            assert (await ada.get("/api/accounts/")).status == 200
            assert (await get(limited, "/api/accounts/", 1, authorization=f"Bearer {second}"))[0].status == 200
        assert (await get(limited, "/api/accounts/", 1, authorization=f"Bearer {second}"))[0].status == 429


@pytest.mark.usefixtures("clock")
async def test_who_is_not_signed_in_is_limited_by_address(module_database: Database) -> None:
    """A bad token is no sign-in; whoever is signed in comes in from the same address all the same."""
    async with service(module_database, FINTWIN_LIMITS="address=1/12") as limited:
        ada = await limited.newcomer()
        answers = await get(limited, "/api/auth/config", 5) + await get(limited, "/api/x", 5, authorization="Bearer x")
        assert statuses(answers) == {200: 5, 404: 5}
        assert (await get(limited, "/api/auth/config", 3))[-1].status == 429
        assert (await ada.get("/api/accounts/")).status == 200
        assert (await get(limited, "/api/auth/me", 1))[0].status == 401
        assert (await get(limited, "/health/live", 50))[-1].status == 200


@pytest.mark.parametrize(
    ("trusted", "told", "shared"),
    [
        ("", ["192.0.2.1", "192.0.2.2"], True),
        ("127.0.0.1", ["192.0.2.1", "192.0.2.2"], False),
        ("127.0.0.1", ["10.0.0.1, 192.0.2.3", "10.0.0.2, 192.0.2.3"], True),
        ("127.0.0.0/8,10.9.0.0/16", ["192.0.2.4, 10.9.1.1", "192.0.2.5, 10.9.1.1"], False),
        ("10.0.0.1", ["192.0.2.1", "192.0.2.2"], True),
        ("127.0.0.1", ["2001:db8::1", "2001:db8::ffff:2"], True),
        ("127.0.0.1", ["2001:db8:0:1::1", "2001:db8:0:2::1"], False),
        ("127.0.0.1", ["::ffff:192.0.2.9", "192.0.2.9"], True),
        ("127.0.0.1", ["garbage", "<script>"], True),
        ("127.0.0.1", ["", "127.0.0.1"], True),
    ],
)
async def test_only_a_trusted_gateway_tells_addresses(trusted: str, told: list[str], shared: bool) -> None:
    """Of what it forwards the last address counts that is no gateway's; an IPv6 network counts as one."""
    proxies = Proxies(door_settings({"FINTWIN_TRUSTED_PROXIES": trusted}, "127.0.0.1").trusted_proxies)
    first, second = [proxies.address({"client": ("127.0.0.1", 5)}, {b"x-forwarded-for": one.encode()}) for one in told]
    assert (first == second) is shared


async def test_a_gateways_clients_are_counted_apart(module_database: Database) -> None:
    """What one of them has used up is not another's."""
    more = {"FINTWIN_LIMITS": "address=0.1/3", "FINTWIN_TRUSTED_PROXIES": "127.0.0.1"}
    async with service(module_database, **more) as limited:
        answers = await get(limited, "/api/auth/config", 4, **{"x-forwarded-for": "192.0.2.1"})
        assert statuses(answers) == {200: 3, 429: 1}
        assert (await get(limited, "/api/auth/config", 1, **{"x-forwarded-for": "192.0.2.2"}))[0].status == 200


async def test_guessing_accounts_is_limited_and_paying_known_ones_is_not(module_database: Database) -> None:
    """After some transfers to nobody no more are looked at, wherever one asks; a good payment before costs nothing."""
    async with service(module_database, FINTWIN_LIMITS="user=off address=off unknown_account=0.1/4") as limited:
        ada, bob = await limited.person(deposit=1000), await limited.person()
        for _ in range(10):
            await ada.move("transfer", 1, to_account=bob.id)

        async def pay(account: str) -> Answer:
            return await ada.post("/api/transactions/", {"type": "transfer", "amount": 1, "to_account": account})

        assert [(await pay(str(uuid4()))).status for _ in range(2)] == [404, 404]
        assert (await ada.get(f"/api/accounts/{uuid4()}/receivable")).status == 404
        items = [{"type": "transfer", "amount": 1, "to_account": str(uuid4())} for _ in range(3)]
        batch = await ada.post("/api/transactions/batch", {"items": items})
        assert [one["status"] for one in batch.json["items"]] == [404] * 3
        for account in (str(uuid4()), bob.id):
            answer = await pay(account)
            assert (answer.status, answer.code) == (429, "too_many_requests")
            assert (await ada.get(f"/api/accounts/{account}/receivable")).status == 429
        assert (await ada.post("/api/transactions/batch", {"items": items})).status == 429
        await ada.move("deposit", 1)


async def test_overload_is_answered_and_me_comes_through(app: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where all places are taken: 503 with a time to come back, nothing booked, and `/me` still answers."""
    ada = await app.person()
    await app.client.get("/api/auth/config")
    room = Room(0, kept_places=1, waiting_max=0)
    monkeypatch.setattr(app.app.door, "room", room)
    answer = await ada.post("/api/transactions/", {"type": "deposit", "amount": 5})
    assert (answer.status, answer.code, answer.headers["retry-after"]) == (503, "busy", "1")
    assert (await ada.get("/api/auth/me")).status == 200
    assert (await app.client.get("/health/live")).status_code == 200
    monkeypatch.undo()
    assert await ada.balance() == 0


async def test_the_metrics_tell_of_the_door(app: Service) -> None:
    """How many are worked on and wait, and whether limits are counted together."""
    told = (await app.client.get("/metrics")).text
    for line in ("fintwin_http_running 0.0", "fintwin_http_waiting 0.0", "fintwin_limits_shared 0.0"):
        assert line in told.splitlines()


async def test_a_body_that_does_not_come_is_given_up(app: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever sends slowly does not keep a place for ever."""
    monkeypatch.setattr("fintwin.api.room.BODY_S", 0.1)
    ada = await app.person()

    async def slowly() -> Any:
        yield b'{"type":"deposit",'
        await asyncio.sleep(5)

    answer = Answer(
        await app.client.post("/api/transactions/", content=slowly(), headers={"authorization": f"Bearer {ada.token}"})
    )
    assert (answer.status, answer.code) == (503, "took_too_long")
    assert app.app.door.room.taken == 0
    assert await ada.balance() == 0


async def test_a_write_without_a_body_has_the_time_of_a_request(app: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is long about it is not that its body does not come."""
    monkeypatch.setattr("fintwin.api.room.BODY_S", 0.05)
    monkeypatch.setattr("fintwin.api.room.LOOK_S", 0.01)
    ada = await app.person()
    change = app.services.ledger.change_account

    async def slowly(*of: Any) -> Any:
        await asyncio.sleep(0.5)
        return await change(*of)

    monkeypatch.setattr(app.services.ledger, "change_account", slowly)
    answer = await ada.post(f"/api/accounts/{ada.id}/freeze")
    assert answer.status == 200, answer.text
    assert answer.json["status"] == "frozen"


async def test_a_stop_answers_what_it_cuts_off(app: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is still worked for when the server has waited long enough is told to come back, and where to look."""
    ada = await app.person()
    begun = asyncio.Event()

    async def for_ever(*_: Any, **__: Any) -> Any:
        begun.set()
        await asyncio.sleep(60)

    monkeypatch.setattr(app.services.ledger, "change_account", for_ever)
    listening = opened("127.0.0.1", 0)
    server = server_of(app.app, grace_s=1)
    serving = asyncio.create_task(server.serve([listening]))
    async with httpx.AsyncClient(base_url=f"http://localhost:{listening.getsockname()[1]}", timeout=10) as client:
        asking = asyncio.create_task(
            client.post(f"/api/accounts/{ada.id}/freeze", headers={"authorization": f"Bearer {ada.token}"})
        )
        await begun.wait()
        server.should_exit = True
        answer = Answer(await asking)
    await serving
    assert (answer.status, answer.code, answer.headers["retry-after"]) == (503, "stopping", "1")
    assert app.app.door.room.taken == 0


@pytest.mark.parametrize(
    ("path", "limit"),
    [("/api/auth/profile", 65_536), ("/api/risk/analyze", 2**20), ("/api/transactions/batch", 4 * 2**20)],
)
async def test_bodies_have_a_size(app: Service, path: str, limit: int) -> None:
    """One byte over it is 413, whether its length is told or not."""
    ada = await app.person()
    method = "PUT" if path.endswith("profile") else "POST"

    async def parts() -> Any:
        for _ in range(limit // 65_536):
            yield b" " * 65_536
        yield b" "

    headers = {"authorization": f"Bearer {ada.token}"}
    for content in (b" " * (limit + 1), parts()):
        answer = Answer(await app.client.request(method, path, content=content, headers=headers))
        assert (answer.status, answer.code) == (413, "body_too_large")
    answer = Answer(await app.client.request(method, path, content=b" " * limit, headers=headers))
    assert answer.status == 400


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'{"recent_transactions":['])
async def test_deep_nesting_is_malformed(app: Service, opening: bytes) -> None:
    """Also in a field that nobody reads."""
    ada = await app.person()
    for path in ("/api/risk/analyze", "/api/transactions/", "/api/twin/runs"):
        answer = await ada.post(path, opening * (60_000 // len(opening)))
        assert (answer.status, answer.code) == (400, "malformed")


async def test_profile_still_answers_after_all_that(app: Service) -> None:
    """No place was lost on the way."""
    ada = await app.newcomer()
    assert (await ada.put("/api/auth/profile", PROFILE)).status == 200
    assert app.app.door.room.taken == 0
