"""Requests that the suites of this folder send, with times that lie ahead whenever they run."""

from collections.abc import Awaitable, Callable, Iterable
from datetime import timedelta

import httpx2

from marketmind_scheduler.adapters.system_clock import SystemClock
from tests.http import steps
from tests.http.steps import Json

Schedule = Callable[[httpx2.AsyncClient, str], Awaitable[httpx2.Response]]
"""One of the two calls below that schedule."""

NEXT_YEAR = SystemClock().now().year + 1
ASKED = {"timestamp": f"{NEXT_YEAR}-03-17T19:00:00"}
LANE = "LINKEDIN"  # which documents no cap that hundreds at one instant would break
MOST = timedelta(seconds=5)
"""What a caller waits at most, whatever has happened to the database."""


async def a_campaign(client: httpx2.AsyncClient, *, posts: int, brand_id: str | None = None) -> str:
    """The id of a campaign over all of March of next year."""
    days = {"start": f"{NEXT_YEAR}-03-01", "end": f"{NEXT_YEAR}-03-31"}
    return await steps.a_campaign(client, brand_id=brand_id, posts=[LANE] * posts, **days)


async def some_posts(client: httpx2.AsyncClient, *, count: int) -> list[str]:
    return await steps.add_posts(client, await a_campaign(client, posts=0), [LANE] * count)


async def schedule_post(client: httpx2.AsyncClient, post_id: str) -> httpx2.Response:
    return await client.post(f"/schedule/post/{post_id}", json=ASKED)


async def schedule_campaign(client: httpx2.AsyncClient, campaign_id: str) -> httpx2.Response:
    return await client.post(f"/schedule/campaign/{campaign_id}")


def ids_of(answer: httpx2.Response) -> set[str]:
    """The ids of all schedules in an answer."""
    body: Json = answer.json()
    return {schedule["schedule_id"] for schedule in body.get("schedules", [body])}


def check_unavailable(answers: Iterable[httpx2.Response]) -> None:
    """Each says in time, and in due form, that the caller is to come again."""
    for answer in answers:
        steps.problem(answer, 503, "storage_unavailable")
        assert int(answer.headers["retry-after"]) >= 1
        assert answer.elapsed < MOST
