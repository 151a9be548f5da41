"""What another brand has and what nobody has are answered alike, wherever an id is named: whoever may not see it does
not learn that it is there."""

import asyncio
import json
import re
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx2
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from marketmind_scheduler.adapters.postgres.pool import Pool
from marketmind_scheduler.application.use_cases import UseCases
from marketmind_scheduler.domain.access import Reach, Scope
from tests.contracts.waiting import until_waiting
from tests.http.steps import (
    SEVEN_PM,
    Json,
    a_brand,
    a_campaign,
    a_post_body,
    add_posts,
    calling,
    document,
    new_id,
    observed,
    problem,
)
from tests.loops import telling_all_misses

NOUNS = ("brand", "campaign", "post", "schedule", "plan")
CONDITIONS: Sequence[Mapping[str, str]] = (
    {},
    {"if-match": '"x"'},
    {"if-match": "*"},
    {"if-none-match": '"x"'},
    {"if-none-match": "*"},
    {"if-match": '"x"', "if-none-match": "*"},
)
PUBLIC_OR_OF_ALL = {"/", "/health", "/health/live", "/health/ready", "/problems", "/problems/{code}", "/metrics"}
_CONTENT: Json = {"title": "Meet the new line", "s3_url": "s3://tea/meet.mp4", "platform": "TWITTER"}
_DAYS: Json = {"name": "Spring", "start_date": "2027-03-15", "end_date": "2027-03-21"}
_TIME: Json = {"timestamp": "2029-03-17T19:00:00"}
_HELD: Json = {"schedule_id": "{schedule}", "claim_token": 1}
_SEEN: Json = {"observation_id": "seen", "figure": "views", "value": 1, "measured_at": "2027-02-19T02:00:00Z"}
_BEFORE: Json = {"published_at": "2027-02-18T02:00:00Z", "reference": "theirs", "platform": "TWITTER"}


@dataclass(frozen=True)
class Ask:
    """A body that names ids: in braces the nouns of what is asked about, and ``own_…`` of what is the caller's. With
    ``path``, not all of the path's ids are asked about. What ``registers`` may make something under a new id."""

    body: Any = None
    path: str | None = None
    query: Json = field(default_factory=dict[str, Any])
    registers: bool = False


ASKED: Mapping[tuple[str, str], Sequence[Ask]] = {
    ("PUT", "/brands/{brand_id}"): [
        Ask({"brand_name": "Theirs", "brand_default_timezone": "UTC"}),
        Ask({"brand_name": "Theirs"}),
    ],
    ("PUT", "/campaigns/{campaign_id}"): [
        Ask({"brand_id": "{own_brand}", **_DAYS}, registers=True),
        Ask({"brand_id": "{own_brand}", **_DAYS, "end_date": "2027-03-01"}),
        Ask({"brand_id": "{own_brand}"}),
        Ask({"brand_id": "{brand}", **_DAYS}),
        Ask({"brand_id": "{brand}", **_DAYS}, path="/campaigns/{own_campaign}"),
        Ask({"name": "Spring"}),
        Ask({}),
    ],
    ("PUT", "/posts/{post_id}"): [
        Ask({"brand_id": "{own_brand}", **_CONTENT}, registers=True),
        Ask({"brand_id": "{own_brand}", "campaign_id": "{own_campaign}", **_CONTENT}, registers=True),
        Ask({"brand_id": "{own_brand}", "campaign_id": "{campaign}", **_CONTENT}),
        Ask({"brand_id": "{own_brand}", "campaign_id": "{campaign}", **_CONTENT}, path="/posts/{own_post}"),
        Ask({"brand_id": "{brand}", **_CONTENT}, path="/posts/{own_post}"),
        Ask({"campaign_id": "{campaign}"}, path="/posts/{own_post}"),
        Ask({"brand_id": "{brand}", **_CONTENT}),
        Ask({"brand_id": "{own_brand}"}),
        Ask({"campaign_id": None}),
        Ask({"take_schedule": True}),
        Ask({}),
    ],
    ("POST", "/campaigns/{campaign_id}/posts"): [
        Ask({"posts": [{"post_id": "{own_post}", **_CONTENT}]}),
        Ask({"posts": [{"post_id": "{post}", **_CONTENT}]}, path="/campaigns/{own_campaign}/posts", registers=True),
        Ask({"posts": [{"post_id": "{post}"}]}, path="/campaigns/{own_campaign}/posts"),
        Ask(
            {"posts": [{"post_id": "{own_post}", "platform": "REDDIT"}, {"post_id": "{post}", **_CONTENT}]},
            path="/campaigns/{own_campaign}/posts",
        ),
        Ask(
            {"posts": [{"post_id": "{post}", **_CONTENT}, {"post_id": "{post}", **_CONTENT}]},
            path="/campaigns/{own_campaign}/posts",
        ),
        Ask(
            {"posts": [{"post_id": "{post}", **_CONTENT}, {"post_id": "{elsewhere}", **_CONTENT}]},
            path="/campaigns/{own_campaign}/posts",
        ),
        Ask(
            {"posts": [{"post_id": "{post}", **_CONTENT, "s3_url": "https://user:pass@example.com/x"}]},
            path="/campaigns/{own_campaign}/posts",
        ),
    ],
    ("PUT", "/campaigns/{campaign_id}/order"): [
        Ask({"post_ids": ["{own_post}"]}),
        Ask({"post_ids": ["{post}"]}, path="/campaigns/{own_campaign}/order"),
        Ask({"post_ids": ["{own_post}", "{post}"]}, path="/campaigns/{own_campaign}/order"),
    ],
    ("POST", "/campaigns/{campaign_id}/shift"): [Ask({"by": "P7D"}), Ask({"by": "P7D", "preview": True})],
    ("POST", "/brands/{brand_id}/follow"): [Ask({"zone": True}), Ask({"zone": True, "preview": True})],
    ("POST", "/campaigns/{campaign_id}/plans"): [
        Ask(),
        Ask({"hold_seconds": 60}),
        Ask({"scheduler": "agentic", "instruction": "mornings"}),
        Ask({"scheduler": "agentic", "instruction": "mornings", "accept_patch": "0" * 64}),
    ],
    ("POST", "/plans/{plan_id}/commit"): [Ask({"plan_hash": "x"})],
    ("PUT", "/brands/{brand_id}/policy"): [Ask({"rules": []})],
    ("PUT", "/brands/{brand_id}/platform-caps/{platform}"): [
        Ask({"limit": 5, "window": {"kind": "rolling", "seconds": 60}, "reason": "ours"})
    ],
    ("POST", "/schedule/post/{post_id}"): [
        Ask(_TIME),
        Ask(_TIME | {"allow_repost": True, "override": ["min_gap"]}),
        Ask({"scheduler": "queue"}),
        Ask({"scheduler": "engagement"}),
    ],
    ("PUT", "/schedule/post/{post_id}"): [Ask(_TIME), Ask(_TIME | {"version": 1})],
    ("POST", "/schedule/campaign/{campaign_id}"): [Ask(), Ask({"replace": True}), Ask({"scheduler": "queue"})],
    ("POST", "/schedules/{schedule_id}/confirm"): [
        Ask({"published": True}),
        Ask({"published": False, "send_again": True}),
    ],
    ("POST", "/schedules/{schedule_id}/retry"): [Ask(), Ask(_TIME)],
    ("POST", "/schedules/retry"): [
        Ask({"dry_run": False, "brand_id": "{brand}"}),
        Ask({"dry_run": False, "campaign_id": "{campaign}"}),
        Ask({"dry_run": False, "brand_id": "{own_brand}", "campaign_id": "{campaign}"}),
        Ask({"dry_run": False, "preview": True, "campaign_id": "{campaign}"}),
    ],
    ("POST", "/engagement-observations"): [
        Ask({"observations": [_SEEN | {"post_id": "{post}"}]}),
        Ask({"observations": [_SEEN | {"post_id": "{own_post}"}, _SEEN | {"post_id": "{post}"}]}),
        Ask({"observations": [_SEEN | _BEFORE | {"brand_id": "{brand}"}]}),
        Ask({"observations": [_SEEN | {"post_id": "{post}", "measured_at": "2039-02-19T02:00:00Z"}]}),
    ],
    ("POST", "/schedule/trigger"): [Ask()],
    ("POST", "/dispatch/claims"): [Ask()],
    ("POST", "/dispatch/settlements"): [
        Ask({"settlements": [_HELD | {"verdict": "accepted"}]}),
        Ask({"settlements": [_HELD | {"verdict": "refused", "reason": "no"}]}),
    ],
    ("POST", "/dispatch/claims/extend"): [Ask({"claims": [_HELD], "lease_seconds": 60})],
}
"""Every operation that takes a body."""

NEEDED = {"at": SEVEN_PM, "platform": "TWITTER", "timezone": "UTC"}
"""Query parameters that cannot be left out."""


@dataclass(frozen=True)
class Ids:
    """What one brand has, or nobody."""

    of: Mapping[str, str]

    @classmethod
    def of_nobody(cls) -> "Ids":
        return cls({noun: new_id() for noun in NOUNS})

    @classmethod
    async def made(cls, client: httpx2.AsyncClient) -> "Ids":
        brand_id = await a_brand(client)
        campaign_id = await a_campaign(client, brand_id=brand_id)
        [post_id] = await add_posts(client, campaign_id, ["TWITTER"])
        plan = (await client.post(f"/campaigns/{campaign_id}/plans")).json()
        made = await client.post(f"/schedule/post/{post_id}", json={"timestamp": SEVEN_PM})
        return cls(
            {
                "brand": brand_id,
                "campaign": campaign_id,
                "post": post_id,
                "schedule": made.json()["schedule_id"],
                "plan": plan["plan_id"],
            }
        )


@pytest.fixture
async def owner(use_cases: UseCases) -> AsyncGenerator[httpx2.AsyncClient]:
    """Somebody who may do everything."""
    async with calling(observed(use_cases)) as client:
        yield client


@pytest.fixture
async def own(owner: httpx2.AsyncClient) -> Ids:
    return await Ids.made(owner)


@pytest.fixture
async def theirs(owner: httpx2.AsyncClient) -> Ids:
    return await Ids.made(owner)


@pytest.fixture
async def limited(use_cases: UseCases, own: Ids) -> AsyncGenerator[httpx2.AsyncClient]:
    """A caller with every right over one brand."""
    reach = Reach(frozenset({UUID(own.of["brand"])}))
    issued = await use_cases.key_ring.create("limited", scopes=[Scope.ADMIN], reach=reach, expires_at=None)
    async with calling(observed(use_cases, checks_access=True)) as client:
        client.headers["authorization"] = f"Bearer {issued.credential}"
        yield client


def operations() -> Iterator[tuple[str, str, Json]]:
    for path, item in document()["paths"].items():
        if path not in PUBLIC_OR_OF_ALL:
            yield from ((method.upper(), path, each) for method, each in item.items())


def asks_of(method: str, path: str, operation: Json) -> Sequence[Ask]:
    """What is asked of an operation; of one without a body, each id that its path and its query can name."""
    if "requestBody" in operation:
        return ASKED[method, path]
    queried = [each for each in operation.get("parameters", ()) if each["in"] == "query"]
    needed = {each["name"]: NEEDED[each["name"]] for each in queried if each.get("required") and each["name"] in NEEDED}
    named = [each["name"] for each in queried if each["name"].removesuffix("_id") in NOUNS]
    if any(each["name"] in named for each in queried if each.get("required")):
        return [Ask(query=needed | {name: f"{{{name.removesuffix('_id')}}}" for name in named})]
    return [Ask(query=needed), *(Ask(query=needed | {name: f"{{{name.removesuffix('_id')}}}"}) for name in named)]


def test_every_operation_that_takes_a_body_is_asked() -> None:
    taking = {(method, path) for method, path, operation in operations() if "requestBody" in operation}

    assert taking == ASKED.keys()


def filled(text: str, asked: Ids, own: Ids) -> str:
    for noun in NOUNS:
        text = text.replace(f"{{{noun}}}", asked.of[noun]).replace(f"{{own_{noun}}}", own.of[noun])
    return text.replace("{elsewhere}", "not-an-id").replace("{platform}", "TWITTER")


def told(answer: httpx2.Response, asked: Ids) -> object:
    """The whole answer, but for which ids were asked about and what is another with every request."""
    text = answer.text
    for noun in NOUNS:
        text = text.replace(asked.of[noun], f"<{noun}>")
    headers = {name: value for name, value in answer.headers.items() if name not in ("x-request-id", "content-length")}
    return answer.status_code, re.sub(r'"checked_at":"[^"]*"', "", text), headers


async def test_what_is_theirs_and_what_is_nobodys_are_answered_alike(
    limited: httpx2.AsyncClient, own: Ids, theirs: Ids
) -> None:
    with telling_all_misses() as trying:
        for method, path, operation in operations():
            for ask, conditions in ((ask, each) for ask in asks_of(method, path, operation) for each in CONDITIONS):
                with trying(method=method, path=path, ask=ask, conditions=conditions):
                    nobodys = Ids.of_nobody()
                    of_theirs, of_nobody = [
                        await _asked(limited, method, ask.path or path.replace("_id}", "}"), ask, conditions, each, own)
                        for each in (theirs, nobodys)
                    ]
                    if ask.registers and of_nobody.status_code == 201:
                        assert of_theirs.status_code == 404
                        assert "take another id" in of_theirs.json()["detail"]
                    else:
                        assert told(of_theirs, theirs) == told(of_nobody, nobodys)


async def _asked(
    client: httpx2.AsyncClient,
    method: str,
    path: str,
    ask: Ask,
    conditions: Mapping[str, str],
    asked: Ids,
    own: Ids,
) -> httpx2.Response:
    given: dict[str, Any] = {"headers": dict(conditions)}
    if ask.query:
        given["params"] = json.loads(filled(json.dumps(ask.query), asked, own))
    if ask.body is not None:
        given["json"] = json.loads(filled(json.dumps(ask.body), asked, own))
    return await client.request(method, filled(path, asked, own), **given)


async def test_a_post_that_another_brand_makes_at_the_same_moment_is_not_overwritten(
    limited: httpx2.AsyncClient, own: Ids, theirs: Ids, pool: Pool, tables: AsyncEngine
) -> None:
    post_id = new_id()
    mine = {"posts": [a_post_body() | {"post_id": post_id, "title": "Mine"}]}

    async with pool.acquire() as connection:
        async with connection.transaction():
            await connection.execute(
                "INSERT INTO posts (post_id, brand_id, title, s3_url, platform, created_at, updated_at) "
                "VALUES ($1, $2, 'Theirs', 's3://a/b', 'TWITTER', now(), now())",
                post_id,
                theirs.of["brand"],
            )
            registering = asyncio.create_task(limited.post(f"/campaigns/{own.of['campaign']}/posts", json=mine))
            await until_waiting(tables, registering)
        answer = await registering
        stored = await connection.fetchrow("SELECT title, campaign_id FROM posts WHERE post_id = $1", post_id)

    problem(answer, 404, "post_not_found")
    assert stored is not None
    assert tuple(stored) == ("Theirs", None)


LOCKED = {
    "brands": ("brand", "PUT", "/brands/{brand}", {"brand_name": "Tea", "brand_default_timezone": "UTC"}),
    "campaigns": ("campaign", "PUT", "/campaigns/{campaign}", {"brand_id": "{own_brand}", **_DAYS}),
    "posts": ("post", "PUT", "/posts/{post}", {"brand_id": "{own_brand}", **_CONTENT}),
    "previews": ("plan", "POST", "/plans/{plan}/commit", {"plan_hash": "x"}),
    "schedules": ("schedule", "POST", "/schedules/{schedule}/confirm", {"published": True}),
}


async def test_nobody_waits_for_what_is_beyond_their_reach(
    limited: httpx2.AsyncClient, own: Ids, theirs: Ids, pool: Pool
) -> None:
    with telling_all_misses() as trying:
        for table, (noun, method, path, body) in LOCKED.items():
            with trying(table=table):
                async with pool.acquire() as connection, connection.transaction():
                    key = "plan_id" if noun == "plan" else f"{noun}_id"
                    await connection.execute(f"SELECT FROM {table} WHERE {key} = $1 FOR UPDATE", theirs.of[noun])
                    answer = await _asked(limited, method, path, Ask(body), {}, theirs, own)

                assert answer.status_code == 404
                assert answer.elapsed.total_seconds() < 1
