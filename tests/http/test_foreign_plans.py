"""What is of another brand is answered like what is not there, at every door of planning."""

import json
from collections.abc import Mapping
from uuid import UUID

import httpx2

from marketmind_scheduler.application.use_cases import UseCases
from marketmind_scheduler.domain.access import Reach, Scope
from tests.http.steps import Json, a_brand, a_campaign, calling, new_id, observed, said
from tests.http.test_plans import preview
from tests.loops import telling_all_misses

OBSERVED: Json = {"observation_id": "o", "figure": "views", "value": 1, "measured_at": "2027-02-02T00:00:00Z"}
BEFORE: Json = {"platform": "TWITTER", "published_at": "2027-02-01T00:00:00Z", "reference": "r"}
CAP: Json = {"limit": 1, "window": {"kind": "rolling", "seconds": 60}, "reason": "so"}
CALLS: tuple[tuple[str, str, Json | None], ...] = (
    ("POST", "/campaigns/{campaign}/plans", {}),
    ("POST", "/campaigns/{campaign}/plans", {"scheduler": "agentic"}),
    ("POST", "/campaigns/{campaign}/plans", {"hold_seconds": 9}),
    ("GET", "/campaigns/{campaign}/plans", None),
    ("POST", "/schedule/campaign/{campaign}", {"scheduler": "queue"}),
    ("POST", "/schedule/campaign/{campaign}", {"scheduler": "agentic"}),
    ("GET", "/plans/{plan}", None),
    ("GET", "/plans/{plan}?format=text", None),
    ("GET", "/plans/{plan}?format=svg", None),
    ("GET", "/plans/{plan}/runs", None),
    ("GET", "/plans/{plan}/why?post_id={post}&at=2027-03-16T09:00:00", None),
    ("GET", "/plans/{own_plan}/why?post_id={post}&at=2027-03-16T09:00:00", None),
    ("POST", "/plans/{plan}/commit", {"plan_hash": "x"}),
    ("DELETE", "/plans/{plan}", None),
    ("POST", "/schedule/post/{post}", {"scheduler": "queue"}),
    ("GET", "/brands/{brand}/policy", None),
    ("GET", "/brands/{brand}/policy?version=0", None),
    ("PUT", "/brands/{brand}/policy", {"rules": []}),
    ("PUT", "/brands/{brand}/platform-caps/TWITTER", CAP),
    ("DELETE", "/brands/{brand}/platform-caps/TWITTER", None),
    ("GET", "/platform-caps?brand_id={brand}", None),
    ("GET", "/brands/{brand}/audience?platform=TWITTER", None),
    ("POST", "/brands/{brand}/audience/refit?platform=TWITTER", None),
    ("POST", "/engagement-observations", {"observations": [{**OBSERVED, "post_id": "{post}"}]}),
    ("POST", "/engagement-observations", {"observations": [{**OBSERVED, **BEFORE, "brand_id": "{brand}"}]}),
)


async def test_what_is_of_another_brand_is_answered_like_what_is_not_there(use_cases: UseCases) -> None:
    async with calling(observed(use_cases)) as client:
        theirs, own = [await world_of(client) for _ in range(2)]
    nowhere = {name: new_id() for name in theirs}
    key = await use_cases.key_ring.create(
        "limited", scopes=set(Scope), reach=Reach(frozenset({UUID(own["brand"])})), expires_at=None
    )
    headers = {"authorization": f"Bearer {key.credential}"}
    async with calling(observed(use_cases, checks_access=True)) as client:
        with telling_all_misses() as trying:
            for method, path, body in CALLS:
                with trying(method=method, path=path, body=body):
                    foreign, absent = [
                        await called(client, method, path, body, {**ids, "own_plan": own["plan"]}, headers)
                        for ids in (theirs, nowhere)
                    ]
                    assert foreign.status_code in (404, 422), said(foreign)
                    assert without_ids(foreign, theirs) == without_ids(absent, nowhere)


async def world_of(client: httpx2.AsyncClient) -> Mapping[str, str]:
    brand_id = await a_brand(client)
    campaign_id = await a_campaign(client, brand_id=brand_id, posts=["TWITTER"])
    plan = await preview(client, campaign_id)
    post_id = plan["placements"][0]["post_id"]
    return {"brand": brand_id, "campaign": campaign_id, "post": post_id, "plan": plan["plan_id"]}


async def called(
    client: httpx2.AsyncClient,
    method: str,
    path: str,
    body: Json | None,
    ids: Mapping[str, str],
    headers: Mapping[str, str],
) -> httpx2.Response:
    text = json.dumps(body)
    for name, value in ids.items():
        text = text.replace(f"{{{name}}}", value)
    content = None if body is None else json.loads(text)
    return await client.request(method, path.format(**ids), headers=dict(headers), json=content)


def without_ids(answer: httpx2.Response, ids: Mapping[str, str]) -> tuple[int, str]:
    text = answer.text
    for name, value in ids.items():
        text = text.replace(value, name)
    return answer.status_code, text
