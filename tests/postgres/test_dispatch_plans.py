"""What a statement of dispatch reads does not grow with what it does not want."""

import json
import logging
from collections.abc import AsyncGenerator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeAlias
from uuid import UUID, uuid4

import asyncpg
import pytest

from marketmind_scheduler.adapters.postgres.dispatch.event_order import ANY_TO_COME, TO_COME
from marketmind_scheduler.adapters.postgres.dispatch.holds import AT_ONCE, STATEMENTS
from marketmind_scheduler.adapters.postgres.dispatch.looks import EVER
from marketmind_scheduler.adapters.postgres.dispatch.queue import CLAIM, NEXT_DUE_IN, SETTLE
from marketmind_scheduler.adapters.postgres.dispatch.upkeep import (
    BUSY_LANES,
    HOLD_LANES,
    LANES_DUE,
    LANES_HELD,
    RELEASE_LANES,
)
from marketmind_scheduler.adapters.postgres.pool import BY_INDEX, PLAN_ONCE
from marketmind_scheduler.adapters.postgres.repositories.lanes import LOCK_LANES
from marketmind_scheduler.adapters.postgres.repositories.schedule_rows import HOLDS
from marketmind_scheduler.adapters.postgres.repositories.transitions import EXPIRED, LATE
from marketmind_scheduler.adapters.postgres.schema.migrations import migrating
from marketmind_scheduler.domain.schedule import Hold
from tests.databases import new_database
from tests.postgres.given import LONG_AGO

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

log = logging.getLogger(__name__)

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
Node: TypeAlias = dict[str, Any]

DUE, AHEAD, PARKED = 50_000, 100_000, 30_000
BRAND_ID, CAMPAIGN_ID, OWNER = (UUID(int=number) for number in (1, 2, 3))
ALL = DUE + AHEAD + PARKED
POSTS_OF_CAMPAIGN = ALL // 100
PLATFORMS = ["TWITTER", "TIKTOK", "REDDIT"]
LEASE = timedelta(seconds=30)
ROOM = 50
MOST_EACH = 60  # buffers for a row, most of them to put its new version into the indexes
OF_BRAND_AND_CAMPAIGN = {
    "pk_brands",
    "pk_campaigns",
    "uq_campaigns_brand_id_campaign_id",
    "ix_campaigns_of_brand",
}
"""By which the brand and the campaign of a schedule are looked up, where it is shown with what they say."""
ROUNDS, ROUND_ROOM = 20, 100

# Foreign keys are switched off: checking half a million of them would take longer than all the rest.
FILL = f"""
SET session_replication_role = replica;
INSERT INTO brands (brand_id, brand_name, brand_default_timezone, tone_profile, created_at, updated_at)
SELECT lpad(to_hex(number), 32, '0')::uuid, '', 'UTC', '', now(), now() FROM generate_series(1, 10) number;
INSERT INTO campaigns (campaign_id, brand_id, name, goal, start_date, end_date, status, created_at, updated_at)
VALUES ('{CAMPAIGN_ID}', '{BRAND_ID}', '', '', '2026-01-01', '2026-12-31', 'SCHEDULED', now(), now());
INSERT INTO events (kind, schedule_id, brand_id, post_id, platform, publish_time, status, retry_count)
SELECT 'schedule.scheduled', '{OWNER}', '{BRAND_ID}', '{OWNER}', 'TWITTER', now(), 'PENDING', 0
  FROM generate_series(1, 20000);
CREATE FUNCTION fill(first int, last int, starts timestamptz, step interval, parked int) RETURNS void LANGUAGE sql AS $$
  INSERT INTO posts (post_id, brand_id, campaign_id, title, s3_url, platform, created_at, updated_at)
  SELECT lpad(to_hex(number), 32, '0')::uuid, lpad(to_hex(1 + number % 10), 32, '0')::uuid,
         CASE WHEN number % 100 = 0 THEN '{CAMPAIGN_ID}'::uuid END, 'title', 's3://bucket/key',
         (ARRAY['TWITTER', 'TIKTOK', 'REDDIT'])[1 + number % 3], now(), now()
    FROM generate_series(first, last) number;
  INSERT INTO schedules (schedule_id, post_id, brand_id, platform, publish_time, status, retry_count, intent, timezone,
                         resolution, tz_release, version, created_at, updated_at, on_late, latest_at)
  SELECT post_id, post_id, brand_id, platform, at, 'PENDING', 0, 'instant', 'UTC', 'exact', '2026f', 1, now(), now(),
         CASE WHEN is_limited THEN 'skip' ELSE 'publish' END, CASE WHEN is_limited THEN at + interval '50 minutes' END
    FROM posts,
         LATERAL (SELECT ('x' || right(post_id::text, 8))::bit(32)::int AS number) n,
         LATERAL (SELECT starts + (number - first) * step AS at, number % 20 = 0 AS is_limited) t
   WHERE number BETWEEN first AND last;
  INSERT INTO queue (post_id, schedule_id, brand_id, platform, publish_time, due_at, parked, on_late, latest_at)
  SELECT post_id, schedule_id, brand_id, platform, publish_time, CASE WHEN fill.parked = 0 THEN publish_time END,
         fill.parked, on_late, latest_at
    FROM schedules WHERE publish_time BETWEEN starts AND starts + (last - first) * step;
$$;
"""  # noqa: S608  # made of our own constants
OF_LANES = {"ix_queue_due_of_brand"}
"""Looked at only where a brand is wanted."""
BESIDE = "ix_schedules_brand_id_publish_time_schedule_id"
"""What goes out at the same instant is looked up by the brand as well, unless there is only one."""
BACKLOGS = {
    "due": f"SELECT fill(1, {DUE}, now() - interval '1 hour', interval '30 ms', 0)",
    "ahead": f"SELECT fill({DUE + 1}, {DUE + AHEAD}, now() + interval '1 hour', interval '12 s', 0)",
    "parked": f"SELECT fill({DUE + AHEAD + 1}, {ALL}, now() - interval '2 hours', interval '30 ms', 2)",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    nodes: Sequence[Node]
    buffers: int

    @property
    def indexes(self) -> set[str]:
        return {str(node["Index Name"]) for node in self.nodes if "Index Name" in node}

    @property
    def read_from_end_to_end(self) -> set[str]:
        return {str(node["Relation Name"]) for node in self.nodes if node["Node Type"] == "Seq Scan"}

    @property
    def most_sorted(self) -> int:
        return max((round(node["Actual Rows"]) for node in self.nodes if "Sort" in node["Node Type"]), default=0)


def nodes_of(node: Node) -> Iterator[Node]:
    yield node
    for child in node.get("Plans", []):
        yield from nodes_of(child)


async def plan_of(connection: Connection, statement: str, *arguments: object) -> Plan:
    """How PostgreSQL carries the statement out when it plans without knowing the arguments."""
    await connection.execute(f"PREPARE measured AS {statement}")
    given = ", ".join("NULL" if each is None else f"'{each}'" for each in arguments)
    execute = f"EXECUTE measured({given})" if arguments else "EXECUTE measured"
    try:
        explained = await connection.fetchval(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {execute}")
    finally:
        await connection.execute("DEALLOCATE measured")
    [root] = (each["Plan"] for each in json.loads(explained))
    return Plan(nodes=list(nodes_of(root)), buffers=root["Shared Hit Blocks"] + root["Shared Read Blocks"])


def an_array(values: Iterable[object]) -> str:
    return "{" + ",".join(map(str, values)) + "}"


@asynccontextmanager
async def undone(connection: Connection) -> AsyncGenerator[None]:
    transaction = connection.transaction()
    await transaction.start()
    try:
        yield
    finally:
        await transaction.rollback()


async def claimed(connection: Connection, *, each: int = ROOM) -> Sequence[UUID]:
    """Claim so many of each platform, and return their ids in order."""
    of_each = [PLATFORMS, [each] * 3, [None] * 3, [timedelta()] * 3, [EVER] * 3, [None] * 3]
    no_brands: list[object] = []
    rows = await connection.fetch(CLAIM, *of_each, no_brands, no_brands, OWNER, OWNER, LEASE, None, None)
    return sorted(row["schedule_id"] for row in rows)


async def claim_plan(connection: Connection, *, ago: str = "100000 days") -> Plan:
    async with undone(connection):
        lanes = an_array(["NULL"] * 3), an_array(["0"] * 3), an_array([ago] * 3), an_array(["NULL"] * 3), "{}", "{}"
        wanted = an_array(PLATFORMS), an_array([ROOM] * 3), *lanes
        return await plan_of(connection, CLAIM, *wanted, OWNER, OWNER, LEASE, None, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """A database with a backlog of each kind, and what a claim read while they were added."""

    url: str
    connection: Connection
    of_claim: Mapping[str, int]


@pytest.fixture(scope="module")
async def filled() -> AsyncGenerator[Filled]:
    async with new_database(f"plans_{uuid4().hex}") as url:
        async with migrating(url) as migrator:
            await migrator.upgrade()
        connection = await asyncpg.connect(url, server_settings=BY_INDEX | PLAN_ONCE | {"jit": "off"})
        try:
            await connection.execute(FILL)
            of_claim: dict[str, int] = {}
            for kind, statement in BACKLOGS.items():
                await connection.execute(statement)
                await connection.execute("ANALYZE")
                await claim_plan(connection)  # afterwards the pages have seen what a claim leaves behind
                of_claim[kind] = (await claim_plan(connection)).buffers
            yield Filled(url=url, connection=connection, of_claim=of_claim)
        finally:
            await connection.close()


def check(plan: Plan, *, indexes: set[str], most_sorted: int = 0, most_buffers: int) -> None:
    assert plan.indexes - OF_BRAND_AND_CAMPAIGN == indexes
    assert plan.read_from_end_to_end == set()
    assert plan.most_sorted <= most_sorted
    assert plan.buffers <= most_buffers


async def test_a_claim_reads_as_much_whatever_lies_ahead_or_is_paused(filled: Filled) -> None:
    log.info("a claim of %d reads %s", 3 * ROOM, filled.of_claim)

    assert filled.of_claim["ahead"] <= filled.of_claim["due"] * 1.2
    assert filled.of_claim["parked"] <= filled.of_claim["due"] * 1.2


async def test_a_claim_finds_what_is_due_by_its_index(filled: Filled) -> None:
    plan = await claim_plan(filled.connection)

    check(
        plan,
        indexes={"ix_queue_due", "pk_posts", *OF_LANES},
        most_sorted=3 * ROOM,
        most_buffers=3 * ROOM * MOST_EACH,
    )


async def test_a_send_is_settled_by_its_id(filled: Filled) -> None:
    async with undone(filled.connection):
        ids = await claimed(filled.connection)
        of_all = [an_array(ids), an_array([1] * len(ids))]

        settle = await plan_of(
            filled.connection,
            SETTLE,
            *of_all,
            *(
                an_array([each] * len(ids))
                for each in ("PENDING", "schedule.retrying", 1, "f", "f", "30s", "deferred", "NULL", "NULL")
            ),
            OWNER,
            "dispatcher",
            an_array(["f"] * len(ids)),
            "{PENDING,PUBLISHING,UNCONFIRMED}",
        )

    check(settle, indexes={"pk_queue", "pk_schedules", "pk_posts"}, most_buffers=len(ids) * MOST_EACH)


async def test_leases_that_ran_out_are_found_by_their_index(filled: Filled) -> None:
    async with undone(filled.connection):
        await claimed(filled.connection)
        await filled.connection.execute("UPDATE queue SET lease_expires_at = now() WHERE status = 'PUBLISHING'")

        plan = await plan_of(filled.connection, EXPIRED, ROOM)

    check(plan, indexes={"ix_queue_lease"}, most_buffers=ROOM * MOST_EACH)


async def test_what_is_too_late_is_found_by_its_index(filled: Filled) -> None:
    async with undone(filled.connection):
        plan = await plan_of(filled.connection, LATE, ROOM)

    late = {"ix_queue_latest", "ix_queue_no_receiver_latest", "ix_queue_doubtful"}
    check(plan, indexes=late, most_sorted=2 * ROOM, most_buffers=ROOM * MOST_EACH)


async def test_lanes_without_a_receiver_are_found_held_and_released_by_their_indexes(filled: Filled) -> None:
    lane = an_array([BRAND_ID]), "{TWITTER}"
    async with undone(filled.connection):
        due = await plan_of(filled.connection, LANES_DUE, an_array(PLATFORMS), "5 s", "30 s", ROOM)
        hold = await plan_of(filled.connection, HOLD_LANES, *lane, an_array(["nobody"]), "5 s", ROOM)
        held = await plan_of(filled.connection, LANES_HELD, an_array(PLATFORMS))
        release = await plan_of(filled.connection, RELEASE_LANES, *lane, ROOM)

    check(due, indexes={"ix_queue_due"}, most_sorted=3 * ROOM, most_buffers=3 * ROOM * MOST_EACH)
    check(
        hold,
        indexes={"ix_queue_lane", "pk_queue", "pk_schedules", "pk_posts"},
        most_sorted=ROOM,
        most_buffers=ROOM * MOST_EACH,
    )
    check(held, indexes={"ix_queue_no_receiver"}, most_sorted=ROOM, most_buffers=ROOM * MOST_EACH)
    check(
        release,
        indexes={"ix_queue_no_receiver", "pk_queue", "pk_schedules", "pk_posts"},
        most_sorted=ROOM,
        most_buffers=ROOM * MOST_EACH,
    )


async def test_what_is_due_next_is_the_first_of_each_platform(filled: Filled) -> None:
    lanes = an_array(["NULL"] * 3), an_array(["0"] * 3), an_array(["100000 days"] * 3), an_array(["NULL"] * 3)
    plan = await plan_of(filled.connection, NEXT_DUE_IN, an_array(PLATFORMS), *lanes, "{}", "{}", None)

    check(plan, indexes={"ix_queue_due", *OF_LANES}, most_buffers=50)


async def test_what_is_to_be_read_next_is_found_behind_what_may_be_read(filled: Filled) -> None:
    any_to_come = await plan_of(filled.connection, ANY_TO_COME)
    to_come = await plan_of(filled.connection, TO_COME, 20_000, ROOM)

    check(any_to_come, indexes={"pk_events", "uq_histories_mark"}, most_buffers=30)
    check(to_come, indexes={"pk_events"}, most_buffers=ROOM)


async def test_lanes_are_looked_through_by_what_is_due_soon_and_by_what_waits_first(filled: Filled) -> None:
    lanes = await filled.connection.fetchval("SELECT count(*) FROM (SELECT DISTINCT brand_id, platform FROM posts) l")
    async with undone(filled.connection):
        busy = await plan_of(filled.connection, BUSY_LANES, an_array(PLATFORMS), "5 min", "2 s", "30 s")
        lock = await plan_of(filled.connection, LOCK_LANES, an_array([BRAND_ID]), "{TWITTER}", "2 s", "{COMPLETED}")

    check(busy, indexes={"ix_queue_due", "ix_queue_lane"}, most_sorted=DUE, most_buffers=DUE)
    assert busy.nodes[0]["Actual Rows"] == lanes
    check(
        lock,
        indexes={"ix_queue_lane", "ix_schedules_of_brand", "pk_queue"},
        most_sorted=DUE,
        most_buffers=DUE,
    )


@pytest.mark.parametrize(
    ("hold", "of", "found_by"),
    [
        (Hold.BRAND_PAUSED, BRAND_ID, {BESIDE, "pk_queue"}),
        (Hold.CAMPAIGN_PAUSED, CAMPAIGN_ID, {"ix_posts_of_campaign", "pk_queue"}),
    ],
)
async def test_a_pause_and_a_resumption_read_little_more_than_their_piece(
    filled: Filled, hold: Hold, of: UUID, found_by: set[str]
) -> None:
    connection, theirs = filled.connection, STATEMENTS[hold]
    from_the_start = [LONG_AGO, UUID(int=0), AT_ONCE]
    async with undone(connection):
        find = await plan_of(connection, theirs.piece, of, HOLDS[hold], "false", *from_the_start)
        is_held = False
        piece = await connection.fetch(theirs.piece, of, HOLDS[hold], is_held, *from_the_start)
        ids = an_array(row["schedule_id"] for row in piece)
        place = await plan_of(connection, theirs.place, of, HOLDS[hold], ids)
        find_again = await plan_of(connection, theirs.piece, of, HOLDS[hold], "true", *from_the_start)
        lift = await plan_of(connection, theirs.lift, of, HOLDS[hold], ids)

    for each in (find, find_again):
        check(each, indexes=found_by, most_sorted=POSTS_OF_CAMPAIGN, most_buffers=AT_ONCE * 12)
    for each in (place, lift):
        check(
            each,
            indexes={"pk_queue", "pk_schedules", "pk_posts"},
            most_sorted=AT_ONCE,
            most_buffers=AT_ONCE * MOST_EACH,
        )


async def test_while_nothing_can_be_vacuumed_a_claim_passes_over_what_was_claimed_before_and_reads_no_more(
    filled: Filled,
) -> None:
    """An old snapshot, such as that of a backup, keeps each dead version in the index of what is due."""
    url = filled.url
    pinning = await asyncpg.connect(url)
    try:
        await pinning.execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM brands")
        first = await claim_plan(filled.connection)
        for _ in range(ROUNDS):
            await claimed(filled.connection, each=ROUND_ROOM)
        last = await claim_plan(filled.connection)
    finally:
        await pinning.close()

    behind = await claim_plan(filled.connection, ago="30 minutes")
    assert behind.buffers <= first.buffers * 1.2

    passed_over = ROUNDS * ROUND_ROOM * len(PLATFORMS)
    log.info("a claim of %d reads %d, after %d others %d", 3 * ROOM, first.buffers, passed_over, last.buffers)
    assert last.buffers <= first.buffers + passed_over
