"""Risk in words: flags, advice and messages for the reasons of a score, made at reading time.

Existing clients recognise flags by words that therefore stay: "exceeds 50%", "high frequency", "low balance", "overdrawn",
"ML anomaly".
Texts say what the figures show and what would lower the score; none says that anything is safe.

>>> from fintwin.projections.risk_levels import Reason
>>> flag(Reason("large_payment", 28, "percent", 80, 50), "EUR")
'A payment of 80% of the balance exceeds 50% of it'
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import msgspec

from fintwin.projections.money_text import money_text
from fintwin.projections.risk_levels import LOW_MAX, MEDIUM_MAX, Reason, Score

_WINDOW_NAMES: Final = {"1h": "hour", "24h": "24 hours", "7d": "7 days"}

_FLAGS: Final = {
    "large_payment": "A payment of {observed}% of the balance exceeds 50% of it",
    "new_counterparty": "A first payment to a new counterparty took {observed}% of the balance",
    "unusual_amount": "An unusual amount: {observed}, where up to {threshold} would be usual",
    "in_and_out": "{observed}% of money from an unfamiliar source went straight out again",
    "dormant_then_busy": "Busy again after {observed} days without a payment",
    "payments": "Transactions at high frequency: {observed} in {window}, where {threshold} or fewer are usual",
    "spending": "Spending of {observed} in {window}, where up to {threshold} would be usual",
    "drained": "Drained to a low balance: {observed}% of the recent highest is left",
    "low_cover": "A low balance: money at hand covers {observed} months of usual spending",
    "overdrawn": "The account is overdrawn: the balance is {observed}",
    "income_stopped": "A regular income has stopped: the last payment was {observed} days ago",
    "ml_anomaly": "ML anomaly: transactions that stand apart from the rest: {observed}",
}
_ADVICE: Final = {
    "large_payment": "Payments of less than half of the balance do not raise this; it fades within three weeks.",
    "new_counterparty": "A second payment to the same counterparty is no longer new; this fades within 45 days.",
    "unusual_amount": "Check that the amount is right; this fades within 45 days.",
    "in_and_out": "Check who asked for the money to be passed on; this fades within 45 days.",
    "dormant_then_busy": "Check that you made these payments yourself; freezing the account stops any more.",
    "payments": "Check that you made these payments yourself; fewer payments let this fade within three weeks.",
    "spending": "Spending at the usual rate lets this fade within three weeks.",
    "drained": "A balance above a tenth of the recent highest ends this.",
    "low_cover": "Money at hand for {threshold} months of usual spending ends this.",
    "overdrawn": "A balance of zero or more ends this.",
    "income_stopped": "The next payment of this income, or as much from another source, ends this.",
    "ml_anomaly": "Check that these amounts are right; this counts for 45 days.",
}
NOTHING_TO_SAY: Final = "All activity looks normal"
"""The kept wording where no signal has fired; it speaks of activity, and promises nothing."""


class Message(msgspec.Struct, frozen=True):
    """One line about the present risk; ``type`` as clients know it."""

    message: str
    type: str


def figure(value: int, reason: Reason) -> Decimal | int:
    """An observed value or threshold as a number: months with one decimal, everything else as it is (money in minor units)."""
    return Decimal(value).scaleb(-1) if reason.unit == "tenths_of_months" else value


def _figure_text(value: int, reason: Reason, currency: str, locale: str | None) -> str:
    if reason.unit == "money":
        return money_text(value, currency, locale)
    return str(figure(value, reason))


def _filled(texts: dict[str, str], reason: Reason, currency: str, locale: str | None) -> str:
    family, _, window = reason.code.partition("_")
    text = texts.get(reason.code) or texts[family]
    return text.format(
        observed=_figure_text(reason.observed, reason, currency, locale),
        threshold=_figure_text(reason.threshold, reason, currency, locale),
        window=_WINDOW_NAMES.get(window, ""),
    )


def flag(reason: Reason, currency: str, locale: str | None = None) -> str:
    """What was seen, in one phrase."""
    return _filled(_FLAGS, reason, currency, locale)


def advice(reason: Reason, currency: str, locale: str | None = None) -> str:
    """What would lower the score."""
    return _filled(_ADVICE, reason, currency, locale)


def messages(score: Score, currency: str, locale: str | None = None) -> list[Message]:
    """The present risk as a list of lines, strongest first; one line where there is nothing to say."""
    found = [
        Message(
            flag(one, currency, locale),
            "Risk" if score.score > MEDIUM_MAX else "Alert" if score.score > LOW_MAX else "Info",
        )
        for one in score.reasons
    ]
    return found or [Message(NOTHING_TO_SAY, "Info")]
