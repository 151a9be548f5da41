"""What Litestar's OpenAPI document leaves out or gets wrong, and the order in which people read it."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from inspect import getdoc
from typing import Any

from litestar._openapi.schema_generation import SchemaCreator
from litestar._openapi.schema_generation.plugins.struct import StructSchemaPlugin
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import (
    Example,
    OpenAPI,
    OpenAPIMediaType,
    OpenAPIResponse,
    OpenAPIType,
    Operation,
    RequestBody,
    Schema,
)
from litestar.typing import FieldDefinition

from marketmind_scheduler.adapters.http.envelope.conditions import TAGS
from marketmind_scheduler.adapters.http.problems import explained
from marketmind_scheduler.adapters.http.shapes.answers import answer_of
from marketmind_scheduler.adapters.http.shapes.deliveries import add_deliveries
from marketmind_scheduler.adapters.http.shapes.meanings import give_meanings
from marketmind_scheduler.adapters.http.words.taken import fields_of, has_each_once

_METHODS = ("POST", "GET", "PUT", "DELETE")
_IDEMPOTENCY_KEY: dict[str, Any] = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "A name of yours for this request, such as a UUID. Sent again with the same body, it is answered as "
    "the first time, with `Idempotency-Replayed: true`, and has no second effect.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
}
_SHOW_ONE = {
    f"#/components/schemas/{name}Out"
    for name in (
        "Brand",
        "ChangedBrand",
        "Campaign",
        "Post",
        "ChangedPost",
        "Schedule",
        "ScheduleRecord",
        "Policy",
        "ChangedPolicy",
    )
}
_ETAG = {
    "ETag": {
        "description": "The strong entity tag of what is shown; another as soon as anything of it differs",
        "schema": {"type": "string", "examples": ['"2f6b1c0d9e8a47335b1d0c6f7e2a9b84"']},
        "required": True,
    }
}
_CONDITIONS = [
    {
        "name": name,
        "in": "header",
        "description": description,
        "schema": {"type": "string", "pattern": TAGS},
    }
    for name, description in (
        ("If-Match", "Only if it has one of these entity tags, as `ETag` gave them; `*`: only if it exists. Else 412"),
        (
            "If-None-Match",
            "Only if it has none of these; `*`: only if it does not exist. Else 304 to a GET, 412 otherwise",
        ),
    )
]
_RETRY_AFTER = {"Retry-After": {"description": "Seconds to wait", "schema": {"type": "integer"}, "required": True}}


class StrictStructs(StructSchemaPlugin):
    """Says that unknown fields are refused and which lists have each of their items once, and takes over
    docstrings."""

    def to_openapi_schema(self, field_definition: FieldDefinition, schema_creator: SchemaCreator) -> Schema:
        schema = super().to_openapi_schema(field_definition, schema_creator)
        struct = field_definition.type_
        if struct.__struct_config__.forbid_unknown_fields:
            schema.additional_properties = False
        if "__doc__" in vars(struct) and struct.__doc__:
            schema.description = getdoc(struct)
        for field in fields_of(struct):
            shown = (schema.properties or {}).get(field.encode_name)
            if isinstance(shown, Schema) and has_each_once(field.type):
                shown.unique_items = True
        return schema


class Explorable(OpenAPIConfig):
    """Makes a document that is ordered and corrected when it is read."""

    def to_openapi_schema(self) -> OpenAPI:
        made = super().to_openapi_schema()
        return _Document(**{each.name: getattr(made, each.name) for each in fields(made)})


class _Document(OpenAPI):
    def to_schema(self) -> dict[str, Any]:
        document = _corrected(super().to_schema())
        paths: dict[str, dict[str, Any]] = {}
        for method, path, _ in operations(self):
            operation = document["paths"][path][method.lower()]
            if method == "POST":
                operation = operation | {"parameters": [*operation.get("parameters", ()), _IDEMPOTENCY_KEY]}
            paths.setdefault(path, {})[method.lower()] = _readable(_conditional(operation, reads=method == "GET"))
        give_meanings(document["components"]["schemas"])
        for item in paths.values():
            for operation in item.values():
                _show_answers(operation, document["components"]["schemas"])
        codes = document["components"]["schemas"]["Problem"]["properties"]["code"]
        codes["enum"] = sorted(explained())
        add_deliveries(document)
        return document | {"paths": paths}


def operations(document: OpenAPI) -> Iterator[tuple[str, str, Operation]]:
    """Every operation with its method and path: by tag, then path, what makes something before what reads it."""
    tags = [tag.name for tag in document.tags or ()]
    found = [
        (tags.index(operation.tags[0]), path, nth, operation)
        for path, item in (document.paths or {}).items()
        for nth, method in enumerate(_METHODS)
        if (operation := getattr(item, method.lower()))
    ]
    for _, path, nth, operation in sorted(found, key=lambda each: each[:3]):
        yield _METHODS[nth], path, operation


def operation_id(handler: HTTPRouteHandler, *_: object) -> str:
    """A handler's name, which no other handler has."""
    return handler.handler_name


def body_like(*examples: Example, required: bool = True) -> type[Operation]:
    """An operation whose request body comes with these examples; the explorer fills in the first."""

    @dataclass
    class WithExamples(Operation):
        def __post_init__(self) -> None:
            if isinstance(self.request_body, RequestBody):
                self.request_body.required = required
                for media_type in self.request_body.content.values():
                    media_type.examples = {example.summary or "": example for example in examples}

    return WithExamples


def shown_as_pictures(table: str) -> type[Operation]:
    """An operation whose answer is shown as a table, which begins so, or as a picture where that is asked for."""

    @dataclass
    class WithPictures(Operation):
        def __post_init__(self) -> None:
            shown = (self.responses or {})["200"]
            if isinstance(shown, OpenAPIResponse) and shown.content is not None:
                for media_type, example in (("text/plain", table), ("image/svg+xml", "<svg …>…</svg>")):
                    shown.content[media_type] = OpenAPIMediaType(Schema(type=OpenAPIType.STRING), example=example)

    return WithPictures


def _corrected(node: Any) -> Any:
    """Bounds of integers as integers, and as one schema `X or null` where X is a plain type, and X that may be left
    out."""
    match node:
        case {"oneOf": [alone], **rest}:
            return _corrected({**alone, **rest})
        case {"oneOf": [{"type": str(kind)} as plain, {"type": "null"}], **rest}:
            return _corrected({**plain, "type": [kind, "null"], **rest})
        case dict():
            return {key: _corrected(value) for key, value in node.items()}  # pyright: ignore[reportUnknownVariableType]
        case list():
            return [_corrected(value) for value in node]  # pyright: ignore[reportUnknownVariableType]
        case float() if node.is_integer():
            return int(node)
        case _:
            return node


def _conditional(operation: dict[str, Any], *, reads: bool) -> dict[str, Any]:
    """With the headers of conditional requests: ``ETag`` where one object is shown, conditions where 412 is said."""
    responses = {status: _tagged(response) for status, response in operation["responses"].items()}
    if "412" not in responses:
        return operation | {"responses": responses}
    if reads:
        responses["304"] = {"description": "It is as the caller has it", "headers": _ETAG}
    return operation | {"responses": responses, "parameters": [*operation.get("parameters", ()), *_CONDITIONS]}


def _tagged(response: dict[str, Any]) -> dict[str, Any]:
    shown = response.get("content", {}).get("application/json", {}).get("schema", {}).get("$ref")
    return response | {"headers": _ETAG} if shown in _SHOW_ONE else response


def _show_answers(operation: dict[str, Any], known: dict[str, Any]) -> None:
    for status, response in operation["responses"].items():
        if status not in ("200", "201", "202"):
            continue
        for shown in response.get("content", {}).values():
            shown.setdefault("example", answer_of(operation["operationId"], shown["schema"], known))


def _readable(operation: dict[str, Any]) -> dict[str, Any]:
    responses = dict(sorted(operation["responses"].items()))
    if "503" in responses:
        responses["503"] = responses["503"] | {"headers": _RETRY_AFTER}
    if "parameters" not in operation:
        return operation | {"responses": responses}
    parameters = [
        {name: value for name, value in parameter.items() if value is not False}
        | {"schema": _without_null(parameter["schema"])}
        for parameter in operation["parameters"]
    ]
    return operation | {"parameters": parameters, "responses": responses}


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of a parameter: one that is absent is left out, never sent as null."""
    match schema:
        case {"type": [kind, "null"], **rest}:
            return {"type": kind, **rest}
        case {"oneOf": [reference, {"type": "null"}], **rest}:
            return {**reference, **rest}
        case _:
            return schema
