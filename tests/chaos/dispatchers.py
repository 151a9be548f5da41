"""Several ``marketmind-scheduler dispatch`` beside each other: killed, stalled, stopped, and started again."""

import asyncio
import json
import random
import signal
import time
from collections.abc import AsyncGenerator, Collection, Generator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import NamedTemporaryFile, TemporaryDirectory
from typing import Any
from uuid import UUID

import psutil

from marketmind_scheduler.domain.post import Platform
from tests.programs import Program
from tests.receivers import SECRET, Receiver
from tests.system.services import environment

LEASE_SECONDS = 3

_GRACE_SECONDS = 25
_WEBHOOK = """
[{place}]
url = "{url}"
allow_http = true
secrets = ["{secret}"]
sends_at_once = 20
{idempotent}resend_window_seconds = 3600
"""


@dataclass(eq=False, slots=True)
class Dispatcher:
    """One process. ``is_ours`` while somebody here stalls or ends it."""

    process: Program
    printed: Path
    is_ours: bool = False

    @property
    def runs(self) -> bool:
        return self.process.returncode is None

    def logged(self) -> Sequence[Mapping[str, Any]]:
        lines = self.printed.read_text().splitlines()
        return [json.loads(line) if line.startswith("{") else {"event": line, "level": "error"} for line in lines]

    def is_dispatching(self) -> bool:
        return any(line["event"] == "dispatching" for line in self.logged())

    def memory(self) -> int:
        """Bytes in use."""
        return psutil.Process(self.process.pid).memory_info().rss


@dataclass(slots=True)
class Dispatchers:
    """As many as there were at first: one that ends, whoever ended it, is replaced."""

    settings: Sequence[Mapping[str, str]]
    directory: Path
    running: list[Dispatcher] = field(default_factory=list[Dispatcher])
    ended: list[Dispatcher] = field(default_factory=list[Dispatcher])

    async def start(self) -> None:
        self.running = [await self._started(settings) for settings in self.settings]

    async def until_dispatching(self, *, seconds: float = 20) -> None:
        deadline = time.monotonic() + seconds
        while not all(each.is_dispatching() for each in self.running):
            assert time.monotonic() < deadline, [each.logged() for each in self.running]
            await asyncio.sleep(0.02)

    async def replace_for_ever(self) -> None:
        """Start another one for each that ended by itself, as an operator's supervisor does."""
        while True:
            for each in [each for each in self.running if not each.runs and not each.is_ours]:
                await self._replace(each)
            await asyncio.sleep(0.1)

    def any_of(self, chance: random.Random) -> Dispatcher | None:
        """One that works."""
        free = [each for each in self.running if each.runs and not each.is_ours and each.is_dispatching()]
        return chance.choice(free) if free else None

    async def kill(self, dispatcher: Dispatcher) -> None:
        dispatcher.is_ours = True
        dispatcher.process.kill()
        await dispatcher.process.wait()
        await self._replace(dispatcher)

    async def stop(self, dispatcher: Dispatcher) -> None:
        await self.end(dispatcher)
        await self._replace(dispatcher)

    async def end(self, dispatcher: Dispatcher) -> None:
        """Tell it to end, and see that it does so in its time and in order. It is not replaced."""
        dispatcher.is_ours = True
        dispatcher.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(_GRACE_SECONDS):
            code = await dispatcher.process.wait()
        assert code == 0, dispatcher.printed.read_text()

    def complaints(self) -> Sequence[Mapping[str, Any]]:
        """Errors that they logged, and what those said that ended by themselves after they had begun to work."""
        every = [each for each in (*self.ended, *self.running) if each.is_dispatching()]
        ended_alone = [line for each in every if not each.runs and not each.is_ours for line in each.logged()]
        return ended_alone + [line for each in every for line in each.logged() if line["level"] == "error"]

    async def kill_all(self) -> None:
        for each in self.running:
            if each.runs:
                each.process.kill()
                await each.process.wait()

    async def _replace(self, dispatcher: Dispatcher) -> None:
        nth = self.running.index(dispatcher)
        self.ended.append(dispatcher)
        self.running[nth] = await self._started(self.settings[nth])

    async def _started(self, settings: Mapping[str, str]) -> Dispatcher:
        printed = self.directory / f"{len(self.running) + len(self.ended)}-{time.monotonic_ns()}.log"
        printed.touch()
        with_logs = environment({"SCHEDULER_LOG_FORMAT": "json", **settings})
        return Dispatcher(
            Program("dispatch", environment=with_logs, directory=self.directory, printed=printed), printed
        )


@contextmanager
def by_webhook(
    receivers: Mapping[UUID, Receiver],
    *,
    everybody: Receiver | None = None,
    idempotent_platforms: Collection[Platform] = (),
) -> Generator[dict[str, str]]:
    """Settings to publish by webhook: each brand at its receiver, all the others at that of ``everybody``, which drops
    repeats on some platforms."""
    places = {f'brands."{brand_id}"': receiver for brand_id, receiver in receivers.items()}
    if everybody is not None:
        places |= {"default": everybody} | {f"platforms.{each}": everybody for each in idempotent_platforms}
    with NamedTemporaryFile("w", suffix=".toml") as file:
        networks = [f"127.0.0.1/32:{receiver.port}" for receiver in places.values()]
        file.write(f"allow = {json.dumps(networks)}\n")
        for place, receiver in places.items():
            mark = "" if place.startswith("platforms.") else "# "
            file.write(_WEBHOOK.format(place=place, url=receiver.url, secret=SECRET, idempotent=mark))
        file.flush()
        yield {
            "SCHEDULER_PUBLISHER": "webhook",
            "SCHEDULER_WEBHOOKS": file.name,
            "SCHEDULER_LEASE_SECONDS": str(LEASE_SECONDS),
            "SCHEDULER_SEND_TIMEOUT_SECONDS": "1",
        }


@asynccontextmanager
async def dispatching(settings: Sequence[Mapping[str, str]]) -> AsyncGenerator[Dispatchers]:
    """One process for each of these settings; killed at the end if they still run."""
    with TemporaryDirectory() as directory:
        dispatchers = Dispatchers(settings, Path(directory))
        try:
            await dispatchers.start()
            yield dispatchers
        finally:
            await dispatchers.kill_all()
