"""Under which names the tools are reached: a page of elsewhere that a browser leads here must not use them.

Against DNS rebinding (the page's own name made to mean this machine) the name that is asked for is checked, and against
pages of other hosts theirs.
"""

from collections.abc import Collection
from dataclasses import dataclass
from ipaddress import ip_address

from marketmind_scheduler.adapters.http.envelope.names import ForeignOrigin, WrongHost, is_loopback_name, name_in
from marketmind_scheduler.domain.quoting import quoted

PATH = "/mcp"
METADATA = f"/.well-known/oauth-protected-resource{PATH}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """``url`` is where agents reach the tools from elsewhere, None: nowhere; ``host``, what the service listens on."""

    url: str | None
    host: str = "127.0.0.1"

    def check(self, host: str, origin: str | None) -> None:
        """Raises WrongHost, ForeignOrigin."""
        if not self._is_ours(name := name_in(f"//{host}")):
            raise WrongHost(extra=[{"at": "host", "message": _refused(name or host)}])
        if origin is not None and not self._is_ours(name := name_in(origin)):
            raise ForeignOrigin(extra=[{"at": "origin", "message": _refused(name or origin)}])

    def resource(self, host: str) -> str:
        """The URL of the tools, for whoever has asked for this host."""
        of_elsewhere = self.url is not None and name_in(f"//{host}") == name_in(self.url)
        return self.url if self.url and of_elsewhere else f"http://{host}{PATH}"

    def metadata(self, host: str) -> str | None:
        """Where it is told who gives out tokens for them; None for a host that is none of ours."""
        if not self._is_ours(name_in(f"//{host}")):
            return None
        return self.resource(host).removesuffix(PATH) + METADATA

    def _is_ours(self, name: str) -> bool:
        return is_loopback_name(name) or name in self._names()

    def _names(self) -> Collection[str]:
        return {name for name in (name_in(self.url or ""), _listened_on(self.host)) if name}


def _refused(name: str) -> str:
    return (
        f"{quoted(name)} is no name of the tools; use localhost on the same machine, or set SCHEDULER_MCP_URL to the "
        f"URL under which agents reach them, such as https://scheduler.example.com{PATH}"
    )


def _listened_on(host: str) -> str:
    """The name or address; nothing where it is every address."""
    try:
        return "" if ip_address(host).is_unspecified else host
    except ValueError:
        return host.lower()
