"""What goes wrong: with the dispatchers, with their connections, and with the database itself."""

import asyncio
import random
import signal
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import StrEnum

import asyncpg

from tests.chaos.dispatchers import LEASE_SECONDS, Dispatchers
from tests.chaos.lossy_proxy import STATEMENTS, LossyProxy
from tests.chaos.people import People
from tests.system.servers import OwnServer, connected

_STALL_SECONDS = LEASE_SECONDS + 0.7

_TERMINATE = """
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
 WHERE datname = current_database() AND application_name = 'marketmind-scheduler'
"""
_STARTER = ThreadPoolExecutor(1)  # so that nobody waits meanwhile; the server dies with the thread that started it
_BEGUN = "SELECT count(*) FROM queue WHERE status = 'PUBLISHING'"


class Fault(StrEnum):
    KILL = "SIGKILL"
    STALL = "SIGSTOP beyond the lease"
    STOP = "SIGTERM"
    CUT = "all connections ended"
    RESTART = "immediate restart of PostgreSQL"
    LOSE = "answer of the database lost"
    CANCEL = "cancelled"
    MOVE = "moved"
    PAUSE = "campaign paused"


@dataclass(slots=True)
class Faults:
    """Injects faults one by one. ``at_risk`` counts the sends that were in flight when one could hide their outcome."""

    server: OwnServer
    url: str
    proxy: LossyProxy
    dispatchers: Dispatchers
    people: People
    injected: Counter[Fault] = field(default_factory=Counter[Fault])
    at_risk: int = 0

    async def inject(self, fault: Fault, *, every_seconds: float, until: float, chance: random.Random) -> None:
        """This fault again and again; ``until`` is a reading of ``time.monotonic``."""
        inject = self._injections[fault]
        while time.monotonic() + (rest := every_seconds * chance.uniform(0.5, 1.5)) < until:
            await asyncio.sleep(rest)
            self.injected[fault] += await inject(chance)

    @property
    def _injections(self) -> Mapping[Fault, Callable[[random.Random], Awaitable[int]]]:
        return {
            Fault.KILL: self._kill,
            Fault.STALL: self._stall,
            Fault.STOP: self._stop,
            Fault.CUT: self._cut,
            Fault.RESTART: self._restart,
            Fault.LOSE: self._lose,
            Fault.CANCEL: self.people.cancel,
            Fault.MOVE: self.people.move,
            Fault.PAUSE: self.people.pause,
        }

    async def _kill(self, chance: random.Random) -> bool:
        if victim := self.dispatchers.any_of(chance):
            victim.is_ours = True
            victim.process.send_signal(signal.SIGSTOP)  # so that what it has in flight can be counted
            self.at_risk += await self._count_at_risk()
            await self.dispatchers.kill(victim)
        return victim is not None

    async def _stall(self, chance: random.Random) -> int:
        """Up to two at once."""
        victims = {victim for _ in range(2) if (victim := self.dispatchers.any_of(chance))}
        for victim in victims:
            victim.is_ours = True
            victim.process.send_signal(signal.SIGSTOP)
        self.at_risk += await self._count_at_risk()
        await asyncio.sleep(_STALL_SECONDS if victims else 0)
        for victim in victims:
            victim.process.send_signal(signal.SIGCONT)
            victim.is_ours = False
        return len(victims)

    async def _stop(self, chance: random.Random) -> bool:
        if victim := self.dispatchers.any_of(chance):
            await self.dispatchers.stop(victim)
        return victim is not None

    async def _cut(self, _chance: random.Random) -> bool:
        try:
            async with connected(self.url) as sql:
                return bool(await sql.fetchval(_TERMINATE))
        except (OSError, asyncpg.PostgresError):  # it is being restarted
            return False

    async def _restart(self, _chance: random.Random) -> bool:
        before = await self._count_at_risk()
        await asyncio.get_running_loop().run_in_executor(_STARTER, self._restart_server)
        self.at_risk += max(before, await self._count_at_risk())
        return True

    def _restart_server(self) -> None:
        self.server.stop(immediately=True)
        self.server.start()

    async def _lose(self, chance: random.Random) -> int:
        before = self.proxy.lost.total()
        self.proxy.to_lose[chance.choice(list(STATEMENTS.values()))] = 1
        await asyncio.sleep(0.1)
        return self.proxy.lost.total() - before

    async def _count_at_risk(self) -> int:
        """How many are being sent, or were, for all that the database knows."""
        try:
            async with connected(self.url) as sql:
                return await sql.fetchval(_BEGUN)
        except (OSError, asyncpg.PostgresError):
            return 0
