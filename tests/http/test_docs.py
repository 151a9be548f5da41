"""The explorer works without the internet, and its document can be trusted: by people and by generators."""

import hashlib
import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from importlib.resources import files
from typing import Any, cast

import httpx2
import jsonschema
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from marketmind_scheduler.adapters.http.problems import explained
from marketmind_scheduler.adapters.http.shapes.meanings import MEANINGS, undescribed
from marketmind_scheduler.adapters.webhooks.targets import WebhookTargets
from marketmind_scheduler.adapters.webhooks.transport import WebhookTransport
from marketmind_scheduler.domain.zones import ZoneCatalog
from tests.fakes.clock import FrozenClock
from tests.fakes.plan_solver import DirectPlanSolver
from tests.fakes.storage import InMemoryStorage
from tests.http.steps import Json, calling, document, in_memory, observed
from tests.loops import telling_all_misses
from tests.publishers.given import RecordingNetwork, ScriptedNames, a_target, an_attempt, publishing_over

ASSETS = files("marketmind_scheduler.adapters.http") / "assets"
CONTENT_TYPES = {".css": "text/css", ".js": "text/javascript", ".png": "image/png"}
DEMO_BRAND, DEMO_CAMPAIGN, DEMO_POST = (f"{d * 8}-{d * 4}-{d * 4}-{d * 4}-{d * 12}" for d in "123")
SOME_SCHEDULE = "019d3a5e-7c00-7a1b-8c2d-3e4f5a6b7c8d"
EVERY_DAY = {
    "kind": "slots",
    "times": [{"weekday": day, "time": "09:00"} for day in ("MO", "TU", "WE", "TH", "FR", "SA", "SU")],
}


class References(HTMLParser):
    """Collects what a page makes a browser load or offers to follow."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del tag
        self.found += [value or "" for name, value in attrs if name in ("src", "href", "srcset", "action", "data")]


def operations() -> Iterator[tuple[str, str, Json]]:
    return ((method, path, each) for path, item in document()["paths"].items() for method, each in item.items())


def in_document(schema: Json) -> Any:
    """A validator for a part of the document, whose references lead to the whole."""
    return jsonschema.Draft202012Validator({"components": document()["components"], **schema})


def test_every_success_comes_with_an_example_that_its_schema_allows() -> None:
    shown = [
        (f"{method} {path} {status}", media_type)
        for method, path, operation in operations()
        for status, response in operation["responses"].items()
        for media_type in response.get("content", {}).values()
        if status.startswith("2")
    ]

    assert len(shown) > 30
    with telling_all_misses() as trying:
        for answer, media_type in shown:
            with trying(answer=answer):
                in_document(media_type["schema"]).validate(media_type["example"])
                assert '"text"' not in json.dumps(media_type["example"])


def test_an_example_of_a_success_shows_what_its_operation_does() -> None:
    def shown(path: str, method: str, field: str) -> Any:
        answer = document()["paths"][path][method]["responses"]["200"]["content"]["application/json"]["example"]
        return answer.get(field, answer.get("results", [{}])[0].get(field))

    assert shown("/schedule/post/{post_id}", "delete", "status") == "CANCELLED"
    assert shown("/schedule/post/{post_id}", "put", "scheduler") is None
    assert shown("/schedules/{schedule_id}/confirm", "post", "note") is not None
    assert shown("/schedule/trigger", "post", "status") == "COMPLETED"
    assert shown("/brands/{brand_id}/pause", "post", "paused_at") is not None
    assert shown("/brands/{brand_id}/resume", "post", "paused_at") is None
    assert shown("/schedules/{schedule_id}", "get", "attempts") != []


def test_every_field_says_what_it_is_and_no_meaning_is_kept_for_none() -> None:
    schemas = document()["components"]["schemas"]
    said = [field["description"] for each in schemas.values() for field in each.get("properties", {}).values()]

    assert list(undescribed(schemas)) == []
    assert MEANINGS.keys() <= {name for each in schemas.values() for name in each.get("properties", {})}
    assert set(MEANINGS.values()) <= set(said)


async def test_the_document_shows_what_receivers_are_sent_as_they_are_sent_it() -> None:
    [posted] = document()["webhooks"]["post_due"].values()
    schema = posted["requestBody"]["content"]["application/json"]["schema"]
    headers = {each["name"]: each["schema"] for each in posted["parameters"]}
    network, names = RecordingNetwork(), ScriptedNames(["93.184.215.14"])
    targets = WebhookTargets(default=a_target("https://publisher.example.com/"))

    async with publishing_over(WebhookTransport(targets, network=network, look_up=names.look_up)) as publisher:
        await publisher.publish(an_attempt())

    head, _, body = network.written.partition(b"\r\n\r\n")
    sent = dict(line.split(": ", 1) for line in head.decode().splitlines()[1:])
    in_document({**schema, "unevaluatedProperties": False}).validate(json.loads(body))
    for name, of in headers.items():
        in_document(of).validate(sent[name])
    assert {name for name in sent if name.startswith("webhook-")} == headers.keys()


def test_the_document_names_its_licence_and_every_code() -> None:
    codes = document()["components"]["schemas"]["Problem"]["properties"]["code"]["enum"]

    assert document()["info"]["license"] == {"name": "MIT", "identifier": "MIT"}
    assert codes == sorted(explained())


def test_whatever_shows_a_posts_schedule_says_whose_it_is() -> None:
    shown = {
        name: schema["properties"].keys()
        for name, schema in document()["components"]["schemas"].items()
        if {"schedule_id", "post_id"} <= schema.get("properties", {}).keys()
    }

    assert shown.keys() >= {"ScheduleOut", "ScheduleRecordOut", "TriggeredOut", "ClaimOut", "EventOut"}
    assert [name for name, has in shown.items() if not {"brand_id", "campaign_id", "platform", "title"} <= has] == []


@pytest.mark.parametrize("path", ["/docs", "/docs/", "/docs/swagger"])
async def test_the_explorer_loads_nothing_from_elsewhere(client: httpx2.AsyncClient, path: str) -> None:
    answer = await client.get(path)

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    page = References()
    page.feed(answer.text)
    assert page.found
    assert all(reference.startswith("/docs/assets/") for reference in page.found)
    assert not re.findall(r"(?:import|fetch|url)\s*\(", answer.text)


async def test_the_explorer_folds_what_may_be_refused(client: httpx2.AsyncClient) -> None:
    page = (await client.get("/docs")).text
    folding = (await client.get("/docs/assets/folding.js")).text

    assert page.index("/docs/assets/folding.js") < page.index("plugins: [FoldRefusals]")
    assert "window.FoldRefusals =" in folding
    assert "fold-refusals" in page
    assert "fold-refusals" in folding


async def test_everything_the_explorer_loads_is_served(client: httpx2.AsyncClient) -> None:
    page = References()
    page.feed((await client.get("/docs")).text)

    for reference in page.found:
        answer = await client.get(reference)

        assert answer.status_code == 200
        assert answer.headers["content-type"].split(";")[0] == CONTENT_TYPES[reference[reference.rindex(".") :]]
        assert len(answer.content) > 500


async def test_the_styles_of_the_explorer_load_nothing_from_elsewhere(client: httpx2.AsyncClient) -> None:
    styles = (await client.get("/docs/assets/swagger-ui.css")).text

    assert all(address.startswith("data:") for address in re.findall(r"url\([\"']?([^)\"']+)", styles))
    assert "@import" not in styles


def test_the_assets_are_those_whose_checksums_were_noted() -> None:
    noted = dict(re.findall(r"^([0-9a-f]{64})  (\S+)$", (ASSETS / "VERSIONS").read_text("utf-8"), re.MULTILINE))

    assert len(noted) >= 5
    for checksum, name in noted.items():
        assert hashlib.sha256((ASSETS / name).read_bytes()).hexdigest() == checksum


async def test_the_document_is_valid_openapi(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/docs/openapi.json")

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/vnd.oai.openapi+json"
    assert answer.json()["openapi"].startswith("3.1")
    OpenAPIV31SpecValidator(answer.json()).validate()


def test_every_operation_can_be_read() -> None:
    names = [operation["operationId"] for _, _, operation in operations()]
    assert len(set(names)) == len(names)
    for _, _, operation in operations():
        assert re.fullmatch(r"[a-z]+(_[a-z]+)+", operation["operationId"])
        assert re.fullmatch(r"[A-Z].+[^.]", operation["summary"])
        assert re.fullmatch(r"(?s)[A-Z`].+\.", operation.get("description", "")), operation["operationId"]
        assert operation["summary"] not in operation["description"]
        for parameter in operation.get("parameters", ()):
            assert parameter["description"], (operation["operationId"], parameter["name"])
        for response in operation["responses"].values():
            assert response["description"]
            assert "Request fulfilled" not in response["description"]


def test_the_explorer_begins_with_scheduling_and_ends_with_the_service() -> None:
    tags = [tag["name"] for tag in document()["tags"]]
    in_order = [operation["tags"][0] for _, _, operation in operations()]

    assert [tags[0], tags[-1]] == ["Schedules of posts", "Service"]
    assert in_order == sorted(in_order, key=tags.index)
    assert list(document()["paths"]["/schedule/post/{post_id}"]) == ["post", "get", "put", "delete"]
    assert all(tag["description"] for tag in document()["tags"])


def test_every_operation_documents_its_refusals_with_examples() -> None:
    for _, path, operation in operations():
        refusals = {status: each for status, each in operation["responses"].items() if status >= "4"}
        assert "400" in refusals
        assert "404" in refusals or "{" not in path
        assert {"408", "413", "415"} <= set(refusals) or "requestBody" not in operation
        for status, response in refusals.items():
            if (path, status) == ("/health/ready", "503"):
                continue
            ((media_type, content),) = response["content"].items()
            assert media_type == "application/problem+json"
            assert content["schema"] == {"$ref": "#/components/schemas/Problem"}
            assert content["examples"]
            validator = in_document(content["schema"])
            for example in content["examples"].values():
                validator.validate(example["value"])


def test_a_503_documents_when_to_come_back() -> None:
    unavailable = [operation["responses"]["503"] for _, _, operation in operations() if "503" in operation["responses"]]

    assert unavailable
    assert all(response["headers"]["Retry-After"]["required"] for response in unavailable)


def objects(node: Any, components: Json) -> Iterator[Json]:
    """Every object schema in a schema, and in those it refers to."""
    match node:
        case {"$ref": str(reference)}:
            yield from objects(components[reference.rpartition("/")[2]], components)
        case dict():
            if "properties" in node:
                yield cast("Json", node)
            for inner in cast("Json", node).values():
                yield from objects(inner, components)
        case list():
            for inner in cast("list[Any]", node):
                yield from objects(inner, components)
        case _:
            pass


def test_every_request_body_refuses_unknown_fields() -> None:
    bodies = [operation["requestBody"] for _, _, operation in operations() if "requestBody" in operation]
    assert len(bodies) == 22
    for body in bodies:
        found = list(objects(body["content"]["application/json"]["schema"], document()["components"]["schemas"]))
        assert found
        assert all(schema["additionalProperties"] is False for schema in found)


def test_a_body_may_be_left_out_where_everything_in_it_has_a_default() -> None:
    optional = [
        operation["operationId"]
        for _, _, operation in operations()
        if "requestBody" in operation and not operation["requestBody"]["required"]
    ]

    assert sorted(optional) == [
        "claim_schedules",
        "preview_plan",
        "retry_schedule",
        "schedule_campaign",
        "trigger_dispatch",
    ]


def test_a_parameter_is_never_null() -> None:
    parameters = [parameter for _, _, operation in operations() for parameter in operation.get("parameters", ())]

    assert parameters
    for parameter in parameters:
        assert not in_document(parameter["schema"]).is_valid(None), parameter["name"]


def test_the_examples_of_every_field_keep_to_its_schema() -> None:
    fields = [
        (f"{name}.{field}", schema)
        for name, component in document()["components"]["schemas"].items()
        for field, schema in component.get("properties", {}).items()
        if "examples" in schema
    ]

    assert len(fields) > 50
    for name, schema in fields:
        for example in schema["examples"]:
            assert in_document(schema).is_valid(example), (name, example)


async def test_the_examples_of_request_bodies_are_accepted_one_after_the_other(
    storage: InMemoryStorage, zones: ZoneCatalog, clock: FrozenClock
) -> None:
    """As somebody does who presses every button of the explorer, on the ids that it fills in."""
    client = calling(observed(in_memory(storage, zones, clock, solver=DirectPlanSolver())))

    async def accepted(method: str, path: str) -> None:
        body = document()["paths"][path][method]["requestBody"]["content"]["application/json"]
        url = path.format(brand_id=DEMO_BRAND, campaign_id=DEMO_CAMPAIGN, post_id=DEMO_POST)
        assert body["examples"]
        for name, example in body["examples"].items():
            in_document(body["schema"]).validate(example["value"])
            if path.startswith("/schedule") and method == "post":
                await client.delete(url)
            answer = await client.request(method, url, json=example["value"])
            assert answer.is_success, (name, answer.text)

    await accepted("put", "/brands/{brand_id}")
    await accepted("put", "/campaigns/{campaign_id}")
    await accepted("put", "/posts/{post_id}")
    await accepted("post", "/campaigns/{campaign_id}/posts")
    await client.put(f"/brands/{DEMO_BRAND}/policy", json={"rules": [EVERY_DAY]})  # the queue needs slots
    await accepted("post", "/schedule/post/{post_id}")
    await accepted("put", "/schedule/post/{post_id}")
    await client.delete(f"/schedule/post/{DEMO_POST}")
    await accepted("post", "/schedule/campaign/{campaign_id}")


def test_the_ids_in_the_paths_of_the_explorer_are_those_of_the_demo_data_where_it_has_such() -> None:
    filled_in = {
        (parameter["name"], example["value"])
        for _, _, operation in operations()
        for parameter in operation.get("parameters", ())
        if parameter["in"] == "path"
        for example in parameter["examples"].values()
    }

    assert filled_in == {
        ("brand_id", DEMO_BRAND),
        ("campaign_id", DEMO_CAMPAIGN),
        ("post_id", DEMO_POST),
        ("plan_id", SOME_SCHEDULE),
        ("schedule_id", SOME_SCHEDULE),  # nothing is scheduled in the demo data
        ("code", "already_scheduled"),
        ("platform", "TWITTER"),
    }
