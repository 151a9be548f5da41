"""Work that goes on after its request was answered, in the process that took it."""

import asyncio
from collections.abc import Coroutine
from uuid import UUID

_LOOKING_AGAIN_SECONDS = 0.25


class RunTasks:
    """One task for each plan that is being made here."""

    def __init__(self) -> None:
        self._tasks: dict[UUID, asyncio.Task[None]] = {}

    def start(self, plan_id: UUID, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks[plan_id] = task
        task.add_done_callback(lambda _: self._tasks.pop(plan_id, None))

    async def progress(self, plan_id: UUID, *, seconds: float) -> None:
        """Return once the plan's task has ended, or it is time to look again at what another process has made of it;
        after so many ``seconds`` at the latest."""
        if task := self._tasks.get(plan_id):
            await asyncio.wait({task}, timeout=seconds)
        else:
            await asyncio.sleep(min(seconds, _LOOKING_AGAIN_SECONDS))

    async def close(self) -> None:
        """End all of them."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
