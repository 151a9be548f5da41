"""What a statement over many rows reads follows the rows that it is about, whatever the planner knows: never told how
much there is, told when there was nothing or next to nothing, or told the truth. Checking foreign keys counts."""

import json
from collections.abc import AsyncGenerator, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias
from uuid import UUID, uuid4

import asyncpg
import pytest

from marketmind_scheduler.adapters.postgres.dispatch import upkeep
from marketmind_scheduler.adapters.postgres.dispatch.holds import STATEMENTS
from marketmind_scheduler.adapters.postgres.pool import BY_INDEX
from marketmind_scheduler.adapters.postgres.repositories import (
    bookings,
    campaigns,
    derivations,
    erasures,
    forgotten,
    lane_entries,
    observations,
    posts,
    schedules,
    transitions,
)
from marketmind_scheduler.adapters.postgres.repositories.schedule_rows import ADDED, SELECT
from marketmind_scheduler.adapters.postgres.repositories.selections import select_page, within
from marketmind_scheduler.adapters.postgres.schema.migrations import migrating
from marketmind_scheduler.domain.access import Reach
from marketmind_scheduler.domain.schedule import Hold, ScheduleStatus
from marketmind_scheduler.ports.schedules import ScheduleFilter
from tests.databases import new_database
from tests.loops import telling_all_misses

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

CAMPAIGNS, POSTS_EACH = 2000, 15
MANY, FEW = 1500, POSTS_EACH
MOST_EACH = 70  # buffers for a row, most of them to put its new version into the indexes
BRAND_ID, BIG_BRAND, BIG_CAMPAIGN, CAMPAIGN_ID = (UUID(int=number) for number in (1, 9_001, 9_001, 1))
BARE_CAMPAIGN, BARE = UUID(int=9_002), 10_000
"""With as many posts as one body may hold, none of them scheduled."""
NOBODY = UUID(int=0)
REMOVED = ("Rows Removed by Filter", "Rows Removed by Join Filter", "Rows Removed by Index Recheck")

PREPARE = """
CREATE FUNCTION id(number bigint) RETURNS uuid IMMUTABLE LANGUAGE sql RETURN lpad(to_hex(number), 32, '0')::uuid;
CREATE FUNCTION fill(campaign bigint, brand bigint, first bigint, posts int) RETURNS void LANGUAGE sql AS $$
  INSERT INTO campaigns (campaign_id, brand_id, name, goal, start_date, end_date, status, created_at, updated_at)
  VALUES (id(campaign), id(brand), '', '', '2026-01-01', '2026-12-31', 'SCHEDULED', now(), now());
  INSERT INTO posts (post_id, brand_id, campaign_id, title, s3_url, platform, created_at, updated_at)
  SELECT id(n), id(brand), id(campaign), 'title', 's3://bucket/key', (ARRAY['TWITTER', 'TIKTOK', 'REDDIT'])[1 + n % 3],
         now(), now()
    FROM generate_series(first, first + posts - 1) n;
  INSERT INTO schedules (schedule_id, post_id, brand_id, platform, publish_time, status, retry_count, intent, timezone,
                         resolution, tz_release, version, created_at, updated_at, due_at)
  SELECT id(n), id(n), id(brand), (ARRAY['TWITTER', 'TIKTOK', 'REDDIT'])[1 + n % 3], now() + n * interval '1 minute',
         'PENDING', 0, 'instant', 'UTC', 'exact', '2026f', 1, now(), now(), now() + n * interval '1 minute'
    FROM generate_series(first, first + posts - 1) n;
$$;
INSERT INTO brands (brand_id, brand_name, brand_default_timezone, tone_profile, created_at, updated_at)
SELECT id(n), '', 'UTC', '', now(), now() FROM (SELECT generate_series(1, 100) UNION SELECT 9001) AS b(n);
"""
# At one instant, so that the planner takes times for something that tells nothing apart.
FILL_A_LITTLE = "SELECT fill(2000000, 3, 5000000, 20); UPDATE schedules SET publish_time = now(), due_at = now()"
NEVER, EMPTY, NEARLY_EMPTY, FULL = "never", "when empty", "when nearly empty", "when full"
# Foreign keys are switched off meanwhile: checking them would take longer than all the rest.
FILL = f"""
SET session_replication_role = replica;
SELECT count(fill(c, 1 + c % 100, c * 100, {POSTS_EACH})) FROM generate_series(1, {CAMPAIGNS}) c;
SELECT fill(9001, 9001, 1000000, {MANY});
SELECT fill(9002, 9001, 2000000, {BARE});
DELETE FROM schedules WHERE schedule_id >= id(2000000);
SELECT fill(9003, 9001, 3000000, {MANY});
UPDATE schedules SET status = 'CANCELLED', due_at = NULL, publish_time = now() - interval '90 days',
       finished_at = now() - interval '90 days' WHERE schedule_id >= id(3000000);
INSERT INTO attempts (schedule_id, lease_token, started_at, finished_at, verdict)
SELECT schedule_id, 1, now(), now(), 'deferred' FROM schedules;
INSERT INTO event_outbox (kind, schedule_id, brand_id, post_id, platform, publish_time, status, retry_count)
SELECT 'schedule.scheduled', schedule_id, brand_id, post_id, platform, publish_time, status, 0 FROM schedules;
INSERT INTO events (kind, schedule_id, brand_id, post_id, platform, publish_time, status, retry_count, occurred_at)
SELECT kind, schedule_id, brand_id, post_id, platform, publish_time, status, 0, now() - interval '90 days'
  FROM event_outbox;
SET session_replication_role = origin;
"""  # noqa: S608  # made of our own constants

IDS = [UUID(int=1_000_000 + nth) for nth in range(MANY)]
BARE_IDS = [UUID(int=2_000_000 + nth) for nth in range(BARE)]
IDS_OF_FEW = [UUID(int=100 + nth) for nth in range(FEW)]
PLATFORMS = ["TWITTER", "TIKTOK", "REDDIT"]
BUFFERS = """
SELECT sum(pg_stat_get_xact_blocks_fetched(oid))::bigint FROM pg_class
 WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'i')
"""
"""How many this session has read lately. EXPLAIN leaves out what the checks of foreign keys read."""
START = datetime(2027, 1, 1, tzinfo=UTC)
Case: TypeAlias = tuple[str, str, Sequence[object], int]
"""What is done, the statement, what it is given, and how many rows it is about."""


def an_array(values: Iterable[object]) -> str:
    return "{" + ",".join("NULL" if each is None else str(each) for each in values) + "}"


def many(*values: object, of: Sequence[UUID] = IDS) -> Sequence[str]:
    """The ids, and each value as often."""
    return [an_array(of), *(an_array([value] * len(of)) for value in values)]


def added(of: Sequence[UUID]) -> Sequence[str]:
    """What makes a schedule of each of these posts, one a minute."""
    values = dict.fromkeys(ADDED, "NULL") | {
        "brand_id": str(BIG_BRAND),
        "platform": "TWITTER",
        "status": "PENDING",
        "intent": "instant",
        "timezone": "UTC",
        "resolution": "exact",
        "tz_release": "2026f",
        **dict.fromkeys(["retry_count", "lost_leases"], "0"),
        **dict.fromkeys(["version", "max_retries"], "1"),
        **dict.fromkeys(["is_doubtful", "zone_is_default"], "f"),
        **dict.fromkeys(["created_at", "updated_at"], "2026-01-01"),
    }
    each = {name: [value] * len(of) for name, value in values.items()}
    each["schedule_id"] = each["post_id"] = [str(post_id) for post_id in of]
    each["publish_time"] = [(START + nth * timedelta(minutes=1)).isoformat() for nth in range(len(of))]
    return [an_array(each[name]) for name in ADDED]


def observed(of: Sequence[UUID]) -> Sequence[str]:
    """What tells one figure of each of these posts."""
    same = ["TWITTER", "views", "1", "2027-01-01", "f"]
    brand, *said = ([value] * len(of) for value in (BIG_BRAND, *same))
    return [an_array(each) for each in (brand, of, *said, of, ["NULL"] * len(of), ["NULL"] * len(of))]


def of_campaign(status: str) -> tuple[str, Sequence[object]]:
    conditions = [(schedules.OF_CAMPAIGN, BIG_CAMPAIGN), ("s.status = {}", status)]
    return select_page(SELECT, conditions, order="s.publish_time, s.schedule_id", limit=50)


def of_reach() -> tuple[str, Sequence[object]]:
    condition = within(Reach(brands=frozenset({BIG_BRAND})), "s.brand_id")
    return select_page(SELECT, [condition], order="s.publish_time, s.schedule_id", limit=50)


def cases() -> Iterable[Case]:
    hold, hold_on_brand = STATEMENTS[Hold.CAMPAIGN_PAUSED], STATEMENTS[Hold.BRAND_PAUSED]
    yield "zone renamed", derivations.RENAME_ZONE, [BIG_BRAND, "Asia/Kolkata", "{Asia/Calcutta}"], len(IDS)
    occupied = [BIG_BRAND, an_array(PLATFORMS), START, START + timedelta(days=30), "{}"]
    yield "lane looked at", lane_entries.OCCUPIED, occupied, len(IDS)
    yield "brand looked at", lane_entries.AHEAD, [BIG_BRAND], len(IDS)
    yield "observed posts found", observations.POSTS, [an_array(IDS)], len(IDS)
    yield "observations found", observations.FIND_ALL, [an_array([BIG_BRAND] * len(IDS)), an_array(IDS)], len(IDS)
    yield "observations saved", observations.SAVE, observed(IDS), len(IDS)
    for of, ids in ((BIG_CAMPAIGN, IDS), (CAMPAIGN_ID, IDS_OF_FEW), (BARE_CAMPAIGN, BARE_IDS)):
        rows = len(ids)
        listed, platforms = an_array(ids), an_array(PLATFORMS)
        yield "posts found", posts.FIND_ALL, [listed], rows
        yield "posts of a campaign", posts.LIST_OF_CAMPAIGN, [of, platforms], rows
        yield "posts of a campaign locked", posts.LOCK_OF_CAMPAIGN, [of, platforms], rows
        yield (
            "posts saved",
            posts.SAVE,
            many(BIG_BRAND, of, "new", "s3://new", "TWITTER", "2026-01-01", "2026-01-01", of=ids),
            rows,
        )
        yield "posts arranged", campaigns.ARRANGE, [an_array(reversed(ids)), "2026-01-01"], rows
        yield "those outside counted", derivations.COUNT_OUTSIDE, [an_array([of]), "{2026-01-01}", "{2026-01-02}"], rows
        yield "holds follow", bookings.FOLLOW_CAMPAIGNS, [listed], rows
        yield "facts of a campaign", campaigns.FACTS, [an_array([of]), "{COMPLETED}", "{COMPLETED,FAILED}"], rows * 3
        yield "standing of a campaign", schedules.STANDING_OF_CAMPAIGN, [of, platforms], rows
        yield "schedules found", schedules.FIND_ALL, [listed], rows
        yield "attempts", schedules.ATTEMPTS, [listed], rows
        yield "when they are due", schedules.DUE, [listed], rows
        yield "schedules locked", transitions.LOCK, [listed], rows
        yield "active of posts locked", transitions.LOCK_ACTIVE, [listed], rows
        yield "posts erased", erasures.ERASE_POSTS, [listed, "2026-01-01"], rows
        for what, erasing in zip(("schedules", "attempts"), erasures.OF_POSTS, strict=True):
            yield f"{what} erased", erasing, [listed], rows
        yield "pending of a campaign locked", transitions.LOCK_OF_CAMPAIGN, [of], rows
        yield "piece of a campaign", hold.piece, [of, 1, "false", "2020-01-01", NOBODY, 2000], rows
        yield "hold placed", hold.place, [of, 1, listed], rows
        yield "hold lifted", hold.lift, [of, 1, listed], rows
        yield "hold placed on a brand", hold_on_brand.place, [BIG_BRAND, 2, listed], rows
        yield "hold lifted from a brand", hold_on_brand.lift, [BIG_BRAND, 2, listed], rows
        pending = ScheduleFilter(campaign_id=of, status=ScheduleStatus.PENDING)
        yield "taken to be shifted", *derivations.locking(pending), rows
        yield "schedules told of", derivations.TELL, [listed], rows
        yield "posts that changed told", bookings.TELL_POST_CHANGED, [listed], rows
        steps = many(
            "CANCELLED",
            0,
            3,
            0,
            "f",
            0,
            "publish",
            "t",
            "t",
            "0s",
            "schedule.cancelled",
            None,
            None,
            None,
            None,
            None,
            of=ids,
        )
        notes = an_array([None] * len(ids))
        yield "steps recorded", transitions.RECORD, [*steps, "2026-01-01", notes, "{PENDING,UNCONFIRMED}"], rows
    yield "schedules added", bookings.ADD, added(BARE_IDS), BARE
    yield "events put in order", upkeep.SEQUENCE, [500], 500
    yield "schedules forgotten", upkeep.FORGET_SCHEDULES, ["30 days", 500, "{ACTIVE}"], 500
    yield "schedules kept for their campaign", upkeep.FORGET_SCHEDULES, ["30 days", 500, "{SCHEDULED}"], 500
    yield "published by forgotten ones", forgotten.PUBLISHED, [an_array(BARE_IDS)], BARE
    yield "plans forgotten", upkeep.FORGET_PREVIEWS, ["30 days", 500, "{ACTIVE}"], 500
    yield "events forgotten", upkeep.FORGET_EVENTS, ["30 days", 500], 500


def pages() -> Iterable[Case]:
    yield "page of a campaign", *of_campaign("PENDING"), MANY
    yield "page of those in reach", *of_reach(), 50


@pytest.fixture(scope="module", params=[NEVER, EMPTY, NEARLY_EMPTY, FULL])
async def analysed(request: pytest.FixtureRequest) -> AsyncGenerator[Connection]:
    async with new_database(f"unanalysed_{uuid4().hex}") as url:
        async with migrating(url) as migrator:
            await migrator.upgrade()
        connection = await asyncpg.connect(url, server_settings=BY_INDEX | {"jit": "off"}, statement_cache_size=0)
        try:
            tables = await connection.fetch(
                "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
            )
            for table in tables:
                await connection.execute(f"ALTER TABLE {table['relname']} SET (autovacuum_enabled = false)")
            if request.param == EMPTY:
                await connection.execute("ANALYZE")
            await connection.execute(PREPARE)
            if request.param == NEARLY_EMPTY:
                await connection.execute(FILL_A_LITTLE)
                await connection.execute("ANALYZE")
            await connection.execute(FILL)
            if request.param == FULL:
                await connection.execute("ANALYZE")
            yield connection
        finally:
            await connection.close()


def rows_in(node: dict[str, Any]) -> float:
    """How many rows it and those below it took in their hands, and kept or let go."""
    handled = sum(node.get(name, 0) for name in ("Actual Rows", *REMOVED)) * node["Actual Loops"]
    return handled + sum(map(rows_in, node.get("Plans", [])))


async def work_of(connection: Connection, sql: str, arguments: Sequence[object]) -> tuple[int, float]:
    """The buffers that it reads, with all that it sets off, and the rows that it handles."""
    transaction = connection.transaction()
    await transaction.start()
    try:
        await connection.execute(f"PREPARE measured AS {sql}")
        quoted = ", ".join("NULL" if each is None else f"'{each}'" for each in arguments)
        before = await connection.fetchval(BUFFERS)
        plan = await connection.fetchval(f"EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE measured({quoted})")
        buffers = await connection.fetchval(BUFFERS) - before
    finally:
        await transaction.rollback()
        await connection.execute("DEALLOCATE ALL")
    root: dict[str, Any] = json.loads(plan)[0]["Plan"]
    return buffers, rows_in(root)


async def check_work(connection: Connection, planned: str, cases: Iterable[Case]) -> None:
    await connection.execute(f"SET plan_cache_mode = {planned}; SET statement_timeout = '3s'")
    with telling_all_misses() as trying:
        for done, sql, arguments, rows in cases:
            with trying(done=done, rows=rows):
                buffers, handled = await work_of(connection, sql, arguments)

                assert buffers <= 300 + MOST_EACH * rows
                assert handled <= 300 + MOST_EACH * rows


@pytest.mark.parametrize("analysed", [NEVER, EMPTY, FULL], indirect=True)
async def test_a_page_reads_what_it_shows(analysed: Connection) -> None:
    """Comes first: afterwards there are rows that were rolled back."""
    await check_work(analysed, "force_custom_plan", pages())


@pytest.mark.parametrize("planned", ["force_generic_plan", "force_custom_plan"])
async def test_a_statement_over_many_rows_reads_what_it_is_about(analysed: Connection, planned: str) -> None:
    await check_work(analysed, planned, cases())
