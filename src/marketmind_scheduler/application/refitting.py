"""Profiles fitted anew: soon after something was observed, every night, and when somebody asks."""

from dataclasses import dataclass

from marketmind_scheduler.domain.audience.refitting import LEASE, MOST_LEARNED, Refit
from marketmind_scheduler.domain.errors import SchedulerUnavailable
from marketmind_scheduler.domain.lanes import Lane
from marketmind_scheduler.ports.dispatch_observer import UpkeepObserver
from marketmind_scheduler.ports.profile_fitter import ProfileFitter
from marketmind_scheduler.ports.refits import Refits

_AT_ONCE = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Refitting:
    """Any number of processes may do it at once; a lane is in the hands of one."""

    refits: Refits
    fitter: ProfileFitter
    observer: UpkeepObserver

    async def refit_due(self) -> None:
        """Fit all lanes that are due, one after the other. What cannot be fitted is due again in a minute. Where this
        installation cannot learn, that is left to others. Raises StorageUnavailable."""
        if not self.fitter.is_installed:
            return
        while due := await self.refits.begin_due(limit=_AT_ONCE, lease=LEASE):
            for refit in due:
                try:
                    await self._fit(refit)
                except SchedulerUnavailable as unavailable:
                    self.observer.unfitted(refit, unavailable)

    async def refit(self, lane: Lane) -> None:
        """Fit one lane now, unless somebody is at it. Raises SchedulerUnavailable."""
        if refit := await self.refits.begin(lane, lease=LEASE):
            await self._fit(refit)

    async def _fit(self, refit: Refit) -> None:
        history = await self.refits.history(refit, most=MOST_LEARNED)
        await self.refits.finish(refit, await self.fitter.fit(history))
