"""An observer that remembers what it saw of runs."""

from dataclasses import dataclass, field

from marketmind_scheduler.domain.agent.records import Decision, Exchange


@dataclass
class RecordingRunObserver:
    exchanges: list[Exchange] = field(default_factory=list[Exchange])
    decisions: list[Decision] = field(default_factory=list[Decision])

    def asked(self, said: Exchange) -> None:
        self.exchanges.append(said)

    def decided(self, said: Decision) -> None:
        self.decisions.append(said)
