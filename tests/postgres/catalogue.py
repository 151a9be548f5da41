"""Every statement of the adapter, as its repositories send it: a plain list of calls, and of how many rows each is
about beside those that it is given, changes and returns."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import combinations
from typing import Any, TypeAlias
from uuid import UUID, uuid4

from msgspec import ValidationError

from marketmind_scheduler.adapters.postgres.dispatch.holds import PostgresHolds
from marketmind_scheduler.adapters.postgres.dispatch.queue import PostgresDispatchQueue
from marketmind_scheduler.adapters.postgres.dispatch.refits import PostgresRefits
from marketmind_scheduler.adapters.postgres.dispatch.standing import PostgresQueueStandings
from marketmind_scheduler.adapters.postgres.dispatch.statistics import GROWN_TABLE
from marketmind_scheduler.adapters.postgres.dispatch.upkeep import PostgresUpkeep
from marketmind_scheduler.adapters.postgres.requests.api_keys import PostgresApiKeys
from marketmind_scheduler.adapters.postgres.requests.idempotency import PostgresIdempotency
from marketmind_scheduler.adapters.postgres.requests.rate_limits import PostgresRateLimits
from marketmind_scheduler.adapters.postgres.storage import PostgresUnitOfWork
from marketmind_scheduler.adapters.postgres.tables import metadata
from marketmind_scheduler.adapters.system_clock import SystemClock
from marketmind_scheduler.domain.access import EVERYWHERE, ApiKey, Rate, Reach, Scope
from marketmind_scheduler.domain.audience.observations import Figure, Observation
from marketmind_scheduler.domain.campaign import CampaignStatus
from marketmind_scheduler.domain.deletion import Doomed, Noun
from marketmind_scheduler.domain.lifecycle import cancelled
from marketmind_scheduler.domain.pacing import GROWN, MANY_ROWS, PACES
from marketmind_scheduler.domain.planning.preview import PreviewStatus
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.retention import Retention
from marketmind_scheduler.domain.rules.policy import Policy
from marketmind_scheduler.domain.schedule import Hold, Schedule, ScheduleStatus
from marketmind_scheduler.domain.sources import Difference
from marketmind_scheduler.domain.verdict import VerdictKind
from marketmind_scheduler.ports.dispatch_queue import Wanted
from marketmind_scheduler.ports.idempotency import Answer, RequestKey
from marketmind_scheduler.ports.retryables import RetryFilter
from marketmind_scheduler.ports.schedules import ScheduleFilter
from marketmind_scheduler.ports.transitions import Change, Tried
from tests.builders import a_brand, a_campaign, a_post, a_schedule
from tests.contracts.worlds import OWNER
from tests.postgres.given import settlement
from tests.postgres.measured import Measured

MANY = 1500
BIG, BARE, OVER = UUID(int=9001), UUID(int=9002), UUID(int=9003)
"""The big brand and its first campaign; one without schedules, one that is over."""
SMALL, SMALL_TOO = UUID(int=5), UUID(int=6)
NOBODY = UUID(int=1)
CHANGED = UUID(int=9002)
CAMPAIGN = UUID(int=9004)
IDS = [UUID(int=13_000_000 + nth) for nth in range(MANY)]
BARE_IDS = [UUID(int=14_000_000 + nth) for nth in range(MANY)]
"""What is changed, of a brand apart: what is rolled back stays in the way of whoever reads it."""
OF_SMALL = [UUID(int=5062 + nth) for nth in range(63)]
LONG, HOUR, DAY = timedelta(days=365), timedelta(hours=1), timedelta(days=1)
NOW = SystemClock().now()
EVERY = frozenset(Platform)
REACHES = {
    "all": EVERYWHERE,
    "one brand": Reach(frozenset({BIG})),
    "brands": Reach(frozenset({SMALL, SMALL_TOO, BIG})),
}


class World:
    """Every adapter over one connection."""

    def __init__(self, connection: Measured, reach: Reach = EVERYWHERE) -> None:
        pool: Any = connection
        self.connection = connection
        self.unit = PostgresUnitOfWork(pool, reach, set())
        self.queue = PostgresDispatchQueue(pool, reach)
        self.upkeep = PostgresUpkeep(pool, retention=Retention(schedules=timedelta(days=30), events=timedelta(days=30)))
        self.holds = PostgresHolds(pool)
        self.standings = PostgresQueueStandings(pool)
        self.refits = PostgresRefits(pool)
        self.keys = PostgresApiKeys(pool)
        self.limits = PostgresRateLimits(pool)
        self.idempotency = PostgresIdempotency(pool, kept_for=HOUR)


Call: TypeAlias = Callable[[World], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Case:
    done: str
    call: Call
    rows: int = 0


LISTED: dict[str, Any] = {
    "status": ScheduleStatus.MISSED,
    "without": ScheduleStatus.CANCELLED,
    "platform": Platform.YOUTUBE,
    "brand_id": BIG,
    "campaign_id": OVER,
    "from_time": NOW,
    "to_time": NOW + DAY,
    "in_title": "nothing is called so",
    "differs": frozenset({Difference.ZONE}),
}
"""What may be asked of a list of schedules; hardly anything of it is there."""
ALSO_LISTED: dict[str, Any] = {
    "status": ScheduleStatus.PENDING,
    "platform": Platform.TWITTER,
    "brand_id": SMALL,
    "campaign_id": SMALL,
    "in_title": "title",
}
"""And what much is there of."""


def lists() -> Iterable[Case]:
    """Whatever may be asked of a list, alone and with each other."""
    asked: list[dict[str, Any]] = [{}]
    for values in (LISTED, ALSO_LISTED):
        asked += [dict(each) for size in (1, 2) for each in combinations(values.items(), size)]
    for each in asked:
        chosen, rows = ScheduleFilter(**each), _looked_through(each)
        yield Case(f"schedules by {each}", _searching(chosen), rows)
    for brand_id in (None, BIG, SMALL):
        yield Case(f"events of {brand_id}", lambda w, b=brand_id: w.unit.events.list(brand_id=b, after=1000, limit=50))
        for status in (None, CampaignStatus.SCHEDULED, CampaignStatus.DRAFT):
            yield Case(f"campaigns of {brand_id}, {status}", _campaigns(brand_id, status), 50_000)
        for platform in (None, Platform.YOUTUBE, Platform.TWITTER):
            for campaign_id in (None, OVER):
                yield Case(f"posts of {brand_id}, {campaign_id}, {platform}", _posts(brand_id, campaign_id, platform))
    yield Case("claimed", _claiming(dict.fromkeys(Platform, 50)), 50)
    yield Case("brands", lambda w: w.unit.brands.list(limit=50, after=UUID(int=3)))
    for status in (None, PreviewStatus.DISCARDED):
        yield Case(
            f"plans, {status}", _unread(lambda w, s=status: w.unit.previews.list(SMALL, limit=50, after=None, status=s))
        )


def _unread(call: Call) -> Call:
    """What is found is not as it would be."""

    async def called(world: World) -> None:
        with suppress(ValidationError):
            await call(world)

    return called


def _looked_through(asked: dict[str, Any]) -> int:
    """The rows that are looked at by design: a campaign's own, and so many where no index knows."""
    of_campaign = 30_000 if asked.get("campaign_id") == OVER else 125 if "campaign_id" in asked else 0
    return of_campaign or (12_000 if asked.keys() & {"in_title", "differs"} else 0)


def _searching(chosen: ScheduleFilter) -> Call:
    return lambda w: w.unit.searches.search(chosen, limit=50, after=(NOW - LONG, NOBODY))


def _listing(chosen: ScheduleFilter) -> Call:
    return lambda w: w.unit.schedules.list(chosen, limit=50, after=None)


def _campaigns(brand_id: UUID | None, status: CampaignStatus | None) -> Call:
    return lambda w: w.unit.campaigns.list(brand_id=brand_id, status=status, limit=20, after=None)


def _posts(brand_id: UUID | None, campaign_id: UUID | None, platform: Platform | None) -> Call:
    return lambda w: w.unit.posts.list(
        brand_id=brand_id, campaign_id=campaign_id, platform=platform, limit=50, after=None
    )


def reads() -> Iterable[Case]:
    yield Case("brand", lambda w: w.unit.brands.find(SMALL))
    yield Case("campaign", lambda w: w.unit.campaigns.find(SMALL), 125)
    yield Case("post", lambda w: w.unit.posts.get(IDS[0]))
    yield Case("posts found", lambda w: w.unit.posts.find_all(IDS))
    yield Case("posts of a campaign", lambda w: w.unit.posts.list_of_campaign(SMALL, platforms=EVERY))
    yield Case("schedule", lambda w: w.unit.schedules.get(OF_SMALL[1]))
    yield Case("schedules listed", _listing(ScheduleFilter(brand_id=SMALL)))
    yield Case("post looked at", lambda w: w.unit.post_bookings.look(OF_SMALL[1]), 3)
    yield Case("post of a big brand looked at", lambda w: w.unit.post_bookings.look(BARE_IDS[0]), 3)
    yield Case("schedules found", lambda w: w.unit.schedules.find_all(IDS))
    yield Case("current", lambda w: w.unit.schedules.find_current(OF_SMALL[1]))
    yield Case("standing of a post", lambda w: w.unit.schedules.standing_of_post(OF_SMALL[1]))
    yield Case("standing of a campaign", lambda w: w.unit.schedules.standing_of_campaign(SMALL, platforms=EVERY))
    yield Case("standing of a big one", lambda w: w.unit.schedules.standing_of_campaign(BIG, platforms=EVERY))
    yield Case("standing of none", lambda w: w.unit.schedules.standing_of_campaign(BARE, platforms=EVERY), 10_000)
    yield Case("sends", lambda w: w.unit.schedules.sends_of(IDS))
    yield Case("counted ahead", lambda w: w.unit.schedules.count_ahead(BIG, now=NOW, most=500), 500)
    yield Case("published by forgotten ones", lambda w: w.unit.forgotten.published(BARE_IDS))
    yield Case("latest forgotten", lambda w: w.unit.forgotten.latest_of(UUID(int=1000)))
    yield Case("those outside counted", lambda w: w.unit.derivations.count_outside({SMALL: (NOW, NOW)}), 125)
    yield Case("latest event", lambda w: w.unit.events.latest_position())
    yield Case("forgotten events", lambda w: w.unit.events.forgotten_up_to())
    yield Case("oldest event", lambda w: w.unit.events.oldest_position())
    yield Case("plan", _unread(lambda w: w.unit.previews.lock(UUID(int=7))), 1)
    yield Case("slots held", lambda w: w.unit.previews.count_held(SMALL), 10)
    yield Case("preparation", lambda w: w.unit.preparations.find(UUID(int=7)))
    yield Case("policy", lambda w: w.unit.policies.get(SMALL))
    yield Case("caps", lambda w: w.unit.policies.caps_of(SMALL))
    yield Case("brands with rules", lambda w: w.unit.policies.ruled_brands(among=[UUID(int=n) for n in range(1000)]))
    yield Case("rules of lanes", lambda w: w.unit.lanes.lock({SMALL: EVERY}))
    yield Case("lane looked at", _looking_at_a_lane, MANY)
    yield Case("other brands looked at", _elsewhere, 1100)
    yield Case("brand ahead", lambda w: w.unit.lanes.ahead(BIG))
    yield Case("observed posts", lambda w: w.unit.observations.posts(IDS))
    yield Case("observations", lambda w: w.unit.observations.find_all([(SMALL, str(nth)) for nth in range(20)]))
    yield Case("profile", _unread(lambda w: w.unit.observations.newest((SMALL, Platform.TWITTER))))
    yield Case("costs reserved", lambda w: w.unit.agent_runs.reserve(SMALL, 1, most=100))
    yield Case("zone rules", lambda w: w.unit.tz_releases.newest())
    yield Case("how the queue stands", lambda w: w.standings.read(), 2 * 6 * 10_000)
    yield Case("next posts", lambda w: w.standings.next_posts(limit=10), 60)
    for chosen, rows in RETRIED:
        yield Case(f"to be tried again: {chosen}", lambda w, c=chosen: w.unit.retryables.count(c), rows)
        yield Case(
            f"locked to be tried again: {chosen}", lambda w, c=chosen: w.unit.retryables.lock(c, limit=100), rows
        )


WENT_WRONG = (ScheduleStatus.FAILED, ScheduleStatus.MISSED)
RETRIED = [
    (RetryFilter(statuses=WENT_WRONG), 20),
    (RetryFilter(statuses=WENT_WRONG, brand_id=BIG), 1),
    (RetryFilter(statuses=WENT_WRONG, platform=Platform.YOUTUBE), 1),
    (RetryFilter(statuses=WENT_WRONG, since=NOW - HOUR), 20),
    (RetryFilter(statuses=WENT_WRONG, in_error="refused"), 20),
    (RetryFilter(statuses=WENT_WRONG, campaign_id=SMALL), 125),
    (RetryFilter(statuses=(), is_dry_run=True), 1),
]


async def _looking_at_a_lane(world: World) -> None:
    [rules] = (await world.unit.lanes.lock({BIG: EVERY})).values()
    begin = NOW + DAY
    await world.unit.lanes.occupied(rules, platforms=EVERY, begin=begin, end=begin + timedelta(days=30))


def _elsewhere(world: World) -> Awaitable[object]:
    return world.unit.lanes.elsewhere(BIG, platforms=[Platform.TWITTER], begin=NOW - HOUR, end=NOW)


def writes() -> Iterable[Case]:
    yield Case("brand saved", lambda w: w.unit.brands.save(a_brand(brand_id=SMALL)))
    yield Case("brand added", lambda w: w.unit.brands.add(a_brand()))
    yield Case("brand locked", lambda w: w.unit.brands.lock(SMALL), 1)
    yield Case("campaign saved", lambda w: w.unit.campaigns.save(a_campaign(campaign_id=SMALL, brand_id=SMALL)), 125)
    yield Case("campaign added", lambda w: w.unit.campaigns.add(a_campaign(brand_id=SMALL)))
    yield Case("campaign locked", lambda w: w.unit.campaigns.lock(SMALL), 1)
    yield Case("status followed", lambda w: w.unit.campaigns.follow_schedules(BARE), 3 * 10_000)
    yield Case("posts arranged", lambda w: w.unit.campaigns.arrange(IDS[::-1], now=NOW))
    yield Case("posts saved", lambda w: w.unit.posts.save([a_post(post_id=each, brand_id=CHANGED) for each in IDS]))
    yield Case("post added", lambda w: w.unit.posts.add(a_post(brand_id=BIG)))
    yield Case("post locked", lambda w: w.unit.posts.lock(IDS[0]), 1)
    yield Case("posts of a campaign locked", lambda w: w.unit.posts.lock_of_campaign(SMALL, platforms=EVERY))
    yield Case("schedules added", lambda w: w.unit.bookings.add(_new()))
    yield Case("schedule added", lambda w: w.unit.post_bookings.add(_new()[0]), 6)
    yield Case("schedule added as seen", _adding_as_seen, 6)
    yield Case("schedule locked", lambda w: w.unit.bookings.lock(IDS[0]), 1)
    yield Case("current locked", lambda w: w.unit.bookings.lock_current(IDS[0]), 1)
    yield Case("current locked to be moved", lambda w: w.unit.bookings.lock_to_move(IDS[0]), 1)
    yield Case("schedule moved", _moving)
    yield Case("many moved", _moving_many)
    yield Case("turns taken", _taking_turns, 1000)
    yield Case("posts that changed told", lambda w: w.unit.bookings.tell_post_changed(IDS))
    yield Case("holds follow", lambda w: w.unit.bookings.follow_campaigns(IDS))
    yield Case("zone renamed", lambda w: w.unit.derivations.rename_zone(CHANGED, "Etc/UTC", other_names=["UTC"]), 2_000)
    yield Case("sources changed", lambda w: w.unit.derivations.tell_changed(ZONE_DIFFERS), 2_000)
    yield Case("taken to be shifted", lambda w: w.unit.derivations.lock(PENDING_OF_SMALL), 125)
    yield Case("steps recorded", _cancelling)
    yield Case("pending of a campaign locked", lambda w: w.unit.transitions.lock_pending_of_campaign(SMALL), 125)
    yield Case(
        "stale verdict told",
        lambda w: w.unit.transitions.tell_stale(IDS[0], Tried(token=1, owner=OWNER, verdict=UNKNOWN)),
        1,
    )
    yield Case("perhaps sent counted", lambda w: w.unit.transitions.count_perhaps_sent(made_by=NOW + DAY), 1100)
    yield Case("perhaps sent", lambda w: w.unit.transitions.lock_perhaps_sent(made_by=NOW + DAY, limit=100), 100)
    for noun, object_id in ((Noun.POST, OF_SMALL[0]), (Noun.CAMPAIGN, SMALL), (Noun.BRAND, SMALL)):
        yield Case(f"{noun} erased", _erasing(Doomed(noun, object_id)), 300)
    yield Case("many erased", lambda w: w.unit.erasures.erase(Doomed(Noun.POST, IDS[0]), IDS, cancelled=0, at=NOW))
    yield Case("plan given back", lambda w: w.unit.previews.give_back(SMALL), 10)
    yield Case("preparation begun", _preparing)
    yield Case("cap set", lambda w: w.unit.policies.set_cap(SMALL, Platform.TWITTER, None, at=NOW), 3)
    yield Case("policy added", lambda w: w.unit.policies.add(Policy(brand_id=SMALL, version=9, updated_at=NOW)))
    yield Case("observations saved", lambda w: w.unit.observations.save(_observed()))
    yield Case("observations' lanes locked", lambda w: w.unit.observations.lock([(SMALL, Platform.TWITTER)]))
    yield Case("profiles out of date", lambda w: w.unit.observations.outdate(SMALL), 1)
    yield Case("costs corrected", lambda w: w.unit.agent_runs.correct(SMALL, NOW.date(), by=1), 1)
    yield Case("runs of a plan", lambda w: w.unit.agent_runs.list(UUID(int=20_000)))
    yield Case("a run", lambda w: w.unit.agent_runs.of_run(UUID(int=20_000)))
    yield Case("a brand locked", lambda w: w.unit.lanes.lock_brand(SMALL))
    yield Case("zone rules used", lambda w: w.unit.tz_releases.add("2026f", now=NOW))


UNKNOWN = VerdictKind.UNKNOWN
ZONE_DIFFERS = ScheduleFilter(brand_id=CHANGED, differs=frozenset({Difference.ZONE}))
PENDING_OF_SMALL = ScheduleFilter(campaign_id=SMALL, status=ScheduleStatus.PENDING)


def _new() -> Sequence[Schedule]:
    return [a_schedule(a_post(post_id=each, brand_id=CHANGED)) for each in BARE_IDS]


async def _adding_as_seen(world: World) -> None:
    wanted = _new()[0]
    look = await world.unit.post_bookings.look(wanted.post_id)
    assert await world.unit.post_bookings.add_as_seen(wanted, look, allow_repost=False)


async def _moving(world: World) -> None:
    schedule = await world.unit.schedules.get(IDS[0])
    await world.unit.bookings.move(replace(schedule, version=schedule.version + 1))


async def _moving_many(world: World) -> None:
    schedules = await world.unit.schedules.find_all(IDS)
    await world.unit.derivations.move([replace(each, version=each.version + 1) for each in schedules])


async def _taking_turns(world: World) -> None:
    schedules = await world.unit.schedules.find_all([UUID(int=n * 1000 + 62) for n in range(1, 101)])
    await world.unit.bookings.take_turns(schedules, age=timedelta(), paces=PACES)


async def _cancelling(world: World) -> None:
    locked = await world.unit.transitions.lock(IDS)
    steps = [Change(schedule_id=each.schedule.schedule_id, step=cancelled(each.standing)) for each in locked]
    await world.unit.transitions.record(steps, at=NOW)


def _erasing(doomed: Doomed) -> Call:
    async def erase(world: World) -> None:
        posts = await world.unit.erasures.lock_posts(doomed)
        await world.unit.erasures.lock_active(posts)
        await world.unit.erasures.erase(doomed, posts, cancelled=0, at=NOW)

    return erase


async def _preparing(world: World) -> None:
    plan_id, preparations = UUID(int=77_777), world.unit.preparations
    await preparations.begin(plan_id, brand_id=SMALL, campaign_id=SMALL, at=NOW, within=HOUR)
    await preparations.fail(plan_id, ("code", "trouble"))
    await preparations.end(plan_id)


def _observed() -> Sequence[Observation]:
    return [
        Observation(
            observation_id=f"new {nth}",
            brand_id=CHANGED,
            platform=Platform.TWITTER,
            of=each,
            figure=Figure.VIEWS,
            value=1,
            measured_at=NOW,
            is_paid=False,
        )
        for nth, each in enumerate(IDS)
    ]


def dispatch() -> Iterable[Case]:
    room = dict.fromkeys(Platform, 50)
    yield Case("begun and settled", _sending(room), 6 * 50)
    yield Case("next due", lambda w: w.queue.next_due_in(wanted_of(room)), 6)
    yield Case("now", lambda w: w.queue.now())
    yield Case("lost leases", lambda w: w.unit.transitions.lock_expired(limit=1000))
    yield Case("given back", lambda w: w.queue.give_back([OWNER]), 20)
    yield Case("too late", lambda w: w.unit.transitions.lock_late(limit=1000), 20)
    yield Case("lanes behind", lambda w: w.upkeep.catch_up(age=timedelta(minutes=5), paces=PACES), 2200)
    yield Case("lanes due", lambda w: w.upkeep.lanes_due(list(Platform), since=timedelta(seconds=5), limit=500), 1500)
    yield Case("lanes held", lambda w: w.upkeep.lanes_held(list(Platform)), 20)
    yield Case("lanes let wait", _holding, 50)
    yield Case("lanes released", _releasing, 1000)
    yield Case("events put in order", _ordering, 3 * 150_000)
    yield Case("forgotten", lambda w: w.upkeep.forget_expired(limit=500), 2000)
    for hold, of in ((Hold.BRAND_PAUSED, SMALL), (Hold.CAMPAIGN_PAUSED, SMALL)):
        yield Case(f"{hold} placed and lifted", _pausing(hold, of), 500)
    yield Case("grown table", lambda w: w.connection.fetch(GROWN_TABLE, list(metadata.tables), GROWN, MANY_ROWS, []))
    yield Case("refits begun", lambda w: w.refits.begin_due(limit=10, lease=HOUR), 20)
    yield Case("a refit", _refitting, 30)


def _claiming(room: dict[Platform, int]) -> Call:
    return lambda w: w.queue.claim(wanted_of(room), most=100, claim_id=uuid4(), owner=OWNER, lease=HOUR)


def wanted_of(room: dict[Platform, int]) -> Sequence[Wanted]:
    return [Wanted(platform=platform, room=free) for platform, free in room.items()]


def _sending(room: dict[Platform, int]) -> Call:
    async def send(world: World) -> None:
        attempts = await world.queue.claim(wanted_of(room), claim_id=uuid4(), owner=OWNER, lease=HOUR)
        claims = [each.claim for each in attempts]
        await world.queue.extend({each.schedule_id: each.token for each in claims}, owner=OWNER, lease=HOUR)
        for verdict, some in ((VerdictKind.UNSENT, claims[::2]), (VerdictKind.ACCEPTED, claims[1::2])):
            await world.queue.settle([settlement(each, verdict) for each in some], owner=OWNER)

    return send


async def _ordering(world: World) -> None:
    """What was let read before is so for good."""
    await world.connection.execute("SELECT setval('final_events', max(position) - 3000) FROM events")
    await world.upkeep.sequence_events(limit=1000)


async def _holding(world: World) -> None:
    await world.upkeep.hold({(SMALL, Platform.TIKTOK): "nobody"}, since=timedelta(), limit=50)


async def _releasing(world: World) -> None:
    lanes = [(UUID(int=n), each) for n in range(1501, 1506) for each in (Platform.TWITTER, Platform.TIKTOK)]
    await world.upkeep.release(lanes, age=timedelta(), paces=PACES, limit=50)


def _pausing(hold: Hold, of: UUID) -> Call:
    async def pause(world: World) -> None:
        await world.holds.place(hold, of)
        await world.holds.lift(hold, of, paces=PACES)

    return pause


async def _refitting(world: World) -> None:
    if refit := await world.refits.begin((SMALL, Platform.TWITTER), lease=HOUR):
        await world.refits.history(refit, most=1000)


def of_a_campaign() -> Iterable[Case]:
    """What is about all posts of one, CAMPAIGN with its 2,000, which is all that its brand CHANGED has ahead."""
    all_of_it, of_it = 2_000, ScheduleFilter(campaign_id=CAMPAIGN)
    pending = replace(of_it, status=ScheduleStatus.PENDING)
    retried = RetryFilter(statuses=(), is_dry_run=True, campaign_id=CAMPAIGN)
    yield Case("all its posts", lambda w: w.unit.posts.list_of_campaign(CAMPAIGN, platforms=EVERY))
    yield Case("all its posts locked", lambda w: w.unit.posts.lock_of_campaign(CAMPAIGN, platforms=EVERY))
    yield Case("all that stands of it", lambda w: w.unit.schedules.standing_of_campaign(CAMPAIGN, platforms=EVERY))
    yield Case("all of it listed", _listing(of_it), all_of_it)
    yield Case("all of it searched", _searching(replace(of_it, in_title="title")), all_of_it)
    yield Case("all of it locked", lambda w: w.unit.derivations.lock(pending))
    yield Case("all of it to be cancelled", lambda w: w.unit.transitions.lock_pending_of_campaign(CAMPAIGN))
    yield Case("all of it counted", lambda w: w.unit.derivations.count_outside({CAMPAIGN: (NOW, NOW)}), all_of_it)
    yield Case("its status follows", lambda w: w.unit.campaigns.follow_schedules(CAMPAIGN), 3 * all_of_it)
    yield Case("all of it retried", lambda w: w.unit.retryables.lock(retried, limit=100), all_of_it)
    yield Case("all of its brand locked", lambda w: w.unit.derivations.lock(ZONE_DIFFERS), all_of_it)
    yield Case("all of its brand ahead", lambda w: w.unit.lanes.ahead(CHANGED))


def changes_of_a_campaign() -> Iterable[Case]:
    """As ``of_a_campaign``. Undone, they stay in the way of whoever reads, until that is swept away."""
    all_of_it = 2_000
    for hold, of in ((Hold.BRAND_PAUSED, CHANGED), (Hold.CAMPAIGN_PAUSED, CAMPAIGN)):
        yield Case(f"{hold} placed on all of it", _pausing(hold, of), all_of_it)
    yield Case("all of it moved and told", _moving_and_telling, 3 * all_of_it)
    yield Case("all of it due and sent", _sending_all, 3 * all_of_it)
    yield Case("all of it over and forgotten", _forgetting, 3 * all_of_it)
    yield Case("all of it erased", _erasing(Doomed(Noun.CAMPAIGN, CAMPAIGN)), all_of_it)


ALL_DUE = """
WITH due AS (
  UPDATE queue SET publish_time = now() - interval '1 hour', due_at = now() - interval '1 hour'
   WHERE brand_id = $1 AND due_at IS NOT NULL RETURNING schedule_id)
UPDATE schedules s SET publish_time = now() - interval '1 hour' FROM due d WHERE s.schedule_id = d.schedule_id
"""
ALL_OVER = """
WITH gone AS (DELETE FROM queue WHERE brand_id = $1)
UPDATE schedules SET status = 'FAILED', wrong = 'FAILED', finished_at = now() - interval '1 year',
       wrong_at = now() - interval '1 year', publish_time = now() - interval '1 year'
 WHERE brand_id = $1 AND finished_at IS NULL
"""


async def _moving_and_telling(world: World) -> None:
    await _moving_many(world)
    await world.upkeep.sequence_events(limit=1000)


async def _sending_all(world: World) -> None:
    await world.connection.execute(ALL_DUE, CHANGED)
    await world.upkeep.catch_up(age=timedelta(minutes=5), paces=PACES)
    await world.connection.execute(ALL_DUE, CHANGED)
    await _sending(dict.fromkeys(Platform, 500))(world)


async def _forgetting(world: World) -> None:
    await world.connection.execute(ALL_OVER, CHANGED)
    failed = RetryFilter(statuses=WENT_WRONG, campaign_id=CAMPAIGN)
    await world.unit.retryables.count(failed)
    await world.unit.retryables.lock(failed, limit=1000)
    await world.upkeep.forget_expired(limit=1000)


def requests() -> Iterable[Case]:
    yield Case("key found", lambda w: w.keys.find("000000000007"))
    yield Case("keys listed", lambda w: w.keys.list())
    yield Case("key changed", _key_changed, 3)
    yield Case("request taken", lambda w: w.limits.take("7", 1, Rate(600)), 1)
    yield Case("request keyed", _keyed, 3)
    yield Case("request reaching", _reaching, 3)


async def _key_changed(world: World) -> None:
    key = ApiKey(
        key_id="f" * 12, name="new", digest=bytes(32), scopes=frozenset(Scope), reach=EVERYWHERE, created_at=NOW
    )
    await world.keys.add(key)
    await world.keys.used(key.key_id, at=NOW)
    await world.keys.expire(key.key_id, at=NOW)
    await world.keys.revoke(key.key_id, now=NOW)


def _a_request(nth: int) -> RequestKey:
    return RequestKey(identity=bytes([nth]) * 32, fingerprint=bytes(32))


def _an_answer() -> Answer:
    return Answer(status=200, headers=[], body=str(SMALL).encode())


async def _keyed(world: World) -> None:
    async with world.idempotency.request(_a_request(0)) as request:
        assert request.storage
        async with request.storage.reading() as stored:
            await stored.brands.find(SMALL)
        await request.keep(_an_answer())
    async with world.idempotency.request(_a_request(1)) as request:
        await request.release()


async def _reaching(world: World) -> None:
    async with world.idempotency.reaching(_a_request(2), look_at="") as request:
        await request.keep(_an_answer())
    async with world.idempotency.reaching(_a_request(2), look_at="") as request:
        assert request.answer
    async with world.idempotency.reaching(_a_request(3), look_at="") as request:
        await request.release()


def cases() -> Iterable[Case]:
    yield from lists()
    yield from reads()
    yield from writes()
    yield from dispatch()
    yield from of_a_campaign()
    yield from requests()
