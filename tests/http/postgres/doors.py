"""Every way to make or to move a schedule, and rules that close the time where it leads."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import httpx2

from tests.http.steps import LOS_ANGELES, Json, a_brand, a_campaign, a_post, claim, due, present, settle

BERLIN = "Europe/Berlin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One request that makes or moves a schedule of a post on TWITTER, and when that would go out."""

    brand_id: str
    method: str
    path: str
    body: Json
    leads_to: datetime
    zone: str = LOS_ANGELES

    async def taken(self, client: httpx2.AsyncClient, **more: object) -> httpx2.Response:
        return await client.request(self.method, self.path, json={**self.body, **more})


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitWay(Way):
    """A preview of the campaign at ``path``, and its commit."""

    async def taken(self, client: httpx2.AsyncClient, **more: object) -> httpx2.Response:
        plan = (await client.post(self.path, json=self.body)).json()
        return await client.post(f"/plans/{plan['plan_id']}/commit", json={"plan_hash": plan["plan_hash"], **more})


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    method: str
    path: str
    prepared: Callable[[httpx2.AsyncClient], Awaitable[Way]]
    takes_override: bool = True


def seven_pm(day: datetime, zone: str = LOS_ANGELES) -> datetime:
    return datetime.combine(day.date(), time(19), tzinfo=ZoneInfo(zone))


async def in_days(client: httpx2.AsyncClient, days: int) -> datetime:
    return seven_pm(await present(client) + timedelta(days=days))


async def a_single_post(client: httpx2.AsyncClient) -> Way:
    brand_id, at = await a_brand(client), await in_days(client, 10)
    path = f"/schedule/post/{await a_post(client, brand_id=brand_id)}"
    return Way(brand_id=brand_id, method="POST", path=path, body={"timestamp": at.isoformat()}, leads_to=at)


async def a_move(client: httpx2.AsyncClient) -> Way:
    first = await a_single_post(client)
    await first.taken(client)
    at = first.leads_to + timedelta(days=7)
    return Way(brand_id=first.brand_id, method="PUT", path=first.path, body={"timestamp": at.isoformat()}, leads_to=at)


async def a_failed(client: httpx2.AsyncClient) -> tuple[str, Json]:
    brand_id = await a_brand(client)
    schedule = await due(client, brand_id=brand_id)
    await settle(client, *await claim(client, platforms=["TWITTER"]), verdict="refused", reason="no")
    return brand_id, schedule


async def a_retry_now(client: httpx2.AsyncClient) -> Way:
    brand_id, failed = await a_failed(client)
    path = f"/schedules/{failed['schedule_id']}/retry"
    return Way(brand_id=brand_id, method="POST", path=path, body={}, leads_to=await present(client))


async def a_retry_later(client: httpx2.AsyncClient) -> Way:
    brand_id, failed = await a_failed(client)
    at = await in_days(client, 10)
    path = f"/schedules/{failed['schedule_id']}/retry"
    return Way(brand_id=brand_id, method="POST", path=path, body={"timestamp": at.isoformat()}, leads_to=at)


async def retries_of_many(client: httpx2.AsyncClient) -> Way:
    brand_id, _ = await a_failed(client)
    body = {"brand_id": brand_id}
    return Way(brand_id=brand_id, method="POST", path="/schedules/retry", body=body, leads_to=await present(client))


async def a_campaign_of_one(client: httpx2.AsyncClient) -> Way:
    brand_id, at = await a_brand(client), await in_days(client, 10)
    day = at.date().isoformat()
    campaign_id = await a_campaign(client, brand_id=brand_id, start=day, end=day, posts=["TWITTER"])
    path = f"/schedule/campaign/{campaign_id}"
    return Way(brand_id=brand_id, method="POST", path=path, body={}, leads_to=at)


async def a_commit(client: httpx2.AsyncClient) -> Way:
    campaign = await a_campaign_of_one(client)
    path = f"/campaigns/{campaign.path.rpartition('/')[2]}/plans"
    return CommitWay(brand_id=campaign.brand_id, method="POST", path=path, body={}, leads_to=campaign.leads_to)


async def a_shift(client: httpx2.AsyncClient) -> Way:
    campaign = await a_campaign_of_one(client)
    await campaign.taken(client)
    path = f"/campaigns/{campaign.path.rpartition('/')[2]}/shift"
    at = seven_pm(campaign.leads_to + timedelta(days=7))
    return Way(brand_id=campaign.brand_id, method="POST", path=path, body={"by": "P7D"}, leads_to=at)


async def a_follow(client: httpx2.AsyncClient) -> Way:
    brand_id, at = await a_brand(client), await in_days(client, 10)
    await client.post(
        f"/schedule/post/{await a_post(client, brand_id=brand_id)}", json={"timestamp": f"{at:%Y-%m-%dT%H:%M:%S}"}
    )
    await client.put(f"/brands/{brand_id}", json={"brand_default_timezone": BERLIN})
    leads_to, path = seven_pm(at, BERLIN), f"/brands/{brand_id}/follow"
    return Way(brand_id=brand_id, method="POST", path=path, body={"zone": True}, leads_to=leads_to, zone=BERLIN)


DOORS: Mapping[str, Door] = {
    "a single post": Door(method="POST", path="/schedule/post/{post_id}", prepared=a_single_post),
    "a move": Door(method="PUT", path="/schedule/post/{post_id}", prepared=a_move),
    "a retry now": Door(method="POST", path="/schedules/{schedule_id}/retry", prepared=a_retry_now),
    "a retry later": Door(method="POST", path="/schedules/{schedule_id}/retry", prepared=a_retry_later),
    "retries of many": Door(method="POST", path="/schedules/retry", prepared=retries_of_many),
    "a campaign": Door(method="POST", path="/schedule/campaign/{campaign_id}", prepared=a_campaign_of_one),
    "a commit": Door(method="POST", path="/plans/{plan_id}/commit", prepared=a_commit, takes_override=False),
    "a shift": Door(method="POST", path="/campaigns/{campaign_id}/shift", prepared=a_shift, takes_override=False),
    "a follow": Door(method="POST", path="/brands/{brand_id}/follow", prepared=a_follow, takes_override=False),
}
NO_DOORS = {
    ("PUT", "/brands/{brand_id}"),
    ("PUT", "/brands/{brand_id}/policy"),
    ("PUT", "/brands/{brand_id}/platform-caps/{platform}"),
    ("PUT", "/campaigns/{campaign_id}"),
    ("PUT", "/campaigns/{campaign_id}/order"),
    ("PUT", "/posts/{post_id}"),
    ("POST", "/campaigns/{campaign_id}/posts"),
    ("POST", "/campaigns/{campaign_id}/plans"),
    ("POST", "/engagement-observations"),
    ("POST", "/brands/{brand_id}/audience/refit"),
    ("POST", "/brands/{brand_id}/pause"),
    ("POST", "/brands/{brand_id}/resume"),
    ("POST", "/campaigns/{campaign_id}/pause"),
    ("POST", "/campaigns/{campaign_id}/resume"),
    ("POST", "/schedules/{schedule_id}/confirm"),  # what is sent again stays at its time, which it has taken all along
    ("POST", "/schedule/trigger"),
    ("POST", "/dispatch/claims"),
    ("POST", "/dispatch/claims/extend"),
    ("POST", "/dispatch/settlements"),
}
"""What is posted or put and neither makes nor moves a schedule."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """A rule that closes the time where a way leads; of some it needs another post of the brand there."""

    kind: str
    rule: Callable[[Way, datetime], Json]
    beside: str | None = None

    async def put(self, client: httpx2.AsyncClient, way: Way) -> None:
        rule = self.rule(way, await present(client))
        if self.kind == "platform_cap":
            answer = await client.put(f"/brands/{way.brand_id}/platform-caps/TWITTER", json=rule)
        else:
            answer = await client.put(f"/brands/{way.brand_id}/policy", json={"rules": [{"kind": self.kind, **rule}]})
        assert answer.status_code == 200, answer.text

    async def stand_beside(self, client: httpx2.AsyncClient, way: Way) -> Sequence[str]:
        if self.beside is None:
            return []
        post_id = await a_post(client, brand_id=way.brand_id, platform=self.beside)
        answer = await client.post(f"/schedule/post/{post_id}", json={"timestamp": way.leads_to.isoformat()})
        assert answer.status_code == 201, answer.text
        return [answer.json()["schedule_id"]]


def hours_from(way: Way, begin: int, end: int) -> Json:
    wall = way.leads_to.astimezone(ZoneInfo(way.zone)).replace(tzinfo=None)
    return {name: f"{wall + timedelta(hours=hours):%H:%M}" for name, hours in (("from", begin), ("to", end))}


def its_day(way: Way, _: datetime) -> Json:
    day = way.leads_to.astimezone(ZoneInfo(way.zone)).date().isoformat()
    return {"first_date": day, "last_date": day}


def too_soon(way: Way, now: datetime) -> Json:
    return {"minutes": (way.leads_to - now) // timedelta(minutes=1) + 60}


CLOSINGS: Mapping[str, Closing] = {
    "quiet hours": Closing(kind="quiet_hours", rule=lambda way, _now: hours_from(way, -1, 1)),
    "posting hours": Closing(kind="posting_hours", rule=lambda way, _now: hours_from(way, 2, 3)),
    "a blackout": Closing(kind="blackout", rule=its_day),
    "a lead time": Closing(kind="lead_time", rule=too_soon),
    "a gap": Closing(kind="min_gap", rule=lambda _way, _now: {"minutes": 30}, beside="TWITTER"),
    "a gap across platforms": Closing(
        kind="min_gap", rule=lambda _way, _now: {"minutes": 30, "across_platforms": True}, beside="TIKTOK"
    ),
    "a daily cap": Closing(kind="daily_cap", rule=lambda _way, _now: {"posts": 1}, beside="TWITTER"),
    "a daily cap across platforms": Closing(
        kind="daily_cap", rule=lambda _way, _now: {"posts": 1, "across_platforms": True}, beside="TIKTOK"
    ),
    "a rolling cap": Closing(kind="rolling_cap", rule=lambda _way, _now: {"posts": 1, "hours": 24}, beside="TWITTER"),
    "a cap of the platform": Closing(
        kind="platform_cap",
        rule=lambda _way, _now: {"limit": 1, "window": {"kind": "rolling", "seconds": 86400}, "reason": "new here"},
        beside="TWITTER",
    ),
}
