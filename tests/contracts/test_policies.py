"""What PolicyRepository and Lanes promise."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

import pytest

from marketmind_scheduler.domain.access import Reach
from marketmind_scheduler.domain.deletion import Doomed, Noun
from marketmind_scheduler.domain.errors import PolicyVersionNotFound
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.rules.caps import CalendarDay, CapScope, Grade, PlatformCap, Rolling
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
from marketmind_scheduler.domain.schedule import ScheduleStatus
from marketmind_scheduler.ports.storage import LostRace, Storage
from tests.builders import BRAND_ID, NOW, a_brand, a_post, a_schedule, a_slot, given, new_id

TWITTER, TIKTOK = Platform.TWITTER, Platform.TIKTOK
SOME = frozenset({Platform.REDDIT, TWITTER})
EVERY_KIND = (
    QuietHours(begin=time(22), end=time(7, 30), weekdays=frozenset({Weekday.SA, Weekday.MO}), platforms=SOME),
    PostingHours(begin=time(9), end=time(17)),
    Blackout(first_date=date(2027, 12, 24), last_date=date(2027, 12, 26), name="Holidays"),
    MinGap(minutes=60, across_platforms=True),
    DailyCap(posts=3, platforms=SOME),
    RollingCap(posts=10, hours=24),
    LeadTime(minutes=5),
    Slots(times=((Weekday.MO, time(9)), (Weekday.FR, time(17, 30)))),
    ControlShare(thousandths=100),
)
OWN = PlatformCap(
    platform=TWITTER,
    limit=5,
    window=Rolling(timedelta(hours=24)),
    scope=CapScope.LANE,
    grade=Grade.BRAND,
    source="a young account",
    observed_on=NOW.date(),
)


def a_policy(*rules: Rule, version: int = 1) -> Policy:
    return Policy(brand_id=BRAND_ID, version=version, rules=rules, updated_at=NOW)


async def with_policy(storage: Storage, policy: Policy) -> None:
    async with storage.unit_of_work() as work:
        await work.policies.add(policy)
        await work.commit()


async def test_a_brand_has_version_0_until_it_gets_one_and_each_version_can_be_read(storage: Storage) -> None:
    await given(storage, a_brand())
    first, second = a_policy(*EVERY_KIND), a_policy(version=2)
    async with storage.unit_of_work() as stored:
        assert await stored.policies.get(BRAND_ID) == Policy(brand_id=BRAND_ID)

    await with_policy(storage, first)
    await with_policy(storage, second)

    async with storage.unit_of_work() as stored:
        assert await stored.policies.get(BRAND_ID) == second
        assert await stored.policies.get(BRAND_ID, version=1) == first
        assert await stored.policies.get(BRAND_ID, version=0) == Policy(brand_id=BRAND_ID)
        with pytest.raises(PolicyVersionNotFound, match="versions 0 to 2, and not 3"):
            await stored.policies.get(BRAND_ID, version=3)


async def test_of_two_who_add_the_same_version_one_loses_the_race(storage: Storage) -> None:
    await given(storage, a_brand())
    await with_policy(storage, a_policy(MinGap(minutes=5)))

    with pytest.raises(LostRace):
        await with_policy(storage, a_policy(MinGap(minutes=6)))


async def test_a_cap_of_the_brands_own_stands_until_another_one_or_its_end_is_appended(storage: Storage) -> None:
    await given(storage, a_brand())
    on_a_day = replace(OWN, platform=TIKTOK, window=CalendarDay("Asia/Seoul"))
    async with storage.unit_of_work() as work:
        await work.policies.set_cap(BRAND_ID, TWITTER, OWN, at=NOW)
        await work.policies.set_cap(BRAND_ID, TIKTOK, on_a_day, at=NOW)
        await work.policies.set_cap(BRAND_ID, TWITTER, replace(OWN, limit=6), at=NOW + timedelta(days=1))
        await work.commit()

    later = replace(OWN, limit=6, revision=3, observed_on=(NOW + timedelta(days=1)).date())
    async with storage.unit_of_work() as stored:
        assert sorted(await stored.policies.caps_of(BRAND_ID), key=lambda cap: cap.platform) == [
            replace(on_a_day, revision=2),
            later,
        ]
    async with storage.unit_of_work() as work:
        await work.policies.set_cap(BRAND_ID, TIKTOK, None, at=NOW)
        await work.commit()
    async with storage.unit_of_work() as stored:
        assert await stored.policies.caps_of(BRAND_ID) == [later]


async def test_brands_with_rules_or_a_cap_of_their_own_are_listed_within_reach(storage: Storage) -> None:
    capped, bare, emptied = (a_brand(brand_id=new_id()) for _ in range(3))
    await given(storage, a_brand(), capped, bare, emptied)
    await with_policy(storage, a_policy(MinGap(minutes=5)))
    await with_policy(storage, replace(a_policy(), brand_id=emptied.brand_id))
    async with storage.unit_of_work() as work:
        await work.policies.set_cap(capped.brand_id, TWITTER, OWN, at=NOW)
        await work.commit()

    async def listed(reach: Reach, *among: UUID) -> Sequence[UUID]:
        async with storage.within(reach).unit_of_work() as stored:
            return await stored.policies.ruled_brands(among=among)

    every = (BRAND_ID, capped.brand_id, bare.brand_id, emptied.brand_id, new_id())
    assert await listed(Reach(), *every) == sorted([BRAND_ID, capped.brand_id])
    assert await listed(Reach(), capped.brand_id) == [capped.brand_id]
    assert await listed(Reach(frozenset({BRAND_ID})), *every) == [BRAND_ID]
    assert await listed(Reach(frozenset({BRAND_ID})), capped.brand_id) == []
    assert await listed(Reach()) == []


async def test_deleting_a_brand_erases_the_words_of_its_rules_and_leaves_what_they_say(storage: Storage) -> None:
    await given(storage, a_brand())
    await with_policy(storage, a_policy(*EVERY_KIND))
    async with storage.unit_of_work() as work:
        await work.policies.set_cap(BRAND_ID, TWITTER, OWN, at=NOW)
        await work.erasures.erase(Doomed(Noun.BRAND, BRAND_ID), [], cancelled=0, at=NOW)
        await work.commit()

    async with storage.unit_of_work() as stored:
        rules = (await stored.policies.get(BRAND_ID)).rules
        [cap] = await stored.policies.caps_of(BRAND_ID)
    assert rules == tuple(replace(each, name=None) if isinstance(each, Blackout) else each for each in EVERY_KIND)
    assert cap.source == ""


async def test_whoever_locks_a_lane_is_told_the_rules_of_its_brand(storage: Storage) -> None:
    other = a_brand(brand_id=new_id(), default_zone="Asia/Seoul")
    await given(storage, a_brand(), other)
    await with_policy(storage, a_policy(*EVERY_KIND))
    async with storage.unit_of_work() as work:
        await work.policies.set_cap(other.brand_id, TWITTER, OWN, at=NOW)
        await work.commit()

    async with storage.unit_of_work() as work:
        rules = await work.lanes.lock({BRAND_ID: {TWITTER, TIKTOK}, other.brand_id: {TWITTER}})

    assert rules[BRAND_ID].policy == a_policy(*EVERY_KIND)
    assert (rules[BRAND_ID].zone, rules[BRAND_ID].caps_revision) == ("America/Los_Angeles", 0)
    assert (rules[other.brand_id].zone, rules[other.brand_id].caps_revision) == ("Asia/Seoul", 1)
    assert rules[other.brand_id].policy.version == 0
    assert OWN in rules[other.brand_id].caps[TWITTER]
    assert OWN not in rules[BRAND_ID].caps[TWITTER]


async def test_what_is_active_or_completed_occupies_its_lane_between_two_instants_both_included(
    storage: Storage,
) -> None:
    tweets = [a_post() for _ in range(7)]
    on_tiktok = a_post(platform=TIKTOK)
    elsewhere = a_post(brand_id=new_id())
    times = ["2027-03-17T10:00", "2027-03-17T11:00", "2027-03-17T12:00", "2027-03-17T13:00", "2027-03-17T10:30"]
    slots = [a_slot(at, zone="UTC") for at in times]
    first, second, third, too_late, ended = (
        a_schedule(post, slot=slot, status=status)
        for post, slot, status in zip(
            tweets,
            slots,
            (
                ScheduleStatus.PENDING,
                ScheduleStatus.UNCONFIRMED,
                ScheduleStatus.COMPLETED,
                ScheduleStatus.PENDING,
                ScheduleStatus.CANCELLED,
            ),
            strict=False,
        )
    )
    besides = a_schedule(on_tiktok, slot=slots[1])
    foreign = a_schedule(elsewhere, slot=slots[1])
    await given(
        storage,
        a_brand(),
        a_brand(brand_id=elsewhere.brand_id),
        *tweets,
        on_tiktok,
        elsewhere,
        *(first, second, third, too_late, ended, besides, foreign),
    )

    async with storage.unit_of_work() as work:
        rules = (await work.lanes.lock({BRAND_ID: {TWITTER}}))[BRAND_ID]
        begin, end = datetime(2027, 3, 17, 10, tzinfo=UTC), datetime(2027, 3, 17, 12, tzinfo=UTC)
        occupied = await work.lanes.occupied(rules, platforms={TWITTER}, begin=begin, end=end)
        without = await work.lanes.occupied(
            rules, platforms={TWITTER, TIKTOK}, begin=begin, end=end, besides=[first.schedule_id]
        )

    assert {each.holder_id for each in occupied} == {each.schedule_id for each in (first, second, third)}
    assert {each.publish_time for each in occupied} == {each.publish_time for each in (first, second, third)}
    assert {each.holder_id for each in without} == {each.schedule_id for each in (second, third, besides)}


async def test_whoever_was_told_other_rules_than_there_are_by_now_loses_the_race(storage: Storage) -> None:
    await given(storage, a_brand())
    async with storage.unit_of_work() as work:
        before = (await work.lanes.lock({BRAND_ID: {TWITTER}}))[BRAND_ID]
    await with_policy(storage, a_policy(MinGap(minutes=5)))

    async with storage.unit_of_work() as work:
        with pytest.raises(LostRace):
            await work.lanes.occupied(before, platforms={TWITTER}, begin=NOW, end=NOW)


async def test_what_is_pending_ahead_is_listed_in_time_order_with_what_it_may_break(storage: Storage) -> None:
    posts = [a_post() for _ in range(3)]
    later = a_schedule(posts[0], slot=a_slot("2027-03-18T19:00"))
    sooner = replace(a_schedule(posts[1]), overridden=frozenset({RuleKind.MIN_GAP, RuleKind.QUIET_HOURS}))
    gone = a_schedule(posts[2], status=ScheduleStatus.CANCELLED)
    await given(storage, a_brand(), *posts, later, sooner, gone)

    async with storage.unit_of_work() as work:
        ahead = await work.lanes.ahead(BRAND_ID)

    assert [each.schedule_id for each in ahead] == [sooner.schedule_id, later.schedule_id]
    assert [each.place.publish_time for each in ahead] == [sooner.publish_time, later.publish_time]
    assert [each.overridden for each in ahead] == [sooner.overridden, frozenset()]


async def test_what_other_brands_have_on_a_platform_is_told_without_saying_whose_it_is(storage: Storage) -> None:
    other = a_brand(brand_id=UUID(int=7))
    theirs, mine = a_post(brand_id=other.brand_id), a_post()
    await given(storage, a_brand(), other, theirs, mine)
    async with storage.unit_of_work() as work:
        stored = await work.bookings.add([a_schedule(theirs), a_schedule(mine)])
        at, platform = stored[0].publish_time, theirs.platform

        found = await work.lanes.elsewhere(BRAND_ID, platforms=[platform, Platform.REDDIT], begin=at, end=at)
        later = await work.lanes.elsewhere(
            BRAND_ID, platforms=[platform], begin=at + timedelta(seconds=1), end=at + timedelta(days=1)
        )

    assert found == {platform: [at], Platform.REDDIT: []}
    assert later == {platform: []}
