from datetime import timedelta
from uuid import UUID

import pytest

from fintwin.domain import profiles
from fintwin.domain.profiles.events import FinancialGoal, RiskAppetite
from fintwin.domain.streams import StreamKind
from fintwin.projections.model import encode_rows, fold_all
from fintwin.projections.personas import BASES, HABITS, MODEL, MONEY, PERSONA, Habit, PersonaScore, persona_score
from fintwin.projections.personas_text import habit_text, tips
from tests.projections.lives import USER, Life

SAVINGS = UUID("0198c0de-0000-7000-8000-0000000000aa")
KINDS = sorted(BASES)


def scored(life: Life, days_later: float = 0) -> PersonaScore:
    rows = fold_all(MODEL, life.events)[life.user]
    told = rows[PERSONA,]
    return persona_score(told, rows.get((MONEY, told.currency)), life.now + timedelta(days=days_later))


def of_months(life: Life, months: int, income: int, spending: int) -> None:
    for number in range(months):
        life.earn(number * 30, income, "employer")
        if spending:
            life.pay(number * 30 + 10, spending, "shop")


def person(kind: tuple[FinancialGoal, RiskAppetite], **more: int) -> Life:
    life = Life(limit_minor=50_000_00, **more)
    life.profile(*kind)
    return life


@pytest.mark.parametrize("kind", KINDS)
def test_without_history_the_score_is_the_base(kind: tuple[FinancialGoal, RiskAppetite]) -> None:
    """Label, emoji and base score are those of goal and appetite."""
    found = scored(person(kind))
    assert (found.label, found.emoji, found.score) == BASES[kind]
    assert found.habits == ()


@pytest.mark.parametrize("kind", KINDS)
def test_a_history_that_raises_it(kind: tuple[FinancialGoal, RiskAppetite]) -> None:
    """Half of an even income kept, month after month, raises each of the twelve, by the points of its habits."""
    life = person(kind)
    of_months(life, 8, 3000_00, 1500_00)
    found = scored(life)
    assert found.score > found.base
    assert found.score == found.base + sum(one.points for one in found.habits) <= 100


@pytest.mark.parametrize("kind", KINDS)
def test_a_history_that_lowers_it(kind: tuple[FinancialGoal, RiskAppetite]) -> None:
    """More spent than earned, and nothing at hand, lowers each of the twelve."""
    life = person(kind)
    of_months(life, 8, 1500_00, 2000_00)
    found = scored(life)
    assert found.score < found.base
    assert found.score == found.base + sum(one.points for one in found.habits) >= 0


@pytest.mark.parametrize("kind", KINDS)
def test_income_alone_moves_nothing(kind: tuple[FinancialGoal, RiskAppetite]) -> None:
    """Neither a higher income in the profile nor deposits without any spending change the score."""
    life = person(kind)
    of_months(life, 8, 9000_00, 0)
    assert scored(life).score == BASES[kind][2]
    spender = person(kind)
    of_months(spender, 8, 3000_00, 1500_00)
    before = scored(spender)
    changed = profiles.ProfileChanged(
        account_name="s1.n", currency_preference="EUR", monthly_income_minor=90_000_00, financial_goal=kind[0],
        risk_appetite=kind[1],
    )  # fmt: skip
    spender.add(StreamKind.PROFILE, USER, changed)
    assert scored(spender) == before


def test_two_periods_of_spending_are_needed() -> None:
    """One whole month shows no habit; two do."""
    life = person(("savings", "low"))
    of_months(life, 2, 3000_00, 1500_00)
    assert scored(life).habits == ()
    assert [one.code for one in scored(life, 30).habits] == list(HABITS)


def test_the_figures_of_the_habits() -> None:
    """Three months of 3,000.00 in and 2,000.00 out: 33 percent kept, 1.5 months at hand, always something left, even."""
    life = person(("investment", "medium"))
    of_months(life, 3, 3000_00, 2000_00)
    found = scored(life, 30)
    assert found.habits == (
        Habit("savings_rate", 8, 33),
        Habit("months_covered", 0, 15),
        Habit("regularity", 4, 100),
        Habit("income_stability", 2, 100),
    )
    assert found.score == 86


def test_own_transfers_are_no_habit() -> None:
    """Moving money to an own savings account is neither income nor spending, and the money is still at hand."""
    plain, moving = person(("savings", "low")), person(("savings", "low"))
    moving.open(SAVINGS, "savings")
    for life in (plain, moving):
        of_months(life, 5, 3000_00, 2000_00)
    moving.send(4 * 30 + 12, 4000_00, SAVINGS)
    plain.now = moving.now
    assert scored(moving) == scored(plain)


def test_size_and_currency_do_not_matter() -> None:
    """A hundred times the amounts is the same persona."""
    small, large = person(("savings", "low")), person(("savings", "low"), factor=100)
    for life in (small, large):
        of_months(life, 5, 3000_00, 2000_00)
    assert scored(small) == scored(large)


def test_the_score_stays_within_its_bounds() -> None:
    """The Empire Builder with every good habit stops at 100, and the points still add up."""
    life = person(("wealth_building", "high"))
    of_months(life, 8, 9000_00, 1000_00)
    found = scored(life)
    assert found.score == 100 == found.base + sum(one.points for one in found.habits)


@pytest.mark.parametrize("code", HABITS)
def test_every_habit_has_words_and_a_tip(code: str) -> None:
    """The weakest habit gives the third tip, the goal the others."""
    weak = Habit(code, HABITS[code][1], 5)
    score = PersonaScore("x", "x", 50, 50, tuple(Habit(one, 0, 5) if one != code else weak for one in HABITS))
    assert "{" not in habit_text(weak)
    found = tips("savings", score)
    assert len(found) == 3
    assert found[:2] == tips("savings", PersonaScore("x", "x", 50, 50, ()))[:2]
    assert found[2] not in tips("savings", PersonaScore("x", "x", 50, 50, ()))
    assert all(one.icon and one.text for one in found)


def test_folding_again_gives_the_same_bytes() -> None:
    """The rows depend on the events alone."""
    life = person(("savings", "low"))
    of_months(life, 5, 3000_00, 2000_00)
    assert encode_rows(MODEL, fold_all(MODEL, life.events)) == encode_rows(MODEL, fold_all(MODEL, life.events))
