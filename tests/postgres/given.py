"""What is due, claimed and being sent, over the adapters for PostgreSQL."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from uuid import UUID, uuid4

from marketmind_scheduler.adapters.postgres.pool import Pool
from marketmind_scheduler.application.asked_times import AskedTime
from marketmind_scheduler.application.post_scheduling import PostScheduling
from marketmind_scheduler.application.quota import Quota
from marketmind_scheduler.domain import attempt
from marketmind_scheduler.domain.attempt import Claim, Settlement
from marketmind_scheduler.domain.post import Platform, Post
from marketmind_scheduler.domain.schedule import Schedule
from marketmind_scheduler.domain.verdict import VerdictKind
from marketmind_scheduler.domain.wall_clock import Disambiguation, Intent, Resolution, Slot
from marketmind_scheduler.domain.zones import ZoneCatalog
from marketmind_scheduler.ports.dispatch_queue import DispatchQueue, Wanted
from marketmind_scheduler.ports.storage import Storage
from tests.builders import BRAND_ID, TZ_RELEASE, a_post, a_schedule, given
from tests.fakes.clock import FrozenClock

T = TypeVar("T")
R = TypeVar("R")

LONG_AGO = datetime(2020, 1, 1, 12, tzinfo=UTC)
FAR_AHEAD = datetime(2190, 1, 1, 12, tzinfo=UTC)
OWNER = uuid4()
LEASE, LEAST_LEASE = timedelta(seconds=30), timedelta(seconds=15)
ALL_PLATFORMS = dict.fromkeys(Platform, 10_000)


_AT_ONCE = 4

WRONGLY_HELD = """
SELECT count(*)
  FROM queue s JOIN brands b USING (brand_id) JOIN posts p USING (post_id)
  LEFT JOIN campaigns c ON c.campaign_id = p.campaign_id
 WHERE s.parked & 3 <> (c.paused_at IS NOT NULL)::int + 2 * (b.paused_at IS NOT NULL)::int
"""
"""How many active schedules are held though nothing of theirs is paused, or the other way round."""


def at(instant: datetime) -> Slot:
    intent = Intent(
        zone="UTC", local_time=None, disambiguation=None, resolution=Resolution.EXACT, tz_release=TZ_RELEASE
    )
    return Slot(publish_time=instant, intent=intent)


def asked(instant: datetime) -> AskedTime:
    return AskedTime(text=f"{instant:%Y-%m-%dT%H:%M:%SZ}", zone=None, disambiguation=Disambiguation.COMPATIBLE)


def post_scheduling(storage: Storage, zones: ZoneCatalog) -> PostScheduling:
    """The use case as somebody has it for whom everything here lies ahead."""
    return PostScheduling(
        storage=storage,
        zones=zones,
        clock=FrozenClock(LONG_AGO),
        new_id=uuid4,
        horizon=FAR_AHEAD - LONG_AGO,
        quota=Quota(1_000_000, monotonic=time.monotonic),
    )


def some_posts(
    count: int,
    *,
    brand_id: UUID = BRAND_ID,
    campaign_id: UUID | None = None,
    platform: Platform = Platform.TWITTER,
) -> Sequence[Post]:
    return [a_post(brand_id=brand_id, campaign_id=campaign_id, platform=platform) for _ in range(count)]


async def given_due(
    storage: Storage,
    count: int,
    *,
    brand_id: UUID = BRAND_ID,
    campaign_id: UUID | None = None,
    since: datetime = LONG_AGO,
    apart: timedelta = timedelta(minutes=1),
) -> Sequence[Schedule]:
    """Schedules that have been due ``since`` then, one after the other; their brand and campaign are there already."""
    posts = some_posts(count, brand_id=brand_id, campaign_id=campaign_id)
    schedules = [a_schedule(post, slot=at(since + nth * apart)) for nth, post in enumerate(posts)]
    await given(storage, *posts, *schedules)
    return schedules


def in_batches(claims: Sequence[Claim], size: int) -> Sequence[Sequence[Claim]]:
    return [claims[start : start + size] for start in range(0, len(claims), size)]


async def claim(
    queue: DispatchQueue,
    room: Mapping[Platform, int] = ALL_PLATFORMS,
    *,
    resend_window: timedelta | None = None,
    owner: UUID = OWNER,
    most: int | None = None,
) -> Sequence[Claim]:
    wanted = [
        Wanted(platform=platform, room=free, resend_window=resend_window, least_lease=LEAST_LEASE)
        for platform, free in room.items()
    ]
    attempts = await queue.claim(wanted, most=most, claim_id=uuid4(), owner=owner, lease=LEASE)
    return [each.claim for each in attempts]


def settlement(claim: Claim, verdict: VerdictKind) -> Settlement:
    return attempt.settlement(claim, verdict, reason=f"it was {verdict}")


async def let_leases_run_out(pool: Pool) -> None:
    await pool.execute("UPDATE queue SET lease_expires_at = now() WHERE lease_expires_at IS NOT NULL")


async def a_moment(most_seconds: float = 0.004) -> None:
    """Long enough for a statement or two of somebody else."""
    await asyncio.sleep(random.uniform(0, most_seconds))  # noqa: S311


async def few_at_once(each: Iterable[T], do: Callable[[T], Awaitable[R]]) -> Sequence[R]:
    """As many at once as find a connection without waiting."""
    turns = asyncio.Semaphore(_AT_ONCE)

    async def in_turn(one: T) -> R:
        async with turns:
            return await do(one)

    return await asyncio.gather(*map(in_turn, each))
