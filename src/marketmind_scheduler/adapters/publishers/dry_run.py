"""A publisher that sends nothing: it logs what it would have sent, so that the whole journey can be seen."""

from collections.abc import Collection
from uuid import UUID

import structlog

from marketmind_scheduler.domain.attempt import Attempt
from marketmind_scheduler.domain.delivery import Delivery
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.schedule import dry_run_id
from marketmind_scheduler.domain.verdict import Accepted, Verdict
from marketmind_scheduler.ports.publisher import Route, Target

_TARGET = Target(name="dry_run", sends_at_once=100, resend_window=None)
_ROUTE = Route(target=_TARGET)

log = structlog.get_logger()


class DryRunPublisher:
    def check(self) -> None:
        """It takes nothing."""

    def routes(self, platform: Platform) -> Collection[Route]:
        del platform
        return (_ROUTE,)

    def target_of(self, brand_id: UUID | None, platform: Platform) -> Target | None:
        del brand_id, platform
        return _TARGET

    def refusal(self, delivery: Delivery) -> str | None:
        del delivery
        return None

    async def publish(self, attempt: Attempt) -> Verdict:
        log.info(
            "would have been posted",
            publisher="dry_run",
            schedule_id=attempt.key,
            post_id=str(attempt.post_id),
            platform=attempt.claim.platform,
        )
        return Accepted(external_id=dry_run_id(attempt.claim.schedule_id))
