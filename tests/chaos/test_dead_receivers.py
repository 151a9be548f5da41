"""A receiver that refuses and one that swallows everything: they delay nobody else, and cost no retries."""

import os
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from asyncpg import Record

from marketmind_scheduler.domain.post import Platform
from tests.builders import a_brand
from tests.chaos.deliveries import Script
from tests.chaos.dispatchers import by_webhook, dispatching
from tests.chaos.given import a_database, given_posts
from tests.chaos.people import clock
from tests.receivers import BLACK_HOLE, Answer, always, receiving
from tests.standing import AS_THEY_STAND
from tests.system.servers import OwnServer, Sql, connected, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

IS_LONG = os.environ.get("CHAOS") == "long"
POSTS = 60
DISPATCHERS = 2
SENDS_AT_ONCE = 20
MOST_LATE = timedelta(seconds=2)
OF_BRAND = f"SELECT status, retry_count FROM {AS_THEY_STAND} s WHERE brand_id = $1"  # noqa: S608  # the text is ours
NOT_PUT_OFF = """
SELECT count(*) FROM queue
 WHERE brand_id = ANY($1) AND (status = 'PUBLISHING' OR (status = 'PENDING' AND not_before IS NULL))
"""
MOST_PUT_OFF = POSTS // 4
"""By dispatchers that tried whether the receiver is there again."""
IN_FLIGHT = "SELECT count(*) FROM queue WHERE status = 'PUBLISHING' OR (brand_id = $1 AND status = 'PENDING')"


async def of(sql: Sql, brand_id: UUID) -> Sequence[Record]:
    return await sql.fetch(OF_BRAND, brand_id)


async def test_dead_receivers_delay_nobody_else_and_cost_no_retries(server: OwnServer) -> None:
    url = await a_database(server)
    well, dead, black_hole = uuid4(), uuid4(), uuid4()
    script = Script()
    async with AsyncExitStack() as opened:
        receivers = {
            well: await opened.enter_async_context(receiving(script.decide)),
            dead: await opened.enter_async_context(receiving()),
            black_hole: await opened.enter_async_context(receiving(always(BLACK_HOLE))),
        }
        await receivers[dead].close()
        settings = opened.enter_context(by_webhook(receivers)) | {"DATABASE_URL": url}
        dispatchers = await opened.enter_async_context(dispatching([settings] * DISPATCHERS))
        sql = await opened.enter_async_context(connected(url))
        await dispatchers.until_dispatching()
        times = [clock() + timedelta(seconds=0.5 + nth * 0.05) for nth in range(POSTS)]

        for brand_id in receivers:
            await given_posts(url, a_brand(brand_id=brand_id), Platform.TWITTER, times)

        async def are_known() -> bool:
            """Whether nothing is in flight, and all is out that can be."""
            return clock() > times[-1] and not await sql.fetchval(IN_FLIGHT, well)

        await until(are_known, seconds=20)
        assert {row["status"] for row in await of(sql, well)} == {"COMPLETED"}
        assert max(delivery.at - delivery.publish_time for delivery in script.deliveries) < MOST_LATE
        assert {(row["status"], row["retry_count"]) for row in await of(sql, dead)} == {("PENDING", 0)}
        swallowed = Counter((row["status"], row["retry_count"]) for row in await of(sql, black_hole))
        assert swallowed.keys() == {("PENDING", 0), ("UNCONFIRMED", 0)}
        assert swallowed["UNCONFIRMED", 0] == len(receivers[black_hole].received) <= DISPATCHERS * SENDS_AT_ONCE

        if IS_LONG:
            await receivers[dead].listen()
            receivers[black_hole].decide = always(Answer())

            async def is_out_what_was_not_put_off() -> bool:
                """What was put off by a pace or more goes out at the pace of its lane, and all else at once."""
                return not await sql.fetchval(NOT_PUT_OFF, [dead, black_hole])

            await until(is_out_what_was_not_put_off, seconds=120)
            for brand_id in (dead, black_hole):
                received = receivers[brand_id].received
                assert len({each.key for each in received}) == len(received)
            left = Counter(row["status"] for row in await of(sql, dead))
            assert left.keys() <= {"COMPLETED", "PENDING"}
            assert left["PENDING"] <= MOST_PUT_OFF
