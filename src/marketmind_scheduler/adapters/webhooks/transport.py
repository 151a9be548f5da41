"""One signed POST to a receiver, and what is known afterwards."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from importlib.metadata import version
from types import TracebackType
from typing import Self

import httpcore2

from marketmind_scheduler.adapters.webhooks.gist import said_by
from marketmind_scheduler.adapters.webhooks.hearing import HeardNetwork, refusal_in
from marketmind_scheduler.adapters.webhooks.network import (
    AddressNotAllowed,
    GuardedNetwork,
    LookUp,
    Resolver,
    any_network,
)
from marketmind_scheduler.adapters.webhooks.responses import Response, judge
from marketmind_scheduler.adapters.webhooks.signing import signature_headers
from marketmind_scheduler.adapters.webhooks.targets import WebhookTarget, WebhookTargets
from marketmind_scheduler.domain.verdict import Unknown, Unsent, Verdict
from marketmind_scheduler.ports.tracing import Tracing

_CONNECT_SECONDS = 3
_BODY_SECONDS = 1
_LONGEST_RESPONSE = 64_000

_FAILURES = (httpcore2.NetworkError, httpcore2.TimeoutException, httpcore2.ProtocolError, OSError)


@dataclass(slots=True)
class _Exchange:
    """How far a POST has come: whether something may have left, and what came back."""

    began: bool = False
    heard: bytearray = field(default_factory=bytearray)
    response: Response | None = None

    async def trace(self, event: str, _: Mapping[str, object]) -> None:
        """Called by httpcore2 before and after each of its steps."""
        if event == "http11.send_request_headers.started":
            self.began = True


class WebhookTransport:
    """Sends to ``targets``. Each POST has a connection of its own, and nothing of it is kept.

    On a kept connection, a receiver that closes it just as a request arrives leaves the same silence as one that
    publishes and dies, and httpcore2 raises the same errors for both. Against a receiver that closes idle connections
    after 20 ms, up to one send in twenty became Unknown that way. A handshake costs less than somebody's attention.
    """

    def __init__(
        self,
        targets: WebhookTargets,
        *,
        timeout: timedelta = timedelta(seconds=10),
        network: httpcore2.AsyncNetworkBackend | None = None,
        look_up: LookUp | None = None,
        tracing: Tracing | None = None,
    ) -> None:
        self.targets = targets
        self.timeout = timeout
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
        self._resolver.close()

    async def post(
        self, target: WebhookTarget, body: bytes, *, key: str, now: datetime, confidential: Collection[str] = ()
    ) -> Verdict:
        """Send JSON once, under a key by which the receiver knows repeats, signed as of ``now``; at the latest after
        ``timeout`` it is known what became of it, and a second after the head of an answer, however its body behaves.
        A reason holds nothing that is ``confidential``, and no secret of the target."""
        exchange, problem = _Exchange(), ""
        try:
            async with asyncio.timeout(self.timeout.total_seconds()):
                await self._exchange(target, self._headers(target, key, now, body), body, exchange)
        except AddressNotAllowed as not_allowed:
            return Unsent(f"nothing was sent: {not_allowed}")
        except _FAILURES as failure:
            problem = said_by(failure)
        if exchange.response is None:
            exchange.response = refusal_in(bytes(exchange.heard))
        if exchange.response is not None:  # even where its body broke off: the head says what became of it
            hidden = {*target.confidential, *confidential}
            return judge(exchange.response, now=now, confidential=hidden)
        return Unknown(f"no answer: {problem}") if exchange.began else Unsent(f"nothing was sent: {problem}")

    def _headers(self, target: WebhookTarget, key: str, now: datetime, body: bytes) -> Sequence[tuple[str, str]]:
        return [
            ("host", target.authority),
            ("user-agent", self._user_agent),
            ("accept", "application/json"),
            ("accept-encoding", "identity"),
            ("connection", "close"),
            ("content-type", "application/json"),
            *signature_headers(target.secrets, key=key, now=now, body=body),
            *([("traceparent", self._tracing.outgoing().traceparent)] if self._tracing else []),
        ]

    async def _exchange(
        self, target: WebhookTarget, headers: Sequence[tuple[str, str]], body: bytes, exchange: _Exchange
    ) -> None:
        network = GuardedNetwork(look_up=self._look_up, allowed=self.targets.allowed, network=self._network)
        connection = httpcore2.AsyncHTTPConnection(
            target.url.origin, ssl_context=self._ssl_context, network_backend=HeardNetwork(network, exchange.heard)
        )
        extensions = {"timeout": {"connect": _CONNECT_SECONDS}, "trace": exchange.trace}
        async with (
            aclosing(network),  # httpcore2 leaves a socket open whose TLS handshake is cancelled
            connection.stream("POST", target.url, headers=headers, content=body, extensions=extensions) as incoming,
        ):
            names_and_values = [
                (name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in incoming.headers
            ]
            exchange.response = Response(incoming.status, dict(names_and_values))
            with suppress(TimeoutError):  # the head has said what became of it
                async with asyncio.timeout(_BODY_SECONDS):
                    await _read(incoming, exchange.response.body)


async def _read(incoming: httpcore2.Response, body: bytearray) -> None:
    async for part in incoming.aiter_stream():
        body.extend(part[: _LONGEST_RESPONSE - len(body)])
        if len(body) == _LONGEST_RESPONSE:
            return
