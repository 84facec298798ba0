"""Request bodies: JSON to structs, decoded from the very text, so that a number of money stays the number that was sent.

Litestar's own way goes through Python floats. `JsonBody` takes its place as the application's DTO: a handler names its body
``data: SomeStruct`` and gets it decoded strictly, or the caller gets 400 with the field at fault.

>>> decoded(Decoder(dict[str, int]), b'{"a":')
Traceback (most recent call last):
fintwin.api.problems.ProblemError: The body is not valid JSON.
"""

from __future__ import annotations

from typing import Any, ClassVar, TypeVar

import msgspec
from litestar.dto import AbstractDTO
from litestar.openapi.spec import Reference, Schema
from litestar.typing import FieldDefinition
from msgspec.json import Decoder

from fintwin.api.problems import malformed

T = TypeVar("T")


def decoded(decoder: Decoder[T], body: bytes) -> T:
    """The struct of a body, or the problem that says what is wrong with it."""
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at `")
        field = path.rstrip("`").removeprefix("$").removeprefix(".")
        message = message.replace("`decimal`", "a number").replace("decimal string", "number").replace("`", "")
        if "matching regex" in message:
            message = "This text holds characters that are not taken"
        raise malformed(f"{field}: {message}." if field else f"{message}.", field or "body") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise malformed("The body is not valid JSON.") from None
    except RecursionError:
        raise malformed("The body is nested too deeply.") from None


class JsonBody(AbstractDTO[Any]):
    """See the module; what Litestar asks of a DTO, and nothing of its transfer models."""

    _decoders: ClassVar[dict[str, Decoder[Any]]] = {}
    # Litestar makes a handler's id anew each time it is asked for.
    _by_function: ClassVar[dict[Any, Decoder[Any]]] = {}

    @classmethod
    def create_for_field_definition(
        cls, field_definition: FieldDefinition, handler_id: str, backend_cls: Any = None
    ) -> None:
        """Called once per handler at start."""
        del backend_cls
        cls._decoders[handler_id] = Decoder(field_definition.annotation)

    @classmethod
    def is_supported_model_type_field(cls, field_definition: FieldDefinition) -> bool:
        """For what comes in only; `Answer` is for what goes out."""
        return field_definition.name == "data"

    @classmethod
    def create_openapi_schema(
        cls, field_definition: FieldDefinition, handler_id: str, schema_creator: Any
    ) -> Reference | Schema:
        """The struct's own schema."""
        del handler_id
        schema: Reference | Schema = schema_creator.for_field_definition(field_definition)
        return schema

    @classmethod
    def generate_field_definitions(cls, model_type: type[Any]) -> Any:
        """There are no transfer models."""
        del model_type
        yield from ()

    @classmethod
    def detect_nested_field(cls, field_definition: FieldDefinition) -> bool:
        """There are no transfer models."""
        del field_definition
        return False

    def decode_bytes(self, value: bytes) -> Any:
        """The struct of the body."""
        handler = self.asgi_connection.route_handler
        decoder = self._by_function.get(handler.fn)
        if decoder is None:
            decoder = self._by_function[handler.fn] = self._decoders[handler.handler_id]
        return decoded(decoder, value)
