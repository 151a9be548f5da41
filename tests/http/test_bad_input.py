"""Whatever is sent, the answer is a problem with a known code below 500, and nothing of it is stored."""

import json
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.http.steps import (
    SEVEN_PM,
    Json,
    a_brand,
    a_campaign,
    add_posts,
    new_id,
    problem,
    stored,
)

JSON = {"content-type": "application/json"}
TWELVE_MEGABYTES = 12 * 1024 * 1024
DROP_TABLE = "Robert'); DROP TABLE posts; --"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "BREW")


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """A request with a body that would be accepted, in a world where the ids in its braces exist."""

    method: str
    path: str
    body: Json

    def filled(self, world: Mapping[str, str], body: Any = None) -> Any:
        """The body, or the operation's own, with ids in place of braces."""
        text = json.dumps(self.body if body is None else body)
        for name, value in world.items():
            text = text.replace(f"{{{name}}}", value)
        return json.loads(text)


_CONTENT: Json = {"title": "Meet the new line", "s3_url": "s3://tea/meet.mp4", "platform": "TWITTER"}
OPERATIONS = {
    "put brand": Operation(
        method="PUT",
        path="/brands/{new}",
        body={"brand_name": "Northwind", "brand_default_timezone": "Europe/Berlin", "tone_profile": "Short"},
    ),
    "put campaign": Operation(
        method="PUT",
        path="/campaigns/{new}",
        body={
            "brand_id": "{brand}",
            "name": "Spring launch",
            "goal": "Sell tea",
            "start_date": "2027-03-15",
            "end_date": "2027-03-21",
        },
    ),
    "put post": Operation(
        method="PUT", path="/posts/{new}", body={"brand_id": "{brand}", "campaign_id": "{campaign}", **_CONTENT}
    ),
    "register posts": Operation(
        method="POST", path="/campaigns/{campaign}/posts", body={"posts": [{"post_id": "{new}", **_CONTENT}]}
    ),
    "schedule post": Operation(
        method="POST",
        path="/schedule/post/{post}",
        body={
            "timestamp": SEVEN_PM,
            "timezone": "Europe/Berlin",
            "disambiguation": "compatible",
            "allow_repost": False,
        },
    ),
    "move post": Operation(
        method="PUT",
        path="/schedule/post/{scheduled}",
        body={"timestamp": SEVEN_PM, "timezone": "Europe/Berlin", "disambiguation": "compatible", "version": 1},
    ),
    "schedule campaign": Operation(
        method="POST",
        path="/schedule/campaign/{campaign}",
        body={"scheduler": "naive", "platforms": ["TWITTER"], "replace": True},
    ),
}
each_operation = pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)

Place = tuple[str | int, ...]

IDS: list[tuple[str, Place]] = [
    ("put campaign", ("brand_id",)),
    ("put post", ("brand_id",)),
    ("put post", ("campaign_id",)),
    ("register posts", ("posts", 0, "post_id")),
]
CHOICES: list[tuple[str, Place]] = [
    ("put post", ("platform",)),
    ("register posts", ("posts", 0, "platform")),
    ("schedule post", ("disambiguation",)),
    ("move post", ("disambiguation",)),
    ("schedule campaign", ("scheduler",)),
    ("schedule campaign", ("platforms", 0)),
]
TEXTS: list[tuple[str, Place, int]] = [
    ("put brand", ("brand_name",), 200),
    ("put brand", ("tone_profile",), 2000),
    ("put campaign", ("name",), 200),
    ("put campaign", ("goal",), 2000),
    ("put post", ("title",), 500),
    ("register posts", ("posts", 0, "title"), 500),
]
URLS: list[tuple[str, Place]] = [("put post", ("s3_url",)), ("register posts", ("posts", 0, "s3_url"))]
DAYS: list[tuple[str, Place]] = [("put campaign", ("start_date",)), ("put campaign", ("end_date",))]
TIMES: list[tuple[str, Place]] = [("schedule post", ("timestamp",)), ("move post", ("timestamp",))]
ZONES: list[tuple[str, Place]] = [
    ("put brand", ("brand_default_timezone",)),
    ("schedule post", ("timezone",)),
    ("move post", ("timezone",)),
]
FLAGS: list[tuple[str, Place]] = [("schedule post", ("allow_repost",)), ("schedule campaign", ("replace",))]
NUMBERS: list[tuple[str, Place]] = [("move post", ("version",))]
LISTS: list[tuple[str, Place]] = [("register posts", ("posts",)), ("schedule campaign", ("platforms",))]
STRINGS = [*IDS, *CHOICES, *((name, place) for name, place, _ in TEXTS), *URLS, *DAYS, *TIMES, *ZONES]
NULLABLE = {("campaign_id",), ("timezone",), ("version",)}

NO_TEXT: tuple[object, ...] = (5, 1.5, True, [], {}, ["x"])
NO_FLAG: tuple[object, ...] = (1, 0, "true", "false", None, [])
NO_NUMBER: tuple[object, ...] = ("1", 1.5, True, 0, -1, 2**31, 2**40, [1])
NO_LIST: tuple[object, ...] = ([], {}, "TWITTER", 1, None, [None], [1])
LAX: list[tuple[str, Place, object]] = [
    *((name, place, value) for name, place in STRINGS for value in NO_TEXT),
    *((name, place, value) for name, place in FLAGS for value in NO_FLAG),
    *((name, place, value) for name, place in NUMBERS for value in NO_NUMBER),
    *((name, place, value) for name, place in LISTS for value in NO_LIST),
    *((name, place, None) for name, place in STRINGS if place not in NULLABLE),
    *((name, place, value) for name, place in [*IDS, *CHOICES] for value in ("", "x", " ", DROP_TABLE)),
    *((name, place, "twitter") for name, place in CHOICES),
    *((name, place, "") for name, place, _ in TEXTS if place not in {("goal",), ("tone_profile",)}),
    *((name, place, "s") for name, place in URLS),
    *((name, place, url) for name, place in URLS for url in ("ftp://tea/meet.mp4", "s3:///meet.mp4", "https://[x")),
    *((name, place, "s3://tea/two words.mp4") for name, place in URLS),
    *((name, place, f"s3://tea/meet.mp4{end}") for name, place in URLS for end in "\n\t\x1f\x7f"),
    ("schedule campaign", ("platforms",), ["TWITTER"] * 7),
]


def changed(body: Json, place: Place, value: object) -> Json:
    copy: Any = deepcopy(body)
    inner = copy
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = value
    return copy


def without(body: Json, name: str) -> Json:
    return {key: value for key, value in body.items() if key != name}


def case_ids(rows: list[Any]) -> list[str]:
    return [f"{name} {'.'.join(map(str, place))} {str(rest)[1:30]}" for name, place, *rest in rows]


@pytest.fixture
async def world(client: httpx2.AsyncClient) -> Mapping[str, str]:
    """The ids of what is registered: a brand, a campaign of two posts, the second of them scheduled; and a new one."""
    brand_id = await a_brand(client)
    campaign_id = await a_campaign(client, brand_id=brand_id)
    post_id, scheduled_id = await add_posts(client, campaign_id, ["TWITTER", "TIKTOK"])
    await client.post(f"/schedule/post/{scheduled_id}", json={"timestamp": "2027-03-18T19:00:00"})
    return {"brand": brand_id, "campaign": campaign_id, "post": post_id, "scheduled": scheduled_id, "new": new_id()}


@pytest.fixture
async def nothing_is_stored(world: Mapping[str, str], tables: AsyncEngine) -> AsyncGenerator[None]:
    del world
    before = await stored(tables)
    yield
    assert await stored(tables) == before


refused = pytest.mark.usefixtures("nothing_is_stored")


async def send(
    client: httpx2.AsyncClient,
    operation: Operation,
    world: Mapping[str, str],
    content: bytes | AsyncIterator[bytes],
    headers: Mapping[str, str] = JSON,
) -> httpx2.Response:
    return await client.request(operation.method, operation.path.format(**world), content=content, headers=headers)


@each_operation
async def test_the_operations_of_these_tables_are_accepted_as_they_stand(
    client: httpx2.AsyncClient, world: Mapping[str, str], operation: Operation
) -> None:
    answer = await send(client, operation, world, json.dumps(operation.filled(world)).encode())

    assert answer.is_success, answer.text


@refused
@pytest.mark.parametrize(("name", "place", "value"), LAX, ids=case_ids(LAX))
async def test_a_value_of_another_type_or_range_is_malformed(
    client: httpx2.AsyncClient, world: Mapping[str, str], name: str, place: Place, value: object
) -> None:
    operation = OPERATIONS[name]
    body = operation.filled(world, changed(operation.body, place, value))

    answer = await send(client, operation, world, json.dumps(body).encode())

    at = problem(answer, 400, "malformed")["errors"][0]["at"]
    assert at.startswith(f"$.{place[0]}")


@refused
@pytest.mark.parametrize(("name", "place"), NUMBERS)
@pytest.mark.parametrize(
    "number", [b"1.0", b"1e0", b"9" * 400, b"-" + b"9" * 400, b"1e400", b"01", b"NaN", b"Infinity"]
)
async def test_a_number_that_is_no_int_of_the_columns_range_is_malformed(
    client: httpx2.AsyncClient, world: Mapping[str, str], name: str, place: Place, number: bytes
) -> None:
    operation = OPERATIONS[name]
    body = json.dumps(operation.filled(world, changed(operation.body, place, "NUMBER"))).encode()

    answer = await send(client, operation, world, body.replace(b'"NUMBER"', number))

    problem(answer, 400, "malformed")


@refused
@each_operation
async def test_an_unknown_field_is_malformed(
    client: httpx2.AsyncClient, world: Mapping[str, str], operation: Operation
) -> None:
    body = operation.filled(world) | {"publishTime": SEVEN_PM}

    answer = await send(client, operation, world, json.dumps(body).encode())

    assert "publishTime" in problem(answer, 400, "malformed")["errors"][0]["message"]


@refused
@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("put brand", "brand_name"),
        ("put brand", "brand_default_timezone"),
        ("put campaign", "brand_id"),
        ("put campaign", "name"),
        ("put campaign", "start_date"),
        ("put campaign", "end_date"),
        ("put post", "brand_id"),
        ("put post", "title"),
        ("put post", "s3_url"),
        ("put post", "platform"),
        ("register posts", "posts"),
        ("schedule post", "timestamp"),
        ("move post", "timestamp"),
    ],
)
async def test_a_missing_field_is_malformed(
    client: httpx2.AsyncClient, world: Mapping[str, str], name: str, field: str
) -> None:
    operation = OPERATIONS[name]

    answer = await send(client, operation, world, json.dumps(without(operation.filled(world), field)).encode())

    assert field in problem(answer, 400, "malformed")["errors"][0]["message"]


@refused
@each_operation
@pytest.mark.parametrize(
    "content",
    [
        b"[]",
        b'"timestamp"',
        b"5",
        b"true",
        b"NaN",
        b"9" * 400,
        b" ",
        b"{",
        b"{}{}",
        b"{'timestamp': 'x'}",
        b'{"timestamp": "2027-03-17T19:00:00",}',
        b'{"\xff": "x"}',
        b'{"timestamp": "\xff\xfe"}',
        b'{"timestamp": "\xed\xa0\x80"}',
        b'{"timestamp": "a\x00b"}',
        b"\xef\xbb\xbf{}",
        '{"timestamp": "2027-03-17T19:00:00"}'.encode("utf-16"),
        b"[" * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
        b'{"timestamp":' * 50_000 + b"1" + b"}" * 50_000,
        b'{"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b"timestamp=2027-03-17T19%3A00%3A00",
        b"\x00",
    ],
    ids=lambda content: repr(content[:24]),
)
async def test_a_body_that_is_no_json_object_is_malformed(
    client: httpx2.AsyncClient, world: Mapping[str, str], operation: Operation, content: bytes
) -> None:
    answer = await send(client, operation, world, content)

    problem(answer, 400, "malformed")


@refused
@pytest.mark.parametrize("name", [name for name in OPERATIONS if name != "schedule campaign"])
@pytest.mark.parametrize("headers", [JSON, {}], ids=["as JSON", "as nothing"])
async def test_an_empty_body_is_malformed_where_one_is_needed(
    client: httpx2.AsyncClient, world: Mapping[str, str], name: str, headers: Mapping[str, str]
) -> None:
    answer = await send(client, OPERATIONS[name], world, b"", headers)

    problem(answer, 400, "malformed")


@refused
@each_operation
@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/jsonp",
        "application/problem+json",
        "application/msgpack",
        "application/json, text/plain",
        "json",
        "ä",
        "",
    ],
)
async def test_a_body_that_is_not_sent_as_json_is_of_an_unsupported_type(
    client: httpx2.AsyncClient, world: Mapping[str, str], operation: Operation, content_type: str | None
) -> None:
    headers = {} if content_type is None else {b"content-type": content_type.encode("latin-1")}
    content = json.dumps(operation.filled(world)).encode()

    answer = await client.request(
        operation.method, operation.path.format(**world), content=content, headers=httpx2.Headers(headers)
    )

    assert problem(answer, 415, "unsupported_media_type")["errors"][0]["at"] == "content-type"


@pytest.mark.parametrize(
    "content_type", ["application/json; charset=utf-8", "Application/JSON", "application/json ;x=1"]
)
async def test_json_may_be_sent_with_parameters_and_in_any_case(
    client: httpx2.AsyncClient, world: Mapping[str, str], content_type: str
) -> None:
    operation = OPERATIONS["schedule post"]
    content = json.dumps(operation.filled(world)).encode()

    answer = await send(client, operation, world, content, {"content-type": content_type})

    assert answer.status_code == 201, answer.text


@refused
@each_operation
@pytest.mark.parametrize("is_chunked", [False, True], ids=["with its length", "chunked"])
async def test_twelve_megabytes_are_too_large(
    client: httpx2.AsyncClient,
    world: Mapping[str, str],
    operation: Operation,
    is_chunked: bool,  # noqa: FBT001
) -> None:
    async def in_chunks() -> AsyncIterator[bytes]:
        yield b"{"
        for _ in range(TWELVE_MEGABYTES // 65_536):
            yield b" " * 65_536

    answer = await send(client, operation, world, in_chunks() if is_chunked else b"{" + b" " * TWELVE_MEGABYTES)

    problem(answer, 413, "body_too_large")


@refused
@pytest.mark.parametrize("name", [name for name in OPERATIONS if name != "register posts"])
async def test_a_body_of_more_than_a_megabyte_is_too_large(
    client: httpx2.AsyncClient, world: Mapping[str, str], name: str
) -> None:
    content = json.dumps(OPERATIONS[name].filled(world)).encode()

    answer = await send(client, OPERATIONS[name], world, content + b" " * (1024 * 1024 + 1 - len(content)))

    problem(answer, 413, "body_too_large")


def expected_for(name: str, place: Place) -> tuple[int, str]:
    """How a text is refused that reaches the field and means nothing there."""
    if (name, place) in ZONES:
        return 422, "unknown_zone"
    if (name, place) in TIMES or (name, place) in DAYS:
        return 422, "unreadable_time"
    return 400, "malformed"


@refused
@pytest.mark.parametrize(("name", "place"), STRINGS, ids=case_ids(STRINGS))
async def test_nul_is_refused_in_every_text(
    client: httpx2.AsyncClient, world: Mapping[str, str], name: str, place: Place
) -> None:
    operation = OPERATIONS[name]
    body = operation.filled(world, changed(operation.body, place, "s3://tea/\x00"))
    status, code = (400, "malformed") if (name, place) in DAYS else expected_for(name, place)

    answer = await send(client, operation, world, json.dumps(body).encode())

    problem(answer, status, code)


@refused
@pytest.mark.parametrize(("name", "place"), STRINGS, ids=case_ids(STRINGS))
@pytest.mark.parametrize("escape", [rb"\ud800", rb"\udfff", rb"\ude00\ud83d", rb"s3://tea/\ud83d.mp4"])
async def test_a_lone_surrogate_is_refused_in_every_text(
    client: httpx2.AsyncClient, world: Mapping[str, str], name: str, place: Place, escape: bytes
) -> None:
    operation = OPERATIONS[name]
    body = json.dumps(operation.filled(world, changed(operation.body, place, "ESCAPE"))).encode()

    answer = await send(client, operation, world, body.replace(b"ESCAPE", escape))

    problem(answer, 400, "malformed")


LONGEST = [
    *TEXTS,
    *((name, place, 2048) for name, place in URLS),
    *((name, place, 100) for name, place in DAYS),
    *((name, place, 10_000) for name, place in [*TIMES, *ZONES]),
]


@refused
@pytest.mark.parametrize(("name", "place", "longest"), LONGEST, ids=case_ids(LONGEST))
@pytest.mark.parametrize("letter", ["x", "é", "😀"])
async def test_a_text_that_is_too_long_is_malformed(
    client: httpx2.AsyncClient, world: Mapping[str, str], name: str, place: Place, longest: int, letter: str
) -> None:
    operation = OPERATIONS[name]
    text = "s3://tea/".ljust(longest + 1, letter)

    answer = await send(
        client, operation, world, json.dumps(operation.filled(world, changed(operation.body, place, text))).encode()
    )

    problem(answer, 400, "malformed")


@pytest.mark.parametrize(("name", "place", "longest"), TEXTS, ids=case_ids(TEXTS))
@pytest.mark.parametrize("text", [DROP_TABLE, "%s %(x)s {0} \\", "' OR ''='", "😀" * 50, "\u202e\x01\x7f\n\t", "$1"])
async def test_a_text_is_stored_as_it_is_given(
    client: httpx2.AsyncClient,
    tables: AsyncEngine,
    world: Mapping[str, str],
    name: str,
    place: Place,
    longest: int,
    text: str,
) -> None:
    operation = OPERATIONS[name]
    text = text.ljust(longest, "x")
    body = operation.filled(world, changed(operation.body, place, text))

    answer = await send(client, operation, world, json.dumps(body).encode())

    assert answer.status_code == 201, answer.text
    rows = [tuple(row) for rows in (await stored(tables)).values() for row in rows]
    assert any(text in row for row in rows)


@refused
@pytest.mark.parametrize(
    ("name", "place"), [*DAYS, *TIMES, *ZONES, *URLS], ids=case_ids([*DAYS, *TIMES, *ZONES, *URLS])
)
@pytest.mark.parametrize(
    "text", [DROP_TABLE, "' OR ''='", "2027-03-17'; --", "Europe/Berlin'--", "$1", "NULL", "now()"]
)
async def test_sql_where_a_time_zone_or_address_belongs_is_refused(
    client: httpx2.AsyncClient, world: Mapping[str, str], name: str, place: Place, text: str
) -> None:
    operation = OPERATIONS[name]
    body = operation.filled(world, changed(operation.body, place, text))

    answer = await send(client, operation, world, json.dumps(body).encode())

    problem(answer, *expected_for(name, place))


@refused
@pytest.mark.parametrize(("name", "place"), TIMES)
@pytest.mark.parametrize(
    ("timestamp", "code"),
    [
        ("0000-01-01T00:00:00", "time_in_past"),
        ("0001-01-01T00:00:00", "time_in_past"),
        ("0001-01-01T00:00:00+14:00", "time_in_past"),
        ("1969-12-31T23:59:59Z", "time_in_past"),
        ("1970-01-01T00:00:00+23:59", "time_in_past"),
        ("2199-12-31T23:59:59-23:59", "beyond_horizon"),
        ("9999-12-31T23:59:59.999999", "beyond_horizon"),
        ("9999-12-31T23:59:59-23:59", "beyond_horizon"),
        ("10000-01-01T00:00:00", "unreadable_time"),
        ("-2027-03-17T19:00:00", "unreadable_time"),
    ],
)
async def test_the_first_and_the_last_years_are_refused(
    client: httpx2.AsyncClient, world: Mapping[str, str], name: str, place: Place, timestamp: str, code: str
) -> None:
    operation = OPERATIONS[name]
    body = operation.filled(world, changed(without(operation.body, "timezone"), place, timestamp))

    answer = await send(client, operation, world, json.dumps(body).encode())

    problem(answer, 422, code)


async def test_of_a_field_given_twice_the_last_counts(client: httpx2.AsyncClient, world: Mapping[str, str]) -> None:
    content = b'{"timestamp": "2027-03-16T19:00:00", "timestamp": "2027-03-17T19:00:00"}'

    answer = await send(client, OPERATIONS["schedule post"], world, content)

    assert answer.json()["local_time"] == "2027-03-17T19:00:00"


READS = {
    "/": (),
    "/health": (),
    "/health/live": (),
    "/health/ready": (),
    "/problems": (),
    "/problems/malformed": (),
    "/brands": ("limit", "cursor"),
    "/brands/{brand}": (),
    "/campaigns": ("brand_id", "status", "limit", "cursor"),
    "/campaigns/{campaign}": (),
    "/posts": ("brand_id", "campaign_id", "platform", "limit", "cursor"),
    "/posts/{post}": (),
    "/schedule": ("brand_id", "status", "platform", "from", "to", "limit", "cursor"),
    "/schedule/post/{scheduled}": (),
    "/schedule/campaign/{campaign}": ("status", "platform", "limit", "cursor"),
}


ANYWHERE = dict.fromkeys(("brand", "campaign", "post", "scheduled"), new_id())  # a query is read before an id is sought


@pytest.mark.parametrize("path", READS)
@pytest.mark.parametrize(
    "query", ["sort=name", "Limit=5", "limit[]=5", "=", "%00=x", "%ff=%ff", "'; DROP TABLE posts", "&&a"]
)
async def test_an_unknown_query_parameter_is_malformed(client: httpx2.AsyncClient, path: str, query: str) -> None:
    answer = await client.get(f"{path.format(**ANYWHERE)}?{query}")

    problem(answer, 400, "malformed")


@refused
@each_operation
async def test_an_operation_with_a_body_takes_no_query(
    client: httpx2.AsyncClient, world: Mapping[str, str], operation: Operation
) -> None:
    answer = await client.request(
        operation.method, f"{operation.path.format(**world)}?force=true", json=operation.filled(world)
    )

    assert problem(answer, 400, "malformed")["errors"][0]["at"] == "force"


PARAMETERS = [(path, name) for path, names in READS.items() for name in names]


@pytest.mark.parametrize(("path", "name"), PARAMETERS)
async def test_a_query_parameter_given_twice_is_malformed(client: httpx2.AsyncClient, path: str, name: str) -> None:
    value = {"limit": "5", "status": "PENDING", "platform": "TWITTER", "from": "2027-03-17T19:00:00Z"}.get(
        name, new_id()
    )

    answer = await client.get(path.format(**ANYWHERE), params=[(name, value), (name, value)])

    assert problem(answer, 400, "malformed")["errors"][0]["at"] == name


@pytest.mark.parametrize(("path", "name"), PARAMETERS)
@pytest.mark.parametrize(
    "value", ["\x00", "null", " ", "😀", DROP_TABLE, "' OR ''='", "9" * 400, "[" * 1000, "true", "$1"]
)
async def test_a_query_value_that_means_nothing_is_refused(
    client: httpx2.AsyncClient, path: str, name: str, value: str
) -> None:
    answer = await client.get(path.format(**ANYWHERE), params={name: value})

    if name in ("from", "to") and value != "null":
        problem(answer, 422, "unreadable_time")
    else:
        assert problem(answer, 400, "malformed")["errors"][0]["at"] == name


@pytest.mark.parametrize("name", ["from", "to"])
@pytest.mark.parametrize(
    ("time", "code"),
    [
        ("0001-01-01T00:00:00+14:00", "time_in_past"),
        ("9999-12-31T23:59:59-14:00", "beyond_horizon"),
        ("2199-12-31T23:59:59-23:59", None),
        ("1970-01-01T00:00:00+23:59", None),
    ],
)
async def test_a_window_may_reach_over_all_years_that_posts_can_have(
    client: httpx2.AsyncClient, name: str, time: str, code: str | None
) -> None:
    answer = await client.get("/schedule", params={name: time})

    if code is None:
        assert answer.status_code == 200, answer.text
    else:
        problem(answer, 422, code)


PATHS_WITH_IDS = [
    "/brands/{}",
    "/campaigns/{}",
    "/campaigns/{}/posts",
    "/posts/{}",
    "/schedule/post/{}",
    "/schedule/campaign/{}",
]


@pytest.mark.parametrize("path", PATHS_WITH_IDS)
@pytest.mark.parametrize(
    "value",
    [
        "1",
        "null",
        "not-a-uuid",
        "3333333-3333-3333-3333-333333333333",
        "33333333-3333-3333-3333-33333333333g",
        "٣٣٣٣٣٣٣٣-3333-3333-3333-333333333333",
        "%00",
        "%ff",
        "%27%29%3B%20DROP%20TABLE%20posts%3B--",
        "..%2f..%2fetc%2fpasswd",
        "9" * 400,
        "x" * 5000,
    ],
    ids=lambda value: value[:24],
)
async def test_an_id_that_is_no_uuid_leads_nowhere(client: httpx2.AsyncClient, path: str, value: str) -> None:
    method = "POST" if path.endswith("/posts") else "GET"

    answer = await client.request(method, path.format(value))

    problem(answer, 404, "no_such_route")


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "path",
    [
        "/nowhere",
        "/brand",
        "/Brands",
        "/schedule/post",
        "/schedule/campaign/",
        "/brands/{new}/posts",
        "/schedule/brand/{new}",
        "/docs/nothing",
        "/docs/openapi.yaml",
        "/docs/assets/nothing.js",
        "/docs/assets/..%2f..%2fapp.py",
        "/problems/nothing/more",
        "/%00",
        "/%ff",
    ],
)
async def test_a_path_that_does_not_exist_leads_nowhere(client: httpx2.AsyncClient, method: str, path: str) -> None:
    answer = await client.request(method, path.format(new=new_id()))

    if path.startswith("/docs/") and method != "GET":
        problem(answer, 405, "method_not_allowed")
    else:
        problem(answer, 404, "no_such_route")


ALLOWED = {
    "/": {"GET"},
    "/health": {"GET"},
    "/health/live": {"GET"},
    "/health/ready": {"GET"},
    "/problems": {"GET"},
    "/problems/malformed": {"GET"},
    "/brands": {"GET"},
    "/brands/{new}": {"GET", "PUT"},
    "/campaigns": {"GET"},
    "/campaigns/{new}": {"GET", "PUT"},
    "/campaigns/{new}/posts": {"POST"},
    "/posts": {"GET"},
    "/posts/{new}": {"GET", "PUT"},
    "/schedule": {"GET"},
    "/schedule/post/{new}": {"GET", "POST", "PUT", "DELETE"},
    "/schedule/campaign/{new}": {"GET", "POST", "DELETE"},
    "/docs": {"GET"},
    "/docs/openapi.json": {"GET"},
}


def named(path: str) -> set[str]:
    """What ``Allow`` says of a path."""
    return ALLOWED[path] | {"OPTIONS"} | ({"HEAD"} if "GET" in ALLOWED[path] else set())


WRONG_METHODS = [(path, method) for path, allowed in ALLOWED.items() for method in METHODS if method not in allowed]


@pytest.mark.parametrize(("path", "method"), WRONG_METHODS)
async def test_a_method_that_a_path_does_not_take_is_named_with_those_it_takes(
    client: httpx2.AsyncClient, path: str, method: str
) -> None:
    answer = await client.request(method, path.format(new=new_id()))

    problem(answer, 405, "method_not_allowed")
    assert set(answer.headers["allow"].split(", ")) == named(path)


@pytest.mark.parametrize("path", ALLOWED)
async def test_a_path_names_the_methods_that_it_takes(client: httpx2.AsyncClient, path: str) -> None:
    answer = await client.options(path.format(new=new_id()))

    assert answer.status_code == 204
    assert set(answer.headers["allow"].split(", ")) == named(path)


@pytest.mark.parametrize("path", [path for path, allowed in ALLOWED.items() if "GET" in allowed])
async def test_head_is_answered_like_get_without_a_body(client: httpx2.AsyncClient, path: str) -> None:
    path = path.format(new=new_id())

    got, head = await client.get(path), await client.head(path)

    own = {"x-request-id"}
    assert head.status_code == got.status_code
    assert {*head.headers.items()} - {*got.headers.items()} <= {(name, head.headers[name]) for name in own}
    assert head.headers.keys() == got.headers.keys()
    assert (head.content, got.content == b"") == (b"", False)


async def test_head_is_refused_where_there_is_no_get(client: httpx2.AsyncClient) -> None:
    answer = await client.head(f"/campaigns/{new_id()}/posts")

    assert (answer.status_code, answer.content) == (405, b"")
    assert set(answer.headers["allow"].split(", ")) == {"POST", "OPTIONS"}
