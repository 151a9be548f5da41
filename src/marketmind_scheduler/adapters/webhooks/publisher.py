"""Publishes by webhook: each post is POSTed to its receiver, signed after Standard Webhooks."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from types import TracebackType
from typing import Self
from uuid import UUID

import httpcore2
import msgspec
from standardwebhooks import Webhook

from marketmind_scheduler.adapters.webhooks.answers import Answer, judge
from marketmind_scheduler.adapters.webhooks.network import (
    AddressNotAllowed,
    GuardedNetwork,
    LookUp,
    Resolver,
    any_network,
)
from marketmind_scheduler.adapters.webhooks.targets import WebhookTarget, WebhookTargets
from marketmind_scheduler.domain.attempt import Attempt
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.verdict import Refused, Unknown, Unsent, Verdict
from marketmind_scheduler.ports.clock import Clock
from marketmind_scheduler.ports.publisher import Target
from marketmind_scheduler.ports.tracing import Tracing

_CONNECT_SECONDS = 3
_MARGIN = timedelta(seconds=5)
_MOST_BODY_BYTES = 20_000
_MOST_ANSWER_BYTES = 64_000
_SHORTEST_TEXT = 4

_FAILURES = (httpcore2.NetworkError, httpcore2.TimeoutException, httpcore2.ProtocolError, OSError)


class _Body(msgspec.Struct, frozen=True, kw_only=True):
    schedule_id: UUID
    post_id: UUID
    brand_id: UUID
    campaign_id: UUID | None
    platform: Platform
    title: str
    s3_url: str
    publish_time: datetime


@dataclass(slots=True)
class _Send:
    """How far a send has come: whether something may have left, and what was answered."""

    began: bool = False
    answer: Answer | None = None

    async def trace(self, event: str, _: Mapping[str, object]) -> None:
        """Called by httpcore2 before and after each of its steps."""
        if event == "http11.send_request_headers.started":
            self.began = True


class WebhookPublisher:
    """Each send has a connection of its own, and nothing of it is kept.

    On a kept connection, a receiver that closes it just as a request arrives leaves the same silence as one that
    publishes and dies, and httpcore2 raises the same errors for both. Against a receiver that closes idle connections
    after 20 ms, up to one send in twenty became Unknown that way. A handshake costs less than somebody's attention.
    """

    def __init__(
        self,
        targets: WebhookTargets,
        *,
        clock: Clock,
        timeout: timedelta = timedelta(seconds=10),
        network: httpcore2.AsyncNetworkBackend | None = None,
        look_up: LookUp | None = None,
        tracing: Tracing | None = None,
    ) -> None:
        self._targets = targets
        self._clock = clock
        self._timeout = timeout
        self._resolver = Resolver(names=len(targets.hosts))
        self._tracing = tracing
        self._look_up = look_up or self._resolver.look_up
        self._network = network or any_network()
        self._ssl_context = httpcore2.default_ssl_context()
        self._user_agent = f"marketmind-scheduler/{version('marketmind-scheduler')}"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._resolver.close()

    def targets(self, platform: Platform) -> Collection[Target]:
        return [self._seen_from_outside(target) for target in self._targets.on(platform)]

    def target_of(self, brand_id: UUID, platform: Platform) -> Target | None:
        target = self._targets.find(brand_id, platform)
        return self._seen_from_outside(target) if target else None

    async def publish(self, attempt: Attempt) -> Verdict:
        target = self._targets.find(attempt.claim.brand_id, attempt.claim.platform)
        if target is None:
            return Refused(f"no webhook is configured for this brand on {attempt.claim.platform}")
        body = _body(attempt)
        if len(body) > _MOST_BODY_BYTES:
            return Refused(f"the post takes {len(body)} bytes; a webhook carries {_MOST_BODY_BYTES} at most")
        send, problem = _Send(), ""
        try:
            async with asyncio.timeout(self._timeout.total_seconds()):
                await self._post(target, self._headers(target, attempt, body), body, send)
        except AddressNotAllowed as not_allowed:
            return Refused(str(not_allowed))
        except _FAILURES as failure:
            problem = _said(failure)
        if send.answer is not None:  # even where its body broke off: the head says what became of the post
            return judge(send.answer, now=self._clock.now(), confidential={*target.confidential, *_texts(attempt)})
        return Unknown(f"no answer: {problem}") if send.began else Unsent(f"nothing was sent: {problem}")

    def _seen_from_outside(self, target: WebhookTarget) -> Target:
        window = target.drops_repeats_for
        left = window - self._timeout - _MARGIN if window else timedelta()  # a repeat may arrive as late as that
        return Target(
            name=target.name,
            sends_at_once=target.sends_at_once,
            resend_window=left if left > timedelta() else None,
        )

    def _headers(self, target: WebhookTarget, attempt: Attempt, body: bytes) -> Sequence[tuple[str, str]]:
        now = self._clock.now()
        signatures = (Webhook(secret).sign(attempt.key, now, body.decode()) for secret in target.secrets)
        return [
            ("host", target.authority),
            ("user-agent", self._user_agent),
            ("accept", "application/json"),
            ("accept-encoding", "identity"),
            ("connection", "close"),
            ("content-type", "application/json"),
            ("webhook-id", attempt.key),
            ("webhook-timestamp", str(int(now.timestamp()))),
            ("webhook-signature", " ".join(signatures)),
            *([("traceparent", self._tracing.outgoing().traceparent)] if self._tracing else []),
        ]

    async def _post(self, target: WebhookTarget, headers: Sequence[tuple[str, str]], body: bytes, send: _Send) -> None:
        network = GuardedNetwork(look_up=self._look_up, allowed=self._targets.allowed, network=self._network)
        connection = httpcore2.AsyncHTTPConnection(
            target.url.origin, ssl_context=self._ssl_context, network_backend=network
        )
        extensions = {"timeout": {"connect": _CONNECT_SECONDS}, "trace": send.trace}
        async with (
            aclosing(network),  # httpcore2 leaves a socket open whose TLS handshake is cancelled
            connection.stream("POST", target.url, headers=headers, content=body, extensions=extensions) as response,
        ):
            names_and_values = [
                (name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in response.headers
            ]
            send.answer = Answer(response.status, dict(names_and_values))
            async for part in response.aiter_stream():
                send.answer.body.extend(part[: _MOST_ANSWER_BYTES - len(send.answer.body)])
                if len(send.answer.body) == _MOST_ANSWER_BYTES:
                    break


def _body(attempt: Attempt) -> bytes:
    return msgspec.json.encode(
        _Body(
            schedule_id=attempt.claim.schedule_id,
            post_id=attempt.post_id,
            brand_id=attempt.claim.brand_id,
            campaign_id=attempt.campaign_id,
            platform=attempt.claim.platform,
            title=attempt.title,
            s3_url=attempt.s3_url,
            publish_time=attempt.publish_time.astimezone(UTC),
        )
    )


def _texts(attempt: Attempt) -> Collection[str]:
    """What a post says, if it is long enough to mean something."""
    return [text for text in (attempt.title, attempt.s3_url) if len(text) >= _SHORTEST_TEXT]


def _said(failure: Exception) -> str:
    if isinstance(failure, TimeoutError):
        return "the time was up"
    return str(failure) or "the connection broke"
