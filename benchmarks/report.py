"""The figures of the runs as tables, and which targets they meet."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import median, quantiles
from typing import TypeAlias

from benchmarks.claim_cost import ClaimCost
from benchmarks.workloads import Run
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

FASTER, FASTER_WITH_FUTURE, OF_GRAPHILE = 1.5, 3.0, 0.8
LATENESS_SECONDS = 0.05
SLACK = 1.2

Figure: TypeAlias = Callable[[Run], float | None]


@dataclass(frozen=True, slots=True)
class Column:
    heading: str
    form: str
    figure: Figure
    shows_spread: bool = False

    def text(self, runs: Sequence[Run]) -> str:
        """The median of what is known, and the quartiles of three runs or more where they are to be shown."""
        known = [figure for run in runs if (figure := self.figure(run)) is not None]
        if not known:
            return ""
        middle = format(median(known), self.form)
        if not self.shows_spread or len(known) < 3:
            return middle
        low, _, high = (format(cut, self.form) for cut in quantiles(known, n=4, method="inclusive"))
        return f"{middle} ({low}-{high})"


def a_thousand(run: Run, total: float) -> float:
    return 1000 * total / max(run.completed, 1)


def per_second(run: Run) -> float:
    return run.completed / run.seconds


def buffers_of_job(run: Run) -> float:
    return run.buffers / max(run.completed, 1)


PACE = Column("jobs/s", ",.0f", per_second, shows_spread=True)
SECONDS = Column("seconds", ".1f", lambda run: run.seconds, shows_spread=True)
LATENESS = (
    Column("p50 ms", ",.0f", lambda run: run.lateness_p50 * 1000),
    Column("p99 ms", ",.0f", lambda run: run.lateness_p99 * 1000, shows_spread=True),
    Column("max ms", ",.0f", lambda run: run.lateness_max * 1000),
)
COSTS = (
    Column("DB CPU", ".2f", lambda run: None if run.cpu_seconds is None else a_thousand(run, run.cpu_seconds)),
    Column("worker CPU", ".2f", lambda run: a_thousand(run, run.worker_cpu_seconds)),
    Column("buffers", ",.0f", lambda run: a_thousand(run, run.buffers)),
    Column("WAL MB", ".1f", lambda run: a_thousand(run, run.wal_bytes / 1e6)),
    Column("commits", ",.0f", lambda run: a_thousand(run, run.commits)),
)
MEMORY = Column("worker MB", ",.0f", lambda run: run.peak_bytes / 1e6)
LOADING = Column("load s", ".1f", lambda run: run.loading_seconds)
COLUMNS: dict[str, Sequence[Column]] = {
    "W1": (PACE, *COSTS, LOADING),
    "W2": (*LATENESS, *COSTS),
    "W3": (SECONDS, PACE, *LATENESS, MEMORY),
    "W4": (SECONDS,),
}
TITLES = {
    "W1": "W1 drain: {due:,} jobs that are due, {future:,} more in the future, {processes}; costs of 1,000, CPU in s",
    "W2": "W2 steady: lateness of {due:,} jobs, {future:,} more in the future, {processes}; costs of 1,000, CPU in s",
    "W3": "W3 spike: {due:,} jobs due at one instant, {future:,} more in the future, {processes}",
    "W4": "W4 crash: one of {processes} killed half way through {due:,} jobs, lease {lease_seconds} s",
}


def told_briefly(run: Run) -> str:
    ahead = f", {run.future:,} in the future" if run.future else ""
    return f"{run.workload} {run.engine}{ahead}: {run.completed:,} of {run.due:,} in {run.seconds:.1f} s"


def print_runs(console: Console, runs: Sequence[Run]) -> None:
    """A table for each thing measured, an engine a line."""
    for title, group in grouped(runs, title_of).items():
        columns = COLUMNS[group[0].workload]
        table = Table(box=SIMPLE_HEAD)
        table.add_column("engine", no_wrap=True)
        for column in columns:
            table.add_column(column.heading, justify="right", no_wrap=True)
        table.add_column("checked", no_wrap=True)
        for engine, its_runs in grouped(group, lambda run: run.engine).items():
            table.add_row(engine, *(column.text(its_runs) for column in columns), checked(its_runs))
        console.print(f"[bold]{title}[/]", table)


def checked(runs: Sequence[Run]) -> str:
    """What is wrong with the jobs of these runs, if anything is."""
    counts = {
        "lost": sum(run.lost for run in runs),
        "not finished": sum(run.unfinished for run in runs),
        "unconfirmed": sum(run.reported for run in runs),
        "repeated": sum(run.repeated for run in runs),
    }
    return ", ".join(f"{count:,} {what}" for what, count in counts.items() if count) or "each once"


def title_of(run: Run) -> str:
    processes = f"{run.processes} worker process{'es' if run.processes > 1 else ''}"
    return TITLES[run.workload].format(
        due=run.due, future=run.future, processes=processes, lease_seconds=run.lease_seconds
    )


def grouped(runs: Iterable[Run], key: Callable[[Run], str]) -> dict[str, list[Run]]:
    groups: dict[str, list[Run]] = {}
    for run in sorted(
        runs, key=lambda run: (run.workload, run.due, run.processes, run.lease_seconds or 0, run.future, run.engine)
    ):
        groups.setdefault(key(run), []).append(run)
    return groups


def print_claims(console: Console, claims: Sequence[ClaimCost]) -> None:
    if not claims:
        return
    table = Table(box=SIMPLE_HEAD)
    for heading in ("schedules in the future", "buffers", "of these to find them", "ms"):
        table.add_column(heading, justify="right")
    for claim in claims:
        table.add_row(
            f"{claim.future:,}", f"{claim.buffers:,.0f}", f"{claim.finding_buffers:,.0f}", f"{claim.milliseconds:.2f}"
        )
    console.print(f"[bold]One claim of {claims[0].rows} schedules, ours[/]", table)


def print_targets(console: Console, runs: Sequence[Run], claims: Sequence[ClaimCost]) -> None:
    for target, is_met in [*drain_targets(runs), *steady_targets(runs), *claim_targets(claims)]:
        console.print(f"{target}: {'met' if is_met else 'MISSED'}", soft_wrap=True)
    if runs:
        lost, again = sum(run.lost for run in runs), sum(run.repeated for run in runs if run.engine == "ours")
        console.print(f"lost by any engine: {lost}; sent again by ours: {again}")


def drain_targets(runs: Sequence[Run]) -> Iterable[tuple[str, bool]]:
    for title, group in grouped([run for run in runs if run.workload == "W1"], title_of).items():
        paces = {name: median(map(per_second, its)) for name, its in grouped(group, lambda run: run.engine).items()}
        ours = paces.pop("ours", None)
        graphile = paces.pop("graphile-worker", None)
        what, wanted = title.partition(";")[0], FASTER_WITH_FUTURE if group[0].future else FASTER
        if ours is not None and paces:
            fastest = max(paces, key=lambda name: paces[name])
            ratio = ours / paces[fastest]
            yield f"{what}: {ratio:.2f} times {fastest}, target {wanted:g} times", ratio >= wanted
        if ours is not None and graphile:
            ratio = ours / graphile
            yield f"{what}: {ratio:.2f} times graphile-worker, target {OF_GRAPHILE:g} times", ratio >= OF_GRAPHILE


def steady_targets(runs: Sequence[Run]) -> Iterable[tuple[str, bool]]:
    ours = [run for run in runs if run.workload == "W2" and run.engine == "ours"]
    for processes in sorted({run.processes for run in ours}):
        with_future = [run for run in ours if run.processes == processes and run.future]
        without = [run for run in ours if run.processes == processes and not run.future]
        if with_future:
            late = median(run.lateness_p99 for run in with_future)
            told = f"W2: lateness p99 {late * 1000:.0f} ms, target under {LATENESS_SECONDS * 1000:.0f} ms"
            yield told, late < LATENESS_SECONDS
        if with_future and without:
            ratio = median(map(buffers_of_job, with_future)) / median(map(buffers_of_job, without))
            told = f"W2: {ratio:.2f} times the buffers of a job with an empty future, target {SLACK:g} times at most"
            yield told, ratio <= SLACK


def claim_targets(claims: Sequence[ClaimCost]) -> Iterable[tuple[str, bool]]:
    if len(claims) > 1:
        fewest, most = claims[0], claims[-1]
        for what, ratio in (
            ("buffers", most.buffers / fewest.buffers),
            ("buffers to find the due ones", most.finding_buffers / fewest.finding_buffers),
            ("time", most.milliseconds / fewest.milliseconds),
        ):
            told = f"claim: {ratio:.2f} times the {what} with {most.future:,} as with {fewest.future:,} in the future"
            yield f"{told}, target {SLACK:g} times at most", ratio <= SLACK
