"""Which addresses a webhook may go to."""

import asyncio
import socket
from collections.abc import Callable
from typing import Any

import pytest

from fintwin.webhooks.targets import TargetRefusedError, parsed, resolved

REFUSED = [
    ("http://example.org/", "https_needed"),
    ("ftp://example.org/", "https_needed"),
    ("file:///etc/passwd", "address_malformed"),
    ("gopher://example.org/", "https_needed"),
    ("example.org/hook", "address_malformed"),
    ("https://", "address_malformed"),
    ("https:///hook", "address_malformed"),
    ("https://user:word@example.org/", "address_malformed"),  # pragma: allowlist secret
    ("https://example.org/a b", "address_malformed"),
    ("https://example.org/\r\nx: y", "address_malformed"),
    ("https://example.org:99999/", "address_malformed"),
    ("https://example.org/" + "x" * 3000, "address_malformed"),
    ("https://example.org:22/", "address_not_allowed"),
    ("https://example.org:25/", "address_not_allowed"),
    ("https://localhost/", "address_not_allowed"),
    ("https://localhost./", "address_not_allowed"),
    ("https://metadata/", "address_not_allowed"),
    ("https://127.0.0.1/", "address_not_allowed"),
    ("https://127.1/", "address_not_allowed"),
    ("https://2130706433/", "address_not_allowed"),
    ("https://0x7f.1/", "address_not_allowed"),
    ("https://0177.0.0.1/", "address_malformed"),
    ("https://0.0.0.0/", "address_not_allowed"),
    ("https://10.1.2.3/", "address_not_allowed"),
    ("https://172.16.0.1/", "address_not_allowed"),
    ("https://192.168.1.1/", "address_not_allowed"),
    ("https://100.64.0.1/", "address_not_allowed"),
    ("https://169.254.169.254/latest/meta-data", "address_not_allowed"),
    ("https://192.0.2.1/", "address_not_allowed"),
    ("https://224.0.0.1/", "address_not_allowed"),
    ("https://255.255.255.255/", "address_not_allowed"),
    ("https://[::1]/", "address_not_allowed"),
    ("https://[::]/", "address_not_allowed"),
    ("https://[::ffff:127.0.0.1]/", "address_not_allowed"),
    ("https://[::ffff:10.0.0.1]/", "address_not_allowed"),
    ("https://[::127.0.0.1]/", "address_not_allowed"),
    ("https://[fe80::1]/", "address_not_allowed"),
    ("https://[fc00::1]/", "address_not_allowed"),
    ("https://[fd00:ec2::254]/", "address_not_allowed"),
    ("https://[fec0::1]/", "address_not_allowed"),
    ("https://[ff02::1]/", "address_not_allowed"),
    ("https://[64:ff9b::a9fe:a9fe]/", "address_not_allowed"),
    ("https://[2002:7f00:1::]/", "address_not_allowed"),
    ("https://[2001:db8::1]/", "address_not_allowed"),
    ("https://[2001:0:4136:e378::]/", "address_not_allowed"),
]
TAKEN = [
    "https://example.org/hook?key=1",
    "https://example.org:8443/",
    "https://9.9.9.9/",
    "https://[2606:4700:4700::1111]/",
    "https://bücher.example/",
]


@pytest.mark.parametrize(("text", "outcome"), REFUSED)
def test_what_is_no_public_address_is_refused(text: str, outcome: str) -> None:
    """In whatever spelling: loopback, private, link-local, shared, reserved, groups, and those wrapped in IPv6."""
    with pytest.raises(TargetRefusedError, match=f"^{outcome}$"):
        parsed(text, private=False)


@pytest.mark.parametrize("text", TAKEN)
def test_public_addresses_are_taken(text: str) -> None:
    """Names and numbers of the public internet."""
    assert parsed(text, private=False).scheme == "https"


def stands_for(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    async def look_up(*_: Any, **__: Any) -> list[Any]:
        if not addresses:
            raise socket.gaierror
        return [(None, None, None, "", (one, 443)) for one in addresses]

    loop = asyncio.get_running_loop()
    answer: Callable[..., Any] = look_up
    monkeypatch.setattr(type(loop), "getaddrinfo", lambda _self, *args, **more: answer(*args, **more))


@pytest.mark.parametrize(
    "addresses",
    [("127.0.0.1",), ("10.0.0.1",), ("169.254.169.254",), ("9.9.9.9", "192.168.0.1"), ("::1",), ("fe80::1%eth0",)],
)
async def test_a_name_that_leads_inside_is_refused(monkeypatch: pytest.MonkeyPatch, addresses: tuple[str, ...]) -> None:
    """Also when only one of its addresses does."""
    stands_for(monkeypatch, *addresses)
    with pytest.raises(TargetRefusedError, match=r"^address_not_allowed$"):
        await resolved(parsed("https://hooks.example.org/", private=False), private=False)


async def test_a_name_is_resolved_to_one_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first that it stands for; a name that is nobody's is said to be unknown."""
    url = parsed("https://hooks.example.org/", private=False)
    stands_for(monkeypatch, "9.9.9.9", "149.112.112.112")
    assert await resolved(url, private=False) == "9.9.9.9"
    stands_for(monkeypatch)
    with pytest.raises(TargetRefusedError, match=r"^name_unknown$"):
        await resolved(url, private=False)
