"""What the HTTP suites do again and again: serve, call, register, read answers."""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import fields
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, TypedDict, Unpack, cast
from uuid import UUID, uuid4

import httpx2
from litestar import Litestar
from litestar.types import ASGIApp
from prometheus_client import CollectorRegistry

from marketmind_scheduler.adapters.dispatch_metrics import MeteredDispatch
from marketmind_scheduler.adapters.http.app import create_app
from marketmind_scheduler.adapters.http.envelope.names import OwnNames
from marketmind_scheduler.adapters.http.envelope.observed import Observed
from marketmind_scheduler.adapters.http.envelope.request_metrics import RequestMetrics
from marketmind_scheduler.adapters.http.envelope.shares import Shares
from marketmind_scheduler.adapters.publishers.dry_run import DryRunPublisher
from marketmind_scheduler.adapters.run_metrics import MeteredRuns
from marketmind_scheduler.adapters.trace_ids import TraceIds
from marketmind_scheduler.adapters.uuid7 import new_uuid7
from marketmind_scheduler.application.access import Access
from marketmind_scheduler.application.rate_limiting import RateLimiter
from marketmind_scheduler.application.use_cases import UseCases
from marketmind_scheduler.domain.access import Caller
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.zones import ZoneCatalog
from marketmind_scheduler.entrypoints.choices import PublisherKind
from marketmind_scheduler.entrypoints.settings import Settings
from marketmind_scheduler.entrypoints.wiring.bootstrap import assemble
from marketmind_scheduler.entrypoints.wiring.outbound import Outbound
from marketmind_scheduler.entrypoints.wiring.publishers import PUBLISHERS
from marketmind_scheduler.entrypoints.wiring.schedulers import schedulers_of
from marketmind_scheduler.ports.clock import Clock
from marketmind_scheduler.ports.idempotency import Idempotency
from marketmind_scheduler.ports.language_model import LanguageModel
from marketmind_scheduler.ports.plan_solver import PlanSolver
from marketmind_scheduler.ports.publisher import Publisher
from marketmind_scheduler.ports.readiness import Readiness
from marketmind_scheduler.ports.storage import Storage
from marketmind_scheduler.ports.tracing import Tracing
from tests.fakes.api_keys import InMemoryApiKeys
from tests.fakes.dispatch_queue import InMemoryDispatchQueue
from tests.fakes.holds import InMemoryHolds
from tests.fakes.language_model import configured
from tests.fakes.profile_fitter import DirectProfileFitter
from tests.fakes.publisher import Answer, ScriptedPublisher
from tests.fakes.queue_standing import InMemoryQueueStandings
from tests.fakes.readiness import ScriptedReadiness
from tests.fakes.refits import InMemoryRefits
from tests.fakes.rows import Rows
from tests.fakes.statistics import NothingToCount
from tests.fakes.storage import InMemoryStorage
from tests.fakes.upkeep import InMemoryUpkeep

Json = dict[str, Any]
App = Callable[[Any, Any, Any], Awaitable[None]]

NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)
HORIZON = timedelta(days=1827)
LOS_ANGELES = "America/Los_Angeles"
SEVEN_PM = "2027-03-17T19:00:00"
SAMPLES = Path(__file__).parents[1] / "data"
PROBLEM_MEMBERS = {"type", "title", "status", "code", "detail", "instance", "errors", "details"}


class Guards(TypedDict, total=False):
    """What stands before the use cases."""

    checks_access: bool
    limiter: RateLimiter
    shares: Shares
    idempotency: Idempotency
    requires_idempotency_keys: bool
    docs_are_public: bool
    seconds: float


def in_memory(
    storage: InMemoryStorage,
    zones: ZoneCatalog,
    clock: Clock,
    *,
    publisher: Publisher | None = None,
    registry: CollectorRegistry | None = None,
    readiness: Readiness | None = None,
    tracing: Tracing | None = None,
    solver: PlanSolver | None = None,
    model: LanguageModel | None = None,
) -> UseCases:
    """The use cases over fakes; without a publisher, nothing is really published, without a solver nothing solved, and
    without a model none takes part."""
    registry = registry or CollectorRegistry()
    metering, queue, runs = MeteredDispatch(registry), InMemoryDispatchQueue(storage), MeteredRuns(registry)
    outbound = Outbound(
        queue=queue,
        pulled=queue,
        upkeep=InMemoryUpkeep(storage),
        storage=storage,
        holds=InMemoryHolds(storage),
        standings=InMemoryQueueStandings(storage),
        refits=InMemoryRefits(storage),
        statistics=NothingToCount(),
        fitter=DirectProfileFitter(),
        publisher=publisher or DryRunPublisher(),
        publishing=PUBLISHERS[PublisherKind.DRY_RUN].publishing,
        platforms=Platform,
        observer=metering,
        metrics=metering,
        tracing=tracing or TraceIds(new_uuid7),
    )
    return assemble(
        storage=storage,
        readiness=readiness or ScriptedReadiness(),
        keys=InMemoryApiKeys(),
        outbound=outbound,
        run_observer=runs,
        schedulers=schedulers_of(Settings(), solver, configured(model, storage, observer=runs) if model else None),
        zones=zones,
        clock=clock,
        new_id=new_uuid7,
        horizon=HORIZON,
        schedules_per_brand=20_000,
    )


_of_the_request: ContextVar[UseCases] = ContextVar("_of_the_request")


class _AccessOfTheRequest(Access):
    async def caller(self, credential: str) -> Caller:
        return await _of_the_request.get().access.caller(credential)


class _OfTheRequest(UseCases):
    """Stands for the use cases of whichever test sends the request."""

    def for_(self, caller: Caller, storage: Storage | None = None) -> UseCases:
        return _of_the_request.get().for_(caller, storage)


@cache
def _shared_app(**guards: Unpack[Guards]) -> Litestar:
    """Making an app takes longer than most tests: those that put the same before their use cases share one."""
    nothing: Any = None
    families: dict[str, Any] = dict.fromkeys((family.name for family in fields(UseCases)), nothing)
    families["access"] = _AccessOfTheRequest(keys=nothing, tokens=nothing, clock=nothing)
    return create_app(_OfTheRequest(**families), **guards)


@cache
def document() -> Json:
    """The OpenAPI document of the API."""
    return _shared_app().openapi_schema.to_schema()


def _over(use_cases: UseCases, **guards: Unpack[Guards]) -> App:
    app = cast("App", _shared_app(**guards))

    async def served(scope: Any, receive: Any, send: Any) -> None:
        _of_the_request.set(use_cases)
        await app(scope, receive, send)

    return served


def observed(
    use_cases: UseCases,
    *,
    registry: CollectorRegistry | None = None,
    tracing: Tracing | None = None,
    own_names: OwnNames | None = None,
    **guards: Unpack[Guards],
) -> App:
    return watched(_over(use_cases, **guards), registry=registry, tracing=tracing, own_names=own_names)


def watched(
    app: App | Litestar,
    *,
    registry: CollectorRegistry | None = None,
    tracing: Tracing | None = None,
    own_names: OwnNames | None = None,
) -> App:
    """That app with what is round every app of the service."""
    observed_app = Observed(
        cast("ASGIApp", app),
        new_id=new_uuid7,
        metrics=RequestMetrics(registry or CollectorRegistry()),
        tracing=tracing or TraceIds(new_uuid7),
        own_names=own_names,
    )
    return cast("App", observed_app)


def calling(app: App) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://test")


def new_id() -> str:
    return str(uuid4())


async def a_brand(client: httpx2.AsyncClient, *, zone: str = LOS_ANGELES, **lateness: str | int) -> str:
    brand_id = new_id()
    body = {"brand_name": "Northwind Tea", "brand_default_timezone": zone, **lateness}
    answer = await client.put(f"/brands/{brand_id}", json=body)
    assert answer.status_code == 201, answer.text
    return brand_id


async def a_campaign(
    client: httpx2.AsyncClient,
    *,
    brand_id: str | None = None,
    zone: str = LOS_ANGELES,
    start: str = "2027-03-15",
    end: str = "2027-03-21",
    posts: Sequence[str] = (),
) -> str:
    """The id of a campaign with one post on each platform of ``posts``, in their order."""
    campaign_id = new_id()
    body = {
        "brand_id": brand_id or await a_brand(client, zone=zone),
        "name": "Spring launch",
        "start_date": start,
        "end_date": end,
    }
    answer = await client.put(f"/campaigns/{campaign_id}", json=body)
    assert answer.status_code == 201, answer.text
    if posts:
        await add_posts(client, campaign_id, posts)
    return campaign_id


async def add_posts(client: httpx2.AsyncClient, campaign_id: str, platforms: Sequence[str]) -> list[str]:
    """Register one post on each of ``platforms``; return their ids in that order."""
    posts = [a_post_body(platform) for platform in platforms]
    answer = await client.post(f"/campaigns/{campaign_id}/posts", json={"posts": posts})
    assert answer.status_code == 201, answer.text
    return [post["post_id"] for post in posts]


def a_post_body(platform: str = "TWITTER") -> Json:
    return {"post_id": new_id(), "title": "Meet the new line", "s3_url": "s3://tea/meet.mp4", "platform": platform}


async def a_post(
    client: httpx2.AsyncClient,
    *,
    brand_id: str | None = None,
    zone: str = LOS_ANGELES,
    platform: str = "TWITTER",
) -> str:
    """The id of a post that belongs to no campaign."""
    content = a_post_body(platform)
    post_id = content.pop("post_id")
    brand_id = brand_id or await a_brand(client, zone=zone)
    answer = await client.put(f"/posts/{post_id}", json={"brand_id": brand_id, **content})
    assert answer.status_code == 201, answer.text
    return post_id


async def a_scheduled_post(client: httpx2.AsyncClient, timestamp: str = SEVEN_PM) -> tuple[str, Json]:
    post_id = await a_post(client)
    answer = await client.post(f"/schedule/post/{post_id}", json={"timestamp": timestamp})
    assert answer.status_code == 201, answer.text
    return post_id, answer.json()


async def due(
    client: httpx2.AsyncClient, *, post_id: str | None = None, brand_id: str | None = None, platform: str = "TWITTER"
) -> Json:
    """The schedule of this post, else of a new one, for the present moment of the service."""
    post_id = post_id or await a_post(client, brand_id=brand_id, platform=platform)
    return await scheduled(client, post_id, await present(client))


async def present(client: httpx2.AsyncClient) -> datetime:
    """What the clock of the service shows."""
    return datetime.fromisoformat((await client.get("/health")).json()["timestamp"])


async def scheduled(client: httpx2.AsyncClient, post_id: str, publish_time: datetime) -> Json:
    answer = await client.post(f"/schedule/post/{post_id}", json={"timestamp": publish_time.isoformat()})
    assert answer.status_code == 201, answer.text
    return answer.json()


def script(publisher: ScriptedPublisher, schedule: Json, *answers: Answer) -> None:
    """Let this be what becomes of the schedule's sends."""
    publisher.script(UUID(schedule["schedule_id"]), *answers)


async def trigger(client: httpx2.AsyncClient, **body: int) -> list[Json]:
    """Send what is due; the results."""
    answer = await client.post("/schedule/trigger", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()["results"]


async def claim(client: httpx2.AsyncClient, **body: Any) -> list[Json]:
    """Take what is due to publish it elsewhere; the claims."""
    answer = await client.post("/dispatch/claims", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()["claims"]


async def settle(client: httpx2.AsyncClient, *claims: Json, verdict: str, **more: Any) -> list[Json]:
    """Say the same of all these claims; what was recorded of each."""
    settlements = [{**held(claim), "verdict": verdict, **more} for claim in claims]
    answer = await client.post("/dispatch/settlements", json={"settlements": settlements})
    assert answer.status_code == 200, answer.text
    return answer.json()["results"]


def held(claim: Json) -> Json:
    return {name: claim[name] for name in ("schedule_id", "claim_token")}


async def record(client: httpx2.AsyncClient, schedule: Json) -> Json:
    """The schedule as it stands now, with its attempts."""
    answer = await client.get(f"/schedules/{schedule['schedule_id']}")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def unconfirmed(client: httpx2.AsyncClient, **of_post: Any) -> Json:
    """A schedule of which nobody knows whether its post is out."""
    schedule = await due(client, **of_post)
    await settle(client, *await claim(client), verdict="unknown", reason="no answer")
    return await in_status(client, schedule, "UNCONFIRMED")


async def in_status(client: httpx2.AsyncClient, schedule: Json, status: str) -> Json:
    """The schedule, which must have that status."""
    found = await record(client, schedule)
    assert found["status"] == status, found
    return found


def problem(answer: httpx2.Response, status: int, code: str) -> Json:
    """The problem that the answer must be, checked for what every problem has."""
    assert answer.status_code == status, said(answer)
    assert answer.headers["content-type"] == "application/problem+json"
    body: Json = answer.json()
    assert set(body) == PROBLEM_MEMBERS, said(answer)
    assert (body["code"], body["type"], body["status"]) == (code, f"/problems/{code}", status), said(answer)
    assert body["instance"] == answer.request.url.path, said(answer)
    assert all((body["title"], body["detail"])), said(answer)
    assert bool(body["errors"]) == (code in {"malformed", "unsupported_media_type"}), said(answer)
    return body


def said(answer: httpx2.Response) -> str:
    """What was asked and what was answered, for a person who reads why a test failed."""
    return f"{answer.request.method} {answer.request.url} was answered with {answer.status_code}: {answer.text}"


async def walk(
    client: httpx2.AsyncClient, path: str, query: Mapping[str, str | int] | None = None, *, items: str = "items"
) -> list[list[Json]]:
    """Every page of a list, from the first to the one without a next_cursor."""
    pages: list[list[Json]] = []
    cursor: dict[str, str] = {}
    while len(pages) < 100:
        answer = await client.get(path, params={**(query or {}), **cursor})
        assert answer.status_code == 200, answer.text
        page = answer.json()
        pages.append(page[items])
        if page["next_cursor"] is None:
            return pages
        cursor = {"cursor": page["next_cursor"]}
    raise AssertionError(f"{path} has no end")


def stored(storage: InMemoryStorage) -> Rows:
    """All that is stored at this moment."""
    with storage.changing() as rows:
        return rows


def day_of(schedule: Json) -> date:
    """The day in its zone on which a schedule goes out."""
    return date.fromisoformat(schedule["publish_time_local"][:10])


def sample(name: str, *, of_each: int, **kinds: tuple[object, ...]) -> list[Json]:
    """The first ``of_each`` rows of a sample file for each of the given values of one field."""
    rows = [json.loads(line) for line in (SAMPLES / name).read_text("utf-8").splitlines()]
    ((field, values),) = kinds.items()
    chosen = [row for value in values for row in [row for row in rows if row[field] == value][:of_each]]
    assert len(chosen) == of_each * len(values)
    return chosen
