"""The promises that every plan must keep, whoever made it."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from marketmind_scheduler.domain.planning.plan import Brief, Placement, Plan, PostToPlace
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.wall_clock import Slot, local_day, resolve


def violations(plan: Plan, brief: Brief) -> tuple[str, ...]:
    """Name every promise that ``plan`` breaks; empty when it may be stored.

    Each post of the brief has one placement, on a day of the brief and ahead of its ``now``, or a reason why it has
    none, each wall time means its instant in the brief's zone, and no lane has two posts at one instant, what is kept
    and what is occupied included.
    """
    return tuple(sentence for promise in broken(plan, brief) for sentence in promise)


def broken(plan: Plan, brief: Brief) -> Sequence[Sequence[str]]:
    """The same, promise by promise."""
    of_each = (_unplaced_or_foreign, _not_ahead, _outside_the_days, _at_other_instants, _at_one_instant)
    return [found for promise in of_each if (found := promise(plan, brief))]


def _unplaced_or_foreign(plan: Plan, brief: Brief) -> list[str]:
    asked = set(brief.posts)
    placed = Counter(placement.post for placement in plan.placements)
    left_out = {unplaced.post_id for unplaced in plan.unplaced}
    return [
        *(
            f"post {post.post_id} has no placement"
            for post in brief.posts
            if post not in placed and post.post_id not in left_out
        ),
        *(_foreign(post, brief) for post in placed if post not in asked),
        *(f"post {post.post_id} has {times} placements" for post, times in placed.items() if times > 1),
    ]


def _foreign(post: PostToPlace, brief: Brief) -> str:
    kept = next((each.slot for each in brief.kept if each.post == post), None)
    if kept is None:
        return f"post {post.post_id} is not to be placed: it has a schedule already, or is none of the campaign's"
    return f"post {post.post_id} has a schedule already, at {kept.local_text()}"


def _not_ahead(plan: Plan, brief: Brief) -> list[str]:
    return [
        f"post {placement.post.post_id} at {placement.slot.local_text()} is over; its time must be ahead"
        for placement in plan.placements
        if placement.slot.publish_time <= brief.now
    ]


def _outside_the_days(plan: Plan, brief: Brief) -> list[str]:
    return [
        f"post {placement.post.post_id} at {placement.slot.local_text()} is outside the campaign's days, "
        f"{brief.first_day} to {brief.last_day}"
        for placement in plan.placements
        if not brief.first_day <= local_day(placement.slot.publish_time, brief.zone) <= brief.last_day
    ]


def _at_other_instants(plan: Plan, brief: Brief) -> list[str]:
    return [
        f"post {placement.post.post_id} at {placement.slot.local_text()} {_by_which_clocks(placement.slot, brief)}"
        for placement in plan.placements
        if not _means_its_instant(placement.slot, brief)
    ]


def _by_which_clocks(slot: Slot, brief: Brief) -> str:
    if slot.intent.zone == brief.zone:
        return f"is another instant by the zone rules of {brief.tz_release}"
    return f"is meant by the clocks of {slot.intent.zone}, and the brand's zone is {brief.zone}"


def _means_its_instant(slot: Slot, brief: Brief) -> bool:
    wall, how = slot.intent.local_time, slot.intent.disambiguation
    if wall is None or how is None:
        return True
    there = resolve(wall, zone=brief.zone, disambiguation=how, tz_release=brief.tz_release)
    return there.publish_time == slot.publish_time


def _at_one_instant(plan: Plan, brief: Brief) -> list[str]:
    placed = Counter(_place(placement) for placement in plan.placements)
    stands = (*map(_place, brief.kept), *((each.platform, each.publish_time) for each in brief.occupied))
    taken = placed + Counter(place for place in stands if place in placed)
    at = {_place(placement): placement.slot.local_text() for placement in plan.placements}
    return [f"{times} {place[0]} posts at {at[place]}" for place, times in taken.items() if times > 1]


def _place(placement: Placement) -> tuple[Platform, datetime]:
    return placement.post.platform, placement.slot.publish_time
