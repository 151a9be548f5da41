"""Policies and posts in plenty, where the clock is changed."""

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from hypothesis import strategies as st

from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.rules.caps import CalendarDay, CapScope, Grade, PlatformCap, Rolling
from marketmind_scheduler.domain.rules.policy import (
    Blackout,
    DailyCap,
    LeadTime,
    MinGap,
    Policy,
    PostingHours,
    QuietHours,
    RollingCap,
    Rule,
    Weekday,
)
from marketmind_scheduler.domain.rules.violations import BrandRules, Occupied, Wanted
from tests.builders import BRAND_ID

CHANGES = {
    "UTC": date(2027, 3, 14),
    "America/Los_Angeles": date(2027, 3, 14),  # forward
    "Europe/Berlin": date(2027, 10, 31),  # back
    "Australia/Lord_Howe": date(2027, 4, 4),  # back by half an hour
    "America/Sao_Paulo": date(2018, 11, 4),  # forward at midnight
    "Asia/Beirut": date(2021, 10, 31),  # back at midnight
    "Pacific/Apia": date(2011, 12, 30),  # a day that does not exist
}
PLATFORMS = (Platform.TWITTER, Platform.TIKTOK)

platforms = st.sets(st.sampled_from(PLATFORMS), min_size=1).map(frozenset)
weekdays = st.sets(st.sampled_from(list(Weekday)), min_size=1).map(frozenset)
clock = st.builds(time, st.integers(0, 23), st.sampled_from([0, 15, 30, 59]))


def rules(middle: date) -> st.SearchStrategy[Rule]:
    days = st.integers(-3, 3).map(lambda offset: middle + timedelta(days=offset))
    return st.one_of(
        st.builds(QuietHours, begin=clock, end=clock, weekdays=weekdays, platforms=platforms),
        st.builds(PostingHours, begin=clock, end=clock, weekdays=weekdays, platforms=platforms),
        st.builds(_blackout, days, days, platforms),
        st.builds(MinGap, minutes=st.integers(1, 3000), across_platforms=st.booleans(), platforms=platforms),
        st.builds(DailyCap, posts=st.integers(0, 3), across_platforms=st.booleans(), platforms=platforms),
        st.builds(
            RollingCap,
            posts=st.integers(0, 3),
            hours=st.integers(1, 72),
            across_platforms=st.booleans(),
            platforms=platforms,
        ),
        st.builds(LeadTime, minutes=st.integers(0, 3000), platforms=platforms),
    )


def _blackout(one: date, other: date, on: frozenset[Platform]) -> Blackout:
    return Blackout(first_date=min(one, other), last_date=max(one, other), platforms=on)


caps = st.builds(
    PlatformCap,
    platform=st.sampled_from(PLATFORMS),
    limit=st.integers(1, 3),
    window=st.one_of(
        st.integers(1, 30).map(lambda hours: Rolling(timedelta(hours=hours))),
        st.sampled_from(sorted(CHANGES)).map(CalendarDay),
    ),
    scope=st.sampled_from(CapScope),
    grade=st.sampled_from(Grade),
    source=st.just("somebody said so"),
    observed_on=st.just(date(2026, 8, 28)),
)


@st.composite
def cases(draw: st.DrawFn) -> tuple[list[Wanted], list[Occupied], BrandRules, datetime]:
    """What is wanted beside what stands, under which rules, and when, within some days of a change of the clocks."""
    zone = draw(st.sampled_from(sorted(CHANGES)))
    middle = CHANGES[zone]
    noon = datetime.combine(middle, time(12), tzinfo=UTC)
    minutes = st.integers(-3 * 24 * 60, 3 * 24 * 60)
    times = st.one_of(minutes, minutes.map(lambda each: each // 30 * 30)).map(
        lambda each: noon + timedelta(minutes=each)
    )
    posts = draw(st.lists(st.tuples(st.sampled_from(PLATFORMS), times), min_size=1, max_size=8))
    standing = draw(st.lists(st.tuples(st.sampled_from(PLATFORMS), times), max_size=8))
    policy = Policy(brand_id=BRAND_ID, version=1, rules=tuple(draw(st.lists(rules(middle), max_size=5))))
    of_platforms = draw(st.lists(caps, max_size=2))
    brand_rules = BrandRules(
        policy=policy,
        caps={platform: [cap for cap in of_platforms if cap.platform is platform] for platform in PLATFORMS},
        zone=zone,
    )
    return (
        [
            Wanted(post_id=UUID(int=nth), platform=platform, publish_time=at)
            for nth, (platform, at) in enumerate(posts, start=1)
        ],
        [
            Occupied(holder_id=UUID(int=nth), platform=platform, publish_time=at)
            for nth, (platform, at) in enumerate(standing, start=101)
        ],
        brand_rules,
        noon - timedelta(days=draw(st.integers(1, 4))),
    )
