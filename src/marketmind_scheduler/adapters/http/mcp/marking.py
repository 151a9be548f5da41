"""Answers as agents read them: what people wrote stands apart, marked, and can neither hide nor take over.

Agents read texts as if somebody spoke to them. A title that says "ignore your rules" must look like what it is.
"""

import unicodedata
from collections.abc import Sequence
from enum import Enum
from typing import Any, cast

import msgspec
from msgspec import UNSET, Struct

UNTRUSTED = "untrusted"
LONGEST_TEXT = 1000
MOST_ITEMS = 200

OURS = frozenset(
    {
        "after",
        "before",
        "brand_default_timezone",
        "code",
        "date",
        "digest",
        "field",
        "hash",
        "key",
        "local_time",
        "next_cursor",
        "patch_hash",
        "plan_hash",
        "publish_time_local",
        "schedules_link",
        "timezone",
        "tz_release",
        "window_zone",
    }
)
"""The fields with texts of a form that leaves no room for words. Whatever text is not among them is untrusted."""

_UNSEEN = frozenset({"Cc", "Cf", "Co", "Cs", "Cn"})
_BREAKS = frozenset({"Zl", "Zp"})


def marked(answer: Struct) -> dict[str, object]:
    """What a shape says as JSON: texts that may be somebody's, under ``untrusted``; what is null, left out; of a list
    that is longer than anybody reads, the beginning, and under ``cut`` how many there are."""
    said = {each.encode_name: getattr(answer, each.name) for each in msgspec.structs.fields(answer)}
    given = {name: value for name, value in said.items() if value is not None and value is not UNSET}
    texts = {name: _plain(value) for name, value in given.items() if name not in OURS and _is_text(value)}
    rest = {name: _plain(value) for name, value in given.items() if name not in texts}
    cut = {name: count for name, value in given.items() if (count := _count(value)) > MOST_ITEMS}
    return rest | ({"cut": cut} if cut else {}) | ({UNTRUSTED: texts} if texts else {})


def harmless(value: object) -> object:
    """What is not of a shape, with nothing in its texts that a reader would not see."""
    return _plain(msgspec.to_builtins(value))


def visible(text: str) -> str:
    """The text on one line and not too long, without what is not seen: controls, turns of direction, joiners, tags,
    selectors."""
    seen = "".join(_visible(each) for each in text[: 2 * LONGEST_TEXT])
    return seen if len(seen) <= LONGEST_TEXT else f"{seen[: LONGEST_TEXT - 1]}…"


def _plain(value: Any) -> object:
    match value:
        case Struct():
            return marked(value)
        case Enum():
            return value.value
        case str():
            return visible(value)
        case dict():
            return {visible(str(name)): _plain(each) for name, each in cast("dict[object, object]", value).items()}
        case list() | tuple():
            return [_plain(each) for each in cast("Sequence[object]", value)[:MOST_ITEMS]]
        case _:
            return msgspec.to_builtins(value)


def _count(value: object) -> int:
    return len(cast("Sequence[object]", value)) if isinstance(value, list | tuple) else 0


def _is_text(value: object) -> bool:
    """A text, or several."""
    if isinstance(value, list | tuple):
        each_item = cast("Sequence[object]", value)
        return bool(each_item) and all(map(_is_text, each_item))
    return isinstance(value, str) and not isinstance(value, Enum)


def _visible(character: str) -> str:
    category = unicodedata.category(character)
    if character.isspace() or category in _BREAKS:
        return " "
    return "" if category in _UNSEEN or _is_selector(character) else character


def _is_selector(character: str) -> bool:
    """Of a variant of the character before: invisible, and many of them can spell anything."""
    return "\ufe00" <= character <= "\ufe0f" or "\U000e0100" <= character <= "\U000e01ef"
