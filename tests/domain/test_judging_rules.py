"""Which rules the wanted times of posts break, against a checker of its own and by example."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from random import Random
from time import perf_counter
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.rules import saying
from marketmind_scheduler.domain.rules.caps import Grade, PlatformCap, Rolling
from marketmind_scheduler.domain.rules.judging import MOST_WITH_NEAREST, violations
from marketmind_scheduler.domain.rules.platform_caps import TABLE, caps_of_brand
from marketmind_scheduler.domain.rules.policy import (
    Blackout,
    ControlShare,
    DailyCap,
    LeadTime,
    MinGap,
    Policy,
    PostingHours,
    QuietHours,
    RollingCap,
    Rule,
    RuleKind,
    Slots,
    Weekday,
)
from marketmind_scheduler.domain.rules.violations import BrandRules, Occupied, Violation, Wanted
from tests.builders import BRAND_ID
from tests.domain import rule_checker
from tests.domain.rule_cases import cases
from tests.domain.times import instant, wall
from tests.loops import on_each

TWITTER, TIKTOK = Platform.TWITTER, Platform.TIKTOK
NOW = instant("2027-03-01T12:00Z")
QUIET = QuietHours(begin=time(22), end=time(7))
POLICY = f"PUT /brands/{BRAND_ID}/policy"


def rules(*policy: Rule, zone: str = "America/Los_Angeles") -> BrandRules:
    return BrandRules(policy=Policy(brand_id=BRAND_ID, version=3, rules=policy), caps={}, zone=zone)


def capped(cap: PlatformCap) -> BrandRules:
    return replace(rules(), caps={cap.platform: [cap]})


def wanted(at: str, *, nth: int = 1, platform: Platform = TWITTER) -> Wanted:
    return Wanted(post_id=UUID(int=nth), platform=platform, publish_time=instant(at))


def standing(at: str, *, nth: int = 101, platform: Platform = TWITTER) -> Occupied:
    return Occupied(holder_id=UUID(int=nth), platform=platform, publish_time=instant(at))


def only(found: Sequence[Violation]) -> Violation:
    [one] = found
    return one


@settings(deadline=None)
@given(cases())
def test_what_is_broken_is_what_a_slow_checker_finds(
    case: tuple[Sequence[Wanted], Sequence[Occupied], BrandRules, datetime],
) -> None:
    posts, occupied, brand_rules, now = case

    found = violations(posts, occupied, brand_rules, now=now)

    assert {(each.post_id, each.rule) for each in found} == rule_checker.broken(posts, occupied, brand_rules, now=now)


@settings(deadline=None)
@given(cases(), st.randoms())
def test_in_whichever_order_posts_and_schedules_are_named_the_same_is_told(
    case: tuple[list[Wanted], list[Occupied], BrandRules, datetime], random: Random
) -> None:
    posts, occupied, brand_rules, now = case
    told = violations(posts, occupied, brand_rules, now=now)
    random.shuffle(posts)
    random.shuffle(occupied)

    again = violations(posts, occupied, brand_rules, now=now)

    assert [(each.post_id, each.rule, each.nearest) for each in again] == [
        (each.post_id, each.rule, each.nearest) for each in told
    ]


@settings(deadline=None)
@given(cases())
def test_the_nearest_times_are_open_and_nothing_nearer_is(
    case: tuple[Sequence[Wanted], Sequence[Occupied], BrandRules, datetime],
) -> None:
    posts, occupied, brand_rules, now = case
    for post in {each.post_id: each for each in violations(posts, occupied, brand_rules, now=now)}.values():
        moved = next(each for each in posts if each.post_id == post.post_id)
        others = [*occupied, *(each for each in posts if each.post_id != post.post_id)]

        def is_open(at: datetime, moved: Wanted = moved, others: Sequence[Wanted | Occupied] = others) -> bool:
            there = replace(moved, publish_time=at)
            is_a_first = rule_checker.is_first(at, brand_rules.zone) and at >= now
            return is_a_first and not rule_checker.broken_by(there, [*others, there], brand_rules, now=now)

        before, after = (each and rule_checker.to_instant(each, brand_rules.zone) for each in post.nearest)
        assert before is None or (before < post.publish_time and is_open(before))
        assert after is None or (after > post.publish_time and is_open(after))
        for away in (1, 2, 7, 30, 59, 60, 61, 180, 720, 1439, 1440, 5000, 10000, 20000):
            sooner, later = (post.publish_time + sign * timedelta(minutes=away) for sign in (-1, 1))
            assert (before is not None and before >= sooner) or not is_open(sooner)
            assert (after is not None and after <= later) or not is_open(later)


@on_each(
    ("rule", "at", "limit", "observed", "nearest"),
    [
        (
            QUIET,
            "2027-03-17T22:00-07:00",
            "22:00 to 07:00",
            "2027-03-17T22:00",
            ("2027-03-17T21:59", "2027-03-18T07:00"),
        ),
        (
            QUIET,
            "2027-03-18T06:59-07:00",
            "22:00 to 07:00",
            "2027-03-18T06:59",
            ("2027-03-17T21:59", "2027-03-18T07:00"),
        ),
        (
            PostingHours(begin=time(9), end=time(17), weekdays=frozenset({Weekday.MO, Weekday.FR})),
            "2027-03-17T12:00-07:00",
            "09:00 to 17:00 on MO, FR",
            "2027-03-17T12:00",
            ("2027-03-15T16:59", "2027-03-19T09:00"),
        ),
        (
            Blackout(first_date=date(2027, 3, 16), last_date=date(2027, 3, 17), name="Fair"),
            "2027-03-17T23:59-07:00",
            "2027-03-16 to 2027-03-17 (Fair)",
            "2027-03-17T23:59",
            ("2027-03-15T23:59", "2027-03-18T00:00"),
        ),
        (
            MinGap(minutes=90),
            "2027-03-17T12:30-07:00",
            "90 minutes",
            "30 minutes",
            ("2027-03-17T10:30", "2027-03-17T13:30"),
        ),
        (
            DailyCap(posts=1),
            "2027-03-17T12:30-07:00",
            "1 post a day in America/Los_Angeles",
            "2 posts",
            ("2027-03-16T23:59", "2027-03-18T00:00"),
        ),
        (
            RollingCap(posts=1, hours=24),
            "2027-03-17T12:30-07:00",
            "1 post in 24 hours",
            "2 posts",
            ("2027-03-16T12:00", "2027-03-18T12:00"),
        ),
    ],
)
def test_a_broken_rule_says_its_limit_what_was_found_and_the_closest_open_times(
    rule: Rule, at: str, limit: str, observed: str, nearest: tuple[str, str]
) -> None:
    found = only(violations([wanted(at)], [standing("2027-03-17T12:00-07:00")], rules(rule), now=NOW))

    assert (found.rule, found.policy_version, found.limit, found.observed) == (rule.kind, 3, limit, observed)
    assert found.nearest == (wall(nearest[0]), wall(nearest[1]))
    assert f"{nearest[0]} and {nearest[1]}" in found.sentence
    assert found.with_ == ((UUID(int=101),) if isinstance(rule, MinGap | DailyCap | RollingCap) else ())


@on_each(
    ("rule", "at"),
    [
        (QUIET, "2027-03-17T21:59:59-07:00"),
        (QUIET, "2027-03-18T07:00-07:00"),
        (MinGap(minutes=30), "2027-03-17T12:30-07:00"),
        (MinGap(minutes=30, platforms=frozenset({TIKTOK})), "2027-03-17T12:01-07:00"),
        (DailyCap(posts=1), "2027-03-18T00:00-07:00"),
        (RollingCap(posts=1, hours=24), "2027-03-18T12:00-07:00"),
        (LeadTime(minutes=60), "2027-03-01T13:00Z"),
        (Slots(times=((Weekday.MO, time(9)),)), "2027-03-17T12:01-07:00"),
        (ControlShare(thousandths=100), "2027-03-17T12:01-07:00"),
    ],
)
def test_what_a_rule_leaves_open_to_its_very_edge_breaks_nothing(rule: Rule, at: str) -> None:
    assert violations([wanted(at)], [standing("2027-03-17T12:00-07:00")], rules(rule), now=NOW) == []


def test_a_time_too_soon_is_told_how_far_ahead_it_is_and_from_when_on_it_may_be() -> None:
    found = only(violations([wanted("2027-03-01T12:10Z")], [], rules(LeadTime(minutes=60), zone="UTC"), now=NOW))

    assert (found.limit, found.observed) == ("60 minutes", "10 minutes")
    assert found.nearest == (None, wall("2027-03-01T13:00"))


def test_a_length_is_written_in_digits_and_one_that_was_found_never_as_more_than_it_is() -> None:
    lengths = {
        timedelta(seconds=59.5): ("59.5 seconds", "59.5 seconds"),
        timedelta(days=115, hours=7, minutes=3, seconds=40): ("9961420 seconds", "166023 minutes"),
        timedelta(minutes=119, seconds=59.999): ("7199.999 seconds", "119 minutes"),
        timedelta(days=366): ("8784 hours", "8784 hours"),
    }
    assert {each: (saying.length(each), saying.observed(each)) for each in lengths} == lengths


def test_rules_across_platforms_count_all_of_them_and_others_each_lane_for_itself() -> None:
    others = [standing("2027-03-17T12:00Z", platform=TIKTOK)]
    post = wanted("2027-03-17T12:05Z")

    for rule in (MinGap(minutes=10), DailyCap(posts=1), RollingCap(posts=1, hours=2)):
        assert not violations([post], others, rules(rule), now=NOW)
        across = replace(rule, across_platforms=True)
        assert only(violations([post], others, rules(across), now=NOW)).with_ == (UUID(int=101),)


def test_wanted_posts_count_beside_each_other_and_each_that_stands_too_close_is_told_of() -> None:
    posts = [wanted("2027-03-17T12:00Z"), wanted("2027-03-17T12:05Z", nth=2), wanted("2027-03-17T13:00Z", nth=3)]

    found = violations(posts, [], rules(MinGap(minutes=10)), now=NOW)

    assert [(each.post_id.int, each.observed) for each in found] == [(1, "5 minutes"), (2, "5 minutes")]


def test_what_is_broken_without_the_wanted_post_is_not_told_of() -> None:
    together = [standing("2027-03-17T12:00Z"), standing("2027-03-17T12:01Z", nth=102)]

    assert not violations([wanted("2027-03-17T15:00Z")], together, rules(MinGap(minutes=10)), now=NOW)


def test_rules_that_are_passed_over_are_not_told_of_and_the_others_are() -> None:
    post, binding = wanted("2027-03-17T23:00-07:00"), rules(QUIET, DailyCap(posts=0))

    assert {each.rule for each in violations([post], [], binding, now=NOW)} == {
        RuleKind.QUIET_HOURS,
        RuleKind.DAILY_CAP,
    }
    assert only(violations([post], [], binding, now=NOW, override={RuleKind.QUIET_HOURS})).rule is RuleKind.DAILY_CAP


def test_where_nothing_is_open_within_two_weeks_that_is_said() -> None:
    long = Blackout(first_date=date(2027, 3, 2), last_date=date(2027, 4, 30))

    found = only(violations([wanted("2027-03-25T12:00Z")], [], rules(long), now=NOW))

    assert found.nearest == (None, None)
    assert found.sentence.endswith(
        f"no time within two weeks is open: the hours and days of the policy leave none; change it with {POLICY}"
    )


def test_whatever_leaves_no_time_by_itself_is_named_with_how_it_is_changed() -> None:
    """Of rules that count and of caps alike, whether they allow none or are used up; of several, each."""
    cap = replace(TABLE[0], limit=1, window=Rolling(timedelta(days=90)))
    own = replace(cap, limit=0, grade=Grade.BRAND)
    year = RollingCap(posts=1, hours=24 * 366)
    put = f"PUT /brands/{BRAND_ID}/platform-caps/TWITTER"
    none_a_day = "the daily_cap of 0 posts a day in America/Los_Angeles allows none; change it with"
    cases: Sequence[tuple[BrandRules, str]] = (
        (rules(DailyCap(posts=0)), f"{none_a_day} {POLICY}"),
        (rules(RollingCap(posts=0, hours=24)), f"of 0 posts in 24 hours allows none; change it with {POLICY}"),
        (rules(year), "the rolling_cap of 1 post in 8784 hours leaves no room"),
        (rules(year, DailyCap(posts=0)), f"leaves no room; change it with {POLICY}; {none_a_day}"),
        (rules(LeadTime(minutes=60 * 24 * 90)), "the lead_time of 129600 minutes asks for 2027-05-30T05:00 or later"),
        (capped(own), f"the brand's own cap of 0 posts in 2160 hours on TWITTER allows none; change it with {put}, or"),
        (
            capped(cap),
            f"cap of 1 post in 2160 hours on TWITTER leaves no room; set one of the brand's own with {put}",
        ),
        (rules(PostingHours(begin=time(9), end=time(10)), MinGap(minutes=60)), "all rules together leave none"),
    )
    days = [date(2027, 3, 1) + timedelta(days=nth) for nth in range(61)]
    others = [standing(f"{day}T16:30Z", nth=nth) for nth, day in enumerate(days, start=2)]
    for binding, said in cases:
        found = violations([wanted("2027-03-30T12:00-07:00")], others, binding, now=NOW)
        assert found[0].nearest == (None, None), said
        assert said in found[0].sentence
        assert "change the policy" not in found[0].sentence


def test_quiet_hours_on_a_night_that_the_clock_is_set_back_in_close_both_passes_of_the_hour() -> None:
    early = rules(QuietHours(begin=time(1), end=time(2)), zone="Europe/Berlin")  # 03:00 becomes 02:00 on 31 October
    late = rules(QuietHours(begin=time(2), end=time(3)), zone="Europe/Berlin")

    for at in ("2027-10-31T02:30+02:00", "2027-10-31T02:30+01:00"):
        assert not violations([wanted(at)], [], early, now=NOW)
        found = only(violations([wanted(at)], [], late, now=NOW))
        assert found.nearest == (wall("2027-10-31T01:59"), wall("2027-10-31T03:00"))


def test_a_cap_of_the_platform_binds_a_lane_where_it_is_documented_and_others_are_not_refused() -> None:
    table = BrandRules(policy=Policy(brand_id=BRAND_ID), caps=caps_of_brand([]), zone="UTC")
    minute = [standing(f"2027-03-17T12:00:{second:02}Z", platform=TIKTOK, nth=second) for second in range(6)]
    hour = [standing(f"2027-03-17T12:{nth:02}:00Z", nth=nth) for nth in range(60)]

    found = only(violations([wanted("2027-03-17T12:00:59Z", platform=TIKTOK)], minute, table, now=NOW))

    assert (found.rule, found.limit, found.observed) == (RuleKind.PLATFORM_CAP, "6 posts in 1 minute", "7 posts")
    assert found.nearest == (wall("2027-03-17T11:59"), wall("2027-03-17T12:01"))
    assert not violations([wanted("2027-03-17T12:59:59Z")], hour, table, now=NOW)


def test_a_brands_own_cap_stands_in_for_those_of_the_lane_and_leaves_those_of_the_app() -> None:
    [of_twitter] = [cap for cap in TABLE if cap.platform is TWITTER and cap.limit == 100]
    own = replace(of_twitter, limit=1, grade=next(iter({cap.grade.BRAND for cap in TABLE})))

    assert caps_of_brand([own])[TWITTER] == [
        own,
        *(cap for cap in TABLE if cap.platform is TWITTER and cap.scope == "app"),
    ]


def test_ten_thousand_posts_are_judged_in_little_time_and_the_first_are_told_where_else() -> None:
    start = instant("2027-03-17T00:00Z")
    posts = [
        Wanted(post_id=UUID(int=nth), platform=TWITTER, publish_time=start + nth * timedelta(minutes=20))
        for nth in range(10_000)
    ]
    binding = rules(QUIET, MinGap(minutes=15), DailyCap(posts=80), RollingCap(posts=8, hours=3))
    began = perf_counter()

    found = violations(posts, [], binding, now=NOW)

    assert perf_counter() - began < 15
    assert len({each.post_id for each in found}) == 10_000
    assert sum(each.nearest != (None, None) for each in found) <= 3 * MOST_WITH_NEAREST
