"""Learning the hours of a lane from what its audience did."""

from collections.abc import Sequence
from typing import Protocol

from marketmind_scheduler.domain.audience.observations import LaneHistory
from marketmind_scheduler.domain.audience.profile import Profile


class ProfileFitter(Protocol):
    """Heavy work, done beside the event loop, a second or less for any number of posts. Both methods are pure functions
    of what they are given, and raise SchedulerUnavailable where they cannot be had at the moment, or in this
    installation."""

    async def fit(self, history: LaneHistory) -> Profile:
        """What the lane's posts leave to believe, whatever their order. Where they say too little, or foretold the
        latest of them worse than the prior, that is the prior."""
        ...

    async def sds_after(self, profile: Profile, posts: Sequence[int]) -> Sequence[int]:
        """The profile's standard deviations once so many posts more had been learned of each hour of the week."""
        ...
