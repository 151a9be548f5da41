"""Where a language model is asked, and which hosts inside the company may be."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self
from urllib.parse import SplitResult, urlsplit

from marketmind_scheduler.domain.addresses import PUBLIC_PORTS, may_connect

_DEFAULT_PORTS = {"https": 443, "http": 80}
_URL = re.compile(
    r"[!#-;=?-\[\]_a-z~]+", re.IGNORECASE
)  # what RFC 3986 knows; urlsplit would drop line feeds in silence
_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(?::([0-9]{1,5}))?", re.IGNORECASE)


class TokenField(StrEnum):
    """What an endpoint calls the most tokens that an answer may have."""

    MAX_COMPLETION_TOKENS = "max_completion_tokens"
    MAX_TOKENS = "max_tokens"


class BadEndpoint(ValueError):  # noqa: N818  # named after what it says
    """An endpoint that may not be configured; the message says what would be right, and repeats no secret."""


@dataclass(frozen=True, slots=True)
class AllowedHost:
    """A host that may be asked though it is not public; ``port`` None: on any of its ports."""

    name: str
    port: int | None

    @classmethod
    def read(cls, text: str) -> Self:
        """From ``llm.internal``, ``127.0.0.1:8091`` or ``[::1]:8091``; raises BadEndpoint."""
        found = _HOST.fullmatch(text)
        port = int(found[2]) if found and found[2] else None
        if not found or port == 0 or (port or 0) > 65535:
            raise BadEndpoint(f"{text} is no host: it takes llm.internal, 127.0.0.1:8091 or [::1]:8091")
        return cls(found[1].strip("[]").lower(), port)

    def covers(self, host: str, port: int) -> bool:
        return self.name == host and self.port in (None, port)


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """An OpenAI-compatible one. ``url`` ends before ``/chat/completions``. Where ``is_allowed``, its operator has named
    it, and it may lead to any address; else only to public ones."""

    url: str
    host: str
    port: int
    is_allowed: bool
    model: str
    token_field: TokenField = TokenField.MAX_COMPLETION_TOKENS
    api_key: str | None = field(default=None, repr=False)

    @classmethod
    def read(
        cls,
        *,
        url: str,
        model: str,
        allowed: Collection[AllowedHost] = (),
        token_field: TokenField = TokenField.MAX_COMPLETION_TOKENS,
        api_key: str | None = None,
    ) -> Self:
        """Raises BadEndpoint."""
        parts = _parts(url)
        host, port = (parts.hostname or "").lower(), parts.port or _DEFAULT_PORTS[parts.scheme]
        is_allowed = any(each.covers(host, port) for each in allowed)
        if not is_allowed and (parts.scheme != "https" or port not in PUBLIC_PORTS):
            raise BadEndpoint(
                f"{parts.scheme}://{host}:{port} is no https URL with port 443 or 8443; a host inside the company, and "
                f"one on this machine, is named in SCHEDULER_AGENT_ALLOWED_HOSTS: {_bracketed(host)}:{port}"
            )
        if api_key is not None and not (api_key.isascii() and api_key.isprintable() and " " not in api_key):
            raise BadEndpoint("the key has spaces, line ends or letters that no header takes; give it as it was issued")
        return cls(
            url=url.rstrip("/"),
            host=host,
            port=port,
            is_allowed=is_allowed,
            model=model,
            token_field=token_field,
            api_key=api_key,
        )

    @property
    def authority(self) -> str:
        return f"{_bracketed(self.host)}:{self.port}"

    def check(self, addresses: Sequence[str]) -> None:
        """Raises BadEndpoint unless a request may go to every one of these, as a resolver wrote them."""
        for address in () if self.is_allowed else addresses:
            if not may_connect(address, self.port, allowed=()):
                raise BadEndpoint(
                    f"{self.host} leads to {address}, which is not public; name {self.authority} in "
                    "SCHEDULER_AGENT_ALLOWED_HOSTS where it is meant"
                )


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        is_right = bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number, a bracket that never closes
        raise _not_a_url() from None
    if not is_right or parts.scheme not in _DEFAULT_PORTS or not _URL.fullmatch(url):
        raise _not_a_url()
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise _not_a_url()
    return parts


def _not_a_url() -> BadEndpoint:
    return BadEndpoint(
        "it takes a URL like https://llm.example.com/v1, without user, password, query and fragment; a key belongs in "
        "SCHEDULER_AGENT_API_KEY_FILE"
    )


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
