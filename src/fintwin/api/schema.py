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
_WRITES: Final = ("post", "put", "patch")
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
    for method, operation in operations(made):
        _complete(method, operation)
    return made


def operations(made: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every method and operation of a document."""
    for item in made["paths"].values():
        for method, operation in item.items():
            if method != "parameters":
                yield method, operation


def _complete(method: str, operation: dict[str, Any]) -> None:
    responses = operation["responses"]
    for status in [status for status in responses if not status.startswith("2")]:
        del responses[status]
    responses["default"] = {
        "description": "A problem.",
        "content": {MEDIA_TYPE: {"schema": {"$ref": _REFERENCE.format(name="Problem")}}},
    }
    if method in _WRITES and operation.get("tags") not in (["Auth"], ["Webhooks"]):
        operation.setdefault("parameters", []).append(_KEY_PARAMETER)
        for status, response in responses.items():
            if status.startswith("2"):
                response["headers"] = _WRITE_HEADERS


def _order(path: str) -> tuple[str, bool, str]:
    """Paths of one noun together, collections first."""
    noun, _, rest = path.removeprefix("/api/").partition("/")
    return noun, bool(rest), rest
