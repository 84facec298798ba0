"""The table of refusals: every public code, what causes it, and which rule comes first where several are broken."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from fintwin.domain import accounts, holdings, profiles
from fintwin.domain.accounts import AccountState, Status
from fintwin.domain.holdings.state import Held
from fintwin.domain.money import MINOR_MAX, parse_minor
from fintwin.domain.refusals import Code, Refusal
from fintwin.domain.streams import Recorded, StreamKind
from fintwin.ledger.movements import reversal_of
from fintwin.ledger.plans import Refused
from fintwin.store.keys import UserKey

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 5, 20, 12, tzinfo=UTC)
DAY = timedelta(days=1)
ME, OTHER, EARLIER = UUID(int=1), UUID(int=2), UUID(int=3)


def with_(state: AccountState, **changes: Any) -> AccountState:
    return accounts.AccountState(**{name: getattr(state, name) for name in state.__struct_fields__} | changes)


OPEN = AccountState(version=3, currency="EUR", kind="checking", name="s1.x", balance_minor=100_00)
FROZEN = AccountState(version=3, currency="EUR", kind="checking", name="s1.x", status=Status.FROZEN)
CLOSED = AccountState(version=3, currency="EUR", kind="checking", name="s1.x", status=Status.CLOSED)
# 100.00 came in four days ago, 90.00 went two days ago, and 80.00 came in yesterday.
LATE = with_(
    OPEN,
    effective_at_last=NOW - DAY,
    past=accounts.Past([(NOW - 4 * DAY, 100_00), (NOW - 2 * DAY, -90_00), (NOW - DAY, 80_00)]),
)
ANSWERS = profiles.ProfileAnswers(
    account_name="s1.x",
    currency_preference="EUR",
    monthly_income_minor=0,
    financial_goal="savings",
    risk_appetite="low",
)
ADD = holdings.AddHolding(
    at=NOW,
    holding_id=OTHER,
    ticker="ABC",
    company_name="s1.x",
    currency="EUR",
    quantity=Decimal(1),
    buy_price=Decimal(1),
    current_price=Decimal(1),
)
FULL_OF_HOLDINGS = holdings.HoldingsState(
    version=1000, open={UUID(int=n): Held(quantity=Decimal(1), currency="EUR") for n in range(1000)}
)
REGISTERED = profiles.ProfileState(version=1, provider="demo")


def decided(state: AccountState | None, command: Any) -> Callable[[], Any]:
    return lambda: accounts.decide(state, command)


def filled_in(state: profiles.ProfileState | None, **changes: Any) -> Callable[[], Any]:
    answers = profiles.ProfileAnswers(**{name: getattr(ANSWERS, name) for name in ANSWERS.__struct_fields__} | changes)
    return lambda: profiles.decide(state, profiles.FillInProfile(at=NOW, answers=answers))


def deposit(amount_minor: int = 1, **more: Any) -> accounts.Deposit:
    return accounts.Deposit(at=NOW, amount_minor=amount_minor, **more)


def withdraw(amount_minor: int = 1, **more: Any) -> accounts.Withdraw:
    return accounts.Withdraw(at=NOW, amount_minor=amount_minor, **more)


def send(to: UUID = OTHER, amount_minor: int = 1, **more: Any) -> accounts.SendTransfer:
    return accounts.SendTransfer(at=NOW, account_id=ME, to_account=to, amount_minor=amount_minor, **more)


def receive(amount_minor: int = 1, currency: str = "EUR", **more: Any) -> accounts.ReceiveTransfer:
    return accounts.ReceiveTransfer(at=NOW, from_account=OTHER, amount_minor=amount_minor, currency=currency, **more)


def opening(currency: str = "EUR") -> accounts.OpenAccount:
    return accounts.OpenAccount(at=NOW, name="s1.x", kind="cash", currency=currency)


def took_back(*events: Any, already: bool = False) -> Callable[[], Any]:
    recorded = [
        Recorded(
            shard=0, position=n, stream_kind=StreamKind.ACCOUNT, stream_id=ME, version=n, user_id=ME,
            type=type(event).__name__, schema_version=1, transaction_id=EARLIER, effective_at=NOW, recorded_at=NOW,
            event=event, metadata={},
        )
        for n, event in enumerate(events, 1)
    ]  # fmt: skip

    def ask() -> Any:
        plan = reversal_of(recorded, reversed_already=already, reason=None, key=UserKey(bytes(32)), at=NOW)
        assert isinstance(plan, Refused)
        return plan.decide(())

    return ask


LIMIT = accounts.SetOverdraftLimit
ROWS: list[tuple[Code, str, Callable[[], Any]]] = [
    (Code.UNKNOWN_ACCOUNT, "deposit", decided(None, deposit())),
    (Code.UNKNOWN_ACCOUNT, "withdraw", decided(None, withdraw())),
    (Code.UNKNOWN_ACCOUNT, "send", decided(None, send())),
    (Code.UNKNOWN_ACCOUNT, "receive", decided(None, receive())),
    (Code.UNKNOWN_ACCOUNT, "rename", decided(None, accounts.RenameAccount(at=NOW, name="s1.y"))),
    (Code.UNKNOWN_ACCOUNT, "annotate", decided(None, accounts.Annotate(at=NOW, transaction_id=EARLIER))),
    (Code.ACCOUNT_EXISTS, "open", decided(OPEN, opening())),
    (Code.ACCOUNT_EXISTS, "open a closed one", decided(CLOSED, opening())),
    (Code.ACCOUNT_CLOSED, "deposit", decided(CLOSED, deposit())),
    (Code.ACCOUNT_CLOSED, "withdraw", decided(CLOSED, withdraw())),
    (Code.ACCOUNT_CLOSED, "send", decided(CLOSED, send())),
    (Code.ACCOUNT_CLOSED, "rename", decided(CLOSED, accounts.RenameAccount(at=NOW, name="s1.y"))),
    (Code.ACCOUNT_CLOSED, "freeze", decided(CLOSED, accounts.FreezeAccount(at=NOW))),
    (Code.ACCOUNT_CLOSED, "unfreeze", decided(CLOSED, accounts.UnfreezeAccount(at=NOW))),
    (Code.ACCOUNT_CLOSED, "close again", decided(CLOSED, accounts.CloseAccount(at=NOW))),
    (Code.ACCOUNT_CLOSED, "set limit", decided(CLOSED, LIMIT(at=NOW, overdraft_limit_minor=0))),
    (Code.ACCOUNT_FROZEN, "withdraw", decided(FROZEN, withdraw())),
    (Code.ACCOUNT_FROZEN, "send", decided(FROZEN, send())),
    (Code.ACCOUNT_FROZEN, "freeze again", decided(FROZEN, accounts.FreezeAccount(at=NOW))),
    (Code.ACCOUNT_NOT_FROZEN, "unfreeze", decided(OPEN, accounts.UnfreezeAccount(at=NOW))),
    (Code.BALANCE_NOT_ZERO, "close with money", decided(OPEN, accounts.CloseAccount(at=NOW))),
    (
        Code.BALANCE_NOT_ZERO,
        "close with debts",
        decided(with_(OPEN, balance_minor=-1, overdraft_limit_minor=9), accounts.CloseAccount(at=NOW)),
    ),
    (Code.AMOUNT_NOT_POSITIVE, "deposit 0", decided(OPEN, deposit(0))),
    (Code.AMOUNT_NOT_POSITIVE, "withdraw a negative amount", decided(OPEN, withdraw(-1))),
    (Code.AMOUNT_NOT_POSITIVE, "send 0", decided(OPEN, send(amount_minor=0))),
    (Code.AMOUNT_NOT_POSITIVE, "negative limit", decided(OPEN, LIMIT(at=NOW, overdraft_limit_minor=-1))),
    (Code.AMOUNT_NOT_POSITIVE, "negative income", filled_in(REGISTERED, monthly_income_minor=-1)),
    (Code.AMOUNT_NOT_FINITE, "NaN", lambda: parse_minor(Decimal("NaN"), "EUR")),
    (Code.AMOUNT_PRECISION, "half a yen", lambda: parse_minor(Decimal("0.5"), "JPY")),
    (Code.AMOUNT_TOO_LARGE, "16 digits", lambda: parse_minor(Decimal(10**15), "JPY")),
    (Code.AMOUNT_TOO_LARGE, "deposit", decided(OPEN, deposit(MINOR_MAX + 1))),
    (Code.AMOUNT_TOO_LARGE, "income", filled_in(REGISTERED, monthly_income_minor=MINOR_MAX + 1)),
    (Code.BALANCE_TOO_LARGE, "deposit", decided(OPEN, deposit(MINOR_MAX))),
    (Code.UNKNOWN_CURRENCY, "open", decided(None, opening("XXX"))),
    (Code.UNKNOWN_CURRENCY, "profile", filled_in(REGISTERED, currency_preference="BTC")),
    (Code.CURRENCY_MUST_MATCH, "deposit", decided(OPEN, deposit(currency="USD"))),
    (Code.CURRENCY_MUST_MATCH, "withdraw", decided(OPEN, withdraw(currency="USD"))),
    (Code.CURRENCY_MUST_MATCH, "send", decided(OPEN, send(currency="USD"))),
    (Code.SAME_ACCOUNT, "send", decided(OPEN, send(to=ME))),
    (Code.RECIPIENT_CANNOT_RECEIVE, "frozen", decided(FROZEN, receive())),
    (Code.RECIPIENT_CANNOT_RECEIVE, "closed", decided(CLOSED, receive())),
    (
        Code.RECIPIENT_CANNOT_RECEIVE,
        "closed period",
        decided(with_(OPEN, closed_through=date(2026, 5, 18)), receive(effective_at=NOW - 2 * DAY)),
    ),
    (Code.RECIPIENT_CANNOT_RECEIVE, "other currency", decided(OPEN, receive(currency="USD"))),
    (Code.RECIPIENT_CANNOT_RECEIVE, "too rich", decided(OPEN, receive(MINOR_MAX))),
    (Code.INSUFFICIENT_FUNDS, "withdraw", decided(OPEN, withdraw(100_01))),
    (Code.INSUFFICIENT_FUNDS, "send", decided(OPEN, send(amount_minor=100_01))),
    (Code.INSUFFICIENT_FUNDS, "over the limit", decided(with_(OPEN, overdraft_limit_minor=50), withdraw(100_51))),
    (Code.LIMIT_BELOW_BALANCE, "limit", decided(with_(OPEN, balance_minor=-2), LIMIT(at=NOW, overdraft_limit_minor=1))),
    (Code.EFFECTIVE_AT_IN_FUTURE, "deposit", decided(OPEN, deposit(effective_at=NOW + timedelta(microseconds=1)))),
    (Code.EFFECTIVE_AT_IN_FUTURE, "close today", decided(OPEN, accounts.ClosePeriod(at=NOW, through=NOW.date()))),
    (
        Code.EFFECTIVE_AT_TOO_EARLY,
        "a mistyped year",
        decided(OPEN, deposit(effective_at=datetime(1899, 12, 31, 23, 59, tzinfo=UTC))),
    ),
    (
        Code.EFFECTIVE_AT_TOO_EARLY,
        "in a past that is not known",
        decided(with_(OPEN, effective_at_last=NOW - DAY), withdraw(effective_at=NOW - 2 * DAY)),
    ),
    (
        Code.INSUFFICIENT_FUNDS,
        "too much for a day in between",
        decided(with_(LATE, balance_minor=90_00), withdraw(10_01, effective_at=NOW - 3 * DAY)),
    ),
    (
        Code.EFFECTIVE_AT_TOO_EARLY,
        "closed period",
        decided(with_(OPEN, closed_through=date(2026, 5, 18)), deposit(effective_at=NOW - 2 * DAY)),
    ),
    (
        Code.EFFECTIVE_AT_TOO_EARLY,
        "period closed already",
        decided(with_(OPEN, closed_through=date(2026, 5, 18)), accounts.ClosePeriod(at=NOW, through=date(2026, 5, 18))),
    ),
    (Code.ALREADY_REVERSED, "deposit", decided(with_(OPEN, reversed=frozenset({EARLIER})), deposit(reverses=EARLIER))),
    (Code.ALREADY_REVERSED, "send", decided(with_(OPEN, reversed=frozenset({EARLIER})), send(reverses=EARLIER))),
    (
        Code.ALREADY_REVERSED,
        "asked again",
        took_back(accounts.Deposited(amount_minor=1, currency="EUR"), already=True),
    ),
    (Code.UNKNOWN_TRANSACTION, "nothing there", took_back()),
    (Code.UNKNOWN_TRANSACTION, "moved no money", took_back(accounts.AccountFrozen())),
    (
        Code.IS_A_REVERSAL,
        "reverse a reversal",
        took_back(accounts.Withdrawn(amount_minor=1, currency="EUR", reverses=OTHER)),
    ),
    (
        Code.NOT_REVERSIBLE,
        "payer",
        took_back(accounts.TransferSent(amount_minor=1, currency="EUR", to_account=OTHER)),
    ),
    (Code.TOO_MANY_HOLDINGS, "one more", lambda: holdings.decide(FULL_OF_HOLDINGS, ADD)),
    (Code.UNKNOWN_HOLDING, "remove", lambda: holdings.decide(None, holdings.RemoveHolding(at=NOW, holding_id=OTHER))),
    (Code.UNKNOWN_USER, "fill in", filled_in(None)),
    (Code.UNKNOWN_USER, "erase", lambda: profiles.decide(None, profiles.EraseUser(at=NOW))),
    (Code.USER_EXISTS, "register", lambda: profiles.decide(REGISTERED, profiles.RegisterUser(at=NOW, provider="demo"))),
    (Code.USER_ERASED, "fill in", filled_in(profiles.ProfileState(version=2, provider="demo", erased=True))),
]

DECIDED_OUTSIDE_THE_DOMAIN = {
    Code.IDEMPOTENCY_KEY_REUSED: "tests/ledger/test_idempotency.py",
}
"""Codes that only the log or the API can say, and the test that makes them say it."""


@pytest.mark.parametrize(("code", "case", "ask"), ROWS, ids=[f"{code.value}-{case}" for code, case, _ in ROWS])
def test_refusals(code: Code, case: str, ask: Callable[[], Any]) -> None:
    """Each row of the table is refused with its code and a readable sentence."""
    answer = ask()
    assert isinstance(answer, Refusal), answer
    assert answer.code is code
    assert answer.detail.endswith(".")
    assert len(answer.detail) > 10


def said_in_src() -> set[Code]:
    """The codes that some module of ours can answer with."""
    texts = [path.read_text("utf-8") for path in (ROOT / "src").rglob("*.py")]
    return {code for code in Code if any(f"Code.{code.name}" in text for text in texts)}


def test_every_code_has_a_row() -> None:
    """Every refusal that our code can give has a row here or is named with the test that provokes it."""
    here = {code for code, _, _ in ROWS}
    missing = said_in_src() - here - DECIDED_OUTSIDE_THE_DOMAIN.keys()
    for code in set(missing):
        # A refusal of the API is tested where the API is.
        if any(f"Code.{code.name}" in path.read_text("utf-8") or f'"{code.value}"' in path.read_text("utf-8")
               for path in (ROOT / "tests").rglob("test_*.py") if path != Path(__file__)):  # fmt: skip
            missing.discard(code)
    assert not missing, f"add a row to ROWS for: {', '.join(sorted(missing))}"
    for code, place in DECIDED_OUTSIDE_THE_DOMAIN.items():
        assert f"Code.{code.name}" in (ROOT / place).read_text("utf-8")


@dataclass
class Case:
    """A command on a state, being made worse rule by rule."""

    exists: bool = True
    state: dict[str, Any] = field(default_factory=dict)
    command: dict[str, Any] = field(default_factory=lambda: {"amount_minor": 1})


def _nobody(case: Case) -> None:
    case.exists = False


def _set(part: str, **values: Any) -> Callable[[Case], None]:
    def apply(case: Case) -> None:
        getattr(case, part).update(values)

    return apply


EARLY = NOW - 5 * DAY
# In the order that the docstring of `decide` promises; rules of one group cannot be broken together.
PAYMENT_RULES: list[tuple[int, Code, Callable[[Case], None]]] = [
    (1, Code.UNKNOWN_ACCOUNT, _nobody),
    (1, Code.ACCOUNT_CLOSED, _set("state", status=Status.CLOSED)),
    (1, Code.ACCOUNT_FROZEN, _set("state", status=Status.FROZEN)),
    (2, Code.AMOUNT_NOT_POSITIVE, _set("command", amount_minor=0)),
    (2, Code.AMOUNT_TOO_LARGE, _set("command", amount_minor=MINOR_MAX + 1)),
    (3, Code.CURRENCY_MUST_MATCH, _set("command", currency="USD")),
    (4, Code.SAME_ACCOUNT, _set("command", to_account=ME)),
    (5, Code.EFFECTIVE_AT_IN_FUTURE, _set("command", effective_at=NOW + DAY)),
    (5, Code.EFFECTIVE_AT_TOO_EARLY, lambda case: (_set("state", closed_through=NOW.date() - DAY)(case),
                                                   _set("command", effective_at=EARLY)(case))[0]),
    (6, Code.ALREADY_REVERSED, lambda case: (_set("state", reversed=frozenset({EARLIER}))(case),
                                             _set("command", reverses=EARLIER)(case))[0]),
    (7, Code.INSUFFICIENT_FUNDS, _set("state", balance_minor=-MINOR_MAX)),
]  # fmt: skip


def broken_together() -> Iterator[tuple[tuple[int, Code, Callable[[Case], None]], ...]]:
    """All sets of payment rules that can be broken at once, in their order."""
    for size in range(1, len(PAYMENT_RULES) + 1):
        for rules in itertools.combinations(PAYMENT_RULES, size):
            if len({group for group, _, _ in rules}) == size:
                yield rules


def test_the_first_rule_answers() -> None:
    """Whatever rules a payment breaks together, the refusal is that of the first in the documented order."""
    seen: set[Code] = set()
    for rules in broken_together():
        case = Case()
        for _, _, worsen in reversed(rules):
            worsen(case)
        state = with_(OPEN, **case.state) if case.exists else None
        answer = accounts.decide(
            state, accounts.SendTransfer(at=NOW, account_id=ME, **{"to_account": OTHER} | case.command)
        )
        assert isinstance(answer, Refusal)
        assert answer.code is rules[0][1], [code.value for _, code, _ in rules]
        seen.add(answer.code)
    assert len(seen) == len(PAYMENT_RULES)


def test_a_deposit_follows_the_same_order() -> None:
    """A deposit asks the same rules in the same order, but for freezing, funds and the payee; last, the 15 digits."""
    left_out = {Code.ACCOUNT_FROZEN, Code.SAME_ACCOUNT, Code.INSUFFICIENT_FUNDS}
    rules = [rule for rule in PAYMENT_RULES if rule[1] not in left_out]
    rules.append((7, Code.BALANCE_TOO_LARGE, _set("state", balance_minor=MINOR_MAX)))
    for first, second in itertools.combinations(rules, 2):
        if first[0] == second[0]:
            continue
        case = Case()
        second[2](case)
        first[2](case)
        answer = accounts.decide(
            with_(OPEN, **case.state) if case.exists else None, accounts.Deposit(at=NOW, **case.command)
        )
        assert isinstance(answer, Refusal)
        assert answer.code is first[1], (first[1], second[1])


@pytest.mark.parametrize(
    ("state", "command"),
    [
        (FROZEN, deposit()),
        (OPEN, withdraw(100_00)),
        (with_(OPEN, overdraft_limit_minor=50), withdraw(100_50)),
        (with_(OPEN, balance_minor=MINOR_MAX - 1), deposit(1)),
        (with_(OPEN, effective_at_last=NOW - DAY), deposit(effective_at=NOW - DAY)),
        (with_(OPEN, effective_at_last=NOW + DAY), deposit()),
        (with_(OPEN, effective_at_last=NOW - DAY), deposit(effective_at=NOW - 9 * DAY)),
        (with_(LATE, balance_minor=90_00), withdraw(10_00, effective_at=NOW - 3 * DAY)),
        (with_(LATE, balance_minor=90_00), withdraw(90_00, effective_at=NOW - DAY)),
        (with_(OPEN, closed_through=date(2026, 5, 18)), deposit(effective_at=datetime(2026, 5, 19, tzinfo=UTC))),
        (OPEN, deposit(effective_at=NOW)),
        (OPEN, deposit(currency="EUR")),
        (with_(OPEN, balance_minor=0), accounts.CloseAccount(at=NOW)),
        (with_(OPEN, balance_minor=-5), LIMIT(at=NOW, overdraft_limit_minor=5)),
        (CLOSED, accounts.Annotate(at=NOW, transaction_id=EARLIER, note=None)),
        (OPEN, accounts.ClosePeriod(at=NOW, through=NOW.date() - DAY)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_near_misses_are_accepted(state: AccountState, command: Any) -> None:
    """What keeps within a rule to the last unit is accepted."""
    assert isinstance(accounts.decide(state, command), list)
