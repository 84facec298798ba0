"""How `fintwin replay` shows a history: a table for people; JSON, lines of JSON and CSV for programs.

writer = WRITERS["csv"]()
writer.begin()
writer.entry(entry)
writer.end(states)
"""

import csv
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fintwin.audit.history import Entry

COLUMNS = (
    "position", "stream", "stream_id", "version", "recorded_at", "effective_at", "type", "amount", "currency", "balance",
    "transaction_id",
)  # fmt: skip


def as_json(value: Any) -> str:
    """One line."""
    import msgspec

    return msgspec.json.encode(value).decode()


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


class Table:
    """Columns for people. The other formats have the same three methods."""

    def begin(self) -> None:
        """The title."""
        self._line("position", "recorded (UTC)", "effective", "event", "amount", "balance", "", "transaction")

    def entry(self, one: "Entry") -> None:
        """One event."""
        self._line(
            one.position, f"{one.recorded_at:%Y-%m-%d %H:%M:%S}", f"{one.effective_at:%Y-%m-%d}", one.type,
            one.amount or "", one.balance or "", one.currency or "", one.transaction_id,
        )  # fmt: skip

    def end(self, states: dict[str, dict[str, Any]]) -> None:
        """The states."""
        for stream, fields in states.items():
            _say(f"\n{stream}")
            for field, value in fields.items():
                if value not in (None, [], {}) and not str(value).startswith("s1."):
                    _say(f"  {field}: {value}")

    def _line(self, *cells: Any) -> None:
        position, recorded_at, effective_at, kind, amount, balance, currency, transaction = cells
        _say(
            f"{position:>9} {recorded_at:<19} {effective_at:<10} {kind:<20} {amount:>17} {balance:>17} {currency:<3} "
            f"{transaction}"
        )


class Json(Table):
    """One document."""

    def begin(self) -> None:
        """The document's beginning."""
        self._before = ""
        sys.stdout.write('{"events": [')

    def entry(self, one: "Entry") -> None:
        """One event."""
        sys.stdout.write(f"{self._before}\n{as_json(one)}")
        self._before = ","

    def end(self, states: dict[str, dict[str, Any]]) -> None:
        """The states."""
        _say(f'\n], "states": {as_json(states)}}}')


class Lines(Table):
    """A document per event, then one per state."""

    def begin(self) -> None:
        """Nothing."""

    def entry(self, one: "Entry") -> None:
        """One event."""
        _say(as_json(one))

    def end(self, states: dict[str, dict[str, Any]]) -> None:
        """The states."""
        for stream, fields in states.items():
            _say(as_json({"state_of": stream} | fields))


class Csv(Table):
    """The events alone."""

    def begin(self) -> None:
        """The names of the columns."""
        self._writer = csv.writer(sys.stdout, lineterminator="\n")
        self._writer.writerow(COLUMNS)

    def entry(self, one: "Entry") -> None:
        """One event."""
        times = {"recorded_at": one.recorded_at.isoformat(), "effective_at": one.effective_at.isoformat()}
        self._writer.writerow([times.get(name, getattr(one, name)) for name in COLUMNS])

    def end(self, states: dict[str, dict[str, Any]]) -> None:
        """Nothing."""


WRITERS = {"table": Table, "json": Json, "ndjson": Lines, "csv": Csv}
