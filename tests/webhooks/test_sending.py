"""One try of a delivery over real sockets: what is connected to, what is believed, and what is not waited for."""

import asyncio
import ssl
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from fintwin.webhooks import sending
from fintwin.webhooks.sending import Sender
from tests.support.certificates import self_signed
from tests.webhooks.receiver import receiver

NAME = "hooks.example.org"


def certificate(folder: Path, name: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """TLS of a server that is called ``name``, and of a client that believes its certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    made = self_signed(key, name)
    pem = made.public_bytes(serialization.Encoding.PEM)
    own = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "both.pem").write_bytes(pem + own)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / "both.pem")
    return server, ssl.create_default_context(cadata=pem.decode())


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every name stands for this machine; the names that were asked for."""
    asked: list[str] = []

    async def look_up(_self: Any, host: str, port: int, **_: Any) -> list[Any]:
        asked.append(host)
        return [(None, None, None, "", ("127.0.0.1", port))]

    monkeypatch.setattr(asyncio.base_events.BaseEventLoop, "getaddrinfo", look_up)
    return asked


async def test_the_name_is_resolved_once_and_meant_everywhere(tmp_path: Path, here: list[str]) -> None:
    """Connected to the address looked at, with the name in TLS, in `Host` and in the certificate."""
    server, trust = certificate(tmp_path, NAME)
    async with receiver(server) as one, Sender(private=True, trust=trust) as sender:
        url = f"https://{NAME}:{one.port}/hook?key=1"
        assert await sender.send(url, {"webhook-id": "a"}, b'{"position": 1}') == "delivered"
        assert await sender.send(url, {"webhook-id": "a"}, b'{"position": 1}') == "delivered"
    assert [name for name in here if name == NAME] == [NAME, NAME]
    assert one.names == [NAME, NAME]
    assert one.got[0].headers["host"] == f"{NAME}:{one.port}"
    assert one.got[0].path == "/hook?key=1"
    assert one.got[0].headers["webhook-id"] == "a"
    assert one.got[0].headers["connection"] == "close"


@pytest.mark.usefixtures("here")
async def test_a_certificate_for_another_name_is_not_believed(tmp_path: Path) -> None:
    """Nor one that nobody vouches for; nothing is sent then."""
    server, trust = certificate(tmp_path, "other.example.org")
    async with receiver(server) as one:
        async with Sender(private=True, trust=trust) as sender:
            assert await sender.send(f"https://{NAME}:{one.port}/", {}, b"{}") == "tls"
        async with Sender(private=True) as sender:
            assert await sender.send(f"https://other.example.org:{one.port}/", {}, b"{}") == "tls"
    assert one.got == []


@pytest.mark.usefixtures("here")
async def test_a_name_that_leads_here_gets_nothing(tmp_path: Path) -> None:
    """Without the setting, a public name that stands for this machine is refused before any connection."""
    server, trust = certificate(tmp_path, NAME)
    async with receiver(server) as one, Sender(private=False, trust=trust) as sender:
        for url in (f"https://{NAME}:{one.port}/", f"https://127.0.0.1:{one.port}/"):
            assert await sender.send(url, {}, b"{}") == "address_not_allowed"
        assert await sender.send(f"http://{NAME}:{one.port}/", {}, b"{}") == "https_needed"
    assert one.got == []
    assert one.names == []


async def test_whatever_is_answered_has_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    """Statuses, silence, a hang-up, a flood, a redirect, nobody there; no proxy of the environment is asked."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    async with receiver() as one, Sender(private=True) as sender:
        url = f"http://127.0.0.1:{one.port}/"
        one.answers = [200, 204, 299, 400, 410, 503, "redirect", "hang up", "flood", "silence"]
        found = [await sender.send(url, {}, b'{"position": 1}') for _ in range(9)]
        monkeypatch.setattr(sending, "TOTAL_S", 1.0)
        found.append(await sender.send(url, {}, b'{"position": 1}'))
        await one.has(10)
        assert [one.path for one in one.got] == ["/"] * 10
        port = one.port
    async with Sender(private=True) as sender:
        found.append(await sender.send(f"http://127.0.0.1:{port}/", {}, b"{}"))
    assert found == [
        "delivered", "delivered", "delivered", "http_400", "http_410", "http_503", "http_302", "broken_off", "delivered",
        "timeout", "unreachable",
    ]  # fmt: skip
