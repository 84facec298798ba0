"""Books a file: row after row in its order, each through the same rules as any other payment.

Rows go in chunks of one append; a chunk is answered before the next is sent, so the order of an account holds even where the
database is lost in between, and the same chunk sent again books nothing twice. After every row the ledger's balance is held
against the file's. A row that a rule refuses is reported and the others go on.

    importer = Importer(ledger, pool, mapping, PerAccount(owners))
    report = await importer.run(path, strict=False)
    report.booked, report.repeated, report.bad.count, report.mismatches.count
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import islice
from typing import Literal, NamedTuple
from uuid import UUID

from fintwin.domain.refusals import Refusal
from fintwin.ledger.importing.current import current_keys
from fintwin.ledger.importing.keys import RowKey, RowKeys
from fintwin.ledger.importing.mapping import Mapping
from fintwin.ledger.importing.opening import ImportRefusedError, Ownership, Place, Placing
from fintwin.ledger.importing.parsing import BadRow, Row
from fintwin.ledger.importing.reading import Source, rows
from fintwin.ledger.importing.sending import CHUNK_ROWS, send_in_order
from fintwin.ledger.importing.survey import STEP_BACK, Findings, Mismatch, Survey, survey_file
from fintwin.ledger.ledger import Ledger, Request
from fintwin.ledger.movements import Movement
from fintwin.ledger.submission import Outcome, Receipt, Replay
from fintwin.store.connect import Pool

Step = Literal["survey", "planned", "rows"]
Watcher = Callable[[Step, int], None]
"""Told how far the importer is: bytes looked through, then the number of rows there are, then rows booked."""


class Unexpected(NamedTuple):
    """The file begins an account with another balance than the ledger has there."""

    account: str
    currency: str
    line: int
    told_minor: int
    start_minor: int


class Report:
    """What became of a file."""

    def __init__(self, survey: Survey) -> None:
        """Nothing is booked yet."""
        self.survey = survey
        self.rows = 0
        self.booked = 0
        self.repeated = 0
        """Rows that an earlier import had booked."""
        self.empty = 0
        """Rows of amount zero."""
        self.other_halves = 0
        """Rows that tell the receiving side of a transfer, which its paying side has booked."""
        self.compared = 0
        """Balances of the file that were held against the ledger's."""
        self.accounts_opened = 0
        self.overdrafts = 0
        self.bad: Findings[BadRow] = Findings()
        self.mismatches: Findings[Mismatch] = Findings()
        self.unexpected: Findings[Unexpected] = Findings()


class StrictError(Exception):
    """Something is wrong with the file and the import is a strict one: nothing was booked."""

    def __init__(self, report: Report) -> None:
        """``report`` holds what is wrong."""
        super().__init__("The file is not in order.")
        self.report = report


class Planned(NamedTuple):
    """A row on its way into the ledger; ``movement`` None where there is nothing to book for it."""

    row: Row
    place: Place
    key: RowKey
    movement: Movement | None


class Importer:
    """Imports files of one mapping for one kind of owners."""

    def __init__(
        self,
        ledger: Ledger,
        pool: Pool,
        mapping: Mapping,
        ownership: Ownership,
        watcher: Watcher | None = None,
        import_id: UUID | None = None,
    ) -> None:
        """``pool`` is the api role's. ``import_id`` marks what is booked, so that it can be found and taken back."""
        self._ledger = ledger
        self._pool = pool
        self._mapping = mapping
        self._placing = Placing(ledger, pool, mapping, ownership, import_id)
        self._watch = watcher or (lambda _step, _done: None)
        # Only who can take an import back can have to book it again.
        self._again = import_id is not None
        self._balances_minor: dict[UUID, int] = {}

    async def run(self, source: Source, *, strict: bool = False) -> Report:
        """Import a file.

        Raises:
            HeaderError: the file and the mapping do not fit each other.
            ImportRefusedError: the accounts are not such that the file can go there.
            StrictError: ``strict``, and something is wrong with the file. In all three cases no row was booked.
            LedgerBusyError, OutcomeUnknownError: the database was lost; the same import goes on where it ended.
        """
        report, places = await self.look(source)
        survey = report.survey
        if strict and (survey.bad.count or survey.mismatches.count or report.unexpected.count):
            raise StrictError(report)
        limits = {name: place.limit_minor for name, place in places.items()}
        report.accounts_opened = await self._placing.open_missing(survey, places)
        report.overdrafts = sum(place.limit_minor != limits[name] for name, place in places.items())
        await self._book_openings(survey, places)
        await self._book_rows(source, places, report)
        return report

    def _compare_starts(self, report: Report, places: dict[str, Place]) -> None:
        for name, place in places.items():
            account = report.survey.accounts[name]
            told_minor = account.opening_told_minor
            if told_minor is not None and told_minor != place.start_minor:
                line = account.first.line
                report.unexpected.add(Unexpected(name, account.currency, line, told_minor, place.start_minor))

    async def _book_openings(self, survey: Survey, places: dict[str, Place]) -> None:
        """What the accounts had before the file begins, where the mapping says that it is to be taken over."""
        items = []
        for name, place in places.items():
            self._balances_minor[_account_id(place)] = place.start_minor + place.later_minor
            if place.opening_minor == 0:
                continue
            first = survey.accounts[name].first
            text = f"import:{self._mapping.name}:{name}:opening"
            key = RowKey(text, text.encode())
            if self._again:
                key = (await current_keys(self._ledger, self._pool, place.user_id, [key]))[0].key
            request = Request(user_id=place.user_id, key=key.key, body=key.body, metadata=self._placing.metadata)
            movement = Movement(
                kind="deposit" if place.opening_minor > 0 else "withdrawal",
                account_id=_account_id(place),
                amount_minor=abs(place.opening_minor),
                currency=first.currency,
                category="opening_balance",
                effective_at=first.effective_at,
                date_only=first.date_only,
            )
            items.append((request, movement))
        for outcome in await send_in_order(self._ledger, items):
            if isinstance(outcome, Refusal):
                msg = f"An opening balance could not be booked: {outcome.detail}"
                raise ImportRefusedError(msg)

    async def _book_rows(self, file: Source, places: dict[str, Place], report: Report) -> None:
        planned = self.planned(file, places, report)
        # Reading the next rows in a thread leaves this one to the ledger, and the machine's other core to the database.
        while chunk := await asyncio.to_thread(lambda: list(islice(planned, CHUNK_ROWS))):
            if self._again:
                chunk = await self._with_current_keys(chunk)
            items = [(self._request(one), one.movement) for one in chunk if one.movement is not None]
            outcomes = await send_in_order(self._ledger, items)
            answers = iter(outcomes)
            for one in chunk:
                self._settle(one, None if one.movement is None else next(answers), places, report)
            self._watch("rows", report.rows)

    async def _with_current_keys(self, chunk: list[Planned]) -> list[Planned]:
        user_id = chunk[0].place.user_id
        assert all(one.place.user_id == user_id for one in chunk), "an import that can be taken back has one owner"
        found = await current_keys(self._ledger, self._pool, user_id, [one.key for one in chunk])
        return [one._replace(key=current.key) for one, current in zip(chunk, found, strict=True)]

    def _request(self, one: Planned) -> Request:
        metadata = self._placing.metadata | {"line": one.row.line}
        return Request(user_id=one.place.user_id, key=one.key.key, body=one.key.body, metadata=metadata)

    async def look(self, source: Source) -> tuple[Report, dict[str, Place]]:
        """The survey of a file and where it would go. Books nothing; raises as `run` does."""
        survey = await asyncio.to_thread(survey_file, source, self._mapping, lambda done: self._watch("survey", done))
        report = Report(survey)
        self._watch("planned", survey.rows)
        places = await self._placing.look_up(survey)
        self._compare_starts(report, places)
        return report, places

    def planned(self, source: Source, places: dict[str, Place], report: Report) -> Iterator[Planned]:
        """The rows as they are to be booked; those that cannot be read go into the report."""
        keys = RowKeys(self._mapping.name)
        last_at: dict[str, datetime] = {}
        for row in rows(source, self._mapping):
            report.rows += 1
            if isinstance(row, BadRow):
                report.bad.add(row)
                continue
            if row.effective_at < last_at.setdefault(row.account, row.effective_at):
                report.bad.add(BadRow(row.line, STEP_BACK))
                continue
            last_at[row.account] = row.effective_at
            key, place = keys.of(row), places.get(row.account)
            if place is None:
                report.bad.add(BadRow(row.line, "the file was changed while it was read"))
                continue
            yield Planned(row, place, key, self._movement(row, place, places))

    def _movement(self, row: Row, place: Place, places: dict[str, Place]) -> Movement | None:
        if row.amount_minor == 0:
            return None
        other = _other_side(row, places)
        if other is not None and row.amount_minor > 0:
            return None
        kind: Literal["deposit", "withdrawal", "transfer"] = "deposit" if row.amount_minor > 0 else "withdrawal"
        return Movement(
            kind="transfer" if other is not None else kind,
            account_id=_account_id(place),
            to_account=None if other is None else other.account_id,
            amount_minor=abs(row.amount_minor),
            currency=row.currency,
            note=row.note,
            category=row.category,
            counterparty=None if other is not None else row.party,
            effective_at=row.effective_at,
            date_only=row.date_only,
        )

    def _settle(self, one: Planned, outcome: Outcome | None, places: dict[str, Place], report: Report) -> None:
        row, account_id = one.row, _account_id(one.place)
        balances_minor = self._balances_minor
        match outcome:
            case None:
                report.empty += row.amount_minor == 0
                report.other_halves += row.amount_minor != 0
            case Receipt():
                report.booked += 1
                for booked in outcome.booked:
                    if booked.own and booked.balance_minor is not None:
                        balances_minor[booked.change.stream.id] = booked.balance_minor
                    else:
                        balances_minor[booked.change.stream.id] -= row.amount_minor
            case Replay():
                report.repeated += 1
                assert outcome.balance_minor is not None, "a row moves money"
                balances_minor[account_id] = outcome.balance_minor
                if (other := _other_side(row, places)) is not None:
                    balances_minor[_account_id(other)] -= row.amount_minor
            case Refusal():
                report.bad.add(BadRow(row.line, f"refused ({outcome.code}): {outcome.detail}"))
        if row.balance_minor is not None:
            report.compared += 1
            expected_minor = balances_minor[account_id] - one.place.counting_after(row.effective_at)
            if expected_minor != row.balance_minor:
                report.mismatches.add(Mismatch(row, expected_minor))


def _account_id(place: Place) -> UUID:
    assert place.account_id is not None, "the accounts are opened before rows are booked"
    return place.account_id


def _other_side(row: Row, places: dict[str, Place]) -> Place | None:
    """The other account of a transfer inside the file."""
    if not row.transfer or row.party is None or row.party.account is None or row.party.account == row.account:
        return None
    return places.get(row.party.account)
