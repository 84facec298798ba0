"""A sign-in provider of our own on loopback: real RSA keys, real certificates, tokens as Google signs them.

with Issuer() as issuer:
    google = GoogleSignIn(issuer.client_id, certificates_url=issuer.url)
    person = await google.person(issuer.token())
"""

import json
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.api_jws import PyJWS

from tests.support.certificates import self_signed

CLIENT_ID = "1234-made-up.apps.googleusercontent.com"


@cache
def rsa_key(name: str) -> rsa.RSAPrivateKey:
    """A key pair, made once for each name."""
    del name
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def certificate(name: str) -> str:
    """A certificate of a key, as Google publishes them."""
    made = self_signed(rsa_key(name), "issuer.example.org")
    return made.public_bytes(serialization.Encoding.PEM).decode()


def signed(claims: dict[str, Any], key: str, algorithm: str, headers: dict[str, Any]) -> str:
    """A token that says whatever is wanted: claims are not looked at."""
    return PyJWS().encode(json.dumps(claims).encode(), rsa_key(key), algorithm=algorithm, headers=headers)


@dataclass
class Issuer:
    """See the module. ``keys`` are what it publishes now; ``status``, ``delay_s`` and ``body`` are how it behaves."""

    keys: list[str] = field(default_factory=lambda: ["first"])
    max_age_s: int = 3600
    status: int = 200
    delay_s: float = 0.0
    body: bytes | None = None
    asked: int = 0
    client_id: str = CLIENT_ID

    def __enter__(self) -> Self:
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.path.startswith("/token"):
                    (nonce,) = parse_qs(urlsplit(self.path).query)["nonce"]
                    self.send_response(200)
                    self.end_headers()
                    self.wfile.write(issuer.token(nonce=nonce).encode())
                    return
                issuer.asked += 1
                time.sleep(issuer.delay_s)
                told = json.dumps({name: certificate(name) for name in issuer.keys}).encode()
                self.send_response(issuer.status)
                self.send_header("Cache-Control", f"public, max-age={issuer.max_age_s}, must-revalidate")
                self.end_headers()
                # Who has given up waiting is no fault.
                with suppress(ConnectionError):
                    self.wfile.write(told if issuer.body is None else issuer.body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  its name there
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        """Where the certificates are."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/certs"

    @property
    def token_url(self) -> str:
        """Where a browser's stand-in gets a token from; with `?nonce=`."""
        return self.url.replace("/certs", "/token")

    def claims(self, **change: Any) -> dict[str, Any]:
        """What a good token says; a value of ... leaves a claim out, a time is told from now on."""
        now = int(time.time())
        made = {
            "iss": "https://accounts.google.com",
            "aud": self.client_id,
            "sub": "110169484474386276334",
            "email": "ada@example.com",
            "email_verified": True,
            "name": "Ada Byron",
            "picture": "https://lh3.googleusercontent.com/a/ada=s96-c",
            "iat": now,
            "exp": now + 3600,
        } | change
        for name, value in made.items():
            if isinstance(value, timedelta):
                made[name] = now + int(value.total_seconds())
        return {name: value for name, value in made.items() if value is not ...}

    def token(self, *, key: str = "first", kid: Any = None, algorithm: str = "RS256", **change: Any) -> str:
        """A signed token."""
        headers = {"kid": key if kid is None else kid}
        return signed(self.claims(**change), key, algorithm, headers)
