"""The kinds of schedulers: how each is made."""

from collections.abc import Callable, Mapping

from marketmind_scheduler.application.schedulers import NaiveScheduler
from marketmind_scheduler.domain.schedulers import SchedulerKind
from marketmind_scheduler.entrypoints.settings import Settings
from marketmind_scheduler.ports.scheduler import Scheduler


def schedulers_of(settings: Settings) -> Mapping[SchedulerKind, Scheduler]:
    """One for each kind that a request may ask for."""
    return {kind: made(settings) for kind, made in SCHEDULERS.items()}


SCHEDULERS: Mapping[SchedulerKind, Callable[[Settings], Scheduler]] = {
    SchedulerKind.NAIVE: lambda _settings: NaiveScheduler(),
}
