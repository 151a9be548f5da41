"""What ApiKeys promises."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from marketmind_scheduler.adapters.postgres.pool import Pool
from marketmind_scheduler.adapters.postgres.requests.api_keys import PostgresApiKeys
from marketmind_scheduler.domain.access import ApiKey, Reach, Scope
from marketmind_scheduler.domain.errors import StorageUnavailable
from marketmind_scheduler.ports.access import ApiKeys
from tests.builders import NOW, new_id
from tests.fakes.api_keys import InMemoryApiKeys

DAY = timedelta(days=1)


@pytest.fixture(params=["memory", "postgres"])
def keys(request: pytest.FixtureRequest) -> ApiKeys:
    if request.param == "memory":
        return InMemoryApiKeys()
    request.getfixturevalue("tables")
    pool: Pool = request.getfixturevalue("pool")
    return PostgresApiKeys(pool)


def a_key(key_id: str = "0123456789ab", *, name: str = "content-service", reach: Reach | None = None) -> ApiKey:
    return ApiKey(
        key_id=key_id,
        name=name,
        digest=bytes(range(32)),
        scopes=frozenset({Scope.CATALOG_READ, Scope.DISPATCH_RUN}),
        reach=reach or Reach(),
        created_at=NOW,
    )


@pytest.mark.parametrize("reach", [Reach(), Reach(frozenset()), Reach(frozenset({new_id(), new_id()}))])
async def test_a_key_is_found_as_it_was_added(keys: ApiKeys, reach: Reach) -> None:
    key = a_key(reach=reach)

    await keys.add(key)

    assert await keys.find(key.key_id) == key
    assert await keys.find("ba9876543210") is None


async def test_keys_are_listed_by_name_and_then_by_age(keys: ApiKeys) -> None:
    old, new, other = a_key("1" * 12), a_key("0" * 12), a_key("2" * 12, name="analytics")
    for key in (new, old, other):
        await keys.add(key)

    listed = await keys.list()

    assert {key.key_id for key in listed[1:]} == {old.key_id, new.key_id}
    assert listed[0] == other


async def test_only_the_first_revocation_counts(keys: ApiKeys) -> None:
    key = a_key()
    await keys.add(key)

    await keys.revoke(key.key_id, now=NOW + DAY)
    await keys.revoke(key.key_id, now=NOW + 2 * DAY)

    found = await keys.find(key.key_id)
    assert found is not None
    assert found.revoked_at == NOW + DAY


async def test_the_end_of_a_key_only_comes_nearer(keys: ApiKeys) -> None:
    key = a_key()
    await keys.add(key)

    await keys.expire(key.key_id, at=NOW + 2 * DAY)
    await keys.expire(key.key_id, at=NOW + DAY)
    await keys.expire(key.key_id, at=NOW + 3 * DAY)

    found = await keys.find(key.key_id)
    assert found is not None
    assert found.expires_at == NOW + DAY


async def test_the_last_use_is_remembered(keys: ApiKeys) -> None:
    key = a_key()
    await keys.add(key)

    await keys.used(key.key_id, at=NOW + 2 * DAY)
    await keys.used(key.key_id, at=NOW + DAY)

    found = await keys.find(key.key_id)
    assert found is not None
    assert found.last_used_at == NOW + 2 * DAY


async def test_many_who_ask_at_once_each_find_their_own(keys: ApiKeys) -> None:
    known = [a_key(f"{nth:012x}") for nth in range(20)]
    for key in known:
        await keys.add(key)

    found = await asyncio.gather(*(keys.find(f"{nth:012x}") for nth in range(40)))

    assert found == [*known, *[None] * 20]


async def test_a_revocation_is_seen_by_whoever_asks_afterwards_though_others_are_asking(keys: ApiKeys) -> None:
    await keys.add(key := a_key())

    asking = [asyncio.create_task(keys.find(key.key_id)) for _ in range(5)]
    await asyncio.sleep(0)
    await keys.revoke(key.key_id, now=NOW)
    after = await keys.find(key.key_id)
    await asyncio.gather(*asking)

    assert after is not None
    assert after.revoked_at == NOW


async def test_after_a_database_that_failed_keys_are_found_again(pool: Pool, tables: AsyncEngine) -> None:
    del tables
    keys = PostgresApiKeys(pool)
    await keys.add(key := a_key())

    async with pool.acquire() as connection:
        await connection.execute("ALTER TABLE api_keys RENAME TO elsewhere")
        with pytest.raises(StorageUnavailable):
            await keys.find(key.key_id)
        await connection.execute("ALTER TABLE elsewhere RENAME TO api_keys")

    assert await keys.find(key.key_id) == key
