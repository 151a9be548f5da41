"""Paths, queries and methods are taken literally: whatever is not exactly what a path takes is refused."""

from base64 import urlsafe_b64encode
from itertools import product

import httpx2

from tests.http.operations import DROP_TABLE
from tests.http.steps import a_brand, a_campaign, add_posts, new_id, problem
from tests.loops import on_each

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "BREW")

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


UNKNOWN = ("sort=name", "Limit=5", "limit[]=5", "=", "%00=x", "%ff=%ff", "'; DROP TABLE posts", "&&a")


@on_each(("path", "query"), product(READS, UNKNOWN))
async def test_an_unknown_query_parameter_is_malformed(client: httpx2.AsyncClient, path: str, query: str) -> None:
    answer = await client.get(f"{path.format(**ANYWHERE)}?{query}")

    problem(answer, 400, "malformed")


PARAMETERS = [(path, name) for path, names in READS.items() for name in names]


@on_each(("path", "name"), PARAMETERS)
async def test_a_query_parameter_given_twice_is_malformed(client: httpx2.AsyncClient, path: str, name: str) -> None:
    value = {"limit": "5", "status": "PENDING", "platform": "TWITTER", "from": "2027-03-17T19:00:00Z"}.get(
        name, new_id()
    )

    answer = await client.get(path.format(**ANYWHERE), params=[(name, value), (name, value)])

    assert problem(answer, 400, "malformed")["errors"][0]["at"] == name


MEANINGLESS = ("\x00", "null", " ", "😀", DROP_TABLE, "' OR ''='", "9" * 400, "[" * 1000, "true", "$1")


@on_each(("path", "name", "value"), [(*parameter, value) for parameter in PARAMETERS for value in MEANINGLESS])
async def test_a_query_value_that_means_nothing_is_refused(
    client: httpx2.AsyncClient, path: str, name: str, value: str
) -> None:
    answer = await client.get(path.format(**ANYWHERE), params={name: value})

    if name in ("from", "to") and value != "null":
        problem(answer, 422, "unreadable_time")
    else:
        assert problem(answer, 400, "malformed")["errors"][0]["at"] == name


LISTS = ("/brands", "/campaigns", "/posts", "/schedule", "/schedule/campaign/{campaign}")
MADE_UP = (
    "nonsense",
    "",
    "====",
    "ä",
    "\x00",
    urlsafe_b64encode(b"null").decode(),
    urlsafe_b64encode(b'"not a key"').decode(),
    urlsafe_b64encode(b"9223372036854775808").decode(),
    urlsafe_b64encode(b'["2027-03-17T19:00:00","33333333-3333-3333-3333-333333333333"]').decode(),
    urlsafe_b64encode(b'["0001-01-01T00:00:00+14:00","33333333-3333-3333-3333-333333333333"]').decode(),
    urlsafe_b64encode(b"[" * 100).decode(),
    "A" * 201,
)


@on_each(("path", "cursor"), product(LISTS, MADE_UP))
async def test_a_cursor_that_this_list_did_not_give_out_is_refused(
    client: httpx2.AsyncClient, path: str, cursor: str
) -> None:
    answer = await client.get(path.format(**ANYWHERE), params={"cursor": cursor})

    assert problem(answer, 400, "malformed")["errors"][0]["at"] == "cursor"


async def test_a_cursor_of_another_list_is_refused(client: httpx2.AsyncClient) -> None:
    await add_posts(client, await a_campaign(client), ["TWITTER"] * 2)
    await a_brand(client)
    of_brands = (await client.get("/brands", params={"limit": 1})).json()["next_cursor"]
    of_posts = (await client.get("/posts", params={"limit": 1})).json()["next_cursor"]

    for path, cursor in (("/posts", of_brands), ("/brands", of_posts), ("/schedule", of_posts)):
        answer = await client.get(path, params={"cursor": cursor})

        problem(answer, 400, "malformed")


@on_each(("path", "limit"), product(LISTS, ("0", "-1", "x", "1.5", "", "1e2", "٣", "9" * 400)))
async def test_a_limit_is_a_number_from_one(client: httpx2.AsyncClient, path: str, limit: str) -> None:
    answer = await client.get(path.format(**ANYWHERE), params={"limit": limit})

    assert problem(answer, 400, "malformed")["errors"][0]["at"] == "limit"


@on_each("path", LISTS[:-1])
async def test_a_limit_above_two_hundred_is_refused(client: httpx2.AsyncClient, path: str) -> None:
    answer = await client.get(path, params={"limit": 201})

    assert problem(answer, 400, "malformed")["errors"][0]["at"] == "limit"


NO_INSTANTS = ("2027-03-17T19:00:00", "2027-03-17", "yesterday", "2027-03-17T19:00:00[Europe/Berlin]")


@on_each(("name", "time"), product(("from", "to"), NO_INSTANTS))
async def test_a_window_needs_instants(client: httpx2.AsyncClient, name: str, time: str) -> None:
    answer = await client.get("/schedule", params={name: time})

    problem(answer, 422, "unreadable_time")


PATHS_WITH_IDS = [
    "/brands/{}",
    "/campaigns/{}",
    "/campaigns/{}/posts",
    "/posts/{}",
    "/schedule/post/{}",
    "/schedule/campaign/{}",
]


NO_IDS = (
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
)


@on_each(("path", "value"), product(PATHS_WITH_IDS, NO_IDS))
async def test_an_id_that_is_no_uuid_leads_nowhere(client: httpx2.AsyncClient, path: str, value: str) -> None:
    method = "POST" if path.endswith("/posts") else "GET"

    answer = await client.request(method, path.format(value))

    problem(answer, 404, "no_such_route")


NOWHERE = (
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
)


@on_each(("method", "path"), product(METHODS, NOWHERE))
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
    "/brands/{new}": {"GET", "PUT", "DELETE"},
    "/campaigns": {"GET"},
    "/campaigns/{new}": {"GET", "PUT", "DELETE"},
    "/campaigns/{new}/posts": {"POST"},
    "/posts": {"GET"},
    "/posts/{new}": {"GET", "PUT", "DELETE"},
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


@on_each(("path", "method"), WRONG_METHODS)
async def test_a_method_that_a_path_does_not_take_is_named_with_those_it_takes(
    client: httpx2.AsyncClient, path: str, method: str
) -> None:
    answer = await client.request(method, path.format(new=new_id()))

    refused = problem(answer, 405, "method_not_allowed")
    assert set(answer.headers["allow"].split(", ")) == named(path)
    path_and_method, _, taken = refused["detail"].partition("; it takes ")
    assert path_and_method == f"{refused['instance']} does not take {method}"
    assert set(taken.split(", ")) == named(path) - {"HEAD"}


@on_each("path", ALLOWED)
async def test_a_path_names_the_methods_that_it_takes(client: httpx2.AsyncClient, path: str) -> None:
    answer = await client.options(path.format(new=new_id()))

    assert answer.status_code == 204
    assert set(answer.headers["allow"].split(", ")) == named(path)


@on_each("path", [path for path, allowed in ALLOWED.items() if "GET" in allowed])
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
