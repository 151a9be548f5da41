"""Lanes that nobody publishes: what is due there is held, and goes on once somebody does."""

from collections.abc import Collection
from dataclasses import dataclass

from marketmind_scheduler.application.reachability import Reachability
from marketmind_scheduler.domain.access import Reach
from marketmind_scheduler.domain.pacing import NOBODY_CAME, OVERDUE, PACES
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.ports.upkeep import Upkeep

_AT_ONCE, _LOOKED_AT = 1000, 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadEnds:
    """As far as one process can know, by its ``reachability``: it holds nothing that is not to be published from here,
    nor anything at all where those who pull are the receivers."""

    upkeep: Upkeep
    reachability: Reachability

    async def look(self) -> None:
        """Release what has a receiver here, and hold what has been due for NOBODY_CAME and has none. Raises
        StorageUnavailable."""
        if self.reachability.is_for_pullers:
            return
        await self._release()
        await self._hold()

    async def _release(self) -> None:
        lanes = await self.upkeep.lanes_held(self.reachability.platforms)
        if found := [lane for lane in lanes if self.reachability.obstacle(*lane) is None]:
            await self.upkeep.release(found, age=OVERDUE, paces=PACES, limit=_AT_ONCE)

    async def _hold(self) -> None:
        platforms = self.reachability.platforms
        lanes = await self.upkeep.lanes_due(platforms, since=NOBODY_CAME, limit=_LOOKED_AT)
        without = {lane: why for lane in lanes if (why := self.reachability.obstacle(*lane)) is not None}
        if without:
            await self.upkeep.hold(without, since=NOBODY_CAME, limit=_AT_ONCE)


async def release_to_puller(upkeep: Upkeep, platforms: Collection[Platform], reach: Reach) -> None:
    """Whoever pulls is a receiver: what nobody published goes on. Raises StorageUnavailable."""
    lanes = await upkeep.lanes_held(platforms)
    if theirs := [lane for lane in lanes if reach.covers(lane[0])]:
        await upkeep.release(theirs, age=OVERDUE, paces=PACES, limit=_AT_ONCE)
