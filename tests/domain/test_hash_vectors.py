import json
import re
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from fintwin.domain.hashing import GENESIS, chain, digest, from_microseconds, microseconds

ROOT = Path(__file__).parents[2]
VECTORS = ROOT / "docs" / "hash-vectors.json"
EVENTS: list[dict[str, Any]] = json.loads(VECTORS.read_text("utf-8"))["events"]


def digest_of(event: dict[str, Any], **changes: Any) -> bytes:
    event = event | changes
    return digest(
        shard=event["shard"],
        position=int(event["position"]),
        stream_kind=event["stream_kind"],
        stream_id=UUID(event["stream_id"]),
        version=int(event["version"]),
        user_id=UUID(event["user_id"]),
        event_type=event["type"],
        schema_version=event["schema_version"],
        transaction_id=UUID(event["transaction_id"]),
        effective_at=from_microseconds(int(event["effective_at_us"])),
        recorded_at=from_microseconds(int(event["recorded_at_us"])),
        payload=event["payload"].encode(),
        metadata=event["metadata"].encode(),
    )


def test_python_computes_the_vectors() -> None:
    """Digest, stream hash and shard hash of every vector come out as published."""
    links: dict[Any, bytes] = {}
    for event in EVENTS:
        made = digest_of(event)
        assert made.hex() == event["digest"], event["position"]
        for field, name in (
            ("stream_hash", (event["shard"], event["stream_kind"], event["stream_id"])),
            ("hash", event["shard"]),
        ):
            links[name] = chain(links.get(name, GENESIS), made)
            assert links[name].hex() == event[field], event["position"]


def test_javascript_computes_the_vectors() -> None:
    """A program without any code of ours comes to the same bytes, as a browser would."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not on this machine: the vectors are not checked in JavaScript")
    script = ROOT / "tests" / "support" / "check_vectors.mjs"
    done = subprocess.run([node, str(script), str(VECTORS)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(len(EVENTS))


def test_javascript_notices_a_change(tmp_path: Path) -> None:
    """The checker in JavaScript fails on a vector of which one digit was changed."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not on this machine: the vectors are not checked in JavaScript")
    changed = tmp_path / "vectors.json"
    changed.write_text(VECTORS.read_text("utf-8").replace('\\"amount_minor\\":1,', '\\"amount_minor\\":2,', 1), "utf-8")
    script = ROOT / "tests" / "support" / "check_vectors.mjs"
    done = subprocess.run([node, str(script), str(changed)], capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "position 6" in done.stderr


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("shard", 1), ("position", "7"), ("stream_kind", 2), ("stream_id", str(UUID(int=9))), ("version", "4"),
        ("user_id", str(UUID(int=9))), ("type", "TransferSend"), ("schema_version", 2),
        ("transaction_id", str(UUID(int=9))), ("effective_at_us", "1"), ("recorded_at_us", "1"), ("payload", "{}"),
        ("metadata", "{}"),
    ],
)  # fmt: skip
def test_every_field_is_in_the_digest(field: str, value: Any) -> None:
    """No field of an event can be changed without changing its digest."""
    assert digest_of(EVENTS[5], **{field: value}) != digest_of(EVENTS[5])


def test_lengths_part_payload_and_metadata() -> None:
    """Moving bytes from the payload into the metadata is a change."""
    one, two = {"payload": '{"a":1}', "metadata": ""}, {"payload": "", "metadata": '{"a":1}'}
    assert digest_of(EVENTS[0], **one) != digest_of(EVENTS[0], **two)


def test_times_are_exact() -> None:
    """A time and its microseconds are each other's, far from 1970 as well as near."""
    for moment in (datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)):
        assert from_microseconds(microseconds(moment)) == moment
    before = datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
    assert microseconds(before) == -1
    assert from_microseconds(-1) == before
    assert microseconds(before + timedelta(microseconds=1)) == 0


def test_the_page_tells_the_header() -> None:
    """docs/log.md describes the same fields in the same order as the vectors have them."""
    text = (ROOT / "docs" / "log.md").read_text("utf-8")
    table = re.findall(r"^\| \d+ \| `(\w+)`", text, re.MULTILINE)
    given = [name.removesuffix("_us") for name in EVENTS[0] if name not in {"digest", "stream_hash", "hash"}]
    assert table == given
