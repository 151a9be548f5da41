"""The hours of a week, in a lane's own zone: what an audience is described by."""

from datetime import datetime

MILLION = 1_000_000
HOURS = 24
CELLS = 7 * HOURS
"""One for each hour of the week, from Monday at 0:00."""


def cell_of(weekday: int, hour: int) -> int:
    """``weekday`` is 0 on Mondays."""
    return weekday * HOURS + hour


def cell_at(local_time: datetime) -> int:
    """The hour of the week that clocks show."""
    return cell_of(local_time.weekday(), local_time.hour)


def weekday_and_hour(cell: int) -> tuple[int, int]:
    return divmod(cell, HOURS)
