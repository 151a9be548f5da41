"""Brands: SQL in, frozen values out."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import timedelta
from typing import Any
from uuid import UUID

from asyncpg import Record

from marketmind_scheduler.adapters.postgres.pool import Connection
from marketmind_scheduler.adapters.postgres.repositories.selections import select_page, within
from marketmind_scheduler.adapters.postgres.repositories.walks import NOT_DELETED, Bound, Walk
from marketmind_scheduler.domain.access import Reach
from marketmind_scheduler.domain.brand import Brand, BrandContent, Lateness, OnLate
from marketmind_scheduler.domain.errors import BrandNotFound, Deleted

_WRITTEN = (
    *("brand_id", "brand_name", "brand_default_timezone", "tone_profile", "created_at", "updated_at"),
    *("on_late", "max_lateness_seconds"),
)
_COLUMNS = (*_WRITTEN, "paused_at", "deleted_at")
_REPLACED = [name for name in _WRITTEN if name not in ("brand_id", "created_at")]
_PLAIN = [each.name for each in fields(BrandContent) if each.name in _COLUMNS]

_SELECT = f"SELECT {', '.join(_COLUMNS)} FROM brands"
_LOCK = "SELECT 1 FROM brands WHERE brand_id = $1 FOR NO KEY UPDATE"
_INSERT = f"""
INSERT INTO brands ({", ".join(_WRITTEN)})
VALUES ({", ".join(f"${nth}" for nth, _ in enumerate(_WRITTEN, start=1))})
"""
_ADD = f"{_INSERT} RETURNING {', '.join(_COLUMNS)}"
_SAVE = f"""
{_INSERT}
ON CONFLICT (brand_id) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in _REPLACED)}
RETURNING {", ".join(_COLUMNS)}
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
        if row is not None and row["deleted_at"] is not None:
            raise Deleted.of("brand", brand_id)
        return None if row is None else _to_brand(row)

    async def save(self, brand: Brand) -> Brand:
        return await self._store(_SAVE, brand)

    async def add(self, brand: Brand) -> Brand:
        return await self._store(_ADD, brand)

    async def lock(self, brand_id: UUID) -> None:
        if self._reach.covers(brand_id):
            await self._connection.execute(_LOCK, brand_id)

    async def _store(self, insertion: str, brand: Brand) -> Brand:
        row = _to_row(brand)
        [stored] = await self._connection.fetch(insertion, *(row[name] for name in _WRITTEN))
        return _to_brand(stored)

    async def list(self, *, limit: int, after: UUID | None) -> Sequence[Brand]:
        if self._reach.brands is not None:
            conditions = [within(self._reach), ("brand_id > {}", after), ("deleted_at IS NULL",)]
            statement, parameters = select_page(_SELECT, conditions, order="brand_id", limit=limit)
            return [_to_brand(row) for row in await self._connection.fetch(statement, *parameters)]
        begin = Bound(place=(after,), is_in=False) if after else None
        all_of_them = Walk(
            table="brands",
            alias="brands",
            key="brand_id",
            lanes={},
            order=("brand_id",),
            begin=begin,
            only=[(NOT_DELETED.format("brands"),)],
        )
        page = all_of_them.page(_SELECT, limit=limit)
        return [_to_brand(row) for row in await self._connection.fetch(page.text, *page.parameters)]


def _to_row(brand: Brand) -> Mapping[str, object]:
    content = brand.content
    return {
        **{name: getattr(content, name) for name in _PLAIN},
        "brand_id": brand.brand_id,
        "brand_name": content.name,
        "brand_default_timezone": content.default_zone,
        "on_late": content.lateness.on_late,
        "max_lateness_seconds": round(content.lateness.max_lateness.total_seconds()),
        "created_at": brand.created_at,
        "updated_at": brand.updated_at,
    }


def _to_brand(row: Record) -> Brand:
    return Brand(
        brand_id=row["brand_id"],
        content=_to_content(row),
        paused_at=row["paused_at"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )


def _to_content(row: Record) -> BrandContent:
    plain: dict[str, Any] = {name: row[name] for name in _PLAIN}
    return BrandContent(
        **plain,
        name=row["brand_name"],
        default_zone=row["brand_default_timezone"],
        lateness=Lateness(on_late=OnLate(row["on_late"]), max_lateness=timedelta(seconds=row["max_lateness_seconds"])),
    )
