"""The platform's id of a published post, as a receiver's answer names it."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import TypeAlias

_LONGEST = 200
_NAME = "external_id"
_NAMED = re.compile(rb"\bexternal_id\b")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")

_Pairs: TypeAlias = Sequence[tuple[str, object]]
"""The names and values of one JSON object, as they were written."""


class Unusable(Exception):  # noqa: N818  # it says why, and no verdict changes with it
    """An id is there and cannot be kept; the message says why and repeats nothing of the answer."""


def read_external_id(body: bytes) -> str | None:
    """The ``external_id`` of a JSON object, a whole number as its decimal digits; None where there is none. Raises
    Unusable: a part of an id, or one that was mended, would be the id of something else."""
    objects: list[_Pairs] = []  # each behind those that it holds

    def read_object(pairs: _Pairs) -> Mapping[str, object]:
        objects.append(pairs)
        return dict(pairs)

    try:
        content: object = json.loads(body, parse_int=str, object_pairs_hook=read_object)  # msgspec refuses surrogates
    except (ValueError, RecursionError):
        if _NAMED.search(body):
            raise Unusable("the body that names it is cut off, too long or no JSON") from None
        return None
    given: Sequence[object] = _ids_in(objects[-1]) if isinstance(content, dict) else ()
    if len(given) > 1:
        raise Unusable("it is given twice; give it once")
    if not given and any(_ids_in(each) for each in objects):
        raise Unusable("it stands deeper in the body; send it as a field of the object that the body is")
    return None if not given or given[0] is None else _checked(given[0])


def _ids_in(pairs: _Pairs) -> Sequence[object]:
    return [value for name, value in pairs if name == _NAME]


def _checked(given: object) -> str:
    if not isinstance(given, str):
        raise Unusable(f"it is {_kind(given)}; send a text or a whole number")
    if not given.strip():
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
