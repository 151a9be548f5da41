"""The service does what its OpenAPI document says, for whatever that document allows and for what it does not."""

from collections.abc import AsyncGenerator, Generator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any, cast
from uuid import uuid4

import pytest
import schemathesis
from schemathesis.checks import CHECKS  # pyright: ignore[reportUnknownVariableType]
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import AcceptedNegativeData
from schemathesis.engine import events, from_schema
from schemathesis.openapi.checks import RejectedPositiveData
from schemathesis.python.asgi import shutdown_lifespans

from marketmind_scheduler.adapters.http.shapes.fields import DEMO_BRAND, DEMO_POST
from marketmind_scheduler.adapters.postgres.pool import open_pool
from marketmind_scheduler.adapters.postgres.requests.api_keys import PostgresApiKeys
from marketmind_scheduler.adapters.postgres.requests.idempotency import PostgresIdempotency
from marketmind_scheduler.adapters.postgres.schema.migrations import migrating
from marketmind_scheduler.adapters.system_clock import SystemClock
from marketmind_scheduler.application.access import KeyRing
from marketmind_scheduler.application.demo import DEMO_CAMPAIGN
from marketmind_scheduler.application.use_cases import UseCases
from marketmind_scheduler.domain.access import Reach, Scope
from marketmind_scheduler.domain.campaign import CampaignChange
from marketmind_scheduler.domain.zones import ZoneCatalog
from tests.databases import new_database
from tests.http.postgres.given import over
from tests.http.steps import (
    App,
    observed,
)

CONFIG = {
    "generation": {"max-examples": 4, "deterministic": True, "database": "none"},
    "checks": {
        # 422 besides the defaults: a value can be of the documented form and break a rule that no schema can say,
        # such as a time that is past; a condition can be well formed and not hold, which 304 and 412 say
        "positive_data_acceptance": {"expected-statuses": ["2xx", "304", "404", "409", "412", "422"]},
    },
}
UNCHECKED = {"max_response_time"}  # how fast it is, the benchmark says
DEMO_IDS = [str(each) for each in (DEMO_BRAND, DEMO_CAMPAIGN, DEMO_POST)]
UNREACHED = {"DELETE /schedule/post/{post_id}"}  # the post's whole campaign has always been cancelled just before


@pytest.fixture(scope="module")
async def demo_database(worker_id: str) -> AsyncGenerator[str]:
    """A database of its own with the demo data, to whose ids the examples of the document lead."""
    async with new_database(f"test_{worker_id}_conformance") as url:
        async with migrating(url) as migrator:
            await migrator.upgrade()
            await migrator.upgrade("demo@head")
        yield url


@pytest.fixture(scope="module")
async def key(demo_database: str) -> str:
    """Of a service that may do everything."""
    return await a_key(demo_database, "everything", Reach())


@pytest.fixture(scope="module")
async def foreign_key(demo_database: str) -> str:
    """Of a service that may do everything, for a brand that has nothing to do with the demo."""
    return await a_key(demo_database, "foreign", Reach(frozenset({uuid4()})))


async def a_key(database_url: str, name: str, reach: Reach) -> str:
    async with open_pool(database_url, size=1) as pool:
        ring = KeyRing(keys=PostgresApiKeys(pool), clock=SystemClock())
        issued = await ring.create(name, scopes=[Scope.ADMIN], reach=reach, expires_at=None)
    return issued.credential


@contextmanager
def document_for(key: str, app: App, **config: Any) -> Generator[Any]:
    """What the document offers, called with that key."""
    headers = {"headers": {"Authorization": f"Bearer {key}"}}
    settings = SchemathesisConfig.from_dict(CONFIG | headers | config)  # pyright: ignore[reportUnknownMemberType]
    schema: Any = schemathesis.openapi.from_asgi("/docs/openapi.json", app, config=settings)
    schema.hook(filter_failure)
    yield schema
    shutdown_lifespans()


@pytest.fixture
def document(demo_database: str, zones: ZoneCatalog, key: str) -> Generator[Any]:
    with document_for(key, opened_where_it_is_called(demo_database, zones)) as schema:
        # what they delete is gone for every other request; in the document of others nothing is theirs to delete
        yield schema.exclude(method="DELETE", path_regex="^/(brands|campaigns|posts)/")


@pytest.fixture
def document_of_others(demo_database: str, zones: ZoneCatalog, foreign_key: str) -> Generator[Any]:
    examples_only: Any = {
        "generation": CONFIG["generation"] | {"max-examples": 3},
        "phases": {"coverage": {"enabled": False}, "stateful": {"enabled": False}},
    }
    with document_for(foreign_key, opened_where_it_is_called(demo_database, zones), **examples_only) as schema:
        yield schema


SAID_BY_NO_SCHEMA = (
    "needs the field",  # something new needs what something registered keeps
    "send either `by`",
    "say what they are to follow",
    "name it with campaign_id",
    "is not a whole number",
    "goes with",
    "send post_id",
    "to have a time chosen",
    "is not a text of 1 to 200 characters",  # of what is a text or a number the document has no bounds
)


def filter_failure(_context: object, failure: object, case: Any, response: Any) -> bool:
    """What no schema can say: a cursor is a string, and only those that a list gave out are taken; 1.0 is an integer to
    JSON Schema, and refused here; what several fields say together; what is stored already. And a 0 that schemathesis
    sends where the pattern of a header asks for quotes. What was answered under an Idempotency-Key already is answered
    so again, whatever the headers beside it."""
    if isinstance(failure, AcceptedNegativeData):
        return "idempotency-replayed" not in response.headers
    if not isinstance(failure, RejectedPositiveData):
        return True
    refused = response.json()["errors"]
    is_made_up_cursor = [error["at"] for error in refused] == ["cursor"]
    is_zero_as_a_tag = all(case.headers.get(error["at"]) == "0" for error in refused)
    is_beyond_schemas = all(any(each in error["message"] for each in SAID_BY_NO_SCHEMA) for error in refused)
    return not (is_made_up_cursor or is_zero_as_a_tag or is_beyond_schemas)


def opened_where_it_is_called(database_url: str, zones: ZoneCatalog) -> App:
    """The API over a pool that belongs to the event loop in which schemathesis calls it."""
    api: App | None = None

    async def app(scope: Any, receive: Any, send: Any) -> None:
        nonlocal api
        if scope["type"] == "http":
            assert api is not None
            await api(scope, receive, send)
            return
        await receive()
        async with open_pool(database_url, size=4) as pool:
            use_cases = over(pool, zones, SystemClock())
            await put_ahead(use_cases)
            use_cases.event_feed.close()  # nothing happens here that anyone could wait for
            idempotency = PostgresIdempotency(pool, kept_for=timedelta(hours=24))
            api = observed(use_cases, checks_access=True, idempotency=idempotency)
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})

    return app


async def put_ahead(use_cases: UseCases) -> None:
    """Give the demo campaign, which is made from today on, days that lie ahead of the clock."""
    days = CampaignChange(start_date=date(2027, 3, 15), end_date=date(2027, 3, 21))
    await use_cases.catalog.put_campaign(DEMO_CAMPAIGN, days)


def test_the_service_keeps_to_its_document(document: Any) -> None:
    failures: list[str] = []
    accepted: set[str] = set()
    made: set[str] = set()

    for event in from_schema(document).execute():
        if isinstance(event, events.ScenarioFinished):
            for case_id, checks in event.recorder.checks.items():
                made.update(check.name for check in checks)
                failures += [described(check.failure_info) for check in checks if check.failure_info]
                response = event.recorder.interactions[case_id].response
                if response is not None and response.status_code < 300:
                    accepted.add(cast("Any", event.recorder.cases[case_id].value).operation.label)
        assert not isinstance(event, (events.NonFatalError, events.FatalError)), event

    assert not failures, "\n\n".join(failures)
    assert made == set(CHECKS.get_all_names()) - UNCHECKED
    assert accepted >= {operation.ok().label for operation in document.get_all_operations()} - UNREACHED


def test_to_a_key_of_another_brand_nothing_exists_but_what_it_makes(document_of_others: Any) -> None:
    """Every id that the examples of the document name is of the demo's brands."""
    told: list[str] = []
    answers = 0

    for event in from_schema(document_of_others).execute():
        if isinstance(event, events.ScenarioFinished):
            for case_id, interaction in event.recorder.interactions.items():
                response, operation = interaction.response, cast("Any", event.recorder.cases[case_id].value).operation
                if response is not None and operation.path not in ("/", "/problems", "/problems/{code}"):
                    answers += 1
                    assert response.status_code < 500, response.text
                    told += [
                        f"{operation.label}: {each}"
                        for each in DEMO_IDS
                        if each in response.text and response.status_code < 300
                    ]

    assert answers > 100
    assert not told


def described(failed: Any) -> str:
    return f"{failed.failure.operation}: {failed.failure.title}\n{failed.failure.message}\n{failed.code_sample}"
