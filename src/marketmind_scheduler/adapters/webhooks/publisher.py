"""Publishes by webhook: each post is POSTed to its receiver."""

from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, timedelta
from uuid import UUID

import msgspec

from marketmind_scheduler.adapters.webhooks.targets import WebhookTarget
from marketmind_scheduler.adapters.webhooks.transport import WebhookTransport
from marketmind_scheduler.domain.attempt import Attempt
from marketmind_scheduler.domain.delivery import Delivery
from marketmind_scheduler.domain.errors import NothingSentFromHere
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.verdict import Refused, Unsent, Verdict
from marketmind_scheduler.ports.publisher import Route, Target

_MARGIN = timedelta(seconds=5)


class WebhookPublisher:
    def __init__(self, transport: WebhookTransport) -> None:
        self._transport = transport

    def check(self) -> None:
        if missing := self._transport.targets.missing:
            raise NothingSentFromHere(missing)

    def routes(self, platform: Platform) -> Collection[Route]:
        found = self._transport.targets.on(platform)
        return [Route(target=self._seen_from_outside(target), brand_id=brand_id) for target, brand_id in found]

    def target_of(self, brand_id: UUID | None, platform: Platform) -> Target | None:
        fitting = self._transport.targets.for_posts_of(brand_id, platform)
        return self._seen_from_outside(fitting[0]) if fitting else None

    def refusal(self, delivery: Delivery) -> str | None:
        target = next(iter(self._transport.targets.for_posts_of(delivery.brand_id, delivery.platform)), None)
        return target and target.refusal(body_bytes=len(_body(delivery)), s3_url=delivery.s3_url)

    async def publish(self, attempt: Attempt) -> Verdict:
        if why := self.refusal(attempt.delivery):
            return Refused(why, is_unasked=True)
        if missing := self._transport.targets.missing:
            return Unsent(f"nothing is sent from here: {missing}")
        [target, *_] = self._transport.targets.for_posts_of(attempt.claim.brand_id, attempt.claim.platform)
        return await self._transport.post(
            target,
            _body(attempt.delivery),
            key=attempt.key,
            now=attempt.begun_at,  # by the storage's clock: a receiver would refuse what a wrong one of ours signs
            confidential=(attempt.title, attempt.s3_url),
        )

    def _seen_from_outside(self, target: WebhookTarget) -> Target:
        left = (target.drops_repeats_for or timedelta()) - late_by(self._transport.timeout)
        return Target(
            name=target.name,
            sends_at_once=target.sends_at_once,
            resend_window=left if left > timedelta() else None,
        )


def late_by(timeout: timedelta) -> timedelta:
    """How late after its beginning a send may arrive: what is left of a receiver's memory counts from there."""
    return timeout + _MARGIN


def _body(delivery: Delivery) -> bytes:
    return msgspec.json.encode(replace(delivery, publish_time=delivery.publish_time.astimezone(UTC)))
