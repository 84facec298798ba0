"""The books as a table: one row per posting, as CSV or as Parquet.

``balance_after`` is the account's balance in booking order; lines of ``world`` and ``transit`` have none. CSV has decimals,
Parquet whole minor units with the number of decimals beside them.

    table = CsvTable()
    table.begin(); table.take(transaction); table.end()
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO, Final, NamedTuple
from uuid import UUID

from fintwin.domain.money import exponent, to_decimal
from fintwin.domain.postings import postings
from fintwin.domain.streams import Recorded, StreamKind

GROUP_ROWS: Final = 50_000
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


class PostingRow(NamedTuple):
    """One line of the books."""

    position: int
    transaction_id: str
    user_id: str
    effective_at: Any
    recorded_at: Any
    type: str
    account: str
    currency: str
    decimals: int
    amount_minor: int
    balance_after_minor: int | None
    category: str | None
    reverses: str | None


class PostingRows:
    """Makes the rows, and keeps each account's balance on the way."""

    def __init__(self) -> None:
        """No account has anything yet."""
        self._balances_minor: dict[UUID, int] = {}

    def of(self, transaction: Sequence[Recorded]) -> Iterator[PostingRow]:
        """The rows of one transaction."""
        for one in transaction:
            if one.stream_kind is not StreamKind.ACCOUNT:
                continue
            event: Any = one.event
            for line in postings(one.stream_id, event):
                after = None
                if isinstance(line.account, UUID):
                    after = self._balances_minor.get(line.account, 0) + line.amount_minor
                    self._balances_minor[line.account] = after
                yield PostingRow(
                    one.position,
                    str(one.transaction_id),
                    str(one.user_id),
                    one.effective_at,
                    one.recorded_at,
                    one.type,
                    str(line.account),
                    line.currency,
                    exponent(line.currency) or 0,
                    line.amount_minor,
                    after,
                    getattr(event, "category", None),
                    None if event.reverses is None else str(event.reverses),
                )


class CsvTable:
    """CSV with a line of names; texts that a spreadsheet would take for a formula begin with an apostrophe."""

    media_type = "text/csv; charset=utf-8"

    def __init__(self) -> None:
        """Nothing is written yet."""
        self._rows = PostingRows()

    def begin(self) -> str:
        """The names of the columns."""
        names = [name.removesuffix("_minor") for name in PostingRow._fields if name != "decimals"]
        return _line(names)

    def take(self, transaction: Sequence[Recorded]) -> str:
        """The lines of a transaction."""
        return "".join(_line(_cells(row)) for row in self._rows.of(transaction))

    def end(self) -> Iterator[str]:
        """Nothing."""
        yield from ()


class ParquetTable:
    """Parquet through pyarrow, which is there with ``fintwin[parquet]``; raises ImportError without it."""

    def __init__(self, target: BinaryIO) -> None:
        """``target``: where the file goes."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        time, text = pa.timestamp("us", tz="UTC"), pa.string()
        kinds = {"effective_at": time, "recorded_at": time, "decimals": pa.int8()}
        kinds |= dict.fromkeys(("position", "amount_minor", "balance_after_minor"), pa.int64())
        self._schema = pa.schema([(name, kinds.get(name, text)) for name in PostingRow._fields])
        self._batch = pa.RecordBatch
        self._writer = pq.ParquetWriter(target, self._schema, compression="zstd")
        self._rows = PostingRows()
        self._waiting: list[PostingRow] = []

    def take(self, transaction: Sequence[Recorded]) -> None:
        """Take in a transaction."""
        self._waiting += self._rows.of(transaction)
        if len(self._waiting) >= GROUP_ROWS:
            self._write()

    def end(self) -> None:
        """Write what is left, and the footer."""
        self._write()
        self._writer.close()

    def _write(self) -> None:
        columns = [list(column) for column in zip(*self._waiting, strict=True)] or [[] for _ in PostingRow._fields]
        self._writer.write_batch(
            self._batch.from_pydict(dict(zip(PostingRow._fields, columns, strict=True)), self._schema)
        )
        self._waiting = []


def _cells(row: PostingRow) -> list[Any]:
    cells: list[Any] = []
    for name, value in zip(PostingRow._fields, row, strict=True):
        if name == "decimals":
            continue
        if value is None:
            cells.append("")
        elif name.endswith("_minor"):
            cells.append(to_decimal(value, row.currency))
        elif name.endswith("_at"):
            cells.append(value.isoformat())
        else:
            cells.append(f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value)
    return cells


def _line(cells: Sequence[Any]) -> str:
    target = io.StringIO()
    csv.writer(target, lineterminator="\n").writerow(cells)
    return target.getvalue()
