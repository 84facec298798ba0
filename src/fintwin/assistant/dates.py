"""Days and amounts in a question, as people write them.

Where a day leaves something open, the next one that fits is meant: "by March" is the last of the coming March.

>>> day_in("can I afford 900 by 15 March?", date(2026, 11, 22))
datetime.date(2027, 3, 15)
>>> day_in("in 2 weeks", date(2026, 11, 22)), day_in("next month", date(2026, 11, 22))
(datetime.date(2026, 12, 6), datetime.date(2026, 12, 31))
>>> amount_in("a sofa for 1,250.50 by 2027-01-31"), amount_in("a car of 12k"), amount_in("1.250,50 EUR")
(Decimal('1250.50'), Decimal('12000'), Decimal('1250.50'))
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

_MONTHS: Final = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip
_NUMBERS: Final = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "twelve": 12}
_MONTH: Final = (
    r"(jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sep(?:t(?:ember)?)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)"
)
_ISO: Final = re.compile(r"\b(\d{4})-(\d{1,2})-(\d{1,2})\b")
_DAY_MONTH: Final = re.compile(rf"\b(\d{{1,2}})(?:st|nd|rd|th)?(?: of)? {_MONTH}\b(?:,? (\d{{4}}))?")
_MONTH_DAY: Final = re.compile(rf"\b{_MONTH} (\d{{1,2}})(?:st|nd|rd|th)?\b(?!\d)(?:,? (\d{{4}}))?")
# "may" alone is rather the verb.
_MONTH_ALONE: Final = re.compile(
    rf"\b(?:by|in|until|before|of|end of|this|next) (?:the end of )?{_MONTH}\b(?: (\d{{4}}))?"
)
_SPAN: Final = re.compile(
    r"\b(?:in|within) (\d{1,3}|a|an|one|two|three|four|five|six|twelve) (day|week|month|year)s?\b"
)
_AMOUNT: Final = re.compile(
    r"(?<![\w.,])(\d{1,3}(?:[,.'\u2019\u00a0 ]\d{3})+(?:[.,]\d{1,2})?(?!\d)|\d+(?:[.,]\d+)?)\s?(k\b|thousand\b|million\b)?"
)
_TIMES: Final = {"k": 1_000, "thousand": 1_000, "million": 1_000_000}
_THOUSANDS: Final = 3


def day_in(text: str, today: date) -> date | None:
    """The day that a question names, or None."""
    lower = text.lower()
    found = _absolute(lower, today)
    return found if found is not None else _relative(lower, today)


def amount_in(text: str) -> Decimal | None:
    """The amount that a question names: the first number that is no part of a day."""
    bare = text.lower()
    for pattern in (_ISO, _DAY_MONTH, _MONTH_DAY, _MONTH_ALONE, _SPAN):
        bare = pattern.sub(" ", bare)
    for match in _AMOUNT.finditer(bare):
        number = _number(match.group(1))
        if number > 0:
            return number * _TIMES.get(match.group(2) or "", 1)
    return None


def month_end(day: date) -> date:
    """The last day of a day's month."""
    return day.replace(day=monthrange(day.year, day.month)[1])


def months_later(day: date, months: int) -> date:
    """The same day so many months later, or the last of a shorter month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _absolute(text: str, today: date) -> date | None:
    if match := _ISO.search(text):
        return _date(int(match[1]), int(match[2]), int(match[3]))
    for pattern, day_group, month_group in ((_DAY_MONTH, 1, 2), (_MONTH_DAY, 2, 1)):
        if match := pattern.search(text):
            month, day = _month(match[month_group]), int(match[day_group])
            if match[3]:
                return _date(int(match[3]), month, day)
            this_year = _date(today.year, month, day)
            return this_year if this_year is None or this_year >= today else _date(today.year + 1, month, day)
    if match := _MONTH_ALONE.search(text):
        month = _month(match[1])
        year = int(match[2]) if match[2] else today.year + (month < today.month)
        return month_end(date(year, month, 1))
    return None


def _relative(text: str, today: date) -> date | None:
    if match := _SPAN.search(text):
        count = int(match[1]) if match[1].isdigit() else _NUMBERS[match[1]]
        match match[2]:
            case "day":
                return today + timedelta(days=count)
            case "week":
                return today + timedelta(weeks=count)
            case "month":
                return months_later(today, count)
            case _:
                return months_later(today, 12 * count)
    phrases = (
        ("tomorrow", today + timedelta(days=1)),
        ("today", today),
        ("right now", today),
        ("next week", today + timedelta(weeks=1)),
        ("this month", month_end(today)),
        ("end of the month", month_end(today)),
        ("next month", month_end(months_later(today.replace(day=1), 1))),
        ("this year", date(today.year, 12, 31)),
        ("end of the year", date(today.year, 12, 31)),
        ("christmas", date(today.year + (today > date(today.year, 12, 24)), 12, 24)),
        ("next year", date(today.year + 1, 12, 31)),
    )
    return next((day for phrase, day in phrases if phrase in text), None)


def _number(text: str) -> Decimal:
    """A number with whatever separates its thousands and decimals."""
    text = re.sub(r"['\u2019\u00a0 ]", "", text)
    last = max(text.rfind(","), text.rfind("."))
    if last < 0:
        return Decimal(text)
    whole, decimals = text[:last], text[last + 1 :]
    whole = whole.replace(",", "").replace(".", "")
    return Decimal(whole + decimals) if len(decimals) == _THOUSANDS else Decimal(f"{whole}.{decimals}")


def _month(name: str) -> int:
    return next(number for number, full in enumerate(_MONTHS, 1) if full.startswith(name[:3]))


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
