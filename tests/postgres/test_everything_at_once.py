"""All that can happen to schedules, from several tasks at once: each of them can be explained afterwards."""
# ruff: noqa: S311  # nothing here is secret

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from time import monotonic
from uuid import UUID, uuid4

import pytest

from marketmind_scheduler.adapters.postgres.dispatch.holds import PostgresHolds
from marketmind_scheduler.adapters.postgres.dispatch.queue import PostgresDispatchQueue
from marketmind_scheduler.adapters.postgres.dispatch.upkeep import PostgresUpkeep
from marketmind_scheduler.adapters.postgres.pool import Pool
from marketmind_scheduler.adapters.postgres.storage import PostgresStorage
from marketmind_scheduler.application.catalog import Catalog
from marketmind_scheduler.application.dispatch.lost_and_late import LostAndLate
from marketmind_scheduler.application.dispatch.verdicts import Verdicts
from marketmind_scheduler.application.schedule_records import ScheduleRecords
from marketmind_scheduler.domain.attempt import Claim, Settlement
from marketmind_scheduler.domain.brand import OnLate
from marketmind_scheduler.domain.errors import Conflict, NotFound
from marketmind_scheduler.domain.post import Platform, Post, PostChange
from marketmind_scheduler.domain.schedule import Hold
from marketmind_scheduler.domain.verdict import VerdictKind
from marketmind_scheduler.domain.zones import ZoneCatalog
from marketmind_scheduler.ports.dispatch_queue import Wanted
from tests.builders import BRAND_ID, CAMPAIGN_ID, NOW, a_brand, a_campaign, a_schedule, given
from tests.fakes.clock import FrozenClock
from tests.postgres.given import (
    LEASE,
    LONG_AGO,
    OWNER,
    WRONGLY_HELD,
    asked,
    at,
    claim,
    post_scheduling,
    settlement,
    some_posts,
)
from tests.standing import AS_THEY_STAND

LANE = Platform.LINKEDIN  # which documents no cap that so many at one instant would break
TASKS = 8
SECONDS = 3
POSTS = 120
MOST = 20
LIMIT = 50
AT_ONCE = dict.fromkeys(Platform, timedelta())
WINDOWS = [None, timedelta(hours=1)]
VERDICTS = [kind for kind in VerdictKind if kind is not VerdictKind.LOST]

Token = tuple[UUID, int]

LET_SOME_LEASES_RUN_OUT = """
UPDATE queue SET lease_expires_at = now() WHERE schedule_id = ANY(ARRAY(
  SELECT schedule_id FROM queue WHERE lease_expires_at > now() AND random() < 0.3 FOR NO KEY UPDATE SKIP LOCKED))
"""
LET_SOME_BE_TOO_LATE = """
UPDATE queue SET latest_at = now() WHERE schedule_id = ANY(ARRAY(
  SELECT schedule_id FROM queue WHERE due_at <= now() AND latest_at > now() AND random() < 0.1
     FOR NO KEY UPDATE SKIP LOCKED))
"""
LET_ALL_BE_DUE = """
UPDATE queue SET due_at = greatest(publish_time, now()) WHERE schedule_id = ANY(ARRAY(
  SELECT schedule_id FROM queue WHERE due_at > now() FOR NO KEY UPDATE SKIP LOCKED))
"""
ANY_LIKE = f"SELECT schedule_id FROM {AS_THEY_STAND} s WHERE status = ANY($1::text[]) ORDER BY random() LIMIT 1"  # noqa: S608  # the text is ours

SENDING = "SELECT schedule_id, lease_token FROM queue WHERE send_started_at IS NOT NULL AND status = 'PUBLISHING'"
ATTEMPTS = "SELECT schedule_id, lease_token FROM attempts"
# Neither that a send begins is told, nor that it turns out not to have been made.
MISTOLD = f"""
SELECT s.schedule_id, s.status, told.status AS told
  FROM {AS_THEY_STAND} s CROSS JOIN LATERAL (
    SELECT e.status FROM events e WHERE e.schedule_id = s.schedule_id AND e.kind <> 'schedule.stale_verdict'
     ORDER BY e.position DESC LIMIT 1) told
 WHERE replace(told.status, 'PUBLISHING', 'PENDING') <> replace(s.status, 'PUBLISHING', 'PENDING')
"""  # noqa: S608  # the text is ours
UNTOLD = "SELECT count(*) FROM schedules s WHERE NOT EXISTS (SELECT FROM events e WHERE e.schedule_id = s.schedule_id)"
CLOSED_THOUGH_PERHAPS_OUT = """
SELECT DISTINCT s.schedule_id FROM schedules s JOIN attempts a USING (schedule_id)
 WHERE s.status IN ('FAILED', 'MISSED', 'CANCELLED') AND a.verdict IN ('accepted', 'unknown', 'lost')
"""


class Everything:
    """Does one thing after another at random, and remembers what it was handed out and what was said."""

    def __init__(self, pool: Pool, zones: ZoneCatalog, posts: Sequence[Post]) -> None:
        storage = PostgresStorage(pool)
        self._pool = pool
        self._lost_and_late = LostAndLate(storage=storage, jitter=random.random)
        self._posts = posts
        self._queue = PostgresDispatchQueue(pool)
        self._verdicts = Verdicts(queue=self._queue, storage=storage, owner=OWNER)
        self._upkeep = PostgresUpkeep(pool)
        self._holds = PostgresHolds(pool)
        self._outcomes = ScheduleRecords(storage=storage)
        self._scheduling = post_scheduling(storage, zones)
        self._catalog = Catalog(storage=storage, zones=zones, clock=FrozenClock(NOW))
        self._sent: list[Claim] = []
        self.begun: list[Token] = []
        self.unsent: set[Token] = set()
        self.said_not_out: set[UUID] = set()
        self.done = set[Callable[[], Awaitable[None]]]()

    @property
    def steps(self) -> Sequence[Callable[[], Awaitable[None]]]:
        return [
            *[self.claim, self.claim, self.settle] * 4,
            self.lose_a_claim,
            *(self.expire, self.miss, self.catch_up, self.sequence),
            *(self.schedule, self.move, self.cancel, self.retry, self.confirm, self.put_post),
            *(self.pause_or_resume_brand, self.pause_or_resume_campaign),
        ]

    async def until(self, deadline: float) -> None:
        """Until then, and until each step has been done once, however busy the machine is."""
        while monotonic() < deadline or self.done != set(self.steps):
            step = random.choice(self.steps)
            with suppress(Conflict, NotFound):
                await step()
                self.done.add(step)

    async def claim(self) -> None:
        room = {LANE: random.randint(1, MOST)}
        claims = await claim(self._queue, room, resend_window=random.choice(WINDOWS))
        self.begun += map(token, claims)
        self._sent += claims

    async def lose_a_claim(self) -> None:
        """Nothing of it is sent, for nobody hears of it."""
        claim_id = uuid4()
        wanted = [Wanted(platform=LANE, room=random.randint(1, MOST))]
        lost = await self._queue.claim(wanted, claim_id=claim_id, owner=OWNER, lease=LEASE)
        self.unsent |= {token(each.claim) for each in lost}
        await self._queue.give_back([claim_id])

    async def settle(self) -> None:
        claims = taken_from(self._sent)
        settlements = [settlement(claim, random.choice(VERDICTS)) for claim in claims]
        self.unsent |= {token(each) for each in settlements if each.verdict is VerdictKind.UNSENT}
        await self._settle(settlements)
        if random.random() < 0.2:
            await self._settle(settlements)

    async def _settle(self, settlements: Sequence[Settlement]) -> None:
        await self._verdicts.record(settlements)

    async def expire(self) -> None:
        await self._pool.execute(LET_SOME_LEASES_RUN_OUT)
        await self._lost_and_late.take_back(limit=LIMIT)

    async def miss(self) -> None:
        await self._pool.execute(LET_SOME_BE_TOO_LATE)
        await self._lost_and_late.give_up_late(limit=LIMIT)

    async def catch_up(self) -> None:
        await self._pool.execute(LET_ALL_BE_DUE)
        await self._upkeep.catch_up(age=timedelta(), paces=AT_ONCE)

    async def sequence(self) -> None:
        await self._upkeep.sequence_events(limit=LIMIT)

    async def schedule(self) -> None:
        await self._scheduling.schedule(self._any_post().post_id, asked(LONG_AGO), allow_repost=True)

    async def move(self) -> None:
        later = LONG_AGO + timedelta(minutes=random.randint(1, 1000))
        await self._scheduling.move(self._any_post().post_id, asked(later), version=None)

    async def cancel(self) -> None:
        await self._scheduling.cancel(self._any_post().post_id)

    async def retry(self) -> None:
        if schedule_id := await self._pool.fetchval(ANY_LIKE, ["FAILED", "MISSED"]):
            await self._scheduling.try_again(schedule_id, asked(LONG_AGO))

    async def confirm(self) -> None:
        if schedule_id := await self._pool.fetchval(ANY_LIKE, ["UNCONFIRMED"]):
            published, send_again = random.choice([(True, False), (False, True), (False, False)])
            if not published:
                self.said_not_out.add(schedule_id)
            await self._outcomes.confirm(
                schedule_id, published=published, send_again=send_again, external_id=None, note=None
            )

    async def put_post(self) -> None:
        post = self._any_post()
        to = random.choice([None, CAMPAIGN_ID])
        await self._catalog.put_post(PostChange(post_id=post.post_id, campaign_id=to), take_schedule=True)

    async def pause_or_resume_brand(self) -> None:
        await self._pause_or_resume(Hold.BRAND_PAUSED, BRAND_ID)

    async def pause_or_resume_campaign(self) -> None:
        await self._pause_or_resume(Hold.CAMPAIGN_PAUSED, CAMPAIGN_ID)

    async def _pause_or_resume(self, hold: Hold, of: UUID) -> None:
        if random.random() < 0.3:
            await self._holds.place(hold, of)
        else:
            await self._holds.lift(hold, of, paces=AT_ONCE)

    def _any_post(self) -> Post:
        return random.choice(self._posts)

    async def until_all_is_told(self) -> None:
        while await self._upkeep.sequence_events(limit=LIMIT):
            pass


def token(one: Claim | Settlement) -> Token:
    return one.schedule_id, one.token


def taken_from(claims: list[Claim]) -> list[Claim]:
    """Some of them, which are not in the list any more."""
    random.shuffle(claims)
    taken = claims[:MOST]
    del claims[:MOST]
    return taken


@pytest.fixture
async def everything(pool: Pool, storage: PostgresStorage, zones: ZoneCatalog) -> Everything:
    """After some seconds of it, with every event told. The brand holds what is too late."""
    posts = [*some_posts(POSTS, platform=LANE), *some_posts(POSTS, platform=LANE, campaign_id=CAMPAIGN_ID)]
    brand = a_brand(on_late=OnLate.HOLD, max_lateness=timedelta(days=10_000))
    await given(storage, brand, a_campaign(), *posts)
    await given(storage, *(a_schedule(post, slot=at(LONG_AGO)) for post in posts))
    everything = Everything(pool, zones, posts)
    deadline = monotonic() + SECONDS
    await asyncio.gather(*(everything.until(deadline) for _ in range(TASKS)))
    await everything.until_all_is_told()
    return everything


async def test_each_schedule_can_be_explained_after_everything_has_happened_to_all_of_them_at_once(
    pool: Pool, everything: Everything
) -> None:
    """Nobody has met a deadlock or broken a CHECK on the way here."""
    begun, sending = set(everything.begun), {tuple(row) for row in await pool.fetch(SENDING)}
    tried = {tuple(row) for row in await pool.fetch(ATTEMPTS)}
    closed = {row["schedule_id"] for row in await pool.fetch(CLOSED_THOUGH_PERHAPS_OUT)}

    assert everything.done == set(everything.steps)
    assert len(begun) == len(everything.begun)
    assert tried | sending <= begun | everything.unsent
    assert begun - tried - sending <= everything.unsent
    assert closed <= everything.said_not_out
    assert await pool.fetch(MISTOLD) == []
    assert await pool.fetchval(UNTOLD) == 0
    assert await pool.fetchval(WRONGLY_HELD) == 0
