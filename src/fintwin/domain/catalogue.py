"""Every kind of event that the log may hold, and how its payload is written and read.

The payload is JSON in the field order of the event's class, without fields at their default. A change that an old
payload does not fit raises ``schema_version`` in `SCHEMA_VERSIONS` and adds an upcaster, so that each payload ever
written still decodes (a golden file per version proves it).

>>> from fintwin.domain.accounts import AccountFrozen
>>> encode(AccountFrozen())
b'{}'
>>> decode("AccountFrozen", 1, b"{}")
AccountFrozen()
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, get_args

import msgspec

from fintwin.domain.accounts.events import AccountEvent
from fintwin.domain.holdings.events import HoldingsEvent
from fintwin.domain.notifications.events import NotificationEvent
from fintwin.domain.profiles.events import ProfileEvent
from fintwin.domain.simulations.events import SimulationEvent
from fintwin.domain.streams import StreamKind

EVENTS: Final[dict[StreamKind, tuple[type, ...]]] = {
    StreamKind.ACCOUNT: get_args(AccountEvent),
    StreamKind.PROFILE: get_args(ProfileEvent),
    StreamKind.HOLDINGS: get_args(HoldingsEvent),
    StreamKind.NOTIFICATIONS: get_args(NotificationEvent),
    StreamKind.SIMULATIONS: get_args(SimulationEvent),
}
"""The event classes of each kind of stream."""

EVENT_TYPES: Final[dict[str, type]] = {event.__name__: event for kinds in EVENTS.values() for event in kinds}
SCHEMA_VERSIONS: Final[dict[str, int]] = dict.fromkeys(EVENT_TYPES, 1)
UPCASTERS: Final[dict[tuple[str, int], Callable[[dict[str, Any]], dict[str, Any]]]] = {}
"""``(type, schema_version)`` to a function that gives the payload of the next schema version."""

_encoder = msgspec.json.Encoder(decimal_format="string")
_DECODERS: Final[dict[str, msgspec.json.Decoder[Any]]] = {
    name: msgspec.json.Decoder(event) for name, event in EVENT_TYPES.items()
}


def encode(event: Any) -> bytes:
    """The payload bytes of an event, as they are hashed and stored."""
    return _encoder.encode(event)


def decode(event_type: str, schema_version: int, payload: bytes | str) -> Any:
    """The event of a stored payload, brought up to the present schema version. Raises `msgspec.DecodeError`."""
    current = SCHEMA_VERSIONS[event_type]
    if schema_version == current:
        return _DECODERS[event_type].decode(payload)
    raw = msgspec.json.decode(payload)
    for version in range(schema_version, current):
        raw = UPCASTERS[event_type, version](raw)
    return msgspec.convert(raw, EVENT_TYPES[event_type])
