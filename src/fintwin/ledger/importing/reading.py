"""A file's lines as rows, one at a time, forwards or backwards.

A row that cannot be read is a `BadRow` with its line and a reason; it never ends the reading. The file is never held in
memory: going forwards only the present line is, going backwards (a file from newest to oldest) the place of every line is
as well, 8 bytes each.

    for row in rows(Path("transactions.csv"), mapping):
        print(row.line, row.amount_minor if isinstance(row, Row) else row.reason)
"""

from __future__ import annotations

import csv
from array import array
from collections.abc import Callable, Iterable, Iterator
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from fintwin.ledger.importing.mapping import Column, Format, Mapping
from fintwin.ledger.importing.parsing import BadRow, Row, RowParser

Progress = Callable[[int], None]
"""Told how many bytes of the file have been read."""


Source = Path | bytes
"""A file, or the whole of a small one."""
LINE_BYTES_MAX: Final = 1 << 20
"""Something without ends of lines is no table, and must not fill the memory."""


class HeaderError(Exception):
    """The file's headings are not those of the mapping, or it has none; one sentence says which."""


class _Lines:
    """The lines of a file as text, counted. Bytes that are no text of the encoding become lone surrogates."""

    __slots__ = ("_encoding", "_file", "bytes_read", "number")

    def __init__(self, file: BinaryIO, encoding: str) -> None:
        self._file = file
        self._encoding = encoding
        self.number = 0
        self.bytes_read = 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        raw = self._file.readline(LINE_BYTES_MAX)
        if not raw:
            raise StopIteration
        # Only the first line can have a byte order mark; decoding each line alone would look for one everywhere.
        encoding = "utf-8" if self.number and self._encoding == "utf-8-sig" else self._encoding
        self.number += 1
        self.bytes_read += len(raw)
        return raw.decode(encoding, "surrogateescape")


def rows(source: Source, mapping: Mapping, progress: Progress | None = None) -> Iterator[Row | BadRow]:
    """The rows of a file from oldest to newest. Raises `HeaderError` and `OSError`."""
    with source.open("rb") if isinstance(source, Path) else BytesIO(source) as file:
        lines = _Lines(file, mapping.file.encoding)
        for _ in range(mapping.file.skip_lines):
            next(lines, None)
        heading = _heading(lines, mapping)
        parser = RowParser(mapping, heading)
        if mapping.file.order == "oldest-first":
            yield from _forwards(lines, mapping.file, parser, progress)
        else:
            yield from _backwards(file, lines, mapping.file, parser, progress)


def _forwards(lines: _Lines, layout: Format, parser: RowParser, progress: Progress | None) -> Iterator[Row | BadRow]:
    for line, cells in _records(lines, layout):
        if progress is not None:
            progress(lines.bytes_read)
        if isinstance(cells, str):
            yield BadRow(line, cells)
        elif any(cells):
            yield parser.parse(line, cells)


def _backwards(
    file: BinaryIO, lines: _Lines, layout: Format, parser: RowParser, progress: Progress | None
) -> Iterator[Row | BadRow]:
    starts = array("Q", [lines.bytes_read])
    numbers = array("L")
    for line, _ in _records(lines, layout):
        numbers.append(line)
        starts.append(lines.bytes_read)
    for index in range(len(numbers) - 1, -1, -1):
        file.seek(starts[index])
        raw = file.read(starts[index + 1] - starts[index])
        if progress is not None:
            progress(starts[-1] - starts[index])
        text = raw.decode(layout.encoding, "surrogateescape")
        for _, cells in _records(iter(text.splitlines(keepends=True)), layout):
            if isinstance(cells, str):
                yield BadRow(numbers[index], cells)
            elif any(cells):
                yield parser.parse(numbers[index], cells)


def _records(lines: Iterable[str], layout: Format) -> Iterator[tuple[int, list[str] | str]]:
    """Each record with the number of its first line; in the place of cells a reason where there are none."""
    reader = csv.reader(lines, delimiter=layout.delimiter, quotechar=layout.quote, strict=True)
    before = lines.number if isinstance(lines, _Lines) else 0
    while True:
        line = before + reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield line, f"the line is no CSV: {error}"
        else:
            yield line, cells


def _heading(lines: _Lines, mapping: Mapping) -> dict[Column, int]:
    """Where each column of the mapping is."""
    wanted = list(_columns(mapping))
    if not mapping.file.header:
        if named := [column for column in wanted if isinstance(column, str)]:
            msg = f"The file has no headings, so the mapping has to give {named[0]!r} by its number, from 1."
            raise HeaderError(msg)
        return {column: column - 1 for column in wanted if isinstance(column, int)}
    found = next(_records(lines, mapping.file), None)
    if found is None or isinstance(found[1], str):
        msg = "The file has no line of headings."
        raise HeaderError(msg)
    names = [name.strip() for name in found[1]]
    places: dict[Column, int] = {}
    for column in wanted:
        if isinstance(column, int):
            places[column] = column - 1
        elif column in names:
            places[column] = names.index(column)
        else:
            msg = f"The file has no column {column!r}; it has {', '.join(map(repr, names))}."
            raise HeaderError(msg)
    return places


def _columns(mapping: Mapping) -> Iterator[Column]:
    columns = mapping.columns
    for value in msgspec.structs.astuple(columns):
        if isinstance(value, tuple):
            yield from value
        elif value is not None:
            yield value
    if mapping.direction is not None:
        yield mapping.direction.column
    yield from mapping.category
