"""Whatever stands in headers and bodies, the answer is one of ours, and nothing is a fault of the service."""

import json
import random
from typing import Any

import httpx2

from marketmind_scheduler.adapters.postgres.requests.idempotency import PostgresIdempotency
from marketmind_scheduler.application.use_cases import UseCases
from marketmind_scheduler.domain.access import Reach, Scope
from tests.http.steps import (
    PROBLEM_MEMBERS,
    calling,
    document,
    new_id,
    observed,
)

REQUESTS = 1500
HEADERS = (
    *("authorization", "idempotency-key", "if-match", "if-none-match", "traceparent", "tracestate", "x-request-id"),
    *("content-type", "accept", "accept-encoding", "range", "cookie", "x-forwarded-for", "x-http-method-override"),
)
PIECES = (
    *("", "*", '"', 'W/"a"', ",", ";", "=", "'; DROP TABLE posts; --", "${jndi:x}", "../../etc/passwd", "%00", "\x7f"),
    *("Bearer ", "Bearer mms_0123456789ab.x", "eyJhbGciOiJub25lIn0.e30.", "application/json", "text/plain", "0", "-1"),
    *("1e400", "00-" + "a" * 32 + "-" + "b" * 16 + "-01", "é", "\xff\xfe", "x" * 3000, "null", "2030-01-01T00:00:00"),
)
KEYS = (
    *("timestamp", "timezone", "brand_id", "brand_name", "brand_default_timezone", "posts", "platform", "limit"),
    *("published", "claims", "settlements", "lease_seconds", "platforms", "title", "s3_url", "start_date", "version"),
)
JUNK: tuple[Any, ...] = (
    *(None, True, 0, -1, 2**63, 10**400, 1.5, "", "\x00", "\ud800", "x" * 2000, "PST", "TWITTER", [], {}),
    *("11111111-1111-1111-1111-111111111111", "2030-02-30T25:00:00", "10000-01-01T00:00:00Z", "Europe/Berlin"),
)


def a_value(chance: random.Random, depth: int = 0) -> Any:
    if depth < 4 and chance.random() < 0.4:
        size = chance.randrange(4)
        if chance.random() < 0.5:
            return [a_value(chance, depth + 1) for _ in range(size)]
        return {chance.choice(KEYS): a_value(chance, depth + 1) for _ in range(size)}
    return chance.choice(JUNK)


def a_body(chance: random.Random) -> bytes:
    kind = chance.random()
    if kind < 0.1:
        return chance.randbytes(chance.randrange(200))
    if kind < 0.2:
        return b"[" * chance.randrange(5000)
    text = json.dumps({chance.choice(KEYS): a_value(chance) for _ in range(chance.randrange(5))}).encode()
    return text if kind < 0.8 else text[: chance.randrange(len(text) + 1)]


def some_headers(chance: random.Random) -> list[tuple[bytes, bytes]]:
    names = chance.choices(HEADERS, k=chance.randrange(6))
    return [
        (name.encode(), "".join(chance.choices(PIECES, k=chance.randrange(3))).encode("latin-1", "replace"))
        for name in names
    ]


async def test_no_header_and_no_body_is_a_fault_of_ours(
    dispatching: UseCases, idempotency: PostgresIdempotency
) -> None:
    seed = random.randrange(2**32)  # noqa: S311
    print(f"seed {seed}")  # noqa: T201
    chance = random.Random(seed)  # noqa: S311
    app = observed(dispatching, checks_access=True, idempotency=idempotency)
    issued = await dispatching.key_ring.create("fuzz", scopes=[Scope.ADMIN], reach=Reach(), expires_at=None)
    paths = [path for path in document()["paths"] if path != "/events"]
    brand_id = new_id()
    async with calling(app) as client:
        for _ in range(REQUESTS):
            named = dict.fromkeys(("brand_id", "campaign_id", "plan_id", "post_id", "schedule_id"), brand_id) | {
                "code": "x",
                "platform": "TWITTER",
            }
            headers = [(b"content-type", b"application/json"), *some_headers(chance)]
            if chance.random() < 0.8:
                headers = [each for each in headers if each[0] != b"authorization"]
                headers.append((b"authorization", f"Bearer {issued.credential}".encode()))
            method = chance.choice(("GET", "PUT", "POST", "DELETE", "PATCH", "HEAD", "OPTIONS"))
            answer = await client.request(
                method, chance.choice(paths).format(**named), headers=headers, content=a_body(chance)
            )
            check(answer)


def check(answer: httpx2.Response) -> None:
    assert answer.status_code < 500, answer.text
    assert answer.headers["x-request-id"]
    if answer.status_code >= 400 and answer.content:
        assert answer.headers["content-type"] == "application/problem+json"
        assert set(answer.json()) == PROBLEM_MEMBERS
