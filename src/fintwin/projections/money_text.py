r"""Amounts as a person of some language and country writes them.

The figures of stored rows stay whole minor units; only here, at reading time, they become text. All decimals of the currency
are shown, as ISO 4217 has them, and none is rounded away.

>>> money_text(125_050, "EUR", "de_DE").replace("\xa0", " ")
'1.250,50 €'
>>> money_text(1_500, "JPY", "en_US")
'¥1,500'
>>> money_text(-1_234, "BHD", "xx_YY").replace("\xa0", "")
'-BHD1.234'
"""

from __future__ import annotations

from functools import cache
from typing import Final

from babel import Locale, UnknownLocaleError
from babel.numbers import format_currency

from fintwin.domain.money import to_decimal

DEFAULT_LOCALE: Final = "en_US"


@cache
def locale_of(name: str | None) -> Locale:
    """The locale of a name such as ``de_DE`` or ``de-DE``; the default where there is none of that name."""
    if name:
        try:
            return Locale.parse(name.replace("-", "_"))
        except (UnknownLocaleError, ValueError, TypeError):
            pass
    return Locale.parse(DEFAULT_LOCALE)


def money_text(amount_minor: int, currency: str, locale: str | None = None) -> str:
    """An amount in minor units as text."""
    return format_currency(
        to_decimal(amount_minor, currency), currency, locale=locale_of(locale), decimal_quantization=False
    )
