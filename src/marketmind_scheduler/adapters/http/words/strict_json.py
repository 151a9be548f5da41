"""JSON as RFC 8259 has it, with one value for each name, and words for what is not."""

import json
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

from marketmind_scheduler.domain.quoting import quoted

_SHOWN = 20


class NotJson(ValueError):  # noqa: N818  # named after what it says
    """The body cannot be taken as JSON; the message says why, and what would be right."""


def read_json(body: bytes) -> Any:
    """The value, with numbers as they are written. Raises NotJson, also for a name that is given twice."""
    text = _text(body)
    try:
        return json.loads(
            text,
            object_pairs_hook=_with_each_name_once,
            parse_int=Decimal,
            parse_float=_number,
            parse_constant=_no_constant,
        )
    except json.JSONDecodeError as wrong:
        raise NotJson(f"this is not JSON from character {wrong.pos + 1} on, {_hint(text, wrong.pos)}") from None
    except RecursionError:
        raise NotJson("this is nested too deeply; no body here needs more than five levels") from None


def _text(body: bytes) -> str:
    if body.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        raise NotJson("this begins with a byte order mark; send UTF-8 without one")
    try:
        return body.decode()
    except UnicodeDecodeError as wrong:
        raise NotJson(f"byte {wrong.start + 1} is not UTF-8; send the body in UTF-8") from None


def _with_each_name_once(pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        [(twice, _)] = Counter(name for name, _ in pairs).most_common(1)
        raise NotJson(f"{quoted(twice)} is given twice in one object; give it once")
    return found


def _number(written: str) -> Decimal:
    try:
        return Decimal(written)
    except InvalidOperation:
        raise NotJson(f"{quoted(written)} is beyond all numbers; send one that something can have") from None


def _no_constant(name: str) -> NoReturn:
    raise NotJson(f"{name} is not JSON; send a number in digits, or null")


def _hint(text: str, position: int) -> str:
    rest, before = text[position:], text[:position].rstrip()
    if not rest.strip():
        return "where it ends; close every text, list and object"
    habits = (
        (rest.startswith("'"), "; write names and texts in double quotes"),
        (rest[0] in "}]" and before.endswith(","), "; take the comma before it away"),
        (rest.startswith(("True", "False", "None")), "; write true, false and null"),
        (rest.startswith(("/", "#")), "; JSON has no comments"),
        (before.endswith(("{", ",")) and rest[0].isalpha(), "; write names in double quotes"),
    )
    cure = next((cure for is_so, cure in habits if is_so), "")
    return f"at {quoted(rest[:_SHOWN])}{cure}"
