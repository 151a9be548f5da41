"""A new schedule of one post, stored: the end of every way to make one."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from marketmind_scheduler.application.lanes import check_lanes
from marketmind_scheduler.application.quota import Quota
from marketmind_scheduler.application.turns import take_turns
from marketmind_scheduler.application.zone_rules import are_remembered, remember_zone_rules
from marketmind_scheduler.domain.errors import AlreadyScheduled
from marketmind_scheduler.domain.pacing import OVERDUE, SOON
from marketmind_scheduler.domain.rules.judging import is_open_alone
from marketmind_scheduler.domain.rules.violations import BrandRules
from marketmind_scheduler.domain.schedule import Schedule
from marketmind_scheduler.ports.post_bookings import Look
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
    schedule = await work.post_bookings.add(wanted)
    await remember_zone_rules(work, [schedule], now=now)
    await take_turns(work, [schedule], now=now, age=age)
    await work.commit()
    return schedule


async def book_as_seen(
    work: UnitOfWork, wanted: Schedule, look: Look, *, allow_repost: bool, quota: Quota, now: datetime
) -> Schedule | None:
    """Store a new schedule of a post that nobody has locked, and commit; None where it depends on more than what
    ``look`` shows, or something of that has changed since. Raises QuotaExceeded, and LostRace where another schedule of
    the post was stored meanwhile."""
    if not _depends_on_nothing_else(wanted, look, now=now):
        return None
    await quota.check(work.schedules, wanted.brand_id, adding=1, now=now)
    schedule = await work.post_bookings.add_as_seen(wanted, look, allow_repost=allow_repost)
    if schedule is not None:
        await work.commit()
    return schedule


def _depends_on_nothing_else(wanted: Schedule, look: Look, *, now: datetime) -> bool:
    """It is not counted together with what stands beside it, waits for no turn, and leaves nothing to remember."""
    return (
        is_open_alone(wanted.publish_time, wanted.platform, look.rules, now=now, override=wanted.overridden)
        and wanted.publish_time > now + SOON
        and are_remembered(wanted.slot, look.newest_release)
    )


def already_scheduled(active: Schedule) -> AlreadyScheduled:
    """What refuses another time than that of the schedule that stands."""
    return AlreadyScheduled(
        active.post_id,
        schedule_id=active.schedule_id,
        publish_time=active.publish_time,
        status=active.status,
    )
