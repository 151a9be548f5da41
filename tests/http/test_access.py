"""Every route lets in whom it says, and to everybody else the objects of other brands do not exist."""

from collections.abc import AsyncGenerator, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import httpx2
import pytest
from structlog.testing import capture_logs

from marketmind_scheduler.application.use_cases import UseCases
from marketmind_scheduler.domain.access import Reach, Scope
from tests.fakes.rows import Rows
from tests.fakes.storage import InMemoryStorage
from tests.http.steps import (
    Json,
    a_brand,
    a_campaign,
    a_post,
    a_post_body,
    calling,
    document,
    due,
    in_status,
    new_id,
    observed,
    problem,
    stored,
    unconfirmed,
)

PUBLIC = {
    ("GET", "/"),
    ("GET", "/health"),
    ("GET", "/health/live"),
    ("GET", "/health/ready"),
    ("GET", "/problems"),
    ("GET", "/problems/{code}"),
}
REFUSED = {"/engagement-observations": 422}  # where what is named in a body and does not exist is refused as a whole
WRONG_KEY = f"mms_0123456789ab.{'s' * 43}"


def operations() -> Iterator[tuple[str, str, Json]]:
    for path, item in document()["paths"].items():
        for method, operation in item.items():
            yield method.upper(), path, operation


@dataclass(frozen=True)
class Theirs:
    """What a brand has that the caller may not reach."""

    brand_id: str
    campaign_id: str
    post_id: str
    schedule_id: str
    plan_id: str

    def in_path(self, path: str) -> str:
        return path.format(**vars(self), platform="TWITTER")


@pytest.fixture
async def theirs(client: httpx2.AsyncClient) -> Theirs:
    """Made by somebody who may do everything."""
    brand_id = await a_brand(client)
    schedule = await due(client, brand_id=brand_id)
    campaign_id = await a_campaign(client, brand_id=brand_id, posts=["TWITTER"])
    plan = (await client.post(f"/campaigns/{campaign_id}/plans")).json()
    return Theirs(brand_id, campaign_id, schedule["post_id"], schedule["schedule_id"], plan["plan_id"])


@pytest.fixture
async def guarded(use_cases: UseCases) -> AsyncGenerator[httpx2.AsyncClient]:
    """A caller of the API that checks access, without a key."""
    async with calling(observed(use_cases, checks_access=True)) as client:
        yield client


async def a_key(use_cases: UseCases, *scopes: Scope, brand_id: str | None = None) -> Mapping[str, str]:
    """The header of a caller with these scopes, for one brand or for all."""
    reach = Reach(None if brand_id is None else frozenset({UUID(brand_id)}))
    issued = await use_cases.key_ring.create(new_id(), scopes=scopes, reach=reach, expires_at=None)
    return bearer(issued.credential)


def bearer(credential: str) -> Mapping[str, str]:
    return {"authorization": f"Bearer {credential}"}


def kept(storage: InMemoryStorage) -> Rows:
    """All that is stored but events, which are only put in order."""
    return replace(stored(storage), events=(), outbox=())


def scope_of(operation: Json) -> Scope | None:
    match operation.get("security"):
        case [{"bearer": [scope]}]:
            return Scope(scope)
        case _:
            return None


def test_whatever_is_not_public_says_which_scope_it_needs() -> None:
    needing_none = {(method, path) for method, path, operation in operations() if not scope_of(operation)}

    assert needing_none == PUBLIC


def test_no_right_to_read_lets_anybody_change_more_than_what_is_looked_at() -> None:
    reading = {scope for scope in Scope if scope.endswith(":read")}

    assert [path for method, path, each in operations() if method != "GET" and scope_of(each) in reading] == [
        "/campaigns/{campaign_id}/plans"  # a plan to look at; holding its slots needs the right to write
    ]


async def test_without_a_key_with_a_wrong_one_and_with_a_wrong_scope_every_route_is_closed(
    use_cases: UseCases, guarded: httpx2.AsyncClient, theirs: Theirs, storage: InMemoryStorage
) -> None:
    keys = {scope: await a_key(use_cases, *(set(Scope) - {scope, Scope.ADMIN})) for scope in Scope}
    before = kept(storage)

    for method, path, operation in operations():
        if scope := scope_of(operation):
            url = theirs.in_path(path)
            no_key = await guarded.request(method, url)
            wrong_key = await guarded.request(method, url, headers=bearer(WRONG_KEY))
            wrong_scope = await guarded.request(method, url, headers=keys[scope])

            problem(no_key, 401, "credentials_missing")
            problem(wrong_key, 401, "invalid_credentials")
            assert problem(wrong_scope, 403, "missing_scope")["details"]["scope"] == scope
            assert [each.headers["www-authenticate"] for each in (no_key, wrong_key, wrong_scope)] == [
                "Bearer",
                'Bearer error="invalid_token"',
                f'Bearer error="insufficient_scope", scope="{scope}"',
            ]

    assert kept(storage) == before


async def test_the_public_routes_ask_for_no_key(guarded: httpx2.AsyncClient) -> None:
    for method, path in PUBLIC:
        answer = await guarded.request(method, path.format(code="malformed"))
        assert answer.status_code == 200, answer.text
    assert (await guarded.get("/docs")).status_code == 200
    assert (await guarded.get("/docs/openapi.json")).json()["components"]["securitySchemes"].keys() == {"bearer"}


async def test_where_the_docs_are_not_public_they_ask_for_a_key_too(use_cases: UseCases) -> None:
    headers = await a_key(use_cases, Scope.CATALOG_READ)
    async with calling(observed(use_cases, checks_access=True, docs_are_public=False)) as client:
        for path in ("/docs", "/docs/openapi.json"):
            problem(await client.get(path), 401, "credentials_missing")
            assert (await client.get(path, headers=headers)).status_code == 200


async def test_a_browser_opens_docs_that_are_not_public_with_a_key_as_the_password(use_cases: UseCases) -> None:
    key = (await a_key(use_cases, Scope.CATALOG_READ))["authorization"].removeprefix("Bearer ")
    async with calling(observed(use_cases, checks_access=True, docs_are_public=False)) as client:
        asked = await client.get("/docs")
        page = await client.get("/docs", auth=("anybody", key))
        wrong = [await client.get("/docs", headers={"authorization": f"Basic {each}"}) for each in ("", "?", "Zm9v")]
        elsewhere = await client.get("/brands", auth=("anybody", key))

    assert asked.headers["www-authenticate"].startswith("Basic realm=")
    assert (page.status_code, "persistAuthorization: true" in page.text) == (200, True)
    assert [each.status_code for each in (*wrong, elsewhere)] == [401] * 4
    assert elsewhere.headers["www-authenticate"] == "Bearer"


def content(**more: str) -> Json:
    """The body of a post that is named in the path."""
    return {name: value for name, value in a_post_body().items() if name != "post_id"} | more


def needed(operation: Json) -> Mapping[str, str]:
    """What each query parameter says that cannot be left out."""
    names = [each["name"] for each in operation.get("parameters", ()) if each["in"] == "query" and each.get("required")]
    return {name: {"post_id": new_id(), "at": "2029-03-17T19:00:00"}.get(name, "TWITTER") for name in names}


def bodies(theirs: Theirs) -> Mapping[tuple[str, str], Any]:
    """A body for each operation that needs one, which would be right for whoever may reach the ids in it."""
    campaign = {"brand_id": theirs.brand_id, "name": "Ours", "start_date": "2027-03-15", "end_date": "2027-03-21"}
    time = {"timestamp": "2029-03-17T19:00:00"}
    held = {"schedule_id": theirs.schedule_id, "claim_token": 1}
    return {
        ("PUT", "/brands/{brand_id}"): {"brand_name": "Ours", "brand_default_timezone": "UTC"},
        ("PUT", "/campaigns/{campaign_id}"): campaign,
        ("PUT", "/posts/{post_id}"): content(brand_id=theirs.brand_id),
        ("POST", "/campaigns/{campaign_id}/posts"): {"posts": [a_post_body()]},
        ("PUT", "/campaigns/{campaign_id}/order"): {"post_ids": []},
        ("POST", "/campaigns/{campaign_id}/shift"): {"by": "P7D"},
        ("POST", "/brands/{brand_id}/follow"): {"zone": True},
        ("POST", "/plans/{plan_id}/commit"): {"plan_hash": "x"},
        ("PUT", "/brands/{brand_id}/policy"): {"rules": []},
        ("PUT", "/brands/{brand_id}/platform-caps/{platform}"): {
            "limit": 5,
            "window": {"kind": "rolling", "seconds": 60},
            "reason": "ours",
        },
        ("POST", "/schedule/post/{post_id}"): time,
        ("PUT", "/schedule/post/{post_id}"): time,
        ("POST", "/schedules/{schedule_id}/confirm"): {"published": True},
        ("POST", "/schedules/retry"): {"dry_run": False},
        ("POST", "/engagement-observations"): {
            "observations": [
                {
                    "observation_id": "theirs",
                    "post_id": theirs.post_id,
                    "figure": "views",
                    "value": 1,
                    "measured_at": "2027-02-19T02:00:00Z",
                }
            ]
        },
        ("POST", "/dispatch/settlements"): {"settlements": [held | {"verdict": "accepted"}]},
        ("POST", "/dispatch/claims/extend"): {"claims": [held], "lease_seconds": 60},
    }


async def test_figures_of_every_brand_are_not_for_a_key_that_is_limited_to_some(
    use_cases: UseCases, guarded: httpx2.AsyncClient
) -> None:
    for brand_id, status in ((new_id(), 403), (None, 200)):
        guarded.headers.update(await a_key(use_cases, Scope.EVENTS_READ, brand_id=brand_id))
        answer = await guarded.get("/metrics")
        assert answer.status_code == status

    guarded.headers.update(await a_key(use_cases, Scope.ADMIN, brand_id=new_id()))
    problem(await guarded.get("/metrics"), 403, "needs_every_brand")


async def test_to_a_key_of_another_brand_every_id_is_unknown_and_every_list_is_empty(
    use_cases: UseCases, guarded: httpx2.AsyncClient, theirs: Theirs, storage: InMemoryStorage
) -> None:
    guarded.headers.update(await a_key(use_cases, Scope.ADMIN, brand_id=new_id()))
    sent = bodies(theirs)
    before = kept(storage)

    for method, path, operation in operations():
        if scope_of(operation) and path != "/metrics":
            answer = await guarded.request(
                method, theirs.in_path(path), params=needed(operation), json=sent.get((method, path))
            )

            expected = 404 if "{" in path else REFUSED.get(path, 200)
            assert answer.status_code == expected, f"{method} {path}: {answer.text}"
            if expected == 404:
                assert set(answer.json()["details"]) <= set(vars(theirs))
            elif path not in ("/dispatch/settlements", *REFUSED):
                assert not any(answer.json().get(name) for name in ("items", "events", "schedules", "claims", "held"))

    assert kept(storage) == before


async def test_a_settlement_of_another_brands_claim_says_that_there_is_no_such_schedule(
    use_cases: UseCases, guarded: httpx2.AsyncClient, theirs: Theirs
) -> None:
    guarded.headers.update(await a_key(use_cases, Scope.DISPATCH_RUN, brand_id=new_id()))
    unknown = replace(theirs, schedule_id=new_id())

    answers = [
        (await guarded.post("/dispatch/settlements", json=bodies(of)["POST", "/dispatch/settlements"])).json()
        for of in (theirs, unknown)
    ]

    [of_theirs, of_nobody] = [each["results"][0] for each in answers]
    assert of_theirs | {"schedule_id": ""} == of_nobody | {"schedule_id": ""}


async def test_a_right_to_dispatch_is_none_to_say_what_became_of_the_claims_of_others(
    use_cases: UseCases, guarded: httpx2.AsyncClient, client: httpx2.AsyncClient
) -> None:
    mine, another = [await a_key(use_cases, Scope.DISPATCH_RUN) for _ in range(2)]
    sent = await unconfirmed(client)
    ready = await due(client)
    [claim] = (await guarded.post("/dispatch/claims", headers=mine)).json()["claims"]
    told = {"schedule_id": ready["schedule_id"], "claim_token": claim["claim_token"], "verdict": "accepted"}
    settlements = {"settlements": [told, told | {"schedule_id": sent["schedule_id"], "external_id": "FORGED"}]}
    extension = {"claims": [{name: told[name] for name in ("schedule_id", "claim_token")}], "lease_seconds": 60}

    extended = (await guarded.post("/dispatch/claims/extend", json=extension, headers=another)).json()
    forged = (await guarded.post("/dispatch/settlements", json=settlements, headers=another)).json()
    settled = (await guarded.post("/dispatch/settlements", json={"settlements": [told]}, headers=mine)).json()

    assert extended["lost"] == [ready["schedule_id"]]
    assert [each["outcome"] for each in forged["results"]] == ["stale", "stale"]
    assert await in_status(client, sent, "UNCONFIRMED") == sent
    assert [(each["outcome"], each["status"]) for each in settled["results"]] == [("settled", "COMPLETED")]


async def test_nobody_confirms_what_another_brand_has_published(
    use_cases: UseCases, guarded: httpx2.AsyncClient, client: httpx2.AsyncClient
) -> None:
    schedule = await unconfirmed(client)
    guarded.headers.update(await a_key(use_cases, Scope.SCHEDULES_WRITE, brand_id=new_id()))

    answer = await guarded.post(f"/schedules/{schedule['schedule_id']}/confirm", json={"published": True})

    problem(answer, 404, "unknown_schedule")
    assert await in_status(client, schedule, "UNCONFIRMED") == schedule


async def test_other_brands_ids_in_a_body_are_unknown_too(
    use_cases: UseCases, guarded: httpx2.AsyncClient, theirs: Theirs
) -> None:
    own = new_id()
    guarded.headers.update(await a_key(use_cases, Scope.CATALOG_WRITE, brand_id=own))
    brand = {"brand_name": "Ours", "brand_default_timezone": "UTC"}
    assert (await guarded.put(f"/brands/{own}", json=brand)).status_code == 201
    into = {"brand_id": own, "campaign_id": theirs.campaign_id}
    campaign = {"brand_id": own, "name": "Ours", "start_date": "2027-03-15", "end_date": "2027-03-21"}
    campaign_id = new_id()
    assert (await guarded.put(f"/campaigns/{campaign_id}", json=campaign)).status_code == 201
    their_post = {"posts": [a_post_body() | {"post_id": theirs.post_id}]}

    taken_over = await guarded.put(f"/posts/{theirs.post_id}", json=content(brand_id=own))
    smuggled = await guarded.put(f"/posts/{new_id()}", json=content(**into))
    collected = await guarded.post(f"/campaigns/{campaign_id}/posts", json=their_post)

    problem(taken_over, 404, "post_not_found")
    problem(smuggled, 404, "campaign_not_found")
    problem(collected, 404, "post_not_found")


async def test_a_key_of_a_brand_sees_and_does_everything_of_it(
    use_cases: UseCases, guarded: httpx2.AsyncClient, theirs: Theirs, client: httpx2.AsyncClient
) -> None:
    elsewhere = await due(client, brand_id=await a_brand(client))
    guarded.headers.update(await a_key(use_cases, Scope.ADMIN, brand_id=theirs.brand_id))

    listed = (await guarded.get("/schedule")).json()["items"]
    sent = (await guarded.post("/schedule/trigger")).json()
    made = await a_post(guarded, brand_id=theirs.brand_id)

    assert [each["schedule_id"] for each in listed] == [theirs.schedule_id]
    assert theirs.schedule_id in str(sent)
    assert elsewhere["schedule_id"] not in str(sent)
    assert (await guarded.get(f"/posts/{made}")).status_code == 200


async def test_a_revoked_key_is_refused_with_the_next_request(use_cases: UseCases, guarded: httpx2.AsyncClient) -> None:
    issued = await use_cases.key_ring.create("content", scopes=[Scope.CATALOG_READ], reach=Reach(), expires_at=None)
    headers = bearer(issued.credential)
    assert (await guarded.get("/brands", headers=headers)).status_code == 200

    await use_cases.key_ring.revoke(issued.key.key_id)

    problem(await guarded.get("/brands", headers=headers), 401, "invalid_credentials")


@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer", "Bearer ", "Basic dXNlcjpwYXNz", "bearer nonsense", f"Token {WRONG_KEY}", "Bearer \xe9\xff"],
)
async def test_whatever_else_stands_in_the_header_opens_nothing(
    guarded: httpx2.AsyncClient, authorization: str
) -> None:
    answer = await guarded.get("/brands", headers={b"authorization": authorization.encode("latin-1")})

    assert answer.status_code == 401, answer.text


async def test_a_key_opens_nothing_under_another_scheme(use_cases: UseCases, guarded: httpx2.AsyncClient) -> None:
    issued = await use_cases.key_ring.create("content", scopes=[Scope.ADMIN], reach=Reach(), expires_at=None)

    for scheme in ("Basic", "Token", "Bearer:"):
        answer = await guarded.get("/brands", headers={"authorization": f"{scheme} {issued.credential}"})
        problem(answer, 401, "credentials_missing")


async def test_a_refusal_is_logged_with_the_keys_id_and_without_its_secret(
    use_cases: UseCases, guarded: httpx2.AsyncClient
) -> None:
    headers = await a_key(use_cases, Scope.CATALOG_READ)
    key_id, _, secret = headers["authorization"].removeprefix("Bearer mms_").partition(".")

    with capture_logs() as lines:
        await guarded.post("/schedule/trigger", headers=headers)

    [refusal] = [line for line in lines if line["event"] == "access refused"]
    assert (refusal["key_id"], refusal["code"]) == (key_id, "missing_scope")
    assert secret not in repr(lines)
