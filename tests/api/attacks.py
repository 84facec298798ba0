"""Attacks made from the OpenAPI document: every place where a route takes an id, with somebody else's id and with a missing one.

A route that is added is attacked by itself. Where the document names an id that nothing here stands for, `kind_of` fails and
says so.

    for attack in attacks(app.document):
        await attack.answer(eve, ada_objects["account_id"])
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from tests.api.people import Answer, Person

MARK = "00000000-0000-4000-8000-00000000a77a"
"""Stands for the id in bodies until it is filled in."""

_REQUEST_ID = re.compile(r'"request_id": ?"[^"]*"')
_MADE = (
    re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
    re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z"),
    re.compile(r'(?<="position":)\d+'),
)

OPEN_TO_ALL = {
    ("get", "/api/accounts/{account_id}/receivable", "account_id"),
    ("post", "/api/transactions/", "to_account"),
    ("post", "/api/transactions/batch", "to_account"),
    ("post", "/api/twin/runs", "id"),
}
"""Designed: a payer may name anybody's account, and ask for the currency that it takes. A run's id is one's own choice."""

KINDS = {
    "account_id": "account", "accounts": "account", "from_account": "account", "to_account": "account",
    "transaction_id": "transaction", "notification_id": "notification", "item_id": "plan", "holding_id": "holding",
    "run_id": "run", "runs": "run", "key": "flow", "income": "flow", "replaces": "flow", "import_id": "import",
    "webhook_id": "webhook", "session_id": "session", "conversation_id": "conversation", "position": "position",
}  # fmt: skip


def kind_of(name: str) -> str:
    """What the field or parameter of this name is the id of."""
    assert name in KINDS, f"{name!r} takes an id: say in tests/api/attacks.py of what, so that it is attacked as well"
    return KINDS[name]


@dataclass(frozen=True)
class Attack:
    """One place of one route that takes an id."""

    method: str
    path: str
    field: str
    body: Any = None
    query: str = ""

    @property
    def kind(self) -> str:
        """Of what the id is."""
        return kind_of(self.field)

    def __str__(self) -> str:
        return f"{self.method.upper()} {self.path}{self.query} [{self.field}] {json.dumps(self.body)[:80]}"

    async def answer(self, person: Person, wanted: str, own: dict[str, str]) -> Answer:
        """What somebody is answered who puts this id there; further ids of the path are their own."""
        path = self.path.replace(f"{{{self.field}}}", wanted)
        while "{" in path:
            name = path.split("{")[1].split("}")[0]
            path = path.replace(f"{{{name}}}", own.get(kind_of(name), str(uuid4())))
        body = None if self.body is None else json.loads(json.dumps(self.body).replace(MARK, wanted))
        return await person.ask(self.method.upper(), path + self.query.replace(MARK, wanted), body)


def attacks(document: dict[str, Any]) -> list[Attack]:
    """All of them, but for what is open to everybody by design."""
    found = []
    for path, item in document["paths"].items():
        for method, operation in item.items():
            found += [one for one in _of(document, method, path, operation) if one.field != "position"]
    shut = [one for one in found if (one.method, one.path, one.field) not in OPEN_TO_ALL]
    assert all(one.kind for one in shut)
    return shut


def _of(document: dict[str, Any], method: str, path: str, operation: dict[str, Any]) -> Iterator[Attack]:
    schema = next(iter(operation.get("requestBody", {}).get("content", {}).values()), {}).get("schema")
    plain = None if schema is None else sample(document, schema)
    for parameter in operation.get("parameters", []):
        name = parameter["name"]
        if parameter["in"] == "path":
            yield Attack(method, path, name, plain)
        elif parameter["in"] == "query" and (name in KINDS or "uuid" in json.dumps(parameter["schema"])):
            yield Attack(method, path, name, plain, f"?{name}={MARK}")
    if schema is not None:
        for field, body in marked(document, schema):
            yield Attack(method, path, field, body)


def _resolved(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def sample(document: dict[str, Any], schema: dict[str, Any]) -> Any:
    """Something small that the schema takes."""
    schema = _resolved(document, schema)
    for choice in ("oneOf", "anyOf", "allOf"):
        if choice in schema:
            return sample(document, schema[choice][0])
    for said in ("const", "default", "example"):
        if said in schema:
            return schema[said]
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("type", "object")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object":
        properties = schema.get("properties", {})
        return {name: sample(document, properties[name]) for name in schema.get("required", ()) if name in properties}
    if kind == "array":
        return [sample(document, schema.get("items", {}))] * schema.get("minItems", 0)
    texts = {"uuid": str(uuid4()), "date": "2030-01-31", "date-time": "2030-01-31T12:00:00Z"}
    plain = {"integer": schema.get("minimum", 1), "number": 1, "boolean": True, "null": None}
    return plain[kind] if kind in plain else texts.get(schema.get("format", ""), "EUR")


def marked(
    document: dict[str, Any], schema: dict[str, Any], name: str = "", depth: int = 0
) -> Iterator[tuple[str, Any]]:
    """Every sample with one id in it that is to be filled in, and the name of the field that holds it."""
    schema = _resolved(document, schema)
    if depth > 6:
        return
    if schema.get("format") == "uuid":
        yield name, MARK
    for choice in ("oneOf", "anyOf", "allOf"):
        for one in schema.get(choice, ()):
            yield from marked(document, one, name, depth + 1)
    if "items" in schema:
        for field, found in marked(document, schema["items"], name, depth + 1):
            yield field, [found]
    for key, inner in schema.get("properties", {}).items():
        for field, found in marked(document, inner, key, depth + 1):
            yield field, sample(document, schema) | {key: found}


def told(answer: Answer, wanted: str) -> tuple[int, str]:
    """What can be told apart: status and words, but for the id that was asked with and that of the request."""
    text = _REQUEST_ID.sub("", answer.text).replace(wanted, "ID")
    if answer.status < 400:
        # Something of the asker's own was made or told: its ids, times and positions are its own.
        for made in _MADE:
            text = made.sub("new", text)
    return answer.status, text
