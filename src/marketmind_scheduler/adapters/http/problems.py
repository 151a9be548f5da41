"""Every failure leaves as one shape: RFC 9457 ``application/problem+json`` with a stable code."""

import math
from collections.abc import Mapping, Sequence
from datetime import timedelta
from http import HTTPStatus
from inspect import getdoc
from typing import Annotated, Any

import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException
from litestar.openapi import ResponseSpec
from litestar.openapi.spec import Example
from msgspec import Meta, Struct, to_builtins

from marketmind_scheduler.adapters.http.general_problems import GENERAL
from marketmind_scheduler.adapters.http.problem_examples import EXAMPLES
from marketmind_scheduler.adapters.http.words.challenges import challenge
from marketmind_scheduler.adapters.http.words.wayfinding import directions, shown_path
from marketmind_scheduler.domain.errors import (
    Conflict,
    Exhausted,
    Forbidden,
    Gone,
    Incomplete,
    MissingScope,
    NotFound,
    RateLimited,
    Rejected,
    RequestInProgress,
    SchedulerError,
    Unauthenticated,
    Unavailable,
    Unmet,
)

PROBLEM_JSON = "application/problem+json"
RETRY_AFTER = {"retry-after": "1"}
STATUS: dict[type[SchedulerError], int] = {
    Incomplete: 400,
    Unauthenticated: 401,
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
    Gone: 410,
    Unmet: 412,
    Rejected: 422,
    Exhausted: 429,
    Unavailable: 503,
}

_NO_TEXT = '1893456000 is not a text of at most 10,000 characters such as "2030-03-18T19:00:00"'
_TITLES = {413: "Content Too Large", 422: "Unprocessable Content"}  # as in RFC 9110; Python learned them in 3.13

log = structlog.get_logger()


class FieldProblem(Struct, frozen=True):
    """What is wrong at one place of the request."""

    at: Annotated[
        str, Meta(description="A JSON path in the body, or the name of a parameter", examples=["$.timestamp"])
    ]
    message: Annotated[str, Meta(examples=[_NO_TEXT])]


class Problem(Struct, frozen=True, kw_only=True):
    """A problem as in RFC 9457. Switch on ``code``; show ``detail`` to people."""

    type: Annotated[str, Meta(description="Where the code is explained", examples=["/problems/already_scheduled"])]
    title: Annotated[str, Meta(description="The status in words", examples=["Conflict"])]
    status: Annotated[int, Meta(description="The HTTP status", examples=[409])]
    code: Annotated[str, Meta(description="Stable", examples=["already_scheduled"])]
    detail: Annotated[str, Meta(description="What was wrong this time, and what would be right")]
    instance: Annotated[str, Meta(description="The path of the request", examples=["/schedule/post/…"])]
    errors: Annotated[list[FieldProblem], Meta(description="For malformed requests, each place that is wrong")] = []
    details: Annotated[
        dict[str, Any], Meta(description="The values behind the detail: ids, numbers, readings of a time")
    ] = {}


class Malformed(HTTPException):
    """The request is not of the documented form."""

    status_code = 400

    def __init__(self, message: str, *, at: str) -> None:
        super().__init__(detail="", extra=[{"at": at, "message": message}])


class UnsupportedMediaType(HTTPException):
    """The body is of another kind than the path takes."""

    status_code = 415


class BodyTooSlow(HTTPException):
    """The body did not arrive in time."""

    status_code = 408


class Overloaded(HTTPException):
    """The request cannot be answered now, or was given up because it took too long."""

    status_code = 503

    def __init__(self, **headers: str) -> None:
        super().__init__(headers={**RETRY_AFTER, **headers})


def to_problem(request: Request[Any, Any, Any], error: Exception) -> Response[Problem]:
    """The one exception handler of the app."""
    meaning = directions(request, error) if isinstance(error, HTTPException) else None
    problem = problem_of(error, instance=shown_path(request.scope), meaning=meaning)
    structlog.contextvars.bind_contextvars(code=problem.code)  # for the request's line in the log
    headers = dict(_headers_of(error, request))
    return Response(problem, status_code=problem.status, headers=headers, media_type=PROBLEM_JSON)


def problem_of(error: Exception, *, instance: str, meaning: str | None = None) -> Problem:
    """What a failure is told as; ``meaning`` is what to say of one that says nothing itself, where that is known. A
    fault of ours is logged, and tells no more than the request's id."""
    match error:
        case Incomplete():
            at = "$" if error.nth is None else f"$.posts[{error.nth}]"
            return _general(Malformed(str(error), at=at), instance, meaning)
        case SchedulerError():
            if isinstance(error, Unavailable):
                log.warning("unavailable", code=error.code, because=str(error.__cause__ or error))
            status, details = status_of(type(error)), dict(error.details)
            return _problem(status, error.code, str(error), instance=instance, details=details)
        case HTTPException() if error.status_code in GENERAL and error.status_code != HTTPStatus.INTERNAL_SERVER_ERROR:
            return _general(error, instance, meaning)
        case UnicodeDecodeError() | RecursionError():
            return _general(
                Malformed("write path and query in UTF-8, percent-encoded", at="request"), instance, meaning
            )
        case _:
            log.error("unexpected", exc_info=error)
            request_id = structlog.contextvars.get_contextvars().get("request_id", "")
            return _problem(500, *GENERAL[500], instance=instance, details={"request_id": request_id})


def _headers_of(error: Exception, request: Request[Any, Any, Any]) -> Mapping[str, str]:
    match error:
        case Unauthenticated() | MissingScope():
            return {"www-authenticate": request.route_handler.opt.get("challenge", "") + challenge(error)}
        case Exhausted():
            return _of_exhausted(error)
        case Unavailable() | RequestInProgress():
            return RETRY_AFTER
        case HTTPException(status_code=HTTPStatus.REQUEST_ENTITY_TOO_LARGE):
            return {"connection": "close"}  # nobody will read the rest
        case HTTPException():
            return error.headers or {}
        case _:
            return {}


def rate_fields(requests: int, per: timedelta, *, remaining: int, next_in: timedelta) -> Mapping[str, str]:
    """What is left of an allowance, as in draft-ietf-httpapi-ratelimit-headers-10."""
    return {
        "ratelimit-policy": f'"caller";q={requests};w={per.total_seconds():.0f}',
        "ratelimit": f'"caller";r={remaining};t={math.ceil(next_in.total_seconds())}',
    }


def _of_exhausted(error: Exhausted) -> Mapping[str, str]:
    pause = {"retry-after": str(math.ceil(error.retry_after.total_seconds()))}
    if not isinstance(error, RateLimited):
        return pause
    return {**pause, **rate_fields(error.requests, error.per, remaining=0, next_in=error.retry_after)}


def status_of(error: type[SchedulerError]) -> int:
    return next(status for kind, status in STATUS.items() if issubclass(error, kind))


def documented(*failures: type[SchedulerError] | int) -> dict[int, ResponseSpec]:
    """The problems a route may answer with, for OpenAPI, each with an example; a number stands for a general one."""
    examples: dict[int, list[Example]] = {}
    for failure in failures:
        problem = _general_example(failure) if isinstance(failure, int) else _example(failure)
        example = Example(summary=problem.code, description=problem.detail, value=to_builtins(problem))
        examples.setdefault(problem.status, []).append(example)
    return {
        status: ResponseSpec(
            Problem,
            generate_examples=False,
            media_type=PROBLEM_JSON,
            description=", ".join(f"`{example.summary}`" for example in listed),
            examples=listed,
        )
        for status, listed in sorted(examples.items())
    }


def registered(body: type[Struct]) -> ResponseSpec:
    """The answer of a PUT or POST whose object is new."""
    return ResponseSpec(body, generate_examples=False, description="Registered")


def explained() -> dict[str, tuple[int, str]]:
    """Every code that an answer can carry, with its status and its meaning."""
    of_domain = {error.code: (status_of(error), getdoc(error) or "") for error in EXAMPLES}
    return {code: (status, meaning) for status, (code, meaning) in GENERAL.items()} | of_domain


def _general(error: HTTPException, instance: str, meaning: str | None) -> Problem:
    code, usual_meaning = GENERAL[error.status_code]
    places = error.extra if isinstance(error.extra, list) else []
    errors = [FieldProblem(str(place.get("at") or place.get("key", "")), str(place["message"])) for place in places]
    detail = "; ".join(f"{place.at}: {place.message}" for place in errors) or meaning or usual_meaning
    return _problem(error.status_code, code, detail, instance=instance, errors=errors)


def _problem(
    status: int,
    code: str,
    detail: str,
    *,
    instance: str,
    errors: Sequence[FieldProblem] = (),
    details: Mapping[str, object] | None = None,
) -> Problem:
    return Problem(
        type=f"/problems/{code}",
        title=_TITLES.get(status) or HTTPStatus(status).phrase,
        status=status,
        code=code,
        detail=detail,
        instance=instance,
        errors=list(errors),
        details=dict(details or {}),
    )


def _example(error: type[SchedulerError]) -> Problem:
    raised = EXAMPLES[error]
    return _problem(
        status_of(error), error.code, str(raised), instance="/schedule/…", details=to_builtins(dict(raised.details))
    )


def _general_example(status: int) -> Problem:
    code, meaning = GENERAL[status]
    errors = [FieldProblem("$.timestamp", _NO_TEXT)] if status == HTTPStatus.BAD_REQUEST else []
    return _problem(status, code, meaning, instance="/schedule/…", errors=errors)
