"""Whole lives: twelve that go wrong and twelve that are usual, and what may not matter to the score."""

import random
from collections.abc import Callable
from uuid import UUID

import pytest

from tests.projections.lives import Life, month

Script = Callable[[Life], None]
SAVINGS = UUID("0198c0de-0000-7000-8000-0000000000aa")
STRANGER = UUID("0198c0de-0000-7000-8000-0000000000ff")
MONTH = 30.44


def usual(life: Life, months: int) -> float:
    """So many usual months; gives the day after."""
    for number in range(months):
        month(life, number)
    return months * MONTH


# --- lives that go wrong ---------------------------------------------------------------------------------------------------


def drained_in_small_steps(life: Life) -> None:
    """A usual year, then a week in which everything is drawn in cash."""
    day = usual(life, 12)
    while life.balance > 300_00:
        life.pay(day, min(800_00, life.balance - 200_00))
        day += 0.5


def new_payee_and_gone(life: Life) -> None:
    """A usual half year, then nearly everything to somebody never paid before."""
    day = usual(life, 6)
    life.pay(day, life.balance * 93 // 100, "stranger")


def transferred_away(life: Life) -> None:
    """The same by a transfer to somebody else's account."""
    day = usual(life, 6)
    life.send(day, life.balance * 95 // 100, STRANGER)


def salary_stopped(life: Life) -> None:
    """The salary stays away for three months while life goes on."""
    day = usual(life, 8)
    for number in range(3):
        begin = day + number * MONTH
        life.pay(begin + 1.4, 900_00, "landlord")
        for week in range(4):
            life.pay(begin + 3 + 7 * week, 150_00, "market")


def in_and_straight_out(life: Life) -> None:
    """Money from somebody unknown arrives and goes on to somebody unknown the next day."""
    day = usual(life, 3)
    life.earn(day, 9000_00, "unknown")
    life.pay(day + 0.8, 8700_00, "other unknown")


def mule_account(life: Life) -> None:
    """A new account that only passes money on."""
    for number in range(5):
        life.earn(number * 3, 2500_00, f"in {number}")
        life.pay(number * 3 + 0.2, 2400_00, f"out {number}")


def dormant_then_busy(life: Life) -> None:
    """Nothing for half a year, then six payments in two days."""
    day = usual(life, 4)
    for number in range(6):
        life.pay(day + 180 + number / 3, 300_00, f"shop {number}")


def overdraft_spiral(life: Life) -> None:
    """Spending above income until the overdraft is nearly used up."""
    life.limit(3000_00)
    for number in range(5):
        begin = number * MONTH
        life.earn(begin, 1500_00, "employer")
        for week in range(4):
            life.pay(begin + 1 + week * 7, 430_00 + 40_00 * number, "market")


def card_testing(life: Life) -> None:
    """Twenty-five payments within an hour."""
    day = usual(life, 5)
    for number in range(25):
        life.pay(day + number * 0.0015, 95_00, f"site {number}")


def gambling(life: Life) -> None:
    """More and more, ever larger stakes, night after night, until nothing is left."""
    day = usual(life, 6)
    stake = 40_00
    while life.balance > stake:
        life.pay(day, stake, "casino")
        stake = stake * 5 // 4
        day += 0.11


def emptied_on_payday(life: Life) -> None:
    """A second person draws the whole balance in the hour in which the salary comes."""
    day = usual(life, 7)
    life.earn(day + 0.3, 3000_00, "employer")
    for number in range(8):
        life.pay(day + 0.31 + number * 0.004, life.balance // 3, "machine")


def jobless_in_overdraft(life: Life) -> None:
    """The pay stops, savings go, and then the overdraft."""
    life.limit(1000_00)
    for number in range(6):
        life.earn(number * MONTH, 2000_00, "employer")
        life.pay(number * MONTH + 2, 1100_00, "landlord")
        life.pay(number * MONTH + 9, 800_00, "market")
    for number in range(6, 8):
        life.pay(number * MONTH + 2, 700_00, "landlord")


BAD = [
    drained_in_small_steps, new_payee_and_gone, transferred_away, salary_stopped, in_and_straight_out, mule_account,
    dormant_then_busy, overdraft_spiral, card_testing, gambling, emptied_on_payday, jobless_in_overdraft,
]  # fmt: skip


# --- usual lives -----------------------------------------------------------------------------------------------------------


def employee(life: Life) -> None:
    """A year of salary, rent and bills with something left each month."""
    usual(life, 12)


def paycheck_to_paycheck(life: Life) -> None:
    """Each month ends with almost nothing, and the next salary comes."""
    for number in range(10):
        begin = number * MONTH
        life.earn(begin, 1800_00, "employer")
        life.pay(begin + 1, 700_00, "landlord")
        for week in range(4):
            life.pay(begin + 2 + 7 * week, 260_00, "market")
        life.pay(begin + 26, 50_00, "phone")


def saver(life: Life) -> None:
    """Half of the salary goes to the own savings account on pay day."""
    life.open(SAVINGS, "savings")
    for number in range(12):
        month(life, number, rent=700_00)
        life.send(number * MONTH + 0.5, 600_00, SAVINGS)


def pensioner(life: Life) -> None:
    """A small pension, small and regular payments, some cash."""
    for number in range(14):
        begin = number * MONTH
        life.earn(begin + 1, 1100_00, "pension")
        life.pay(begin + 2, 420_00, "home")
        for week in range(4):
            life.pay(begin + 4 + 7 * week, 90_00)
        life.pay(begin + 20, 60_00, "pharmacy")


def freelancer(life: Life) -> None:
    """Uneven income from several clients, three to four months of spending at hand."""
    dice = random.Random(5)
    life.earn(0, 9000_00, "client a")
    for number in range(12):
        begin = number * MONTH
        for _ in range(dice.randint(1, 3)):
            life.earn(begin + dice.randint(1, 9), dice.randint(900, 2400) * 100, f"client {dice.choice('abcd')}")
        life.pay(begin + 10, 850_00, "landlord")
        for week in range(4):
            life.pay(begin + 11 + 4 * week, dice.randint(100, 220) * 100, "market")


def student(life: Life) -> None:
    """Money from the parents, many small payments."""
    dice = random.Random(7)
    for number in range(9):
        begin = number * MONTH
        life.earn(begin, 850_00, "parents")
        life.pay(begin + 1, 350_00, "dorm")
        for day in range(2, 29, 2):
            life.pay(begin + day + 0.5, dice.randint(8, 35) * 100, dice.choice(["market", "cafe", "bus", None]))


def family(life: Life) -> None:
    """Two salaries, many bills, a yearly insurance."""
    for number in range(25):
        month(life, number, salary=3000_00, rent=1100_00, food=230_00, fun=80_00)
        life.earn(number * MONTH + 28, 1300_00, "second employer")
        if number % 12 == 5:
            life.pay(number * MONTH + 29, 1400_00, "car insurance")


def one_large_purchase(life: Life) -> None:
    """A usual two years, then a fifth of the savings for something large."""
    day = usual(life, 24)
    life.pay(day, life.balance // 5, "kitchen studio")


def weekly_wages(life: Life) -> None:
    """Paid by the week, living by the week."""
    for week in range(40):
        life.earn(week * 7, 620_00, "employer")
        life.pay(week * 7 + 1, 210_00, "landlord")
        life.pay(week * 7 + 2.4, 130_00, "market")
        life.pay(week * 7 + 4.4, 90_00)
        life.pay(week * 7 + 5.4, 60_00, "pub")


def within_the_overdraft(life: Life) -> None:
    """Every month ends a little below zero, within the limit, until the salary comes."""
    life.limit(1000_00)
    for number in range(12):
        begin = number * MONTH
        life.earn(begin, 2000_00, "employer")
        life.pay(begin + 1, 800_00, "landlord")
        for week in range(4):
            life.pay(begin + 3 + 7 * week, 300_00 if number else 350_00, "market")


def busy_shopper(life: Life) -> None:
    """Six small payments a day, every day."""
    dice = random.Random(11)
    life.earn(0, 4000_00, "employer")
    for day in range(150):
        if day % 30 == 29:
            life.earn(day, 3200_00, "employer")
        for number in range(6):
            life.pay(day + 0.3 + number / 10, dice.randint(3, 20) * 100, f"shop {dice.randint(1, 30)}")


def quiet_savings(life: Life) -> None:
    """A deposit at the beginning, a little interest each month, a payment twice a year."""
    life.earn(0, 20_000_00, "self")
    for number in range(24):
        life.earn(number * MONTH + 30, 40_00, None, category="interest")
        if number % 6 == 5:
            life.pay(number * MONTH + 31, 500_00, "travel")


REGULAR = [
    employee, paycheck_to_paycheck, saver, pensioner, freelancer, student, family, one_large_purchase, weekly_wages,
    within_the_overdraft, busy_shopper, quiet_savings,
]  # fmt: skip


def lived(script: Script, **more: object) -> Life:
    life = Life(**more)  # type: ignore[arg-type]
    script(life)
    return life


@pytest.mark.parametrize("script", BAD, ids=lambda script: script.__name__)
def test_bad_lives_are_high(script: Script) -> None:
    """A life that goes wrong scores above 60 at its last event."""
    found = lived(script).score()
    assert found.score > 60, found
    assert found.level == "high"


@pytest.mark.parametrize("script", REGULAR, ids=lambda script: script.__name__)
def test_regular_lives_are_low(script: Script) -> None:
    """A usual life scores at most 30 after each of its events from the third month on, and a week after the last."""
    life = lived(script)
    assert life.score(7).score <= 30, life.score(7)
    worst = max(life.scores(after_day=60), key=lambda one: one[1].score)
    assert worst[1].score <= 30, worst


@pytest.mark.parametrize("script", BAD + REGULAR, ids=lambda script: script.__name__)
@pytest.mark.parametrize(
    "change", [{"factor": 100}, {"currency": "JPY"}, {"shift_hours": 9}, {"shift_hours": -7}], ids=str
)
def test_what_does_not_matter(script: Script, change: dict[str, object]) -> None:
    """All amounts times 100, another currency, another time zone: the same score for the same reasons."""
    plain, changed = lived(script).score(), lived(script, **change).score()
    assert changed.score == plain.score
    assert [(one.code, one.points) for one in changed.reasons] == [(one.code, one.points) for one in plain.reasons]


@pytest.mark.parametrize("script", BAD + REGULAR, ids=lambda script: script.__name__)
def test_points_sum_to_the_score(script: Script) -> None:
    """After every event of a life the points of the reasons sum to the score, which is from 0 to 100."""
    for _, found in lived(script).scores():
        assert sum(one.points for one in found.reasons) == found.score
        assert 0 <= found.score <= 100
        assert all(one.points > 0 for one in found.reasons)
