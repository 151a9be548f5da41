"""Publishes by webhook: each post is POSTed to its receiver."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec

from marketmind_scheduler.adapters.webhooks.targets import WebhookTarget
from marketmind_scheduler.adapters.webhooks.transport import WebhookTransport
from marketmind_scheduler.domain.attempt import Attempt
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.verdict import Refused, Verdict
from marketmind_scheduler.ports.publisher import Target

_MARGIN = timedelta(seconds=5)
_MOST_BODY_BYTES = 20_000
_SHORTEST_TEXT = 4


class _Body(msgspec.Struct, frozen=True, kw_only=True):
    schedule_id: UUID
    post_id: UUID
    brand_id: UUID
    campaign_id: UUID | None
    platform: Platform
    title: str
    s3_url: str
    publish_time: datetime


class WebhookPublisher:
    def __init__(self, transport: WebhookTransport) -> None:
        self._transport = transport

    def targets(self, platform: Platform) -> Collection[Target]:
        return [self._seen_from_outside(target) for target in self._transport.targets.on(platform)]

    def target_of(self, brand_id: UUID, platform: Platform) -> Target | None:
        fitting = self._transport.targets.for_posts_of(brand_id, platform)
        return self._seen_from_outside(fitting[0]) if fitting else None

    async def publish(self, attempt: Attempt) -> Verdict:
        body = _body(attempt)
        if len(body) > _MOST_BODY_BYTES:
            return Refused(f"the post takes {len(body)} bytes; a webhook carries {_MOST_BODY_BYTES} at most")
        [target, *_] = self._transport.targets.for_posts_of(attempt.claim.brand_id, attempt.claim.platform)
        return await self._transport.post(target, body, key=attempt.key, confidential=_texts(attempt))

    def _seen_from_outside(self, target: WebhookTarget) -> Target:
        window = target.drops_repeats_for
        late_by = self._transport.timeout + _MARGIN  # a repeat may arrive as late as that
        left = window - late_by if window else timedelta()
        return Target(
            name=target.name,
            sends_at_once=target.sends_at_once,
            resend_window=left if left > timedelta() else None,
        )


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
