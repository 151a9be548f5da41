"""Pausing: nothing of a brand or a campaign is sent until it is resumed."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Protocol
from uuid import UUID

from marketmind_scheduler.domain.brand import Brand
from marketmind_scheduler.domain.campaign import Campaign
from marketmind_scheduler.domain.expectation import ANYTHING, Expectation
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.schedule import Hold


class Holds(Protocol):
    """Placing and lifting work in pieces, each a transaction of its own, so that they may take long and block nobody.
    Cut off in between, they are to be called again. They raise BrandNotFound, CampaignNotFound and StorageUnavailable;
    and PreconditionFailed before anything is changed, where what is to be paused or resumed is not as ``expected``."""

    def acting(self, actor: str) -> "Holds":
        """The same, whose events are told as ``actor``'s."""
        ...

    async def place(self, hold: Hold, of: UUID, *, expected: Expectation[Brand | Campaign] = ANYTHING) -> None:
        """Pause a brand or a campaign. Once this returns, none of its sends begins any more; those that have begun go
        on. What is scheduled for it meanwhile is held too."""
        ...

    async def lift(
        self,
        hold: Hold,
        of: UUID,
        *,
        paces: Mapping[Platform, timedelta],
        expected: Expectation[Brand | Campaign] = ANYTHING,
    ) -> None:
        """Resume it. What fell due meanwhile goes out as on a lane that is behind (``domain.lanes``), unless it is too
        late; everything else keeps its time. Another hold on a schedule stays."""
        ...
