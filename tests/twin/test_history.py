from pathlib import Path

import pytest

from fintwin.twin.history import (
    SHIPPED_LABEL,
    parse_market,
    shipped_market,
    sustainable_rates,
    trinity,
    windows,
)

SHARED = Path(__file__).resolve().parents[3] / "shared"


def test_sixty_forty_at_four_percent() -> None:
    """1928 to 2023, 30 years, 60/40 at 4 %: 65 of 67 windows succeed."""
    counted = trinity(shipped_market().years_between(1928, 2023), years=30, stock_share=0.6, draw_rate=0.04)
    assert (counted.successes, counted.windows) == (65, 67)


def test_half_and_half_at_five_percent() -> None:
    """1928 to 2023, 30 years, 50/50 at 5 %: 45 of 67 windows succeed."""
    counted = trinity(shipped_market().years_between(1928, 2023), years=30, stock_share=0.5, draw_rate=0.05)
    assert (counted.successes, counted.windows) == (45, 67)
    assert len(counted.failed_starts) == 22


def test_what_every_window_would_have_borne() -> None:
    """All in stocks 3.597 % could be drawn in every window; 1929 was the worst start."""
    rates = sustainable_rates(shipped_market().years_between(1928, 2023), years=30, stock_share=1.0)
    worst = min(rates, key=lambda one: one.rate)
    assert (worst.start_year, round(worst.rate * 100, 3)) == (1929, 3.597)


def test_the_trinity_table_on_our_bonds() -> None:
    """1928 to 1995, 39 windows of 50/50: 100, 95, 62, 36, 13, 3 percent succeed at 3 to 8 %."""
    years = shipped_market().years_between(1928, 1995)
    found = []
    for percent in range(3, 9):
        counted = trinity(years, years=30, stock_share=0.5, draw_rate=percent / 100)
        assert counted.windows == 39
        found.append(round(100 * counted.successes / counted.windows))
    assert found == [100, 95, 62, 36, 13, 3]


def test_the_sustainable_rate_just_succeeds() -> None:
    """Drawing a hair less than the closed form succeeds in that window, a hair more fails."""
    years = shipped_market().years_between(1929, 1958)
    rate = sustainable_rates(years, years=30, stock_share=0.6)[0].rate
    assert trinity(years, years=30, stock_share=0.6, draw_rate=rate * 0.999_999).successes == 1
    assert trinity(years, years=30, stock_share=0.6, draw_rate=rate * 1.000_001).successes == 0


@pytest.mark.parametrize(("crash_year", "expected"), [(1, 1_201_548), (30, 2_494_277)])
def test_a_crash_early_or_late(crash_year: int, expected: int) -> None:
    """1,000,000, drawing 40,000 at each year end, 29 years of +7 % and one of -30 %: order decides."""
    rows = "".join(f"{1900 + year},{-0.3 if year == crash_year else 0.07},0,0,0\n" for year in range(1, 31))
    market = parse_market("year,stocks,bonds,bills,inflation\n" + rows, "made")
    left = 1.0
    for year in market.years:
        left = left * (1 + year.stocks) - 0.04
    assert round(left * 1_000_000) == expected
    assert trinity(market.years, years=30, stock_share=1.0, draw_rate=0.04).successes == 1


def test_windows_never_wrap() -> None:
    """There are N - H + 1 windows and the last one ends with the last year."""
    assert windows([1, 2, 3, 4], 3).tolist() == [[1, 2, 3], [2, 3, 4]]
    with pytest.raises(ValueError, match="do not fit"):
        windows([1, 2], 3)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("year,stocks\n2000,0.1\n", "bonds, bills, inflation"),
        ("year,stocks,bonds,bills,inflation\n", "no year"),
        ("year,stocks,bonds,bills,inflation\n2000,x,0,0,0\n", "no number"),
        ("year,stocks,bonds,bills,inflation\n2000,nan,0,0,0\n", "finite"),
        ("year,stocks,bonds,bills,inflation\n2000,-1,0,0,0\n", "-100 %"),
        ("year,stocks,bonds,bills,inflation\n2000,0,0,0,0\n2002,0,0,0,0\n", "2000 to 2002"),
    ],
)
def test_a_bad_market_file_says_what_is_wrong(text: str, word: str) -> None:
    """A replacement file with a mistake is refused with the mistake in the message."""
    with pytest.raises(ValueError, match=word):
        parse_market(text, "mine")


def test_the_shipped_file_carries_its_label() -> None:
    """97 years from 1928 to 2024 under the compiler's name."""
    market = shipped_market()
    assert (market.label, len(market.years)) == (SHIPPED_LABEL, 97)
    assert (market.years[0].year, market.years[-1].year) == (1928, 2024)


@pytest.mark.skipif(not SHARED.exists(), reason="the reference data is not beside this checkout")
def test_the_shipped_file_is_the_reference_file() -> None:
    """The packaged file and the reference file hold the same years."""
    reference = (SHARED / "data" / "us_annual_returns.csv").read_text(encoding="utf-8")
    assert parse_market(reference, SHIPPED_LABEL) == shipped_market()
