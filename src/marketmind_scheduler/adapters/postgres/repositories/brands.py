"""Brands: SQL in, frozen values out."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from asyncpg import Record

from marketmind_scheduler.adapters.postgres.pool import Connection
from marketmind_scheduler.adapters.postgres.repositories.selections import select_page, within
from marketmind_scheduler.domain.access import Reach
from marketmind_scheduler.domain.brand import Brand, Lateness, OnLate
from marketmind_scheduler.domain.errors import BrandNotFound

_COLUMNS = (
    "brand_id, brand_name, brand_default_timezone, tone_profile, on_late, max_lateness_seconds, paused_at, created_at, "
    "updated_at"
)
_SELECT = f"SELECT {_COLUMNS} FROM brands"
_LOCK = "SELECT 1 FROM brands WHERE brand_id = $1 FOR NO KEY UPDATE"
_INSERT = """
INSERT INTO brands (brand_id, brand_name, brand_default_timezone, tone_profile, on_late, max_lateness_seconds,
                    created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
_ADD = f"{_INSERT} RETURNING {_COLUMNS}"
_SAVE = f"""
{_INSERT}
ON CONFLICT (brand_id) DO UPDATE
   SET brand_name = excluded.brand_name, brand_default_timezone = excluded.brand_default_timezone,
       tone_profile = excluded.tone_profile, on_late = excluded.on_late,
       max_lateness_seconds = excluded.max_lateness_seconds, updated_at = excluded.updated_at
RETURNING {_COLUMNS}
"""


class PostgresBrandRepository:
    def __init__(self, connection: Connection, reach: Reach) -> None:
        self._connection = connection
        self._reach = reach

    async def get(self, brand_id: UUID) -> Brand:
        if brand := await self.find(brand_id):
            return brand
        raise BrandNotFound(brand_id)

    async def find(self, brand_id: UUID) -> Brand | None:
        if not self._reach.covers(brand_id):
            raise BrandNotFound(brand_id)
        row = await self._connection.fetchrow(f"{_SELECT} WHERE brand_id = $1", brand_id)
        return None if row is None else _to_brand(row)

    async def save(self, brand: Brand) -> Brand:
        return await self._store(_SAVE, brand)

    async def add(self, brand: Brand) -> Brand:
        return await self._store(_ADD, brand)

    async def lock(self, brand_id: UUID) -> None:
        await self._connection.execute(_LOCK, brand_id)

    async def _store(self, insertion: str, brand: Brand) -> Brand:
        [row] = await self._connection.fetch(
            insertion,
            brand.brand_id,
            brand.name,
            brand.default_zone,
            brand.tone_profile,
            brand.lateness.on_late,
            round(brand.lateness.max_lateness.total_seconds()),
            brand.created_at,
            brand.updated_at,
        )
        return _to_brand(row)

    async def list(self, *, limit: int, after: UUID | None) -> Sequence[Brand]:
        conditions = [within(self._reach), ("brand_id > {}", after)]
        statement, parameters = select_page(_SELECT, conditions, order="brand_id", limit=limit)
        return [_to_brand(row) for row in await self._connection.fetch(statement, *parameters)]


def _to_brand(row: Record) -> Brand:
    return Brand(
        brand_id=row["brand_id"],
        name=row["brand_name"],
        default_zone=row["brand_default_timezone"],
        tone_profile=row["tone_profile"],
        lateness=Lateness(on_late=OnLate(row["on_late"]), max_lateness=timedelta(seconds=row["max_lateness_seconds"])),
        paused_at=row["paused_at"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )
