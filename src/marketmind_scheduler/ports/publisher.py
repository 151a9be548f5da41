"""Whoever hands posts over to the outside."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol
from uuid import UUID

from marketmind_scheduler.domain.attempt import Attempt
from marketmind_scheduler.domain.delivery import Delivery
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.verdict import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One way out. ``name`` is shown in logs and metrics and holds no secret.

    ``sends_at_once`` limits the sends in flight from one process, on each platform by itself. ``resend_window`` is how
    long after a send begins a repeat with the same key is certainly dropped there; None: a repeat may publish twice,
    so there never is one.
    """

    name: str
    sends_at_once: int
    resend_window: timedelta | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Whose posts go to a target: those of one brand; None: of every brand that has no route of its own on the
    platform."""

    target: Target
    brand_id: UUID | None = None


class Publisher(Protocol):
    def check(self) -> None:
        """Raises NothingSentFromHere where this process has not what it takes."""
        ...

    def routes(self, platform: Platform) -> Collection[Route]:
        """Every way that posts on the platform may go; none where the platform is not published."""
        ...

    def target_of(self, brand_id: UUID | None, platform: Platform) -> Target | None:
        """Where this brand's posts on the platform go; None where nothing is configured. Without a brand: those of
        every brand that has nothing of its own."""
        ...

    def refusal(self, delivery: Delivery) -> str | None:
        """Why this would be refused whoever is asked, what would be right included; None: nothing is known of it.
        ``publish`` refuses the same in the same words, unasked, and sends nothing. Names no text of the post and no
        secret."""
        ...

    async def publish(self, attempt: Attempt) -> Verdict:
        """Send once to the attempt's target, and say what is known afterwards; never tries again itself.

        Accepted, Deferred, Refused and Unsent are facts: in the last three nothing is out. Whatever leaves a doubt is
        Unknown. May be cancelled at any time, which counts as Unknown. Reasons hold no secret.
        """
        ...
