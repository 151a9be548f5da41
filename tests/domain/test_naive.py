"""The naive scheduler: one post a day and platform at 19:00 local, evenly from the first usable day to the last."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketmind_scheduler.domain.errors import CampaignOver, TooManyPosts
from marketmind_scheduler.domain.pacing import PACES
from marketmind_scheduler.domain.planning.naive import plan_naively
from marketmind_scheduler.domain.planning.plan import Brief, Placement, Plan, PostToPlace
from marketmind_scheduler.domain.planning.promises import violations
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.rules.violations import Occupied
from marketmind_scheduler.domain.schedulers import SEVEN_PM, SchedulerKind
from tests.builders import CAMPAIGN_ID, a_brief, a_slot
from tests.domain.posts import some_posts
from tests.domain.times import CampaignRow, instant, rows_of
from tests.loops import on_each

pytestmark = pytest.mark.usefixtures("zones")

SAMPLE = rows_of(CampaignRow, "campaign_sample.jsonl")
ZONES = sorted({row.zone for row in SAMPLE})
LONG_AGO = instant("1970-01-01T00:00Z")


def local(placement: Placement) -> datetime:
    zone = ZoneInfo(placement.slot.intent.zone)
    return placement.slot.publish_time.astimezone(zone).replace(tzinfo=None)


def days_of(plan: Plan) -> list[date]:
    return [local(placement).date() for placement in plan.placements]


def lane(plan: Plan, platform: Platform) -> list[Placement]:
    return [placement for placement in plan.placements if placement.post.platform is platform]


def brief_of(row: CampaignRow) -> Brief:
    return a_brief(zone=row.zone, first_day=row.start, last_day=row.end, now=LONG_AGO, posts=some_posts(row.n))


@st.composite
def briefs(draw: st.DrawFn, *, now: datetime | None = LONG_AGO) -> Brief:
    """Up to 120 days anywhere from 2024 on, with posts on one to three platforms, in mixed order.

    ``now`` of None lies within the days or just before or behind them.
    """
    first_day = draw(st.dates(date(2024, 1, 1), date(2190, 1, 1)))
    days = draw(st.integers(1, 120))
    platforms = draw(st.sets(st.sampled_from(Platform), min_size=1, max_size=3))
    posts: list[PostToPlace] = []
    for platform in platforms:
        posts += some_posts(draw(st.integers(1, days)), platform)
    if now is None:
        minutes = draw(st.integers(-2880, 1440 * (days + 2)))
        now = datetime.combine(first_day, time(), tzinfo=ZoneInfo("UTC")) + timedelta(minutes=minutes)
    return a_brief(
        zone=draw(st.sampled_from(ZONES)),
        first_day=first_day,
        last_day=first_day + timedelta(days=days - 1),
        posts=tuple(sorted(posts, key=lambda post: (post.post_id.int % 1000, post.platform))),
        now=now,
    )


@on_each("row", [row for row in SAMPLE if row.expect])
def test_one_post_two_posts_and_daily_posts_go_out_when_java_time_says(row: CampaignRow) -> None:
    plan = plan_naively(brief_of(row))

    assert tuple(placement.slot.publish_time for placement in plan.placements) == row.expect


@on_each("row", [row for row in SAMPLE if row.kind == "spread"])
def test_posts_in_between_are_spread_evenly_at_19_local_from_the_first_day_to_the_last(row: CampaignRow) -> None:
    plan = plan_naively(brief_of(row))

    times = [placement.slot.publish_time for placement in plan.placements]
    assert (times[0], times[-1], len(times)) == (row.first, row.last, row.n)
    assert {local(placement).time() for placement in plan.placements} == {SEVEN_PM}
    assert are_even(days_of(plan), row.start, row.end)


def test_the_sample_holds_every_kind_of_campaign() -> None:
    assert {(row.kind, bool(row.expect)) for row in SAMPLE} == {
        ("one", True),
        ("two", True),
        ("daily", True),
        ("spread", False),
    }


def are_even(days: list[date], first_day: date, last_day: date) -> bool:
    """Whether the days run from first to last in steps of the floor or the ceiling of the ideal step."""
    if len(days) == 1:
        return days == [first_day]
    shortest, rest = divmod((last_day - first_day).days, len(days) - 1)
    steps = {(after - before).days for before, after in pairwise(days)}
    return (days[0], days[-1]) == (first_day, last_day) and steps <= {shortest, shortest + bool(rest)}


@settings(deadline=None)
@given(brief=briefs())
def test_every_post_is_placed_once_in_time_order_and_on_its_platform_in_the_order_of_registration(
    brief: Brief,
) -> None:
    plan = plan_naively(brief)

    times = [placement.slot.publish_time for placement in plan.placements]
    assert times == sorted(times)
    for platform in Platform:
        registered = [post for post in brief.posts if post.platform is platform]
        assert [placement.post for placement in lane(plan, platform)] == registered


@settings(deadline=None)
@given(brief=briefs())
def test_each_platform_is_spread_evenly_over_all_the_days_at_19_local(brief: Brief) -> None:
    plan = plan_naively(brief)

    assert {local(placement).time() for placement in plan.placements} == {SEVEN_PM}
    for platform in {post.platform for post in brief.posts}:
        days = [local(placement).date() for placement in lane(plan, platform)]
        assert are_even(days, brief.first_day, brief.last_day)


@settings(deadline=None)
@given(brief=briefs())
def test_each_platform_is_spread_as_if_it_were_alone(brief: Brief) -> None:
    plan = plan_naively(brief)

    for platform in {post.platform for post in brief.posts}:
        alone = tuple(post for post in brief.posts if post.platform is platform)
        own_brief = a_brief(
            zone=brief.zone, first_day=brief.first_day, last_day=brief.last_day, posts=alone, now=brief.now
        )
        assert list(plan_naively(own_brief).placements) == lane(plan, platform)


@settings(deadline=None)
@given(brief=briefs(now=None))
def test_only_days_whose_19_local_is_still_ahead_are_used(brief: Brief) -> None:
    number_of_days = (brief.last_day - brief.first_day).days + 1
    all_days = [brief.first_day + timedelta(days=number) for number in range(number_of_days)]
    zone = ZoneInfo(brief.zone)
    usable = [day for day in all_days if datetime.combine(day, SEVEN_PM, tzinfo=zone) > brief.now]
    most_posts = max(sum(post.platform is platform for post in brief.posts) for platform in Platform)

    if not usable:
        with pytest.raises(CampaignOver):
            plan_naively(brief)
    elif most_posts > len(usable):
        with pytest.raises(TooManyPosts, match=f"the {len(usable)} usable day"):
            plan_naively(brief)
    else:
        days = days_of(plan_naively(brief))
        assert days[0] == usable[0]
        assert set(days) <= set(usable)


@settings(deadline=None)
@given(brief=briefs())
def test_the_same_brief_has_the_same_plan_and_it_breaks_no_rule(brief: Brief) -> None:
    plan = plan_naively(brief)

    assert plan.scheduler is SchedulerKind.NAIVE
    assert plan == plan_naively(brief)
    assert violations(plan, brief) == ()


@pytest.mark.parametrize(
    ("days", "posts", "offsets"),
    [
        (1, 1, [0]),
        (7, 1, [0]),
        (2, 2, [0, 1]),
        (7, 2, [0, 6]),
        (3, 3, [0, 1, 2]),
        (7, 3, [0, 3, 6]),
        (7, 4, [0, 2, 4, 6]),
        (8, 3, [0, 4, 7]),
        (10, 4, [0, 3, 6, 9]),
        (10, 5, [0, 3, 5, 7, 9]),
        (7, 7, [0, 1, 2, 3, 4, 5, 6]),
    ],
)
def test_the_days_are_those_of_the_rule(days: int, posts: int, offsets: list[int]) -> None:
    first_day = date(2027, 3, 10)
    last_day = first_day + timedelta(days=days - 1)

    plan = plan_naively(a_brief(first_day=first_day, last_day=last_day, posts=some_posts(posts)))

    assert [(day - first_day).days for day in days_of(plan)] == offsets


def test_19_local_stays_19_local_when_the_offset_changes_in_between() -> None:
    plan = plan_naively(a_brief(first_day=date(2027, 3, 13), last_day=date(2027, 3, 15), posts=some_posts(3)))

    assert [placement.slot.local_text() for placement in plan.placements] == [
        "2027-03-13T19:00:00-08:00[America/Los_Angeles]",
        "2027-03-14T19:00:00-07:00[America/Los_Angeles]",
        "2027-03-15T19:00:00-07:00[America/Los_Angeles]",
    ]


@pytest.mark.parametrize(
    ("now", "first_day"),
    [
        ("2027-03-01T12:00-08:00", date(2027, 3, 10)),
        ("2027-03-10T18:59:59-08:00", date(2027, 3, 10)),
        ("2027-03-10T19:00:00-08:00", date(2027, 3, 11)),
        ("2027-03-10T23:59:59-08:00", date(2027, 3, 11)),
        ("2027-03-13T19:00:01-08:00", date(2027, 3, 14)),
        ("2027-03-14T18:59:59-07:00", date(2027, 3, 14)),
    ],
)
def test_a_day_is_used_until_its_19_local_has_come(now: str, first_day: date) -> None:
    plan = plan_naively(a_brief(now=instant(now), posts=some_posts(2)))

    assert days_of(plan) == [first_day, date(2027, 3, 19)]


@pytest.mark.parametrize("now", ["2027-03-19T19:00-07:00", "2027-03-20T00:00-07:00", "2030-01-01T00:00Z"])
def test_a_campaign_without_a_day_ahead_is_over(now: str) -> None:
    with pytest.raises(CampaignOver, match=f"campaign {CAMPAIGN_ID} ended on 2027-03-19 in America/Los_Angeles"):
        plan_naively(a_brief(now=instant(now)))


def test_more_posts_on_a_platform_than_days_are_refused_naming_both_numbers() -> None:
    posts = (*some_posts(10), *some_posts(11, Platform.TIKTOK))

    with pytest.raises(TooManyPosts, match=r"^11 TIKTOK posts .* the 10 usable days") as refused:
        plan_naively(a_brief(posts=posts))

    assert refused.value.details == {"campaign_id": CAMPAIGN_ID, "platform": "TIKTOK", "posts": 11, "days": 10}


def test_only_the_days_ahead_count_against_the_number_of_posts() -> None:
    with pytest.raises(TooManyPosts, match=r"^3 TWITTER posts .* the 2 usable days"):
        plan_naively(a_brief(now=instant("2027-03-18T03:00Z"), posts=some_posts(3)))


def test_posts_of_several_platforms_may_share_a_day() -> None:
    posts = (*some_posts(10), *some_posts(10, Platform.YOUTUBE))

    plan = plan_naively(a_brief(posts=posts))

    assert len(set(days_of(plan))) == 10
    assert len(plan.placements) == 20


def kept_at(*local_times: str, platform: Platform = Platform.TWITTER) -> tuple[Placement, ...]:
    """Posts of a platform that keep their times."""
    posts = some_posts(900 + len(local_times), platform)[900:]
    return tuple(
        Placement(post=post, slot=a_slot(local_time)) for post, local_time in zip(posts, local_times, strict=True)
    )


def test_days_that_a_platforms_kept_posts_have_taken_are_left_out_and_the_others_are_spread_over() -> None:
    kept = kept_at("2027-03-10T08:15", "2027-03-15T19:00", "2027-03-19T23:59")
    posts = (*some_posts(3), *some_posts(2, Platform.TIKTOK))

    plan = plan_naively(a_brief(posts=posts, kept=kept))

    assert [each.slot.local_text()[8:16] for each in lane(plan, Platform.TWITTER)] == [
        "11T19:00",
        "14T19:00",
        "18T19:00",
    ]
    assert [each.slot.local_text()[8:10] for each in lane(plan, Platform.TIKTOK)] == ["10", "19"]


def test_every_free_day_can_be_taken_and_no_other() -> None:
    kept = kept_at(*(f"2027-03-{day}T12:00" for day in (11, 13, 18)))

    plan = plan_naively(a_brief(posts=some_posts(7), kept=kept))

    assert [day.day for day in days_of(plan)] == [10, 12, 14, 15, 16, 17, 19]
    with pytest.raises(TooManyPosts, match=r"^8 .* the 7 usable days \(3 more taken by TWITTER posts that keep"):
        plan_naively(a_brief(posts=some_posts(8), kept=kept))


def test_a_refusal_says_that_todays_evening_is_over() -> None:
    after_seven = instant("2027-03-13T22:09-08:00")

    with pytest.raises(TooManyPosts, match=r"the 6 usable days \(today's 19:00 is over\) of"):
        plan_naively(a_brief(now=after_seven, posts=some_posts(7)))
    with pytest.raises(TooManyPosts, match=r"the 7 usable days of"):
        plan_naively(a_brief(now=instant("2027-03-13T18:59-08:00"), posts=some_posts(8)))


def test_where_others_of_the_lane_stand_at_19_a_post_goes_out_by_its_platforms_pace_later() -> None:
    day = date(2027, 3, 14)
    brief = a_brief(first_day=day, last_day=day, now=LONG_AGO, posts=(*some_posts(1), *some_posts(1, Platform.REDDIT)))
    seven, *_ = (each.slot.publish_time for each in plan_naively(brief).placements)

    def occupied(platform: Platform, *later: timedelta) -> tuple[Occupied, ...]:
        return tuple(Occupied(holder_id=CAMPAIGN_ID, platform=platform, publish_time=seven + each) for each in later)

    alone, pace = timedelta(), PACES[Platform.REDDIT]
    others = (*occupied(Platform.REDDIT, alone, pace), *occupied(Platform.YOUTUBE, alone))
    plan = plan_naively(replace(brief, occupied=others))

    times = {each.post.platform: local(each) for each in plan.placements}
    [free] = set(times) - {Platform.REDDIT}
    assert times == {
        free: datetime.combine(day, SEVEN_PM),
        Platform.REDDIT: datetime.combine(day, SEVEN_PM) + 2 * pace,
    }
    assert violations(plan, brief) == ()
