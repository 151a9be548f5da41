"""What the types of bodies and parameters take, in words that need no knowledge of any language.

The words are read from the types, so they cannot be out of date.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

import msgspec
from msgspec import inspect

from marketmind_scheduler.domain.ids import AN_ID, EXAMPLE_ID

_IN_WORDS = "in_words"


def told_as(words: str) -> dict[str, str]:
    """For ``Meta(extra=…)`` of a text with a pattern: what such a text is, such as "a URL without spaces"."""
    return {_IN_WORDS: words}


def taken(kind: inspect.Type) -> str:
    """What the type takes, as a phrase that begins with "a", "an", "one of", "true"."""
    if words := _in_words(kind):
        return words
    match bare(kind):
        case inspect.StrType(min_length=least, max_length=most):
            return f"a text{_size(least, most, 'characters')}{_such_as(kind)}"
        case inspect.ListType(item_type=item, min_length=least, max_length=most):
            return f"a list{_size(least, most, 'items')}, each of them {taken(item)}"
        case inspect.FloatType():
            return f"a number{_such_as(kind)}"
        case inspect.StructType() | inspect.DictType():
            return f"an object such as {_json(example(kind))}"
        case other:
            return _taken_whole(other)


def _taken_whole(kind: inspect.Type) -> str:
    match kind:
        case inspect.IntType(ge=least, le=most):
            return f"a whole number{_range(least, most)}"
        case inspect.BoolType():
            return "true or false"
        case inspect.UUIDType():
            return AN_ID
        case _:
            return f"one of {', '.join(choices(kind))}"


def example(kind: inspect.Type) -> object:
    """A value that the type takes: of an object, no more than it needs, or what can be said where it needs nothing."""
    if (given := _examples(kind)) and given[0]:
        return given[0]
    match bare(kind):
        case inspect.StructType(cls=cls) if said := getattr(cls, "EXAMPLE", None):
            return said
        case inspect.StructType(fields=fields, tag_field=tag_field, tag=tag):
            shown = [field for field in fields if field.required] or [each for each in fields if not _is_flag(each)]
            tagged: dict[str, object] = {tag_field: tag} if tag_field else {}
            return tagged | {field.encode_name: example(field.type) for field in shown}
        case inspect.ListType(item_type=item):
            return [example(item)]
        case other:
            return _example_whole(other)


def _is_flag(field: inspect.Field) -> bool:
    return isinstance(bare(field.type), inspect.BoolType)


def _example_whole(kind: inspect.Type) -> object:
    match kind:
        case inspect.BoolType():
            return True
        case inspect.IntType(ge=least):
            return least or 0
        case inspect.UUIDType():
            return EXAMPLE_ID
        case _:
            return next(iter(choices(kind)), "…")


def choices(kind: inspect.Type) -> Sequence[str]:
    """The texts that it takes, where it takes no others."""
    match bare(kind):
        case inspect.EnumType(cls=members):
            return [str(each.value) for each in members]
        case inspect.LiteralType(values=values):
            return [str(value) for value in values]
        case _:
            return []


def has_examples(kind: inspect.Type) -> bool:
    return bool(_examples(kind))


def member(kind: inspect.Type, sent: object) -> inspect.Type:
    """Of several objects that a tag tells apart, the one whose tag is sent, else the first; anything else itself."""
    if not isinstance(sent, dict):
        return kind
    given = cast("Mapping[str, object]", sent)
    tagged = ((each, given.get(each.tag_field)) for each in _objects(kind) if each.tag_field)
    return next((each for each, tag in tagged if tag == each.tag), kind)


def tags(kind: inspect.Type) -> inspect.Type:
    """What the tag may be that tells these objects apart."""
    return inspect.LiteralType(values=tuple(each.tag for each in _objects(kind) if each.tag is not None))


def _objects(kind: inspect.Type) -> Sequence[inspect.StructType]:
    match kind:
        case inspect.StructType():
            return [kind]
        case inspect.Metadata(type=described):
            return _objects(described)
        case inspect.UnionType(types=types):
            return [each for each in types if isinstance(each, inspect.StructType)]
        case _:
            return []


def bare(kind: inspect.Type) -> inspect.Type:
    """Without its description, and without what stands for nothing."""
    match kind:
        case inspect.Metadata(type=described):
            return bare(described)
        case inspect.UnionType(types=types):
            return bare(next(each for each in types if not isinstance(each, inspect.NoneType)))
        case _:
            return kind


def metadata_of(kind: inspect.Type) -> Iterator[inspect.Metadata]:
    match kind:
        case inspect.Metadata(type=described):
            yield kind
            yield from metadata_of(described)
        case inspect.UnionType(types=types):
            for each in types:
                yield from metadata_of(each)
        case _:
            return


def _examples(kind: inspect.Type) -> Sequence[object]:
    for each in metadata_of(kind):
        if "examples" in (schema := _schema_of(each)):
            return schema["examples"]
    return []


def _schema_of(described: inspect.Metadata) -> Mapping[str, Any]:
    """What is said of a type besides."""
    return cast("Mapping[str, Any]", described.extra_json_schema or {})


def fields_of(struct: type[msgspec.Struct]) -> Sequence[inspect.Field]:
    """The fields of a body or an answer, as they are written."""
    kind = inspect.type_info(struct)
    return kind.fields if isinstance(kind, inspect.StructType) else ()


def has_each_once(kind: inspect.Type) -> bool:
    """Whether nothing may stand in a list twice."""
    return any("uniqueItems" in _schema_of(each) for each in metadata_of(kind))


def _in_words(kind: inspect.Type) -> str | None:
    extras = [cast("Mapping[str, str]", each.extra or {}) for each in metadata_of(kind)]
    return next((extra[_IN_WORDS] for extra in extras if _IN_WORDS in extra), None)


def _size(least: int | None, most: int | None, what: str) -> str:
    if most is None:
        return ""
    return f" of {least:,} to {most:,} {what}" if least else f" of at most {most:,} {what}"


def _range(least: int | None, most: int | None) -> str:
    if least is None:
        return ""
    return f" from {least} on" if most is None else f" from {least} to {most}"


def _such_as(kind: inspect.Type) -> str:
    examples = _examples(kind)
    return f" such as {_json(examples[0])}" if examples and examples[0] else ""


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
