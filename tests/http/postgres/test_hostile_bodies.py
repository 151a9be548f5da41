"""Whatever is sent, the loop goes round: nobody else waits for a body to be read, hashed or refused."""

import gc
import json
from collections.abc import AsyncGenerator, Generator, Iterator
from functools import partial

import httpx2
import pytest

from marketmind_scheduler.adapters.postgres.requests.idempotency import PostgresIdempotency
from marketmind_scheduler.application.use_cases import UseCases
from tests.http.pauses import LONGEST_PAUSE, with_pause, without_pause
from tests.http.steps import a_campaign, a_post_body, calling, new_id, observed, problem
from tests.loops import telling_all_misses

pytestmark = pytest.mark.timeout(300)

MB = 1024 * 1024


def bodies(size: int, *fields: str) -> Iterator[tuple[str, bytes]]:
    """Hostile ones of about this size, by name; ``fields`` are lists of what is sent to."""

    def repeated(what: bytes, *, between: bytes = b",", first: bytes, last: bytes) -> bytes:
        return first + between.join([what] * ((size - 64) // (len(what) + len(between)))) + last

    for inner in (b"[]", b"[[]]", b"{}", b'{"":{}}', b"1", b"1e5", b'""', b"null", b'{"a":0,"a":0}'):
        yield f"a list of {inner}", repeated(inner, first=b"[", last=b"]")
        for field in fields:
            yield f"{field} of {inner}", repeated(inner, first=b'{"%b":[' % field.encode(), last=b"]}")
    ids = [new_id() for _ in range(1000)]
    for field, item in (("posts", '{"post_id":"%s"}'), ("post_ids", '"%s"')):
        items = [item % each for each in ids] * ((size - 64) // (len(item % ids[0]) + 1) // len(ids))
        yield f"too many {field}", f'{{"{field}":[{",".join(items)}]}}'.encode()
    yield "deep lists", b"[" * size
    yield "deep objects", b'{"posts":' * (size // 9)
    yield "deep inside", b'{"posts":[{"title":' + b"[" * (size // 2) + b"]" * (size // 2 - 64) + b"}]}"
    names = b",".join(b'"%x":0' % nth for nth in range(size // 10))
    yield "names", b"{%b}" % names
    yield "names of an item", b'{"posts":[{%b}]}' % names
    yield "a name twice among many", b'{%b,"0":0}' % names
    yield "one text", b'{"timestamp":"%b"}' % (b"x" * size)
    yield "one title", b'{"posts":[{"post_id":"%b"}]}' % (b"9" * size)
    yield "one escaped text", b'{"posts":["' + b"\\\\" * (size // 2) + b'"]}'
    yield "one escaped letter after the other", b'{"posts":["' + b"\\u00e9" * (size // 6) + b'"]}'
    yield "one number", b'{"limit":%b}' % (b"9" * size)
    yield "one fraction", b'{"limit":0.%b}' % (b"9" * size)
    yield "a number beyond all", b'{"limit":1e%b}' % (b"9" * 1000)
    yield "spaces", b" " * size
    yield "spaces in a list", b'{"posts":[' + b" " * size + b"]}"
    yield "commas", b'{"posts":[' + b"," * size + b"]}"
    yield "quotes", b'"' * size
    yield "no UTF-8", b"\xff" * size
    yield "half a body", b'{"posts":[{"post_id":"'


@pytest.fixture
def frozen() -> Generator[None]:
    """What the tests have made is not looked through meanwhile, as in the service."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture
async def keyed(dispatching: UseCases, idempotency: PostgresIdempotency) -> AsyncGenerator[httpx2.AsyncClient]:
    async with calling(observed(dispatching, idempotency=idempotency)) as client:
        yield client


async def sent(client: httpx2.AsyncClient, path: str, body: bytes, *, method: str = "POST") -> httpx2.Response:
    headers = {"content-type": "application/json", "idempotency-key": new_id()}
    return await client.request(method, path, content=body, headers=headers)


@pytest.mark.slow
@pytest.mark.usefixtures("frozen")
async def test_no_body_of_eight_megabytes_holds_the_loop(keyed: httpx2.AsyncClient) -> None:
    with telling_all_misses() as trying:
        for name, body in bodies(8 * MB - 64, "posts", "post_ids"):
            for method, path in (("POST", f"/campaigns/{new_id()}/posts"), ("PUT", f"/campaigns/{new_id()}/order")):
                with trying(name=name, method=method):
                    answer = await without_pause(partial(sent, keyed, path, body, method=method))
                    problem(answer, 400, "malformed")


@pytest.mark.slow
@pytest.mark.usefixtures("frozen")
async def test_no_body_of_a_megabyte_holds_the_loop_on_any_route(keyed: httpx2.AsyncClient) -> None:
    paths = ["/engagement-observations", "/dispatch/settlements", f"/schedule/post/{new_id()}"]
    with telling_all_misses() as trying:
        for name, body in bodies(MB - 64, "observations", "settlements", "x"):
            for path in paths:
                with trying(name=name, path=path):
                    answer = await without_pause(partial(sent, keyed, path, body))
                    assert answer.status_code in (400, 404, 422), answer.text


@pytest.mark.slow
@pytest.mark.usefixtures("frozen")
async def test_ten_thousand_posts_are_read_without_holding_the_loop_and_are_the_same_in_another_order_of_names(
    keyed: httpx2.AsyncClient,
) -> None:
    path, key = f"/campaigns/{await a_campaign(keyed)}/posts", new_id()
    posts = [a_post_body() | {"title": 'Grüße, "so" {und} [so]' * 4} for _ in range(10_000)]
    turned = [dict(reversed(post.items())) for post in posts]
    headers = {"content-type": "application/json", "idempotency-key": key}

    content = json.dumps({"posts": posts})
    first, pause = await with_pause(keyed.post(path, content=content, headers=headers))
    again = await keyed.post(path, content=json.dumps({"posts": turned}, indent=1), headers=headers)
    other = await keyed.post(path, content=json.dumps({"posts": posts[1:]}), headers=headers)

    assert (first.status_code, first.json()["created"]) == (201, 10_000)
    assert (again.json(), again.headers["idempotency-replayed"]) == (first.json(), "true")
    problem(other, 422, "idempotency_key_reused")
    assert pause < 3 * LONGEST_PAUSE  # that much to make posts of them and to write them, on a busy machine


async def test_what_is_wrong_in_a_large_body_is_told_at_its_place(keyed: httpx2.AsyncClient) -> None:
    path = f"/campaigns/{new_id()}/posts"
    posts = [a_post_body() for _ in range(2_000)]
    wrong = {
        "$.posts[1777].platform": [*posts[:1777], posts[1777] | {"platform": "TWITTR"}, *posts[1778:]],
        "$.posts[1999].titel": [*posts[:1999], posts[1999] | {"titel": "x"}],
        "$.posts[0].post_id": [posts[0] | {"post_id": "9" * 32}, *posts[1:]],
    }
    for at, given in wrong.items():
        said = problem(await sent(keyed, path, json.dumps({"posts": given}).encode()), 400, "malformed")["errors"]
        assert [each["at"].startswith(at.rpartition(".")[0]) for each in said] == [True], said
    twice = json.dumps({"posts": posts}).encode()[:-3] + b',"title":"again"}]}'
    assert "'title' is given twice" in (await sent(keyed, path, twice)).json()["detail"]
