from pathlib import Path

import msgspec
import pytest

from fintwin.domain.accounts import AccountOpened, Deposited, TransactionAnnotated
from fintwin.domain.catalogue import EVENT_TYPES, EVENTS, SCHEMA_VERSIONS, UPCASTERS, decode, encode
from tests.support.samples import GOLDEN, bare, full, golden_file

FILES = sorted(GOLDEN.glob("*.jsonl"))


def test_every_event_version_has_a_golden_file() -> None:
    """Each event type and each of its schema versions up to the present has payloads that are kept for good."""
    wanted = {
        golden_file(name, version).name
        for name, current in SCHEMA_VERSIONS.items()
        for version in range(1, current + 1)
    }
    missing = wanted - {path.name for path in FILES}
    assert not missing, f"run `python -m tests.support.samples` and commit: {', '.join(sorted(missing))}"


def test_the_page_names_every_event() -> None:
    """docs/log.md tells readers of every event that can be in the log."""
    text = (GOLDEN.parents[1] / "docs" / "log.md").read_text("utf-8")
    missing = [name for name in EVENT_TYPES if f"`{name}`" not in text]
    assert not missing, f"say in docs/log.md what happened when these are in the log: {', '.join(missing)}"


def test_no_event_type_was_dropped() -> None:
    """What a golden file says was once written can still be read: no event type leaves the catalogue."""
    assert {path.name.split(".")[0] for path in FILES} <= EVENT_TYPES.keys()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_golden_payloads(path: Path) -> None:
    """Every payload ever written decodes, and one of the present version is written again with the same bytes."""
    name, version = path.stem.split(".v")
    lines = path.read_bytes().splitlines()
    assert lines
    for line in lines:
        event = decode(name, int(version), line)
        assert type(event) is EVENT_TYPES[name]
        if int(version) == SCHEMA_VERSIONS[name]:
            assert encode(event) == line
        else:
            assert decode(name, SCHEMA_VERSIONS[name], encode(event)) == event


def test_upcasters_are_complete() -> None:
    """Every schema version but the present has the step to the next."""
    steps = {(name, version) for name, current in SCHEMA_VERSIONS.items() for version in range(1, current)}
    assert UPCASTERS.keys() == steps


def test_an_upcaster_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """An old payload passes through the steps between its version and the present one."""
    monkeypatch.setitem(SCHEMA_VERSIONS, "Deposited", 3)
    monkeypatch.setitem(UPCASTERS, ("Deposited", 1), lambda raw: {"amount_minor": raw["amount"], "ccy": raw["ccy"]})
    monkeypatch.setitem(
        UPCASTERS, ("Deposited", 2), lambda raw: {"amount_minor": raw["amount_minor"], "currency": raw["ccy"]}
    )
    assert decode("Deposited", 1, b'{"amount":5,"ccy":"EUR"}') == Deposited(amount_minor=5, currency="EUR")
    assert decode("Deposited", 2, b'{"amount_minor":5,"ccy":"EUR"}') == Deposited(amount_minor=5, currency="EUR")


def test_names_are_unique() -> None:
    """No two events share a name, whatever stream they belong to."""
    names = [event.__name__ for events in EVENTS.values() for event in events]
    assert len(names) == len(set(names))
    assert all(name.isascii() and len(name) < 100 for name in names)


@pytest.mark.parametrize("event", EVENT_TYPES.values(), ids=lambda event: event.__name__)
def test_new_fields_can_be_added(event: type) -> None:
    """A payload with a field of a later version still decodes: an older process ignores what it does not know."""
    raw = msgspec.json.decode(encode(full(event))) | {"a_field_of_the_future": [1, 2]}
    assert decode(event.__name__, SCHEMA_VERSIONS[event.__name__], msgspec.json.encode(raw)) == full(event)


@pytest.mark.parametrize("event", EVENT_TYPES.values(), ids=lambda event: event.__name__)
def test_fields_at_their_default_are_left_out(event: type) -> None:
    """A payload holds what was said and nothing more."""
    raw = msgspec.json.decode(encode(bare(event)))
    assert raw.keys() == {field.encode_name for field in msgspec.structs.fields(event) if field.required}


def test_cleared_is_not_untouched() -> None:
    """In an annotation, null clears a field and a missing one leaves it."""
    transaction = full(TransactionAnnotated).transaction_id
    cleared = TransactionAnnotated(transaction_id=transaction, note=None)
    assert b'"note":null' in encode(cleared)
    assert decode("TransactionAnnotated", 1, encode(cleared)) == cleared
    assert b"note" not in encode(TransactionAnnotated(transaction_id=transaction, category="x"))


def test_rates_are_exact() -> None:
    """A rate keeps its decimals: it is written as text, not as a binary number."""
    opened = full(AccountOpened)
    assert b'"annual_rate_percent":"2.50"' in encode(opened)
    assert str(decode("AccountOpened", 1, encode(opened)).annual_rate_percent) == "2.50"
