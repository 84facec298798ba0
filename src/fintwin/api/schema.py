"""`/api/schema/openapi.json`: the OpenAPI 3.1 document, made from the handlers and told in the public spelling.

Litestar makes the document; what it cannot know is added here: which paths end with a slash in the public contract (the service
takes both spellings), that money is a number, what every problem looks like, and the headers that writes take and give.

>>> spelling("/api/transactions"), spelling("/api/auth/me")
('/api/transactions/', '/api/auth/me')
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

import msgspec
from litestar import Litestar
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.spec import Components, OpenAPIType, Schema, SecurityScheme
from litestar.plugins import OpenAPISchemaPlugin
from litestar.typing import FieldDefinition

import fintwin
from fintwin.api.problems import MEDIA_TYPE, Problem

_WITH_SLASH: Final = frozenset(
    f"/api/{noun}" for noun in ("transactions", "accounts", "simulate", "portfolio", "notifications")
)
_PUBLIC: Final = ("/api/auth/config", "/api/auth/demo", "/api/auth/google")
"""Whoever is nobody yet may ask here."""

_ASKING: Final = ("/api/risk/analyze", "/api/assistant/chat", "/api/assistant/consent")
"""These are sent like writes and book nothing: a key would mean nothing."""

_WRITES: Final = ("post", "put", "patch")
_NULL: Final = {"type": "null"}
_REFERENCE: Final = "#/components/schemas/{name}"

OPENAPI: Final = OpenAPIConfig(
    title="FinTwin",
    version=fintwin.__version__,
    description=(
        "An event-sourced ledger that you can fork. FinTwin keeps records and calculates; it holds and moves no money, is no "
        "bank, broker or adviser. Money is an exact decimal number; a numeric string is taken too. Paths are served with and "
        "without the last slash. Lists tell their next page in a `Link` header."
    ),
    path="/internal/openapi",
    use_handler_docstrings=True,
    components=Components(
        security_schemes={
            "bearer": SecurityScheme(type="http", scheme="bearer", bearer_format="JWT", description="The `ft_token`."),
            "cookie": SecurityScheme(
                type="apiKey",
                security_scheme_in="cookie",
                name="__Host-ft_session",
                description="The web app's session; on one's own machine over http its name is `ft_session`.",
            ),
        }
    ),
    security=[{"bearer": []}, {"cookie": []}],
)

_KEY_PARAMETER: Final = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    "description": "The same key and body give the same reply again; nothing is booked twice. It never expires.",
}
_WRITE_HEADERS: Final = {
    "X-Position": {"schema": {"type": "integer"}, "description": "The position of the log that this write reached."},
    "Idempotent-Replay": {"schema": {"const": "true"}, "description": "This is the reply of an earlier request again."},
}


class MoneyInSchema(OpenAPISchemaPlugin):
    """Decimals are numbers in JSON."""

    def is_plugin_supported_field(self, field_definition: FieldDefinition) -> bool:
        """Whether it is a decimal."""
        return field_definition.annotation is Decimal

    def to_openapi_schema(self, field_definition: FieldDefinition, schema_creator: Any) -> Schema:
        """A number of any size."""
        del field_definition, schema_creator
        return Schema(type=OpenAPIType.NUMBER)


def spelling(path: str) -> str:
    """A path as the public contract writes it."""
    return f"{path}/" if path in _WITH_SLASH else path


def document(app: Litestar) -> dict[str, Any]:
    """The OpenAPI document of an application."""
    made: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(app.openapi_schema.to_schema()))
    paths = made["paths"]
    made["paths"] = {spelling(path): paths[path] for path in sorted(paths, key=_order)}
    _, definitions = msgspec.json.schema_components([Problem], ref_template=_REFERENCE)
    schemas = made["components"]["schemas"]
    for name in [name for name in schemas if name.endswith("Exception")]:
        del schemas[name]
    schemas.update(definitions)
    for path, method, operation in operations(made):
        keyless = path in _ASKING or operation.get("tags") in (["Auth"], ["Webhooks"])
        _complete(operation, books=method in _WRITES and not keyless)
    for path in _PUBLIC:
        for operation in made["paths"][path].values():
            operation["security"] = []
    return made


def operations(made: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every path, method and operation of a document."""
    for path, item in made["paths"].items():
        for method, operation in item.items():
            if method != "parameters":
                yield path, method, operation


def _complete(operation: dict[str, Any], *, books: bool) -> None:
    for parameter in operation.get("parameters", ()):
        _tell_what_is_taken(parameter["schema"])
    _tell_what_body_is_taken(operation.get("requestBody"))
    responses = operation["responses"]
    for status in [status for status in responses if not status.startswith("2")]:
        del responses[status]
    responses["default"] = {
        "description": "A problem.",
        "content": {MEDIA_TYPE: {"schema": {"$ref": _REFERENCE.format(name="Problem")}}},
    }
    if books:
        operation.setdefault("parameters", []).append(_KEY_PARAMETER)
        for status, response in responses.items():
            if status.startswith("2"):
                response["headers"] = _WRITE_HEADERS


def _tell_what_is_taken(schema: dict[str, Any]) -> None:
    """A parameter is never null, and no number of ours is negative: Litestar says it is, and forgets a minimum of 0."""
    kinds = [one for one in schema.get("oneOf", ()) if one != _NULL]
    if len(kinds) == 1:
        del schema["oneOf"]
        schema.update(kinds[0])
    if isinstance(schema.get("type"), list):
        schema["type"] = next(kind for kind in schema["type"] if kind != "null")
        if "enum" in schema:
            schema["enum"] = [one for one in schema["enum"] if one is not None]
    if schema.get("type") == "integer" and "maximum" in schema:
        schema.setdefault("minimum", 0)


def _tell_what_body_is_taken(body: dict[str, Any] | None) -> None:
    """A body that may be null may be left out."""
    for content in (body or {}).get("content", {}).values():
        if body is not None and _NULL in content["schema"].get("oneOf", []):
            body["required"] = False


def _order(path: str) -> tuple[str, bool, str]:
    """Paths of one noun together, collections first."""
    noun, _, rest = path.removeprefix("/api/").partition("/")
    return noun, bool(rest), rest
