"""What a statement reads follows the rows that it is about, also where all there is belongs to one campaign: whatever
the planner was told of one table, and not of another, and whenever it made its plan."""

from collections.abc import Mapping
from contextlib import suppress
from enum import StrEnum
from itertools import product

import pytest

from marketmind_scheduler.adapters.postgres.repositories.lane_entries import OCCUPIED
from marketmind_scheduler.domain.errors import NotFound
from tests.loops import telling_all_misses
from tests.postgres.catalogue import World, changes_of_a_campaign, dispatch, of_a_campaign, reads, writes
from tests.postgres.full import Connection, connected, empty_database
from tests.postgres.measured import measuring
from tests.postgres.test_cost import FIRST, OFTEN, is_too_much

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

BEGIN = """
INSERT INTO brands (brand_id, brand_name, brand_default_timezone, tone_profile, created_at, updated_at)
VALUES (id(9001), '', 'UTC', '', now(), now()), (id(9002), '', 'UTC', '', now(), now());
SELECT fill_brand(5);
SELECT fill_posts(9004, 9002, 13000000, 10); SELECT fill_posts(9005, 9002, 14000000, 10);
SELECT fill_schedules(9002, 13000000, 10, now() + interval '1 day', 'PENDING');
"""
GO_ON = """
INSERT INTO posts (post_id, brand_id, campaign_id, title, s3_url, platform, created_at, updated_at)
SELECT id(first + n), id(9002), id(campaign), 'title of ' || n, 's3://bucket/key',
       (ARRAY['TWITTER', 'TIKTOK', 'REDDIT'])[1 + (first + n) % 3], now(), now()
  FROM (VALUES (9004, 13000000), (9005, 14000000)) of_campaign(campaign, first), generate_series(10, 1499) n;
SELECT fill_schedules(9002, 13000010, 1490, now() + interval '1 day' + 10 * interval '37 minutes', 'PENDING');
"""
CASES = [*reads(), *writes(), *dispatch(), *of_a_campaign(), *changes_of_a_campaign()]


class Told(StrEnum):
    """When the planner was last told of a table."""

    NEVER = "never"
    EMPTY = "while it was empty"
    FULL = "now"


TELL = {
    Told.NEVER: "UPDATE pg_class SET relpages = 0, reltuples = -1 WHERE oid = '{}'::regclass",
    Told.EMPTY: "UPDATE pg_class SET relpages = 0, reltuples = 0 WHERE oid = '{}'::regclass",
    Told.FULL: "ANALYZE {}",
}
FORGET = """
DELETE FROM pg_statistic WHERE starelid = '{0}'::regclass;
UPDATE pg_class SET relpages = 1, reltuples = 0
 WHERE oid IN (SELECT indexrelid FROM pg_index WHERE indrelid = '{0}'::regclass);
"""
TOGETHER = {"posts": ["posts"], "schedules": ["schedules"], "others": ["brands", "campaigns", "events", "queue"]}


async def tell(connection: Connection, told: Mapping[str, Told]) -> None:
    """What was rolled back before is swept away first: it stays in the way of whoever reads."""
    await connection.execute(f"VACUUM {', '.join(name for names in TOGETHER.values() for name in names)}")
    for names, when in told.items():
        for name in TOGETHER[names]:
            await connection.execute(f"{FORGET.format(name)}; {TELL[when].format(name)}")


async def check(connection: Connection, **state: object) -> None:
    with telling_all_misses() as trying:
        for case in CASES:
            with trying(done=case.done, **state):
                async with measuring(connection) as measured:
                    with suppress(NotFound):
                        await case.call(World(measured))

                assert [str(each) for each in measured.seen if is_too_much(each, case.rows)] == []


async def plan_all(connection: Connection) -> None:
    """What finds less than it looks for is planned all the same."""
    for case in CASES:
        async with measuring(connection) as measured:
            with suppress(NotFound, KeyError):
                await case.call(World(measured))


@pytest.mark.parametrize("is_analysed", [False, True])
async def test_whatever_was_planned_while_there_was_next_to_nothing(*, is_analysed: bool) -> None:
    """A plan that a connection keeps is made anew only once a table is analysed."""
    async with empty_database() as url:
        connection = await connected(url, statements=1000)
        try:
            await connection.execute(f"SET session_replication_role = replica; SET plan_cache_mode = {OFTEN}")
            await connection.execute(BEGIN)
            if is_analysed:
                await connection.execute("ANALYZE")
            await plan_all(connection)
            await connection.execute(GO_ON)

            await check(connection)
        finally:
            await connection.close()


async def test_whatever_the_planner_was_told_of_which_table() -> None:
    async with empty_database() as url:
        connection = await connected(url)
        try:
            await connection.execute("SET session_replication_role = replica")
            await connection.execute(BEGIN)
            await connection.execute(GO_ON)
            for nth, (posts, schedules) in enumerate(product(Told, repeat=2)):
                told = {"posts": posts, "schedules": schedules, "others": list(Told)[nth % len(Told)]}
                planned = FIRST if nth % 2 else OFTEN
                await tell(connection, told)
                await connection.execute(f"SET plan_cache_mode = {planned}")
                await check(connection, told=told, planned=planned)
        finally:
            await connection.close()


async def test_what_stands_besides_many_is_told_by_a_hash_and_not_by_looking_at_all_of_them_each_time() -> None:
    async with empty_database() as url:
        connection = await connected(url)
        try:
            await connection.execute(f"SET plan_cache_mode = {OFTEN}; PREPARE occupied AS {OCCUPIED}")
            plan = str(await connection.fetch("EXPLAIN EXECUTE occupied(NULL, '{}', now(), now(), '{}')"))
        finally:
            await connection.close()

    assert plan.count("hashed SubPlan") == 2
    assert "ALL ($" not in plan
