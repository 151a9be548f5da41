"""Who may choose a publish time."""

from datetime import time
from enum import StrEnum


class SchedulerKind(StrEnum):
    NAIVE = "naive"  # one post a day and platform at 19:00
    QUEUE = "queue"  # the brand's weekly slots, in order
    ENGAGEMENT = "engagement"  # the best open slots, by what is known of the audience


SEVEN_PM = time(19)
"""The wall time of the naive scheduler."""
