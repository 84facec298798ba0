"""Forged, broken and foreign tokens: none is believed, none does harm."""

import base64
import hmac
import json
import time
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import jwt
import pytest

from fintwin.identity.tokens import LEEWAY_S, LIFE, Bearer, Tokens

KEY = b"8f1c0a5de3b94712c6d7e8f90a1b2c3d"
OLD_KEY = b"00112233445566778899aabbccddeeff"
USER, SESSION = UUID(int=1), UUID(int=2)
TOKENS = Tokens(KEY, OLD_KEY)
GOOD = TOKENS.issue(
    Bearer(user_id=USER, session_id=SESSION), now=datetime.now(UTC), name="Ada", email="ada@example.com"
)
KID = jwt.get_unverified_header(GOOD)["kid"]


def part(value: Any) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def signed(header: Any, claims: Any, key: bytes = KEY) -> str:
    body = f"{part(header)}.{part(claims)}"
    return f"{body}.{part(hmac.digest(key, body.encode(), sha256))}"


def claims(**change: Any) -> dict[str, Any]:
    now = int(time.time())
    made = {
        "sub": str(USER), "name": "Ada", "email": None, "iat": now, "exp": now + 3600, "iss": "fintwin",
        "aud": "fintwin", "jti": str(SESSION),
    } | change  # fmt: skip
    return {name: value for name, value in made.items() if value != "absent"}


HEADER = {"alg": "HS256", "typ": "JWT", "kid": KID}
PEM = "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\n-----END PUBLIC KEY-----\n"
NOW = int(time.time())

FORGED = {
    "nothing": "",
    "a word": "token",
    "two parts": "a.b",
    "three parts of nothing": "..",
    "four parts": f"{GOOD}.x",
    "no signature": GOOD.rpartition(".")[0] + ".",
    "signature cut": GOOD[:-4],
    "another signature": GOOD[:-4] + "AAAA",
    "another payload": ".".join([GOOD.split(".")[0], part(claims(sub=str(UUID(int=9)))), GOOD.split(".")[2]]),
    "spaces": GOOD.replace(".", ". "),
    "no ascii": GOOD + "é",
    "a NUL": GOOD + "\0",
    "4 KiB": GOOD + "A" * 4096,
    "a megabyte": "A" * 2**20,
    "alg none": f"{part({'alg': 'none', 'kid': KID})}.{part(claims())}.",
    "alg None": f"{part({'alg': 'None', 'kid': KID})}.{part(claims())}.",
    "alg nOnE signed": signed({"alg": "nOnE", "kid": KID}, claims()),
    "alg HS384": jwt.encode(claims(), KEY * 2, algorithm="HS384", headers={"kid": KID}),
    "alg HS512": jwt.encode(claims(), KEY * 2, algorithm="HS512", headers={"kid": KID}),
    "alg RS256": signed({"alg": "RS256", "kid": KID}, claims()),
    "alg ES256": signed({"alg": "ES256", "kid": KID}, claims()),
    "alg EdDSA": signed({"alg": "EdDSA", "kid": KID}, claims()),
    "alg a number": signed({"alg": 256, "kid": KID}, claims()),
    "alg a list": signed({"alg": ["HS256"], "kid": KID}, claims()),
    "alg missing": signed({"kid": KID}, claims()),
    "kid missing": signed({"alg": "HS256"}, claims()),
    "kid of another key": signed(HEADER | {"kid": "0" * 16}, claims()),
    "kid a path": signed(HEADER | {"kid": "../../dev/null"}, claims(), b""),
    "kid a query": signed(HEADER | {"kid": "x' OR '1'='1"}, claims()),
    "kid a number": signed(HEADER | {"kid": 1}, claims()),
    "kid a list": signed(HEADER | {"kid": [KID]}, claims()),
    "kid null": signed(HEADER | {"kid": None}, claims()),
    "jwk in the header": signed({"alg": "HS256", "jwk": {"kty": "oct", "k": part(b"x" * 32)}}, claims(), b"x" * 32),
    "jku in the header": signed({"alg": "HS256", "jku": "https://example.com/keys"}, claims(), b"x" * 32),
    "crit in the header": signed(HEADER | {"crit": ["exp2"], "exp2": 1}, claims()),
    "b64 false": signed(HEADER | {"b64": False, "crit": ["b64"]}, claims()),
    "header a list": signed(["HS256"], claims()),
    "header no JSON": signed(b"{", claims()),
    "claims a list": signed(HEADER, [1]),
    "claims no JSON": signed(HEADER, b"{"),
    "claims null": signed(HEADER, None),
    "claims nested deeply": signed(HEADER, b"[" * 1500 + b"]" * 1500),
    "another key": signed(HEADER, claims(), b"x" * 32),
    "an empty key": signed(HEADER, claims(), b""),
    "a public key as secret": signed(HEADER, claims(), PEM.encode()),
    "the old key under the new name": signed(HEADER, claims(), OLD_KEY),
    "expired": signed(HEADER, claims(iat=NOW - 7200, exp=NOW - LEEWAY_S - 2)),
    "exp missing": signed(HEADER, claims(exp="absent")),
    "exp a word": signed(HEADER, claims(exp="tomorrow")),
    "exp null": signed(HEADER, claims(exp=None)),
    "exp true": signed(HEADER, claims(exp=True)),
    "exp endless": signed(HEADER, claims(exp=1e400)),
    "exp huge": signed(HEADER, claims(exp=10**30)),
    "iat missing": signed(HEADER, claims(iat="absent")),
    "iat in the future": signed(HEADER, claims(iat=NOW + 3600, exp=NOW + 7200)),
    "iat a list": signed(HEADER, claims(iat=[1])),
    "nbf in the future": signed(HEADER, claims(nbf=NOW + 3600)),
    "iss missing": signed(HEADER, claims(iss="absent")),
    "iss another": signed(HEADER, claims(iss="https://accounts.google.com")),
    "iss a list": signed(HEADER, claims(iss=["fintwin"])),
    "aud missing": signed(HEADER, claims(aud="absent")),
    "aud another": signed(HEADER, claims(aud="other")),
    "aud a list with ours": signed(HEADER, claims(aud=["fintwin", "other"])),
    "sub missing": signed(HEADER, claims(sub="absent")),
    "sub no id": signed(HEADER, claims(sub="admin")),
    "sub a number": signed(HEADER, claims(sub=1)),
    "sub empty": signed(HEADER, claims(sub="")),
    "jti missing": signed(HEADER, claims(jti="absent")),
    "jti no id": signed(HEADER, claims(jti="1")),
    "jti null": signed(HEADER, claims(jti=None)),
}


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_token_is_not_believed(name: str) -> None:
    """No bearer, and no exception either."""
    assert TOKENS.read(FORGED[name]) is None


def test_there_are_enough_kinds_of_forgery() -> None:
    """At least 60."""
    assert len(FORGED) >= 60


def test_a_token_names_its_user_session_and_times() -> None:
    """All claims of the contract, a day of life, and the key's id in the header."""
    found = TOKENS.read(GOOD)
    assert found is not None
    assert (found.user_id, found.session_id) == (USER, SESSION)
    assert found.expires_at - found.issued_at == LIFE.total_seconds()
    told = jwt.decode(GOOD, options={"verify_signature": False})
    assert set(told) == {"sub", "name", "email", "iat", "exp", "iss", "aud", "jti"}
    assert (told["name"], told["email"]) == ("Ada", "ada@example.com")
    assert TOKENS.read(signed(HEADER, claims())) is not None


def test_a_clock_may_be_off_by_half_a_minute() -> None:
    """Just expired, and just not yet issued, are believed."""
    now = int(time.time())
    assert TOKENS.read(signed(HEADER, claims(iat=now - 100, exp=now - LEEWAY_S + 15))) is not None
    assert TOKENS.read(signed(HEADER, claims(iat=now + LEEWAY_S - 5, exp=now + 3600))) is not None


def test_a_rotation_goes_without_a_break() -> None:
    """Tokens of the key before are believed as long as it is kept, and no longer; the new key signs."""
    before = Tokens(OLD_KEY)
    token = before.issue(Bearer(user_id=USER, session_id=SESSION), now=datetime.now(UTC), name=None, email=None)
    assert TOKENS.read(token) is not None
    assert Tokens(KEY).read(token) is None
    assert before.read(GOOD) is None


def test_a_shorter_life_can_be_asked_for() -> None:
    """As cookies do."""
    token = TOKENS.issue(
        Bearer(user_id=USER, session_id=SESSION),
        now=datetime.now(UTC),
        name=None,
        email=None,
        life=timedelta(minutes=5),
    )
    found = TOKENS.read(token)
    assert found is not None
    assert found.expires_at - found.issued_at == 300
