import re
from html.parser import HTMLParser

import pytest

from tests.api.people import Service

pytestmark = pytest.mark.asyncio(loop_scope="module")

PUBLIC = {
    "/api/auth/config": {"get"},
    "/api/auth/demo": {"post"},
    "/api/auth/logout": {"post"},
    "/api/auth/sessions": {"get", "delete"},
    "/api/auth/me": {"get"},
    "/api/auth/profile": {"put"},
    "/api/auth/profile/complete": {"get"},
    "/api/transactions/": {"get", "post"},
    "/api/transactions/batch": {"post"},
    "/api/transactions/export": {"get"},
    "/api/transactions/account/{account_id}": {"get"},
    "/api/transactions/{transaction_id}": {"get", "patch"},
    "/api/transactions/{transaction_id}/reverse": {"post"},
    "/api/accounts/": {"get", "post"},
    "/api/accounts/{account_id}": {"get", "patch"},
    "/api/accounts/{account_id}/freeze": {"post"},
    "/api/accounts/{account_id}/unfreeze": {"post"},
    "/api/accounts/{account_id}/close": {"post"},
    "/api/accounts/{account_id}/balance": {"get"},
    "/api/accounts/{account_id}/receivable": {"get"},
    "/api/events": {"get"},
}


async def test_the_document_lists_the_public_paths_in_their_spelling(app: Service) -> None:
    """OpenAPI 3.1 with every route of the contract that is there, and none that is not for clients."""
    document = (await app.client.get("/api/schema/openapi.json")).json()
    assert document["openapi"].startswith("3.1")
    listed = {path: set(item) for path, item in document["paths"].items()}
    assert {path: methods for path, methods in listed.items() if path in PUBLIC} == PUBLIC
    assert all(path.startswith("/api/") for path in listed)


async def test_every_operation_is_described_and_can_end_in_a_problem(app: Service) -> None:
    """Summary, tag, one success, the problem as default; references lead somewhere; money is a number."""
    document = (await app.client.get("/api/schema/openapi.json")).json()
    schemas = document["components"]["schemas"]
    ids = []
    for item in document["paths"].values():
        for operation in item.values():
            ids.append(operation["operationId"])
            assert operation["summary"]
            assert operation["tags"]
            assert [status for status in operation["responses"] if status.startswith("2")]
            problem = operation["responses"]["default"]["content"]["application/problem+json"]["schema"]
            assert problem == {"$ref": "#/components/schemas/Problem"}
    assert len(ids) == len(set(ids))
    text = (await app.client.get("/api/schema/openapi.json")).text
    for name in set(re.findall(r'"#/components/schemas/([^"]+)"', text)):
        assert name in schemas, name
    assert schemas["Transaction"]["properties"]["amount"]["type"] == "number"


async def test_writes_tell_of_the_idempotency_key(app: Service) -> None:
    """The header in, the position out."""
    document = (await app.client.get("/api/schema/openapi.json")).json()
    booking = document["paths"]["/api/transactions/"]["post"]
    assert "Idempotency-Key" in [one["name"] for one in booking["parameters"]]
    assert "X-Position" in booking["responses"]["201"]["headers"]


class Addresses(HTMLParser):
    """Collects what a page wants from elsewhere, and whether it is whole."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Notes the element and its addresses."""
        self.tags.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in {"src", "href"}]


async def test_the_documentation_page_needs_nothing_from_elsewhere(app: Service) -> None:
    """Plain HTML that names every path; its only file is our own style sheet; no script."""
    answer = await app.client.get("/api/docs")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    page = Addresses()
    page.feed(answer.text)
    assert set(page.addresses) == {"/api/docs/style.css", "/api/schema/openapi.json"}
    assert not {"script", "style", "img", "iframe"} & set(page.tags)
    for path in PUBLIC:
        assert path in answer.text
    style = await app.client.get("/api/docs/style.css")
    assert style.headers["content-type"].startswith("text/css")
    assert "url(" not in style.text
