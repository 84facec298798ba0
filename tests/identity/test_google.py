"""Tokens of a local issuer with real keys: only the good ones name anybody."""

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from functools import cache
from typing import Any

import pytest
import pytest_asyncio

from fintwin.identity.google import CREDENTIAL_LENGTH_MAX, PATIENCE_S, GoogleSignIn, GoogleUnreachableError
from tests.identity.issuer import Issuer, certificate, signed

SOON_S = 0.5


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def started() -> Iterator[Issuer]:
    with Issuer() as issuer:
        yield issuer


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(started: Issuer) -> AsyncIterator[GoogleSignIn]:
    made = GoogleSignIn(started.client_id, certificates_url=started.url, patience_s=SOON_S)
    yield made
    await made.close()


@pytest.fixture
def issuer(started: Issuer) -> Issuer:
    """As on its first day."""
    started.__dict__.update(Issuer().__dict__)
    return started


@pytest.fixture
def google(shared: GoogleSignIn) -> GoogleSignIn:
    """As it starts: it knows no key yet."""
    shared._certificates, shared._good_until, shared._looked_at = {}, 0.0, float("-inf")
    return shared


def part(value: Any) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


GOOD: dict[str, dict[str, Any]] = {
    "as Google sends it": {},
    "the short issuer": {"iss": "accounts.google.com"},
    "expired within the skew": {"exp": timedelta(seconds=-20)},
    "issued within the skew": {"iat": timedelta(seconds=20)},
    "without name and picture": {"name": ..., "picture": ...},
    "further claims": {"hd": "example.com", "azp": "x", "locale": "cs"},
    "a nonce that nobody asked for": {"nonce": "n"},
    "a subject of letters": {"sub": "a" * 255},
}


@pytest.mark.parametrize("change", GOOD.values(), ids=GOOD)
async def test_a_good_token_names_a_person(issuer: Issuer, google: GoogleSignIn, change: dict[str, Any]) -> None:
    """Subject and e-mail, and what else Google tells."""
    person = await google.person(issuer.token(**change))
    assert person is not None
    assert (person.subject, person.email) == (change.get("sub", "110169484474386276334"), "ada@example.com")


BAD_CLAIMS: dict[str, dict[str, Any]] = {
    "another audience": {"aud": "other.apps.googleusercontent.com"},
    "no audience": {"aud": ...},
    "a list of audiences": {"aud": ["1234-made-up.apps.googleusercontent.com", "x"]},
    "another issuer": {"iss": "https://accounts.example.com"},
    "an issuer that begins like Google": {"iss": "https://accounts.google.com.example.com"},
    "no issuer": {"iss": ...},
    "an issuer of no text": {"iss": 7},
    "expired": {"exp": timedelta(seconds=-120)},
    "no expiry": {"exp": ...},
    "an expiry of text": {"exp": "tomorrow"},
    "an expiry of true": {"exp": True},
    "an endless expiry": {"exp": 1e400},
    "not yet valid": {"iat": timedelta(seconds=120)},
    "no time of issue": {"iat": ...},
    "an e-mail that is not verified": {"email_verified": False},
    "verified in text only": {"email_verified": "true"},
    "verified by a number": {"email_verified": 1},
    "nothing about verification": {"email_verified": ...},
    "no e-mail": {"email": ...},
    "an empty e-mail": {"email": ""},
    "an e-mail of no text": {"email": ["ada@example.com"]},
    "an e-mail with a NUL": {"email": "ada\0@example.com"},
    "an endless e-mail": {"email": "a" * 400},
    "no subject": {"sub": ...},
    "an empty subject": {"sub": ""},
    "a subject of no text": {"sub": 110169484474386276334},
    "an endless subject": {"sub": "1" * 256},
}


@pytest.mark.parametrize("change", BAD_CLAIMS.values(), ids=BAD_CLAIMS)
async def test_a_token_that_says_the_wrong_thing_names_nobody(
    issuer: Issuer, google: GoogleSignIn, change: dict[str, Any]
) -> None:
    """Signed by the right key, and of no use all the same."""
    assert await google.person(issuer.token(**change)) is None


@cache
def forged() -> dict[str, str]:
    """Tokens that the issuer has not signed."""
    issuer = Issuer()
    good = issuer.token()
    header, payload, signature = good.split(".")
    public = certificate("first")
    none = f"{part({'alg': 'none', 'kid': 'first'})}.{part(issuer.claims())}."
    hmac_with_certificate = (
        f"{part({'alg': 'HS256', 'kid': 'first'})}.{part(issuer.claims())}.{part(public.encode()[:32])}"
    )
    return {
        "nothing": "",
        "a word": "credential",
        "one dot": "a.b",
        "only dots": "..",
        "four parts": f"{good}.x",
        "no signature": f"{header}.{payload}.",
        "a signature cut short": good[:-8],
        "another signature": f"{header}.{payload}.{part(bytes(256))}",
        "another payload": f"{header}.{part(issuer.claims(sub='666'))}.{signature}",
        "another key under a known name": issuer.token(key="second", kid="first"),
        "an unknown key": issuer.token(key="second"),
        "a key that is no text": f"{part({'alg': 'RS256', 'kid': 7})}.{payload}.{signature}",
        "no key named": signed(issuer.claims(), "first", "RS256", {}),
        "alg none": none,
        "alg none, signed": f"{part({'alg': 'none', 'kid': 'first'})}.{payload}.{signature}",
        "alg HS256 with the certificate": hmac_with_certificate,
        "alg RS512": issuer.token(algorithm="RS512"),
        "alg PS256": issuer.token(algorithm="PS256"),
        "alg ES256": f"{part({'alg': 'ES256', 'kid': 'first'})}.{payload}.{signature}",
        "alg a list": f"{part({'alg': ['RS256'], 'kid': 'first'})}.{payload}.{signature}",
        "a header of no object": f"{part([1])}.{payload}.{signature}",
        "a payload of no object": f"{header}.{part('ada')}.{signature}",
        "a payload of garbage": f"{header}.{part(bytes(range(200, 256)))}.{signature}",
        "no base64": "é.é.é",
        "deeply nested": f"{header}.{part(b'[' * 3000)}.{signature}",
        "oversized": good + "A" * CREDENTIAL_LENGTH_MAX,
        "white space": good.replace(".", " . "),
    }


@pytest.mark.parametrize("name", forged())
@pytest.mark.usefixtures("issuer")
async def test_a_forged_token_names_nobody(google: GoogleSignIn, name: str) -> None:
    """Nothing is raised either."""
    assert await google.person(forged()[name]) is None


@pytest.mark.parametrize(
    ("held", "asked", "good"), [("n-1", "n-1", True), ("n-1", "n-2", False), (..., "n-1", False), (7, "n-1", False)]
)
async def test_a_nonce_that_was_sent_must_come_back(
    issuer: Issuer, google: GoogleSignIn, held: Any, asked: str, good: bool
) -> None:
    """The page that began the sign-in is the one that ends it."""
    assert (await google.person(issuer.token(nonce=held), nonce=asked) is not None) is good


async def test_texts_are_cut_and_pictures_come_from_google_only(issuer: Issuer, google: GoogleSignIn) -> None:
    """What would not fit, or would make a page ask elsewhere, is left out."""
    told = await google.person(issuer.token(name="A" * 300 + "\0", picture="https://example.com/spy.png"))
    assert told is not None
    assert (told.full_name, told.picture) == ("A" * 100, None)


async def test_certificates_are_fetched_once_in_their_time(issuer: Issuer, google: GoogleSignIn) -> None:
    """Twenty sign-ins at once ask once; later ones not at all, until the age is over."""
    token = issuer.token()
    people = await asyncio.gather(*(google.person(token) for _ in range(20)))
    assert all(people)
    assert issuer.asked == 1
    google._good_until = 0.0
    assert await google.person(issuer.token())
    assert issuer.asked == 2


async def test_a_rotated_key_is_believed_at_once(issuer: Issuer, google: GoogleSignIn) -> None:
    """A key that is not known makes us look again; the old one goes as soon as it is no longer published."""
    assert await google.person(issuer.token())
    google._looked_at -= 60
    issuer.keys = ["second"]
    assert await google.person(issuer.token(key="second"))
    assert await google.person(issuer.token(key="first")) is None


async def test_made_up_keys_do_not_send_us_to_google_each_time(issuer: Issuer, google: GoogleSignIn) -> None:
    """A flood of unknown keys asks once in ten seconds."""
    token = issuer.token().partition(".")[2]
    for number in range(50):
        header = part({"alg": "RS256", "kid": f"made-up-{number}"})
        assert await google.person(f"{header}.{token}") is None
    assert issuer.asked == 1


@pytest.mark.parametrize(
    "change",
    [
        {"status": 500},
        {"body": b"<html>"},
        {"body": b"[1]"},
        {"body": b'{"a":1}'},
        {"body": b" " * 300_000},
        {"status": 302},
    ],
    ids=["500", "no JSON", "a list", "no texts", "endless", "a redirect"],
)
async def test_without_googles_keys_nobody_is_called_bad(
    issuer: Issuer, google: GoogleSignIn, change: dict[str, Any]
) -> None:
    """Not known is not the same as wrong."""
    for name, value in change.items():
        setattr(issuer, name, value)
    with pytest.raises(GoogleUnreachableError):
        await google.person(issuer.token())


async def test_valid_certificates_outlast_an_outage(issuer: Issuer, google: GoogleSignIn) -> None:
    """While they are in date Google is not needed."""
    assert await google.person(issuer.token())
    issuer.status = 500
    assert await google.person(issuer.token())


async def test_a_slow_google_is_given_up_once_for_all_who_wait(issuer: Issuer, google: GoogleSignIn) -> None:
    """Ten at once are told when its time is over, not one after the other, and the loop goes on meanwhile."""
    assert PATIENCE_S == 3
    issuer.delay_s = 2 * SOON_S
    started = time.monotonic()
    asked = asyncio.gather(*(google.person(issuer.token()) for _ in range(10)), return_exceptions=True)
    turns = 0
    while not asked.done():
        await asyncio.sleep(0.01)
        turns += 1
    assert all(isinstance(one, GoogleUnreachableError) for one in await asked)
    assert SOON_S <= time.monotonic() - started < 8 * SOON_S
    assert turns > 10


async def test_google_that_is_not_there_is_unreachable() -> None:
    """Nobody listens."""
    google = GoogleSignIn("x", certificates_url="http://127.0.0.1:9/certs")
    with pytest.raises(GoogleUnreachableError):
        await google.person(Issuer().token())
    await google.close()
