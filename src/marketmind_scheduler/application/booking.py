"""A new schedule of one post, stored: the end of every way to make one."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from marketmind_scheduler.application.lanes import check_lanes
from marketmind_scheduler.application.quota import Quota
from marketmind_scheduler.application.turns import take_turns
from marketmind_scheduler.application.zone_rules import remember_zone_rules
from marketmind_scheduler.domain.errors import AlreadyScheduled
from marketmind_scheduler.domain.pacing import OVERDUE
from marketmind_scheduler.domain.rules.violations import BrandRules
from marketmind_scheduler.domain.schedule import Schedule
from marketmind_scheduler.ports.storage import UnitOfWork


async def book(
    work: UnitOfWork,
    wanted: Schedule,
    rules: Mapping[UUID, BrandRules],
    *,
    quota: Quota,
    now: datetime,
    age: timedelta = OVERDUE,
) -> Schedule:
    """Store a new schedule whose post and lane are locked, and commit; return it as it is stored.

    Raises PolicyViolated, QuotaExceeded, and LostRace where the rules have changed since they were read.
    """
    await check_lanes(work, rules, [wanted], now=now)
    await quota.check(work.schedules, wanted.brand_id, adding=1, now=now)
    [schedule] = await work.bookings.add([wanted])
    await remember_zone_rules(work, [schedule], now=now)
    await take_turns(work, [schedule], now=now, age=age)
    shown = await work.schedules.get(schedule.schedule_id)
    await work.commit()
    return shown


def already_scheduled(active: Schedule) -> AlreadyScheduled:
    """What refuses another time than that of the schedule that stands."""
    return AlreadyScheduled(
        active.post_id,
        schedule_id=active.schedule_id,
        publish_time=active.publish_time,
        status=active.status,
    )
