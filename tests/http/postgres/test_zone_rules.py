"""Every way to make or to move a schedule by a wall time says with which zone rules, in its own transaction."""

from dataclasses import replace

import httpx2

from marketmind_scheduler.adapters.postgres.pool import Pool
from marketmind_scheduler.adapters.system_clock import SystemClock
from marketmind_scheduler.domain.zones import ZoneCatalog
from tests.http.postgres.doors import DOORS, Door
from tests.http.postgres.given import over
from tests.http.steps import calling, observed
from tests.loops import on_each

NEWER = "2999a"
NEWEST = "SELECT max(tz_release) FROM tz_releases"
BY_NEWER_RULES = "SELECT count(*) FROM schedules WHERE tz_release = $1 AND local_time IS NOT NULL"


@on_each("door", DOORS.values())
async def test_no_wall_time_stands_by_rules_that_nobody_was_told_of(
    caller: httpx2.AsyncClient, pool: Pool, zones: ZoneCatalog, door: Door
) -> None:
    way = await door.prepared(caller)
    newer = over(pool, replace(zones, release=NEWER), SystemClock())

    async with calling(observed(newer)) as calls:
        answer = await way.taken(calls)

    assert answer.is_success, answer.text
    stands_by_them = await pool.fetchval(BY_NEWER_RULES, NEWER) > 0
    assert (await pool.fetchval(NEWEST) == NEWER) == stands_by_them
