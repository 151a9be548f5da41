"""Very many posts due at one instant, and the morning after six hours of downtime."""

import asyncio
import os
from datetime import timedelta
from uuid import uuid4

import pytest

from marketmind_scheduler.domain.brand import OnLate
from marketmind_scheduler.domain.post import Platform
from tests.builders import a_brand
from tests.chaos.dispatchers import dispatching
from tests.chaos.figures import Figures
from tests.chaos.given import a_database, given_posts
from tests.chaos.people import clock
from tests.chaos.world import end_in_order
from tests.standing import AS_THEY_STAND
from tests.system.servers import OwnServer, Sql, connected, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

AT_ONCE = 100_000 if os.environ.get("CHAOS") == "long" else 5_000
MOST_BYTES = 128_000_000
DOWNTIME = timedelta(hours=6)
IN_A_LANE = 20
PACES = {Platform.TWITTER: timedelta(seconds=30), Platform.REDDIT: timedelta(minutes=10)}

STATUSES = f"SELECT DISTINCT status FROM {AS_THEY_STAND} s"  # noqa: S608  # the text is ours
OF_BRAND = f"SELECT DISTINCT status FROM {AS_THEY_STAND} s WHERE brand_id = $1"  # noqa: S608  # the text is ours
BY_VERDICT = "SELECT verdict, count(*), count(DISTINCT schedule_id) FROM attempts GROUP BY verdict"
COMPLETED = "SELECT count(*), count(DISTINCT schedule_id) FROM events WHERE kind = 'schedule.completed'"
SENT = "SELECT brand_id, platform, publish_time FROM schedules WHERE status = 'COMPLETED' AND brand_id = ANY($1)"
APART = """
SELECT DISTINCT platform, due_at - lag(due_at) OVER (PARTITION BY brand_id, platform ORDER BY publish_time) AS apart
  FROM queue WHERE status = 'PENDING'
"""


async def statuses(sql: Sql, query: str, *parameters: object) -> set[str]:
    return {row["status"] for row in await sql.fetch(query, *parameters)}


async def test_very_many_posts_due_at_one_instant_all_go_out_once_in_bounded_memory(
    server: OwnServer, figures: Figures
) -> None:
    url = await a_database(server)
    settings = {"DATABASE_URL": url, "SCHEDULER_LOG_LEVEL": "warning"}
    async with dispatching([settings] * 2) as dispatchers, connected(url) as sql:
        due_at = clock() + timedelta(seconds=1.5 + AT_ONCE / 6000)
        await given_posts(url, a_brand(), Platform.TWITTER, [due_at] * AT_ONCE)
        most = 0

        while await statuses(sql, STATUSES) != {"COMPLETED"}:
            most = max(most, *(each.memory() for each in dispatchers.running))
            await asyncio.sleep(0.1)
        seconds = (clock() - due_at).total_seconds()
        await end_in_order(sql, dispatchers)

        assert [tuple(row) for row in await sql.fetch(BY_VERDICT)] == [("accepted", AT_ONCE, AT_ONCE)]
        assert [tuple(row) for row in await sql.fetch(COMPLETED)] == [(AT_ONCE, AT_ONCE)]
    assert most < MOST_BYTES
    figures.notes.append(
        f"{AT_ONCE:,} due at one instant, dry run: out after {seconds:.1f} s, "
        f"a dispatcher takes {most / 1e6:.0f} MB at most"
    )


async def test_after_downtime_each_brand_goes_on_at_a_pace_on_each_platform_and_what_it_skips_is_missed(
    server: OwnServer,
) -> None:
    url = await a_database(server)
    lanes = [(uuid4(), platform) for platform in PACES for _ in range(2)]
    patient = [brand_id for brand_id, _ in lanes]
    hurried, fresh = uuid4(), uuid4()
    now = clock()
    overdue = [now - DOWNTIME + timedelta(minutes=nth) for nth in range(IN_A_LANE)]
    for brand_id, platform in lanes:
        up_to_now = [*overdue, now - timedelta(minutes=3), now - timedelta(minutes=1), now]
        await given_posts(url, a_brand(brand_id=brand_id), platform, up_to_now)
    skipping = a_brand(brand_id=hurried, on_late=OnLate.SKIP, max_lateness=DOWNTIME / 2)
    await given_posts(url, skipping, Platform.TWITTER, overdue)
    await given_posts(url, a_brand(brand_id=fresh), Platform.TWITTER, [now] * IN_A_LANE)

    async with dispatching([{"DATABASE_URL": url}] * 4), connected(url) as sql:

        async def are_all_under_way() -> bool:
            return (
                len(await sql.fetch(SENT, patient)) >= len(lanes)
                and await statuses(sql, OF_BRAND, hurried) == {"MISSED"}
                and await statuses(sql, OF_BRAND, fresh) == {"COMPLETED"}
            )

        await until(are_all_under_way, seconds=25)
        sent, apart = await sql.fetch(SENT, patient), await sql.fetch(APART)

    assert sorted(map(tuple, sent)) == sorted((brand_id, platform, overdue[0]) for brand_id, platform in lanes)
    assert {(Platform(platform), gap) for platform, gap in apart if gap is not None} == set(PACES.items())
