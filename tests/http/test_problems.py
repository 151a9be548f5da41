"""Every problem is explained, documented and of one shape; a fault of the service says nothing about itself."""

from collections.abc import AsyncGenerator, Iterator
from dataclasses import replace
from typing import Never

import httpx2
import pytest
import structlog
from structlog.testing import capture_logs

from marketmind_scheduler.application.use_cases import UseCases
from marketmind_scheduler.domain.errors import Conflict, NotFound, Rejected, SchedulerError, Unavailable
from tests.http.steps import PROBLEM_MEMBERS, Json, calling, document, new_id, observed, problem

CONTRACT = {
    400: {"malformed"},
    404: {
        "brand_not_found",
        "campaign_not_found",
        "post_not_found",
        "schedule_not_found",
        "no_posts_to_schedule",
        "no_such_route",
    },
    409: {"already_scheduled", "already_published", "campaign_already_scheduled", "stale_version"},
    422: {
        "unknown_zone",
        "unreadable_time",
        "local_time_in_gap",
        "local_time_ambiguous",
        "offset_contradicts_zone",
        "time_in_past",
        "beyond_horizon",
        "dates_reversed",
        "too_many_posts",
        "campaign_over",
    },
    503: {"storage_unavailable", "zone_rules_outdated"},
}
STATUSES = {NotFound: 404, Conflict: 409, Rejected: 422, Unavailable: 503}
OF_COMMANDS = {"run_not_found", "run_forgotten"}
OF_AGENTS = {"wrong_host", "foreign_origin"}  # whose path is in no OpenAPI document
ON_ANY_PATH = {"method_not_allowed", "unexpected", "overloaded"}  # told in the introduction, not with each operation
INNER_TEXT = "relation brands of 10.0.0.7 is broken"


class BrokenStorage:
    """Storage with a fault that nobody anticipated."""

    def within(self, _reach: object) -> "BrokenStorage":
        return self

    def acting(self, _actor: object) -> "BrokenStorage":
        return self

    def reading(self) -> Never:
        raise ValueError(INNER_TEXT)

    unit_of_work = reading


@pytest.fixture
async def faulty(use_cases: UseCases) -> AsyncGenerator[httpx2.AsyncClient]:
    broken = replace(use_cases, catalog=replace(use_cases.catalog, storage=BrokenStorage()))
    async with calling(observed(broken)) as caller:
        yield caller


def domain_errors(kind: type[SchedulerError]) -> Iterator[type[SchedulerError]]:
    for error in kind.__subclasses__():
        if error.__module__.endswith("domain.errors"):
            yield error
            yield from domain_errors(error)


def documented_problems() -> Iterator[tuple[str, Json]]:
    """Every example of a problem in the OpenAPI document, with the status it stands under."""
    for item in document()["paths"].values():
        for operation in item.values():
            for status, response in operation["responses"].items():
                media_type = response.get("content", {}).get("application/problem+json", {"examples": {}})
                for example in media_type["examples"].values():
                    yield status, example["value"]


async def explained(client: httpx2.AsyncClient) -> dict[str, Json]:
    answer = await client.get("/problems")
    assert answer.status_code == 200
    return {kind["code"]: kind for kind in answer.json()}


@pytest.mark.parametrize(
    ("status", "code"), [(status, code) for status, codes in CONTRACT.items() for code in sorted(codes)]
)
async def test_the_codes_of_the_contract_are_explained(client: httpx2.AsyncClient, status: int, code: str) -> None:
    kind = (await explained(client))[code]

    assert kind["status"] == status
    assert len(kind["meaning"]) > 20


async def test_every_anticipated_error_is_explained_with_the_status_of_its_kind(client: httpx2.AsyncClient) -> None:
    statuses = {error.code: status for kind, status in STATUSES.items() for error in domain_errors(kind)}

    kinds = await explained(client)

    assert {code: kind["status"] for code, kind in kinds.items() if code in statuses} == statuses


async def test_the_type_of_every_problem_leads_to_its_explanation(client: httpx2.AsyncClient) -> None:
    kinds = await explained(client)

    for code, kind in kinds.items():
        answer = await client.get(f"/problems/{code}")

        assert answer.status_code == 200
        assert answer.json() == kind


async def test_the_title_of_a_problem_is_its_status_in_words(client: httpx2.AsyncClient) -> None:
    missing = (await client.get(f"/brands/{new_id()}")).json()
    malformed = (await client.get("/brands", params={"limit": "x"})).json()

    assert (missing["title"], malformed["title"]) == ("Not Found", "Bad Request")


async def test_the_type_of_a_problem_can_be_followed(client: httpx2.AsyncClient) -> None:
    refused = await client.get(f"/brands/{new_id()}")

    explanation = await client.get(refused.json()["type"])

    assert explanation.json()["code"] == "brand_not_found"


@pytest.mark.parametrize("code", ["nothing", "Malformed", "malformed%20", "x" * 5000, "%00"])
async def test_a_code_that_does_not_exist_is_not_explained(client: httpx2.AsyncClient, code: str) -> None:
    answer = await client.get(f"/problems/{code}")

    problem(answer, 404, "no_such_route")


async def test_every_code_is_documented_by_an_example(client: httpx2.AsyncClient) -> None:
    documented = {example["code"] for _, example in documented_problems()}

    assert documented == set(await explained(client)) - ON_ANY_PATH - OF_AGENTS - OF_COMMANDS


def test_documented_problems_have_the_shape_of_real_ones() -> None:
    for status, example in documented_problems():
        assert set(example) == PROBLEM_MEMBERS
        assert example["status"] == int(status)
        assert example["type"] == f"/problems/{example['code']}"
        assert example["title"]
        assert example["detail"]


async def test_an_unexpected_fault_is_answered_with_the_id_of_its_log_line_and_nothing_else(
    faulty: httpx2.AsyncClient,
) -> None:
    answer = await faulty.get("/brands")

    body = problem(answer, 500, "unexpected")
    assert body["details"] == {"request_id": answer.headers["x-request-id"]}
    assert INNER_TEXT not in answer.text
    assert "ValueError" not in answer.text
    assert "storage" not in answer.text


async def test_an_unexpected_fault_is_logged_with_its_traceback_and_request_id(faulty: httpx2.AsyncClient) -> None:
    with capture_logs([structlog.contextvars.merge_contextvars]) as lines:
        answer = await faulty.get("/brands")

    fault, request = lines
    assert fault["event"] == "unexpected"
    assert fault["log_level"] == "error"
    assert str(fault["exc_info"]) == INNER_TEXT
    assert fault["exc_info"].__traceback__ is not None
    assert (request["event"], request["status"]) == ("request", 500)
    assert {fault["request_id"], request["request_id"]} == {answer.headers["x-request-id"]}


async def test_a_code_that_no_problem_has_is_answered_with_where_they_are_listed(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/problems/malformd")

    said = problem(answer, 404, "no_such_route")["detail"]
    assert said == "No problem has the code 'malformd'; `GET /problems` lists them."
