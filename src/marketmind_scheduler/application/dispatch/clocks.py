"""Our clock beside the storage's, by which posts are due and receivers believe what is signed."""

from collections.abc import Callable
from datetime import timedelta
from math import inf

from marketmind_scheduler.domain.errors import ClocksDisagree
from marketmind_scheduler.domain.pacing import CLOCKS_AGREE
from marketmind_scheduler.ports.clock import Clock
from marketmind_scheduler.ports.dispatch_observer import UpkeepObserver
from marketmind_scheduler.ports.dispatch_queue import DispatchQueue

_COMPARED_EVERY_SECONDS = 10.0


class Clocks:
    """Compared now and then, by whoever asks first. ``are_relied_on``: this process dispatches."""

    def __init__(
        self, *, clock: Clock, queue: DispatchQueue, observer: UpkeepObserver, monotonic: Callable[[], float]
    ) -> None:
        self.are_relied_on = False
        self._clock = clock
        self._queue = queue
        self._observer = observer
        self._monotonic = monotonic
        self._compared_at = -inf
        self._ahead = timedelta()

    async def check(self) -> None:
        """Raises ClocksDisagree where they are more than CLOCKS_AGREE apart, and StorageUnavailable."""
        if self._monotonic() - self._compared_at >= _COMPARED_EVERY_SECONDS:
            self._ahead = await self._compared()
            self._compared_at = self._monotonic()
            self._observer.clock_ahead(self._ahead)
        if abs(self._ahead) > CLOCKS_AGREE:
            raise ClocksDisagree(self._ahead)

    async def _compared(self) -> timedelta:
        """How far ours is ahead, at least: the storage may have looked at its own whenever it was asked."""
        asked_at = self._clock.now()
        theirs = await self._queue.now()
        answered_at = self._clock.now()
        return max(asked_at - theirs, timedelta()) + min(answered_at - theirs, timedelta())
