"""The real transactions as flows, read once; where the data is missing the tests that need it say so."""

import csv
import datetime as dt
from collections import defaultdict
from functools import cache
from pathlib import Path
from uuid import NAMESPACE_OID, UUID, uuid5

import msgspec
import pytest

from fintwin.twin.flows import Flow

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "data" / "berka"
NO_COUNTERPARTY = ("", "0")
needs_berka = pytest.mark.skipif(not FOLDER.exists(), reason="the real transactions are not beside this checkout")


class Order(msgspec.Struct, frozen=True):
    """A standing order as the bank had it."""

    account: str
    payee_ref: str
    amount_minor: int


def account_uuid(account: str) -> UUID:
    return uuid5(NAMESPACE_OID, f"account:{account}")


@cache
def flows_by_account() -> dict[str, list[Flow]]:
    """Every transaction as it is posted, in booking order, by account."""
    accounts: dict[str, list[Flow]] = defaultdict(list)
    with (FOLDER / "transactions.csv").open(encoding="utf-8", newline="") as file:
        for position, row in enumerate(csv.DictReader(file, delimiter=";"), start=1):
            named = row["account"] not in NO_COUNTERPARTY
            accounts[row["account_id"]].append(
                Flow(
                    position=position,
                    transaction_id=UUID(int=position),
                    on=dt.date.fromisoformat(row["date"]),
                    amount_minor=round(float(row["posted_amount"]) * 100),
                    kind=row["operation"] or "bank",
                    account_id=account_uuid(row["account_id"]),
                    category=row["k_symbol"] or None,
                    payee_ref=f"{row['bank']}/{row['account']}" if named else None,
                )
            )
    return dict(accounts)


@cache
def orders() -> list[Order]:
    """The bank's own list of standing orders."""
    with (FOLDER / "orders.csv").open(encoding="utf-8", newline="") as file:
        return [
            Order(row["account_id"], f"{row['bank_to']}/{row['account_to']}", round(float(row["amount"]) * 100))
            for row in csv.DictReader(file, delimiter=";")
        ]
