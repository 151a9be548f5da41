"""API keys in memory."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from marketmind_scheduler.domain.access import ApiKey


class InMemoryApiKeys:
    def __init__(self) -> None:
        self._keys: dict[str, ApiKey] = {}

    async def find(self, key_id: str) -> ApiKey | None:
        return self._keys.get(key_id)

    async def add(self, key: ApiKey) -> None:
        self._keys[key.key_id] = key

    async def list(self) -> Sequence[ApiKey]:
        return sorted(self._keys.values(), key=lambda key: (key.name, key.created_at))

    async def revoke(self, key_id: str, *, now: datetime) -> None:
        if (key := self._keys.get(key_id)) and key.revoked_at is None:
            self._keys[key_id] = replace(key, revoked_at=now)

    async def expire(self, key_id: str, *, at: datetime) -> None:
        if key := self._keys.get(key_id):
            self._keys[key_id] = replace(key, expires_at=at if key.expires_at is None else min(key.expires_at, at))

    async def used(self, key_id: str, *, at: datetime) -> None:
        if key := self._keys.get(key_id):
            self._keys[key_id] = replace(
                key, last_used_at=at if key.last_used_at is None else max(key.last_used_at, at)
            )
