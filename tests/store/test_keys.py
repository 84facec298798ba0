import os
from uuid import UUID

import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given
from hypothesis import strategies as st
from uuid_utils.compat import uuid7

from fintwin.domain.sealed import taken_apart
from fintwin.domain.streams import StreamKey, StreamKind
from fintwin.store import keys
from fintwin.store.connect import open_pool
from fintwin.store.keys import KeyDestroyedError, UserKey, Vault, place_of
from tests.conftest import Database
from tests.support.ledgers import MASTER_KEY

HERE = StreamKey(StreamKind.ACCOUNT, UUID(int=1))
PLACES = [
    (StreamKey(StreamKind.PROFILE, UUID(int=1)), "note"),
    (StreamKey(StreamKind.ACCOUNT, UUID(int=2)), "note"),
    (HERE, "name"),
]


@pytest.fixture
def key() -> UserKey:
    return UserKey(os.urandom(32))


@given(text=st.text(max_size=600))
def test_sealed_and_opened(text: str) -> None:
    """Any text comes back as it was, and its sealed form shows nothing of it."""
    user_key = UserKey(bytes(32))
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        return
    sealed = user_key.seal(text, HERE, "note")
    assert user_key.open(sealed, HERE, "note") == text
    assert sealed.startswith("s1.")
    assert sealed.isascii()
    assert len(text) < 8 or text not in sealed


def test_equal_texts_look_different(key: UserKey) -> None:
    """Sealing twice gives two texts: nobody can tell that they say the same."""
    assert key.seal("Rent", HERE, "note") != key.seal("Rent", HERE, "note")


@pytest.mark.parametrize(("stream", "field"), PLACES)
def test_a_seal_belongs_to_its_place(key: UserKey, stream: StreamKey, field: str) -> None:
    """A sealed text moved to another kind of stream, another stream or another field does not open."""
    sealed = key.seal("Rent", HERE, "note")
    with pytest.raises(InvalidTag):
        key.open(sealed, stream, field)


def test_a_seal_belongs_to_its_key(key: UserKey) -> None:
    """Another user's key does not open it."""
    with pytest.raises(InvalidTag):
        UserKey(os.urandom(32)).open(key.seal("Rent", HERE, "note"), HERE, "note")


def test_every_letter_counts(key: UserKey) -> None:
    """A sealed text with any letter changed, cut short or in clear does not open."""
    sealed = key.seal("Rent", HERE, "note")
    for index in range(3, len(sealed) - 1):
        changed = sealed[:index] + ("A" if sealed[index] != "A" else "B") + sealed[index + 1 :]
        with pytest.raises(InvalidTag):
            key.open(changed, HERE, "note")
    for wrong in (sealed[:10], "s1.", "", "Rent", sealed[3:]):
        with pytest.raises((InvalidTag, ValueError)):
            key.open(wrong, HERE, "note")


def test_many_open_at_once_each_in_its_place(key: UserKey) -> None:
    """Texts of several places open together, in their order; one that is not where it was sealed keeps all of them shut."""
    asked = [("naïve 🎉", HERE, "note"), ("", HERE, "note"), ("ACME", HERE, "counterparty.name")]
    taken = [taken_apart(key.seal(text, stream, field)) for text, stream, field in asked]
    texts = [text.encode() for _, text in taken]
    places = [place_of(stream, field, version) for (_, stream, field), (version, _) in zip(asked, taken, strict=True)]
    assert [text.decode() for text in key.open_all(texts, places)] == [text for text, _, _ in asked]
    with pytest.raises(InvalidTag):
        key.open_all(texts, places[::-1])
    with pytest.raises(InvalidTag):
        place_of(HERE, "note", "s2.")


def test_pseudonyms(key: UserKey) -> None:
    """Equal names give one pseudonym without regard to case and spacing; other users have others for the same name."""
    assert key.pseudonym("name", "ACME  Ltd ") == key.pseudonym("name", "acme ltd")
    assert key.pseudonym("name", "acme ltd") != key.pseudonym("name", "acme l td")
    assert key.pseudonym("name", "acme") != key.pseudonym("note", "acme")
    assert key.pseudonym("a b") != key.pseudonym("a", "b")
    assert key.pseudonym("name", "acme") != UserKey(os.urandom(32)).pseudonym("name", "acme")


async def test_kept_wrapped(database: Database) -> None:
    """The key lies wrapped; another master key opens nothing; making it again changes nothing."""
    user = uuid7()
    async with (
        await open_pool(database.role_urls["identity"]) as identity,
        await open_pool(database.role_urls["api"]) as api,
    ):
        vault = Vault(MASTER_KEY)
        await vault.create(identity, user)
        sealed = (await vault.key(api, user)).seal("Rent", HERE, "note")
        await vault.create(identity, user)
        assert (await Vault(MASTER_KEY).key(api, user)).open(sealed, HERE, "note") == "Rent"
        with pytest.raises(InvalidTag):
            await Vault(bytes(32)).key(api, user)
        with pytest.raises(KeyDestroyedError):
            await vault.key(api, uuid7())


async def test_a_wrapped_key_is_its_users_own(database: Database) -> None:
    """A wrapped key put into another user's row does not unwrap."""
    anna, ben = uuid7(), uuid7()
    async with (
        await open_pool(database.role_urls["identity"]) as identity,
        await open_pool(database.role_urls["api"]) as api,
    ):
        vault = Vault(MASTER_KEY)
        await vault.create(identity, anna)
        database.run_sql(f"INSERT INTO vault.user_key SELECT '{ben}', wrapped FROM vault.user_key")
        with pytest.raises(InvalidTag):
            await vault.key(api, ben)


async def test_destroyed_within_a_second(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key destroyed by another process is used for a second at most, and never again."""
    user, now = uuid7(), 1000.0
    monkeypatch.setattr(keys, "monotonic", lambda: now)
    async with (
        await open_pool(database.role_urls["identity"]) as identity,
        await open_pool(database.role_urls["eraser"]) as eraser,
        await open_pool(database.role_urls["api"]) as api,
    ):
        vault = Vault(MASTER_KEY)
        await vault.create(identity, user)
        await vault.key(api, user)
        async with eraser.acquire() as connection, connection.transaction():
            await connection.execute("SELECT set_config('fintwin.user_id', $1, true)", str(user))
            assert await connection.execute("DELETE FROM vault.user_key") == "DELETE 1"
        await vault.key(api, user)
        now += 1.01
        with pytest.raises(KeyDestroyedError):
            await vault.key(api, user)


async def test_the_cache_is_bounded(database: Database) -> None:
    """A process that has met very many users does not keep all their keys."""
    async with (
        await open_pool(database.role_urls["identity"]) as identity,
        await open_pool(database.role_urls["api"]) as api,
    ):
        vault = Vault(MASTER_KEY, cached_max=3)
        for _ in range(6):
            user = uuid7()
            await vault.create(identity, user)
            await vault.key(api, user)
        assert len(vault._cache) == 3


def test_fingerprints() -> None:
    """A request's fingerprint depends on user and text, and on the master key alone otherwise."""
    anna, ben = uuid7(), uuid7()
    vault = Vault(MASTER_KEY)
    assert vault.fingerprint(anna, b"x") == Vault(MASTER_KEY).fingerprint(anna, b"x")
    assert len({vault.fingerprint(anna, b"x"), vault.fingerprint(ben, b"x"), vault.fingerprint(anna, b"y"),
                Vault(bytes(32)).fingerprint(anna, b"x")}) == 4  # fmt: skip
