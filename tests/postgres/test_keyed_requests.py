"""What a request with a key holds of the database, and what becomes of it where a part of it fails."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from marketmind_scheduler.adapters.postgres.pool import Pool, open_pool
from marketmind_scheduler.adapters.postgres.requests.idempotency import PostgresIdempotency
from marketmind_scheduler.adapters.postgres.storage import PostgresStorage
from marketmind_scheduler.domain.errors import RequestBrokenOff, RequestInProgress, StorageUnavailable
from marketmind_scheduler.ports.idempotency import Answer, RequestKey
from marketmind_scheduler.ports.storage import Storage
from tests.builders import a_brand

KEY = RequestKey(identity=b"k" * 32, fingerprint=b"f" * 32)
ANSWER = Answer(status=200, headers=[], body=b"{}")
DAY = timedelta(days=1)
LOOK_AT = "`GET /events` tells"
MOST_SECONDS = 5


@pytest.fixture
async def only(database_url: str, tables: AsyncEngine) -> AsyncGenerator[Pool]:
    """A pool of one connection: who holds it leaves none to others."""
    del tables
    async with open_pool(database_url, size=1) as opened:
        yield opened


@pytest.fixture
def idempotency(only: Pool) -> PostgresIdempotency:
    return PostgresIdempotency(only, kept_for=DAY)


async def save(storage: Storage | None, name: str, *, commits: bool = True) -> None:
    assert storage is not None
    async with storage.unit_of_work() as work:
        await work.brands.save(a_brand(name=name))
        if commits:
            await work.commit()


async def names(storage: Storage | None) -> list[str]:
    assert storage is not None
    async with storage.reading() as stored:
        return [brand.content.name for brand in await stored.brands.list(limit=10, after=None)]


async def is_free(pool: Pool) -> bool:
    try:
        async with pool.acquire(timeout=0.2):
            return True
    except TimeoutError:
        return False


async def test_a_connection_is_held_from_the_first_change_to_the_answer_alone(
    idempotency: PostgresIdempotency, only: Pool, storage: PostgresStorage
) -> None:
    async with idempotency.request(KEY) as request:
        assert await names(request.storage) == []
        free_after_reading = await is_free(only)
        await save(request.storage, "Looked at", commits=False)
        free_after_looking = await is_free(only)
        await save(request.storage, "Changed")
        free_after_changing, seen_by_others = await is_free(only), await names(storage)
        await request.keep(ANSWER)
        seen_by_itself = await names(storage)

    assert (free_after_reading, free_after_looking, free_after_changing) == (True, True, False)
    assert (seen_by_others, seen_by_itself) == ([], ["Changed"])
    assert await is_free(only)


async def test_a_part_that_fails_takes_nothing_with_it_of_what_was_committed_before(
    idempotency: PostgresIdempotency, pool: Pool, storage: PostgresStorage
) -> None:
    async with idempotency.request(KEY) as request:
        await save(request.storage, "First")
        await save(request.storage, "Left", commits=False)
        assert await names(request.storage) == ["First"]
        async with pool.acquire() as holder, holder.transaction():
            await holder.execute("INSERT INTO tz_releases VALUES ('2026z', now())")
            with pytest.raises(StorageUnavailable):
                async with request.storage.unit_of_work() as work:
                    await work.tz_releases.add("2026z", now=a_brand().created_at)
        await request.keep(ANSWER)

    assert await names(storage) == ["First"]


async def test_what_leaves_without_an_answer_leaves_nothing(
    idempotency: PostgresIdempotency, storage: PostgresStorage
) -> None:
    async with idempotency.request(KEY) as request:
        await save(request.storage, "Committed")
    async with idempotency.request(KEY) as request:
        await save(request.storage, "Committed")
        await request.release()

    assert await names(storage) == []


async def test_who_comes_while_nothing_is_held_is_told_to_wait_here_and_finds_the_answer_elsewhere(
    idempotency: PostgresIdempotency, pool: Pool, storage: PostgresStorage
) -> None:
    elsewhere = PostgresIdempotency(pool, kept_for=DAY)

    async with idempotency.request(KEY) as slow:
        await names(slow.storage)
        with pytest.raises(RequestInProgress):
            async with idempotency.request(KEY):
                pass
        async with elsewhere.request(KEY) as quick:
            await save(quick.storage, "Quick")
            await quick.keep(ANSWER)
        with pytest.raises(RequestInProgress):
            await save(slow.storage, "Slow")

    assert await names(storage) == ["Quick"]
    async with idempotency.request(KEY) as again:
        assert again.answer == ANSWER


async def test_of_two_processes_that_change_at_once_one_has_an_effect(pool: Pool, storage: PostgresStorage) -> None:
    one, other = [PostgresIdempotency(pool, kept_for=DAY) for _ in range(2)]

    async with one.request(KEY) as first:
        await save(first.storage, "First")
        with pytest.raises(RequestInProgress):
            async with other.request(KEY):
                pass
        await first.keep(ANSWER)

    assert await names(storage) == ["First"]


async def test_what_reaches_beyond_a_transaction_holds_no_connection(
    idempotency: PostgresIdempotency, only: Pool
) -> None:
    async with idempotency.reaching(KEY, look_at=LOOK_AT) as request:
        assert (request.answer, request.storage, await is_free(only)) == (None, None, True)
        with pytest.raises(RequestInProgress):
            async with idempotency.reaching(KEY, look_at=LOOK_AT):
                pass
        await request.keep(ANSWER)

    async with idempotency.reaching(KEY, look_at=LOOK_AT) as again:
        assert again.answer == ANSWER


async def test_the_answer_is_kept_over_another_connection_where_one_was_lost(
    idempotency: PostgresIdempotency, only: Pool, pool: Pool
) -> None:
    async with only.acquire() as connection:
        process = connection.get_server_pid()

    async with idempotency.reaching(KEY, look_at=LOOK_AT) as request:
        await pool.execute("SELECT pg_terminate_backend($1)", process)
        await request.keep(ANSWER)

    async with idempotency.reaching(KEY, look_at=LOOK_AT) as again:
        assert again.answer == ANSWER


async def test_what_is_released_can_be_asked_for_again(idempotency: PostgresIdempotency) -> None:
    for _ in range(2):
        async with idempotency.reaching(KEY, look_at=LOOK_AT) as request:
            assert request.answer is None
            await request.release()


async def broken_off(idempotency: PostgresIdempotency) -> None:
    with pytest.raises(RuntimeError):
        async with idempotency.reaching(KEY, look_at=LOOK_AT):
            raise RuntimeError


async def test_what_was_broken_off_is_never_done_again_under_its_key(idempotency: PostgresIdempotency) -> None:
    await broken_off(idempotency)

    with pytest.raises(RequestBrokenOff, match=LOOK_AT):
        async with idempotency.reaching(KEY, look_at=LOOK_AT):
            pass


async def test_what_is_given_up_from_outside_is_broken_off(idempotency: PostgresIdempotency) -> None:
    has_begun = asyncio.Event()

    async def wait() -> None:
        async with idempotency.reaching(KEY, look_at=LOOK_AT):
            has_begun.set()
            await asyncio.Event().wait()

    waiting = asyncio.create_task(wait())
    async with asyncio.timeout(MOST_SECONDS):
        await has_begun.wait()
        waiting.cancel()
        await asyncio.wait([waiting])

    with pytest.raises(RequestBrokenOff):
        async with idempotency.reaching(KEY, look_at=LOOK_AT):
            pass


async def test_what_was_broken_off_is_forgotten_as_an_answer_is(idempotency: PostgresIdempotency, pool: Pool) -> None:
    await broken_off(idempotency)
    await pool.execute("UPDATE idempotency_keys SET expires_at = now()")

    async with idempotency.reaching(KEY, look_at=LOOK_AT) as request:
        assert request.answer is None
        await request.keep(ANSWER)


async def test_of_a_process_that_has_ended_a_request_is_broken_off_when_it_has_not_been_heard_of(
    idempotency: PostgresIdempotency, pool: Pool
) -> None:
    async with idempotency.reaching(KEY, look_at=LOOK_AT) as request:
        await pool.execute("UPDATE idempotency_keys SET begun_until = now()")
        with pytest.raises(RequestBrokenOff):
            async with idempotency.reaching(KEY, look_at=LOOK_AT):
                pass
        await request.keep(ANSWER)  # it had stood still, and knows better

    async with idempotency.reaching(KEY, look_at=LOOK_AT) as again:
        assert again.answer == ANSWER
