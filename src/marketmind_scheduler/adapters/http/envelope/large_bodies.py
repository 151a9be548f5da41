"""Bodies that are too large to be read in one go: whoever else asks would wait for them.

They are read in a thread of their own, and the list that makes them large in pieces of so few items that the thread
never keeps the others from their turn. Nothing is built of what the path does not take: it is refused at its first
item, or at the first that is one too many.
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple, TypeVar, get_args

import msgspec
from msgspec import inspect

from marketmind_scheduler.adapters.http.problems import Malformed
from marketmind_scheduler.adapters.http.words.faults import misspelled_ids, refusal
from marketmind_scheduler.adapters.http.words.strict_json import NotJson, read_json
from marketmind_scheduler.adapters.http.words.taken import bare, taken

Decoded = TypeVar("Decoded")

LARGE = 64 * 1024
"""Bytes; a body that has no more is read where it is."""

_LARGEST_WHOLE = 1024 * 1024
_LARGEST_PIECE, _MOST_ITEMS = 256 * 1024, 500
_MOST_PIECES = 400
_MOST_PARTS = 100_000
_SPACE = b" \t\r\n"  # what JSON passes over
_TEXT = rb'"(?:[^"\\]++|\\.)*+"'
_ITEM = rb"(?:\{(?:[^{}\[\]\"]++|" + _TEXT + rb")*+\}|" + _TEXT + rb"|[^][{}\",\s]++)\s*+"
_BEGINNING = re.compile(rb'\s*+\{\s*+"(\w++)"\s*+:\s*+\[\s*+')
_PIECE = re.compile(rb"(?:" + _ITEM + rb"(?:,\s*+|(?=\]))){1,%d}" % _MOST_ITEMS, re.DOTALL)
_EACH_ITEM = re.compile(_ITEM, re.DOTALL)
_END = re.compile(rb"\]\s*+\}\s*+")


class NotOneList(ValueError):  # noqa: N818  # named after what it says
    """The body is no object with one list of flat objects or plain values."""


class _OneList(NamedTuple):
    """What an object has whose only field is a list."""

    name: str
    decoder: msgspec.json.Decoder[list[Any]]
    kind: inspect.ListType


def read_large(body: bytes, decoder: msgspec.json.Decoder[Decoded]) -> Decoded:
    """As ``decoded``, with fewer words on what is refused. Raises Malformed."""
    try:
        shape = _one_list(decoder.type)
        items = list(_items(body, shape)) if shape else None
        return decoder.type(**{shape.name: items}) if shape else _read_whole(body, decoder)
    except NotOneList:
        return _read_whole(body, decoder)
    except ValueError as wrong:
        raise Malformed(str(wrong), at="$") from None


def canonical_list(body: bytes) -> bytes:
    """The same for bodies that mean the same. Raises NotOneList, and NotJson for a name that is given twice."""
    name, pieces = _pieces(body)
    written: list[bytes] = []
    for piece in pieces:
        if len(written) == _MOST_PIECES:
            raise NotOneList
        read_json(piece)
        written.append(_canonical(piece)[1:-1])
    return b'{"%b":[%b]}' % (name.encode(), b",".join(written))


def _canonical(piece: bytes) -> bytes:
    try:
        return msgspec.json.encode(msgspec.json.decode(piece), order="sorted")
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise NotOneList from None


def _items(body: bytes, shape: _OneList) -> Iterator[Any]:
    """Raises NotOneList and Malformed."""
    name, pieces = _pieces(body)
    if name != shape.name:
        raise NotOneList
    before = 0
    for piece in pieces:
        items = _read_piece(piece, shape, before)
        before += len(items)
        if shape.kind.max_length is not None and before > shape.kind.max_length:
            raise Malformed(f"a list of more items is not {taken(shape.kind)}", at=f"$.{name}")
        yield from items


def _read_piece(piece: bytes, shape: _OneList, before: int) -> list[Any]:
    try:
        items = shape.decoder.decode(piece)
        sent = read_json(piece)
    except msgspec.ValidationError as invalid:
        at, message = _refused(piece, shape, invalid)
        raise Malformed(message, at=_place(shape, at, before)) from None
    except (NotJson, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as wrong:
        said = str(wrong) if isinstance(wrong, NotJson) else "this is not JSON"
        raise Malformed(f"behind item {before}: {said}", at=f"$.{shape.name}") from None
    for at, message in misspelled_ids(shape.kind, sent):
        raise Malformed(message, at=_place(shape, at, before))
    return items


def _refused(piece: bytes, shape: _OneList, invalid: msgspec.ValidationError) -> tuple[str, str]:
    """The place in the piece, and what is wrong there in our words."""
    nth = int(str(invalid).rpartition("`$[")[2].partition("]")[0])
    item = next(each for at, each in enumerate(_EACH_ITEM.finditer(piece, 1)) if at == nth)[0]
    try:
        return refusal(shape.kind, {nth: read_json(item)}, invalid)
    except NotJson as wrong:
        return f"$[{nth}]", str(wrong)


def _place(shape: _OneList, at: str, before: int) -> str:
    nth, _, rest = at.removeprefix("$[").partition("]")
    return f"$.{shape.name}[{before + int(nth)}]{rest}"


def _read_whole(body: bytes, decoder: msgspec.json.Decoder[Decoded]) -> Decoded:
    """Decoded before it is looked at for what the decoder does not see, so that this costs no more than what is
    taken."""
    kind = inspect.type_info(decoder.type)
    if len(body) > _LARGEST_WHOLE:
        raise Malformed(f"a body of this size is {taken(kind)} and has nothing else in it", at="$")
    try:
        read = decoder.decode(body)
        sent = read_json(body)
    except msgspec.ValidationError as invalid:
        place, message = _refused_whole(body, kind, invalid)
        raise Malformed(message, at=place) from None
    except (NotJson, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as wrong:
        raise Malformed(str(wrong), at="$") from None
    for place, message in misspelled_ids(kind, sent):
        raise Malformed(message, at=place)
    return read


def _refused_whole(body: bytes, kind: inspect.Type, invalid: msgspec.ValidationError) -> tuple[str, str]:
    """What is wrong, and where; of a body that has more parts than a path takes, no more than what would be right."""
    if body.count(b",") + body.count(b"[") + body.count(b"{") > _MOST_PARTS:
        return "$", f"this is not {taken(kind)}"
    try:
        return refusal(kind, read_json(body), invalid)
    except NotJson as wrong:
        return "$", str(wrong)


def _pieces(body: bytes) -> tuple[str, Iterator[bytes]]:
    """The name of the one list in the body, and that list as several, one after the other. Raises NotOneList, also on
    the way."""
    body = body.strip(_SPACE)
    beginning = _BEGINNING.match(body, 0, _LARGEST_PIECE)
    if beginning is None:
        raise NotOneList
    return beginning[1].decode(), _lists(body, beginning.end())


def _lists(body: bytes, at: int) -> Iterator[bytes]:
    while (end := _END.match(body, at, at + _LARGEST_PIECE)) is None:
        piece = _PIECE.match(body, at, at + _LARGEST_PIECE)
        if piece is None:
            raise NotOneList
        at = piece.end()
        yield b"[%b]" % piece[0].rstrip().removesuffix(b",")
    if end.end() != len(body):
        raise NotOneList


@cache
def _one_list(kind: Any) -> _OneList | None:
    fields = msgspec.structs.fields(kind) if isinstance(kind, type) and issubclass(kind, msgspec.Struct) else ()
    if len(fields) != 1:
        return None
    [field] = fields
    listed = bare(inspect.type_info(field.type))
    if not isinstance(listed, inspect.ListType) or listed.min_length == 0:
        return None
    of_items = get_args(field.type)[0] if get_args(field.type) else field.type
    return _OneList(field.encode_name, msgspec.json.Decoder(of_items), listed)
