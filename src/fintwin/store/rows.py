"""Rows to domain values and back: events, and the states on stream heads.

>>> from fintwin.domain.accounts import AccountState
>>> facts_of(AccountState(version=1, currency="EUR", kind="cash", name="s"))
'{"kind":"cash","name":"s"}'
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import msgspec

from fintwin.domain import hashing
from fintwin.domain.accounts.events import AccountKind
from fintwin.domain.accounts.state import AccountState, Status
from fintwin.domain.catalogue import decode
from fintwin.domain.holdings.state import HoldingsState
from fintwin.domain.profiles.state import ProfileState
from fintwin.domain.streams import Recorded, StreamKey, StreamKind

State = AccountState | ProfileState | HoldingsState
_kinds: Final = {kind.value: kind for kind in StreamKind}
_statuses: Final = {status.value: status for status in Status}


class _AccountFacts(msgspec.Struct, omit_defaults=True):
    kind: AccountKind
    name: str
    annual_rate_percent: Decimal | None = None
    closed_through: date | None = None


_account_facts: Final = msgspec.json.Decoder(_AccountFacts)
_profile_facts: Final = msgspec.json.Decoder(ProfileState)
_holdings_facts: Final = msgspec.json.Decoder(HoldingsState)
_encoder: Final = msgspec.json.Encoder(decimal_format="string")


class StoredEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One event as it lies in the log: the exact bytes that were hashed, and the hashes."""

    shard: int
    position: int
    stream_kind: int
    stream_id: UUID
    version: int
    user_id: UUID
    type: str
    schema_version: int
    transaction_id: UUID
    effective_at: Any
    recorded_at: Any
    payload: str
    metadata: str
    digest: bytes
    stream_hash: bytes
    hash: bytes

    def computed_digest(self) -> bytes:
        """The digest that these bytes should have."""
        return hashing.digest(
            shard=self.shard,
            position=self.position,
            stream_kind=self.stream_kind,
            stream_id=self.stream_id,
            version=self.version,
            user_id=self.user_id,
            event_type=self.type,
            schema_version=self.schema_version,
            transaction_id=self.transaction_id,
            effective_at=self.effective_at,
            recorded_at=self.recorded_at,
            payload=self.payload.encode(),
            metadata=self.metadata.encode(),
        )


def stored(row: Mapping[str, Any]) -> StoredEvent:
    """A row of ``log.event`` as it is."""
    return StoredEvent(**dict(row.items()))


def recorded(row: Mapping[str, Any]) -> Recorded:
    """A row of ``log.event``, decoded."""
    return Recorded(
        shard=row["shard"],
        position=row["position"],
        stream_kind=_kinds[row["stream_kind"]],
        stream_id=row["stream_id"],
        version=row["version"],
        user_id=row["user_id"],
        type=row["type"],
        schema_version=row["schema_version"],
        transaction_id=row["transaction_id"],
        effective_at=row["effective_at"],
        recorded_at=row["recorded_at"],
        event=decode(row["type"], row["schema_version"], row["payload"]),
        metadata=msgspec.json.decode(row["metadata"]),
    )


def facts_of(state: State) -> str:
    """What a head keeps of a state beside its columns, as JSON."""
    if isinstance(state, AccountState):
        facts: Any = _AccountFacts(state.kind, state.name, state.annual_rate_percent, state.closed_through)
    else:
        facts = state
    return _encoder.encode(facts).decode()


class Head(msgspec.Struct, frozen=True):
    """One stream head: whose it is, how far it goes, and the state of the stream there."""

    stream: StreamKey
    user_id: UUID
    version: int
    position: int
    decided_in: UUID
    stream_hash: bytes
    state: State | None


def head(row: Mapping[str, Any]) -> Head:
    """A row of ``log.stream_head``. The state is None for streams that are decided from their events."""
    kind = _kinds[row["stream_kind"]]
    state: State | None = None
    if kind is StreamKind.ACCOUNT:
        facts = _account_facts.decode(row["facts"])
        state = AccountState(
            version=row["version"],
            currency=row["currency"],
            kind=facts.kind,
            name=facts.name,
            status=_statuses[row["status"]],
            balance_minor=row["balance_minor"],
            overdraft_limit_minor=row["overdraft_limit_minor"],
            annual_rate_percent=facts.annual_rate_percent,
            effective_at_last=row["effective_at_last"],
            closed_through=facts.closed_through,
        )
    elif kind is StreamKind.PROFILE:
        state = _profile_facts.decode(row["facts"])
    elif kind is StreamKind.HOLDINGS:
        state = _holdings_facts.decode(row["facts"])
    return Head(
        StreamKey(kind, row["stream_id"]),
        row["user_id"],
        row["version"],
        row["position"],
        row["decided_in"],
        row["stream_hash"],
        state,
    )
