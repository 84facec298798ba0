r"""The end of the log, signed: whoever keeps it elsewhere can later prove that nothing up to there was changed.

A signed text is a JSON text, kept as the exact string that was signed, with an Ed25519 signature and the public key beside it;
any program with Ed25519 and JSON can check it.

>>> from datetime import UTC
>>> signer = Signer(bytes(range(32)))
>>> at = datetime(2026, 1, 2, tzinfo=UTC)
>>> head = SignedHead(shard=0, position=7, hash="ab" * 32, recorded_at=at, exported_at=at)
>>> signed = signer.sign(head)
>>> opened(signed, signer.public_key).position
7
>>> forged = msgspec.structs.replace(signed, statement=signed.statement.replace(":7,", ":8,"))
>>> opened(forged, signer.public_key)
Traceback (most recent call last):
fintwin.audit.heads.SignatureError: The signature does not fit the statement.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from fintwin.store import auditing
from fintwin.store.auditing import LogEnd
from fintwin.store.connect import Connection

_KEY_BYTES: Final = 32


class SignatureError(Exception):
    """A signed text is not what it says; the text says why."""


class SignedHead(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="fintwin.head.v1"):
    """The log of a shard had this hash (hex) at this position."""

    shard: int
    position: int
    hash: str
    recorded_at: datetime
    exported_at: datetime


class StreamHead(msgspec.Struct, frozen=True, kw_only=True):
    """The last event of one stream: its version, its position in the shard and its ``stream_hash`` (hex)."""

    stream: str
    stream_id: UUID
    version: int
    position: int
    stream_hash: str


class Proof(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="fintwin.proof.v1"):
    """All streams of one user, and the position and hash of the shard at the same moment."""

    user_id: UUID
    shard: int
    position: int
    hash: str
    streams: tuple[StreamHead, ...]
    made_at: datetime


class Signed(msgspec.Struct, frozen=True, kw_only=True):
    """``statement``: the text that was signed, as UTF-8; key and signature in base64 (Ed25519, RFC 8032)."""

    statement: str
    public_key: str
    signature: str


class Signer:
    """Signs with the installation's key."""

    def __init__(self, seed: bytes) -> None:
        """``seed``: the 32 bytes of an Ed25519 private key."""
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public_key = b64encode(self._key.public_key().public_bytes_raw()).decode()

    def sign(self, statement: SignedHead | Proof) -> Signed:
        """A statement with its signature."""
        text = msgspec.json.encode(statement).decode()
        signature = b64encode(self._key.sign(text.encode())).decode()
        return Signed(statement=text, public_key=self.public_key, signature=signature)


def opened(signed: Signed, public_key: str) -> SignedHead:
    """The head in a signed text, if that key has signed it. Raises `SignatureError`."""
    if signed.public_key != public_key:
        msg = f"It was signed with the key {signed.public_key}, not with {public_key}."
        raise SignatureError(msg)
    try:
        raw = b64decode(public_key, validate=True)
        signature = b64decode(signed.signature, validate=True)
        if len(raw) != _KEY_BYTES:
            raise SignatureError("The public key is not 32 bytes in base64.")
        Ed25519PublicKey.from_public_bytes(raw).verify(signature, signed.statement.encode())
    except ValueError as error:
        raise SignatureError("Key and signature are base64.") from error
    except InvalidSignature as error:
        raise SignatureError("The signature does not fit the statement.") from error
    try:
        return msgspec.json.decode(signed.statement, type=SignedHead)
    except msgspec.DecodeError as error:
        raise SignatureError(f"The statement is no head of a log: {error}.") from error


async def against_log(connection: Connection, head: SignedHead, end: LogEnd) -> str | None:
    """Why the log is not the one that a head was exported from, or None."""
    if head.position == 0:
        return None
    row = await auditing.event_at(connection, head.position)
    if row is None:
        if head.position > end.position:
            return f"the log ends at position {end.position}: what came after it was cut off"
        return "the event is missing"
    if row["hash"].hex() != head.hash:
        return "the log has another hash there: something up to this position was rewritten"
    return None
