"""What happens to a use case when another transaction gets in its way."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from marketmind_scheduler.adapters.postgres.pool import Pool
from marketmind_scheduler.adapters.postgres.storage import PostgresStorage
from marketmind_scheduler.application.asked_times import AskedTime
from marketmind_scheduler.application.lost_races import repeats_lost_races
from marketmind_scheduler.application.use_cases import UseCases
from marketmind_scheduler.domain.brand import BrandChange
from marketmind_scheduler.domain.campaign import CampaignChange
from marketmind_scheduler.domain.errors import FixedField, StorageUnavailable
from marketmind_scheduler.domain.planning.replanning import Renewal
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.schedule import Schedule, ScheduleStatus
from marketmind_scheduler.domain.schedulers import SchedulerKind
from marketmind_scheduler.domain.wall_clock import Disambiguation
from marketmind_scheduler.domain.zones import ZoneCatalog
from marketmind_scheduler.entrypoints.wiring.outbound import Outbound
from marketmind_scheduler.ports.schedules import ScheduleFilter
from marketmind_scheduler.ports.storage import LostRace
from tests.application.assembled import assembled
from tests.builders import (
    BRAND_ID,
    CAMPAIGN_ID,
    NOW,
    ZONE,
    a_brand,
    a_campaign,
    a_post,
    a_schedule,
    all_of_post,
    given,
    new_id,
)
from tests.contracts.waiting import until_waiting
from tests.fakes.storage import InMemoryStorage
from tests.jumping_time import in_jumping_time, seconds_passed
from tests.stored import cancel_pending

REPEATS = 3


class Unlucky:
    """A use case that loses its first races."""

    def __init__(self, *, races_to_lose: int) -> None:
        self.calls: list[tuple[str, int]] = []
        self._races_to_lose = races_to_lose

    @repeats_lost_races
    async def run(self, text: str, *, number: int) -> str:
        self.calls.append((text, number))
        if len(self.calls) <= self._races_to_lose:
            raise LostRace
        return "done"


@pytest.mark.parametrize("races_to_lose", range(REPEATS + 1))
@in_jumping_time
async def test_a_use_case_is_repeated_up_to_three_times_after_a_short_pause(races_to_lose: int) -> None:
    unlucky = Unlucky(races_to_lose=races_to_lose)

    assert await unlucky.run("as it was", number=7) == "done"

    assert unlucky.calls == [("as it was", 7)] * (races_to_lose + 1)
    assert seconds_passed() < 0.06 * max(1, races_to_lose)


@in_jumping_time
async def test_after_three_repeats_the_lost_race_is_passed_on() -> None:
    unlucky = Unlucky(races_to_lose=REPEATS + 1)

    with pytest.raises(LostRace):
        await unlucky.run("as it was", number=7)

    assert len(unlucky.calls) == 1 + REPEATS


@pytest.mark.parametrize("error", [StorageUnavailable, ValueError])
async def test_nothing_else_is_repeated(error: type[Exception]) -> None:
    calls = 0

    @repeats_lost_races
    async def fails() -> None:
        nonlocal calls
        calls += 1
        raise error

    with pytest.raises(error):
        await fails()

    assert calls == 1


POST = a_post(campaign_id=CAMPAIGN_ID)
SCHEDULED_POST = a_post(campaign_id=CAMPAIGN_ID)
NEW_POST = a_post(title="New", s3_url="s3://new", platform=Platform.TIKTOK)
ASKED = AskedTime(text="2027-03-17T20:00:00", zone=ZONE, disambiguation=Disambiguation.COMPATIBLE)

WRITERS: dict[str, Callable[[UseCases], Awaitable[object]]] = {
    "put_brand": lambda use_cases: use_cases.catalog.put_brand(BRAND_ID, BrandChange(name="New")),
    "put_campaign": lambda use_cases: use_cases.catalog.put_campaign(CAMPAIGN_ID, CampaignChange(name="New")),
    "put_post": lambda use_cases: use_cases.catalog.put_post(all_of_post(NEW_POST)),
    "register_posts": lambda use_cases: use_cases.campaign_posts.register(CAMPAIGN_ID, [all_of_post(NEW_POST)]),
    "schedule": lambda use_cases: use_cases.post_scheduling.schedule(POST.post_id, ASKED, allow_repost=False),
    "move": lambda use_cases: use_cases.post_scheduling.move(SCHEDULED_POST.post_id, ASKED, version=1),
    "cancel": lambda use_cases: use_cases.post_scheduling.cancel(SCHEDULED_POST.post_id),
    "schedule a campaign": lambda use_cases: use_cases.campaign_scheduling.schedule(
        CAMPAIGN_ID, kind=SchedulerKind.NAIVE, platforms=frozenset(Platform), renewal=Renewal.REPLACE
    ),
    "cancel a campaign": lambda use_cases: use_cases.campaign_scheduling.cancel(CAMPAIGN_ID),
}


async def everything(use_cases: UseCases) -> tuple[object, ...]:
    return (
        await use_cases.catalog.list_brands(limit=10, after=None),
        await use_cases.catalog.list_campaigns(brand_id=None, status=None, limit=10, after=None),
        await use_cases.catalog.list_posts(brand_id=None, campaign_id=None, platform=None, limit=10, after=None),
        await use_cases.post_scheduling.list(ScheduleFilter(), limit=10, after=None),
    )


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS.keys())
@in_jumping_time
async def test_every_use_case_that_writes_survives_a_lost_race(
    use_cases: UseCases, storage: InMemoryStorage, write: Callable[[UseCases], Awaitable[object]]
) -> None:
    await given(storage, a_brand(), a_campaign(), POST, SCHEDULED_POST, a_schedule(SCHEDULED_POST))
    before = await everything(use_cases)
    storage.races_to_lose = 1

    await write(use_cases)

    assert storage.races_to_lose == 0
    assert await everything(use_cases) != before


@pytest.fixture
async def postgres(pool: Pool, tables: AsyncEngine) -> PostgresStorage:
    """PostgreSQL with a campaign of two posts, one of them scheduled."""
    del tables
    storage = PostgresStorage(pool)
    await given(storage, a_brand(), a_campaign(), POST, SCHEDULED_POST, a_schedule(SCHEDULED_POST))
    return storage


@pytest.fixture
def on_postgres(postgres: PostgresStorage, outbound: Outbound, zones: ZoneCatalog) -> UseCases:
    return assembled(postgres, outbound, zones)


@pytest.mark.parametrize("change", ["move", "cancel"])
async def test_a_change_that_waited_for_a_replacement_is_made_to_the_replacement(
    on_postgres: UseCases, postgres: PostgresStorage, tables: AsyncEngine, change: str
) -> None:
    replaced = await on_postgres.post_scheduling.get(SCHEDULED_POST.post_id)
    replacement = a_schedule(SCHEDULED_POST)

    async with postgres.unit_of_work() as work:
        await work.posts.lock(SCHEDULED_POST.post_id)
        await cancel_pending(work, [replaced.schedule_id], now=NOW)
        await work.bookings.add([replacement])
        waiter = asyncio.ensure_future(WRITERS[change](on_postgres))
        await until_waiting(tables, waiter)
        await work.commit()

    changed = await waiter
    assert changed == await on_postgres.post_scheduling.get(SCHEDULED_POST.post_id)
    assert isinstance(changed, Schedule)
    assert (changed.schedule_id, changed.version) == (replacement.schedule_id, 2)


async def test_a_post_registered_for_two_brands_at_once_belongs_to_the_first(
    on_postgres: UseCases, postgres: PostgresStorage, tables: AsyncEngine
) -> None:
    other_brand = a_brand(brand_id=new_id())
    await given(postgres, other_brand)
    first = a_post(post_id=NEW_POST.post_id, brand_id=other_brand.brand_id, platform=NEW_POST.platform)

    async with postgres.unit_of_work() as work:
        await work.posts.save([first])
        second = asyncio.ensure_future(WRITERS["register_posts"](on_postgres))
        await until_waiting(tables, second)
        await work.commit()

    with pytest.raises(FixedField):
        await second
    assert (await on_postgres.catalog.get_post(NEW_POST.post_id)).brand_id == other_brand.brand_id


async def test_of_many_same_requests_for_one_post_one_makes_the_schedule(on_postgres: UseCases) -> None:
    outcomes = await asyncio.gather(
        *(on_postgres.post_scheduling.schedule(POST.post_id, ASKED, allow_repost=False) for _ in range(10))
    )

    made = await on_postgres.post_scheduling.get(POST.post_id)
    assert [schedule for schedule, _ in outcomes] == [made] * 10
    assert sorted(is_new for _, is_new in outcomes) == [False] * 9 + [True]


async def test_of_many_same_requests_for_one_campaign_one_makes_the_schedules(on_postgres: UseCases) -> None:
    await on_postgres.campaign_scheduling.cancel(CAMPAIGN_ID)

    outcomes = await asyncio.gather(
        *(
            on_postgres.campaign_scheduling.schedule(
                CAMPAIGN_ID, kind=SchedulerKind.NAIVE, platforms=frozenset(Platform)
            )
            for _ in range(10)
        )
    )

    pending = await on_postgres.campaign_scheduling.list(
        CAMPAIGN_ID, status=ScheduleStatus.PENDING, platform=None, limit=10, after=None
    )
    assert [schedules for schedules, _ in outcomes] == [pending] * 10
    assert sorted(is_new for _, is_new in outcomes) == [False] * 9 + [True]
