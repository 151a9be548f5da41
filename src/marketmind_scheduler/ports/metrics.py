"""What has been measured, as monitoring systems read it."""

from typing import Protocol

from marketmind_scheduler.ports.queue_standing import QueueStanding


class Metrics(Protocol):
    def exposition(self, standing: QueueStanding | None, *, openmetrics: bool) -> bytes:
        """Everything measured by this process and those it has heard of, with how the queue stands, in the Prometheus
        text format or as OpenMetrics 1.0; None: the storage cannot be used."""
        ...


class Hearing(Protocol):
    async def hear(self) -> None:
        """Learn what processes that answer as one with this one have measured, for the next exposition. Who does not
        say it within a second is as it was."""
        ...
