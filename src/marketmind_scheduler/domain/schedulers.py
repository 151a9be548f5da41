"""Who may choose a publish time."""

from enum import StrEnum


class SchedulerKind(StrEnum):
    NAIVE = "naive"
