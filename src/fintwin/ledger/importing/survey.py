"""The first look through a file, before anything is written: which accounts it is about, and what is wrong with it.

The balance of an account is followed from row to row. That gives the deepest point (the overdraft the bank must have
allowed), the balance that the file begins with, and every place where the file's own figures do not add up.

    survey = survey_file(Path("transactions.csv"), mapping)
    survey.rows, survey.bad.count, [account.name for account in survey.accounts.values()]
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Generic, TypeVar

from fintwin.ledger.importing.keys import RowKey, RowKeys
from fintwin.ledger.importing.mapping import Mapping
from fintwin.ledger.importing.parsing import BadRow, Row
from fintwin.ledger.importing.reading import Progress, Source, rows

T = TypeVar("T")

STEP_BACK = "the date lies before that of the account's row before it"
KEPT_MAX = 1000
"""How many findings of a kind are kept to be shown; all are counted."""


class Findings(Generic[T]):
    """Counts all, keeps the first ones."""

    def __init__(self) -> None:
        """None yet."""
        self.count = 0
        self.first: list[T] = []

    def add(self, finding: T) -> None:
        """One more."""
        self.count += 1
        if len(self.first) < KEPT_MAX:
            self.first.append(finding)

    def __iter__(self) -> Iterator[T]:
        """Those kept."""
        return iter(self.first)


class AccountSurvey:
    """What the file says of one account. Sums count from zero at the account's first row."""

    __slots__ = (
        "currency", "first", "first_key", "last_at", "lowest_minor", "lowest_told_minor", "name", "opening_told_minor",
        "rows", "sum_minor",
    )  # fmt: skip

    def __init__(self, first: Row, key: RowKey) -> None:
        self.name = first.account
        self.currency = first.currency
        self.first = first
        self.first_key = key
        self.rows = 0
        self.last_at: datetime = first.effective_at
        self.sum_minor = 0
        self.lowest_minor = 0
        self.lowest_told_minor: int | None = None
        self.opening_told_minor: int | None = None

    def overdraft_minor(self, start_minor: int) -> int:
        """How far below zero the account goes when the rows follow a balance of ``start_minor``."""
        lowest = min(start_minor, start_minor + self.lowest_minor, self.lowest_told_minor or 0)
        return max(0, -lowest)


class Mismatch:
    """A balance of the file that is not what the rows before it make."""

    __slots__ = ("account", "currency", "expected_minor", "line", "told_minor")

    def __init__(self, row: Row, expected_minor: int) -> None:
        assert row.balance_minor is not None, "only a row that tells a balance can contradict it"
        self.line = row.line
        self.account = row.account
        self.currency = row.currency
        self.told_minor = row.balance_minor
        self.expected_minor = expected_minor


class Survey:
    """The whole file at a glance."""

    def __init__(self) -> None:
        """Nothing seen yet."""
        self.rows = 0
        self.accounts: dict[str, AccountSurvey] = {}
        self.bad: Findings[BadRow] = Findings()
        self.mismatches: Findings[Mismatch] = Findings()
        self.steps_back = 0
        self.steps_on = 0

    @property
    def runs_backwards(self) -> bool:
        """Whether the file seems to be in the other order than its mapping says."""
        return self.steps_back > self.steps_on

    def look_at(self, row: Row | BadRow, keys: RowKeys) -> None:
        """Take the next row into account."""
        self.rows += 1
        if isinstance(row, BadRow):
            self.bad.add(row)
            return
        account = self.accounts.get(row.account)
        if account is not None and row.effective_at < account.last_at and row.currency == account.currency:
            self.steps_back += 1
            self.bad.add(BadRow(row.line, STEP_BACK))
            return
        key = keys.of(row)
        if account is None:
            account = self.accounts[row.account] = AccountSurvey(row, key)
        if row.currency != account.currency:
            self.bad.add(BadRow(row.line, f"the account is kept in {account.currency}, not in {row.currency}"))
            return
        self.steps_on += row.effective_at > account.last_at
        account.last_at = row.effective_at
        account.rows += 1
        account.sum_minor += row.amount_minor
        account.lowest_minor = min(account.lowest_minor, account.sum_minor)
        if row.balance_minor is not None:
            self._compare(account, row, row.balance_minor)

    def _compare(self, account: AccountSurvey, row: Row, told_minor: int) -> None:
        lowest = account.lowest_told_minor
        account.lowest_told_minor = told_minor if lowest is None else min(lowest, told_minor)
        if account.opening_told_minor is None:
            account.opening_told_minor = told_minor - account.sum_minor
        expected_minor = account.opening_told_minor + account.sum_minor
        if expected_minor != told_minor:
            self.mismatches.add(Mismatch(row, expected_minor))


def survey_file(source: Source, mapping: Mapping, progress: Progress | None = None) -> Survey:
    """Look through the whole file. Raises `HeaderError` and `OSError`."""
    survey, keys = Survey(), RowKeys(mapping.name)
    for row in rows(source, mapping, progress):
        survey.look_at(row, keys)
    return survey
