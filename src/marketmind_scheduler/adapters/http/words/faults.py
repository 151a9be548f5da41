"""Says of a value that a type does not take what would be right."""

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, cast

import msgspec
from msgspec import inspect

from marketmind_scheduler.adapters.http.words.taken import bare, choices, has_examples, member, tags, taken
from marketmind_scheduler.domain.ids import is_id
from marketmind_scheduler.domain.quoting import meant, quoted

_STEP = re.compile(r"\.(\w+)|\[(\d+)\]")
_ALSO_CALLED = {"X": "TWITTER"}
_NUL = "\0"

Fault = tuple[str, str]
"""A place, as a JSON path, and what is wrong there."""


def refusal(kind: inspect.Type, sent: object, invalid: msgspec.ValidationError) -> Fault:
    """What msgspec has refused in a body, at the place that it names. What a body says of itself, beyond its types, is
    said in its own words."""
    said, _, at = str(invalid).partition(" - at ")
    place = at.strip("`") or "$"
    for field, nth in _STEP.findall(place):
        kind, sent = _inner(kind, sent, field or int(nth))
    return place, _fault(kind, sent) or said


def misspelled_ids(kind: inspect.Type, sent: Any, place: str = "$") -> Iterator[Fault]:
    """The ids that are not written as ids are: msgspec takes them without hyphens too."""
    match bare(member(kind, sent)):
        case inspect.UUIDType() if isinstance(sent, str) and not is_id(sent):
            yield place, _fault(kind, sent)
        case inspect.StructType(fields=fields) if isinstance(sent, dict):
            for field in fields:
                if field.encode_name in sent and _has_ids(field.type):
                    yield from misspelled_ids(field.type, sent[field.encode_name], f"{place}.{field.encode_name}")
        case inspect.ListType(item_type=item) if isinstance(sent, list) and _has_ids(item):
            for nth, each in enumerate(cast("list[object]", sent)):
                yield from misspelled_ids(item, each, f"{place}[{nth}]")
        case _:
            return


def wrong_parameter(kind: inspect.Type, written: str) -> str:
    """What is wrong with the text of a parameter."""
    return f"{_shown(kind, written)} is not {taken(kind)}{_meant_choice(kind, written)}"


def _fault(kind: inspect.Type, sent: object) -> str:
    match bare(member(kind, sent)), sent:
        case inspect.StructType() as struct, dict():
            return _fault_of_object(kind, struct, list(cast("dict[str, object]", sent)))
        case inspect.StrType(), str() if _NUL in sent:
            return "it holds the character U+0000; leave it out"
        case _:
            return f"{_shown(kind, sent)} is not {taken(kind)}{_hint(kind, sent)}"


def _fault_of_object(kind: inspect.Type, struct: inspect.StructType, sent: Sequence[str]) -> str:
    tag = [struct.tag_field] if struct.tag_field else []
    if not set(tag).issubset(sent):
        return f"{struct.tag_field} is missing; it is {taken(tags(kind))}"
    known = [*tag, *(field.encode_name for field in struct.fields)]
    if unknown := next((name for name in sent if name not in known), None):
        close = meant(unknown, known)
        hint = f"; did you mean {close}?" if close else "."
        return f"there is no field {quoted(unknown)}{hint} The object takes {', '.join(sorted(known))}"
    missing = [field.encode_name for field in struct.fields if field.required and field.encode_name not in sent]
    if not missing:
        return ""
    verb = "is" if len(missing) == 1 else "are"
    return f"{', '.join(missing)} {verb} missing; send {taken(struct)}"


def _shown(kind: inspect.Type, sent: object) -> str:
    match bare(kind), sent:
        case inspect.StrType(max_length=most), str() if most is not None and len(sent) > most:
            return f"a text of {len(sent):,} characters"
        case _, str():
            return quoted(sent)
        case _, list():
            return f"a list of {len(cast('list[object]', sent)):,} items"
        case _, dict():
            return "an object"
        case _, Decimal():
            return quoted(str(sent)).replace("'", "")
        case _:
            return msgspec.json.encode(sent).decode()


def _hint(kind: inspect.Type, sent: object) -> str:
    match bare(kind), sent:
        case inspect.StrType(), Decimal() | bool() if not has_examples(kind):
            return "; write it in double quotes"
        case inspect.IntType() | inspect.BoolType(), str():
            return "; write it without quotes"
        case _, str():
            return _meant_choice(kind, sent)
        case _:
            return ""


def _meant_choice(kind: inspect.Type, written: str) -> str:
    offered = choices(kind)
    also_called = _ALSO_CALLED.get(written.strip().upper())
    close = also_called if also_called in offered else meant(written, offered)
    return f"; did you mean {close}?" if close else ""


def _inner(kind: inspect.Type, sent: Any, step: str | int) -> tuple[inspect.Type, Any]:
    match bare(member(kind, sent)):
        case inspect.StructType(tag_field=tag) if tag == step:
            return tags(kind), sent[step]
        case inspect.StructType(fields=fields):
            return next(field.type for field in fields if field.encode_name == step), sent[step]
        case inspect.ListType(item_type=item):
            return item, sent[step]
        case other:
            return other, sent


def _has_ids(kind: inspect.Type) -> bool:
    match bare(kind):
        case inspect.UUIDType():
            return True
        case inspect.StructType(fields=fields):
            return any(_has_ids(field.type) for field in fields)
        case inspect.ListType(item_type=item):
            return _has_ids(item)
        case _:
            return False
