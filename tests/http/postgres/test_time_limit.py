"""Of a request that is given up because it takes too long, nothing is half done."""

import httpx2
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from marketmind_scheduler.adapters.postgres.pool import Pool
from marketmind_scheduler.application.use_cases import UseCases
from tests.http.postgres.given import stored
from tests.http.steps import a_brand, a_post_body, calling, observed, problem

LOCK = "LOCK TABLE posts IN SHARE MODE"


async def test_a_request_that_waits_too_long_for_a_lock_stores_nothing_and_takes_no_connection_with_it(
    use_cases: UseCases, client: httpx2.AsyncClient, tables: AsyncEngine, pool: Pool
) -> None:
    brand_id = await a_brand(client)
    content = a_post_body()
    post_id = content.pop("post_id")
    async with calling(observed(use_cases, seconds=0.3)) as hurried, tables.connect() as locking:
        await locking.execution_options(isolation_level="READ COMMITTED")
        await locking.execute(text(LOCK))

        answer = await hurried.put(f"/posts/{post_id}", json={"brand_id": brand_id, **content})

        await locking.rollback()

    problem(answer, 503, "overloaded")
    assert not (await stored(tables))["posts"]
    assert pool.get_idle_size() == pool.get_size()
