"""What the made-up person earns, owes and likes: tables, in hundredths of a euro of the first year.

>>> in_currency(1_150_00, "EUR"), in_currency(1_150_00, "JPY"), in_currency(9_99, "BHD")
(115000, 184000, 4095)
"""

from __future__ import annotations

from typing import Final, NamedTuple

from fintwin.domain.money import exponent

PER_EURO_THOUSANDTHS: Final = {
    "AUD": 1_700, "BHD": 410, "BRL": 6_000, "CAD": 1_550, "CHF": 1_050, "CNY": 8_000, "CZK": 25_000, "DKK": 7_500,
    "GBP": 900, "HKD": 8_700, "HUF": 400_000, "IDR": 18_000_000, "ILS": 4_000, "INR": 95_000, "JPY": 160_000,
    "KRW": 1_500_000, "KWD": 340, "MXN": 20_000, "NOK": 11_500, "NZD": 1_900, "PHP": 65_000, "PKR": 310_000,
    "PLN": 4_300, "RON": 5_000, "SEK": 11_200, "SGD": 1_500, "THB": 37_000, "TRY": 45_000, "TWD": 35_000,
    "UAH": 47_000, "USD": 1_100, "VND": 28_000_000, "ZAR": 20_000,
}  # fmt: skip
"""Rough price levels, so that a life in yen or rupees has plausible figures; other currencies count as euros."""


def in_currency(euro_cents: int, currency: str) -> int:
    """An amount of the tables in minor units of a currency, rounded down."""
    decimals = exponent(currency)
    assert decimals is not None, "the profile's currency was checked"
    return int(euro_cents * PER_EURO_THOUSANDTHS.get(currency, 1_000) * 10**decimals // 100_000)


class Monthly(NamedTuple):
    """Paid each month on a day, or on the Monday after. ``rise_percent`` once a year, from the second January on."""

    payee: str
    day: int
    cents: int
    category: str
    note: str | None = None
    rise_percent: int = 0


class Seldom(NamedTuple):
    """Paid on a day of certain months; ``spread_percent`` is by how much the amount may differ from time to time."""

    payee: str
    months: tuple[int, ...]
    day: int
    cents: int
    category: str
    note: str
    spread_percent: int = 0


class Everyday(NamedTuple):
    """Spending that comes as it comes: chances in percent for Monday to Sunday, an hour, and amounts between two."""

    payees: tuple[str, ...]
    percent: tuple[int, int, int, int, int, int, int]
    hour: int
    low_cents: int
    high_cents: int
    category: str
    while_away: bool = False


EMPLOYER: Final = "Employer payroll"
SALARY_CENTS: Final = 3_240_00
SALARY_DAY: Final = 25
BONUS_PERCENT: Final = 60
SAVINGS_RATE_PERCENT: Final = 2
SAVED_CENTS: Final = 400_00
CASH_CENTS: Final = 60_00
OPENING_CENTS: Final = {"main": 1_850_00, "savings": 4_200_00, "wallet": 60_00}

BILLS: Final = (
    Monthly("Landlord", 1, 1_150_00, "rent", "Rent", rise_percent=2),
    Monthly("City Rail", 1, 49_00, "transport", "Monthly pass"),
    Monthly("Gym membership", 3, 29_00, "health"),
    Monthly("Regional Energy", 5, 72_00, "utilities", "Electricity and heating", rise_percent=4),
    Monthly("Music streaming", 8, 10_99, "subscriptions"),
    Monthly("Internet provider", 12, 34_90, "utilities"),
    Monthly("Mobile network", 15, 14_90, "utilities"),
    Monthly("Film streaming", 20, 13_99, "subscriptions", rise_percent=14),
    Monthly("Online storage", 27, 2_99, "subscriptions"),
)
SELDOM: Final = (
    Seldom("City Waterworks", (2, 5, 8, 11), 15, 92_00, "utilities", "Water, quarterly", spread_percent=6),
    Seldom("Household insurer", (3,), 16, 184_00, "insurance", "Home contents, one year"),
    Seldom("Liability insurer", (10,), 1, 62_40, "insurance", "Liability, one year"),
    Seldom("Dental practice", (4, 11), 9, 85_00, "health", "Check-up", spread_percent=40),
)
EVERYDAY: Final = (
    Everyday(("Grocery store", "Discount market"), (15, 55, 5, 55, 20, 92, 0), 18, 14_00, 38_00, "groceries"),
    Everyday(("Grocery store",), (0, 0, 0, 0, 0, 80, 0), 11, 38_00, 78_00, "groceries"),
    Everyday(("Corner bakery",), (10, 0, 10, 0, 10, 30, 70), 8, 3_20, 9_80, "groceries", while_away=True),
    Everyday(("Lunch canteen", "Noodle bar"), (60, 55, 60, 55, 40, 0, 0), 12, 7_20, 12_90, "eating_out"),
    Everyday(("Coffee bar",), (60, 45, 55, 45, 65, 35, 25), 9, 2_80, 5_60, "eating_out", while_away=True),
    Everyday(
        ("Pizza oven", "Garden restaurant", "Tapas corner"), (2, 3, 6, 8, 45, 42, 10), 20, 18_00, 52_00, "eating_out"
    ),
    Everyday(("City Rail", "Night taxi"), (10, 10, 12, 12, 30, 34, 22), 22, 2_90, 16_00, "transport"),
    Everyday(
        ("Cinema", "Bookshop", "Concert hall", "Climbing hall"), (2, 3, 5, 4, 18, 26, 14), 17, 9_00, 38_00, "leisure"
    ),
    Everyday(("Clothing store", "Hardware store", "Online shop"), (3, 2, 4, 2, 5, 12, 0), 16, 16_00, 96_00, "shopping"),
    Everyday(("Pharmacy",), (5, 4, 4, 4, 6, 5, 0), 15, 5_00, 27_00, "health"),
)
IN_CASH: Final = (
    Everyday(("Farmers market",), (0, 0, 0, 0, 0, 62, 0), 10, 8_00, 21_00, "groceries"),
    Everyday(
        ("Flea market", "Ice cream stand", "Tip jar"),
        (3, 3, 4, 3, 10, 18, 20),
        15,
        2_00,
        11_00,
        "leisure",
        while_away=True,
    ),
)
ON_HOLIDAY: Final = (
    Everyday(
        ("Beach restaurant", "Harbour grill"),
        (75, 75, 75, 75, 75, 80, 80),
        20,
        19_00,
        44_00,
        "holiday",
        while_away=True,
    ),
    Everyday(
        ("Boat tours", "Island museum", "Bicycle rental"),
        (25, 25, 25, 25, 25, 25, 25),
        11,
        8_00,
        36_00,
        "holiday",
        while_away=True,
    ),
)
