"""What to say to whoever comes to a path where nothing is."""

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import unquote
from uuid import UUID

from litestar import Request
from litestar.exceptions import HTTPException, MethodNotAllowedException, NotFoundException
from litestar.routes import HTTPRoute
from litestar.types import HTTPScope
from litestar.types.internal_types import PathParameterDefinition

from marketmind_scheduler.domain.ids import AN_ID, is_id
from marketmind_scheduler.domain.quoting import quoted

_AnyRequest = Request[Any, Any, Any]

_ELSEWHERE = {
    "the API explorer is at /docs": ("/redoc", "/swagger", "/swagger-ui", "/swagger-ui.html", "/api-docs", "/api/docs"),
    "the OpenAPI document is at /docs/openapi.json": (
        "/openapi.json",
        "/openapi.yaml",
        "/openapi",
        "/swagger.json",
        "/docs/openapi.yaml",
        "/v3/api-docs",
        "/.well-known/openapi.json",
    ),
    "tools for agents are offered here where the extra `mcp` is installed": (
        "/mcp",
        "/.well-known/oauth-protected-resource/mcp",
    ),
    "the service's health is at /health, /health/live and /health/ready": ("/healthz", "/livez", "/readyz", "/ping"),
}


def shown_path(scope: HTTPScope) -> str:
    """The path for people who read it, such as in a problem."""
    return unquote(scope["raw_path"].decode("ascii", "backslashreplace"))


def directions(request: _AnyRequest, error: HTTPException) -> str | None:
    """Why nothing is here, or what the path takes, where that can be told."""
    match error:
        case NotFoundException():
            return _why_nothing_is_here(request)
        case MethodNotAllowedException(headers={"allow": methods}):
            return f"{request.scope['path']} does not take {request.method}; it takes {methods}"
        case _:
            return None


def _why_nothing_is_here(request: _AnyRequest) -> str | None:
    if (misspelled := misspelled_in_path(request)) is not None:
        if is_id(misspelled):
            return f"Nothing is at this path: ids in it are in lower case, {misspelled.lower()}."
        return f"{quoted(unquote(misspelled))} is not {AN_ID}"
    path = request.scope["path"]
    if "%" in path:
        return "Nothing is at this path; no letter of a path needs to be encoded with % here."
    if path.startswith("/problems/"):
        return f"No problem has the code {quoted(path.removeprefix('/problems/'))}; `GET /problems` lists them."
    return elsewhere(path)


def elsewhere(path: str) -> str | None:
    """Where it is here what other services have at this path."""
    return next((f"Nothing is at this path; {where}." for where, paths in _ELSEWHERE.items() if path in paths), None)


def misspelled_in_path(request: _AnyRequest) -> str | None:
    """The first piece of the path that stands where an id belongs and is not written as ids are; in a path that is in
    lower case."""
    pieces = request.scope["path"].split("/")[1:]
    return next((each for each in _in_places_of_ids(request, pieces) if not is_id(each) or each != each.lower()), None)


def _in_places_of_ids(request: _AnyRequest, pieces: Sequence[str]) -> Iterator[str]:
    """The pieces that stand for ids in the first route that has the same words in the same places."""
    for route in request.app.routes:
        if isinstance(route, HTTPRoute) and _leads_there(route, pieces):
            for component, piece in zip(route.path_components, pieces, strict=True):
                if isinstance(component, PathParameterDefinition) and component.type is UUID:
                    yield piece
            return


def _leads_there(route: HTTPRoute, pieces: Sequence[str]) -> bool:
    components = route.path_components
    return len(components) == len(pieces) and all(
        isinstance(component, PathParameterDefinition) or component == piece
        for component, piece in zip(components, pieces, strict=True)
    )
