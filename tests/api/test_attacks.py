"""Zero trust, route by route: what the OpenAPI document takes ids for is asked with somebody else's ids."""

import random
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.api.attacks import KINDS, Attack, attacks, told
from tests.api.people import Person, Service
from tests.api.test_imports import long_file, previewed

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.usefixtures("projected")]
MARKER = "Zanzibar"
"""In every text of the one who is attacked."""
AMOUNT = "73219"
"""What they paid in."""


async def created(person: Person, path: str, body: Any) -> str:
    """The id of something new."""
    answer = await person.post(path, body)
    assert answer.status in {200, 201}, answer.text
    return str(answer.json["id"])


async def everything_of(person: Person) -> dict[str, str]:
    """Something of each kind that has an id."""
    account = await person.account(name=f"{MARKER} savings")
    await person.move("deposit", AMOUNT, note=MARKER)
    made = await person.move("transfer", 10, to_account=account, note=MARKER)
    preview = await previewed(person, long_file(), account_id=account)
    found = {
        "account": account,
        "transaction": made["id"],
        "plan": await created(person, "/api/plans", {"kind": "bill", "name": MARKER, "amount": 900}),
        "holding": await created(
            person,
            "/api/portfolio/holdings",
            {"ticker": "ZZZ", "company_name": MARKER, "quantity": 1, "buy_price": 2, "current_price": 3},
        ),
        "run": await created(person, "/api/simulate/", {"scenario": "withdrawal", "amount": 5}),
        "import": preview["id"],
        "webhook": await created(person, "/api/webhooks", {"url": f"https://{MARKER.lower()}.example.org/"}),
        "session": (await person.get("/api/auth/sessions")).json[0]["id"],
        "notification": (await person.get("/api/notifications/")).json[0]["id"],
        "main": person.id,
    }
    for path in ("/api/twin/recurring",):
        assert (await person.get(path)).status == 200
    return found


def whole(found: dict[str, str]) -> dict[str, str]:
    """The same, with something of every kind there is a field for: what has no id of its own takes one of another kind."""
    return {kind: found.get(kind, found["transaction"]) for kind in set(KINDS.values())} | found


async def state_of(person: Person) -> list[Any]:
    """All that may not change by what others do."""
    paths = (
        "/api/events?limit=1000", "/api/webhooks", "/api/plans", "/api/auth/sessions", "/api/twin/runs",
        f"/api/simulate/history/{person.id}", "/api/notifications/",
    )  # fmt: skip
    found = [await person.get(path) for path in paths]
    # When a sign-in was last used changes by this very looking.
    return [[one.status, re.sub(r'"used_at":"[^"]*"', "", one.text)] for one in found]


async def assert_alike(attack: Attack, eve: Person, theirs: str, own: dict[str, str]) -> int:
    """Somebody else's id and one that nobody has get the same answer, which tells nothing; its status."""
    missing = str(uuid4()) if _is_id(theirs) else theirs[:-4] + "0000"
    found, expected = await attack.answer(eve, theirs, own), await attack.answer(eve, missing, own)
    assert told(found, theirs) == told(expected, missing), str(attack)
    assert found.status < 500, str(attack)
    shown = found.text.replace(theirs, "").lower()
    assert MARKER.lower() not in shown, str(attack)
    assert AMOUNT not in shown, str(attack)
    return found.status


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


async def attack_all(app: Service, tries: Sequence[tuple[Attack, str]], ada: Person, objects: dict[str, str]) -> None:
    """Each try, by somebody who has an account and nothing else; afterwards nothing of the other's has changed."""
    eve = await app.person(deposit=5)
    own = {"account": eve.id}
    before = await state_of(ada)
    statuses: Counter[int] = Counter()
    for attack, kind in tries:
        statuses[await assert_alike(attack, eve, objects[kind], own)] += 1
        if (await eve.get("/api/auth/me")).status != 200:
            eve = await app.person(deposit=5)
            own = {"account": eve.id}
    assert statuses[404] > len(tries) / 4, statuses
    assert await state_of(ada) == before


async def test_every_id_of_every_route(app: Service) -> None:
    """With an id of the right kind: the same answer as for a missing one, and nothing has happened to its owner."""
    ada = await app.person()
    objects = whole(await everything_of(ada))
    found = attacks(app.app.document)
    routes = {(one.method, one.path) for one in found}
    takers = {
        (method, path)
        for path, item in app.app.document["paths"].items()
        for method in item
        if "_id}" in path or "{key}" in path
    }
    assert takers - routes == {("get", "/api/accounts/{account_id}/receivable")}
    tries = [(one, one.kind) for one in found if not (one.path == "/api/twin/runs" and one.body)]
    assert len(tries) >= 45
    await attack_all(app, tries, ada, objects)


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_every_id_of_every_kind_everywhere(app: Service) -> None:
    """Five hundred pairs: ids of other kinds too, and those inside the bodies of the twin."""
    ada = await app.person()
    objects = whole(await everything_of(ada))
    found = attacks(app.app.document)
    kinds = sorted(set(objects) - {"position"})
    tries = [(one, kind) for one in found for kind in (kinds if one.path != "/api/twin/runs" else ["account", "run"])]
    random.Random(3).shuffle(tries)
    assert len(tries) >= 500
    await attack_all(app, tries[:500], ada, objects)


@pytest.mark.soak
@pytest.mark.timeout(3000)
async def test_ten_thousand_pairs(app: Service) -> None:
    """The same ten thousand times, over ten people's objects."""
    draw = random.Random(4)
    found = attacks(app.app.document)
    for _ in range(10):
        ada = await app.person()
        objects = whole(await everything_of(ada))
        tries = [(draw.choice(found), draw.choice(sorted(set(objects) - {"position"}))) for _ in range(1000)]
        await attack_all(app, tries, ada, objects)


async def test_an_open_door_would_be_found(app: Service) -> None:
    """The one route that answers for everybody's accounts, by design, does not look alike: the comparison tells."""
    ada, eve = await app.person(), await app.person()
    attack = Attack("get", "/api/accounts/{account_id}/receivable", "account_id")
    with pytest.raises(AssertionError, match="receivable"):
        await assert_alike(attack, eve, ada.id, {})
