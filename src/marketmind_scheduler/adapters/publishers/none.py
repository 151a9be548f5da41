"""No publisher: what is due waits for whoever pulls it over HTTP."""

from collections.abc import Collection
from uuid import UUID

from marketmind_scheduler.domain.attempt import Attempt
from marketmind_scheduler.domain.delivery import Delivery
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.verdict import Unsent, Verdict
from marketmind_scheduler.ports.publisher import Route, Target


class NoPublisher:
    def check(self) -> None:
        """It takes nothing."""

    def routes(self, platform: Platform) -> Collection[Route]:
        del platform
        return ()

    def target_of(self, brand_id: UUID | None, platform: Platform) -> Target | None:
        del brand_id, platform
        return None

    def refusal(self, delivery: Delivery) -> str | None:
        del delivery
        return None

    async def publish(self, attempt: Attempt) -> Verdict:
        del attempt
        return Unsent("this process publishes nothing")
