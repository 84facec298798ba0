"""What is sent: an event of one's own without any personal text, and the headers that prove where it comes from.

The headers are those of the Standard Webhooks specification: `webhook-id` (the same at every try of one event),
`webhook-timestamp` (seconds since 1970) and `webhook-signature`, the base64 of an HMAC-SHA256 over `id.timestamp.body` with the
hook's secret.

>>> headers("h", 7, b"{}", "whsec_" + "A" * 43 + "=", at=1_700_000_000)["webhook-signature"]
'v1,vf7GFY0v2dE5vlZwKPdFYfaXiqtJHYicfdNbWjlWHSA='
"""

from __future__ import annotations

import hmac
import os
from base64 import b64decode, b64encode
from datetime import datetime
from decimal import Decimal
from hashlib import sha256
from typing import Final
from uuid import UUID

import msgspec

from fintwin.domain import accounts
from fintwin.domain.money import to_decimal
from fintwin.domain.streams import Recorded, StreamKind

SECRET_PREFIX: Final = "whsec_"  # noqa: S105  how every secret begins
SECRET_BYTES: Final = 32
MONEY_TYPES: Final = ("Deposited", "Withdrawn", "TransferSent", "TransferReceived")

_encode: Final = msgspec.json.Encoder(decimal_format="number").encode


class Money(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What a movement of money says; of the other side of a transfer only the account id."""

    amount: Decimal
    currency: str
    to_account: UUID | None = None
    from_account: UUID | None = None
    reverses: UUID | None = None


class EventTold(msgspec.Struct, frozen=True, kw_only=True):
    """The body of a delivery. ``account_id`` and ``data`` are null where the event is not of an account or moves no money."""

    type: str
    position: int
    transaction_id: UUID
    user_id: UUID
    account_id: UUID | None
    recorded_at: datetime
    effective_at: datetime
    data: Money | None


def body_of(event: Recorded) -> bytes:
    """The JSON of a delivery; the same bytes whenever it is made."""
    told = EventTold(
        type=event.type,
        position=event.position,
        transaction_id=event.transaction_id,
        user_id=event.user_id,
        account_id=event.stream_id if event.stream_kind is StreamKind.ACCOUNT else None,
        recorded_at=event.recorded_at,
        effective_at=event.effective_at,
        data=_money(event.event),
    )
    return _encode(told)


def _money(event: object) -> Money | None:
    if not isinstance(event, accounts.MoneyEvent):
        return None
    return Money(
        amount=to_decimal(event.amount_minor, event.currency),
        currency=event.currency,
        to_account=event.to_account if isinstance(event, accounts.TransferSent) else None,
        from_account=event.from_account if isinstance(event, accounts.TransferReceived) else None,
        reverses=event.reverses,
    )


def new_secret() -> str:
    """A secret that nobody knows yet."""
    return SECRET_PREFIX + b64encode(os.urandom(SECRET_BYTES)).decode()


def headers(hook_id: str, position: int, body: bytes, secret: str, *, at: int) -> dict[str, str]:
    """The headers of one try, at a moment in seconds since 1970."""
    message_id = f"{hook_id}_{position}"
    signed = b"%s.%d.%s" % (message_id.encode(), at, body)
    signature = hmac.digest(b64decode(secret.removeprefix(SECRET_PREFIX)), signed, sha256)
    return {
        "content-type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(at),
        "webhook-signature": f"v1,{b64encode(signature).decode()}",
    }
