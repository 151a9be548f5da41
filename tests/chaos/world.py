"""Several dispatchers over one PostgreSQL, a receiver that remembers every delivery, and posts that fall due."""

import asyncio
import random
import time
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from marketmind_scheduler.domain.brand import OnLate
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.schedule import Schedule, ScheduleStatus
from tests.builders import a_brand, a_campaign, a_post
from tests.chaos.checking import UNTOLD, Aftermath, aftermath
from tests.chaos.deliveries import Conduct, Script
from tests.chaos.dispatchers import Dispatchers, by_webhook, dispatching
from tests.chaos.faults import Fault, Faults
from tests.chaos.given import a_database, given_schedules
from tests.chaos.lossy_proxy import losing_answers
from tests.chaos.people import People, clock
from tests.receivers import receiving
from tests.system.servers import OwnServer, Sql, connected, until
from tests.system.services import serving

_PLAIN = (Platform.TWITTER, Platform.LINKEDIN, Platform.REDDIT)
_IDEMPOTENT = (Platform.YOUTUBE, Platform.INSTAGRAM, Platform.TIKTOK)
"""The platforms on which the receiver may publish a repeat twice, and those on which it drops repeats."""
_CAMPAIGNS = 3
_TOO_LATE = 5
_PUT_OFF = 6
_MINUTE = timedelta(minutes=1)
_MOST_SECONDS_OVERDUE = 3
_STANDING = f"""
SELECT count(*) FILTER (WHERE status IN ('PENDING', 'PUBLISHING')) AS open,
       coalesce(extract(epoch FROM max(clock_timestamp() - lease_expires_at)), 0)::float8 AS overdue_seconds,
       ({UNTOLD}) AS untold
  FROM queue
"""  # noqa: S608  # the text is ours
_OPEN = "SELECT *, now() AS asked_at FROM queue WHERE status IN ('PENDING', 'PUBLISHING') LIMIT 5"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """``posts`` fall due within ``seconds``, while each of ``faults`` comes about every so many seconds. ``conducts``
    is how so many of them are met at first; ``long_busy`` are put off more often than a post may be tried again."""

    name: str
    seconds: float
    posts: int
    faults: Mapping[Fault, float] = field(default_factory=dict[Fault, float])
    conducts: Mapping[Conduct, int] = field(default_factory=dict[Conduct, int])
    long_busy: int = 0
    dispatchers: int = 3
    settles_within: float = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """``lateness`` is that of the first delivery of each post, in seconds, in ascending order."""

    run: Run
    after: Aftermath
    faults: Faults
    complaints: Sequence[Mapping[str, Any]]

    @property
    def lateness(self) -> Sequence[float]:
        firsts = (deliveries[0] for deliveries in self.after.deliveries.values() if deliveries)
        return sorted((first.at - first.publish_time).total_seconds() for first in firsts)

    @property
    def repeats(self) -> int:
        return sum(map(self.after.repeats, self.after.schedules))

    @property
    def unconfirmed(self) -> int:
        return len(self.after.with_status(ScheduleStatus.UNCONFIRMED))

    @property
    def most_unclear(self) -> int:
        """After how many sends, at most, nobody can know whether the post is out."""
        return self.faults.at_risk + self.after.unclear_answers


async def live_through(server: OwnServer, run: Run, *, seed: str) -> Outcome:
    """One run in a new database, until everything has settled and every process has ended when it was told to."""
    chance = random.Random(f"{seed} {run.name}")  # noqa: S311
    script = Script()
    async with AsyncExitStack() as opened:
        url = await a_database(server)
        receiver = await opened.enter_async_context(receiving(script.decide))
        proxy = await opened.enter_async_context(losing_answers(url))
        settings = opened.enter_context(by_webhook({}, everybody=receiver, idempotent_platforms=_IDEMPOTENT))
        urls = [proxy.url_of(url) if nth else url for nth in range(run.dispatchers)]  # one always hears its answers
        of_each = [{**settings, "DATABASE_URL": each} for each in urls]
        dispatchers = await opened.enter_async_context(dispatching(of_each))
        api = await opened.enter_async_context(serving(DATABASE_URL=url, SCHEDULER_DISPATCH="off"))
        client = await opened.enter_async_context(api.client())
        await dispatchers.until_dispatching()

        schedules, campaigns = await _given_posts(url, run, chance)
        script.conducts = _conducts(run, schedules, chance)
        people = People(api=client, schedules=schedules, campaigns=campaigns)
        faults = Faults(server, url, proxy, dispatchers, people)
        await _while_posts_fall_due(run, faults, chance)
        sql = await opened.enter_async_context(connected(url))
        await until_settled(sql, seconds=run.settles_within)
        await end_in_order(sql, dispatchers)
        after = await aftermath(
            sql,
            deliveries=script.deliveries,
            idempotent_platforms=_IDEMPOTENT,
            changes=people.changes,
            pauses=people.pauses,
        )
        return Outcome(run=run, after=after, faults=faults, complaints=dispatchers.complaints())


async def _given_posts(url: str, run: Run, chance: random.Random) -> tuple[Sequence[Schedule], Sequence[UUID]]:
    """The schedules of a run, the earliest first, and the campaigns that a few of them belong to. Each is alone on its
    lane, so that none has to wait for another."""
    hurried = a_brand(brand_id=uuid4(), on_late=OnLate.SKIP, max_lateness=_MINUTE)
    too_late = [a_post(brand_id=hurried.brand_id) for _ in range(_TOO_LATE)]
    brands = [a_brand(brand_id=uuid4()) for _ in range(run.posts // len(_PLAIN))]
    campaigns = [a_campaign(campaign_id=uuid4(), brand_id=each.brand_id) for each in brands[: 2 * _CAMPAIGNS]]
    of_brand = {each.brand_id: each.campaign_id for each in campaigns}
    posts = [
        a_post(brand_id=each.brand_id, campaign_id=of_brand.get(each.brand_id), platform=platform)
        for nth, each in enumerate(brands)
        for platform in (_PLAIN, _IDEMPOTENT)[nth % 2]
    ]
    await given_schedules(url, too_late, [clock() - 2 * _MINUTE] * _TOO_LATE, hurried, *brands, *campaigns)
    start = clock() + timedelta(seconds=0.5 + len(posts) / 1000)
    times = sorted(start + timedelta(seconds=chance.uniform(0, run.seconds)) for _ in posts)
    chance.shuffle(posts)
    schedules = await given_schedules(url, posts, times)
    return schedules, [each.campaign_id for each in campaigns]


def _conducts(run: Run, schedules: Sequence[Schedule], chance: random.Random) -> Mapping[UUID, Sequence[Conduct]]:
    """How posts are met that fall due in the first half, so that there is time for their retries."""
    firsts = [conduct for conduct, count in run.conducts.items() for _ in range(count)]
    chosen = chance.sample(schedules[: len(schedules) // 2], len(firsts) + run.long_busy)
    met = {each.schedule_id: [conduct] for each, conduct in zip(chosen, firsts, strict=False)}
    return met | {each.schedule_id: [Conduct.BE_BUSY] * _PUT_OFF for each in chosen[len(firsts) :]}


async def _while_posts_fall_due(run: Run, faults: Faults, chance: random.Random) -> None:
    """Every fault comes about at its own pace, until the last post has been due for a moment."""
    until = time.monotonic() + run.seconds + 1
    dispatchers = faults.dispatchers
    replacing = asyncio.create_task(dispatchers.replace_for_ever())
    async with asyncio.TaskGroup() as faulty:
        for fault, every_seconds in run.faults.items():
            own_chance = random.Random(chance.random())  # noqa: S311
            faulty.create_task(faults.inject(fault, every_seconds=every_seconds, until=until, chance=own_chance))
        faulty.create_task(asyncio.sleep(max(0, until - time.monotonic())))
    await dispatchers.until_dispatching()
    replacing.cancel()


async def until_settled(sql: Sql, *, seconds: float) -> None:
    """Return when nothing waits, is in flight or is still to be told. Meanwhile no lease is left alone for long."""
    began_at = time.monotonic()
    while True:
        [standing] = await sql.fetch(_STANDING)
        if not standing["open"] and not standing["untold"]:
            return
        waited = time.monotonic() - began_at
        assert min(standing["overdue_seconds"], waited) < _MOST_SECONDS_OVERDUE, dict(standing)
        assert waited < seconds, (dict(standing), [dict(row) for row in await sql.fetch(_OPEN)])
        await asyncio.sleep(0.05)


async def end_in_order(sql: Sql, dispatchers: Dispatchers) -> None:
    """Told to, each ends well; the last one tells what the others had left to tell."""

    async def is_all_told() -> bool:
        return not await sql.fetchval(UNTOLD)

    await asyncio.gather(*map(dispatchers.end, dispatchers.running[1:]))
    await until(is_all_told)
    await dispatchers.end(dispatchers.running[0])
