"""Deleting: texts and URLs go, ids and times stay."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from marketmind_scheduler.domain.deletion import Doomed
from marketmind_scheduler.ports.transitions import Locked


class Erasures(Protocol):
    async def lock_posts(self, doomed: Doomed) -> Sequence[UUID]:
        """Lock it until the unit of work ends, with its posts that are not deleted yet; return their ids, in their
        order. Meanwhile nothing becomes part of it. Raises LostRace where something just did."""
        ...

    async def lock_active(self, post_ids: Collection[UUID]) -> Sequence[Locked]:
        """The active schedules of these posts, by id, locked as ``Transitions`` says."""
        ...

    async def erase(self, doomed: Doomed, post_ids: Collection[UUID], *, cancelled: int, at: datetime) -> None:
        """Let it and these posts be deleted at ``at``, and empty every text and URL of theirs: in their own rows, those
        of their schedules, attempts and events, and what a brand's history is called. Kept answers that name one of
        them are forgotten, no slot is held any more for a plan that speaks of it, and no profile of a deleted brand is
        fitted. Ids and times stay. One event tells
        it, with how many schedules were ``cancelled``; none where it was deleted already."""
        ...
