import json
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest

from fintwin.domain.hashing import digest
from fintwin.publisher.envelope import StoredEventBody, position_of
from tests.audit.books import lived_in
from tests.conftest import Database
from tests.publisher.publishing_tools import expected_events, in_stream, own_redis, publisher

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "event.schema.json").read_text("utf-8"))

HASHED = (
    "shard", "position", "stream_kind", "stream_id", "version", "user_id", "schema_version", "transaction_id",
    "effective_at", "recorded_at",
)  # fmt: skip


async def test_what_is_published_is_what_the_schema_says(database: Database) -> None:
    """Events of real ledgers fit docs/event.schema.json, which describes every field; their bytes give the digest again."""
    jsonschema.Draft7Validator.check_schema(SCHEMA)
    check = jsonschema.Draft7Validator(SCHEMA)
    assert list(StoredEventBody.__struct_fields__) == SCHEMA["required"] == list(SCHEMA["properties"])
    async with lived_in(database, projected=False), publisher(database, own_redis(database.redis_url)) as running:
        end = await running.caught_up()
        entries = in_stream(running.url)
    assert [event for _, _, event in entries] == await expected_events(database)
    assert len(entries) == end > 100
    for _, _, event in entries:
        check.validate(json.loads(event))
        one = msgspec.json.decode(event, type=StoredEventBody)
        hashed = {name: getattr(one, name) for name in HASHED}
        texts: dict[str, Any] = {"payload": one.payload.encode(), "metadata": one.metadata.encode()}
        assert digest(**hashed, event_type=one.type, **texts).hex() == one.digest


@pytest.mark.parametrize(
    "change",
    [
        {"position": 0}, {"stream": "wallet"}, {"user_id": "ada"}, {"payload": {}}, {"hash": "00"},
        {"recorded_at": "2026-01-01"}, {"version": "1"},
    ],
)  # fmt: skip
async def test_the_schema_refuses_other_forms(change: dict[str, Any]) -> None:
    """A field that is missing or of another form does not fit."""
    some = "0198c0de-0000-7000-8000-00000000002a"
    good = {
        "shard": 0, "position": 1, "stream": "account", "stream_kind": 1, "stream_id": some, "version": 1, "user_id": some,
        "type": "Deposited", "schema_version": 1, "transaction_id": some, "effective_at": "2026-01-01T00:00:00Z",
        "recorded_at": "2026-01-01T00:00:00.000001Z", "payload": "{}", "metadata": "{}", "digest": "0" * 64,
        "stream_hash": "0" * 64, "hash": "0" * 64,
    }  # fmt: skip
    check = jsonschema.Draft7Validator(SCHEMA)
    check.validate(good | {"added_later": 1})
    with pytest.raises(jsonschema.ValidationError):
        check.validate(good | change)
    (name,) = change
    with pytest.raises(jsonschema.ValidationError):
        check.validate({key: value for key, value in good.items() if key != name})


def test_an_id_is_a_position() -> None:
    """Ids that no publisher gives are refused."""
    assert position_of("12-0") == position_of(b"12-0") == 12
    for wrong in ("12-1", "12", "a-0", "1700000000000-5"):
        with pytest.raises(ValueError):
            position_of(wrong)
