"""The platform's id of a published post, as a receiver's answer names it."""

import json
import re
from typing import Any, cast

_LONGEST = 200
_NAME = b'"external_id"'
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class Unusable(Exception):  # noqa: N818  # it says why, and no verdict changes with it
    """An id is there and cannot be kept; the message says why and repeats nothing of the answer."""


def read_external_id(body: bytes) -> str | None:
    """The ``external_id`` of a JSON object, a whole number as its decimal digits; None where there is none. Raises
    Unusable: a part of an id, or one that was mended, would be the id of something else."""
    try:
        content: Any = json.loads(body, parse_int=str)  # msgspec would refuse lone surrogates
    except (ValueError, RecursionError):
        if _NAME in body:
            raise Unusable("the body that names it is cut off, too long or no JSON") from None
        return None
    given = cast("dict[str, Any]", content).get("external_id") if isinstance(content, dict) else None
    return None if given is None else _checked(given)


def _checked(given: object) -> str:
    if not isinstance(given, str):
        raise Unusable(f"it is {_kind(given)}; send a text or a whole number")
    if not given:
        raise Unusable("it is empty")
    if len(given) > _LONGEST:
        raise Unusable(f"it has {len(given)} characters; {_LONGEST} at most are kept")
    if _UNSTORABLE.search(given):
        raise Unusable("it holds a character that cannot be stored")
    return given


def _kind(given: object) -> str:
    match given:
        case bool():
            return "true or false"
        case float():
            return "a number with a fraction or an exponent"
        case list():
            return "a list"
        case _:
            return "an object"
