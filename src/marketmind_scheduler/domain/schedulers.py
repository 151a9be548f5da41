"""Who may choose a publish time."""

from datetime import time
from enum import StrEnum


class SchedulerKind(StrEnum):
    NAIVE = "naive"


SEVEN_PM = time(19)
"""The wall time of the naive scheduler."""
