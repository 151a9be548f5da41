"""Every refusal says what would be right, in words that need no knowledge of any programming language."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

import httpx2
import pytest

from marketmind_scheduler.domain.ids import AN_ID
from marketmind_scheduler.domain.rules.policy import RuleKind
from tests.http.steps import Json, a_brand, new_id, problem
from tests.loops import on_each, telling_all_misses

WRONG: tuple[object, ...] = (
    None,
    True,
    5,
    1.5,
    10**400,
    "",
    "no such",
    "x\0y",
    "x" * 20_000,
    [],
    ["no such"],
    [None],
    {},
    {"x": 1},
    "a" * 32,
)
WRONG_TEXTS = (
    "",
    "x",
    "null",
    "-1",
    "1.5",
    "9" * 30,
    "pending",
    "twitter",
    "True",
    "a" * 32,
    "%00",
    "\N{SNOWMAN}",
    "x" * 300,
)
NO_BODIES = (
    b"",
    b" ",
    b"[]",
    b"5",
    b"null",
    b'"x"',
    b"{",
    b"{'a': 1}",
    b"{a: 1}",
    b'{"a": 1,}',
    b"NaN",
    b"\xff",
    b"\xef\xbb\xbf{}",
    b'{"a": 1, "a": 2}',
)
OF_MACHINES = re.compile(
    r"\bstr\b|\bint\b|\bfloat\b|\bbool\b|NoneType|Expected|Invalid|data:|\^|\\u|regex|pattern|Object"
)
CURES = (
    "such as",
    "one of",
    "true or false",
    "a whole number",
    "a text of",
    "a list of",
    "a valid UUID: ",
    "an s3, https or http URL",
    "send ",
    "write ",
    "give it once",
    "give this query parameter once",
    "leave it out",
    "leave the parameter out",
    "The object takes",
    "this path takes",
    "take the comma before it away",
    "close every text",
    "needs the field",
    "it takes ",
)


@pytest.fixture
async def document(client: httpx2.AsyncClient) -> Json:
    return (await client.get("/docs/openapi.json")).json()


def operations_of(document: Json) -> Iterator[tuple[str, str, Json]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), re.sub(r"\{\w+\}", lambda _: new_id(), path), operation


def resolved(document: Json, schema: Any) -> Any:
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    for alternative in schema.get("oneOf", ()):
        if "$ref" in alternative:
            return resolved(document, alternative)
    return schema


def bodies_of(document: Json) -> Iterator[tuple[str, str, Any, Any]]:
    """Each operation with a body, with the schema of the body and one that is taken."""
    for method, path, operation in operations_of(document):
        if "requestBody" in operation:
            (content,) = operation["requestBody"]["content"].values()
            example = next(iter(content["examples"].values()))["value"]
            yield method, path, resolved(document, content["schema"]), example


def spoilt(document: Json, schema: Any, body: Any) -> Iterator[Any]:
    """The body with a wrong value in each place, without each field, and with one too many."""
    for name, field in schema["properties"].items():
        for value in WRONG:
            yield {**body, name: value}
        yield {key: value for key, value in body.items() if key != name}
        if (items := field.get("items")) and "properties" in resolved(document, items):
            for item in spoilt(document, resolved(document, items), body[name][0]):
                yield {**body, name: [body[name][0], item]}
        if "items" in field:
            yield {**body, name: (body.get(name) or ["no such"]) * 10_001}
    yield {**body, "time_zone": "x"}


def assert_helps(answer: httpx2.Response) -> None:
    """Whatever is refused is refused in plain words that name what is right."""
    assert answer.status_code < 500, answer.text
    detail = answer.json().get("detail", "")
    if not answer.is_success:
        assert not OF_MACHINES.search(detail), detail
    if answer.status_code == 400:
        assert any(cure in detail for cure in CURES), detail
        for error in answer.json()["errors"]:
            assert error["at"], answer.text


async def test_whatever_is_wrong_in_a_body_is_told_with_what_would_be_right(
    client: httpx2.AsyncClient, document: Json
) -> None:
    refused = 0
    with telling_all_misses() as trying:
        for method, path, schema, example in bodies_of(document):
            contents = [*NO_BODIES, *(json.dumps(body).encode() for body in spoilt(document, schema, example))]
            for content in contents:
                with trying(method=method, path=path, content=content):
                    answer = await client.request(
                        method, path, content=content, headers={"content-type": "application/json"}
                    )
                    assert_helps(answer)
                    refused += answer.status_code == 400
    assert refused > 500


async def test_a_choice_that_stands_twice_in_a_list_is_refused_with_the_one_that_does(
    client: httpx2.AsyncClient, document: Json
) -> None:
    """In every list of choices of every body, but for claims: a puller asks for a platform or does not."""
    tried = 0
    with telling_all_misses() as trying:
        for method, path, schema, example in bodies_of(document):
            for body, choice in doubled(document, schema, example):
                with trying(method=method, path=path, body=body):
                    if path != "/dispatch/claims":
                        answer = await client.request(method, path, json=body)
                        assert f"has {choice} twice; give it once" in problem(answer, 400, "malformed")["detail"]
                        tried += 1
    assert tried > 8


def doubled(document: Json, schema: Any, body: Any) -> Iterator[tuple[Any, str]]:
    """The body with a choice twice in each of its lists of choices, those of the kinds of objects in it included."""
    for name, field in schema.get("properties", {}).items():
        items = resolved(document, items_of(document, field))
        if choices := items.get("enum"):
            yield {**body, name: [choices[0], choices[0]]}, choices[0]
        for kind in items.get("anyOf", items.get("oneOf", [items] if "properties" in items else [])):
            struct = resolved(document, kind)
            inner = example_of(document, struct)
            for spoiled, choice in doubled(document, struct, inner):
                yield {**body, name: [spoiled]}, choice


def items_of(document: Json, field: Any) -> Any:
    resolved_field = resolved(document, field)
    return resolved_field.get("items", {}) if "items" in resolved_field else {}


def example_of(document: Json, struct: Any) -> Any:
    """An object with each field that it needs."""
    needed = {name: resolved(document, struct["properties"][name]) for name in struct.get("required", ())}
    return {name: _value_of(document, field) for name, field in needed.items()}


def _value_of(document: Json, field: Any) -> Any:
    if "items" in field:
        return [_value_of(document, resolved(document, field["items"]))]
    if "properties" in field:
        return example_of(document, field)
    if "examples" in field:
        return field["examples"][0]
    return field.get("const", field.get("enum", ["x"])[0])


async def test_whatever_is_wrong_in_a_query_is_told_with_what_would_be_right(
    client: httpx2.AsyncClient, document: Json
) -> None:
    with telling_all_misses() as trying:
        for method, path, operation in operations_of(document):
            named = [each["name"] for each in operation.get("parameters", ()) if each["in"] == "query"]
            queries = [
                *(
                    f"{name}={quote(text, safe='%')}"
                    for name in named
                    if name != "wait_seconds"
                    for text in WRONG_TEXTS
                ),
                *(f"{name}=1&{name}=1" for name in named),
                *(f"{name}s=1" for name in named),
                "force=true",
            ]
            for query in queries:
                with trying(method=method, path=path, query=query):
                    assert_helps(await client.request(method, f"{path}?{query}"))


async def test_what_a_body_says_of_itself_is_said_in_its_own_words(client: httpx2.AsyncClient) -> None:
    settlement = {"schedule_id": new_id(), "claim_token": 1, "verdict": "accepted", "external_id": 10**200}

    answer = await client.post("/dispatch/settlements", json={"settlements": [settlement]})

    (error,) = problem(answer, 400, "malformed")["errors"]
    assert error["at"] == "$.settlements[0]"
    assert error["message"] == "an external_id of 201 digits is too long; it takes 200 at most"


@on_each(
    ("body", "at", "says"),
    [
        ({"platform": "FACEBOOK"}, "$.platform", "'FACEBOOK' is not one of TWITTER, YOUTUBE, INSTAGRAM"),
        ({"platform": "twitter"}, "$.platform", "did you mean TWITTER?"),
        ({"platform": "X"}, "$.platform", "did you mean TWITTER?"),
        ({"platform": "Linked-In"}, "$.platform", "did you mean LINKEDIN?"),
        ({"s3_url": "S3://X/y"}, "$.s3_url", "an s3, https or http URL of at most 2,048 characters, without spaces"),
        ({"s3_url": "gs://b/x"}, "$.s3_url", "an s3, https or http URL"),
        ({"s3_url": "https://x.com/a b"}, "$.s3_url", "without spaces"),
        ({"title": "a\0b"}, "$.title", "it holds the character U+0000; leave it out"),
        ({"title": ""}, "$.title", "a text of 1 to 500 characters"),
        ({"title": " \t "}, "$.title", "that are not all spaces"),
        ({"title": "x" * 501}, "$.title", "a text of 501 characters is not a text of 1 to 500 characters"),
        ({"title": 5}, "$.title", "5 is not a text"),
        ({"title": None}, "$.title", "null is not a text"),
        ({"brand_id": "a" * 32}, "$.brand_id", f"is not {AN_ID}"),
        ({"campain_id": new_id()}, "$", "there is no field 'campain_id'; did you mean campaign_id?"),
        ({"colour": "red"}, "$", "The object takes brand_id, campaign_id, platform, s3_url"),
    ],
)
async def test_a_post_is_refused_with_what_would_be_right(
    client: httpx2.AsyncClient, body: Mapping[str, object], at: str, says: str
) -> None:
    post = {"brand_id": new_id(), "title": "Tea", "s3_url": "s3://tea/meet.mp4", "platform": "TWITTER"}

    answer = await client.put(f"/posts/{new_id()}", json={**post, **body})

    (error,) = problem(answer, 400, "malformed")["errors"]
    assert error["at"] == at
    assert says in error["message"]


@on_each(
    ("content", "says"),
    [
        (b"", 'there is no body; send an object such as {"timestamp":"2030-03-18T19:00:00"}'),
        (b"{}", 'timestamp is missing; send an object such as {"timestamp":"2030-03-18T19:00:00"}'),
        (b"[]", "a list of 0 items is not an object such as"),
        (b'{"timestamp": 1893456000}', "1893456000 is not a text"),
        (
            b'{"timestamp": "x", "time_zone": "UTC"}',
            "there is no field 'time_zone'; did you mean timezone? The object takes",
        ),
        (b'{"timestamp": "x", "allow_repost": "true"}', "'true' is not true or false; write it without quotes"),
        (b"\xef\xbb\xbf{}", "a byte order mark; send UTF-8 without one"),
        (b'{"timestamp": "\xff"}', "byte 16 is not UTF-8"),
        (b"{'timestamp': 'x'}", "write names and texts in double quotes"),
        (b'{"timestamp": "x",}', "take the comma before it away"),
        (b'{"timestamp": None}', "write true, false and null"),
        (b'{timestamp: "x"}', "write names in double quotes"),
        (b'{"timestamp": "x"', "where it ends"),
        (b'{"timestamp": "x", "timestamp": "y"}', "'timestamp' is given twice in one object; give it once"),
    ],
)
async def test_a_schedule_is_refused_with_what_would_be_right(
    client: httpx2.AsyncClient, content: bytes, says: str
) -> None:
    answer = await client.post(
        f"/schedule/post/{new_id()}", content=content, headers={"content-type": "application/json"}
    )

    assert says in problem(answer, 400, "malformed")["detail"]


@on_each(
    ("query", "says"),
    [
        ("status=pending", "'pending' is not one of PENDING, PUBLISHING"),
        ("status=pending", "did you mean PENDING?"),
        ("status=canceled", "did you mean CANCELLED?"),
        ("platform=X", "did you mean TWITTER?"),
        (f"brand_id={'a' * 32}", f"is not {AN_ID}"),
        ("limit=500", "'500' is not a whole number from 1 to 200"),
        ("limit=x", "'x' is not a whole number from 1 to 200"),
        ("brandid=x", "did you mean brand_id? this path takes"),
    ],
)
async def test_a_query_is_refused_with_what_would_be_right(client: httpx2.AsyncClient, query: str, says: str) -> None:
    answer = await client.get(f"/schedule?{query}")

    assert says in problem(answer, 400, "malformed")["detail"]


@on_each(
    "path", ["/brands/{}", "/campaigns/{}/posts", "/schedule/post/{}", "/schedule/campaign/{}", "/schedules/{}/retry"]
)
@on_each(
    "written",
    ["abc", "a" * 32, "{33333333-3333-3333-3333-333333333333}", "urn:uuid:33333333-3333-3333-3333-333333333333"],
)
async def test_a_path_with_an_id_in_another_spelling_tells_how_it_is_written(
    client: httpx2.AsyncClient, path: str, written: str
) -> None:
    method = "POST" if path.endswith(("/posts", "/retry")) else "GET"

    answer = await client.request(method, path.format(written))

    assert problem(answer, 404, "no_such_route")["detail"] == f"{written!r} is not {AN_ID}"


@on_each(
    ("path", "there"),
    [
        ("/redoc", "/docs"),
        ("/swagger", "/docs"),
        ("/swagger-ui/", "/docs"),
        ("/openapi.json", "/docs/openapi.json"),
        ("/healthz", "/health"),
    ],
)
async def test_a_path_of_other_frameworks_is_answered_with_where_it_is_here(
    client: httpx2.AsyncClient, path: str, there: str
) -> None:
    answer = await client.get(path)

    assert f" {there}" in problem(answer, 404, "no_such_route")["detail"]
    assert (await client.get(there)).is_success


async def test_a_rule_as_the_refusal_of_an_incomplete_one_shows_it_is_taken_and_closes_nothing_for_good(
    client: httpx2.AsyncClient,
) -> None:
    brand_id = await a_brand(client)
    kinds = [kind for kind in RuleKind if kind is not RuleKind.PLATFORM_CAP]
    for kind in kinds:
        incomplete = await client.put(f"/brands/{brand_id}/policy", json={"rules": [{"kind": kind}]})
        shown = problem(incomplete, 400, "malformed")["detail"].partition("send an object such as ")[2]

        taken = await client.put(f"/brands/{brand_id}/policy", json={"rules": [json.loads(shown)]})

        assert (taken.status_code, taken.json()["warnings"]) == (200, []), taken.text


async def test_a_share_between_two_steps_is_refused_with_the_closest_step(client: httpx2.AsyncClient) -> None:
    brand_id = await a_brand(client)
    for share, step in ((0.1234567, "0.123"), (0.0001, "0"), (0.2001, "0.2")):
        rule = {"kind": "control_share", "share": share}
        refused = await client.put(f"/brands/{brand_id}/policy", json={"rules": [rule]})
        assert problem(refused, 400, "malformed")["detail"].endswith(f"goes in steps of a thousandth; send {step}")
    for share in (0, 0.001, 0.1, 0.123, 0.2):
        rule = {"kind": "control_share", "share": share}
        assert (await client.put(f"/brands/{brand_id}/policy", json={"rules": [rule]})).json()["rules"] == [rule]
