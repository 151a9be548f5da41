"""Which receiver gets which post, and what a receiver may look like."""

import re
import socket
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Self
from urllib.parse import unquote, urlsplit
from uuid import UUID

import httpcore2

from marketmind_scheduler.adapters.webhooks.signing import is_secret
from marketmind_scheduler.domain.addresses import PUBLIC_PORTS, AllowedNetwork, may_connect
from marketmind_scheduler.domain.post import Platform

MOST_BODY_BYTES = 20_000
"""What every receiver is to take: no post that the API takes is larger."""

_DEFAULT_PORTS = {"https": 443, "http": 80}
_URL = re.compile(r"[!#-;=?-\[\]_a-z~]+")  # what RFC 3986 knows; urlsplit would drop line feeds in silence
_NAME = re.compile(r"(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*")


_MEDIA = re.compile(r"(s3|https?)://([a-z0-9._~%-]+(:[0-9]+)?)?")


class BadTarget(ValueError):  # noqa: N818  # named after what it says
    """A receiver that may not be configured; ``takes`` says what ``key`` takes. Neither repeats a secret."""

    def __init__(self, key: str, takes: str) -> None:
        super().__init__(f"{key} takes {takes}")
        self.key = key
        self.takes = takes


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookTarget:
    """A receiver. It drops repeats of a webhook-id for ``drops_repeats_for``; None: it may publish them.

    It takes bodies of ``most_body_bytes``, and media that lie at one of ``media``, each the beginning of a URL: a
    scheme, or a scheme and a host; with none, wherever they lie.

    ``place`` is where it is configured. URLs may hold tokens, so its name shows nothing of them but the host.
    """

    place: str
    url: httpcore2.URL = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)
    drops_repeats_for: timedelta | None
    sends_at_once: int
    most_body_bytes: int = MOST_BODY_BYTES
    media: tuple[str, ...] = ()

    @classmethod
    def read(
        cls,
        *,
        place: str,
        url: str,
        secrets: Sequence[str],
        allow_http: bool,
        allowed: Collection[AllowedNetwork],
        drops_repeats_for: timedelta | None,
        sends_at_once: int,
        most_body_bytes: int = MOST_BODY_BYTES,
        media: Sequence[str] = (),
        may_lack_secrets: bool = False,
    ) -> Self:
        """The receiver configured at ``place``; raises BadTarget."""
        if not (secrets or may_lack_secrets) or not all(is_secret(secret) for secret in secrets):
            raise BadTarget("secrets", "at least one secret: whsec_ and then 24 to 64 random bytes in base64")
        if not all(map(_MEDIA.fullmatch, media)):
            raise BadTarget(
                "media", "a scheme or a scheme and a host each, in lower case: s3://, https://cdn.example.com"
            )
        return cls(
            place=place,
            url=_read_url(url, allow_http=allow_http, allowed=allowed),
            secrets=tuple(secrets),
            drops_repeats_for=drops_repeats_for,
            sends_at_once=sends_at_once,
            most_body_bytes=most_body_bytes,
            media=tuple(media),
        )

    @property
    def name(self) -> str:
        return f"webhook {self.authority} for {self.place}"

    @property
    def host(self) -> str:
        return self.url.host.decode()

    @property
    def authority(self) -> str:
        """The host with its port, where that is not the usual one."""
        return _authority(self.host, self.url.port, scheme=self.url.scheme.decode())

    @property
    def limits(self) -> str:
        """What it was said to take and no more, behind a semicolon; nothing where nothing was said."""
        size = f"; bodies of {self.most_body_bytes} bytes at most" if self.most_body_bytes < MOST_BODY_BYTES else ""
        return size + (f"; media from {', '.join(self.media)}" if self.media else "")

    def refusal(self, *, body_bytes: int, s3_url: str) -> str | None:
        """Why it would refuse such a post, whoever wrote it; None: nothing is known of it. Of the URL, only where it
        leads is named."""
        if body_bytes > self.most_body_bytes:
            return (
                f"{self.name} refuses it: the post takes {body_bytes} bytes, {self.most_body_bytes} at most are taken; "
                "shorten its title or its URL, or raise most_body_bytes where the receiver takes more"
            )
        scheme, host = urlsplit(s3_url).scheme, urlsplit(s3_url).netloc.rpartition("@")[2].lower()
        if self.media and not {f"{scheme}://", f"{scheme}://{host}"} & {*self.media}:
            return (
                f"{self.name} refuses it: its media lie at {scheme}://{host}, and are taken from "
                f"{', '.join(self.media)}; put them there, or name the place under media where the receiver takes it"
            )
        return None

    @property
    def confidential(self) -> Collection[str]:
        """What an answer may repeat and nobody else is to see."""
        target = self.url.target.decode()
        return {*self.secrets, target, unquote(target)}


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookTargets:
    """The receivers by what they are for: the most specific wins. ``lanes`` are those of one brand on one platform.
    ``missing``: which secrets are not there, so that nothing can be signed; None: nothing is missing."""

    default: WebhookTarget | None = None
    platforms: Mapping[Platform, WebhookTarget] = field(default_factory=dict[Platform, WebhookTarget])
    brands: Mapping[UUID, WebhookTarget] = field(default_factory=dict[UUID, WebhookTarget])
    lanes: Mapping[tuple[UUID, Platform], WebhookTarget] = field(
        default_factory=dict[tuple[UUID, Platform], WebhookTarget]
    )
    allowed: tuple[AllowedNetwork, ...] = ()
    missing: str | None = None

    def for_posts_of(self, brand_id: UUID | None, platform: Platform) -> Sequence[WebhookTarget]:
        """Every receiver that fits the brand's posts on the platform, the most specific first; without a brand, those
        of brands that have no table."""
        lane = self.lanes.get((brand_id, platform)) if brand_id else None
        brand = self.brands.get(brand_id) if brand_id else None
        fitting = (lane, brand, self.platforms.get(platform), self.default)
        return [target for target in fitting if target]

    def on(self, platform: Platform) -> Sequence[tuple[WebhookTarget, UUID | None]]:
        """Every receiver of posts on the platform, with the brand whose posts go there; None: those of every brand that
        has no table."""
        of_most = self.platforms.get(platform, self.default)
        of_lanes = {brand_id: target for (brand_id, its), target in self.lanes.items() if its is platform}
        of_brands = [(target, brand_id) for brand_id, target in (dict(self.brands) | of_lanes).items()]
        return [*([(of_most, None)] if of_most else []), *of_brands]

    @property
    def hosts(self) -> Collection[str]:
        return {target.host for platform in Platform for target, _ in self.on(platform)}


def _read_url(text: str, *, allow_http: bool, allowed: Collection[AllowedNetwork]) -> httpcore2.URL:
    scheme, host, port, target = _parts(text)
    if scheme != "https" and not (scheme == "http" and allow_http):
        raise BadTarget("url", "an https URL; http only beside allow_http = true")
    if port not in PUBLIC_PORTS and port not in {each.port for each in allowed}:
        raise BadTarget("url", f"port 443 or 8443, or one that allow names, not {port}")
    for address in _addresses_in(host):
        if not may_connect(address, port, allowed=allowed):
            raise BadTarget("url", f"a public host, or one that allow names with its port; {address} is neither")
    # put together from what was checked, so that no second reading of the text can differ
    return httpcore2.URL(scheme=scheme.encode(), host=host.encode(), port=port, target=target.encode())


def _parts(text: str) -> tuple[str, str, int, str]:
    """Scheme, host, port and request target."""
    wrong = BadTarget(
        "url", "a URL like https://publisher.example.com/posts, in ASCII, without user, password and fragment"
    )
    try:
        parts = urlsplit(text)
        port = parts.port or _DEFAULT_PORTS.get(parts.scheme, 0)
    except ValueError:
        raise wrong from None
    host = parts.hostname or ""
    is_host = _NAME.fullmatch(host) or (":" in host and _addresses_in(host))
    as_written = parts.netloc.lower() in (_authority(host, port), _authority(host, port, scheme=parts.scheme))
    if not (_URL.fullmatch(text) and "#" not in text and is_host and as_written):
        raise wrong
    return parts.scheme, host, port, (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _authority(host: str, port: int | None, *, scheme: str = "") -> str:
    bracketed = f"[{host}]" if ":" in host else host
    return bracketed if port == _DEFAULT_PORTS.get(scheme) else f"{bracketed}:{port}"


def _addresses_in(host: str) -> Collection[str]:
    """The address that the text is, in any form that the resolver takes for one (0x7f.1, 2130706433); none for a
    name. Asks nobody."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except (OSError, UnicodeError):
        return ()
    return [str(address[0]) for *_, address in found]
