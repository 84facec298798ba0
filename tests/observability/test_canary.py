"""Words that nobody else uses go in at every door; then everything that the service wrote is searched for them."""

import json
from pathlib import Path

import httpx

from tests.cli.processes import wait_until
from tests.conftest import Database
from tests.support.parts import Parts

WORDS = {
    "name": "Canaria Fullname",
    "account": "Canary Everyday",
    "phone": "+4915199900777",
    "note": "canary note about the doctor",
    "counterparty": "Canary Landlord Ltd",
    "category": "canary-category",
    "query": "canary-search-word",
    "key": "canary-idempotency-key",
    "path": "canary-path",
    "header": "canary-header",
    "holding": "CANARYTICK",
    "garbage": "canary-garbage",
}
AMOUNT = "91827.36"


def live(url: str) -> list[str]:
    """A person who leaves a word in every place that takes one, rightly and wrongly; gives the tokens used."""
    with httpx.Client(base_url=url, timeout=30) as client:
        entered = client.post("/api/auth/demo", json={"name": WORDS["name"]}).json()
        client.headers["authorization"] = f"Bearer {entered['ft_token']}"
        client.headers["x-anything"] = WORDS["header"]
        profile = {
            "account_name": WORDS["account"],
            "phone_number": WORDS["phone"],
            "currency_preference": "EUR",
            "monthly_income": AMOUNT,
            "financial_goal": "savings",
            "risk_appetite": "low",
        }
        assert client.put("/api/auth/profile", json=profile).status_code == 200
        movement = {
            "type": "deposit",
            "amount": AMOUNT,
            "note": WORDS["note"],
            "category": WORDS["category"],
            "counterparty": {"name": WORDS["counterparty"]},
        }
        key = {"Idempotency-Key": WORDS["key"]}
        assert client.post("/api/transactions/", json=movement, headers=key).status_code == 201
        assert client.post("/api/transactions/", json=movement | {"amount": 1}, headers=key).status_code == 422
        assert client.post("/api/transactions/", json=movement | {"type": WORDS["garbage"]}).status_code == 400
        assert client.post("/api/transactions/", content=WORDS["garbage"].encode()).status_code == 400
        holding = {"ticker": WORDS["holding"], "company_name": WORDS["name"], "quantity": 1, "buy_price": 1}
        client.post("/api/portfolio/holdings", json=holding | {"current_price": 1})
        assert client.get("/api/transactions/", params={"q": WORDS["query"]}).status_code == 200
        for path in (f"/api/{WORDS['path']}", f"/api/accounts/{WORDS['path']}/balance", f"/{WORDS['path']}"):
            client.get(path)
        assert client.post("/api/auth/google", json={"credential": WORDS["garbage"]}).status_code < 500
        forged = entered["ft_token"][:-4] + "AAAA"
        assert client.get("/api/auth/me", headers={"authorization": f"Bearer {forged}"}).status_code == 401
        return [entered["ft_token"], forged, entered["user"]["email"] or WORDS["name"]]


def test_nothing_personal_is_in_any_log(database: Database, tmp_path: Path) -> None:
    """Names, notes, amounts, tokens, keys, addresses and garbage: in no line of the service, of Postgres or of Valkey."""
    with Parts(database, tmp_path) as parts:
        service = parts.api()
        parts.start("projector")
        secret = live(service.url)
        wait_until(lambda: parts.said().count('"event":"request"') >= 10, "the lines of the requests")
        assert service.stop() == 0
        text = parts.said()
        keys = parts.environment["FINTWIN_JWT_SECRET"], parts.environment["FINTWIN_MASTER_KEY"]
    servers = sorted(database.servers.folder.glob("*.log"))
    assert servers, "the servers' own logs lie elsewhere"
    everything = text + "\n".join(path.read_text(errors="replace") for path in servers)
    hidden = [*WORDS.values(), AMOUNT, *secret, *(part for token in secret[:2] for part in token.split(".")[1:]), *keys]
    assert [word for word in hidden if word in everything] == []
    requests = [json.loads(line) for line in text.splitlines() if '"event":"request"' in line]
    assert {"route": "/api/transactions", "status": 201, "method": "POST"}.items() <= next(
        one for one in requests if one["status"] == 201
    ).items()
    assert all(one["request_id"] and one["duration_ms"] >= 0 for one in requests)
    assert next(one for one in requests if one["route"] == "/api/auth/profile")["user_id"]
    assert next(one["route"] for one in requests if one["status"] == 404) == "none"
