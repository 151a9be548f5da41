"""The naive scheduler's rule: one post a day at 19:00 in the brand's zone, evenly over the campaign's days."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import cache

from marketmind_scheduler.domain.errors import CampaignOver, TooManyPosts
from marketmind_scheduler.domain.pacing import PACES
from marketmind_scheduler.domain.planning.plan import Brief, Placement, Plan, PostToPlace
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.schedulers import SEVEN_PM, SchedulerKind
from marketmind_scheduler.domain.wall_clock import Disambiguation, Slot, local_day, resolve, wall_time


def plan_naively(brief: Brief) -> Plan:
    """Spread each platform's posts, in their order, over the days of the brief whose 19:00 is still ahead and that
    nothing kept of the platform has taken. Where another post of the lane stands at that 19:00 already, the post goes
    out by the platform's pace later, for two never stand at one instant.

    The first post takes the first of these days and the last post the last; the steps between are the floor or the
    ceiling of (days - 1) / (posts - 1). Raises CampaignOver when no day is usable, TooManyPosts when a platform has
    more posts than days.
    """

    first_day = first_usable_day(brief)
    ahead = (first_day + timedelta(days=nth) for nth in range((brief.last_day - first_day).days + 1))
    usable = [day for day in ahead if _exists(day, brief)]
    if not usable:
        raise CampaignOver(brief.campaign_id, last_day=brief.last_day, zone=brief.zone)

    @cache
    def seven_pm(day: date) -> Slot:
        return _seven_pm(day, brief)

    taken = _days_taken(brief)
    placements: list[Placement] = []
    for platform, posts in _by_platform(brief.posts).items():
        days = [day for day in usable if day not in taken[platform]]
        if len(posts) > len(days):
            raise TooManyPosts(
                brief.campaign_id,
                platform=platform,
                posts=len(posts),
                days=len(days),
                taken=len(usable) - len(days),
                is_today_over=brief.first_day <= local_day(brief.now, brief.zone) < first_day,
            )
        offsets = spread(len(posts), len(days))
        placements += (
            Placement(post=post, slot=seven_pm(days[offset])) for post, offset in zip(posts, offsets, strict=True)
        )
    placements.sort(key=lambda placement: placement.slot.publish_time)
    return make_room(Plan(scheduler=SchedulerKind.NAIVE, placements=tuple(placements)), brief)


def make_room(plan: Plan, brief: Brief) -> Plan:
    """The plan with each post by its platform's pace later, as often as others of its lane stand at its instant."""
    taken = {(each.platform, each.publish_time) for each in brief.occupied}

    def free(placement: Placement) -> Placement:
        slot = placement.slot
        while (placement.post.platform, slot.publish_time) in taken:
            slot = _later(slot, PACES[placement.post.platform], brief)
        return replace(placement, slot=slot)

    in_time_order = sorted(map(free, plan.placements), key=lambda placement: placement.slot.publish_time)
    return replace(plan, placements=tuple(in_time_order))


def first_usable_day(brief: Brief) -> date:
    """The first day of the brief, or else of today and tomorrow, whose 19:00 is still ahead; it may lie after the
    last day."""
    day = max(brief.first_day, local_day(brief.now, brief.zone))
    while _seven_pm(day, brief).publish_time <= brief.now:
        day += timedelta(days=1)
    return day


def spread(posts: int, days: int) -> Sequence[int]:
    """Day offsets for ``posts`` posts over ``days`` days, at least as many: the first and the last day exactly,
    the others evenly between, in whole numbers."""
    if posts == 1:
        return (0,)
    between = (1 + step * (days - 2) // (posts - 1) for step in range(1, posts - 1))
    return (0, *between, days - 1)


def _by_platform(posts: Sequence[PostToPlace]) -> dict[Platform, list[PostToPlace]]:
    lanes: defaultdict[Platform, list[PostToPlace]] = defaultdict(list)
    for post in posts:
        lanes[post.platform].append(post)
    return lanes


def _days_taken(brief: Brief) -> defaultdict[Platform, set[date]]:
    """On which days each platform has a post that keeps its time."""
    taken: defaultdict[Platform, set[date]] = defaultdict(set)
    for kept in brief.kept:
        taken[kept.post.platform].add(local_day(kept.slot.publish_time, brief.zone))
    return taken


def _exists(day: date, brief: Brief) -> bool:
    """Whether the zone has such a day; Samoa left one out to change sides."""
    return local_day(_seven_pm(day, brief).publish_time, brief.zone) == day


def _seven_pm(day: date, brief: Brief) -> Slot:
    return _at(datetime.combine(day, SEVEN_PM), brief)


def _later(slot: Slot, pace: timedelta, brief: Brief) -> Slot:
    return _at((slot.intent.local_time or wall_time(slot.publish_time, brief.zone)) + pace, brief)


def _at(local_time: datetime, brief: Brief) -> Slot:
    return resolve(
        local_time,
        zone=brief.zone,
        disambiguation=Disambiguation.COMPATIBLE,
        tz_release=brief.tz_release,
    )
