"""Measures the service against a floor that runs the same SQL and nothing else, against the way of the first prototype,
campaigns against a bare INSERT, and what it costs to ask for keys: access checks, rate limits, an Idempotency-Key on
every POST, and the log of it all.

All servers run on one PostgreSQL (DATABASE_URL, else an embedded one with durable settings), one request kind at a
time in turn, so that a change of the machine's pace meets both. Quoted are medians over the rounds, and the ratio of
each pair of runs.
"""

import argparse
import asyncio
import json
import os
import random
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from statistics import median, quantiles
from typing import Any
from uuid import UUID

import asyncpg
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from uuid_utils.compat import uuid7

from marketmind_scheduler.adapters.embedded_postgres.server import embedded_postgres
from marketmind_scheduler.adapters.postgres.repositories.additions import ADD
from marketmind_scheduler.adapters.postgres.repositories.schedule_rows import ADDED
from marketmind_scheduler.domain.post import Platform

HERE = Path(__file__).parent
PROGRAM = str(Path(sys.executable).parent / "marketmind-scheduler")
SERVICE_PORT, FLOOR_PORT, GUARDED_PORT, PROTOTYPE_PORT = 8471, 8472, 8473, 8474
PEERS_PYTHON = Path(".venv-peers/bin/python")
CONNECTIONS = 16
WRITES, READS = 1500, 3000
POST, POST_ONE_LANE, GET = "POST /schedule/post", "… all of one brand", "GET /schedule/post"
IN_FIVE = "floor, 5 statements"
BRANDS = 100
START = date(2027, 1, 4)


@dataclass(frozen=True)
class Run:
    """One burst of requests: how many a second, and the latencies in milliseconds."""

    per_second: float
    p50: float
    p99: float


Runs = dict[str, Run]
"""By server."""


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=5, help="how often each is measured (default 5)")
    arguments.add_argument("--peers-python", type=Path, default=PEERS_PYTHON, help="a Python that has the peers")
    asked = arguments.parse_args()
    rounds = asked.rounds
    console = Console(width=None if sys.stdout.isatty() else 130)
    with ExitStack() as opened:
        home = opened.enter_context(tempfile.TemporaryDirectory(prefix="marketmind-bench-"))
        Path(home).chmod(0o711)
        url = os.environ.get("DATABASE_URL") or opened.enter_context(embedded_postgres(Path(home) / "postgres"))
        opened.enter_context(server(url, [PROGRAM, "serve"], SERVICE_PORT, SCHEDULER_AUTH="off"))
        guards = {"SCHEDULER_AUTH": "keys", "SCHEDULER_REQUESTS_PER_MINUTE": "10000000"}
        opened.enter_context(server(url, [PROGRAM, "serve"], GUARDED_PORT, **guards))
        key = a_key(url)
        opened.enter_context(
            server(url, [sys.executable, "-P", str(HERE / "floor.py"), url, str(FLOOR_PORT)], FLOOR_PORT)
        )
        prototype = [str(asked.peers_python.absolute()), "-P", str(HERE / "first_prototype.py")]
        opened.enter_context(server(url, [*prototype, url, str(PROTOTYPE_PORT)], PROTOTYPE_PORT))
        posts = asyncio.run(prepare(url, brands=BRANDS))
        of_one_brand = asyncio.run(prepare(url, brands=1))
        with Progress(console=console, transient=True) as progress:
            shown = progress.add_task("measuring", total=rounds + 1)
            measured = [
                one_round(url, posts, of_one_brand, key) for _ in progress.track(range(rounds + 1), task_id=shown)
            ][1:]
        print_requests(console, measured)
        print_campaigns(console, url, rounds)


def a_key(url: str) -> str:
    """Of a service that may do everything."""
    create = [PROGRAM, "keys", "create", "--name", "bench", "--scope", "admin"]
    return subprocess.run(
        create, env={**os.environ, "DATABASE_URL": url}, capture_output=True, text=True, check=True
    ).stdout.strip()


@contextmanager
def server(url: str, command: Sequence[str], port: int, **settings: str) -> Generator[None]:
    environment = {
        **os.environ,
        "DATABASE_URL": url,
        "SCHEDULER_PORT": str(port),
        "SCHEDULER_LOG_FORMAT": "json",
        "SCHEDULER_DEMO_DATA": "false",
        **settings,
    }
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    try:
        wait_for(port)
        yield
    finally:
        process.terminate()
        process.wait(10)


def wait_for(port: int) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=1):
                return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.05)
    sys.exit(f"nothing answers on port {port}")


async def prepare(url: str, *, brands: int) -> Sequence[UUID]:
    """Register brands and as many posts as one burst schedules, straight in the database; no cap of their platform
    binds, for all of a brand are scheduled for one instant."""
    posts = [uuid7() for _ in range(WRITES)]
    ids = [uuid7() for _ in range(brands)]
    connection = await asyncpg.connect(url)
    await connection.execute(
        "INSERT INTO brands SELECT unnest($1::uuid[]), 'Bench', 'Europe/Berlin', '', now(), now()", ids
    )
    await connection.execute(
        "INSERT INTO posts (post_id, brand_id, title, s3_url, platform, created_at, updated_at) "
        "SELECT unnest($1::uuid[]), unnest($2::uuid[]), 'Bench', 's3://bench/post', 'LINKEDIN', now(), now()",
        posts,
        [ids[nth % brands] for nth in range(WRITES)],
    )
    await connection.close()
    return posts


def one_round(url: str, posts: Sequence[UUID], of_one_brand: Sequence[UUID], key: str) -> dict[str, Runs]:
    """Each server, each kind of request; reads find what the writes before them left."""
    reads = [["GET", f"/schedule/post/{posts[i % len(posts)]}", None] for i in range(READS)]
    servers = {
        "service": (SERVICE_PORT, None),
        "with keys": (GUARDED_PORT, key),
        "floor": (FLOOR_PORT, None),
        "prototype": (PROTOTYPE_PORT, None),
    }
    writers = servers | {IN_FIVE: (FLOOR_PORT, None)}
    crowded = written(url, of_one_brand, writers)
    spread = written(url, posts, writers)
    read = {
        name: burst(port, reads, key=shown)
        for name, (port, shown) in random.sample(list(servers.items()), len(servers))
    }
    return {POST: spread, POST_ONE_LANE: crowded, GET: read}


def written(url: str, posts: Sequence[UUID], servers: Mapping[str, tuple[int, str | None]]) -> Runs:
    body = json.dumps({"timestamp": "2027-03-17T19:00:00"})
    runs: Runs = {}
    for name, (port, shown) in random.sample(list(servers.items()), len(servers)):
        asyncio.run(empty(url, "first_prototype_schedules" if name == "prototype" else "schedules, queue"))
        path = "in-five" if name == IN_FIVE else "schedule"
        runs[name] = burst(port, [["POST", f"/{path}/post/{post}", body] for post in posts], key=shown)
    return runs


async def empty(url: str, tables: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(f"TRUNCATE {tables}")
    await connection.close()


def burst(port: int, requests: Sequence[Sequence[str | None]], *, key: str | None) -> Run:
    task = json.dumps({"port": port, "connections": CONNECTIONS, "requests": requests, "key": key})
    done = subprocess.run(
        [sys.executable, "-P", str(HERE / "load.py")], input=task, capture_output=True, text=True, check=True
    )
    answer = json.loads(done.stdout)
    if answer["bad"]:
        sys.exit(f"port {port} answered: {answer['bad'][0]}")
    cuts = quantiles(answer["seconds"], n=100)
    return Run(per_second=len(answer["seconds"]) / answer["took"], p50=cuts[49] * 1000, p99=cuts[98] * 1000)


def print_requests(console: Console, rounds: Sequence[dict[str, Runs]]) -> None:
    table = Table(title=f"{CONNECTIONS} connections, median of {len(rounds)} rounds", title_justify="left")
    for heading in (
        "request",
        "server",
        "requests/s",
        "p50 ms",
        "p99 ms",
        "of the floor",
        "of the prototype",
        "of the service",
    ):
        table.add_column(heading, no_wrap=True, justify="left" if heading in ("request", "server") else "right")
    for kind in (POST, POST_ONE_LANE, GET):
        for name in ("service", "with keys", "floor", IN_FIVE, "prototype"):
            if name not in rounds[0][kind]:
                continue
            runs = [each[kind][name] for each in rounds]
            table.add_row(
                kind,
                name,
                f"{median(run.per_second for run in runs):.0f}",
                f"{median(run.p50 for run in runs):.1f}",
                f"{median(run.p99 for run in runs):.1f}",
                "" if name == "floor" else ratio_of(rounds, kind, name, "floor"),
                "" if name == "prototype" else ratio_of(rounds, kind, name, "prototype"),
                ratio_of(rounds, kind, name, "service") if name == "with keys" else "",
            )
    console.print(table)


def ratio_of(rounds: Sequence[dict[str, Runs]], kind: str, name: str, other: str) -> str:
    """The median of the rounds' own ratios, and their spread."""
    ratios = sorted(each[kind][name].per_second / each[kind][other].per_second for each in rounds)
    return f"{median(ratios):.2f} ({ratios[0]:.2f}-{ratios[-1]:.2f})"


def print_campaigns(console: Console, url: str, rounds: int) -> None:
    table = Table(title="One request for a whole campaign", title_justify="left")
    for heading in ("posts", "request", "ms", "bare INSERT ms", "ratio"):
        table.add_column(heading, justify="left" if heading == "request" else "right")
    for size in (1_000, 10_000):
        registering: list[float] = []
        scheduling: list[float] = []
        inserting: list[float] = []
        for _ in range(rounds):
            campaign, body = campaign_of(size)
            registering.append(timed("POST", f"/campaigns/{campaign}/posts", body))
            scheduling.append(timed("POST", f"/schedule/campaign/{campaign}", None))
            inserting.append(asyncio.run(bare_insert(url, campaign)))
        ratios = [ours / bare for ours, bare in zip(scheduling, inserting, strict=True)]
        table.add_row(f"{size:,}", "POST /campaigns/…/posts", f"{median(registering):.0f}", "", "")
        table.add_row(
            f"{size:,}",
            "POST /schedule/campaign",
            f"{median(scheduling):.0f}",
            f"{median(inserting):.0f}",
            f"{median(ratios):.1f} ({min(ratios):.1f}-{max(ratios):.1f})",
        )
    console.print(table)


def campaign_of(size: int) -> tuple[UUID, bytes]:
    """A campaign that holds ``size`` posts over all platforms, and the body that registers them."""
    brand, campaign = uuid7(), uuid7()
    days = -(-size // len(Platform))
    send("PUT", f"/brands/{brand}", {"brand_name": "Bench", "brand_default_timezone": "America/New_York"})
    send(
        "PUT",
        f"/campaigns/{campaign}",
        {
            "brand_id": str(brand),
            "name": "Bench",
            "start_date": str(START),
            "end_date": str(START + timedelta(days=days - 1)),
        },
    )
    posts = [
        {"post_id": str(uuid7()), "title": f"Post {i}", "s3_url": f"s3://bench/{i}.mp4", "platform": platform}
        for i, platform in zip(range(size), cycle_of(Platform), strict=False)
    ]
    return campaign, json.dumps({"posts": posts}).encode()


def cycle_of(platforms: type[Platform]) -> Iterator[str]:
    while True:
        yield from (platform.value for platform in platforms)


def timed(method: str, path: str, body: bytes | None) -> float:
    started = time.perf_counter()
    send_bytes(method, path, body)
    return (time.perf_counter() - started) * 1000


def send(method: str, path: str, body: dict[str, Any]) -> None:
    send_bytes(method, path, json.dumps(body).encode())


def send_bytes(method: str, path: str, body: bytes | None) -> None:
    request = urllib.request.Request(
        f"http://127.0.0.1:{SERVICE_PORT}{path}", data=body, method=method, headers={"content-type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
        answer.read()


async def bare_insert(url: str, campaign: UUID) -> float:
    """Milliseconds of one INSERT of the rows that the campaign has, after taking them out."""
    connection = await asyncpg.connect(url)
    rows = await connection.fetch(
        f"SELECT {', '.join(ADDED)} FROM schedules WHERE post_id IN (SELECT post_id FROM posts WHERE campaign_id = $1)",
        campaign,
    )
    columns = [list(column) for column in zip(*rows, strict=True)]
    for table in ("queue", "schedules"):
        await connection.execute(f"DELETE FROM {table} WHERE schedule_id = ANY($1::uuid[])", columns[0])
    started = time.perf_counter()
    await connection.execute(ADD, *columns)
    took = time.perf_counter() - started
    await connection.close()
    return took * 1000


if __name__ == "__main__":
    main()
