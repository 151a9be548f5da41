"""Whoever watches the runs in which a language model takes part."""

from typing import Protocol

from marketmind_scheduler.domain.agent.records import Decision, Exchange


class RunObserver(Protocol):
    """Sees what is recorded of runs, once it is. No method raises, waits or takes long."""

    def asked(self, said: Exchange) -> None: ...

    def decided(self, said: Decision) -> None: ...
