"""The books for other programs: plain-text accounting in the forms of beancount and hledger.

One entry per transaction, in booking order, its lines those of `postings`: so an own transfer goes through ``transit``, and what
comes from outside through ``world``. At the end of each month in which an account moved stands its balance as an assertion,
computed here and checked by the program that reads it. The same log gives the same bytes.

Amounts are exact. Names and notes are in the journal only where somebody opens them (an owner's own export); otherwise accounts
are told by kind and id.

>>> from datetime import datetime, UTC
>>> from fintwin.domain.accounts import AccountOpened, Deposited
>>> at, account = datetime(2026, 1, 5, tzinfo=UTC), UUID(int=1)
>>> def event(position, what):
...     return Recorded(
...         shard=0, position=position, stream_kind=StreamKind.ACCOUNT, stream_id=account, version=position, user_id=account,
...         type=type(what).__name__, schema_version=1, transaction_id=UUID(int=position), effective_at=at, recorded_at=at,
...         event=what, metadata={},
...     )  # fmt: skip
>>> journal = Hledger()
>>> _ = journal.begin(), journal.take([event(1, AccountOpened(name="s1.x", kind="cash", currency="EUR"))])
>>> print(journal.take([event(2, Deposited(amount_minor=500, currency="EUR"))]), end="")
<BLANKLINE>
2026-01-05 (2) Deposited  ; transaction:00000000-0000-0000-0000-000000000002
    assets:cash:00000000-0000-0000-0000-000000000001    5.00 EUR
    equity:world:EUR    -5.00 EUR
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec

from fintwin.domain.accounts.events import AccountClosed, AccountOpened
from fintwin.domain.money import exponent, to_decimal
from fintwin.domain.postings import Posting, postings
from fintwin.domain.streams import Recorded, StreamKind

Open = Callable[[str, Recorded, str], str | None]
"""Opens a sealed text of an event's field, or gives None."""

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f;|]+")
_LIABILITY: Final = "loan"
_MONTHS: Final = 12


def closed(_sealed: str, _event: Recorded, _field: str) -> str | None:
    """Opens nothing."""
    return None


class _Account(msgspec.Struct):
    """What a journal remembers of an account: ``months`` is what moved, by year * 12 + month - 1."""

    kind: str = "checking"
    currency: str = ""
    first: date = date.max
    closed_on: date | None = None
    months: dict[int, int] = {}


class Journal(ABC):
    """See the module. The forms differ in how they write an entry, an account and an assertion."""

    media_type = "text/plain; charset=utf-8"

    def __init__(self, open_text: Open = closed) -> None:
        """``open_text``: for the owner's own export."""
        self._open = open_text
        self._accounts: dict[UUID | str, _Account] = {}

    @abstractmethod
    def begin(self) -> str:
        """The first lines."""

    def take(self, transaction: Sequence[Recorded]) -> str:
        """The entry of a transaction; empty where no money moved."""
        lines: list[Posting] = []
        for one in transaction:
            if one.stream_kind is not StreamKind.ACCOUNT:
                continue
            on = one.effective_at.date()
            if isinstance(one.event, AccountOpened):
                account = self._account(one.stream_id, one.event.currency, on)
                account.kind = one.event.kind
            elif isinstance(one.event, AccountClosed):
                self._accounts[one.stream_id].closed_on = on
            for line in postings(one.stream_id, one.event):
                self._move(line, on)
                lines.append(line)
        return self._entry(transaction, lines) if lines else ""

    def end(self) -> Iterator[str]:
        """Assertions and declarations, account by account."""
        for name, account in sorted(self._accounts.items(), key=lambda item: str(item[0])):
            balance_minor = 0
            for month, moved_minor in sorted(account.months.items()):
                balance_minor += moved_minor
                after = date((month + 1) // _MONTHS, (month + 1) % _MONTHS + 1, 1)
                if account.closed_on is None or after <= account.closed_on:
                    yield self._assertion(self._name(name), Posting(name, balance_minor, account.currency), after)
            yield self._declaration(self._name(name), account)

    def _account(self, name: UUID | str, currency: str, on: date) -> _Account:
        account = self._accounts.get(name)
        if account is None:
            account = self._accounts[name] = _Account(currency=currency, months={})
        account.first = min(account.first, on)
        return account

    def _move(self, line: Posting, on: date) -> None:
        months = self._account(line.account, line.currency, on).months
        month = on.year * _MONTHS + on.month - 1
        months[month] = months.get(month, 0) + line.amount_minor

    def _words(self, transaction: Sequence[Recorded]) -> tuple[str, str, str]:
        """What happened, who the other side is and what is noted, as far as it may be said."""
        event: Any = transaction[0].event
        party = getattr(event, "counterparty", None)
        sealed_name, note = getattr(party, "name", None), getattr(event, "note", None)
        name = self._open(sealed_name, transaction[0], "counterparty.name") if sealed_name else None
        text = self._open(note, transaction[0], "note") if note else None
        return transaction[0].type, _plain(name), _plain(text)

    @abstractmethod
    def _entry(self, transaction: Sequence[Recorded], lines: Sequence[Posting]) -> str:
        """One transaction."""

    @abstractmethod
    def _assertion(self, name: str, balance: Posting, after: date) -> str:
        """The balance at the end of the day before."""

    @abstractmethod
    def _declaration(self, name: str, account: _Account) -> str:
        """An account."""

    @abstractmethod
    def _name(self, account: UUID | str) -> str:
        """An account's name."""


class Hledger(Journal):
    """hledger's journal: `hledger -f books.journal check --strict`."""

    def begin(self) -> str:
        """The first lines."""
        return "; FinTwin\ndecimal-mark .\n"

    def end(self) -> Iterator[str]:
        """Assertions and declarations."""
        yield from super().end()
        for currency in sorted({account.currency for account in self._accounts.values()}):
            places = "0" * (exponent(currency) or 0)
            yield f"commodity 1000.{places} {currency}\n"

    def _entry(self, transaction: Sequence[Recorded], lines: Sequence[Posting]) -> str:
        first = transaction[0]
        kind, name, note = self._words(transaction)
        event: Any = first.event
        tags = {"transaction": str(first.transaction_id), "category": _plain(getattr(event, "category", None))}
        tags["reverses"] = str(getattr(event, "reverses", None) or "")
        tags["note"] = note
        told = ", ".join(f"{tag}:{value.replace(',', ' ')}" for tag, value in tags.items() if value)
        who = f" {name} |" if name else ""
        parts = [f"\n{first.effective_at.date()} ({first.position}){who} {kind}  ; {told}\n"]
        parts += [f"    {self._name(line.account)}    {_amount(line)}\n" for line in lines]
        return "".join(parts)

    def _assertion(self, name: str, balance: Posting, after: date) -> str:
        zero = _amount(balance._replace(amount_minor=0))
        return f"\n{after - timedelta(days=1)} balance\n    {name}    {zero} = {_amount(balance)}\n"

    def _declaration(self, name: str, account: _Account) -> str:
        del account
        return f"\naccount {name}\n"

    def _name(self, account: UUID | str) -> str:
        if isinstance(account, str):
            return f"equity:{account}"
        kind = self._accounts[account].kind
        return f"{'liabilities' if kind == _LIABILITY else 'assets'}:{kind}:{account}"


class Beancount(Journal):
    """beancount's ledger: `bean-check books.beancount`. Its balances are those at the beginning of a day."""

    def begin(self) -> str:
        """The first lines."""
        return 'option "title" "FinTwin"\n'

    def _entry(self, transaction: Sequence[Recorded], lines: Sequence[Posting]) -> str:
        first = transaction[0]
        kind, name, note = self._words(transaction)
        event: Any = first.event
        facts = {"transaction": str(first.transaction_id), "category": _plain(getattr(event, "category", None))}
        facts["reverses"] = str(getattr(event, "reverses", None) or "")
        payee = f'"{_quoted(name)}" ' if name else ""
        parts = [f'\n{first.effective_at.date()} * {payee}"{_quoted(note or kind)}"\n  position: {first.position}\n']
        parts += [f'  {fact}: "{_quoted(value)}"\n' for fact, value in facts.items() if value]
        parts += [f"  {self._name(line.account)}  {_amount(line)}\n" for line in lines]
        return "".join(parts)

    def _assertion(self, name: str, balance: Posting, after: date) -> str:
        amount = to_decimal(balance.amount_minor, balance.currency)
        return f"\n{after} balance {name}  {amount} ~ 0 {balance.currency}\n"

    def _declaration(self, name: str, account: _Account) -> str:
        opened = f"\n{account.first} open {name} {account.currency}\n"
        return opened + (f"{account.closed_on} close {name}\n" if account.closed_on else "")

    def _name(self, account: UUID | str) -> str:
        if isinstance(account, str):
            name, _, currency = account.partition(":")
            return f"Equity:{name.capitalize()}:{currency}"
        kind = self._accounts[account].kind
        return f"{'Liabilities' if kind == _LIABILITY else 'Assets'}:{kind.capitalize()}:{str(account).upper()}"


def _amount(line: Posting) -> str:
    return f"{to_decimal(line.amount_minor, line.currency)} {line.currency}"


def _plain(text: str | None) -> str:
    """One line without the signs that end a description."""
    return " ".join(_CONTROL.sub(" ", text).split()) if text else ""


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
