"""Requests are taken literally: strict JSON, ids as they are written, known query names, each given once."""

import asyncio
import re
from collections.abc import Collection, Mapping
from enum import StrEnum
from functools import cache
from types import NoneType
from typing import Annotated, Any, TypeVar, cast
from uuid import UUID

import msgspec
import msgspec.inspect
from litestar import Request, Response
from litestar.connection import ASGIConnection
from litestar.dto import AbstractDTO
from litestar.exceptions import NotFoundException
from litestar.handlers import BaseRouteHandler
from litestar.params import PathParameter, QueryParameter
from litestar.routes import HTTPRoute
from litestar.typing import FieldDefinition

from marketmind_scheduler.adapters.http.envelope.large_bodies import LARGE, read_large
from marketmind_scheduler.adapters.http.problems import Malformed, UnsupportedMediaType
from marketmind_scheduler.adapters.http.words.faults import misspelled_ids, refusal, wrong_parameter
from marketmind_scheduler.adapters.http.words.strict_json import NotJson, read_json
from marketmind_scheduler.adapters.http.words.taken import taken
from marketmind_scheduler.adapters.http.words.wayfinding import misspelled_in_path
from marketmind_scheduler.domain.ids import is_id
from marketmind_scheduler.domain.quoting import meant

Decoded = TypeVar("Decoded")

TAKES_BODY = {"body": True}
"""What is declared whose handler reads a body by itself."""

_BODY = "data"
_READ = "body_read"
_OF_BODIES = frozenset({b"content-length", b"transfer-encoding"})
_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,18}")


class StrictBody(AbstractDTO[Any]):
    """Decodes bodies without Litestar's leniency: a number as text, a name given twice, an id in another spelling,
    broken UTF-8 or nesting without end is refused with 400, anything but JSON with 415."""

    @classmethod
    def create_for_field_definition(
        cls, field_definition: FieldDefinition, handler_id: str, backend_cls: Any = None
    ) -> None:
        del field_definition, handler_id, backend_cls

    @classmethod
    def create_openapi_schema(cls, field_definition: FieldDefinition, handler_id: str, schema_creator: Any) -> Any:
        del handler_id
        return schema_creator.for_field_definition(field_definition)

    def decode_bytes(self, value: bytes) -> Any:
        connection = cast("ASGIConnection[Any, Any, Any, Any]", self.asgi_connection)
        if _READ in connection.scope["state"]:
            return connection.scope["state"].pop(_READ)
        return decoded(value, _decoder(connection.route_handler))


def decoded(body: bytes, decoder: msgspec.json.Decoder[Decoded]) -> Decoded:
    """Raises Malformed, which says at which place what would be right."""
    kind = _type_info(decoder.type)
    if not body.strip():
        raise Malformed(f"there is no body; send {taken(kind)}", at="$")
    try:
        sent = read_json(body)
    except NotJson as wrong:
        raise Malformed(str(wrong), at="$") from None
    try:
        read = decoder.decode(body)
    except msgspec.ValidationError as invalid:
        place, message = refusal(kind, sent, invalid)
        raise Malformed(message, at=place) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Malformed("a text holds half of a surrogate pair; send whole characters", at="$") from None
    for place, message in misspelled_ids(kind, sent):
        raise Malformed(message, at=place)
    return read


async def check_request(request: Request[Any, Any, Any]) -> Response[None] | None:
    """Refuse ids in the path that are not written as ids are, query parameters that the route does not know, that are
    given more than once, that Litestar would read too generously or that are missing, and a body that is missing.
    Answers OPTIONS itself."""
    if request.method == "OPTIONS":
        return _allowed(request)
    scope = request.scope
    if scope["path"] != scope["path_template"].format_map(request.path_params) and misspelled_in_path(request):
        raise NotFoundException
    _check_path(request)
    _check_query(request)
    headers = dict(scope["headers"])  # of these, each is given once
    content_type = headers.get(b"content-type", b"").decode("latin-1").partition(";")[0].strip().lower()
    if content_type not in ("", "application/json"):
        raise _not_json(content_type)
    if _takes_body(request.route_handler):
        await _check_body(request, content_type)
    elif any(headers.get(name, b"0") != b"0" for name in _OF_BODIES):
        raise Malformed(f"{request.method} takes no body here; send none", at="$")
    return None


async def _check_body(request: Request[Any, Any, Any], content_type: str) -> None:
    """It is there where it is needed, and of the kind that is taken."""
    body = await request.body()
    if body and not content_type:
        raise _not_json("nothing")
    if not body and (needed := _needed_body(request.route_handler)):
        raise Malformed(f"there is no body; send {taken(needed)}", at="$")
    if len(body) > LARGE and _BODY in request.route_handler.parsed_fn_signature.parameters:
        # where that holds nobody up
        request.scope["state"][_READ] = await asyncio.to_thread(read_large, body, _decoder(request.route_handler))


def _not_json(content_type: str) -> UnsupportedMediaType:
    return UnsupportedMediaType(extra=[{"at": "content-type", "message": f"send application/json, not {content_type}"}])


@cache
def _takes_body(handler: BaseRouteHandler) -> bool:
    return _BODY in handler.parsed_fn_signature.parameters or "body" in handler.opt


def _check_path(request: Request[Any, Any, Any]) -> None:
    """Texts in the path that are one of few."""
    for name, kind in _choices_in_path(request.route_handler).items():
        if not _is_taken(kind, request.path_params[name]):
            raise Malformed(wrong_parameter(_type_info(kind), request.path_params[name]), at=name)


def _check_query(request: Request[Any, Any, Any]) -> None:
    if not request.scope["query_string"] and not _needed_query(request.route_handler):
        return
    known = _query_types(request.route_handler)
    for name, values in request.query_params.dict().items():
        if name not in known:
            raise Malformed(f"there is no such query parameter; {_offered(name, known)}", at=name)
        if len(values) > 1:
            raise Malformed("give this query parameter once", at=name)
        if values[0].lower() == "null":
            raise Malformed("leave the parameter out instead of sending null", at=name)
        if not _is_taken(known[name], values[0]):
            raise Malformed(wrong_parameter(_type_info(known[name]), values[0]), at=name)
    for name in _needed_query(request.route_handler):
        if name not in request.query_params:
            raise Malformed(f"this query parameter is missing; send {taken(_type_info(known[name]))}", at=name)


def _offered(name: str, known: Collection[str]) -> str:
    if not known:
        return "this path takes none"
    close = meant(name, known)
    hint = f"did you mean {close}? " if close else ""
    return f"{hint}this path takes {', '.join(sorted(known))}"


def _is_taken(kind: Any, written: str) -> bool:
    try:
        read = msgspec.convert(written, kind, strict=False)
    except msgspec.ValidationError:
        return False
    match read:
        case UUID():
            return is_id(written)
        case bool():
            return written in ("true", "false")
        case int():
            return _WHOLE_NUMBER.fullmatch(written) is not None
        case _:
            return True


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
    """What each query parameter takes, with its bounds."""
    parameters = handler.parsed_fn_signature.parameters.items()
    return {
        (kwarg.name or name): Annotated[_without_none(field), _bounds(kwarg)]
        for name, field in parameters
        if isinstance(kwarg := field.kwarg_definition, QueryParameter)
    }


@cache
def _choices_in_path(handler: BaseRouteHandler) -> Mapping[str, Any]:
    parameters = handler.parsed_fn_signature.parameters.items()
    in_path = {
        name: field.annotation for name, field in parameters if isinstance(field.kwarg_definition, PathParameter)
    }
    return {name: kind for name, kind in in_path.items() if isinstance(kind, type) and issubclass(kind, StrEnum)}


@cache
def _needed_query(handler: BaseRouteHandler) -> Collection[str]:
    parameters = handler.parsed_fn_signature.parameters.items()
    return [
        kwarg.name or name
        for name, field in parameters
        if isinstance(kwarg := field.kwarg_definition, QueryParameter) and field.is_required
    ]


def _without_none(field: FieldDefinition) -> Any:
    """A parameter is left out, never sent as null."""
    return next(each for each in field.args if each is not NoneType) if field.is_optional else field.annotation


def _bounds(parameter: QueryParameter) -> msgspec.Meta:
    if parameter.max_length is not None:
        return msgspec.Meta(min_length=parameter.min_length, max_length=parameter.max_length)
    return msgspec.Meta(ge=_whole(parameter.ge), le=_whole(parameter.le))


def _whole(bound: float | None) -> int | None:
    return None if bound is None else int(bound)


@cache
def _decoder(handler: BaseRouteHandler) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(handler.parsed_fn_signature.parameters[_BODY].annotation)


@cache
def _needed_body(handler: BaseRouteHandler) -> msgspec.inspect.Type | None:
    body = handler.parsed_fn_signature.parameters.get(_BODY)
    return _type_info(body.annotation) if body is not None and not body.is_optional else None


_type_info = cache(msgspec.inspect.type_info)
