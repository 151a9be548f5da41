"""What Upkeep forgets, and what it keeps."""

from datetime import timedelta

from marketmind_scheduler.adapters.postgres.dispatch.upkeep import PostgresUpkeep
from marketmind_scheduler.adapters.postgres.pool import Pool
from marketmind_scheduler.adapters.postgres.requests.api_keys import PostgresApiKeys
from marketmind_scheduler.adapters.system_clock import SystemClock
from marketmind_scheduler.domain.access import KEYS_KEPT, ApiKey, Reach, Scope

DAY, HOUR, SECOND = timedelta(days=1), timedelta(hours=1), timedelta(seconds=1)


async def forget(upkeep: PostgresUpkeep, *, limit: int = 10) -> int:
    return await upkeep.forget_expired(limit=limit)


async def keep_answer(pool: Pool, scope: bytes, *, expires_in: timedelta) -> None:
    await pool.execute("INSERT INTO idempotency_keys VALUES ($1, '', 200, '', '', now() + $2)", scope, expires_in)


async def spend(pool: Pool, owner: str, *, spent_for: timedelta) -> None:
    await pool.execute("INSERT INTO rate_limits VALUES ($1, now() + $2)", owner, spent_for)


async def add_key(pool: Pool, nth: int, *, expired: timedelta | None = None, revoked: timedelta | None = None) -> None:
    """The higher its number, the younger it is; ``expired`` and ``revoked`` say how long ago."""
    now = SystemClock().now()
    key = ApiKey(
        key_id=f"{nth:012x}",
        name=f"service {nth}",
        digest=bytes(32),
        scopes=frozenset({Scope.CATALOG_READ}),
        reach=Reach(),
        created_at=now - 365 * DAY + nth * HOUR,
        expires_at=None if expired is None else now - expired,
    )
    keys = PostgresApiKeys(pool)
    await keys.add(key)
    if revoked is not None:
        await keys.revoke(key.key_id, now=now - revoked)


async def keys_left(pool: Pool) -> list[str]:
    return [key.name for key in await PostgresApiKeys(pool).list()]


async def test_answers_are_forgotten_once_they_have_expired(empty: Pool, upkeep: PostgresUpkeep) -> None:
    await keep_answer(empty, b"old", expires_in=-SECOND)
    await keep_answer(empty, b"new", expires_in=HOUR)

    assert await forget(upkeep) == 1

    assert [row["scope"] for row in await empty.fetch("SELECT scope FROM idempotency_keys")] == [b"new"]


async def test_an_allowance_is_forgotten_once_it_is_whole_again(empty: Pool, upkeep: PostgresUpkeep) -> None:
    await spend(empty, "idle", spent_for=-SECOND)
    await spend(empty, "busy", spent_for=HOUR)

    assert await forget(upkeep) == 1

    assert [row["owner"] for row in await empty.fetch("SELECT owner FROM rate_limits")] == ["busy"]


async def test_keys_are_forgotten_long_after_they_ended(empty: Pool, upkeep: PostgresUpkeep) -> None:
    await add_key(empty, 1, expired=KEYS_KEPT + HOUR)
    await add_key(empty, 2, revoked=KEYS_KEPT + HOUR, expired=-DAY)
    await add_key(empty, 3, expired=KEYS_KEPT - HOUR)
    await add_key(empty, 4, revoked=KEYS_KEPT - HOUR)
    await add_key(empty, 5)

    assert await forget(upkeep) == 2

    assert await keys_left(empty) == ["service 3", "service 4", "service 5"]


async def test_the_youngest_key_is_never_forgotten_so_that_a_first_key_is_made_only_once(
    empty: Pool, upkeep: PostgresUpkeep
) -> None:
    await add_key(empty, 1, revoked=KEYS_KEPT + DAY)
    await add_key(empty, 2, revoked=KEYS_KEPT + HOUR)

    await forget(upkeep)

    assert await keys_left(empty) == ["service 2"]


async def test_what_has_expired_is_forgotten_in_pieces(empty: Pool, upkeep: PostgresUpkeep) -> None:
    for nth in range(5):
        await keep_answer(empty, bytes([nth]), expires_in=-SECOND)

    assert [await forget(upkeep, limit=2) for _ in range(4)] == [2, 2, 1, 0]
