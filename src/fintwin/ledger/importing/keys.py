"""Under which idempotency key each row is booked, so that a file imported twice adds nothing.

Where the file names its transactions, the name is the key. Elsewhere the row's own content is, together with how many equal
rows of that account and moment came before: two equal coffees on one day are two, and the same export read again is the same
two. Category and balance are no part of it: a better mapping of categories does not make old rows new.

>>> from datetime import UTC, datetime
>>> coffee = Row(
...     line=2,
...     account="7",
...     effective_at=datetime(2024, 1, 5, tzinfo=UTC),
...     date_only=True,
...     amount_minor=-350,
...     currency="EUR",
... )
>>> keys = RowKeys("my-bank")
>>> first, second = keys.of(coffee), keys.of(coffee)
>>> first == second, first == RowKeys("my-bank").of(coffee)
(False, True)
"""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from typing import NamedTuple

import msgspec

from fintwin.ledger.importing.parsing import Row

_encoder = msgspec.json.Encoder()


class RowKey(NamedTuple):
    """An idempotency key and what an equal request must equal."""

    key: str
    body: bytes


class RowKeys:
    """Gives the rows of one file their keys, in the order of the file."""

    def __init__(self, mapping_name: str) -> None:
        """``mapping_name``: what keeps the files of different banks apart."""
        self._prefix = f"import:{mapping_name}"
        self._moment: dict[str, datetime] = {}
        self._seen: dict[str, dict[bytes, int]] = {}

    def of(self, row: Row) -> RowKey:
        """The key of the next row."""
        content = _encoder.encode(
            (row.account, row.effective_at, row.amount_minor, row.currency, row.note, row.party, row.transfer)
        )
        if row.id is not None:
            return RowKey(f"{self._prefix}:{row.account}:id:{row.id}", content)
        digest = sha256(content).digest()
        # Equal rows share their moment, so only those of the account's present one need to be remembered.
        if self._moment.get(row.account) != row.effective_at:
            self._moment[row.account] = row.effective_at
            self._seen[row.account] = {}
        seen = self._seen[row.account]
        occurrence = seen[digest] = seen.get(digest, 0) + 1
        return RowKey(f"{self._prefix}:{row.account}:row:{digest.hex()}:{occurrence}", content)
