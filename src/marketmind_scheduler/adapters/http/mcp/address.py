"""Under which names the tools are reached: a page of elsewhere that a browser leads here must not use them.

Against DNS rebinding (the page's own name made to mean this machine) the name that is asked for is checked, and against
pages of other hosts theirs.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from litestar.exceptions import HTTPException

from marketmind_scheduler.domain.quoting import quoted

PATH = "/mcp"
_AUTHORITY = re.compile(r"(?:\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::[0-9]{0,5})?", re.IGNORECASE)
METADATA = f"/.well-known/oauth-protected-resource{PATH}"


class WrongHost(HTTPException):
    """The request is for a name that is none of ours."""

    status_code = 421


class ForeignOrigin(HTTPException):
    """A page of another host sends the request."""

    status_code = 403


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """``url`` is where agents reach the tools from elsewhere, None: nowhere; ``host``, what the service listens on."""

    url: str | None
    host: str = "127.0.0.1"

    def check(self, host: str, origin: str | None) -> None:
        """Raises WrongHost, ForeignOrigin."""
        if not self._is_ours(name := _named_by(host)):
            raise WrongHost(extra=[{"at": "host", "message": _refused(name or host)}])
        if origin is not None and not self._is_ours(name := _name(origin)):
            raise ForeignOrigin(extra=[{"at": "origin", "message": _refused(name or origin)}])

    def resource(self, host: str) -> str:
        """The URL of the tools, for whoever has asked for this host."""
        of_elsewhere = self.url is not None and _named_by(host) == _name(self.url)
        return self.url if self.url and of_elsewhere else f"http://{host}{PATH}"

    def metadata(self, host: str) -> str | None:
        """Where it is told who gives out tokens for them; None for a host that is none of ours."""
        if not self._is_ours(_named_by(host)):
            return None
        return self.resource(host).removesuffix(PATH) + METADATA

    def _is_ours(self, name: str) -> bool:
        return _is_loopback(name) or name in self._names()

    def _names(self) -> Collection[str]:
        return {name for name in (_name(self.url or ""), _listened_on(self.host)) if name}


def _refused(name: str) -> str:
    return (
        f"{quoted(name)} is no name of the tools; use localhost on the same machine, or set SCHEDULER_MCP_URL to the "
        f"URL under which agents reach them, such as https://scheduler.example.com{PATH}"
    )


def _named_by(host: str) -> str:
    """The name in a `Host` header; nothing where it is no name with or without a port, but something that only a part
    of which is one."""
    return _name(f"//{host}") if _AUTHORITY.fullmatch(host) else ""


def _name(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _is_loopback(name: str) -> bool:
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"


def _listened_on(host: str) -> str:
    """The name or address; nothing where it is every address."""
    try:
        return "" if ip_address(host).is_unspecified else host
    except ValueError:
        return host.lower()
