"""What the benchmark asks of every engine, in the same words for all of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, TypeAlias

import asyncpg

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

# Among positions in a row each ``stride``-th falls due in the run, ``gap`` after the one before; the others lie in the
# 60 days after the next hour. Rows take their ids from their positions: what falls due now was scheduled neither
# before nor after everything that falls due later.
ROWS = """
SELECT i AS position,
       CASE WHEN i % $3 = 0 THEN $4::timestamptz + (i / $3 - 1) * $5::interval
            ELSE $4 + interval '1 hour' + random() * interval '60 days' END AS due_at
  FROM generate_series($1::bigint, $2::bigint) AS i
 WHERE (i % $3 = 0) = $6
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Jobs:
    """How many fall due, from when and how far apart, each beside ``stride - 1`` that lie in the future."""

    due: int
    first_due: datetime
    gap: timedelta = timedelta()
    stride: int = 1

    @property
    def total(self) -> int:
        return self.due * self.stride

    @property
    def last_due(self) -> datetime:
        return self.first_due + (self.due - 1) * self.gap

    def rows(self, start: int, end: int, *, is_due: bool) -> tuple[object, ...]:
        """The parameters of ROWS for these positions."""
        return start, end, self.stride, self.first_due, self.gap, is_due


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance:
    """A cheap look from outside; ``finished`` may be ahead of what is committed, and counts repeats."""

    has_begun: bool
    finished: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What the tables say afterwards. ``lateness`` has the seconds of each job that was begun, ``repeated`` how often
    one was begun again. ``reported`` are those of which an engine says that it does not know."""

    lateness: Sequence[float]
    completed: int
    reported: int
    repeated: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    arguments: Sequence[str]
    environment: Mapping[str, str]


class Engine(Protocol):
    name: str
    keeps: str
    """What it writes for a job, and what it promises."""

    def install(self, url: str) -> Command:
        """What makes an empty database its own."""
        ...

    def worker(self, url: str, *, lease_seconds: int | None, log: str | None) -> Command:
        """One worker process, until SIGTERM. A dead worker's jobs are taken back after ``lease_seconds``, by default as
        the engine ships. In ``log`` jobs note that they run, where the tables do not say so."""
        ...

    async def load(self, connection: Connection, rows: tuple[object, ...]) -> None:
        """Insert what ROWS selects with these parameters."""
        ...

    async def glance(self, connection: Connection, jobs: Jobs) -> Glance: ...

    async def left(self, connection: Connection, jobs: Jobs) -> int:
        """How many of the due jobs are neither finished nor reported; exact."""
        ...

    async def outcome(self, connection: Connection, jobs: Jobs) -> Outcome: ...
