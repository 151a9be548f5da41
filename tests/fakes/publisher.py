"""A publisher that answers as it was told to."""

from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Collection
from datetime import timedelta
from uuid import UUID

from marketmind_scheduler.domain.attempt import Attempt
from marketmind_scheduler.domain.delivery import Delivery
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.verdict import Accepted, Refused, Verdict
from marketmind_scheduler.ports.publisher import Route, Target

Answer = Verdict | Exception | Callable[[Attempt], Awaitable[Verdict]]


class ScriptedPublisher:
    """Keeps the attempts it was given. Answers those of one schedule one after another as ``script`` says (a verdict,
    an error to raise, or a function to await), and takes everything that the script does not speak of.

    What has ``refuses`` in its title it refuses unasked. Every platform has one target, named like it, unless
    ``reroute`` says where a brand's posts go.
    """

    def __init__(
        self,
        *,
        sends_at_once: int = 100,
        resend_window: timedelta | None = None,
        platforms: Collection[Platform] = Platform,
    ) -> None:
        self.attempts: list[Attempt] = []
        self.refuses = ""
        self._answers: defaultdict[UUID, deque[Answer]] = defaultdict(deque)
        self._targets = {
            platform: Target(name=platform.lower(), sends_at_once=sends_at_once, resend_window=resend_window)
            for platform in platforms
        }
        self._rerouted: dict[tuple[UUID, Platform], Target] = {}

    def script(self, schedule_id: UUID, *answers: Answer) -> None:
        self._answers[schedule_id].extend(answers)

    def reroute(self, brand_id: UUID, platform: Platform, target: Target) -> None:
        self._rerouted[brand_id, platform] = target

    def check(self) -> None:
        """It takes nothing."""

    def routes(self, platform: Platform) -> Collection[Route]:
        usual = [Route(target=self._targets[platform])] if platform in self._targets else []
        of_brands = self._rerouted.items()
        return [
            *usual,
            *(Route(target=target, brand_id=brand_id) for (brand_id, of), target in of_brands if of is platform),
        ]

    def target_of(self, brand_id: UUID | None, platform: Platform) -> Target | None:
        own = self._rerouted.get((brand_id, platform)) if brand_id else None
        return own or self._targets.get(platform)

    def refusal(self, delivery: Delivery) -> str | None:
        return self.refuses if self.refuses and self.refuses in delivery.title else None

    async def publish(self, attempt: Attempt) -> Verdict:
        if why := self.refusal(attempt.delivery):
            return Refused(why, is_unasked=True)
        self.attempts.append(attempt)
        answers = self._answers[attempt.claim.schedule_id]
        answer = answers.popleft() if answers else Accepted(f"external-{attempt.key}")
        if isinstance(answer, Exception):
            raise answer
        return await answer(attempt) if callable(answer) else answer
