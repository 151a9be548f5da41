"""The fitter of profiles, in processes of its own."""

from collections.abc import Sequence
from importlib.util import find_spec

from marketmind_scheduler.adapters.numeric.workers import WorkerDied, Workers
from marketmind_scheduler.domain.audience.observations import LaneHistory
from marketmind_scheduler.domain.audience.profile import Profile
from marketmind_scheduler.domain.errors import SchedulerUnavailable

_FITTING = f"{__package__}.fitting"


class NumericProfileFitter:
    def __init__(self, workers: Workers) -> None:
        self._workers = workers

    @property
    def is_installed(self) -> bool:
        return find_spec("numpy") is not None

    async def fit(self, history: LaneHistory) -> Profile:
        return await self._run("fitted", history)

    async def narrowed(self, profile: Profile, posts: Sequence[int]) -> Profile:
        return await self._run("narrowed", profile, posts)

    async def _run(self, function: str, *arguments: object) -> Profile:
        if not self.is_installed:
            raise SchedulerUnavailable(
                "numpy is not installed; learning what an audience does needs the extra planning: in a checkout, "
                'pip install ".[planning]"'
            )
        try:
            return await self._workers.run(f"{_FITTING}:{function}", Profile, *arguments)
        except (WorkerDied, RuntimeError) as failed:
            raise SchedulerUnavailable("the fit failed; ask again in a minute") from failed
