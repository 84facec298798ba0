"""The money movements that the calculations of the twin look at, stripped of everything they need not know.

A flow is one signed change of one own account on one day. The counterparty is an opaque keyed pseudonym: two flows
have the same `payee_ref` exactly when they have the same counterparty, and nothing else is known of the name.
Reversed transactions and their reversals are left out by whoever builds the list.

Worked example: a salary and a rent of one account are `Flow(1, ..., amount_minor=500000, kind="deposit", ...)` and
`Flow(2, ..., amount_minor=-120000, kind="transfer", payee_ref="k3x...", ...)`.
"""

import datetime as dt
from uuid import UUID

import msgspec


class Flow(msgspec.Struct, frozen=True):
    """One movement: `amount_minor` is positive for money in; `own_transfer` marks the other side as the user's own."""

    position: int
    transaction_id: UUID
    on: dt.date
    amount_minor: int
    kind: str
    account_id: UUID
    category: str | None = None
    payee_ref: str | None = None
    own_transfer: bool = False
