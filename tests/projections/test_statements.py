from collections import defaultdict
from itertools import pairwise
from uuid import UUID

from hypothesis import given, settings

from fintwin.domain.accounts import TransactionAnnotated, delta_minor
from fintwin.domain.streams import Recorded
from fintwin.projections.model import fold_all
from fintwin.projections.statements import MODEL, STATEMENT, Statement
from tests.projections.histories import histories


def lists(events: list[Recorded]) -> dict[UUID, list[Statement]]:
    """Each user's rows in booking order."""
    rows = fold_all(MODEL, events)
    return {
        user: sorted((row for key, row in of_user.items() if key[0] == STATEMENT), key=lambda row: row.position)
        for user, of_user in rows.items()
    }


def after(row: Statement, account: UUID) -> int | None:
    """The balance of one account right after a transaction that touched it."""
    return row.to_balance_after_minor if row.to_account == account else row.balance_after_minor


@given(histories())
@settings(max_examples=50, deadline=None)
def test_every_transaction_is_one_row_with_the_balance_after_it(events: list[Recorded]) -> None:
    """A user has one row per transaction with own money, own transfers included, and each balance is the running sum."""
    found = lists(events)
    transactions: dict[UUID, set[UUID]] = defaultdict(set)
    running: dict[UUID, int] = defaultdict(int)
    for one in events:
        if not delta_minor(one.event):
            continue
        transactions[one.user_id].add(one.transaction_id)
        running[one.stream_id] += delta_minor(one.event)
        (row,) = [row for row in found[one.user_id] if row.transaction_id == one.transaction_id]
        assert after(row, one.stream_id) == running[one.stream_id]
    assert {user: {row.transaction_id for row in rows} for user, rows in found.items()} == dict(transactions)


@given(histories())
@settings(max_examples=50, deadline=None)
def test_the_balance_before_a_row_is_the_balance_after_the_one_before(events: list[Recorded]) -> None:
    """Whoever carries a balance forward may take it from the oldest row that is shown."""
    for rows in lists(events).values():
        accounts = {account for row in rows for account in (row.account_id, row.to_account) if account}
        for account in accounts:
            touched = [
                row for row in rows if account in {row.account_id, row.to_account} and after(row, account) is not None
            ]
            for earlier, later in pairwise(touched):
                assert after(later, account) - later.delta_minor(account) == after(earlier, account)


@given(histories())
@settings(max_examples=50, deadline=None)
def test_rows_carry_the_latest_annotation_and_both_ends_of_a_reversal(events: list[Recorded]) -> None:
    """Category and note are the last ones told; a transaction and the one that took it back name each other."""
    for user, rows in lists(events).items():
        by_id = {row.transaction_id: row for row in rows}
        told: dict[UUID, dict[str, object]] = defaultdict(dict)
        for one in events:
            if one.user_id == user and isinstance(one.event, TransactionAnnotated):
                for field in ("category", "note"):
                    value = getattr(one.event, field)
                    if value is None or isinstance(value, str):
                        told[one.event.transaction_id][field] = value
        for transaction, fields in told.items():
            assert {name: getattr(by_id[transaction], name) for name in fields} == fields
        for row in rows:
            if row.reverses in by_id:
                assert by_id[row.reverses].reversed_by == row.transaction_id
            if row.reversed_by is not None:
                assert by_id[row.reversed_by].reverses == row.transaction_id
