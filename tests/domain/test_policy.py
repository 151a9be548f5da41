"""The rules that every plan keeps, each broken once."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date

import pytest

from marketmind_scheduler.domain.errors import TooManyPosts
from marketmind_scheduler.domain.planning.naive import plan_naively
from marketmind_scheduler.domain.planning.plan import Placement, Plan, PostToPlace
from marketmind_scheduler.domain.planning.promises import violations
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.schedulers import SchedulerKind
from marketmind_scheduler.domain.zones import ZoneCatalog
from tests.builders import a_brief
from tests.domain.posts import some_posts
from tests.domain.times import instant, read

pytestmark = pytest.mark.usefixtures("zones")

ONE, OTHER, THIRD = some_posts(3)

OVER, OUTSIDE = "is over; its time must be ahead", "is outside the campaign's days, 2027-03-10 to 2027-03-19"

Place = Callable[[PostToPlace, str], Placement]


@pytest.fixture
def place(zones: ZoneCatalog) -> Place:
    return lambda post, text: Placement(post=post, slot=read(text, zones))


def a_plan(*placements: Placement) -> Plan:
    return Plan(scheduler=SchedulerKind.NAIVE, placements=placements)


def test_a_plan_with_each_post_once_on_a_day_ahead_breaks_nothing(place: Place) -> None:
    brief = a_brief(posts=(ONE, OTHER), now=instant("2027-03-10T12:00Z"))

    assert violations(a_plan(place(ONE, "2027-03-10T09:00"), place(OTHER, "2027-03-19T23:59")), brief) == ()


def test_a_post_without_a_placement_is_named(place: Place) -> None:
    broken = violations(a_plan(place(ONE, "2027-03-10T19:00")), a_brief(posts=(ONE, OTHER)))

    assert broken == (f"post {OTHER.post_id} has no placement",)


def test_a_post_that_nobody_asked_for_is_named(place: Place) -> None:
    plan = a_plan(place(ONE, "2027-03-10T19:00"), place(OTHER, "2027-03-11T19:00"))

    assert violations(plan, a_brief(posts=(ONE,))) == (
        f"post {OTHER.post_id} is not to be placed: it has a schedule already, or is none of the campaign's",
    )


def test_a_post_that_has_a_schedule_already_is_named_with_its_time(place: Place) -> None:
    plan = a_plan(place(ONE, "2027-03-10T19:00"), place(OTHER, "2027-03-11T19:00"))
    kept = place(OTHER, "2027-03-12T08:00")

    assert violations(plan, a_brief(posts=(ONE,), kept=(kept,))) == (
        f"post {OTHER.post_id} has a schedule already, at {kept.slot.local_text()}",
    )


def test_a_post_on_another_platform_than_its_own_is_named(place: Place) -> None:
    moved = replace(ONE, platform=Platform.REDDIT)

    assert violations(a_plan(place(moved, "2027-03-10T19:00")), a_brief(posts=(ONE,))) == (
        f"post {ONE.post_id} has no placement",
        f"post {ONE.post_id} is not to be placed: it has a schedule already, or is none of the campaign's",
    )


def test_a_post_that_is_placed_twice_is_named(place: Place) -> None:
    plan = a_plan(place(ONE, "2027-03-10T19:00"), place(ONE, "2027-03-11T19:00"))

    assert violations(plan, a_brief(posts=(ONE,))) == (f"post {ONE.post_id} has 2 placements",)


@pytest.mark.parametrize(
    ("text", "now", "why"),
    [
        ("2027-03-09T23:59:59", "2027-03-01T00:00Z", (OUTSIDE,)),
        ("2027-03-20T00:00:00", "2027-03-01T00:00Z", (OUTSIDE,)),
        ("2027-03-20T06:59:59Z[Europe/Berlin]", "2027-03-20T06:59:59Z", (OVER,)),
        ("2027-03-12T19:00:00", "2027-03-12T19:00-08:00", (OVER,)),
        ("2027-03-12T19:00:00", "2027-03-13T04:00Z", (OVER,)),
        ("2027-03-09T23:59:59", "2027-03-11T00:00Z", (OVER, OUTSIDE)),
    ],
)
def test_a_placement_before_or_behind_the_days_or_not_ahead_is_named_with_each_cause(
    place: Place, text: str, now: str, why: Sequence[str]
) -> None:
    placement = place(ONE, text)

    assert violations(a_plan(placement), a_brief(posts=(ONE,), now=instant(now))) == tuple(
        f"post {ONE.post_id} at {placement.slot.local_text()} {each}" for each in why
    )


def test_the_days_are_those_of_the_briefs_zone_whatever_zone_the_slot_is_shown_in(place: Place) -> None:
    last_moment = place(ONE, "2027-03-20T06:59:59Z[Europe/Berlin]")

    assert violations(a_plan(last_moment), a_brief(posts=(ONE,))) == ()


def test_two_posts_of_one_platform_at_one_instant_are_named(place: Place) -> None:
    plan = a_plan(*(place(post, "2027-03-10T19:00") for post in (ONE, OTHER, THIRD)))

    assert violations(plan, a_brief(posts=(ONE, OTHER, THIRD))) == (
        "3 TWITTER posts at 2027-03-10T19:00:00-08:00[America/Los_Angeles]",
    )


def test_a_post_at_the_instant_of_one_that_is_kept_is_named(place: Place) -> None:
    kept = (place(OTHER, "2027-03-10T19:00"), place(THIRD, "2027-03-11T08:00"))

    assert violations(a_plan(place(ONE, "2027-03-10T19:00")), a_brief(posts=(ONE,), kept=kept)) == (
        "2 TWITTER posts at 2027-03-10T19:00:00-08:00[America/Los_Angeles]",
    )
    assert violations(a_plan(place(ONE, "2027-03-12T19:00")), a_brief(posts=(ONE,), kept=(*kept, *kept))) == ()


def test_posts_of_different_platforms_may_go_out_together(place: Place) -> None:
    tweet, video = ONE, some_posts(1, Platform.YOUTUBE)[0]
    plan = a_plan(place(tweet, "2027-03-10T19:00"), place(video, "2027-03-10T19:00"))

    assert violations(plan, a_brief(posts=(tweet, video))) == ()


def test_every_broken_rule_is_named_at_once(place: Place) -> None:
    plan = a_plan(place(ONE, "2027-03-21T19:00"), place(ONE, "2027-03-21T19:00"))

    broken = violations(plan, a_brief(posts=(ONE, OTHER)))

    assert [reason.removeprefix(f"post {ONE.post_id} ").partition(" at ")[0] for reason in broken] == [
        f"post {OTHER.post_id} has no placement",
        "has 2 placements",
        "at 2027-03-21T19:00:00-07:00[America/Los_Angeles] is outside the campaign's days, 2027-03-10 to 2027-03-19",
        "at 2027-03-21T19:00:00-07:00[America/Los_Angeles] is outside the campaign's days, 2027-03-10 to 2027-03-19",
        "2 TWITTER posts",
    ]


def test_a_day_that_the_zone_has_not_is_no_place_for_a_post() -> None:
    # Samoa went from the 29th of December 2011 straight to the 31st.
    for last_day, posts in ((date(2011, 12, 31), 3), (date(2011, 12, 30), 2)):
        brief = a_brief(
            zone="Pacific/Apia",
            first_day=date(2011, 12, 29),
            last_day=last_day,
            now=instant("2011-01-01T00:00Z"),
            posts=some_posts(posts),
        )

        with pytest.raises(TooManyPosts):
            plan_naively(brief)
