"""Profiles fitted on the spot, or not at all."""

from collections.abc import Sequence

from marketmind_scheduler.adapters.numeric.fitting import fitted, narrowed
from marketmind_scheduler.domain.audience.observations import LaneHistory
from marketmind_scheduler.domain.audience.profile import Profile
from marketmind_scheduler.domain.errors import SchedulerUnavailable


class DirectProfileFitter:
    """Fits in this process. While ``fails`` says why, it cannot."""

    def __init__(self, *, is_installed: bool = True) -> None:
        self.is_installed = is_installed
        self.fails: str | None = None

    async def fit(self, history: LaneHistory) -> Profile:
        self._check()
        return fitted(history)

    async def narrowed(self, profile: Profile, posts: Sequence[int]) -> Profile:
        self._check()
        return narrowed(profile, posts)

    def _check(self) -> None:
        if self.fails is not None or not self.is_installed:
            raise SchedulerUnavailable(self.fails or 'numpy is not installed; pip install ".[planning]"')
