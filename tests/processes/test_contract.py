"""The requests of an existing client, in its order and without any of our additions: no idempotency key, no min_position.

Sent to one process of the service and once more through nginx to two. Every field of the contract is there with its type, own
writes are seen by the very next read, and errors carry a readable `detail`.
"""

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.conftest import reachable_folder
from tests.identity.issuer import Issuer
from tests.processes.composed import House
from tests.support.gateway import gateway

Shape = Any

ROWS = 1_200
SCENARIOS = {
    "withdrawal": 100,
    "deposit": 100,
    "rate_change": 1.5,
    "recurring_expense": 20,
    "investment_growth": 100,
    "emergency_fund": 100,
}
PROFILE = {
    "account_name": "Everyday",
    "phone_number": "+49 151 5550-123",
    "currency_preference": "EUR",
    "monthly_income": 2500.50,
    "financial_goal": "savings",
    "risk_appetite": "medium",
}


def uuid(value: Any) -> bool:
    return isinstance(value, str) and str(UUID(value)) == value


def moment(value: Any) -> bool:
    return isinstance(value, str) and value.endswith("Z") and datetime.fromisoformat(value).tzinfo is not None


def number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def text(value: Any) -> bool:
    return isinstance(value, str)


def flag(value: Any) -> bool:
    return isinstance(value, bool)


def one_of(*words: str) -> Callable[[Any], bool]:
    return lambda value: value in words


def maybe(shape: Shape) -> Callable[[Any], bool]:
    return lambda value: value is None or not faults(value, shape)


LEVEL = one_of("low", "medium", "high")
USER = {"id": uuid, "email": maybe(text), "full_name": maybe(text), "picture": maybe(text), "is_profile_complete": flag}
ME = USER | {
    "account_name": maybe(text),
    "phone_number": maybe(text),
    "currency_preference": maybe(text),
    "monthly_income": maybe(number),
    "financial_goal": maybe(one_of("savings", "investment", "debt_payoff", "wealth_building")),
    "risk_appetite": maybe(LEVEL),
}
PERSONA = {"label": text, "emoji": text, "score": whole, "tips": [{"icon": text, "text": text}]}
TRANSACTION = {
    "id": uuid,
    "account_id": uuid,
    "type": one_of("deposit", "withdrawal", "transfer"),
    "amount": number,
    "to_account": maybe(uuid),
    "note": maybe(text),
    "created_at": moment,
}
QUICK = {
    "account_id": uuid,
    "scenario": one_of(*SCENARIOS),
    "amount": number,
    "current_balance": number,
    "virtual_balance": number,
    "risk_score": whole,
    "alert_level": LEVEL,
    "flags": [text],
    "recommendation": text,
}
PAST_RUN = {
    "id": uuid,
    "account_id": uuid,
    "scenario": one_of(*SCENARIOS),
    "amount": number,
    "before_balance": number,
    "after_balance": number,
    "risk_score": whole,
    "alert_level": LEVEL,
    "recommendation": text,
    "created_at": moment,
}
RISK = {
    "id": uuid,
    "account_id": uuid,
    "score": whole,
    "alert_level": LEVEL,
    "flags": [text],
    "ml_details": maybe({"model": text, "anomaly_count": whole, "anomaly_score": number}),
    "updated_at": moment,
}
HOLDING = {
    "id": uuid,
    "account_id": uuid,
    "ticker": text,
    "company_name": text,
    "quantity": number,
    "buy_price": number,
    "current_price": number,
    "current_value": number,
    "invested_value": number,
    "gain_loss": number,
    "gain_loss_pct": number,
    "created_at": moment,
    "updated_at": moment,
}
PERFORMER = {"ticker": text, "gain_loss_pct": number}
SUMMARY = {
    "total_portfolio_value": number,
    "total_invested": number,
    "total_gain_loss": number,
    "total_return_pct": number,
    "total_holdings": whole,
    "best_performer": maybe(PERFORMER),
    "worst_performer": maybe(PERFORMER),
}
NOTIFICATION = {
    "id": uuid,
    "account_id": uuid,
    "title": text,
    "message": text,
    "type": one_of("risk", "alert", "info"),
    "is_read": flag,
    "created_at": moment,
}
PROBLEM = {"type": text, "title": text, "status": whole, "detail": text, "code": text, "request_id": text}


def faults(value: Any, shape: Shape, at: str = "$") -> list[str]:
    """Where a value is not of a shape: fields that are missing or of another type. More fields are welcome."""
    if isinstance(shape, dict):
        if not isinstance(value, dict):
            return [f"{at} is no object"]
        missing = [f"{at}.{name} is missing" for name in shape if name not in value]
        return missing + [
            fault for name in shape if name in value for fault in faults(value[name], shape[name], f"{at}.{name}")
        ]
    if isinstance(shape, list):
        if not isinstance(value, list):
            return [f"{at} is no list"]
        return [fault for number, one in enumerate(value) for fault in faults(one, shape[0], f"{at}[{number}]")]
    return [] if shape(value) else [f"{at} is {value!r}"]


class Client:
    """A client as people have it: bare requests, the answer read as plain JSON."""

    def __init__(self, http: httpx.Client) -> None:
        self.http = http

    def ask(self, method: str, path: str, shape: Shape, body: Any = None, status: int = 200) -> Any:
        """One request; its answer has to have this status and shape."""
        answer = self.http.request(method, path, json=body) if body is not None else self.http.request(method, path)
        assert answer.status_code == status, f"{method} {path}: {answer.status_code} {answer.text[:300]}"
        told = answer.json()
        assert faults(told, shape) == [], f"{method} {path}"
        return told


def sign_in(client: Client, issuer: Issuer) -> str:
    """Google, the profile, the persona."""
    token = issuer.token(sub=str(client.http.base_url))  # somebody new at each address
    answer = client.http.post("/api/auth/google", json={"credential": token})
    assert answer.status_code == 200, answer.text
    assert faults(answer.json(), {"ft_token": text, "user": USER}) == []
    client.http.headers["authorization"] = f"Bearer {answer.json()['ft_token']}"
    me = client.ask("GET", "/api/auth/me", ME)
    assert me["is_profile_complete"] is False
    client.ask("GET", "/api/auth/persona-score", PROBLEM, status=400)
    client.ask("GET", "/api/auth/profile/complete", {"is_profile_complete": flag})
    done = client.ask("PUT", "/api/auth/profile", ME, PROFILE)
    assert done["is_profile_complete"] is True
    assert done["phone_number"] == "+491515550123"
    assert client.ask("GET", "/api/auth/profile/complete", {"is_profile_complete": flag})["is_profile_complete"] is True
    persona = client.ask("GET", "/api/auth/persona-score", PERSONA)
    assert (persona["label"], persona["emoji"], persona["score"]) == ("Steady Saver", "💰", 60)
    assert len(persona["tips"]) == 3
    return str(me["id"])


def pay(client: Client, user: str) -> None:
    """The first deposit, 1,200 rows, lists that add up."""
    first = client.ask(
        "POST", "/api/transactions/", TRANSACTION, {"type": "deposit", "amount": 1000, "note": "Start"}, 201
    )
    assert (first["account_id"], first["to_account"]) == (user, None)
    assert [one["id"] for one in client.ask("GET", "/api/transactions/", [TRANSACTION])] == [first["id"]]
    client.ask("POST", "/api/transactions/", PROBLEM, {"type": "withdrawal", "amount": 1000.01}, 422)
    client.ask("POST", "/api/transactions/", PROBLEM, {"type": "transfer", "amount": 1}, 400)
    client.ask("POST", "/api/transactions/", PROBLEM, {"type": "transfer", "amount": 1, "to_account": user}, 422)
    bodies = [
        {"type": "withdrawal", "amount": 1.5} if many % 3 == 0 else {"type": "deposit", "amount": 1.25}
        for many in range(ROWS - 1)
    ]
    with ThreadPoolExecutor(8) as several:
        list(several.map(lambda body: client.ask("POST", "/api/transactions/", TRANSACTION, body, 201), bodies))
    cents = 100_000 + sum(-150 if body["type"] == "withdrawal" else 125 for body in bodies)
    assert len(client.ask("GET", "/api/transactions/", [TRANSACTION])) == 100
    paged = [
        one["id"]
        for offset in range(0, ROWS, 10)
        for one in client.ask("GET", f"/api/transactions/?limit=10&offset={offset}", [TRANSACTION])
    ]
    assert len(set(paged)) == len(paged) == ROWS
    rows = client.ask("GET", f"/api/transactions/account/{user}", [TRANSACTION])
    signed = [round(one["amount"] * 100) * (1 if one["type"] == "deposit" else -1) for one in rows]
    assert sum(signed) == cents


def simulate(client: Client, user: str) -> None:
    """All six quick scenarios, their history, and its deletion."""
    for scenario, amount in SCENARIOS.items():
        body = {"account_id": user, "scenario": scenario, "amount": amount, "balance": 1}
        told = client.ask("POST", "/api/simulate/", QUICK, body)
        assert told["scenario"] == scenario
    overdrawn = client.ask("POST", "/api/simulate/", QUICK, {"scenario": "withdrawal", "amount": 999_999})
    assert overdrawn["virtual_balance"] < 0
    assert overdrawn["alert_level"] == "high"
    assert any("overdrawn" in one for one in overdrawn["flags"])
    client.ask("POST", "/api/simulate/", PROBLEM, {"scenario": "lottery", "amount": 1}, 422)
    runs = client.ask("GET", f"/api/simulate/history/{user}", [PAST_RUN])
    assert [one["scenario"] for one in runs] == ["withdrawal", *reversed(SCENARIOS)]
    one = client.ask("GET", f"/api/simulate/history/detail/{runs[0]['id']}", PAST_RUN)
    assert one == runs[0]
    client.ask("DELETE", f"/api/simulate/history/detail/{one['id']}", {"message": text})
    client.ask("GET", f"/api/simulate/history/detail/{one['id']}", PROBLEM, status=404)
    gone = client.ask("DELETE", f"/api/simulate/history/{user}", {"message": text, "deleted_count": whole})
    assert gone["deleted_count"] == 6
    assert client.ask("GET", f"/api/simulate/history/{user}", [PAST_RUN]) == []


def look_at_risk(client: Client, user: str) -> None:
    """The whole list is sent along, as the client does."""
    rows = client.ask("GET", f"/api/transactions/account/{user}", [TRANSACTION])
    body = {"account_id": user, "current_balance": 1, "recent_transactions": rows}
    analysed = client.ask("POST", "/api/risk/analyze", RISK, body)
    assert analysed["ml_details"] is not None
    assert client.ask("GET", f"/api/risk/score/{user}", RISK)["account_id"] == user
    client.ask("GET", f"/api/risk/flags/{user}", {"account_id": uuid, "flags": [text]})
    client.ask("GET", f"/api/risk/notifications/{user}", [{"message": text, "type": one_of("Risk", "Alert", "Info")}])


def hold(client: Client, user: str) -> None:
    """Holdings and their summary, empty and full."""
    empty = client.ask("GET", f"/api/portfolio/summary/{user}", SUMMARY)
    assert (empty["total_holdings"], empty["total_portfolio_value"], empty["best_performer"]) == (0, 0, None)
    bought = {"ticker": "acme", "company_name": "Acme", "quantity": 2.5, "buy_price": 10, "current_price": 12}
    made = client.ask("POST", "/api/portfolio/holdings", HOLDING, bought, 201)
    assert (made["ticker"], made["current_value"], made["gain_loss"]) == ("ACME", 30, 5)
    changed = client.ask("PUT", f"/api/portfolio/holdings/{made['id']}", HOLDING, {"current_price": 8})
    assert changed["gain_loss_pct"] == -20
    assert [one["id"] for one in client.ask("GET", f"/api/portfolio/holdings/{user}", [HOLDING])] == [made["id"]]
    assert client.ask("GET", f"/api/portfolio/summary/{user}", SUMMARY)["worst_performer"]["ticker"] == "ACME"
    client.ask("DELETE", f"/api/portfolio/holdings/{made['id']}", {"message": text})
    assert client.ask("GET", f"/api/portfolio/holdings/{user}", [HOLDING]) == []


def be_notified(client: Client, user: str) -> None:
    """Filter, count, read, read all, delete."""
    every = client.ask("GET", f"/api/notifications/{user}", [NOTIFICATION])
    assert {"Deposit received", "Withdrawal processed"} <= {one["title"] for one in every}
    for kind in ("risk", "alert", "info"):
        found = client.ask("GET", f"/api/notifications/{user}?type={kind}", [NOTIFICATION])
        assert {one["type"] for one in found} <= {kind}
    counted = client.ask("GET", f"/api/notifications/count/{user}", {"total": whole, "unread": whole})
    assert counted["total"] == counted["unread"] > 0
    client.ask("PUT", f"/api/notifications/read/{every[0]['id']}", NOTIFICATION)
    unread = client.ask("GET", f"/api/notifications/{user}?unread_only=true", [NOTIFICATION])
    assert every[0]["id"] not in {one["id"] for one in unread}
    read = client.ask("PUT", f"/api/notifications/read-all/{user}", {"message": text, "count": whole})
    assert read["count"] == counted["unread"] - 1
    client.ask("DELETE", f"/api/notifications/{every[0]['id']}", {"message": text})
    after = client.ask("GET", f"/api/notifications/count/{user}", {"total": whole, "unread": whole})
    assert after == {"total": counted["total"] - 1, "unread": 0} | {
        name: after[name] for name in after if name not in counted
    }


def be_wrong(client: Client) -> None:
    """Mistakes of a client: a problem with a sentence, never a 500."""
    token = client.http.headers.pop("authorization")
    client.ask("GET", "/api/auth/me", PROBLEM, status=401)
    client.ask("POST", "/api/auth/google", PROBLEM, {"credential": "x"}, 401)
    client.http.headers["authorization"] = token
    client.ask("GET", "/api/nothing", PROBLEM, status=404)
    client.ask("POST", "/api/transactions/", PROBLEM, {"type": "deposit"}, 400)
    client.ask("POST", "/api/transactions/", PROBLEM, {"type": "deposit", "amount": "NaN"}, 422)
    client.ask("POST", "/api/transactions/", PROBLEM, {"type": "deposit", "amount": 0.001}, 422)


@pytest.fixture(params=["directly", "through nginx"])
def url(request: pytest.FixtureRequest, house: House) -> Iterator[str]:
    """One process, or the gateway in front of both."""
    if request.param == "directly":
        yield house.apis[0].url
        return
    with reachable_folder() as folder, gateway(folder / "site", [one.url for one in house.apis]) as address:
        yield address


@pytest.mark.slow
def test_an_existing_client_finds_everything_as_it_was(house: House, url: str) -> None:
    """The whole way of a client; see the module."""
    with httpx.Client(base_url=url, timeout=30) as connection:
        client = Client(connection)
        user = sign_in(client, house.issuer)
        pay(client, user)
        simulate(client, user)
        look_at_risk(client, user)
        hold(client, user)
        be_notified(client, user)
        be_wrong(client)
    assert re.search(r'"status":5\d\d', house.parts.said()) is None
