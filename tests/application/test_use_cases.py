"""The use cases as they are for a caller: beyond their reach nothing exists, whatever they ask for."""

import asyncio
from collections.abc import Mapping
from dataclasses import fields
from datetime import timedelta
from uuid import UUID

import pytest

from marketmind_scheduler.application.event_feed import Page
from marketmind_scheduler.application.use_cases import UseCases
from marketmind_scheduler.domain.access import ANYBODY, Caller, Reach
from marketmind_scheduler.domain.attempt import Attempt
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.schedule import Schedule
from marketmind_scheduler.domain.verdict import Accepted, Verdict
from tests.builders import a_brand, a_post, a_schedule, a_slot, given, new_id
from tests.fakes.clock import FrozenClock
from tests.fakes.publisher import ScriptedPublisher
from tests.fakes.storage import InMemoryStorage

OURS, THEIRS = new_id(), new_id()
OF_THE_SERVICE = {"health", "demo", "doubting"}
"""They have a storage, and nobody asks them about a brand."""


def a_caller(*brands: UUID) -> Caller:
    return Caller(name="content-service", scopes=frozenset(), reach=Reach(frozenset(brands)))


async def brands_that_exist(use_cases: UseCases) -> Mapping[str, frozenset[UUID]]:
    """For each family with a storage that callers ask."""
    families = {field.name: getattr(use_cases, field.name) for field in fields(use_cases)}
    found: dict[str, frozenset[UUID]] = {}
    for name, family in families.items():
        if hasattr(family, "storage") and name not in OF_THE_SERVICE:
            async with family.storage.reading() as stored:
                brands = await stored.brands.list(limit=10, after=None)
                found[name] = frozenset(brand.brand_id for brand in brands)
    assert found
    return found


async def one_due(storage: InMemoryStorage, brand_id: UUID) -> Schedule:
    post = a_post(brand_id=brand_id)
    schedule = a_schedule(post, slot=a_slot("2027-03-01T12:00", zone="UTC"))
    await given(storage, a_brand(brand_id=brand_id), post, schedule)
    return schedule


@pytest.fixture
async def ours(storage: InMemoryStorage) -> Schedule:
    """What is due of our brand, behind what is due of theirs."""
    await one_due(storage, THEIRS)
    return await one_due(storage, OURS)


async def test_only_what_is_within_reach_exists_for_every_family_that_callers_ask(
    use_cases: UseCases, storage: InMemoryStorage
) -> None:
    await given(storage, a_brand(brand_id=OURS), a_brand(brand_id=THEIRS))

    found = await brands_that_exist(use_cases.for_(a_caller(OURS)))

    assert found == dict.fromkeys(found, frozenset({OURS}))


async def test_in_the_storage_of_a_request_too(use_cases: UseCases, clock: FrozenClock) -> None:
    of_the_request = InMemoryStorage(clock)
    await given(of_the_request, a_brand(brand_id=OURS), a_brand(brand_id=THEIRS))

    limited = await brands_that_exist(use_cases.for_(a_caller(OURS), of_the_request))
    everywhere = await brands_that_exist(use_cases.for_(ANYBODY, of_the_request))

    assert limited == dict.fromkeys(limited, frozenset({OURS}))
    assert everywhere == dict.fromkeys(everywhere, frozenset({OURS, THEIRS}))


async def test_a_trigger_sends_only_what_is_within_reach(
    use_cases: UseCases, ours: Schedule, publisher: ScriptedPublisher
) -> None:
    sent = await use_cases.for_(a_caller(OURS)).dispatcher.trigger(limit=10)

    assert [schedule.schedule_id for schedule in sent] == [ours.schedule_id]
    assert [attempt.claim.brand_id for attempt in publisher.attempts] == [OURS]


async def test_only_what_is_within_reach_can_be_claimed(use_cases: UseCases, ours: Schedule) -> None:
    claimed = await use_cases.for_(a_caller(OURS)).pulling.claim(Platform, limit=10, lease=timedelta(minutes=1))

    assert [attempt.claim.schedule_id for attempt in claimed] == [ours.schedule_id]


async def test_what_callers_of_any_reach_have_begun_is_known_to_the_one_dispatcher(
    use_cases: UseCases, ours: Schedule, publisher: ScriptedPublisher
) -> None:
    begun, answered = asyncio.Event(), asyncio.Event()

    async def when_told(_: Attempt) -> Verdict:
        begun.set()
        await answered.wait()
        return Accepted("1890")

    publisher.script(ours.schedule_id, when_told)
    triggering = asyncio.create_task(use_cases.for_(a_caller(OURS)).dispatcher.trigger(limit=10))
    await begun.wait()
    waiting = asyncio.create_task(use_cases.dispatcher.triggered())
    await asyncio.sleep(0)

    assert use_cases.dispatcher.in_flight == 1
    assert not waiting.done()
    answered.set()
    await waiting
    assert triggering.done()


async def test_when_the_feed_is_closed_readers_of_any_reach_return(use_cases: UseCases) -> None:
    read = use_cases.for_(a_caller(OURS)).event_feed.read(brand_id=None, after=0, limit=10, wait=timedelta(seconds=30))
    waiting = asyncio.create_task(read)
    await asyncio.sleep(0)

    use_cases.event_feed.close()

    async with asyncio.timeout(2):
        assert await waiting == Page(events=[], go_on=0, mark=UUID(int=1))


def test_callers_of_one_reach_share_theirs_and_those_who_reach_everything_have_the_service_s(
    use_cases: UseCases,
) -> None:
    assert use_cases.for_(ANYBODY) is use_cases.for_(ANYBODY)
    assert use_cases.for_(a_caller(OURS)) is use_cases.for_(a_caller(OURS))
    assert use_cases.for_(a_caller(OURS)) is not use_cases.for_(a_caller(THEIRS))
    assert use_cases.for_(a_caller()) is not use_cases
