"""The service as docker/compose.yaml starts it, as processes: the same commands, each with its container's variables and no more.

    with composed(database, tmp_path, issuer) as house:
        client = house.sign_in(house.apis[0].url, "ada")

What differs from the containers: the addresses of servers and ports, and Google's certificates, which are the tests' own.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.api.people import PROFILE
from tests.conftest import Database
from tests.gateway.test_compose import parts as parts_of
from tests.gateway.test_compose import raw
from tests.identity.issuer import Issuer
from tests.publisher.publishing_tools import own_redis
from tests.support.parts import Part, Parts

OF_TESTS = (
    "PORT",
    "PATH",
    "PYTHONPATH",
    "HOME",
    "LANG",
    "TZ",
    "SSL_CERT_FILE",
    "FINTWIN_GOOGLE_CERTS_URL",
    "FINTWIN_LIMITS",
)


@dataclass
class House:
    """The running parts."""

    parts: Parts
    issuer: Issuer
    apis: list[Part]
    others: dict[str, Part]

    def sign_in(self, url: str, name: str, *, profile: bool = True) -> tuple[httpx.Client, str]:
        """A client of somebody who has signed in with Google, and their id."""
        client = httpx.Client(base_url=url, timeout=30)
        answer = client.post(
            "/api/auth/google", json={"credential": self.issuer.token(sub=name, email=f"{name}@x.org")}
        )
        assert answer.status_code == 200, answer.text
        client.headers["authorization"] = f"Bearer {answer.json()['ft_token']}"
        if profile:
            assert client.put("/api/auth/profile", json=PROFILE).status_code == 200
        return client, str(answer.json()["user"]["id"])


def only_its_own(environment: dict[str, str], composed: dict[str, Any]) -> dict[str, str]:
    """What a container is given, and what the tests cannot do without."""
    return {name: value for name, value in environment.items() if name in composed or name in OF_TESTS}


@contextmanager
def composed(database: Database, folder: Path, issuer: Issuer, *, apis: int = 2, **environment: str) -> Iterator[House]:
    """Two processes of the service (or more) and one of every other part."""
    told = {
        "GOOGLE_CLIENT_ID": issuer.client_id,
        "FINTWIN_GOOGLE_CERTS_URL": issuer.url,
        "FINTWIN_LIMITS": "off",
        "FINTWIN_TRUSTED_PROXIES": "127.0.0.1",
        "REDIS_URL": own_redis(database.redis_url),
    }
    containers = parts_of(raw()["services"])
    with Parts(database, folder, **told | environment) as parts:
        everything = parts.environment
        others = {}
        for name, container in containers.items():
            if name not in {"api", "migrate"}:
                parts.environment = only_its_own(everything, container["environment"])
                others[name] = parts.start(container["command"][0])
        parts.environment = only_its_own(everything, containers["api"]["environment"])
        yield House(parts, issuer, parts.apis(apis), others)
