"""Whether a database takes writes, asked of itself."""

import pytest

from marketmind_scheduler.adapters.postgres.pool import open_pool
from marketmind_scheduler.adapters.postgres.schema.readiness import PostgresReadiness
from tests.databases import new_database


@pytest.mark.parametrize(("setting", "takes_writes"), [("off", True), ("on", False)])
async def test_a_read_only_database_takes_no_writes(worker_id: str, setting: str, *, takes_writes: bool) -> None:
    name = f"test_readiness_{worker_id}"
    async with new_database(name) as url:
        async with open_pool(url, size=1) as pool:
            await pool.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = {setting}')
        async with open_pool(url, size=1) as pool:
            assert await PostgresReadiness(pool).takes_writes() is takes_writes


async def test_many_who_ask_cost_one_write_in_five_seconds(worker_id: str) -> None:
    seconds = 100.0
    async with new_database(f"test_readiness_{worker_id}") as url:
        written: list[str] = []
        async with open_pool(url, size=1, on_query=lambda text, _seconds, _failed: written.append(text)) as pool:
            readiness = PostgresReadiness(pool, monotonic=lambda: seconds)
            for _ in range(10):
                await readiness.takes_writes()
            once = len(written)
            seconds += 6
            await readiness.takes_writes()

    assert (once, len(written)) == (1, 2)
