"""A user's own proof: the ends of the own streams, with position and hash of the log at the same moment, to be signed.

Who keeps it can show later that the own history was not changed, without seeing anybody else's: `stream_hash` is the last link
of each stream's chain over the own events, and the shard's hash is that of every head exported at that position.

    proof = await proof_of(pool, user_id, at)
    signed = signer.sign(proof)
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from fintwin.audit.heads import Proof, StreamHead
from fintwin.domain.streams import StreamKind
from fintwin.store.connect import Connection, Pool
from fintwin.store.shard import SHARD


async def proof_of(connection: Connection | Pool, user_id: UUID, at: datetime) -> Proof | None:
    """What is to be signed for a user, or None where nothing has happened yet."""
    rows = await connection.fetch("SELECT * FROM log.proof($1)", user_id)
    if not rows:
        return None
    return Proof(
        user_id=user_id,
        shard=SHARD,
        position=rows[0]["log_position"],
        hash=rows[0]["log_hash"].hex(),
        streams=tuple(
            StreamHead(
                stream=StreamKind(row["stream_kind"]).name.lower(),
                stream_id=row["stream_id"],
                version=row["version"],
                position=row["position"],
                stream_hash=row["stream_hash"].hex(),
            )
            for row in rows
        ),
        made_at=at,
    )
