import asyncio

import pytest

from tests.api.people import PROFILE, Answer, Person, Service, service
from tests.conftest import Database

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.usefixtures("projected")]


async def test_the_sign_in_page_is_told_how_one_can_sign_in(app: Service) -> None:
    """Public: no token is needed."""
    answer = await app.client.get("/api/auth/config")
    assert answer.json() == {"google_client_id": None, "demo": True, "assistant": True}


async def test_each_demo_sign_in_is_somebody_new(app: Service) -> None:
    """A token and a user without a profile; a name may be given."""
    answers = [await app.client.post("/api/auth/demo", json=body) for body in ({}, {"name": "Ada  "})]
    users = [answer.json()["user"] for answer in answers]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert users[0]["id"] != users[1]["id"]
    assert users[1]["full_name"] == "Ada"
    assert [user["is_profile_complete"] for user in users] == [False, False]
    assert users[0]["email"].endswith("@demo.invalid")


async def test_a_lived_in_demo_has_a_past(app: Service) -> None:
    """`sample: true`: profile, three accounts, two years of transactions, and the mark that none of it is real."""
    signed_in = (await app.client.post("/api/auth/demo", json={"sample": True})).json()
    assert signed_in["user"]["is_profile_complete"] is True
    person = Person(app.client, signed_in["ft_token"], signed_in["user"]["id"])
    assert (await person.get("/api/auth/me")).json["sample"] is True
    assert len((await person.get("/api/accounts/")).json) == 3
    assert len((await person.get("/api/transactions/?limit=200")).json) == 200


@pytest.mark.parametrize("more", [{"FINTWIN_EMBEDDED": "0"}, {"GOOGLE_CLIENT_ID": "x.apps.googleusercontent.com"}])
async def test_there_is_no_demo_where_people_sign_in_for_real(module_database: Database, more: dict[str, str]) -> None:
    """404 with a Google client or servers of one's own."""
    async with service(module_database, **more) as other:
        answer = Answer(await other.client.post("/api/auth/demo", json={}))
        assert (answer.status, answer.code) == (404, "not_found")
        assert (await other.client.get("/api/auth/config")).json()["demo"] is False


async def test_the_profile_is_told_as_it_was_filled_in(app: Service) -> None:
    """Before, its fields are null and the income 0; afterwards `/me` and PUT tell the same."""
    ada = await app.newcomer()
    before = (await ada.get("/api/auth/me")).json
    assert before["is_profile_complete"] is False
    assert before["monthly_income"] == 0
    assert {before[name] for name in ("account_name", "currency_preference", "financial_goal")} == {None}
    assert (await ada.get("/api/auth/profile/complete")).json == {"is_profile_complete": False}
    body = PROFILE | {"phone_number": "+44 (20) 7946-0958", "monthly_income": "2500.50", "time_zone": "Europe/Prague"}
    answer = await ada.put("/api/auth/profile", body)
    assert answer.status == 200
    assert answer.json["phone_number"] == "+442079460958"
    assert '"monthly_income":2500.50,' in answer.text
    assert (await ada.get("/api/auth/me")).json == answer.json
    assert (await ada.get("/api/auth/profile/complete")).json == {"is_profile_complete": True}
    assert int(answer.headers["x-position"]) == (await ada.positions())[-1]


async def test_a_later_profile_never_changes_an_accounts_currency(ada: Person) -> None:
    """The main account stays in the currency it was opened in."""
    answer = await ada.put("/api/auth/profile", PROFILE | {"currency_preference": "USD", "account_name": "New"})
    assert answer.json["currency_preference"] == "USD"
    (main,) = (await ada.get("/api/accounts/")).json
    assert (main["currency"], main["name"]) == ("EUR", "Everyday")


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"phone_number": "5550109999"}, 400, "malformed"),
        ({"phone_number": "+123456"}, 400, "malformed"),
        ({"phone_number": "+1234567890123456"}, 400, "malformed"),
        ({"phone_number": "+12x45678"}, 400, "malformed"),
        ({"phone_number": "+1.555.010.9999"}, 200, None),
        ({"phone_number": None}, 200, None),
        ({"phone_number": " "}, 200, None),
        ({"currency_preference": "eur"}, 400, "malformed"),
        ({"currency_preference": "XAU"}, 422, "unknown_currency"),
        ({"currency_preference": "QQQ"}, 422, "unknown_currency"),
        ({"financial_goal": "fame"}, 400, "malformed"),
        ({"risk_appetite": "none"}, 400, "malformed"),
        ({"account_name": ""}, 400, "malformed"),
        ({"account_name": "a" * 101}, 400, "malformed"),
        ({"account_name": "a\0b"}, 400, "malformed"),
        ({"account_name": None}, 400, "malformed"),
    ],
)
async def test_what_a_profile_may_say(app: Service, change: dict[str, object], status: int, code: str | None) -> None:
    """Anything else is told with the field at fault."""
    ada = await app.newcomer()
    answer = await ada.put("/api/auth/profile", PROFILE | change)
    assert (answer.status, answer.code) == (status, code), answer.text
    if status == 400:
        assert [one["field"] for one in answer.json["errors"]] == list(change)


async def test_signing_out_ends_the_token_everywhere_within_a_second(app: Service, module_database: Database) -> None:
    """204; this process refuses the token at once, another one within a second."""
    ada = await app.person()
    async with service(module_database) as other:
        elsewhere = Person(other.client, ada.token, ada.id)
        assert (await elsewhere.get("/api/auth/me")).status == 200
        answer = await ada.post("/api/auth/logout")
        assert (answer.status, answer.text) == (204, "")
        assert (await ada.get("/api/auth/me")).status == 401
        async with asyncio.timeout(1):
            while (await elsewhere.get("/api/auth/me")).status == 200:  # noqa: ASYNC110  another process's answer
                await asyncio.sleep(0.01)


async def test_signing_out_everywhere_ends_all_sessions(app: Service) -> None:
    """The list is empty for good: every token of before is refused, another person's is not."""
    ada, bob = await app.person(), await app.person()
    (session,) = (await ada.get("/api/auth/sessions")).json
    assert (session["kind"], session["current"]) == ("token", True)
    assert (await ada.ask("DELETE", "/api/auth/sessions")).status == 204
    assert (await ada.get("/api/auth/sessions")).status == 401
    assert (await bob.get("/api/auth/sessions")).status == 200


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Bearer x", "Basic YTpi", "Bearer a.b.c", "bearer é"])
async def test_without_a_good_token_nothing_is_told(app: Service, header: str) -> None:
    """401 with the challenge, on every kind of route."""
    for path in ("/api/auth/me", "/api/transactions/", "/api/accounts/", "/api/events", "/internal/noop"):
        answer = Answer(await app.client.get(path, headers={"authorization": header.encode("latin-1")}))
        assert (answer.status, answer.code) == (401, "unauthenticated")
        assert answer.headers["www-authenticate"] == "Bearer"
