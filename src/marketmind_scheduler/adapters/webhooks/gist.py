"""What may be stored, logged and answered of what a receiver or a library said.

Both repeat what they were given: paths and queries of URLs, which may hold tokens, and the words of posts, in whatever
encoding. So nothing is quoted but a code, in a form that has no room for words.
"""

import re
from collections.abc import Collection

import httpcore2
import msgspec

_FIELDS = ("code", "error_code", "error", "type", "reason")
_CODE = re.compile(r"[a-z][a-z0-9]*([_.-][a-z0-9]+)*")
_LONGEST_CODE = 40
_MOST_OF_A_NUMBER = 999_999
_SHORTEST_WORD = 3


def code_in(body: bytes, *, confidential: Collection[str]) -> str | None:
    """The first code that a JSON object gives under one of the usual names, by itself or in its ``error``: a number of
    up to six digits, or lower-case letters and digits with ``_``, ``.`` and ``-`` between, 40 at most. None where there
    is none, or it shares a word with what is ``confidential``."""
    try:
        content = msgspec.json.decode(body, type=dict[str, object])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    error = content.get("error")
    inner = msgspec.convert(error, dict[str, object]) if isinstance(error, dict) else {}
    codes = (_code(each[name]) for each in (content, inner) for name in _FIELDS if name in each)
    return next((code for code in codes if code is not None and not _repeats(code, confidential)), None)


def said_by(failure: Exception) -> str:
    """Why a send failed on the way. What a library says of the network holds names, addresses and certificates; what
    it says of the protocol quotes what came."""
    match failure:
        case TimeoutError() | httpcore2.TimeoutException():
            return "the time was up"
        case httpcore2.ProtocolError():
            return "what came is not HTTP, or broke off"
        case _:
            return str(failure) or "the connection broke"


def _code(value: object) -> str | None:
    match value:
        case bool():
            return None
        case int(number) if 0 <= number <= _MOST_OF_A_NUMBER:
            return str(number)
        case str(text) if len(text) <= _LONGEST_CODE and _CODE.fullmatch(text):
            return text
        case _:
            return None


def _repeats(code: str, confidential: Collection[str]) -> bool:
    hidden = [text.casefold() for text in confidential]
    words = {word for text in hidden for word in re.findall(r"\w+", text) if len(word) >= _SHORTEST_WORD}
    return any(code in text for text in hidden) or any(word in code for word in words)
