"""How long each request takes that is about all 10,000 posts of a campaign, over HTTP, on a database with 300,000
schedules of 2,000 brands, whose statistics are left to whoever looks after them. One request at a time; quoted are the
median and the longest of the rounds, each with a new brand and campaign.
"""

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Any, TypeAlias
from uuid import UUID

import asyncpg
from benchmarks.fairness.stock import fill
from benchmarks.http import PROGRAM, START, server
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from uuid_utils.compat import uuid7

from marketmind_scheduler.adapters.embedded_postgres.server import embedded_postgres
from marketmind_scheduler.domain.post import Platform

PORT = 8491
MOST_MS = 2000
ALL_FAILED = """
WITH gone AS (
  DELETE FROM queue WHERE post_id = ANY(ARRAY(SELECT post_id FROM posts WHERE campaign_id = $1)) RETURNING schedule_id)
UPDATE schedules SET status = 'FAILED', wrong = 'FAILED', finished_at = now(), wrong_at = now(), last_error = 'refused'
 WHERE schedule_id = ANY(ARRAY(SELECT schedule_id FROM gone))
"""
Answer: TypeAlias = Mapping[str, Any]


@dataclass
class Campaign:
    """Of a brand of its own, and how long each request about it took, in milliseconds and in their order."""

    url: str
    posts: int
    brand_id: UUID = field(default_factory=uuid7)
    campaign_id: UUID = field(default_factory=uuid7)
    took: dict[str, float] = field(default_factory=dict[str, float])

    def all_requests(self) -> Mapping[str, float]:
        self._register()
        campaign, whole = f"/campaigns/{self.campaign_id}", f"/schedule/campaign/{self.campaign_id}"
        ids = [str(uuid7()) for _ in range(self.posts)]
        self.timed("POST /campaigns/…/posts", "POST", f"{campaign}/posts", {"posts": self._posts(ids)})
        self.timed("POST /schedule/campaign/…", "POST", whole)
        self.timed("… again", "POST", whole)
        self.timed("POST /campaigns/…/shift", "POST", f"{campaign}/shift", {"by": "P7D"})
        self.timed("POST /campaigns/…/pause", "POST", f"{campaign}/pause")
        self.timed("POST /campaigns/…/resume", "POST", f"{campaign}/resume")
        self.timed("POST /brands/…/pause", "POST", f"/brands/{self.brand_id}/pause")
        self.timed("POST /brands/…/resume", "POST", f"/brands/{self.brand_id}/resume")
        self._put_brand(zone="Europe/Berlin")
        self.timed("POST /brands/…/follow", "POST", f"/brands/{self.brand_id}/follow", {"zone": True})
        self.timed("PUT /campaigns/…/order", "PUT", f"{campaign}/order", {"post_ids": ids[::-1]})
        self.timed("POST /schedule/campaign/… replace", "POST", whole, {"replace": True})
        self.timed("DELETE /schedule/campaign/…", "DELETE", whole)
        self.timed("POST /schedule/campaign/… fill", "POST", whole, {"fill": True})
        self.timed("POST /campaigns/…/posts changed", "POST", f"{campaign}/posts", {"posts": self._posts(ids, "new")})
        self.timed("DELETE /schedule/campaign/… ", "DELETE", whole)
        plan = self.timed("POST /campaigns/…/plans", "POST", f"{campaign}/plans", {"scheduler": "naive"})
        commit = f"/plans/{plan['plan_id']}/commit"
        self.timed("POST /plans/…/commit", "POST", commit, {"plan_hash": plan["plan_hash"]})
        asyncio.run(executed(self.url, ALL_FAILED, self.campaign_id))
        retried = {"campaign_id": str(self.campaign_id), "override": ["platform_cap"]}
        self.timed("POST /schedules/retry", "POST", "/schedules/retry", retried)
        self.timed("DELETE /campaigns/…", "DELETE", campaign)
        return self.took

    def timed(self, name: str, method: str, path: str, body: Answer | None = None) -> Answer:
        began = time.perf_counter()
        answer = send(method, path, body)
        self.took[name] = (time.perf_counter() - began) * 1000
        return answer

    def _posts(self, ids: Sequence[str], title: str = "Post") -> Sequence[Answer]:
        platforms = list(Platform)
        return [
            {
                "post_id": each,
                "title": f"{title} {nth}",
                "s3_url": f"s3://bench/{nth}.mp4",
                "platform": platforms[nth % len(platforms)],
            }
            for nth, each in enumerate(ids)
        ]

    def _register(self) -> None:
        self._put_brand(zone="America/New_York")
        days = timedelta(days=-(-self.posts // len(Platform)))
        body = {"brand_id": str(self.brand_id), "name": "Bench"}
        dates = {"start_date": str(START), "end_date": str(START + days)}
        send("PUT", f"/campaigns/{self.campaign_id}", body | dates)

    def _put_brand(self, *, zone: str) -> None:
        send("PUT", f"/brands/{self.brand_id}", {"brand_name": "Bench", "brand_default_timezone": zone})


def send(method: str, path: str, body: Answer | None) -> Answer:
    request = urllib.request.Request(f"http://127.0.0.1:{PORT}{path}", method=method)
    if body is not None:
        request.data = json.dumps(body).encode()
        request.add_header("content-type", "application/json")
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
            return json.loads(answer.read() or b"{}")
    except urllib.error.HTTPError as failed:
        sys.exit(f"{method} {path}: {failed.code} {failed.read()[:1000].decode()}")


async def executed(url: str, sql: str, *given: object) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(sql, *given)
    finally:
        await connection.close()


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=3, help="how often each is measured (default 3)")
    arguments.add_argument("--posts", type=int, default=10_000, help="of each campaign (default 10,000)")
    given = arguments.parse_args()
    console = Console(width=None if sys.stdout.isatty() else 110)
    with ExitStack() as opened:
        home = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="marketmind-bench-")))
        home.chmod(0o711)
        url = os.environ.get("DATABASE_URL") or opened.enter_context(embedded_postgres(home / "postgres"))
        opened.enter_context(server(url, [PROGRAM, "serve"], PORT, SCHEDULER_AUTH="off", SCHEDULER_DISPATCH="off"))
        with Progress(console=console, transient=True) as progress:
            shown = progress.add_task("filling the database", total=given.rounds)
            asyncio.run(fill(url))
            progress.update(shown, description="measuring")
            rounds = [
                Campaign(url, given.posts).all_requests() for _ in progress.track(range(given.rounds), task_id=shown)
            ]
        console.print(table_of(rounds, given.posts))


def table_of(rounds: Sequence[Mapping[str, float]], posts: int) -> Table:
    table = Table(title=f"A campaign of {posts:,} posts, {len(rounds)} rounds", title_justify="left")
    for heading in ("request", "ms", "at most", ""):
        table.add_column(heading, no_wrap=True, justify="left" if heading in ("request", "") else "right")
    for name in rounds[0]:
        taken = [each[name] for each in rounds]
        table.add_row(name, f"{median(taken):.0f}", f"{max(taken):.0f}", "" if max(taken) <= MOST_MS else "missed")
    return table


if __name__ == "__main__":
    main()
