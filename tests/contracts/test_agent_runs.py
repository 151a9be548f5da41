"""What is kept of runs in which a language model takes part: for good, in a chain; and what they may spend."""

import asyncio
from dataclasses import replace
from datetime import date, time, timedelta
from functools import partial
from uuid import UUID

import pytest

from marketmind_scheduler.adapters.postgres.pool import Pool
from marketmind_scheduler.adapters.postgres.storage import PostgresStorage
from marketmind_scheduler.domain.access import Reach
from marketmind_scheduler.domain.agent.limits import AgentLimits
from marketmind_scheduler.domain.agent.questions import Purpose
from marketmind_scheduler.domain.agent.records import Decision, Exchange, KeptEntry, RunEntry, Texts
from marketmind_scheduler.domain.audience.profile import Profile
from marketmind_scheduler.domain.deletion import Doomed, Noun
from marketmind_scheduler.domain.planning.agent_part import (
    FallbackReason,
    Instructed,
    InstructionStanding,
    ScheduledBy,
    Understood,
)
from marketmind_scheduler.domain.planning.digests import parts_of
from marketmind_scheduler.domain.planning.plan import Brief, PostToPlace
from marketmind_scheduler.domain.planning.preparation import PreparationStatus
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.retention import Retention
from marketmind_scheduler.domain.rules.caps import CapScope, Grade, PlatformCap, Rolling
from marketmind_scheduler.domain.rules.platform_caps import caps_of_brand
from marketmind_scheduler.domain.rules.policy import Blackout, MinGap, Policy, PostingHours, QuietHours, Slots, Weekday
from marketmind_scheduler.domain.rules.tightening import Patch
from marketmind_scheduler.domain.rules.violations import BrandRules, Occupied
from marketmind_scheduler.ports.storage import Storage
from tests.builders import BRAND_ID, CAMPAIGN_ID, NOW, a_brand, a_brief, a_campaign, given, new_id
from tests.contracts.worlds import World

MINUTE = timedelta(minutes=1)
ELSEWHERE = Reach(frozenset())


def an_exchange(*, cost: int = 20) -> Exchange:
    return Exchange(
        purpose=Purpose.INTENT,
        prompt_version=1,
        request_hash="a1",
        schema_hash="b2",
        seed=7,
        max_output_tokens=256,
        asked_model="small",
        host="127.0.0.1",
        reserved=90,
        cost=cost,
        answered_model="small-1",
        reply_hash="c3",
        finish_reason="stop",
        tokens_in=300,
        tokens_out=20,
        milliseconds=1_234,
        wrong=("not_json",),
    )


DECISION = Decision(
    scheduled_by=ScheduledBy.FALLBACK,
    reason=FallbackReason.UNDECODABLE,
    standing=None,
    chosen=None,
    because=None,
    before=3,
    best=2,
    value=2,
    brief_hash="d4",
    profiles={"TWITTER": "e5"},
    plan_hash="f6",
    patch_hash=None,
    release="0.0.1",
    repaired=(UUID(int=7),),
)

ACCEPTED = Instructed(
    standing=InstructionStanding.NEEDS_ACCEPTANCE,
    instruction_hash="a7",
    understood=(Understood(field="days", asked="2027-03-12 to 2027-03-13", before=None, after=None),),
    patch=Patch(quiet=(22, 7), avoided=frozenset({Weekday.SU}), first_day=date(2027, 3, 12)),
    aim="steady",
    cost=60_000,
)


def an_entry(
    said: Exchange | Decision | None = None,
    *,
    run_id: UUID | None = None,
    plan_id: UUID | None = None,
    brand_id: UUID = BRAND_ID,
    texts: Texts | None = None,
) -> RunEntry:
    return RunEntry(
        run_id=run_id or new_id(),
        plan_id=plan_id or new_id(),
        brand_id=brand_id,
        campaign_id=CAMPAIGN_ID,
        said=said or an_exchange(),
        texts=texts or Texts(request="asked", reply="said"),
    )


async def add(storage: Storage, *entries: RunEntry) -> None:
    async with storage.unit_of_work() as work:
        for entry in entries:
            await work.agent_runs.add(entry)
        await work.commit()


async def of_plan(storage: Storage, plan_id: UUID) -> list[KeptEntry]:
    async with storage.reading() as repositories:
        return list(await repositories.agent_runs.list(plan_id))


def a_brief_with_everything() -> Brief:
    policy = Policy(
        brand_id=BRAND_ID,
        version=3,
        rules=(
            QuietHours(begin=time(20), end=time(8), weekdays=frozenset({Weekday.SA})),
            PostingHours(begin=time(6), end=time(23)),
            Blackout(first_date=date(2027, 3, 12), last_date=date(2027, 3, 12), name="Holiday"),
            MinGap(minutes=90, across_platforms=True),
            Slots(times=((Weekday.MO, time(9)),)),
        ),
    )
    own = PlatformCap(
        platform=Platform.TWITTER,
        limit=5,
        window=Rolling(timedelta(hours=24)),
        scope=CapScope.LANE,
        grade=Grade.BRAND,
        source="as agreed",
        observed_on=date(2027, 2, 1),
        revision=4,
    )
    rules = BrandRules(policy=policy, caps=caps_of_brand([own]), zone="America/Los_Angeles", caps_revision=4)
    post = PostToPlace(post_id=new_id(), platform=Platform.TWITTER, weight=2_000, not_before=NOW)
    stands = Occupied(holder_id=new_id(), platform=Platform.TWITTER, publish_time=NOW + timedelta(days=11))
    profiles = {Platform.TWITTER: Profile.cold(Platform.TWITTER)}
    return replace(a_brief(posts=(post,)), rules=rules, occupied=(stands,), profiles=profiles, grid_minutes=15)


async def test_entries_are_read_as_they_were_kept_in_their_order_and_within_reach(storage: Storage) -> None:
    plan_id, run_id = new_id(), new_id()
    first = an_entry(plan_id=plan_id, run_id=run_id)
    last = an_entry(DECISION, plan_id=plan_id, run_id=run_id, texts=Texts(instruction="at most 2"))
    await add(storage, first, an_entry(), last)
    found = await of_plan(storage, plan_id)

    assert [(each.said, each.texts) for each in found] == [(each.said, each.texts) for each in (first, last)]
    assert all((each.run_id, each.plan_id, each.brand_id) == (run_id, plan_id, BRAND_ID) for each in found)
    async with storage.reading() as repositories:
        assert await repositories.agent_runs.of_run(run_id) == found
    async with storage.within(ELSEWHERE).reading() as repositories:
        assert not await repositories.agent_runs.list(plan_id)
        assert not await repositories.agent_runs.of_run(run_id)


async def test_a_brief_is_read_as_it_was_kept_and_whatever_a_model_said_can_be_kept(storage: Storage) -> None:
    brief, plan_id = a_brief_with_everything(), new_id()
    texts = Texts(reply="\x00\ud800", accepted=ACCEPTED, limits=AgentLimits(min_value=900), brief=brief)
    await add(storage, an_entry(plan_id=plan_id, texts=texts))
    [kept] = await of_plan(storage, plan_id)
    assert kept.texts is not None
    assert kept.texts.brief is not None

    assert (kept.texts.accepted, kept.texts.limits) == (ACCEPTED, AgentLimits(min_value=900))
    assert kept.texts.brief == brief
    assert parts_of(kept.texts.brief) == parts_of(brief)
    assert kept.texts.brief.occupied == brief.occupied


async def test_each_brand_has_a_chain_of_its_own_that_holds(storage: Storage) -> None:
    other = new_id()
    await add(storage, an_entry(), an_entry(brand_id=other), an_entry(), an_entry(DECISION, brand_id=other))

    async with storage.reading() as repositories:
        assert [await repositories.agent_runs.first_broken(each) for each in (BRAND_ID, other, new_id())] == [None] * 3


async def test_what_is_spent_on_a_day_is_never_more_than_allowed_and_is_corrected(storage: Storage) -> None:
    async with storage.unit_of_work() as work:
        day = await work.agent_runs.reserve(BRAND_ID, 60, most=100)
        assert day is not None
        assert await work.agent_runs.reserve(BRAND_ID, 60, most=100) is None
        assert await work.agent_runs.reserve(BRAND_ID, 101, most=100) is None
        assert await work.agent_runs.reserve(new_id(), 101, most=100) is None
        assert await work.agent_runs.reserve(new_id(), 100, most=100) == day
        await work.agent_runs.correct(BRAND_ID, day, by=-20)
        assert await work.agent_runs.reserve(BRAND_ID, 60, most=100) == day
        assert await work.agent_runs.reserve(BRAND_ID, 1, most=100) is None
        await work.commit()
    async with storage.unit_of_work() as work:
        assert await work.agent_runs.reserve(BRAND_ID, 1, most=100) is None  # as it stands, whoever reserved it


async def test_a_plan_is_being_made_until_it_is_there_or_has_failed_or_is_late(storage: Storage) -> None:
    plan_id, late_id = new_id(), new_id()

    async def status(of: UUID) -> PreparationStatus | None:
        async with storage.reading() as repositories:
            found = await repositories.preparations.find(of)
        return found and found.status

    async with storage.unit_of_work() as work:
        begin = partial(work.preparations.begin, brand_id=BRAND_ID, campaign_id=CAMPAIGN_ID, at=NOW)
        begun = await begin(plan_id, within=MINUTE)
        await begin(late_id, within=-MINUTE)
        await work.commit()

    assert (begun.status, begun.begun_at, begun.trouble) == (PreparationStatus.PREPARING, NOW, None)
    assert (await status(plan_id), await status(late_id)) == (PreparationStatus.PREPARING, PreparationStatus.FAILED)
    async with storage.within(ELSEWHERE).reading() as repositories:
        assert await repositories.preparations.find(plan_id) is None
    async with storage.unit_of_work() as work:
        await work.preparations.fail(plan_id, ("campaign_over", "it is over"))
        await work.preparations.end(late_id)
        await work.commit()
    assert (await status(plan_id), await status(late_id)) == (PreparationStatus.FAILED, None)
    async with storage.reading() as repositories:
        failed = await repositories.preparations.find(plan_id)
    assert failed is not None
    assert failed.trouble == ("campaign_over", "it is over")


@pytest.mark.parametrize(("noun", "doomed_id"), [(Noun.CAMPAIGN, CAMPAIGN_ID), (Noun.BRAND, BRAND_ID)])
async def test_texts_go_with_their_campaign_and_brand_and_the_chain_still_holds(
    storage: Storage, noun: Noun, doomed_id: UUID
) -> None:
    await given(storage, a_brand(), a_campaign())
    plan_id = new_id()
    await add(storage, an_entry(plan_id=plan_id), an_entry(DECISION, plan_id=plan_id))
    async with storage.unit_of_work() as work:
        await work.erasures.erase(Doomed(noun, doomed_id), [], cancelled=0, at=NOW)
        await work.commit()

    assert [each.texts for each in await of_plan(storage, plan_id)] == [None, None]
    async with storage.reading() as repositories:
        assert await repositories.agent_runs.first_broken(BRAND_ID) is None


async def test_texts_are_forgotten_for_their_age_and_what_was_decided_stays(world: World) -> None:
    plan_id = new_id()
    await add(world.storage, *(an_entry(plan_id=plan_id) for _ in range(3)))
    at_once = world.keeping(Retention(agent_texts=timedelta()))

    assert await world.keeping(Retention()).forget_expired(limit=2) == 0
    assert [await at_once.forget_expired(limit=2) for _ in range(3)] == [2, 1, 0]
    found = await of_plan(world.storage, plan_id)
    assert [(each.said, each.texts) for each in found] == [(an_exchange(), None)] * 3
    async with world.storage.reading() as repositories:
        assert await repositories.agent_runs.first_broken(BRAND_ID) is None


async def test_what_is_said_of_a_campaign_that_was_deleted_meanwhile_is_kept_without_texts(storage: Storage) -> None:
    for noun in (Noun.CAMPAIGN, Noun.BRAND):
        brand_id, campaign_id, plan_id = new_id(), new_id(), new_id()
        brand, campaign = a_brand(brand_id=brand_id), a_campaign(campaign_id=campaign_id, brand_id=brand_id)
        await given(storage, brand, campaign)
        async with storage.unit_of_work() as work:
            doomed = Doomed(noun, campaign_id if noun is Noun.CAMPAIGN else brand_id)
            await work.erasures.erase(doomed, [], cancelled=0, at=NOW)
            await work.commit()
        entry = replace(an_entry(plan_id=plan_id), brand_id=brand_id, campaign_id=campaign_id)
        await add(storage, entry, replace(entry, said=DECISION))

        assert [(each.said, each.texts) for each in await of_plan(storage, plan_id)] == [
            (entry.said, None),
            (DECISION, None),
        ]
        async with storage.reading() as repositories:
            assert await repositories.agent_runs.first_broken(brand_id) is None


async def test_one_run_of_a_brand_asks_until_it_stops_or_its_time_is_over(storage: Storage) -> None:
    one, other = new_id(), new_id()
    async with storage.unit_of_work() as work:
        runs = work.agent_runs
        assert await runs.start_asking(BRAND_ID, one, within=MINUTE)
        assert not await runs.start_asking(BRAND_ID, other, within=MINUTE)
        assert await runs.start_asking(new_id(), other, within=MINUTE)
        await runs.stop_asking(BRAND_ID, other)
        assert not await runs.start_asking(BRAND_ID, other, within=MINUTE)
        await runs.stop_asking(BRAND_ID, one)
        assert await runs.start_asking(BRAND_ID, one, within=-MINUTE)
        await work.commit()
    async with storage.unit_of_work() as work:
        assert await work.agent_runs.start_asking(BRAND_ID, other, within=MINUTE)
        await work.agent_runs.stop_asking(BRAND_ID, one)
        assert not await work.agent_runs.start_asking(BRAND_ID, one, within=MINUTE)


async def test_of_ten_runs_of_a_brand_at_once_one_asks(postgres: PostgresStorage) -> None:
    async def starts() -> bool:
        async with postgres.unit_of_work() as work:
            is_first = await work.agent_runs.start_asking(BRAND_ID, new_id(), within=MINUTE)
            await work.commit()
        return is_first

    assert sorted(await asyncio.gather(*(starts() for _ in range(10)))) == [False] * 9 + [True]


async def test_what_was_changed_or_taken_out_by_hand_is_found(postgres: PostgresStorage, pool: Pool) -> None:
    plan_id = new_id()
    await add(postgres, an_entry(), an_entry(said := an_exchange(cost=5)), an_entry(plan_id=plan_id))
    async with pool.acquire() as connection:
        await connection.execute("UPDATE agent_runs SET said = replace(said, '\"cost\":5', '\"cost\":4')")

    async with postgres.reading() as repositories:
        broken = await repositories.agent_runs.first_broken(BRAND_ID)
        last = (await repositories.agent_runs.list(plan_id))[-1]
    assert broken is not None
    assert broken.said == replace(said, cost=4)
    async with pool.acquire() as connection:
        await connection.execute("DELETE FROM agent_texts")
        await connection.execute("DELETE FROM agent_runs WHERE chain_hash = $1", broken.chain_hash)
    async with postgres.reading() as repositories:
        assert await repositories.agent_runs.first_broken(BRAND_ID) == replace(last, texts=None)


async def test_ten_at_once_spend_no_more_than_the_day_allows_and_their_chain_has_no_fork(
    postgres: PostgresStorage,
) -> None:
    async def one() -> date | None:
        async with postgres.unit_of_work() as work:
            day = await work.agent_runs.reserve(BRAND_ID, 30, most=100)
            await work.agent_runs.add(an_entry())
            await work.commit()
        return day

    days = await asyncio.gather(*(one() for _ in range(10)))

    assert sum(day is not None for day in days) == 3
    async with postgres.reading() as repositories:
        assert await repositories.agent_runs.first_broken(BRAND_ID) is None


async def test_what_a_killed_run_has_reserved_stays_spent(postgres: PostgresStorage) -> None:
    async with postgres.unit_of_work() as work:
        assert await work.agent_runs.reserve(BRAND_ID, 80, most=100) is not None
        await work.commit()  # and then nothing more is heard of it

    async with postgres.unit_of_work() as work:
        assert await work.agent_runs.reserve(BRAND_ID, 30, most=100) is None
