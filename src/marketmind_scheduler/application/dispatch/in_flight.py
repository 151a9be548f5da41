"""Sends at work, each in a task of its own."""

import asyncio
from collections.abc import Callable, Iterable

from marketmind_scheduler.application.dispatch.sending import BegunSend, Sender
from marketmind_scheduler.application.dispatch.settling import Settler
from marketmind_scheduler.ports.dispatch_observer import DispatchObserver


class InFlight:
    """Sends from their beginning until their verdicts have a place among those to be written. ``on_ended`` is called
    after each. Of one that breaks by a fault of our own the observer is told, and its lease decides."""

    def __init__(
        self, sender: Sender, settler: Settler, *, observer: DispatchObserver, on_ended: Callable[[], None]
    ) -> None:
        self._sender = sender
        self._settler = settler
        self._observer = observer
        self._on_ended = on_ended
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self, sends: Iterable[BegunSend]) -> None:
        loop = asyncio.get_running_loop()
        for each in sends:
            task = loop.create_task(self._send_and_settle(each))
            self._tasks.add(task)
            task.add_done_callback(self._over)

    async def all_ended(self) -> None:
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def give_up(self) -> None:
        """Of what has not ended, its lease decides."""
        for each in self._tasks:
            each.cancel()
        await self.all_ended()

    def _over(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and isinstance(broken := task.exception(), Exception):
            self._observer.surprised(broken)

    async def _send_and_settle(self, begun: BegunSend) -> None:
        try:
            self._settler.put(await self._sender.send(begun))
        finally:
            self._sender.done(begun)
            self._on_ended()
