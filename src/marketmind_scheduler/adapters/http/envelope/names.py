"""Under which names the service is reached where being on its machine is all that lets a caller in.

A page that a browser shows may send requests to this machine too: under a name of its own that it has given a new
meaning, which ``Host`` tells, or under ours, which ``Origin`` and ``Sec-Fetch-Site`` tell.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import urlsplit

from litestar.exceptions import HTTPException

from marketmind_scheduler.domain.quoting import quoted

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class WrongHost(HTTPException):
    """The request is for a name that is none of ours."""

    status_code = 421


class ForeignOrigin(HTTPException):
    """A page of another host sends the request."""

    status_code = 403


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnNames:
    """The names of this machine, and ``others``."""

    others: frozenset[str] = field(default_factory=frozenset)

    def check(self, method: str, given: Mapping[bytes, bytes]) -> None:
        """Raises WrongHost, ForeignOrigin; ``given`` are headers."""
        host = given.get(b"host", b"").decode("latin-1")
        if not self.cover(name_in(f"//{host}")):
            raise WrongHost(extra=[{"at": "host", "message": _not_ours(host)}])
        if method in _SAFE:
            return
        origin = given.get(b"origin")
        if origin is not None and not self.cover(name_in(origin.decode("latin-1"))):
            raise ForeignOrigin(extra=[{"at": "origin", "message": _not_ours(origin.decode("latin-1"))}])
        if given.get(b"sec-fetch-site") == b"cross-site":
            raise ForeignOrigin(extra=[{"at": "sec-fetch-site", "message": "a page of another host sends this"}])

    def cover(self, name: str) -> bool:
        return is_loopback_name(name) or name in self.others


@lru_cache(maxsize=256)
def name_in(url: str) -> str:
    """The host of a URL, in lower case; nothing where it has none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


@lru_cache(maxsize=256)
def is_loopback_name(name: str) -> bool:
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"


def _not_ours(name: str) -> str:
    return (
        f"{quoted(name)} is no name of this machine; while no keys are asked for, use localhost or 127.0.0.1, or let "
        "SCHEDULER_HOST_NAMES name it"
    )
