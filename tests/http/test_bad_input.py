"""Whatever stands in a body, the answer is a problem with a known code below 500, and nothing of it is stored."""

import json
from collections.abc import AsyncIterator, Generator, Mapping
from itertools import product

import httpx2
import pytest

from marketmind_scheduler.domain.ids import AN_ID
from tests.fakes.storage import InMemoryStorage
from tests.http.operations import (
    CHOICES,
    DAYS,
    DROP_TABLE,
    FLAGS,
    IDS,
    JSON,
    LISTS,
    NUMBERS,
    OPERATIONS,
    STRINGS,
    TEXTS,
    TIMES,
    URLS,
    ZONES,
    Place,
    changed,
    right,
    send,
    wrong,
)
from tests.http.steps import SEVEN_PM, Json, problem, said, stored
from tests.loops import on_each

TWELVE_MEGABYTES = 12 * 1024 * 1024

on_each_operation = on_each("name", OPERATIONS)

NULLABLE = {("campaign_id",), ("goal",), ("tone_profile",), ("timezone",), ("version",)}

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


def without(body: Json, name: str) -> Json:
    return {key: value for key, value in body.items() if key != name}


@pytest.fixture
def nothing_is_stored(world: Mapping[str, str], storage: InMemoryStorage) -> Generator[None]:
    del world
    before = stored(storage)
    yield
    assert stored(storage) == before


refused = pytest.mark.usefixtures("nothing_is_stored")


@on_each_operation
async def test_the_operations_of_these_tables_are_accepted_as_they_stand(
    client: httpx2.AsyncClient, world: Mapping[str, str], name: str
) -> None:
    answer = await send(client, name, world, right(name, world))

    assert answer.is_success, said(answer)


@refused
@on_each(("name", "place", "value"), LAX)
async def test_a_value_of_another_type_or_range_is_malformed(
    client: httpx2.AsyncClient, world: Mapping[str, str], name: str, place: Place, value: object
) -> None:
    answer = await send(client, name, world, wrong(name, world, place, value))

    at = problem(answer, 400, "malformed")["errors"][0]["at"]
    assert at.startswith(f"$.{place[0]}")


NO_INTEGERS = (b"1.0", b"1e0", b"9" * 400, b"-" + b"9" * 400, b"1e400", b"01", b"NaN", b"Infinity")


@refused
@on_each(("name", "place", "number"), [(*field, number) for field in NUMBERS for number in NO_INTEGERS])
async def test_a_number_that_is_no_int_of_the_columns_range_is_malformed(
    client: httpx2.AsyncClient, world: Mapping[str, str], name: str, place: Place, number: bytes
) -> None:
    answer = await send(client, name, world, wrong(name, world, place, "NUMBER").replace(b'"NUMBER"', number))

    problem(answer, 400, "malformed")


@refused
@on_each_operation
async def test_an_unknown_field_is_malformed(client: httpx2.AsyncClient, world: Mapping[str, str], name: str) -> None:
    answer = await send(client, name, world, wrong(name, world, ("publishTime",), SEVEN_PM))

    assert "publishTime" in problem(answer, 400, "malformed")["errors"][0]["message"]


@refused
@on_each(
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
    answer = await send(client, name, world, json.dumps(without(OPERATIONS[name].filled(world), field)).encode())

    assert field in problem(answer, 400, "malformed")["errors"][0]["message"]


NO_OBJECTS = (
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
)


@refused
@on_each(("name", "content"), product(OPERATIONS, NO_OBJECTS))
async def test_a_body_that_is_no_json_object_is_malformed(
    client: httpx2.AsyncClient, world: Mapping[str, str], name: str, content: bytes
) -> None:
    answer = await send(client, name, world, content)

    problem(answer, 400, "malformed")


@refused
@on_each(("name", "headers"), product(OPERATIONS.keys() - {"schedule campaign"}, (JSON, {})))
async def test_an_empty_body_is_malformed_where_one_is_needed(
    client: httpx2.AsyncClient, world: Mapping[str, str], name: str, headers: Mapping[str, str]
) -> None:
    answer = await send(client, name, world, b"", headers)

    problem(answer, 400, "malformed")


OTHER_TYPES = (
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
)


@refused
@on_each(("name", "content_type"), product(OPERATIONS, OTHER_TYPES))
async def test_a_body_that_is_not_sent_as_json_is_of_an_unsupported_type(
    client: httpx2.AsyncClient, world: Mapping[str, str], name: str, content_type: str | None
) -> None:
    headers = {} if content_type is None else {b"content-type": content_type.encode("latin-1")}

    answer = await send(client, name, world, right(name, world), httpx2.Headers(headers))

    assert problem(answer, 415, "unsupported_media_type")["errors"][0]["at"] == "content-type"


@pytest.mark.parametrize(
    "content_type", ["application/json; charset=utf-8", "Application/JSON", "application/json ;x=1"]
)
async def test_json_may_be_sent_with_parameters_and_in_any_case(
    client: httpx2.AsyncClient, world: Mapping[str, str], content_type: str
) -> None:
    answer = await send(client, "schedule post", world, right("schedule post", world), {"content-type": content_type})

    assert answer.status_code == 201, said(answer)


@refused
@on_each(("name", "is_chunked"), product(OPERATIONS, (False, True)))
async def test_twelve_megabytes_are_too_large(
    client: httpx2.AsyncClient,
    world: Mapping[str, str],
    name: str,
    is_chunked: bool,  # noqa: FBT001
) -> None:
    async def in_chunks() -> AsyncIterator[bytes]:
        yield b"{"
        for _ in range(TWELVE_MEGABYTES // 65_536):
            yield b" " * 65_536

    answer = await send(client, name, world, in_chunks() if is_chunked else b"{" + b" " * TWELVE_MEGABYTES)

    problem(answer, 413, "body_too_large")


@refused
@on_each("name", OPERATIONS.keys() - {"register posts"})
async def test_a_body_of_more_than_a_megabyte_is_too_large(
    client: httpx2.AsyncClient, world: Mapping[str, str], name: str
) -> None:
    answer = await send(client, name, world, right(name, world).ljust(1024 * 1024 + 1))

    problem(answer, 413, "body_too_large")


def expected_for(name: str, place: Place) -> tuple[int, str]:
    """How a text is refused that reaches the field and means nothing there."""
    if (name, place) in ZONES:
        return 422, "unknown_zone"
    if (name, place) in TIMES or (name, place) in DAYS:
        return 422, "unreadable_time"
    return 400, "malformed"


@refused
@on_each(("name", "place"), STRINGS)
async def test_nul_is_refused_in_every_text(
    client: httpx2.AsyncClient, world: Mapping[str, str], name: str, place: Place
) -> None:
    answer = await send(client, name, world, wrong(name, world, place, "s3://tea/\x00"))

    problem(answer, *((400, "malformed") if (name, place) in DAYS else expected_for(name, place)))


SURROGATES = (rb"\ud800", rb"\udfff", rb"\ude00\ud83d", rb"s3://tea/\ud83d.mp4")


@refused
@on_each(("name", "place", "escape"), [(*field, escape) for field in STRINGS for escape in SURROGATES])
async def test_a_lone_surrogate_is_refused_in_every_text(
    client: httpx2.AsyncClient, world: Mapping[str, str], name: str, place: Place, escape: bytes
) -> None:
    answer = await send(client, name, world, wrong(name, world, place, "ESCAPE").replace(b"ESCAPE", escape))

    problem(answer, 400, "malformed")


LONGEST = [
    *TEXTS,
    *((name, place, 2048) for name, place in URLS),
    *((name, place, 100) for name, place in DAYS),
    *((name, place, 10_000) for name, place in [*TIMES, *ZONES]),
]


@refused
@on_each(("name", "place", "longest", "letter"), [(*field, letter) for field in LONGEST for letter in "xé😀"])
async def test_a_text_that_is_too_long_is_malformed(
    client: httpx2.AsyncClient, world: Mapping[str, str], name: str, place: Place, longest: int, letter: str
) -> None:
    text = "s3://tea/".ljust(longest + 1, letter)

    answer = await send(client, name, world, wrong(name, world, place, text))

    problem(answer, 400, "malformed")


SQL = (DROP_TABLE, "' OR ''='", "2027-03-17'; --", "Europe/Berlin'--", "$1", "NULL", "now()")


@refused
@on_each(("name", "place", "text"), [(*field, text) for field in [*DAYS, *TIMES, *ZONES, *URLS] for text in SQL])
async def test_sql_where_a_time_zone_or_address_belongs_is_refused(
    client: httpx2.AsyncClient, world: Mapping[str, str], name: str, place: Place, text: str
) -> None:
    answer = await send(client, name, world, wrong(name, world, place, text))

    problem(answer, *expected_for(name, place))


FIRST_AND_LAST = (
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
)


@refused
@on_each(("name", "place", "time", "code"), [(*field, *row) for field in TIMES for row in FIRST_AND_LAST])
async def test_the_first_and_the_last_years_are_refused(
    client: httpx2.AsyncClient, world: Mapping[str, str], name: str, place: Place, time: str, code: str
) -> None:
    body = OPERATIONS[name].filled(world, changed(without(OPERATIONS[name].body, "timezone"), place, time))

    answer = await send(client, name, world, json.dumps(body).encode())

    problem(answer, 422, code)


@refused
@on_each_operation
async def test_an_operation_with_a_body_takes_no_query(
    client: httpx2.AsyncClient, world: Mapping[str, str], name: str
) -> None:
    path = f"{OPERATIONS[name].path.format(**world)}?force=true"

    answer = await client.request(OPERATIONS[name].method, path, content=right(name, world), headers=JSON)

    assert problem(answer, 400, "malformed")["errors"][0]["at"] == "force"


TWICE = (
    b'{"timestamp": "2027-03-16T19:00:00", "timestamp": "2027-03-17T19:00:00"}',
    b'{"timestamp": "2027-03-17T19:00:00", "timestamp": "2027-03-17T19:00:00"}',
    b'{"timestamp": "2027-03-17T19:00:00", "\\u0074imestamp": "2027-03-17T19:00:00"}',
    b'{"timestamp": {"a": [{"timestamp": 1, "timestamp": 2}]}}',
)


@refused
@on_each(("name", "content"), product(OPERATIONS, TWICE))
async def test_a_field_that_is_given_twice_at_any_depth_is_malformed_and_named(
    client: httpx2.AsyncClient, world: Mapping[str, str], name: str, content: bytes
) -> None:
    answer = await send(client, name, world, content)

    assert "'timestamp' is given twice" in problem(answer, 400, "malformed")["detail"]


OTHER_SPELLINGS = (
    "33333333333333333333333333333333",
    "{33333333-3333-3333-3333-333333333333}",
    "urn:uuid:33333333-3333-3333-3333-333333333333",
    "(33333333-3333-3333-3333-333333333333)",
    " 33333333-3333-3333-3333-333333333333",
    "3333-33333333-3333-3333-333333333333",
    "33333333-3333-3333-3333-33333333333g",
)


@refused
@on_each(("name", "place", "spelling"), [(*field, spelling) for field in IDS for spelling in OTHER_SPELLINGS])
async def test_an_id_in_another_spelling_is_malformed_and_told_how_it_is_written(
    client: httpx2.AsyncClient, world: Mapping[str, str], name: str, place: Place, spelling: str
) -> None:
    answer = await send(client, name, world, wrong(name, world, place, spelling))

    assert f"{spelling!r} is not {AN_ID}" in problem(answer, 400, "malformed")["detail"]


async def test_an_id_may_be_written_in_capitals(client: httpx2.AsyncClient, world: Mapping[str, str]) -> None:
    body = right("put post", {**world, "brand": world["brand"].upper()})

    answer = await send(client, "put post", world, body)

    assert answer.json()["brand_id"] == world["brand"]
