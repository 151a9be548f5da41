"""Requests are taken literally: strict JSON, ids as they are written, known query names, each given once."""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any, ClassVar, cast
from uuid import UUID

import msgspec
from litestar import Request, Response
from litestar.connection import ASGIConnection
from litestar.dto import AbstractDTO
from litestar.exceptions import HTTPException, NotFoundException
from litestar.handlers import BaseRouteHandler
from litestar.params import QueryParameter
from litestar.routes import HTTPRoute
from litestar.typing import FieldDefinition

from marketmind_scheduler.adapters.http.problems import Malformed

_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,18}")


class UnsupportedMediaType(HTTPException):
    status_code = 415


class StrictBody(AbstractDTO[Any]):
    """Decodes bodies without Litestar's leniency: a number as text, a repeated type of its own, broken UTF-8 or
    nesting without end is refused with 400, anything but JSON with 415."""

    _decoders: ClassVar[dict[str, msgspec.json.Decoder[Any]]] = {}

    @classmethod
    def create_for_field_definition(
        cls, field_definition: FieldDefinition, handler_id: str, backend_cls: Any = None
    ) -> None:
        del backend_cls
        if field_definition.name == "data":
            cls._decoders[handler_id] = msgspec.json.Decoder(field_definition.annotation)

    @classmethod
    def create_openapi_schema(cls, field_definition: FieldDefinition, handler_id: str, schema_creator: Any) -> Any:
        del handler_id
        return schema_creator.for_field_definition(field_definition)

    def decode_bytes(self, value: bytes) -> Any:
        connection = cast("ASGIConnection[Any, Any, Any, Any]", self.asgi_connection)
        content_type = connection.headers.get("content-type", "").partition(";")[0].strip().lower()
        if content_type != "application/json":
            raise UnsupportedMediaType(
                extra=[{"at": "content-type", "message": f"send application/json, not {content_type or 'nothing'}"}]
            )
        try:
            return self._decoders[connection.route_handler.handler_id].decode(value)
        except msgspec.ValidationError as invalid:
            message, _, path = str(invalid).partition(" - at ")
            raise Malformed(message, at=path.strip("`") or "$") from None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as unreadable:
            raise Malformed(f"the body is not valid JSON: {unreadable}", at="$") from None


async def check_url(request: Request[Any, Any, Any]) -> Response[None] | None:
    """Refuse ids in the path that are not written as UUIDs are, and query parameters that the route does not know,
    that are given more than once, or that Litestar would read too generously. Answers OPTIONS itself."""
    if request.method == "OPTIONS":
        return _allowed(request)
    for value in request.path_params.values():
        if isinstance(value, UUID) and str(value) not in request.scope["path"].lower():
            raise NotFoundException
    if not request.scope["query_string"]:
        return None
    known = _query_types(request.route_handler)
    for name, values in request.query_params.dict().items():
        if name not in known:
            offered = f"this path takes {', '.join(sorted(known))}" if known else "this path takes none"
            raise Malformed(f"there is no such query parameter; {offered}", at=name)
        if len(values) > 1:
            raise Malformed("give this query parameter once", at=name)
        if known[name] is int and not _WHOLE_NUMBER.fullmatch(values[0]):
            raise Malformed("a whole number is needed here, in digits", at=name)
        if values[0].lower() == "null":
            raise Malformed("leave the parameter out instead of sending null", at=name)
    return None


def _allowed(request: Request[Any, Any, Any]) -> Response[None]:
    """Every method of the path; Litestar would name those of one handler."""
    template = request.scope["path_template"]
    methods = {
        method
        for route in request.app.routes
        if isinstance(route, HTTPRoute) and route.path_format == template
        for method in route.methods
    }
    return Response(None, status_code=204, headers={"allow": ", ".join(sorted(methods))})


@cache
def _query_types(handler: BaseRouteHandler) -> Mapping[str, Any]:
    parameters = handler.parsed_fn_signature.parameters.items()
    return {
        (kwarg.name or name): field.annotation
        for name, field in parameters
        if isinstance(kwarg := field.kwarg_definition, QueryParameter)
    }
