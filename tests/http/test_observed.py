"""What is round every request: its id, its log line, its headers."""

import re
from uuid import UUID

import httpx2
import pytest
import structlog
from litestar import Litestar, get
from structlog.testing import capture_logs

from tests.http.steps import a_brand, a_campaign, calling, new_id, watched

HIDDEN = "7f3c0d9e-secret"


async def test_a_request_without_an_id_gets_one(client: httpx2.AsyncClient) -> None:
    answers = [await client.get("/health/live") for _ in range(2)]

    given = [UUID(answer.headers["x-request-id"]) for answer in answers]
    assert [request_id.version for request_id in given] == [7, 7]
    assert given[0] != given[1]


@pytest.mark.parametrize("request_id", ["a", "0af7651916cd43dd8448eb211c80319c", "web.42_A-b", "x" * 64])
async def test_a_request_keeps_the_id_it_comes_with(client: httpx2.AsyncClient, request_id: str) -> None:
    answer = await client.get("/health/live", headers={"x-request-id": request_id})

    assert answer.headers.get_list("x-request-id") == [request_id]


@pytest.mark.parametrize(
    "request_id",
    [b"", b" ", b"a b", b"x" * 65, b'"}{"', b"<script>", b"a\tb", b"\xc3\xa4", b"\xff", b"a;b", b"\x1b[31m"],
)
async def test_an_id_that_could_forge_a_log_line_is_replaced(client: httpx2.AsyncClient, request_id: bytes) -> None:
    answer = await client.get("/health/live", headers=[(b"x-request-id", request_id)])

    assert UUID(answer.headers["x-request-id"]).version == 7


@pytest.mark.parametrize(
    ("method", "path", "body", "route", "status", "code"),
    [
        ("GET", "/health/live", None, "/health/live", 200, None),
        ("GET", "/", None, "/", 200, None),
        (
            "PUT",
            "/brands/{new}",
            {"brand_name": HIDDEN, "brand_default_timezone": "UTC"},
            "/brands/{brand_id}",
            201,
            None,
        ),
        ("GET", "/brands/{brand}", None, "/brands/{brand_id}", 200, None),
        ("GET", "/brands/{new}", None, "/brands/{brand_id}", 404, "brand_not_found"),
        ("POST", "/schedule/campaign/{campaign}", {}, "/schedule/campaign/{campaign_id}", 404, "no_posts_to_schedule"),
        ("GET", f"/campaigns?cursor={HIDDEN}", None, "/campaigns", 400, "malformed"),
        ("PATCH", "/brands/{brand}", None, "unmatched", 405, "method_not_allowed"),
        ("GET", f"/{HIDDEN}", None, "unmatched", 404, "no_such_route"),
        ("GET", "/docs", None, "/docs", 200, None),
        ("GET", "/docs/assets/swagger-ui.css", None, "/docs/assets/{file_path}", 200, None),
    ],
)
async def test_a_request_leaves_one_log_line_that_names_its_route_and_path_and_nothing_of_its_query_or_body(
    client: httpx2.AsyncClient, method: str, path: str, body: object, route: str, status: int, code: str | None
) -> None:
    ids = {"new": new_id(), "brand": await a_brand(client), "campaign": await a_campaign(client)}

    with capture_logs([structlog.contextvars.merge_contextvars]) as lines:
        answer = await client.request(method, path.format(**ids), json=body)

    (line,) = lines
    assert line.pop("ms") > 0
    trace_id, span_id = line.pop("trace_id"), line.pop("span_id")
    assert line == {
        "event": "request",
        "log_level": "debug" if route.startswith("/health") else "info",
        "method": method,
        "path": path.format(**ids).partition("?")[0],
        "route": route,
        "status": status,
        "request_id": answer.headers["x-request-id"],
        **({} if code is None else {"code": code}),
    }
    assert re.fullmatch("[0-9a-f]{32}", trace_id)
    assert re.fullmatch("[0-9a-f]{16}", span_id)


@pytest.mark.parametrize(
    ("path", "logged"),
    [
        ("/%0A%1B[31m?key=secret", "/%0A%1B[31m"),
        ("/\N{SNOWMAN}", "/%E2%98%83"),
        ("/" + "x" * 5000, "/" + "x" * 199),
    ],
)
async def test_the_path_of_a_log_line_is_short_and_cannot_forge_another(
    client: httpx2.AsyncClient, path: str, logged: str
) -> None:
    with capture_logs() as lines:
        await client.get(path)

    assert lines[-1]["path"] == logged


async def test_a_log_line_names_the_caller_once_it_is_known_and_forgets_it_with_the_request() -> None:
    @get("/")
    async def know() -> None:
        structlog.contextvars.bind_contextvars(caller="reporting")

    async with calling(watched(Litestar([know], openapi_config=None))) as caller:
        with capture_logs([structlog.contextvars.merge_contextvars]) as lines:
            await caller.get("/")
            await caller.get("/nowhere")

    assert [line.get("caller") for line in lines] == ["reporting", None]


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/health/live"), ("GET", "/nowhere"), ("PATCH", "/brands"), ("GET", "/brands?x=1")]
)
async def test_an_answer_of_the_api_can_be_neither_cached_nor_shown_as_a_page(
    client: httpx2.AsyncClient, method: str, path: str
) -> None:
    answer = await client.request(method, path)

    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "server" not in answer.headers


@pytest.mark.parametrize(
    "path", ["/docs", "/docs/", "/docs/assets/swagger-ui.css", "/docs/openapi.json", "/docs/nothing"]
)
async def test_the_explorer_may_load_its_own_assets_and_nothing_else(client: httpx2.AsyncClient, path: str) -> None:
    answer = await client.get(path)

    policy = dict(part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert not [source for source in policy.values() if "http" in source or "*" in source]
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_a_path_that_only_begins_like_the_explorers_has_the_headers_of_the_api(
    client: httpx2.AsyncClient,
) -> None:
    answer = await client.get("/docsx")

    assert answer.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
