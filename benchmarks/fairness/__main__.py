"""What a well-behaved caller gets alone, and beside callers that take what they can: requests a second, the latency
that one in a hundred exceeds, and how long ``/health/live`` takes at worst meanwhile.

One service over one PostgreSQL with 300,000 schedules, asking for keys; the others are processes of this machine, so
what they cost by themselves is in the figures too. Quoted are medians over the rounds.
"""

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.fairness.calling import Measured, keys, well_behaved
from benchmarks.fairness.stock import POSTS_DUE, fill
from benchmarks.http import server
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from marketmind_scheduler.adapters.embedded_postgres.server import embedded_postgres

HERE = Path(__file__).parent
PROGRAM = str(Path(sys.executable).parent / "marketmind-scheduler")
PORT, RECEIVER_PORT = 8481, 8482
BESIDE = {
    "alone": None,
    "600 silent connections": "silent",
    "500 polls of one key": "polls",
    "100 triggers to a slow receiver": "triggers",
    "a flood without a key": "nobody",
    "a flood over its rate": "flood",
    "a caller of the dearest list": "lists",
}
LEAST_PART = 0.5
MOST_LIVE_MS = 100
SECRET = "whsec_dGhpcyBzZWNyZXQgaXMgZm9yIHRoZSBkZW1vIG9ubHk="  # noqa: S105
WEBHOOKS = f"""
allow = ["127.0.0.1/32:{RECEIVER_PORT}"]
[default]
url = "http://127.0.0.1:{RECEIVER_PORT}/"
secrets = ["{SECRET}"]
allow_http = true
"""


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=3, help="how often each is measured (default 3)")
    rounds = arguments.parse_args().rounds
    console = Console(width=None if sys.stdout.isatty() else 110)
    with ExitStack() as opened:
        home = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="marketmind-bench-")))
        home.chmod(0o711)
        (home / "webhooks.toml").write_text(WEBHOOKS)
        url = os.environ.get("DATABASE_URL") or opened.enter_context(embedded_postgres(home / "postgres"))
        settings = {
            "SCHEDULER_AUTH": "keys",
            "SCHEDULER_DISPATCH": "off",
            "SCHEDULER_PUBLISHER": "webhook",
            "SCHEDULER_WEBHOOKS": str(home / "webhooks.toml"),
        }
        opened.enter_context(server(url, [PROGRAM, "serve"], PORT, **settings))
        opened.enter_context(beside("receiver", RECEIVER_PORT, ""))
        found: dict[str, list[Measured]] = {name: [] for name in BESIDE}
        with Progress(console=console, transient=True) as progress:
            shown = progress.add_task("filling the database", total=rounds * len(BESIDE))
            ids = asyncio.run(fill(url))
            progress.update(shown, description="measuring")
            for name, kind in list(BESIDE.items()) * rounds:
                asyncio.run(fill(url, due=POSTS_DUE))
                mine, theirs = keys(PROGRAM, url, 2)
                with beside(kind, PORT, theirs):
                    found[name].append(asyncio.run(well_behaved(PORT, mine, ids)))
                progress.advance(shown)
        console.print(table_of(found))


@contextmanager
def beside(kind: str | None, port: int, key: str) -> Generator[None]:
    """Somebody who takes what can be had, for two seconds before the measurement and as long as it lasts."""
    if kind is None:
        yield
        return
    command = [sys.executable, "-P", str(HERE / "taking.py"), kind, str(port)]
    with subprocess.Popen(command, env={**os.environ, "BENCH_KEY": key}) as process:
        try:
            time.sleep(2)
            yield
        finally:
            process.kill()


@dataclass(frozen=True)
class Row:
    per_second: float
    p99: float
    live: float

    @classmethod
    def of(cls, rounds: list[Measured]) -> "Row":
        return cls(
            per_second=median(each.per_second for each in rounds),
            p99=median(each.p99 for each in rounds) * 1000,
            live=max(each.live for each in rounds) * 1000,
        )


def table_of(found: dict[str, list[Measured]]) -> Table:
    rounds = len(found["alone"])
    table = Table(
        title=f"A caller that behaves well, median of {rounds} rounds; live: /health/live at worst",
        title_justify="left",
    )
    for heading in ("beside", "requests/s", "of alone", "p99 ms", "live ms", ""):
        table.add_column(heading, no_wrap=True, justify="left" if heading in ("beside", "") else "right")
    alone = Row.of(found["alone"])
    for name, measured in found.items():
        row = Row.of(measured)
        part = row.per_second / alone.per_second
        is_met = part >= LEAST_PART and row.live <= MOST_LIVE_MS
        table.add_row(
            name,
            f"{row.per_second:.0f}",
            f"{part:.2f}",
            f"{row.p99:.1f}",
            f"{row.live:.0f}",
            "" if is_met else "missed",
        )
    return table


if __name__ == "__main__":
    main()
