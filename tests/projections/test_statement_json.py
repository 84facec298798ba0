import datetime as dt
import json
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given, settings

from fintwin.domain.money import exponent, to_decimal
from fintwin.domain.sealed import taken_apart
from fintwin.domain.streams import Recorded
from fintwin.projections.model import fold_all
from fintwin.projections.statement_json import pieces, seen_from, told
from fintwin.projections.statements import MODEL, STATEMENT, Statement
from tests.projections.histories import histories


def opened(places: list[bytes], sealed: list[bytes]) -> list[bytes]:
    """Fills holes with what is in them."""
    return [
        json.dumps([*place.decode().split("|", 2), text.decode()]).encode()
        for place, text in zip(places, sealed, strict=True)
    ]


def sealed(field: str, account: UUID | None, text: str | None) -> list[str] | None:
    """What a hole of a sealed text must say."""
    return None if text is None or account is None else [field, account.hex, *taken_apart(text)]


def balance(row: Statement, account: UUID | None) -> Decimal:
    """What the account that is looked at has after the transaction."""
    minor = row.balance_after_minor
    if minor is None or (row.to_balance_after_minor is not None and row.to_account == account):
        minor = row.to_balance_after_minor
    assert minor is not None
    return to_decimal(minor, row.currency)


@given(histories())
@settings(max_examples=50, deadline=None)
def test_a_row_says_all_that_is_told_of_it_and_nothing_sealed_is_open(events: list[Recorded]) -> None:
    """All rows of a user put together are JSON again, each with every field, sealed texts only in their holes."""
    for of_user in fold_all(MODEL, events).values():
        rows = [row for key, row in of_user.items() if key[0] == STATEMENT]
        text = ",".join(map(told, rows)).encode()
        for account in {None, *(row.account_id for row in rows), *(row.to_account for row in rows)}:
            shown = json.loads(b"[" + b"".join(pieces(seen_from(text, account), opened)) + b"]", parse_float=Decimal)
            for row, one in zip(rows, shown, strict=True):
                assert one["id"] == str(row.transaction_id)
                assert (one["position"], one["type"], one["category"]) == (row.position, row.type, row.category)
                assert Decimal(one["amount"]) == to_decimal(row.amount_minor, row.currency)
                assert Decimal(one["balance_after"]) == balance(row, account)
                assert one["note"] == sealed("note", row.note_on, row.note)
                party = row.counterparty
                assert one["counterparty"] == (
                    None
                    if party is None
                    else {
                        "name": sealed("counterparty.name", row.account_id, party.name),
                        "account": sealed("counterparty.account", row.account_id, party.account),
                        "bank": party.bank,
                    }
                )


@pytest.mark.parametrize("currency", ["JPY", "EUR", "BHD", "UYW"])
@pytest.mark.parametrize("amount_minor", [0, 1, 99, 100, 12_345, 10**15 - 1])
def test_amounts_are_told_to_the_last_decimal(amount_minor: int, currency: str) -> None:
    """Amounts and balances have as many decimals as the currency has, zeros at the end too, and balances their sign."""
    at, user = dt.datetime(2026, 1, 2, tzinfo=dt.UTC), UUID(int=1)
    row = Statement(
        user, UUID(int=2), 3, "withdrawal", user, None, amount_minor, currency, exponent(currency) or 0, None, None, None,
        None, None, at, at, False, -amount_minor, None, None, None,
    )  # fmt: skip
    amount, balance_after = (str(to_decimal(minor, currency)) for minor in (amount_minor, -amount_minor))
    assert f'"amount":{amount},' in told(row)
    assert f'"balance_after":{balance_after},' in told(row)
