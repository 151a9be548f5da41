"""API keys: SQL in, frozen values out."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime

from asyncpg import Record

from marketmind_scheduler.adapters.postgres.pool import Pool
from marketmind_scheduler.adapters.postgres.storage import connected
from marketmind_scheduler.domain.access import ApiKey, Reach, Scope

_COLUMNS = "key_id, name, digest, scopes, brands, created_at, expires_at, revoked_at, last_used_at"
_FIND = f"SELECT {_COLUMNS} FROM api_keys WHERE key_id = ANY($1::text[])"
_LIST = f"SELECT {_COLUMNS} FROM api_keys ORDER BY name, created_at"
_ADD = """
INSERT INTO api_keys (key_id, name, digest, scopes, brands, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
_REVOKE = "UPDATE api_keys SET revoked_at = $2 WHERE key_id = $1 AND revoked_at IS NULL"
_EXPIRE = "UPDATE api_keys SET expires_at = least(expires_at, $2) WHERE key_id = $1"
_USED = "UPDATE api_keys SET last_used_at = $2 WHERE key_id = $1 AND (last_used_at IS NULL OR last_used_at < $2)"


class PostgresApiKeys:
    """Whoever asks for keys at the same time shares one look at the table, which begins after the last of them asked:
    what was revoked before is never found."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._looking = asyncio.Lock()
        self._wanted: set[str] = set()
        self._next_look: asyncio.Task[Mapping[str, ApiKey]] | None = None

    async def find(self, key_id: str) -> ApiKey | None:
        self._wanted.add(key_id)
        if self._next_look is None:
            self._next_look = asyncio.create_task(self._look())
        found = await asyncio.shield(self._next_look)
        return found.get(key_id)

    async def _look(self) -> Mapping[str, ApiKey]:
        async with self._looking:
            wanted, self._wanted, self._next_look = self._wanted, set[str](), None
            async with connected(self._pool) as connection:
                return {row["key_id"]: _to_key(row) for row in await connection.fetch(_FIND, wanted)}

    async def add(self, key: ApiKey) -> None:
        brands = None if key.reach.brands is None else sorted(key.reach.brands)
        async with connected(self._pool) as connection:
            await connection.execute(
                _ADD, key.key_id, key.name, key.digest, sorted(key.scopes), brands, key.created_at, key.expires_at
            )

    async def list(self) -> Sequence[ApiKey]:
        async with connected(self._pool) as connection:
            return [_to_key(row) for row in await connection.fetch(_LIST)]

    async def revoke(self, key_id: str, *, now: datetime) -> None:
        async with connected(self._pool) as connection:
            await connection.execute(_REVOKE, key_id, now)

    async def expire(self, key_id: str, *, at: datetime) -> None:
        async with connected(self._pool) as connection:
            await connection.execute(_EXPIRE, key_id, at)

    async def used(self, key_id: str, *, at: datetime) -> None:
        async with connected(self._pool) as connection:
            await connection.execute(_USED, key_id, at)


def _to_key(row: Record) -> ApiKey:
    return ApiKey(
        key_id=row["key_id"],
        name=row["name"],
        digest=row["digest"],
        scopes=frozenset(map(Scope, row["scopes"])),
        reach=Reach(None if row["brands"] is None else frozenset(row["brands"])),
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        revoked_at=row["revoked_at"],
        last_used_at=row["last_used_at"],
    )
