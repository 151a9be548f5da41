"""The head of a request, read strictly: in one form, whichever parser comes after (RFC 9112, sections 2 to 6)."""

import re
from dataclasses import dataclass

HEAD_BYTES = 16 * 1024
TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]++"
_LINE = rb"(%b) ([!-~]++) HTTP/([0-9]\.[0-9])\r\n" % TOKEN
_FIELDS = rb"((?:%b:[\t -~\x80-\xff]*+\r\n)*+)\r\n" % TOKEN
_HEAD = re.compile(_LINE + _FIELDS)
LINES = re.compile(rb"(?:%b)?%b" % (_LINE, _FIELDS))
"""A whole head, or what may stand behind a body in chunks."""
_LONE = re.compile(rb"(?<!\r)\n|\r(?!\n|\Z)")
_OF_FRAME = re.compile(rb"(?m)^(?i:(host)|(content-length)|(transfer-encoding)):[\t ]*+(.*?)[\t ]*\r$")
_LENGTH = re.compile(rb"[0-9]{1,19}")
_EMPTY_LINES = re.compile(rb"(?:\r\n)*+")
_ONLY_IN_HEADS = re.compile(rb"(?i)content-length|transfer-encoding|connection|proxy-connection|upgrade")
_END = b"\r\n\r\n"

TOO_LARGE = "the head of a request is at most 16 kB"
NO_REQUEST = "this is no request of HTTP/1.1"


class NotARequest(Exception):  # noqa: N818  # named after what it says
    """What has come can be no request, or could be read in two ways; the message says why, in words for a caller."""


@dataclass(frozen=True, slots=True)
class Head:
    """The parts of one head, as they were sent. ``fields`` are its lines, each with its end; of the body ``length`` is
    how many bytes it has, None where it comes in chunks."""

    method: bytes
    target: bytes
    version: bytes
    fields: bytes
    length: int | None
    size: int


def empty_lines(received: bytes) -> int:
    """How many bytes they are with which it begins: what a client sent behind a request before, and nobody asked for
    (RFC 9112, section 2.2)."""
    found = _EMPTY_LINES.match(received)
    return found.end() if found else 0


def check_behind(name: bytes) -> None:
    """Raises NotARequest for a field behind a body in chunks that says how that, or what follows, is sent."""
    if _ONLY_IN_HEADS.fullmatch(name):
        raise NotARequest("what stands behind a body does not say how it is sent")


def read_head(received: bytes) -> Head | None:
    """The head that ``received`` begins with; None: more of it is to come. Raises NotARequest."""
    size = received.find(_END) + len(_END)
    is_whole = size >= len(_END)
    if (size if is_whole else len(received)) > HEAD_BYTES:
        raise NotARequest(TOO_LARGE)
    found = _HEAD.match(received) if is_whole else None
    if found is None:
        if _LONE.search(received, 0, size if is_whole else len(received)):
            raise NotARequest("a line ends with CR LF, and in one there is a CR or LF by itself")
        if is_whole:
            raise NotARequest(NO_REQUEST)
        return None
    method, target, version, fields = found.groups()
    return Head(method, target, version, fields, _length(version, fields), size)


def _length(version: bytes, fields: bytes) -> int | None:
    """Raises NotARequest where it cannot be told where the request ends, or for whom it is."""
    hosts, lengths, encodings = 0, list[bytes](), list[bytes]()
    for host, length, encoding, value in _OF_FRAME.findall(fields):
        hosts += bool(host)
        lengths += [value] if length else []
        encodings += [value] if encoding else []
    if hosts > 1:
        raise NotARequest("a request names its Host once")
    if not hosts and version == b"1.1":
        raise NotARequest("a request names its Host, and this one does not")
    if lengths and encodings:
        raise NotARequest("a body has a Content-Length or is sent in chunks, and this one is both")
    if encodings:
        if version < b"1.1" or [each.lower() for each in encodings] != [b"chunked"]:
            raise NotARequest("the one Transfer-Encoding that is taken is chunked, given once, in HTTP/1.1")
        return None
    if lengths and (len(lengths) > 1 or not _LENGTH.fullmatch(lengths[0])):
        raise NotARequest("a Content-Length is one number, given once")
    return int(lengths[0]) if lengths else 0
