"""The queue scheduler: weekly slots in time order, posts in theirs."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, time

from marketmind_scheduler.domain.planning.plan import Brief, PostToPlace
from marketmind_scheduler.domain.planning.queueing import plan_by_queue
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.rules.policy import DailyCap, Policy, Rule, Slots, Weekday
from marketmind_scheduler.domain.rules.violations import BrandRules
from marketmind_scheduler.domain.wall_clock import local_day
from tests.builders import BRAND_ID, a_brief, new_id

DAILY_AT_NINE = Slots(times=tuple((weekday, time(9)) for weekday in Weekday))
ONE_A_DAY = DailyCap(posts=1, across_platforms=True)


def queued(platforms: Sequence[Platform], *rules: Rule, days: int) -> Sequence[tuple[date, Platform]]:
    """On which days posts of these platforms go out, registered in this order."""
    posts = tuple(PostToPlace(post_id=new_id(), platform=platform) for platform in platforms)
    made = a_brief(first_day=date(2027, 3, 1), last_day=date(2027, 3, days), posts=posts)
    policy = Policy(brand_id=BRAND_ID, version=1, rules=rules)
    asked: Brief = replace(made, rules=BrandRules(policy=policy, caps={}, zone=made.zone))
    return [
        (local_day(each.slot.publish_time, asked.zone), each.post.platform) for each in plan_by_queue(asked).placements
    ]


def test_lanes_that_share_a_cap_take_turns_in_the_order_of_their_posts() -> None:
    order = [Platform.YOUTUBE, Platform.TWITTER, Platform.TWITTER, Platform.YOUTUBE]

    assert queued(order, DAILY_AT_NINE, ONE_A_DAY, days=4) == [
        (date(2027, 3, nth), platform) for nth, platform in enumerate(order, 1)
    ]
    assert [platform for _, platform in queued(order, DAILY_AT_NINE, ONE_A_DAY, days=2)] == order[:2]


def test_lanes_that_share_nothing_take_the_same_slots() -> None:
    order = [Platform.YOUTUBE, Platform.TWITTER]

    assert {day for day, _ in queued(order, DAILY_AT_NINE, days=4)} == {date(2027, 3, 1)}
