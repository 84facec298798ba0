"""The published vectors, computed by the database alone."""

import asyncpg

from tests.conftest import Database
from tests.domain.test_hash_vectors import EVENTS

DIGEST = """
    WITH given AS (
        SELECT $1::json AS e
    ), parts AS (
        SELECT convert_to(e ->> 'type', 'UTF8') AS type, convert_to(e ->> 'payload', 'UTF8') AS payload,
                convert_to(e ->> 'metadata', 'UTF8') AS metadata, e FROM given
    )
    SELECT sha256(
        int4send((e ->> 'shard')::integer) || int8send((e ->> 'position')::bigint)
        || int2send((e ->> 'stream_kind')::smallint) || uuid_send((e ->> 'stream_id')::uuid)
        || int8send((e ->> 'version')::bigint) || uuid_send((e ->> 'user_id')::uuid)
        || int2send(length(type)::smallint) || type || int2send((e ->> 'schema_version')::smallint)
        || uuid_send((e ->> 'transaction_id')::uuid) || int8send((e ->> 'effective_at_us')::bigint)
        || int8send((e ->> 'recorded_at_us')::bigint) || int4send(length(payload)) || payload
        || int4send(length(metadata)) || metadata) FROM parts
"""


async def test_sql_computes_the_vectors(module_database: Database) -> None:
    """Digest and both chains of every vector come out of plain SQL as published."""
    import json

    connection = await asyncpg.connect(module_database.superuser_url)
    try:
        links: dict[object, bytes] = {}
        for event in EVENTS:
            digest = await connection.fetchval(DIGEST, json.dumps(event))
            assert digest.hex() == event["digest"], event["position"]
            for field, name in (("stream_hash", (event["stream_kind"], event["stream_id"])), ("hash", event["shard"])):
                links[name] = await connection.fetchval(
                    "SELECT sha256($1::bytea || $2::bytea)", links.get(name, bytes(32)), digest
                )
                assert links[name].hex() == event[field], event["position"]
    finally:
        await connection.close()
