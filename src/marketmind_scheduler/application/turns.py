"""What may be sent at once waits its turn on its lane."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from marketmind_scheduler.domain.pacing import OVERDUE, PACES, SOON
from marketmind_scheduler.domain.schedule import Schedule
from marketmind_scheduler.ports.storage import UnitOfWork


async def take_turns(
    work: UnitOfWork, schedules: Sequence[Schedule], *, now: datetime, age: timedelta = OVERDUE
) -> None:
    """Let those of these schedules whose time comes soon wait behind what waits on their lanes and what was sent there
    last, as ``domain.lanes`` says, where something has waited for longer than ``age``. What comes later is looked at
    when its time has come."""
    if soon := [each for each in schedules if each.publish_time <= now + SOON]:
        await work.bookings.take_turns(soon, age=age, paces=PACES)
