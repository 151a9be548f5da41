"""Measures the dispatcher beside PgQueuer, procrastinate and Graphile Worker, all on one PostgreSQL of one setting.

W1 drains jobs that are due, by one worker and by several, with and without many more in the future. W2 has some fall
due each second, with and without many more in the future. W3 has many fall due at one instant above such a future. W4
kills one of four workers half way through. Last, what a claim of ours reads with few and with many in the future. Each
run has a database of its own, one engine is at work at a time, in random order, and after each run the tables are
searched for lost and repeated jobs. PgQueuer is measured with batches of two sizes; Graphile Worker, which does not say
when a job ran, in W1 alone, and where there is Node.js.

The server is the one of DATABASE_URL, else an embedded one with durable settings. Run it from the repository as
`python -m benchmarks.dispatch`; the peers are installed apart, from requirements-peers.txt.
"""

import argparse
import asyncio
import json
import os
import random
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import NoReturn

from benchmarks.claim_cost import ClaimCost, measure
from benchmarks.engines.engine import Engine
from benchmarks.engines.graphile import Graphile
from benchmarks.engines.ours import Ours
from benchmarks.engines.pgqueuer import PgQueuer
from benchmarks.engines.procrastinate import Procrastinate
from benchmarks.processes import run_once
from benchmarks.report import print_claims, print_runs, print_targets, told_briefly
from benchmarks.servers import Server, server
from benchmarks.workloads import Run, Task, installed, run
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

WORKLOADS = ("W1", "W2", "W3", "W4", "claim")
PGQUEUER_BATCHES = (100, 500)  # which of them is faster depends on the machine
ENGINES = (Ours.name, Procrastinate.name, "pgqueuer", Graphile.name)
PEERS_PYTHON = Path(".venv-peers/bin/python")
LEASE_SECONDS = 30  # what ours ships, and the default of both peers


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much is measured; ``repeats`` by workload."""

    drained: Sequence[int]
    processes: Sequence[int]
    future: int
    per_second: int
    steady_seconds: int
    spike: int
    crashed: int
    claim_futures: Sequence[int]
    repeats: dict[str, int]
    patience_seconds: int


SHORT = Size(
    drained=[20_000],
    processes=[1, 4],
    future=100_000,
    per_second=200,
    steady_seconds=15,
    spike=20_000,
    crashed=10_000,
    claim_futures=[10_000, 1_000_000],
    repeats={"W1": 3, "W2": 1, "W3": 1, "W4": 1},
    patience_seconds=60,
)
FULL = Size(
    drained=[20_000, 100_000],
    processes=[1, 4],
    future=1_000_000,
    per_second=500,
    steady_seconds=120,
    spike=100_000,
    crashed=20_000,
    claim_futures=[10_000, 10_000_000],
    repeats=dict.fromkeys(("W1", "W2", "W3", "W4"), 5),
    patience_seconds=300,
)


def main() -> None:
    arguments = parsed()
    seed = arguments.seed if arguments.seed is not None else random.SystemRandom().randrange(10_000)
    console = Console(width=None if sys.stdout.isatty() else 120)
    size = sized(arguments)
    python = arguments.peers_python.absolute()
    modules = python.parents[1] / "graphile"
    available: list[Engine] = [
        Ours(),
        Procrastinate(str(python)),
        *(PgQueuer(str(python), batch=batch) for batch in PGQUEUER_BATCHES),
        *([Graphile(str(modules))] if (modules / "node_modules").is_dir() else []),
    ]
    engines = [engine for engine in available if engine.name.startswith(tuple(arguments.engines))]
    if set(arguments.engines) != {"ours"} and not python.exists():
        sys.exit(f"{python} is missing: `make bench-dispatch` installs the peers there, or choose --engines ours")
    console.print(f"seed {seed}, load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores before the start")
    signal.signal(signal.SIGTERM, end)
    with server() as measured:
        plan = planned(arguments.only, engines, size, seed)
        futures = size.claim_futures if "claim" in arguments.only and "ours" in arguments.engines else ()
        runs, claims = asyncio.run(measure_all(measured, engines, plan, futures, console))
    print_runs(console, runs)
    print_claims(console, claims)
    print_targets(console, runs, claims)
    for engine in engines:
        console.print(f"{engine.name}: {engine.keeps}")
    if arguments.json is not None:
        told = {"seed": seed, "runs": [asdict(each) for each in runs], "claims": [asdict(each) for each in claims]}
        arguments.json.write_text(json.dumps(told, indent=1))


def end(signum: int, _: object) -> NoReturn:
    """Unwinds, so that no worker goes on alone."""
    sys.exit(128 + signum)


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true", help="the sizes of the targets; takes many hours")
    parser.add_argument("--only", type=chosen(WORKLOADS), default=WORKLOADS, metavar="W1,W2", help="of W1 to W4, claim")
    parser.add_argument("--engines", type=chosen(ENGINES), default=ENGINES, metavar="ours,…", help=", ".join(ENGINES))
    parser.add_argument("--repeats", type=int, help="of each run (3 of W1 and 1 of the others, with --full 5)")
    parser.add_argument("--rows", type=int, help="due jobs of W1, W3 and W4")
    parser.add_argument("--future", type=int, help="jobs in the future of W2 and W3")
    parser.add_argument("--processes", type=int, help="worker processes of W1 to W3")
    parser.add_argument("--seed", type=int, help="of the random order")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every run there")
    parser.add_argument("--peers-python", type=Path, default=PEERS_PYTHON, help="a Python that has the peers")
    return parser.parse_args()


def chosen(names: Sequence[str]) -> Callable[[str], Sequence[str]]:
    def choose(text: str) -> Sequence[str]:
        given = text.split(",")
        if unknown := set(given) - set(names):
            raise argparse.ArgumentTypeError(f"{', '.join(sorted(unknown))}: not one of {', '.join(names)}")
        return given

    return choose


def sized(arguments: argparse.Namespace) -> Size:
    size = FULL if arguments.full else SHORT
    if arguments.rows:
        size = replace(size, drained=[arguments.rows], spike=arguments.rows, crashed=arguments.rows)
    if arguments.future is not None:
        size = replace(size, future=arguments.future)
    if arguments.processes:
        size = replace(size, processes=[arguments.processes])
    if arguments.repeats:
        size = replace(size, repeats=dict.fromkeys(size.repeats, arguments.repeats))
    return size


def planned(workloads: Sequence[str], engines: Sequence[Engine], size: Size, seed: int) -> list[Task]:
    """Every run, workload after workload, in random order within each."""
    shuffle = random.Random(seed).shuffle  # noqa: S311
    plan: list[Task] = []
    for workload in (name for name in workloads if name != "claim"):
        tasks = [task for engine in engines for task in tasks_of(workload, engine, size)] * size.repeats[workload]
        shuffle(tasks)
        plan += tasks
    return plan


def tasks_of(workload: str, engine: Engine, size: Size) -> Sequence[Task]:
    task = Task(workload=workload, engine=engine, processes=4, due=0, patience_seconds=size.patience_seconds)
    match workload:
        case "W1":
            drain = [replace(task, processes=count, due=due) for due in size.drained for count in size.processes]
            return [*drain, replace(drain[0], future=size.future)]
        case _ if engine.name == Graphile.name:
            return []  # its tables do not say when a job ran
        case "W2":
            due, patience = size.per_second * size.steady_seconds, size.steady_seconds + size.patience_seconds / 2
            steady = replace(task, due=due, per_second=size.per_second, patience_seconds=patience)
            return [
                replace(steady, processes=count, future=each) for each in (0, size.future) for count in size.processes
            ]
        case "W3":
            spike = replace(task, due=size.spike, future=size.future, per_second=0)
            return [replace(spike, processes=count) for count in size.processes]
        case _:
            patience = size.patience_seconds + 2 * LEASE_SECONDS
            crash = replace(task, due=size.crashed, per_second=0, kills_one=True, lease_seconds=LEASE_SECONDS)
            return [replace(crash, patience_seconds=patience)]


async def measure_all(
    measured: Server, engines: Sequence[Engine], plan: Sequence[Task], futures: Sequence[int], console: Console
) -> tuple[list[Run], list[ClaimCost]]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    runs: list[Run] = []
    claims: list[ClaimCost] = []
    with Progress(*columns, console=console, transient=True) as progress:
        overall = progress.add_task("runs", total=len(plan))
        current = progress.add_task("installing")

        def show(what: str, through: int, total: int) -> None:
            progress.update(current, description=f"{label}: {what}", completed=through, total=total)

        await measured.prepare()
        for engine in engines:
            run_once(engine.install(await measured.fresh(installed(engine))))
        for task in plan:
            label = f"{task.workload} {task.engine.name}"
            runs.append(await run(measured, task, show))
            progress.console.print(told_briefly(runs[-1]))
            progress.advance(overall)
        for future in futures:
            label = "claim"
            claims.append(await measure(measured, Ours(), future, show))
    for engine in engines:
        await measured.drop(installed(engine))
    return runs, claims


if __name__ == "__main__":
    main()
