"""Small files and mappings for the tests of the importer, and the services that book them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

from fintwin.bootstrap import Services, open_services
from fintwin.domain.accounts import AccountState
from fintwin.domain.streams import Recorded, StreamKey, StreamKind
from fintwin.ledger.importing.booking import Importer, Report
from fintwin.ledger.importing.mapping import Mapping, read_mapping
from fintwin.ledger.importing.opening import OneOwner, Ownership, PerAccount
from fintwin.ledger.importing.parsing import BadRow, Row
from fintwin.ledger.importing.reading import Source, rows
from fintwin.settings import Settings, load
from fintwin.store import read
from tests.conftest import Database

DOCS = Path(__file__).parents[2] / "docs"

SIMPLE = """
name = "my-bank"
currency = "EUR"
[columns]
account = "account"
date = "date"
amount = "amount"
balance = "balance"
note = "note"
"""
HEADING = "account,date,amount,balance,note\n"


def mapping_of(text: str = SIMPLE, **changes: str) -> Mapping:
    """A mapping from its text, with lines put in front."""
    lines = "".join(f"{name} = {value}\n" for name, value in changes.items())
    return read_mapping(lines + text)


def write(folder: Path, text: str | bytes, heading: str = HEADING) -> Path:
    """A file to import."""
    path = folder / "file.csv"
    path.write_bytes(text if isinstance(text, bytes) else (heading + text).encode())
    return path


def read_rows(path: Source, mapping: Mapping) -> tuple[list[Row], list[BadRow]]:
    """All rows of a file, good and bad."""
    found = list(rows(path, mapping))
    return [one for one in found if isinstance(one, Row)], [one for one in found if isinstance(one, BadRow)]


def settings_of(database: Database) -> Settings:
    """The settings of a service on this database."""
    urls = {f"FINTWIN_{role.upper()}_DATABASE_URL": url for role, url in database.role_urls.items()}
    urls["DATABASE_URL"] = urls.pop("FINTWIN_API_DATABASE_URL")
    return load(database.servers.environment() | urls)


class Desk:
    """Imports files as one process does."""

    def __init__(self, services: Services) -> None:
        self.services = services

    @property
    def per_account(self) -> PerAccount:
        """A user for each account of the file."""
        return PerAccount(self.services.identity)

    @property
    def one_owner(self) -> OneOwner:
        """One user for the whole file."""
        return OneOwner(self.services.identity)

    async def run(
        self, path: Path, mapping: Mapping, ownership: Ownership | None = None, *, strict: bool = False
    ) -> Report:
        """Import a file, for a user per account where nothing else is said."""
        pool = self.services.pools["api"]
        importer = Importer(self.services.ledger, pool, mapping, ownership or self.per_account)
        return await importer.run(path, strict=strict)

    async def user(self, subject: str) -> UUID:
        """The user of an imported account (``mapping:account``) or of a whole import (``mapping``)."""
        return (await self.services.identity.users_of("import", [subject]))[0]

    async def events(self, user_id: UUID) -> list[Recorded]:
        """Everything that is recorded of a user."""
        return [one async for one in read.history(self.services.pools["api"], user_id)]

    async def account(self, user_id: UUID, account_id: UUID | None = None) -> AccountState:
        """An account as it is now; the main one where no other is named."""
        stream = StreamKey(StreamKind.ACCOUNT, account_id or user_id)
        head = await read.one_head(self.services.pools["api"], user_id, stream)
        assert head is not None
        assert isinstance(head.state, AccountState)
        return head.state

    async def position(self) -> int:
        """The end of the log."""
        found: int = await self.services.pools["api"].fetchval("SELECT position FROM log.log_head")
        return found


@asynccontextmanager
async def open_desk(database: Database) -> AsyncIterator[Desk]:
    """A desk over a database."""
    async with open_services(settings_of(database)) as services:
        yield Desk(services)
