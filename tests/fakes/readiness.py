"""Readiness as a test says it is."""

from marketmind_scheduler.domain.errors import StorageUnavailable


class ScriptedReadiness:
    """Answers as its fields say; they may be changed at any time."""

    def __init__(self, *, is_reachable: bool = True, has_current_schema: bool = True, writes: bool = True) -> None:
        self.is_reachable = is_reachable
        self.has_current_schema = has_current_schema
        self.writes = writes

    async def reachable(self) -> None:
        if not self.is_reachable:
            raise StorageUnavailable

    async def schema_is_current(self) -> bool:
        await self.reachable()
        return self.has_current_schema

    async def takes_writes(self) -> bool:
        return self.writes
