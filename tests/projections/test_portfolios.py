from collections import defaultdict
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings

from fintwin.domain.accounts import TransferReceived, TransferSent, delta_minor
from fintwin.domain.holdings import HoldingAdded, HoldingPriced, HoldingRemoved
from fintwin.domain.streams import Recorded, StreamKind
from fintwin.projections.model import fold_all
from fintwin.projections.portfolios import (
    ACCOUNT,
    GROWTH,
    HOLDING,
    MODEL,
    MONTH,
    Flow,
    Month,
    holdings_money_weighted,
    savings_rate,
    time_weighted,
)
from tests.projections.histories import histories

USER = UUID(int=1)


@given(histories())
@settings(max_examples=50, deadline=None)
def test_months_add_up_to_the_balances(events: list[Recorded]) -> None:
    """Income less spending over all months is, per currency, what the user's accounts hold together."""
    for of_user in fold_all(MODEL, events).values():
        held: dict[str, int] = defaultdict(int)
        moved: dict[str, int] = defaultdict(int)
        for key, row in of_user.items():
            if key[0] == ACCOUNT:
                held[row.currency] += row.balance_minor
            elif key[0] == MONTH:
                moved[row.currency] += row.income_minor - row.expense_minor
        assert {c: n for c, n in held.items() if n} == {c: n for c, n in moved.items() if n}


@given(histories())
@settings(max_examples=50, deadline=None)
def test_own_transfers_are_neither_income_nor_spending(events: list[Recorded]) -> None:
    """Months are the sums of all money that came from or went to somebody else, on the days it counted."""
    owners = {one.stream_id: one.user_id for one in events if one.stream_kind is StreamKind.ACCOUNT}
    by_hand: dict[Any, int] = defaultdict(int)
    for one in events:
        moved = delta_minor(one.event)
        other = getattr(one.event, "to_account", None) or getattr(one.event, "from_account", None)
        assert (other is not None) == isinstance(one.event, TransferSent | TransferReceived)
        if not moved or (other and owners[other] == one.user_id):
            continue
        undo = one.event.reverses is not None
        side = "income" if (moved > 0) != undo else "expense"
        amount = abs(moved) * (-1 if undo else 1)
        by_hand[one.user_id, one.event.currency, one.effective_at.date().replace(day=1), side] += amount
    found = {
        (user, row.currency, row.month, side): getattr(row, f"{side}_minor")
        for user, of_user in fold_all(MODEL, events).items()
        for key, row in of_user.items()
        if key[0] == MONTH
        for side in ("income", "expense")
    }
    assert {key: n for key, n in found.items() if n} == {key: n for key, n in by_hand.items() if n}


@given(histories())
@settings(max_examples=50, deadline=None)
def test_the_value_of_the_holdings_is_the_sum_of_them(events: list[Recorded]) -> None:
    """Per currency the value that returns go by is what the open holdings are worth."""
    for of_user in fold_all(MODEL, events).values():
        worth: dict[str, int] = defaultdict(int)
        for key, row in of_user.items():
            if key[0] == HOLDING:
                worth[row.currency] += row.value_minor
        grown = {row.currency: row.value_minor for key, row in of_user.items() if key[0] == GROWTH}
        assert {c: n for c, n in grown.items() if n} == {c: n for c, n in worth.items() if n}


def told(*happened: tuple[date, Any]) -> list[Recorded]:
    """Events of one user's holdings on these days."""
    return [
        Recorded(
            shard=0, position=position, stream_kind=StreamKind.HOLDINGS, stream_id=USER, version=position, user_id=USER,
            type=type(event).__name__, schema_version=1, transaction_id=UUID(int=position),
            effective_at=datetime(day.year, day.month, day.day, tzinfo=UTC),
            recorded_at=datetime(day.year, day.month, day.day, tzinfo=UTC), event=event, metadata={},
        )
        for position, (day, event) in enumerate(happened, 1)
    ]  # fmt: skip


def bought(number: int, pieces: str, price: str) -> HoldingAdded:
    """So many pieces at this price, worth the same."""
    return HoldingAdded(
        holding_id=UUID(int=number), ticker="A", company_name="A", currency="EUR", quantity=Decimal(pieces),
        buy_price=Decimal(price), current_price=Decimal(price),
    )  # fmt: skip


def test_time_weighted_against_money_weighted() -> None:
    """1,000 grows by a half, 1,500 come in, then a third is lost: nothing time-weighted, -14.92 % money-weighted."""
    first, second, today = date(2022, 1, 1), date(2023, 1, 1), date(2024, 1, 1)
    one = {"holding_id": UUID(int=1), "currency": "EUR"}
    other = {"holding_id": UUID(int=2), "currency": "EUR"}
    rows = fold_all(
        MODEL,
        told(
            (first, bought(1, "1", "1000")),
            (second, HoldingPriced(**one, current_price=Decimal(1500))),
            (second, bought(2, "1", "1500")),
            (today, HoldingPriced(**one, current_price=Decimal(1000))),
            (today, HoldingPriced(**other, current_price=Decimal(1000))),
        ),
    )[USER]
    growth = rows[GROWTH, "EUR"]
    flows = [row for row in rows.values() if isinstance(row, Flow)]
    assert growth.value_minor == 2000_00
    assert time_weighted(growth, today) == pytest.approx(0, abs=1e-12)
    assert holdings_money_weighted(flows, growth.value_minor, today) == pytest.approx(-0.1492, abs=5e-5)


def test_a_removed_holding_counts_as_sold() -> None:
    """What is removed leaves at its last price, so that the return made with it stays."""
    rows = fold_all(
        MODEL,
        told(
            (date(2023, 1, 1), bought(1, "10", "100")),
            (date(2023, 6, 1), HoldingPriced(holding_id=UUID(int=1), currency="EUR", current_price=Decimal(110))),
            (date(2024, 1, 1), HoldingRemoved(holding_id=UUID(int=1), currency="EUR")),
        ),
    )[USER]
    flows = [row for row in rows.values() if isinstance(row, Flow)]
    assert not [row for key, row in rows.items() if key[0] == HOLDING]
    assert holdings_money_weighted(flows, 0, date(2024, 6, 1)) == pytest.approx(0.10, abs=1e-6)
    assert time_weighted(rows[GROWTH, "EUR"], date(2024, 1, 1)) == pytest.approx(0.10, abs=1e-6)


def test_a_few_days_have_no_yearly_return() -> None:
    """Below a month of history there is no annualised figure, nor without any flow."""
    rows = fold_all(MODEL, told((date(2024, 1, 1), bought(1, "1", "100"))))[USER]
    flows = [row for row in rows.values() if isinstance(row, Flow)]
    assert holdings_money_weighted(flows, 120_00, date(2024, 1, 15)) is None
    assert time_weighted(rows[GROWTH, "EUR"], date(2024, 1, 15)) is None
    assert holdings_money_weighted([], 0, date(2024, 6, 1)) is None


def test_savings_rate() -> None:
    """Income 5,000, spending 4,000: a fifth is saved; without income there is no rate."""
    month = date(2024, 1, 1)
    assert savings_rate([Month(USER, "EUR", month, 5000_00, 4000_00)]) == pytest.approx(0.2)
    assert savings_rate([Month(USER, "EUR", month, 0, 4000_00)]) is None
