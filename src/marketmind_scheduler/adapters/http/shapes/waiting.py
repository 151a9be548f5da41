"""Why what is PENDING waits, as far as the process that shows it knows."""

from collections.abc import Callable, Sequence

from marketmind_scheduler.application.use_cases import UseCases
from marketmind_scheduler.domain.access import ANYBODY
from marketmind_scheduler.domain.schedule import Schedule


def obstacles(use_cases: UseCases) -> Callable[[Schedule], Sequence[str]]:
    """What keeps a schedule from being sent by this process, whatever the time."""

    def known(schedule: Schedule) -> Sequence[str]:
        why = use_cases.for_(ANYBODY).reachability.why_in_vain(schedule)
        return [] if why is None else [why]

    return known


def why_it_waits(use_cases: UseCases) -> Callable[[Schedule], Sequence[str]]:
    """The same, else why it has not been sent by now."""
    of_any_time = obstacles(use_cases)

    def known(schedule: Schedule) -> Sequence[str]:
        return of_any_time(schedule) or schedule.why_it_waits(now=use_cases.for_(ANYBODY).health.live())

    return known
