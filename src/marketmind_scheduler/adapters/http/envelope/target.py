"""What a request is for, read once and before anything else: each path has one spelling."""

import re
from collections.abc import Mapping
from functools import lru_cache
from ipaddress import IPv6Address

from litestar.exceptions import HTTPException, NotFoundException

from marketmind_scheduler.adapters.http.envelope.asgi import HTTPScope
from marketmind_scheduler.adapters.http.problems import Malformed, UnsupportedMediaType
from marketmind_scheduler.adapters.http.words.wayfinding import elsewhere
from marketmind_scheduler.domain.quoting import quoted

EVERYTHING = b"*"
"""The target of an OPTIONS that asks for what the service takes anywhere."""

_VERSIONS = frozenset({"1.0", "1.1"})
_ABSOLUTE = re.compile(rb"(?i:https?)://([^/?#]+)([^?#]*)")
_HOST = re.compile(rb"(?:([A-Za-z0-9._~!$&'()*+,;=%-]*)|\[([0-9A-Fa-f:.]+)\])(?::([0-9]{0,5}))?")
_HIGHEST_PORT = 65535
_OTHER_SPELLING = re.compile(rb"//|/\.{1,2}(?=/|\Z)|(?<=.)/\Z")
_EXPLORER = b"/docs/"
"""The one path with a closing slash: people write it so."""
_ONCE = frozenset(
    {b"authorization", b"content-type", b"content-encoding", b"host", b"origin", b"sec-fetch-site", b"expect"}
)


class OtherSpelling(NotFoundException):
    """Something may be at this path, when it is written as it is."""

    def __init__(self, path: bytes) -> None:
        super().__init__()
        pieces = [piece for piece in path.decode("ascii", "replace").split("/") if piece not in ("", ".", "..")]
        right = f"/{'/'.join(pieces)}"
        self.meaning = elsewhere(right) or f"Nothing is at this path: each has one spelling, such as {quoted(right)}."


class VersionNotSupported(HTTPException):
    """The request is of a version of HTTP that is not spoken here."""

    status_code = 505


def read_target(scope: HTTPScope) -> Mapping[bytes, bytes]:
    """Let ``scope`` be the request as it is meant, its path as it was sent; return those of its headers that can be
    given once only. Raises HTTPException for what cannot be meant, or could be read in two ways."""
    if scope["http_version"] not in _VERSIONS:
        raise VersionNotSupported(headers={"connection": "close"})
    given = _given_once(scope)
    target = scope["raw_path"]
    if target[:1] != b"/":
        target = _path_in(scope, target, given)
    if b"#" in target or b"#" in scope["query_string"]:
        raise Malformed("a request target has no fragment; leave # and what follows it out", at="request")
    if not _is_host(given.get(b"host", b"")):
        raise Malformed("this is no host with a port; send one such as scheduler.example.com:8000", at="host")
    if given.get(b"content-encoding", b"identity").lower() != b"identity":
        raise UnsupportedMediaType(
            extra=[{"at": "content-encoding", "message": "send the body as it is, without a content coding"}],
            headers={"accept-encoding": "identity"},
        )
    if target != _EXPLORER and _OTHER_SPELLING.search(target):
        raise OtherSpelling(target)
    scope["path"] = target.decode("ascii", "replace")  # no path of ours has a letter that would have to be encoded
    return given


def _given_once(scope: HTTPScope) -> dict[bytes, bytes]:
    given: dict[bytes, bytes] = {}
    for name, value in scope["headers"]:
        if name in _ONCE:
            if name in given:
                raise Malformed("give this header once", at=name.decode())
            given[name] = value
    return given


def _path_in(scope: HTTPScope, target: bytes, given: dict[bytes, bytes]) -> bytes:
    """Of the other forms of a target (RFC 9112, section 3.2). The host in an absolute one stands for ``Host``."""
    if target == EVERYTHING and scope["method"] == "OPTIONS":
        return target
    absolute = _ABSOLUTE.fullmatch(target)
    if absolute is None:
        raise Malformed("a request target begins with a slash, or is an http URL", at="request")
    given[b"host"] = absolute[1]
    scope["headers"] = [(b"host", absolute[1]), *(each for each in scope["headers"] if each[0] != b"host")]
    scope["raw_path"] = absolute[2] or b"/"
    return scope["raw_path"]


@lru_cache(maxsize=256)
def _is_host(host: bytes) -> bool:
    found = _HOST.fullmatch(host)
    if found is None or int(found[3] or 0) > _HIGHEST_PORT:
        return False
    return found[2] is None or _is_ipv6(found[2].decode())


def _is_ipv6(text: str) -> bool:
    try:
        IPv6Address(text)
    except ValueError:
        return False
    return True
