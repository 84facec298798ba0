"""Where a webhook may go: public addresses only, so that nobody reaches through us what only we can reach.

An address is looked at twice: its spelling when it is told, and what its name stands for before each delivery. The name is
resolved once and the connection made to that very address, so that a name which changes its mind in between (rebinding) leads
nowhere else. One address that is not public refuses the name as a whole.

>>> parsed("https://example.org:8443/hook", private=False).host
'example.org'
>>> parsed("https://10.0.0.1/", private=False)
Traceback (most recent call last):
fintwin.webhooks.targets.TargetRefusedError: address_not_allowed
>>> is_public(ip_address("169.254.169.254")), is_public(ip_address("::ffff:10.0.0.1")), is_public(ip_address("9.9.9.9"))
(False, False, True)
"""

from __future__ import annotations

import asyncio
import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final

import httpx

URL_LENGTH_MAX: Final = 2048
PORT_MAX: Final = 65_535
RESOLVE_S: Final = 5.0
_PORTS: Final = {"https": 443, "http": 80}
_UNPRIVILEGED_PORT: Final = 1024
_GLOBAL_UNICAST: Final = IPv6Network("2000::/3")
# The last label of a host that is a number in whatever spelling: resolvers take "2130706433" and "0x7f.1" for 127.0.0.1.
_DIGITS: Final = frozenset("0123456789")


class TargetRefusedError(Exception):
    """Nothing is sent there; the text is the outcome that the owner is shown."""


def parsed(text: str, *, private: bool) -> httpx.URL:
    """The address, if it may be one. ``private`` lets in `http` and addresses that are not public.

    Raises `TargetRefusedError`: `address_malformed`, `https_needed` or `address_not_allowed`.
    """
    try:
        url = httpx.URL(text)
        host = url.raw_host.decode("ascii")
    except (httpx.InvalidURL, ValueError, TypeError):
        raise TargetRefusedError("address_malformed") from None
    spelt_well = len(text) <= URL_LENGTH_MAX and text.isprintable() and " " not in text
    if not (spelt_well and host and 0 < (url.port or 1) <= PORT_MAX) or url.userinfo:
        raise TargetRefusedError("address_malformed")
    if url.scheme != "https" and not (private and url.scheme == "http"):
        raise TargetRefusedError("https_needed")
    if private:
        return url
    port = url.port or _PORTS[url.scheme]
    if port != _PORTS[url.scheme] and port < _UNPRIVILEGED_PORT:
        raise TargetRefusedError("address_not_allowed")
    try:
        public = is_public(ip_address(host.strip("[]")))
    except ValueError:
        last = host.rstrip(".").rpartition(".")[2]
        public = "." in host.rstrip(".") and last[:1] not in _DIGITS
    if not public:
        raise TargetRefusedError("address_not_allowed")
    return url


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address is of the public internet: not private, loopback, link-local, shared, reserved or a group."""
    if isinstance(address, IPv4Address):
        return address.is_global and not address.is_multicast and not address.is_reserved
    if address.ipv4_mapped is not None:
        return is_public(address.ipv4_mapped)
    if address not in _GLOBAL_UNICAST or not address.is_global or address.teredo is not None:
        return False
    return address.sixtofour is None or is_public(address.sixtofour)


async def resolved(url: httpx.URL, *, private: bool) -> str:
    """The address to connect to, in its numeric spelling.

    Raises `TargetRefusedError`: `name_unknown` or `address_not_allowed`.
    """
    host, port = url.raw_host.decode("ascii").strip("[]"), url.port or _PORTS[url.scheme]
    try:
        async with asyncio.timeout(RESOLVE_S):
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError, TimeoutError):
        raise TargetRefusedError("name_unknown") from None
    addresses = [str(entry[4][0]) for entry in found]
    if not addresses:
        raise TargetRefusedError("name_unknown")
    if not private and not all(is_public(ip_address(one.partition("%")[0])) for one in addresses):
        raise TargetRefusedError("address_not_allowed")
    return addresses[0]
