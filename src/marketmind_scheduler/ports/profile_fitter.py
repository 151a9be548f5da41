"""Learning the hours of a lane from what its audience did."""

from collections.abc import Sequence
from typing import Protocol

from marketmind_scheduler.domain.audience.observations import LaneHistory
from marketmind_scheduler.domain.audience.profile import Profile


class ProfileFitter(Protocol):
    """Heavy work, done beside the event loop, a second or less for any number of posts. Both methods are pure functions
    of what they are given, and raise SchedulerUnavailable where they cannot be had at the moment, or in this
    installation."""

    @property
    def is_installed(self) -> bool:
        """Whether this installation has what learning needs."""
        ...

    async def fit(self, history: LaneHistory) -> Profile:
        """What the lane's posts leave to believe, whatever their order. Where the latest of them were foretold
        worse than by who learns nothing, that is the prior, or that nothing is known."""
        ...

    async def narrowed(self, profile: Profile, posts: Sequence[int]) -> Profile:
        """The profile once so many posts more had been learned of each hour of the week: surer of them and of those
        like them. What it expects stays."""
        ...
