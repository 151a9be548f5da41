"""Who may choose a publish time."""

from datetime import time
from enum import StrEnum

from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.wall_clock import Slot


class SchedulerKind(StrEnum):
    NAIVE = "naive"  # one post a day and platform at 19:00
    QUEUE = "queue"  # the brand's weekly slots, in order
    ENGAGEMENT = "engagement"  # the best open slots, by what is known of the audience
    AGENTIC = "agentic"  # one of the best plans, chosen by a language model, under an instruction in words


SOLVED = frozenset({SchedulerKind.ENGAGEMENT, SchedulerKind.AGENTIC})
"""Those that ask a solver, and look at what is known of the audience."""

SEVEN_PM = time(19)
"""The wall time of the naive scheduler."""


def room_made(scheduler: SchedulerKind | None, slot: Slot, platform: Platform) -> str | None:
    """What to say of a slot that the naive scheduler chose because its 19:00 was taken; None where it was not."""
    wanted = slot.intent.local_time
    if scheduler is not SchedulerKind.NAIVE or wanted is None or wanted.time() == SEVEN_PM:
        return None
    return (
        f"another post of the brand had {SEVEN_PM:%H:%M} on {platform} already, so this one goes out at "
        f"{slot.local_text()}"
    )
