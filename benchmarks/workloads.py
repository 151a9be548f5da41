"""One run of one engine: load, start its workers, look on until the due jobs are finished, count what it took."""

import sys
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory

import asyncpg
from benchmarks.engines.engine import Connection, Engine, Jobs, Outcome
from benchmarks.processes import workers
from benchmarks.servers import Server, connected
from benchmarks.watching import Seen, Show, Watch

ROWS_AT_ONCE = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What to run. The jobs are due already, or ``per_second`` of them from a moment on when the workers are up; 0: all
    at that moment. After ``patience_seconds`` a run ends unfinished."""

    workload: str
    engine: Engine
    processes: int
    due: int
    future: int = 0
    per_second: int | None = None
    patience_seconds: float = 120
    kills_one: bool = False
    lease_seconds: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What came of it; costs are totals. For ``seconds`` see Seen. ``unfinished`` were still waiting when patience was
    at its end."""

    workload: str
    engine: str
    processes: int
    due: int
    future: int
    lease_seconds: int | None
    loading_seconds: float
    seconds: float
    completed: int
    unfinished: int
    reported: int
    lost: int
    repeated: int
    lateness_p50: float
    lateness_p99: float
    lateness_max: float
    buffers: int
    wal_bytes: int
    commits: int
    cpu_seconds: float | None
    worker_cpu_seconds: float
    peak_bytes: int


async def run(server: Server, task: Task, show: Show) -> Run:
    database = f"bench_{task.engine.name}"
    url = await server.fresh(database, template=installed(task.engine))
    with TemporaryDirectory(prefix="marketmind-bench-") as home:
        log = Path(home) / "jobs"
        started = time.monotonic()
        async with connected(url) as connection:
            jobs = await load(connection, task, show)
        loading_seconds = time.monotonic() - started
        command = task.engine.worker(url, lease_seconds=task.lease_seconds, log=str(log) if task.kills_one else None)
        with workers(command, task.processes) as processes:
            async with connected(url) as connection:
                watch = Watch(
                    server=server,
                    database=database,
                    connection=connection,
                    engine=task.engine,
                    jobs=jobs,
                    show=show,
                    patience_seconds=task.patience_seconds,
                )
                seen = await watch.until_finished(
                    processes, is_ahead=task.per_second is not None, kills_one=task.kills_one
                )
        ended = await server.counters(database)  # connections report the last of these as they end
        seen = replace(seen, after=replace(seen.after, buffers=ended.buffers, commits=ended.commits))
        async with connected(url) as connection:
            outcome = await task.engine.outcome(connection, jobs)
        if log.exists():
            outcome = replace(outcome, repeated=repeats_in(log))
    await server.drop(database)
    return told(task, jobs, seen, outcome, loading_seconds=loading_seconds)


def told(task: Task, jobs: Jobs, seen: Seen, outcome: Outcome, *, loading_seconds: float) -> Run:
    cost = seen.after.since(seen.before)
    cuts = quantiles(outcome.lateness, n=100) if len(outcome.lateness) > 1 else [0.0] * 99
    return Run(
        workload=task.workload,
        engine=task.engine.name,
        processes=task.processes,
        due=task.due,
        future=jobs.total - jobs.due,
        lease_seconds=task.lease_seconds,
        loading_seconds=loading_seconds,
        seconds=seen.seconds,
        completed=outcome.completed,
        unfinished=seen.unfinished,
        reported=outcome.reported,
        lost=max(0, jobs.due - outcome.completed - outcome.reported - seen.unfinished),
        repeated=outcome.repeated,
        lateness_p50=cuts[49],
        lateness_p99=cuts[98],
        lateness_max=max(outcome.lateness, default=0.0),
        buffers=cost.buffers,
        wal_bytes=cost.wal_bytes,
        commits=cost.commits - seen.own_commits,
        cpu_seconds=cost.cpu_seconds,
        worker_cpu_seconds=seen.worker_cpu_seconds,
        peak_bytes=seen.peak_bytes,
    )


def installed(engine: Engine) -> str:
    """The database that has the engine's tables and nothing in them."""
    return f"bench_{engine.name}_installed"


async def load(connection: Connection, task: Task, show: Show) -> Jobs:
    """Put the jobs there, and the database in a state that owes nothing to the loading."""
    show("loading", 0, task.future)
    jobs = Jobs(due=task.due, first_due=await instant(connection, -1), stride=-(-task.future // task.due) + 1)
    if jobs.stride > 1:
        for start in range(1, jobs.total + 1, ROWS_AT_ONCE):
            end = min(jobs.total, start + ROWS_AT_ONCE - 1)
            await task.engine.load(connection, jobs.rows(start, end, is_due=False))
            show("loading", end, jobs.total)
        await settle_down(connection, "VACUUM ANALYZE")
    if task.per_second is not None:
        ahead = 5 + task.due / 4_000
        gap = timedelta(seconds=1 / task.per_second) if task.per_second else timedelta()
        jobs = replace(jobs, first_due=await instant(connection, ahead), gap=gap)
    await task.engine.load(connection, jobs.rows(1, jobs.total, is_due=True))
    await settle_down(connection, "ANALYZE" if task.per_second is not None else "VACUUM ANALYZE")
    if task.per_second is not None and await instant(connection, 2) > jobs.first_due:
        sys.exit(f"loading {task.due} jobs took so long that they are due: {task.engine.name}, {task.workload}")
    return jobs


async def instant(connection: Connection, ahead_seconds: float) -> datetime:
    return await connection.fetchval("SELECT now() + make_interval(secs => $1)", ahead_seconds)


async def settle_down(connection: Connection, statement: str) -> None:
    await connection.execute(statement)
    with suppress(asyncpg.InsufficientPrivilegeError):
        await connection.execute("CHECKPOINT")


def repeats_in(log: Path) -> int:
    lines = log.read_text().splitlines()
    return len(lines) - len(set(lines))
