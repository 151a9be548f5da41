"""What the publishers are given here: attempts, receivers by configuration, and a network that leads nowhere."""

from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from uuid import UUID

import httpcore2

from marketmind_scheduler.adapters.webhooks.publisher import WebhookPublisher
from marketmind_scheduler.adapters.webhooks.targets import WebhookTarget, WebhookTargets
from marketmind_scheduler.adapters.webhooks.transport import WebhookTransport
from marketmind_scheduler.domain.addresses import AllowedNetwork
from marketmind_scheduler.domain.attempt import Attempt, Claim
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.standing import Standing
from tests.builders import BRAND_ID, CAMPAIGN_ID, NOW, new_id
from tests.receivers import SECRET

TAKEN = b'HTTP/1.1 200 OK\r\ncontent-length: 25\r\n\r\n{"external_id": "abc-12"}'


def an_attempt(
    *,
    schedule_id: UUID | None = None,
    brand_id: UUID = BRAND_ID,
    platform: Platform = Platform.TWITTER,
    retry_count: int = 0,
    title: str = "Meet the new line",
    s3_url: str = "s3://acme/meet.mp4",
    begun_at: datetime = NOW,
) -> Attempt:
    return Attempt(
        claim=Claim(
            schedule_id=schedule_id or new_id(),
            brand_id=brand_id,
            platform=platform,
            token=retry_count + 1,
            publish_time=NOW,
            standing=Standing(retry_count=retry_count),
        ),
        post_id=new_id(),
        campaign_id=CAMPAIGN_ID,
        title=title,
        s3_url=s3_url,
        publish_time=NOW,
        late_by=begun_at - NOW,
    )


def a_target(
    url: str,
    *,
    place: str = "default",
    secrets: Sequence[str] = (SECRET,),
    allow_http: bool = True,
    allow: Sequence[str] = (),
    drops_repeats_for: timedelta | None = None,
) -> WebhookTarget:
    return WebhookTarget.read(
        place=place,
        url=url,
        secrets=secrets,
        allow_http=allow_http,
        allowed=tuple(map(AllowedNetwork.read, allow)),
        drops_repeats_for=drops_repeats_for,
        sends_at_once=20,
    )


def the_one_target(
    url: str,
    *,
    allow: Sequence[str] = (),
    secrets: Sequence[str] = (SECRET,),
    drops_repeats_for: timedelta | None = None,
) -> WebhookTargets:
    """For every brand and platform."""
    target = a_target(url, allow=allow, secrets=secrets, drops_repeats_for=drops_repeats_for)
    return WebhookTargets(default=target, allowed=tuple(map(AllowedNetwork.read, allow)))


@asynccontextmanager
async def publishing_over(transport: WebhookTransport) -> AsyncGenerator[WebhookPublisher]:
    async with transport:
        yield WebhookPublisher(transport)


class ScriptedNames:
    """A resolver that gives its answers one after another, the last one again and again."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.asked: list[str] = []
        self._answers = answers

    async def look_up(self, host: str) -> Sequence[str]:
        self.asked.append(host)
        return self._answers[min(len(self.asked), len(self._answers)) - 1]


class RecordingNetwork(httpcore2.AsyncNetworkBackend):
    """Opens no socket: says of every connection where it went, what TLS was told and what was written, and answers
    with ``answer``. Nobody listens at ``dead`` addresses."""

    def __init__(self, *, answer: bytes = TAKEN, dead: Sequence[str] = ()) -> None:
        self.connected_to: list[tuple[str, int]] = []
        self.tls_names: list[str | None] = []
        self.written = b""
        self._answer = answer
        self._dead = dead

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  # as httpcore2 calls it
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        del timeout, local_address, socket_options
        self.connected_to.append((host, port))
        if host in self._dead:
            raise httpcore2.ConnectError("nobody listens")
        return _RecordingStream(self, self._answer)


class _RecordingStream(httpcore2.AsyncMockStream):
    def __init__(self, network: RecordingNetwork, answer: bytes) -> None:
        super().__init__([answer])
        self._network = network

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        del timeout
        self._network.written += buffer

    async def start_tls(
        self,
        ssl_context: object,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> httpcore2.AsyncNetworkStream:
        del ssl_context, timeout
        self._network.tls_names.append(server_hostname)
        return self
