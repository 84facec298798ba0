"""`/api/risk`: how risky the state of an account is, why, and what would lower it.

Scores come from the read model `risk`, worked out at the moment of asking; those of past months from the twin, which goes through
the history anew. `/analyze` adds what an isolation forest finds unusual
among the account's last transactions; what a client sends along is not looked at.

    GET /api/risk/score/{account_id}    -> {"score": 28, "alert_level": "low", "reasons": [{"code": "large_payment", ...}], ...}
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, Final
from uuid import UUID, uuid5

import msgspec
from litestar import Router, get, post
from litestar.params import FromPath, JSONBody, QueryParameter
from uuid_utils.compat import uuid7

from fintwin.api.answers import Answer
from fintwin.api.call import Call, signed_in
from fintwin.api.money import out
from fintwin.api.problems import refused
from fintwin.api.statement_pages import POSITION_MAX
from fintwin.api.twin_runs import asked
from fintwin.domain.accounts.decide import UNKNOWN_ACCOUNT
from fintwin.projections import risk_text
from fintwin.projections.model import ROW_IDS
from fintwin.projections.risk_levels import Level, Reason, Score, with_anomalies
from fintwin.projections.risk_state import seconds
from fintwin.projections.statements import Statement
from fintwin.simulations.anomalies import HISTORY_MAX, MODEL_NAME, Anomalies, Observation
from fintwin.simulations.working import PastScore
from fintwin.store import reading, reading_insights
from fintwin.store.reading_insights import Risk

ANALYZE_BYTES_MAX: Final = 1024 * 1024
MONTHS_MAX: Final = 60
ANOMALIES_COUNT_DAYS: Final = 45
"""An unusual transaction adds to the score for so long."""

MinPosition = Annotated[
    int | None, QueryParameter(ge=0, le=POSITION_MAX, description="Wait until this has been reached.")
]


class ReasonBody(msgspec.Struct, frozen=True):
    """One reason; the figures count what `unit` says, money in the account's currency. `evidence` are transactions."""

    code: str
    points: int
    unit: str
    observed: Decimal
    threshold: Decimal
    evidence: tuple[UUID, ...]
    advice: str


class MlDetails(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the forest found; indices count the account's last transactions, oldest first."""

    model: str
    anomaly_count: int
    anomaly_score: float
    anomaly_indices: tuple[int, ...] | msgspec.UnsetType = msgspec.UNSET
    note: str | msgspec.UnsetType = msgspec.UNSET


class RiskBody(msgspec.Struct, frozen=True, kw_only=True):
    """The risk of an account; the points of the reasons sum to the score."""

    id: UUID
    account_id: UUID
    score: int
    alert_level: Level
    flags: tuple[str, ...]
    ml_details: MlDetails | None
    updated_at: datetime
    currency: str
    reasons: tuple[ReasonBody, ...]


class AnalyzedBody(RiskBody, frozen=True, kw_only=True):
    """The risk as analysed now, with the unusual transactions."""

    anomalous_transactions: tuple[UUID, ...]


class FlagsBody(msgspec.Struct, frozen=True):
    """The flags of an account."""

    account_id: UUID
    flags: tuple[str, ...]


class AnalyzeBody(msgspec.Struct, frozen=True, kw_only=True):
    """Which account, the main one by default. The rest is what older clients send; it is not looked at."""

    account_id: UUID | None = None
    current_balance: Any = None
    recent_transactions: Any = None


@get("/score/{account_id:uuid}", summary="The risk score of an account, and why")
async def get_score(request: Call, account_id: FromPath[UUID], min_position: MinPosition = None) -> Answer[RiskBody]:
    """There from the account's opening on."""
    found = await _risk(request, account_id, min_position)
    return Answer(RiskBody(**_fields(found, found.score, await locale_of(request)), ml_details=None))


@get("/history/{account_id:uuid}", summary="What the risk score was at the end of each month")
async def get_history(
    request: Call,
    account_id: FromPath[UUID],
    months: Annotated[int, QueryParameter(ge=1, le=MONTHS_MAX, description="How many months before this one.")] = 12,
) -> Answer[list[PastScore]]:
    """Oldest first, from the account's first movement on; with all that is known today, by the rules of today's score."""
    user_id, now = request.user_id, datetime.now(UTC)
    if await request.currencies.of(user_id, account_id) is None:
        raise refused(UNKNOWN_ACCOUNT)
    done = await asked(request.services.desk.risk_course(user_id, account_id, months, now, run_id=uuid7()))
    return Answer(msgspec.json.decode(done.body, type=list[PastScore]))


@post("/analyze", status_code=200, request_max_body_size=ANALYZE_BYTES_MAX, summary="Look at an account anew")
async def analyze(request: Call, data: JSONBody[AnalyzeBody | None] = None) -> Answer[AnalyzedBody]:
    """The score of this moment, and the transactions that stand apart from the rest."""
    account_id = (data.account_id if data else None) or request.user_id
    found = await _risk(request, account_id, None)
    wanted = reading.Filter(account_id=account_id, limit=HISTORY_MAX)
    rows = (await reading.transactions(request.services.pools["api"], request.user_id, wanted)).value[::-1]
    unusual = await request.services.anomalies.find([_observed(row, account_id) for row in rows])
    now = datetime.now(UTC)
    recent = [
        one for one in unusual.anomalies if now - rows[one.index].effective_at <= timedelta(days=ANOMALIES_COUNT_DAYS)
    ]
    score = found.score
    if recent:
        evidence = tuple(one.transaction_id for one in recent)
        score = with_anomalies(score, len(recent), round(100 * recent[0].severity), evidence)
    body = AnalyzedBody(
        **_fields(msgspec.structs.replace(found, updated_at=now), score, await locale_of(request)),
        ml_details=_details(unusual),
        anomalous_transactions=tuple(one.transaction_id for one in unusual.anomalies),
    )
    return Answer(body)


@get("/flags/{account_id:uuid}", summary="The flags of an account")
async def get_flags(request: Call, account_id: FromPath[UUID], min_position: MinPosition = None) -> Answer[FlagsBody]:
    """One phrase for each reason, strongest first."""
    found = await _risk(request, account_id, min_position)
    return Answer(FlagsBody(account_id, _flags(found.score, found.currency, await locale_of(request))))


@get("/notifications/{account_id:uuid}", summary="What is to be said about the risk at present")
async def get_messages(
    request: Call, account_id: FromPath[UUID], min_position: MinPosition = None
) -> Answer[list[risk_text.Message]]:
    """One line where there is nothing."""
    found = await _risk(request, account_id, min_position)
    return Answer(risk_text.messages(found.score, found.currency, await locale_of(request)))


async def locale_of(request: Call) -> str | None:
    """The locale that the caller told, for amounts in texts."""
    profile = await request.services.identity.profile(request.user_id)
    return profile.answers.locale if profile is not None and profile.answers is not None else None


async def _risk(request: Call, account_id: UUID, min_position: int | None) -> Risk:
    pool = request.services.pools["api"]
    seen = await reading_insights.risk(
        pool, request.user_id, now=datetime.now(UTC), account_id=account_id, min_position=min_position
    )
    if not seen.value:
        raise refused(UNKNOWN_ACCOUNT)
    return seen.value[0]


def _fields(found: Risk, score: Score, locale: str | None) -> dict[str, Any]:
    return {
        "id": uuid5(ROW_IDS, f"risk:{found.account_id}"),
        "account_id": found.account_id,
        "score": score.score,
        "alert_level": score.level,
        "flags": _flags(score, found.currency, locale),
        "updated_at": found.updated_at,
        "currency": found.currency,
        "reasons": tuple(
            ReasonBody(
                code=one.code,
                points=one.points,
                unit="months" if one.unit == "tenths_of_months" else one.unit,
                observed=_figure(one.observed, one, found.currency),
                threshold=_figure(one.threshold, one, found.currency),
                evidence=one.evidence,
                advice=risk_text.advice(one, found.currency, locale),
            )
            for one in score.reasons
        ),
    }


def _flags(score: Score, currency: str, locale: str | None) -> tuple[str, ...]:
    return tuple(risk_text.flag(one, currency, locale) for one in score.reasons)


def _figure(value: int, reason: Reason, currency: str) -> Decimal:
    return out(value, currency) if reason.unit == "money" else Decimal(risk_text.figure(value, reason))


def _observed(row: Statement, account_id: UUID) -> Observation:
    other = row.to_account if row.account_id == account_id else row.account_id
    counterparty = str(other) if row.type == "transfer" else row.payee_ref
    return Observation(row.transaction_id, seconds(row.effective_at), row.delta_minor(account_id), counterparty)


def _details(unusual: Anomalies) -> MlDetails:
    found = unusual.anomalies
    if unusual.note is not None:
        return MlDetails(MODEL_NAME, 0, 0.0, note=unusual.note)
    return MlDetails(MODEL_NAME, len(found), unusual.score, anomaly_indices=tuple(one.index for one in found))


router = Router(
    "/api/risk",
    route_handlers=[get_score, get_history, analyze, get_flags, get_messages],
    before_request=signed_in,
    tags=["Risk"],
)
