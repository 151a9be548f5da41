"""The storage in memory, in which everybody who wants to write has to wait."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from marketmind_scheduler.domain.access import Reach
from marketmind_scheduler.ports.storage import AtOnce, Repositories, Storage, UnitOfWork


class SlowStorage:
    def __init__(self, storage: Storage, *, seconds: float) -> None:
        self._storage = storage
        self._seconds = seconds

    def within(self, reach: Reach) -> Storage:
        return SlowStorage(self._storage.within(reach), seconds=self._seconds)

    def acting(self, actor: str) -> Storage:
        return SlowStorage(self._storage.acting(actor), seconds=self._seconds)

    def patient(self) -> Storage:
        return self

    def reading(self) -> AbstractAsyncContextManager[Repositories]:
        return self._storage.reading()

    @asynccontextmanager
    async def unit_of_work(self) -> AsyncGenerator[UnitOfWork]:
        await asyncio.sleep(self._seconds)
        async with self._storage.unit_of_work() as work:
            yield work

    @asynccontextmanager
    async def at_once(self) -> AsyncGenerator[AtOnce]:
        await asyncio.sleep(self._seconds)
        async with self._storage.at_once() as work:
            yield work
