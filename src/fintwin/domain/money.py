"""Money as integer minor units of an ISO 4217 currency.

Amounts enter as exact decimals (``1250.50``), are kept as integers (``125050`` minor units) and leave as exact decimals
again, so no amount is ever rounded on its way through. How many decimals a currency has comes from ISO 4217 itself
(USD 2, JPY 0, BHD 3).

>>> from decimal import Decimal
>>> parse_minor(Decimal("0.001"), "BHD")
1
>>> str(to_decimal(125050, "EUR"))
'1250.50'
>>> parse_minor(Decimal("0.5"), "JPY").code
<Code.AMOUNT_PRECISION: 'amount_precision'>
"""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from typing import Final

from iso4217 import Currency

from fintwin.domain.refusals import Code, Refusal

DIGITS_MAX: Final = 15
MINOR_MAX: Final = 10**DIGITS_MAX - 1
"""The largest amount or balance, in minor units: 15 digits."""


@lru_cache(maxsize=512)
def exponent(currency: str) -> int | None:
    """Number of decimals of an ISO 4217 currency, or None where there is no such currency or it has no minor unit."""
    try:
        found = Currency(currency)
    except ValueError:
        return None
    decimals = found.exponent
    return None if decimals is None else int(decimals)


def is_currency(currency: str) -> bool:
    """Whether money can be kept in this currency (an ISO 4217 code with a defined number of decimals)."""
    return exponent(currency) is not None


def parse_minor(amount: Decimal, currency: str) -> int | Refusal:
    """Minor units of an exact decimal amount; refused when it has more decimals than the currency, or over 15 digits.

    The sign is kept: whether an amount must be positive is for the rule that uses it to say.
    """
    decimals = exponent(currency)
    if decimals is None:
        return Refusal(Code.UNKNOWN_CURRENCY, f"{currency!r} is not a currency of ISO 4217.")
    if not amount.is_finite():
        return Refusal(Code.AMOUNT_NOT_FINITE, "The amount must be a finite number.")
    if not amount:
        return 0  # with whatever exponent: 0e999999999 must not become a power of ten
    if amount.adjusted() > DIGITS_MAX:
        return Refusal(Code.AMOUNT_TOO_LARGE, "The amount has more than 15 digits.")
    sign, digits, power = amount.as_tuple()
    shift = int(power) + decimals
    if shift < 0:
        digits, dropped = digits[:shift], digits[shift:]
        if any(dropped):
            plural = "decimal" if decimals == 1 else "decimals"
            text = f"{currency} has {decimals or 'no'} {plural}; the amount has more."
            return Refusal(Code.AMOUNT_PRECISION, text)
    minor = int("".join(map(str, digits)) or "0") * int(10 ** max(shift, 0))
    if minor > MINOR_MAX:
        return Refusal(Code.AMOUNT_TOO_LARGE, "The amount has more than 15 digits.")
    return -minor if sign else minor


def to_decimal(amount_minor: int, currency: str) -> Decimal:
    """The exact decimal of an amount in minor units, with as many decimals as the currency has."""
    decimals = exponent(currency)
    assert decimals is not None, f"an amount in an unknown currency {currency!r} was let in"
    return Decimal(amount_minor).scaleb(-decimals)


def in_words(amount_minor: int, currency: str) -> str:
    """An amount for a plain sentence, without regard to a locale: ``1250.50 EUR``."""
    return f"{to_decimal(amount_minor, currency)} {currency}"
