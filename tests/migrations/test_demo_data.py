"""The demo data goes in and out of any database without touching what others have put there."""

from collections.abc import Mapping
from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from marketmind_scheduler.adapters.postgres.pool import open_pool
from marketmind_scheduler.adapters.postgres.schema.migrations import migrating
from marketmind_scheduler.adapters.postgres.storage import PostgresStorage
from marketmind_scheduler.adapters.postgres.tables import metadata
from marketmind_scheduler.adapters.system_clock import SystemClock
from marketmind_scheduler.application.demo import DEMO_CAMPAIGN, DEMO_CAMPAIGNS
from marketmind_scheduler.domain.brand import Brand
from marketmind_scheduler.domain.campaign import Campaign
from marketmind_scheduler.domain.post import Post
from marketmind_scheduler.domain.schedule import Schedule
from tests.builders import BRAND_ID, CAMPAIGN_ID, a_brand, a_campaign, a_post, a_schedule, given
from tests.migrations.schema import SCHEMA_AND_DEMO, column, downgrade, fetch

pytestmark = pytest.mark.usefixtures("zones")

DEMO_BRAND = UUID("11111111-1111-1111-1111-111111111111")
BAKERY = UUID("66666666-6666-6666-6666-666666666666")
DEMO_POSTS = [UUID(digit * 32) for digit in "345"]
LONG_OVER = "UPDATE campaigns SET start_date = '2020-01-01', end_date = '2020-01-07', status = 'SCHEDULED'"
EMPTY = {table.name: 0 for table in metadata.sorted_tables}


@pytest.fixture
async def demo_database(migrated_database: str) -> str:
    """The URL of a database with the demo data and nothing else."""
    async with migrating(migrated_database) as migrator:
        await migrator.upgrade("demo@head")
    return migrated_database


async def store(url: str, *values: Brand | Campaign | Post | Schedule) -> None:
    async with open_pool(url, size=1) as pool:
        await given(PostgresStorage(pool), *values)


async def row_counts(url: str) -> Mapping[str, object]:
    counts = [f"(SELECT count(*) FROM {table})" for table in EMPTY]  # noqa: S608  # the names are ours
    ((*found,),) = await fetch(url, f"SELECT {', '.join(counts)}")
    return dict(zip(EMPTY, found, strict=True))


async def remove_demo(url: str) -> None:
    await downgrade(url, "demo@base", SCHEMA_AND_DEMO)


def today_in(zone: str) -> date:
    return SystemClock().now().astimezone(ZoneInfo(zone)).date()


async def test_it_is_two_brands_under_the_ids_that_callers_know(demo_database: str) -> None:
    assert await column(demo_database, "SELECT brand_id FROM brands ORDER BY brand_id") == [DEMO_BRAND, BAKERY]
    assert await fetch(demo_database, "SELECT campaign_id, brand_id FROM campaigns ORDER BY campaign_id") == [
        (DEMO_CAMPAIGNS[0], DEMO_BRAND),
        (DEMO_CAMPAIGNS[1], BAKERY),
    ]
    in_order = "SELECT post_id, platform FROM posts WHERE campaign_id = $1 ORDER BY position"
    assert await fetch(demo_database, in_order, DEMO_CAMPAIGN) == [(post_id, "TWITTER") for post_id in DEMO_POSTS]
    assert len(set(await fetch(demo_database, "SELECT platform FROM posts WHERE brand_id = $1", BAKERY))) > 1


async def test_its_campaigns_are_the_seven_days_from_today_in_the_brands_zone(migrated_database: str) -> None:
    zones = ["America/Los_Angeles", "Europe/Berlin"]
    days_before = [today_in(zone) for zone in zones]
    async with migrating(migrated_database) as migrator:
        await migrator.upgrade("demo@head")
    days_after = [today_in(zone) for zone in zones]

    first_days = await column(migrated_database, "SELECT start_date FROM campaigns ORDER BY campaign_id")
    assert first_days in (days_before, days_after)
    assert await column(migrated_database, "SELECT end_date - start_date + 1 FROM campaigns") == [7, 7]


async def test_asked_for_on_an_empty_database_it_brings_the_schema_along(empty_database: str) -> None:
    async with migrating(empty_database) as migrator:
        await migrator.upgrade("demo@head")

    assert (await row_counts(empty_database))["brands"] == 2


async def test_taken_out_again_it_leaves_every_table_empty(demo_database: str) -> None:
    await remove_demo(demo_database)

    assert await row_counts(demo_database) == EMPTY


async def test_taken_out_it_takes_along_what_was_scheduled_for_it(demo_database: str) -> None:
    await store(demo_database, a_schedule(a_post(post_id=DEMO_POSTS[0], brand_id=DEMO_BRAND)))

    await remove_demo(demo_database)

    assert await row_counts(demo_database) == EMPTY


async def test_taken_out_it_leaves_a_campaign_that_got_another_post_and_its_brand(demo_database: str) -> None:
    post = a_post(brand_id=DEMO_BRAND, campaign_id=DEMO_CAMPAIGN)
    await store(demo_database, post)

    await remove_demo(demo_database)

    assert await column(demo_database, "SELECT post_id FROM posts") == [post.post_id]
    assert await column(demo_database, "SELECT campaign_id FROM campaigns") == [DEMO_CAMPAIGN]
    assert await column(demo_database, "SELECT brand_id FROM brands") == [DEMO_BRAND]


@pytest.mark.parametrize("own", [a_campaign(brand_id=DEMO_BRAND), a_post(brand_id=DEMO_BRAND)])
async def test_taken_out_it_leaves_a_brand_that_got_a_campaign_or_a_post_of_its_own(
    demo_database: str, own: Campaign | Post
) -> None:
    await store(demo_database, own)

    await remove_demo(demo_database)

    assert await row_counts(demo_database) == {
        **EMPTY,
        "brands": 1,
        "campaigns": int(isinstance(own, Campaign)),
        "posts": int(isinstance(own, Post)),
    }


async def test_taken_out_and_put_in_it_takes_its_own_place_again_beside_what_was_left(demo_database: str) -> None:
    before = await row_counts(demo_database)
    await store(demo_database, a_post(brand_id=DEMO_BRAND, campaign_id=DEMO_CAMPAIGN))
    await fetch(demo_database, LONG_OVER)

    await remove_demo(demo_database)
    async with migrating(demo_database) as migrator:
        await migrator.upgrade("demo@head")

    assert await row_counts(demo_database) == {**before, "posts": 9}
    assert await column(demo_database, "SELECT campaign_id FROM campaigns WHERE end_date = '2020-01-07'") == []


async def test_renewed_it_starts_from_today_unscheduled_and_touches_nothing_of_others(demo_database: str) -> None:
    own_post = a_post(campaign_id=CAMPAIGN_ID)
    own_schedule, demo_schedule = a_schedule(own_post), a_schedule(a_post(post_id=DEMO_POSTS[0], brand_id=DEMO_BRAND))
    await store(demo_database, a_brand(), a_campaign(), own_post, own_schedule, demo_schedule)
    await fetch(demo_database, LONG_OVER)

    async with migrating(demo_database) as migrator:
        await migrator.reload_demo()

    campaigns = await fetch(
        demo_database, "SELECT campaign_id, status, end_date > '2020-01-07' FROM campaigns ORDER BY campaign_id"
    )
    assert campaigns == [
        *((campaign_id, "DRAFT", True) for campaign_id in DEMO_CAMPAIGNS),
        (CAMPAIGN_ID, "SCHEDULED", False),
    ]
    assert await column(demo_database, "SELECT schedule_id FROM schedules") == [own_schedule.schedule_id]
    assert await column(demo_database, "SELECT brand_id FROM brands WHERE brand_id = $1", BRAND_ID) == [BRAND_ID]


async def test_renewing_puts_it_in_where_it_never_was(migrated_database: str) -> None:
    async with migrating(migrated_database) as migrator:
        await migrator.reload_demo()

    assert (await row_counts(migrated_database))["campaigns"] == 2


@pytest.mark.parametrize("migrated_to", ["main@head", "demo@head"])
async def test_clearing_empties_every_table_and_the_demo_data_can_be_put_in_anew(
    empty_database: str, migrated_to: str
) -> None:
    own_post = a_post(campaign_id=CAMPAIGN_ID)
    async with migrating(empty_database) as migrator:
        await migrator.upgrade(migrated_to)
        await store(empty_database, a_brand(), a_campaign(), own_post, a_schedule(own_post))

        await migrator.clear()
        cleared = await row_counts(empty_database)
        await migrator.upgrade("demo@head")

    assert cleared == EMPTY
    assert (await row_counts(empty_database))["brands"] == 2
