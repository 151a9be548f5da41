"""The solver of lanes, in processes of its own."""

import asyncio
from collections.abc import AsyncGenerator, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from importlib.util import find_spec
from typing import TypeVar

from marketmind_scheduler.adapters.numeric.packing import Alternatives, packed
from marketmind_scheduler.adapters.numeric.workers import WorkerDied, Workers
from marketmind_scheduler.domain.audience.profile import Profile
from marketmind_scheduler.domain.errors import SchedulerUnavailable
from marketmind_scheduler.domain.planning.problem import Alternative, LaneChoice, LaneProblem, OpenSlot, WhyUnplaced

T = TypeVar("T")
_WAITING = 4
_CHOOSING = f"{__package__}.choosing"
_FITTING = f"{__package__}.fitting"
_ALTERNATIVES = f"{__package__}.alternatives"
_EXPLAINING = f"{__package__}.explaining"


class NumericPlanSolver:
    def __init__(self, workers: Workers) -> None:
        self._workers = workers
        self._asked = 0

    async def solve(self, problems: Sequence[LaneProblem], *, seconds: float) -> Sequence[LaneChoice]:
        until = asyncio.get_running_loop().time() + seconds
        async with self._admitted():
            return await _all([self._chosen(problem, until) for problem in problems])

    async def fixed(self, problem: LaneProblem, *, post: int, slot: int, seconds: float) -> LaneChoice | None:
        async with self._admitted():
            columns = await asyncio.to_thread(packed, problem)
            return await self._in_time(seconds, f"{_EXPLAINING}:fixed", LaneChoice, columns, post, slot)

    async def alternatives(
        self, problem: LaneProblem, chosen: Sequence[int | None], *, most: int, seconds: float
    ) -> Sequence[Sequence[Alternative]]:
        function = f"{_ALTERNATIVES}:alternatives"
        async with self._admitted():
            columns = await asyncio.to_thread(packed, problem)
            found = await self._in_time(seconds, function, Alternatives, columns, list(chosen), most)
        return found.of_posts if found else ()

    async def why_unplaced(
        self, problem: LaneProblem, choice: LaneChoice, *, later: Sequence[OpenSlot] = (), seconds: float
    ) -> WhyUnplaced:
        async with self._admitted():
            columns = await asyncio.to_thread(packed, replace(problem, slots=(*problem.slots, *later)))
            asked = columns, choice.chosen
            found = await self._in_time(seconds, f"{_EXPLAINING}:why_unplaced", WhyUnplaced, *asked)
            return found or await self._workers.run(f"{_EXPLAINING}:shortages", WhyUnplaced, *asked)

    async def narrowed(self, profile: Profile, posts: Sequence[int]) -> Profile:
        async with self._admitted():
            return await self._workers.run(f"{_FITTING}:narrowed", Profile, profile, posts)

    async def _chosen(self, problem: LaneProblem, until: float) -> LaneChoice:
        columns = await asyncio.to_thread(packed, problem)
        seconds = until - asyncio.get_running_loop().time()
        found = await self._in_time(seconds, f"{_CHOOSING}:choice", LaneChoice, columns)
        return found or await self._workers.run(f"{_CHOOSING}:quick_choice", LaneChoice, columns)

    async def _in_time(self, seconds: float, function: str, returned: type[T], *arguments: object) -> T | None:
        """What a worker returns; None where it takes longer. Without time, nobody is asked."""
        if seconds <= 0:
            return None
        try:
            async with asyncio.timeout(seconds):
                return await self._workers.run(function, returned, *arguments)
        except TimeoutError:
            return None

    @asynccontextmanager
    async def _admitted(self) -> AsyncGenerator[None]:
        if missing := [name for name in ("highspy", "numpy") if find_spec(name) is None]:
            raise SchedulerUnavailable(
                f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} not installed; this scheduler needs "
                'the extra planning: in a checkout, pip install ".[planning]"'
            )
        if self._asked >= self._workers.most + _WAITING:
            raise SchedulerUnavailable("other plans are being made; send the same request again in a few seconds")
        self._asked += 1
        try:
            yield
        except (WorkerDied, RuntimeError) as failed:
            raise SchedulerUnavailable(
                "the solver failed; send the same request again, or ask another scheduler", broke=True
            ) from failed
        finally:
            self._asked -= 1


@asynccontextmanager
async def solving() -> AsyncGenerator[NumericPlanSolver]:
    """A solver whose processes start when they are needed, and end with the context."""
    workers = Workers()
    try:
        yield NumericPlanSolver(workers)
    finally:
        await workers.close()


async def _all(jobs: Sequence[Coroutine[None, None, LaneChoice]]) -> Sequence[LaneChoice]:
    """Side by side; where one fails, the others are given up."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(job) for job in jobs]
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from None
    return [task.result() for task in tasks]
