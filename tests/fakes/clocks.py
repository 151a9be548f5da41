"""Clocks that are compared, and agree."""

from marketmind_scheduler.application.dispatch.clocks import Clocks
from tests.builders import NOW
from tests.fakes.clock import FrozenClock
from tests.fakes.dispatch_observer import RecordingObserver
from tests.fakes.dispatch_queue import InMemoryDispatchQueue
from tests.fakes.storage import InMemoryStorage


def clocks_that_agree() -> Clocks:
    clock = FrozenClock(NOW)
    queue = InMemoryDispatchQueue(InMemoryStorage(clock))
    return Clocks(clock=clock, queue=queue, observer=RecordingObserver(), monotonic=lambda: 0.0)
