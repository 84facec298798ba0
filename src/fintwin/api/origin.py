"""Where a request comes from: by which name it asks, over what, from which address, and whether a page of ours made it.

Only a gateway that the settings name is believed about the address and the scheme: of `X-Forwarded-For` the last address counts
that is no such gateway's, because whoever asks may write anything before it.

>>> hosts = Hosts(("localhost", "*.example.org"))
>>> hosts.know(b"localhost:8000"), hosts.know(b"twin.example.org"), hosts.know(b"example.org"), hosts.know(b"evil.org")
(True, True, False, False)
>>> same_site({b"origin": b"https://twin.example.org", b"host": b"twin.example.org"}, "https")
True
>>> same_site({b"sec-fetch-site": b"cross-site", b"host": b"twin.example.org"}, "https"), same_site({}, "https")
(False, False)
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from fintwin.door_settings import LOOPBACK_NAMES, Network
from fintwin.settings import is_loopback

Headers = Mapping[bytes, bytes]
_KNOWN_MAX: Final = 1024
_HOST: Final = re.compile(r"(\[[0-9a-f:.]{2,45}\]|[a-z0-9.-]{1,253})(?::\d{1,5})?", re.ASCII)
_NOBODY: Final = "unknown"


class Hosts:
    """The names that the service answers to."""

    def __init__(self, allowed: Sequence[str]) -> None:
        """A name that begins with ``*.`` stands for every name under it."""
        self._names = frozenset(allowed)
        self._under = tuple(name[1:] for name in allowed if name.startswith("*."))
        self._known: dict[bytes, bool] = {}

    def know(self, host: bytes) -> bool:
        """Whether a `Host` header is one of them, whatever its port."""
        known = self._known.get(host)
        if known is None:
            if len(self._known) >= _KNOWN_MAX:
                self._known.clear()
            name = name_of(host)
            known = self._known[host] = name in self._names or name.endswith((".localhost", *self._under))
        return known


def name_of(host: bytes) -> str:
    """The name in a `Host` header, in small letters; empty where it is none."""
    match = _HOST.fullmatch(host.decode("latin-1").lower())
    return match[1] if match else ""


def is_loopback_name(host: bytes) -> bool:
    """Whether a browser that asks by this name speaks with its own machine."""
    name = name_of(host)
    return name in LOOPBACK_NAMES or name.endswith(".localhost") or is_loopback(name.strip("[]"))


class Proxies:
    """The gateways that are believed."""

    def __init__(self, trusted: Sequence[Network]) -> None:
        """Empty: nobody is."""
        self._trusted = tuple(trusted)
        self._known: dict[str, bool] = {}

    def scheme(self, scope: Any, headers: Headers) -> str:
        """`https` where the person's browser speaks TLS, as far as can be known."""
        told = headers.get(b"x-forwarded-proto")
        if told is not None and self._trust(_peer(scope)):
            return "https" if told.strip().lower() == b"https" else "http"
        return str(scope.get("scheme", "http"))

    def address(self, scope: Any, headers: Headers) -> str:
        """Whose requests are counted together: an address, of IPv6 its network."""
        address = _peer(scope)
        if self._trusted and self._trust(address):
            hops = headers.get(b"x-forwarded-for", b"").decode("latin-1").split(",")
            address = next((hop for hop in map(str.strip, reversed(hops)) if hop and not self._trust(hop)), address)
        return _counted(address)

    def _trust(self, address: str) -> bool:
        known = self._known.get(address)
        if known is None:
            try:
                parsed = ipaddress.ip_address(address)
            except ValueError:
                return False
            if len(self._known) >= _KNOWN_MAX:
                self._known.clear()
            known = self._known[address] = any(parsed in network for network in self._trusted)
        return known


def same_site(headers: Headers, scheme: str) -> bool:
    """Whether a page of ours made the request: browsers say so in a header that no script can set, older ones by the origin."""
    said = headers.get(b"sec-fetch-site")
    if said is not None:
        return said == b"same-origin"
    origin = headers.get(b"origin", b"").lower()
    return origin != b"" and origin == scheme.encode() + b"://" + headers.get(b"host", b"").lower()


def _peer(scope: Any) -> str:
    client = scope.get("client")
    return str(client[0]) if client else _NOBODY


def _counted(address: str) -> str:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return _NOBODY
    if parsed.version == 4:  # noqa: PLR2004
        return address
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((int(parsed) >> 64 << 64, 64)))
