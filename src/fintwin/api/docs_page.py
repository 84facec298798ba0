"""`/api/docs` and `/api/schema/openapi.json`: the interface explained, from our own document and with nothing from elsewhere.

The page is plain HTML made once at the first request: it works without the internet, without scripts, and under the strictest
content security policy; its style sheet is a file of its own for the same reason.

>>> type_name({"type": "array", "items": {"$ref": "#/components/schemas/Account"}})
'list of Account'
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any, Final, cast

from litestar import Router, get

from fintwin.api.answers import Answer
from fintwin.api.call import Call

if TYPE_CHECKING:
    from fintwin.api.app import Application

STYLE: Final = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h2 { margin-top: 2.5rem; border-bottom: 1px solid; }
details { margin: .4rem 0; padding: .3rem .6rem; border: 1px solid #8885; border-radius: .4rem; }
summary { cursor: pointer; } summary b { display: inline-block; min-width: 4.5rem; }
code { font-family: ui-monospace, monospace; }
table { border-collapse: collapse; margin: .5rem 0; }
td { text-align: left; padding: .15rem .8rem .15rem 0; vertical-align: top; }
"""


@get("/api/schema/openapi.json")
async def openapi_json(request: Call) -> Answer[dict[str, Any]]:
    """The OpenAPI 3.1 document."""
    return Answer(_application(request).document)


@get("/api/docs", media_type="text/html")
async def docs(request: Call) -> Answer[bytes]:
    """The page."""
    return Answer(page(_application(request).document).encode(), media_type="text/html; charset=utf-8")


@get("/api/docs/style.css", media_type="text/css")
async def style(request: Call) -> Answer[bytes]:
    """Its style sheet."""
    del request
    return Answer(STYLE.encode(), media_type="text/css; charset=utf-8")


def _application(request: Call) -> Application:
    return cast("Application", request.app)


def page(document: dict[str, Any]) -> str:
    """The document as a page for people."""
    info = document["info"]
    by_tag: dict[str, list[str]] = {}
    for path, item in document["paths"].items():
        for method, operation in item.items():
            for tag in operation.get("tags", ["Other"]):
                by_tag.setdefault(tag, []).append(_operation(path, method, operation))
    parts = [f"<h2>{escape(tag)}</h2>{''.join(found)}" for tag, found in by_tag.items()]
    schemas = document["components"]["schemas"]
    parts.append("<h2>Shapes</h2>" + "".join(_shape(name, schemas[name]) for name in sorted(schemas)))
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(info['title'])} API</title>"
        '<link rel="stylesheet" href="/api/docs/style.css"></head><body>'
        f"<h1>{escape(info['title'])} {escape(info['version'])}</h1><p>{escape(info['description'])}</p>"
        '<p>The same for machines: <a href="/api/schema/openapi.json">openapi.json</a></p>'
        f"{''.join(parts)}</body></html>"
    )


def type_name(schema: dict[str, Any]) -> str:
    """A schema in a few words."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    for key, word in (("oneOf", " or "), ("anyOf", " or "), ("allOf", " and ")):
        if key in schema:
            return word.join(type_name(one) for one in schema[key])
    if "enum" in schema:
        return " | ".join(str(one) for one in schema["enum"])
    if "const" in schema:
        return str(schema["const"])
    kind = schema.get("type", "anything")
    if kind == "array":
        return f"list of {type_name(schema.get('items', {}))}"
    if isinstance(kind, list):
        return " or ".join(kind)
    return f"{kind} ({schema['format']})" if "format" in schema else str(kind)


def _operation(path: str, method: str, operation: dict[str, Any]) -> str:
    told = [f"<p>{escape(operation.get('description', ''))}</p>"]
    rows = [
        (f"{one['name']} ({one['in']})", type_name(one.get("schema", {})), one.get("description", ""))
        for one in operation.get("parameters", [])
    ]
    content = operation.get("requestBody", {}).get("content", {})
    rows += [("body", type_name(one.get("schema", {})), kind) for kind, one in content.items()]
    for status, response in operation["responses"].items():
        answers = response.get("content", {"": {}})
        rows += [
            (f"answer {status}", type_name(one["schema"]) if "schema" in one else "nothing", kind)
            for kind, one in answers.items()
        ]
    told.append(_table(rows))
    return (
        f"<details><summary><b>{method.upper()}</b> <code>{escape(path)}</code> {escape(operation.get('summary', ''))}"
        f"</summary>{''.join(told)}</details>"
    )


def _shape(name: str, schema: dict[str, Any]) -> str:
    required = set(schema.get("required", ()))
    rows = [
        (field + ("" if field in required else "?"), type_name(one), one.get("description", ""))
        for field, one in schema.get("properties", {}).items()
    ]
    return (
        f"<details><summary><code>{escape(name)}</code> {escape(schema.get('description', ''))}</summary>"
        f"{_table(rows)}</details>"
    )


def _table(rows: list[tuple[str, str, str]]) -> str:
    cells = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table>{cells}</table>"


router = Router("/", route_handlers=[openapi_json, docs, style], include_in_schema=False)
