"""The settings of the door: which hosts are answered, which proxies are believed, how much anybody may ask.

Apart from `settings`, which holds the value that is read here, for length alone. What is wrong is a `ValueError`
whose text is the sentence to tell.

>>> door = door_settings({"FINTWIN_LIMITS": "user=50/500 sign_in=off"}, "127.0.0.1")
>>> door.limits["user"], door.limits["address"], "sign_in" in door.limits
(Rate(per_second=50.0, burst=500), Rate(per_second=20.0, burst=100), False)
>>> door_settings({"FINTWIN_LIMITS": "off"}, "127.0.0.1").limits
{}
"""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]")
CERTIFICATES_URL = "https://www.googleapis.com/oauth2/v1/certs"
LIMITS = "user=20/100 address=20/100 sign_in=1/20 unknown_account=0.2/20"
PER_SECOND_MAX = 1_000_000
_HOST = re.compile(r"(?:\*\.)?[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\]")


@dataclass(frozen=True, slots=True)
class Rate:
    """So many a second in the long run, and so many at once."""

    per_second: float
    burst: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorSettings:
    """See the module. A limit that is missing is switched off."""

    allowed_hosts: tuple[str, ...] = LOOPBACK_NAMES
    trusted_proxies: tuple[Network, ...] = ()
    limits: Mapping[str, Rate] = field(default_factory=dict)
    certificates_url: str = CERTIFICATES_URL


def door_settings(environ: Mapping[str, str], host: str) -> DoorSettings:
    """Reads the settings of the door; ``host`` is the address that the service listens on, which is a name of it as well."""
    named = _hosts(environ.get("FINTWIN_ALLOWED_HOSTS") or "")
    return DoorSettings(
        allowed_hosts=tuple(dict.fromkeys((*LOOPBACK_NAMES, *_own(host), *named))),
        trusted_proxies=_networks(environ.get("FINTWIN_TRUSTED_PROXIES") or ""),
        limits=_limits(environ.get("FINTWIN_LIMITS") or ""),
        certificates_url=environ.get("FINTWIN_GOOGLE_CERTS_URL") or CERTIFICATES_URL,
    )


def _own(host: str) -> tuple[str, ...]:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return (host.lower(),)
    if address.is_unspecified:
        return ()
    return (f"[{address}]" if address.version == 6 else str(address),)  # noqa: PLR2004


def _hosts(text: str) -> tuple[str, ...]:
    names = tuple(name.strip().lower() for name in text.split(",") if name.strip())
    for name in names:
        if not _HOST.fullmatch(name):
            msg = f"FINTWIN_ALLOWED_HOSTS holds {name!r}: give names without scheme and port, like example.org."
            raise ValueError(msg)
    return names


def _networks(text: str) -> tuple[Network, ...]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    try:
        return tuple(ipaddress.ip_network(name) for name in names)
    except ValueError:
        msg = "FINTWIN_TRUSTED_PROXIES is no list of addresses or networks, like 10.0.0.7,172.16.0.0/12."
        raise ValueError(msg) from None


def _limits(text: str) -> dict[str, Rate]:
    if text.strip() == "off":
        return {}
    limits: dict[str, Rate] = {}
    known = {word.split("=")[0] for word in LIMITS.split()}
    for word in (*LIMITS.split(), *text.replace(",", " ").split()):
        name, _, value = word.partition("=")
        per_second, _, burst = value.partition("/")
        if name not in known:
            break
        if value == "off":
            limits.pop(name, None)
            continue
        try:
            limits[name] = Rate(float(per_second), int(burst))
        except ValueError:
            break
        if not (0 < limits[name].per_second <= PER_SECOND_MAX and 0 < limits[name].burst <= PER_SECOND_MAX):
            break
    else:
        return limits
    msg = f"FINTWIN_LIMITS holds {word!r}: give off, or words like user=20/100 (a second, and at once) or address=off."
    raise ValueError(msg)
