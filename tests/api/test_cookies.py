"""The web app's sign-in: a cookie that no script reads, no other site sends, and nobody uses twice."""

import asyncio
from datetime import timedelta
from http.cookies import SimpleCookie
from typing import Any
from uuid import UUID

import httpx
import pytest

from fintwin.identity.admission import Admission
from tests.api.people import PROFILE, Answer, Person, Service, service
from tests.conftest import Database

pytestmark = pytest.mark.asyncio(loop_scope="module")

HERE = {"sec-fetch-site": "same-origin"}
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
LOCAL = "http://localhost:8000"


class Browser:
    """Sends what a page of ours would send, and keeps one cookie."""

    def __init__(self, client: httpx.AsyncClient, base: str = LOCAL) -> None:
        self.client = client
        self.base = base
        self.cookie = ""
        self.told = ""

    async def ask(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Answer:
        """One request, by default of a page of ours."""
        sent: dict[str, str | bytes] = {**(HERE if headers is None else headers), "user-agent": FIREFOX}
        if self.cookie:
            sent["cookie"] = f"theme=dark; {self.cookie}".encode()
        response = await self.client.request(method, f"{self.base}{path}", json=body, headers=httpx.Headers(sent))
        self.told = response.headers.get("set-cookie", "")
        if self.told:
            morsel = next(iter(SimpleCookie(self.told).values()))
            self.cookie = f"{morsel.key}={morsel.value}" if morsel.value else ""
        self.client.cookies.clear()
        return Answer(response)

    async def sign_in(self) -> Answer:
        """As a new demo user."""
        answer = await self.ask("POST", "/api/auth/demo", {"cookie": True})
        assert answer.status == 200, answer.text
        return answer

    async def me(self) -> int:
        """The status of `/me`."""
        return (await self.ask("GET", "/api/auth/me")).status


@pytest.fixture
def browser(app: Service) -> Browser:
    return Browser(app.client)


async def test_a_page_gets_a_cookie_and_no_token(browser: Browser) -> None:
    """HttpOnly and SameSite=Strict; on one's own machine over http without Secure. It does what a token does."""
    answer = await browser.sign_in()
    assert answer.json["ft_token"] is None
    name, _, attributes = browser.told.partition("=")
    assert name == "ft_session"
    assert attributes.split("; ")[1:] == ["Path=/", "Max-Age=86400", "HttpOnly", "SameSite=Strict"]
    assert (await browser.ask("PUT", "/api/auth/profile", PROFILE)).status == 200
    assert (await browser.ask("POST", "/api/transactions/", {"type": "deposit", "amount": 5})).status == 201
    assert (await browser.ask("GET", "/api/auth/me")).json["id"] == answer.json["user"]["id"]


async def test_over_tls_the_cookie_has_the_host_prefix(module_database: Database) -> None:
    """Behind a gateway that is believed: `__Host-`, Secure, and HSTS on every answer."""
    more = {"FINTWIN_TRUSTED_PROXIES": "127.0.0.1", "FINTWIN_ALLOWED_HOSTS": "twin.example.org"}
    async with service(module_database, **more) as other:
        browser = Browser(other.client, "http://twin.example.org")
        told = HERE | {"x-forwarded-proto": "https", "x-forwarded-for": "192.0.2.7"}
        answer = await browser.ask("POST", "/api/auth/demo", {"cookie": True}, told)
        assert answer.status == 200
        assert browser.told.startswith("__Host-ft_session=")
        assert browser.told.endswith("; Path=/; Max-Age=86400; HttpOnly; SameSite=Strict; Secure")
        assert answer.headers["strict-transport-security"] == "max-age=31536000"
        assert (await browser.ask("GET", "/api/auth/me", headers=told)).status == 200
        # The cookie of TLS is no cookie without it.
        assert (await browser.ask("GET", "/api/auth/me")).status == 401


async def test_without_tls_another_machine_gets_no_cookie(module_database: Database) -> None:
    """The sign-in says what is needed; a scheme that just anybody tells is not believed."""
    async with service(module_database, FINTWIN_ALLOWED_HOSTS="twin.example.org") as other:
        for headers in (HERE, HERE | {"x-forwarded-proto": "https"}):
            browser = Browser(other.client, "http://twin.example.org")
            answer = await browser.ask("POST", "/api/auth/demo", {"cookie": True}, headers)
            assert (answer.status, answer.code) == (422, "tls_needed")
            assert browser.told == ""
        assert (await browser.ask("POST", "/api/auth/demo", {})).json["ft_token"]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "none"},
        {"sec-fetch-site": "cross-site", "origin": LOCAL},
        {"origin": "null"},
        {"origin": "http://localhost:8001"},
        {"origin": "https://localhost:8000"},
        {"origin": "http://localhost:8000.example.org"},
        {"referer": f"{LOCAL}/"},
    ],
)
async def test_another_sites_page_changes_nothing(browser: Browser, headers: dict[str, str]) -> None:
    """403 for whatever changes something by cookie, signing in and out included; reading is left to the browser's own rules."""
    await browser.sign_in()
    for method, path, body in (
        ("POST", "/api/transactions/", {"type": "deposit", "amount": 5}),
        ("PUT", "/api/auth/profile", PROFILE),
        ("DELETE", "/api/auth/sessions", None),
        ("POST", "/api/auth/refresh", None),
        ("POST", "/api/auth/logout", None),
        ("POST", "/api/auth/demo", {"cookie": True}),
    ):
        answer = await browser.ask(method, path, body, headers)
        assert (answer.status, answer.code) == (403, "cross_site"), path
    assert (await browser.ask("GET", "/api/auth/me", headers=headers)).status == 200
    nobody = Browser(browser.client)
    assert (await nobody.ask("POST", "/api/auth/demo", {"cookie": True}, headers)).status == 403


@pytest.mark.parametrize(
    "headers", [{"origin": LOCAL}, {"origin": "HTTP://LOCALHOST:8000"}, HERE | {"origin": "http://localhost:3000"}]
)
async def test_a_page_of_ours_is_known(browser: Browser, headers: dict[str, str]) -> None:
    """By what its browser says of the site, or by the origin where it says nothing."""
    await browser.sign_in()
    assert (await browser.ask("PUT", "/api/auth/profile", PROFILE, headers)).status == 200


async def test_a_token_needs_no_origin_and_wins_over_a_cookie(app: Service, browser: Browser) -> None:
    """Who sends a header is no victim of a browser; a bad one is not made good by a cookie."""
    ada = await app.person()
    await browser.sign_in()
    headers = {"authorization": f"Bearer {ada.token}", "sec-fetch-site": "cross-site"}
    assert (await browser.ask("GET", "/api/auth/me", headers=headers)).json["id"] == ada.id
    assert (await browser.ask("PUT", "/api/auth/profile", PROFILE, headers)).status == 200
    assert (await browser.ask("GET", "/api/auth/me", headers={"authorization": "Bearer x"})).status == 401


async def test_refreshing_goes_on_and_on(browser: Browser) -> None:
    """Each time another cookie; it is one sign-in all the time."""
    await browser.sign_in()
    seen = {browser.cookie}
    for _ in range(5):
        assert (await browser.ask("POST", "/api/auth/refresh")).status == 204
        seen.add(browser.cookie)
        assert await browser.me() == 200
    assert len(seen) == 6
    (one,) = (await browser.ask("GET", "/api/auth/sessions")).json
    assert (one["kind"], one["device"], one["current"]) == ("cookie", "Firefox on Linux", True)
    assert one["created_at"] < one["refreshed_at"] <= one["used_at"]


async def test_a_copied_cookie_ends_the_sign_in_for_both(
    browser: Browser, app: Service, module_database: Database
) -> None:
    """Whoever comes second with a secret that was used shows that there are two; every process hears of it."""
    async with service(module_database) as elsewhere:
        await browser.sign_in()
        thief = Browser(app.client)
        thief.cookie = browser.cookie
        assert (await browser.ask("POST", "/api/auth/refresh")).status == 204
        assert (await browser.ask("POST", "/api/auth/refresh")).status == 204
        there = Browser(elsewhere.client)
        there.cookie = browser.cookie
        assert await there.me() == 200
        assert (await thief.ask("POST", "/api/auth/refresh")).status == 401
        assert thief.told.startswith("ft_session=; Path=/; Max-Age=0;")
        assert await browser.me() == 401
        assert (await browser.ask("POST", "/api/auth/refresh")).status == 401
        async with asyncio.timeout(1):
            while await there.me() != 401:  # noqa: ASYNC110  another process's memory
                await asyncio.sleep(0.02)


async def test_two_tabs_that_refresh_together_get_the_same_cookie(browser: Browser) -> None:
    """And one whose answer was lost asks again."""
    await browser.sign_in()
    held = browser.cookie
    tabs = [Browser(browser.client) for _ in range(4)]
    for tab in tabs:
        tab.cookie = held
    answers = await asyncio.gather(*(tab.ask("POST", "/api/auth/refresh") for tab in tabs))
    assert [one.status for one in answers] == [204] * 4
    assert len({tab.cookie.rpartition(".")[2] for tab in tabs}) == 1
    assert (await tabs[0].ask("POST", "/api/auth/refresh")).status == 204


async def test_a_stale_cookie_refreshes_and_signs_out(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a quarter of an hour it opens nothing, is refreshed all the same, and can be signed out by."""
    monkeypatch.setattr("fintwin.identity.sessions.COOKIE_TOKEN_LIFE", timedelta(seconds=-60))
    await browser.sign_in()
    assert await browser.me() == 401
    stale = browser.cookie
    monkeypatch.undo()
    assert (await browser.ask("POST", "/api/auth/refresh")).status == 204
    assert await browser.me() == 200
    fresh, browser.cookie = browser.cookie, stale
    assert (await browser.ask("POST", "/api/auth/logout")).status == 204
    assert browser.cookie == ""
    browser.cookie = fresh
    assert await browser.me() == 401


@pytest.mark.parametrize("held", ["", "x", "a.b.c.d", "....", "\0", "é", "a" * 9000])
async def test_a_made_up_cookie_opens_nothing(browser: Browser, held: str) -> None:
    """401 everywhere, never 500."""
    browser.cookie = f"ft_session={held}"
    for method, path in (("GET", "/api/auth/me"), ("POST", "/api/auth/refresh"), ("POST", "/api/auth/logout")):
        kept = browser.cookie
        answer = await browser.ask(method, path)
        assert (answer.status, answer.code) == (401, "unauthenticated")
        browser.cookie = kept


async def test_a_token_with_another_ones_secret_refreshes_nothing(browser: Browser, app: Service) -> None:
    """The two parts of a cookie belong together."""
    await browser.sign_in()
    other = Browser(app.client)
    await other.sign_in()
    token, secret = browser.cookie.rpartition(".")[0], other.cookie.rpartition(".")[2]
    browser.cookie = f"{token}.{secret}"
    assert (await browser.ask("POST", "/api/auth/refresh")).status == 401


async def test_one_of_several_sign_ins_is_ended(app: Service) -> None:
    """The others go on; what is not one's own looks like what is not there, and goes on as well."""
    ada, eve = await app.person(), await app.person()
    (mine,) = (await ada.get("/api/auth/sessions")).json
    further = await app.services.sessions.begin_token(UUID(ada.id), name=None, email=None)
    assert len((await ada.get("/api/auth/sessions")).json) == 2
    answer = await eve.ask("DELETE", f"/api/auth/sessions/{mine['id']}")
    assert (answer.status, answer.code) == (404, "unknown_session")
    assert (await ada.get("/api/auth/me")).status == 200
    assert (await ada.ask("DELETE", f"/api/auth/sessions/{mine['id']}")).status == 204
    assert (await ada.get("/api/auth/me")).status == 401
    assert (await Person(app.client, further, ada.id).get("/api/auth/me")).status == 200


async def test_the_list_tells_when_a_sign_in_was_used(app: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """To about a minute, and at no cost to the requests."""
    ada = await app.person()
    (before,) = (await ada.get("/api/auth/sessions")).json
    admission: Admission = app.services.admission
    monkeypatch.setattr(admission, "_note_at", 0.0)
    await admission.note_use()
    (after,) = (await ada.get("/api/auth/sessions")).json
    assert after["used_at"] > before["used_at"]
    assert after["created_at"] == before["created_at"]
