"""Requests with keys over several processes, through lost answers and kills: one effect, one answer."""

import asyncio
import random
import signal
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from uuid import uuid4

import httpx2
import pytest

from marketmind_scheduler.adapters.postgres.pool import open_pool
from marketmind_scheduler.adapters.postgres.requests.api_keys import PostgresApiKeys
from marketmind_scheduler.adapters.system_clock import SystemClock
from marketmind_scheduler.application.access import IssuedKey, KeyRing
from marketmind_scheduler.domain.access import Reach, Scope
from tests.http.steps import a_brand, a_post, problem, scheduled
from tests.receivers import SECRET, Answer, Receiver, always, receiving
from tests.system.calls import ASKED, a_campaign, check_unavailable, ids_of
from tests.system.proxy import Mode, proxied
from tests.system.servers import a_database, connected, until
from tests.system.services import Service, serving

pytestmark = pytest.mark.timeout(120)

POSTS = 3
SCHEDULES_OF_CAMPAIGN = "SELECT count(*) FROM schedules JOIN posts USING (post_id) WHERE campaign_id = $1"
GUARDED = {"SCHEDULER_AUTH": "keys", "SCHEDULER_DISPATCH": "off", "SCHEDULER_POOL_SIZE": "4"}


@pytest.fixture(scope="module")
async def database() -> AsyncGenerator[str]:
    async with a_database() as url:
        yield url


async def a_key(database: str) -> IssuedKey:
    async with open_pool(database, size=1) as pool:
        ring = KeyRing(keys=PostgresApiKeys(pool), clock=SystemClock())
        return await ring.create(str(uuid4()), scopes=[Scope.ADMIN], reach=Reach(), expires_at=None)


async def revoke(database: str, issued: IssuedKey) -> None:
    async with open_pool(database, size=1) as pool:
        await KeyRing(keys=PostgresApiKeys(pool), clock=SystemClock()).revoke(issued.key.key_id)


def caller_of(service: Service, issued: IssuedKey) -> httpx2.AsyncClient:
    client = service.client()
    client.headers["authorization"] = f"Bearer {issued.credential}"
    return client


async def schedule(client: httpx2.AsyncClient, campaign_id: str, key: str) -> httpx2.Response:
    return await client.post(f"/schedule/campaign/{campaign_id}", headers={"idempotency-key": key})


async def test_fifty_at_once_over_two_replicas_have_one_effect_and_a_revoked_key_has_none(database: str) -> None:
    async with AsyncExitStack() as stack:
        services = [await stack.enter_async_context(serving(DATABASE_URL=database, **GUARDED)) for _ in range(2)]
        issued = await a_key(database)
        clients = [await stack.enter_async_context(caller_of(service, issued)) for service in services]
        campaign_id, key = await a_campaign(clients[0], posts=POSTS), str(uuid4())

        async def insist(client: httpx2.AsyncClient) -> httpx2.Response:
            while (answer := await schedule(client, campaign_id, key)).status_code == 409:
                problem(answer, 409, "request_in_progress")
            return answer

        answers = await asyncio.gather(*(insist(clients[nth % 2]) for nth in range(50)))
        await revoke(database, issued)
        refused = [await client.get("/brands") for client in clients]

    assert [answer.status_code for answer in answers] == [201] * 50
    assert len({answer.content for answer in answers}) == 1
    assert sum("idempotency-replayed" not in answer.headers for answer in answers) == 1
    assert [answer.status_code for answer in refused] == [401, 401]


async def test_an_answer_that_was_lost_after_the_commit_is_given_again(database: str) -> None:
    async with (
        proxied(database) as network,
        serving(DATABASE_URL=network.url_of(database), **GUARDED) as service,
        caller_of(service, await a_key(database)) as client,
    ):
        post_id, key = await a_post(client), str(uuid4())

        async def ask() -> httpx2.Response:
            return await client.post(f"/schedule/post/{post_id}", json=ASKED, headers={"idempotency-key": key})

        await network.be(Mode.CUT_AFTER_COMMIT)
        lost = await ask()
        await network.be(Mode.PASS)
        again = await ask()

    check_unavailable([lost])
    assert again.status_code == 201, again.text
    assert again.headers["idempotency-replayed"] == "true"
    async with connected(database) as sql:
        assert await sql.fetchval("SELECT count(*) FROM schedules WHERE post_id = $1", post_id) == 1


async def ask_until_killed(
    service: Service, client: httpx2.AsyncClient, keys: Mapping[str, str], after: int
) -> dict[str, httpx2.Response]:
    """Ask for every campaign at once, and kill the service when so many answers have come; return those."""
    answered: dict[str, httpx2.Response] = {}

    async def ask(campaign_id: str, key: str) -> None:
        try:
            answered[campaign_id] = await schedule(client, campaign_id, key)
        except httpx2.TransportError:
            return
        if len(answered) == after:
            service.process.send_signal(signal.SIGKILL)

    await asyncio.gather(*(ask(*each) for each in keys.items()))
    return answered


@pytest.mark.slow
async def test_kill_9_between_the_work_and_its_answer_leaves_both_or_neither(database: str) -> None:
    issued = await a_key(database)
    seed = random.randrange(2**32)  # noqa: S311
    print(f"seed {seed}")  # noqa: T201
    chance = random.Random(seed)  # noqa: S311
    for _ in range(3):
        async with serving(DATABASE_URL=database, **GUARDED) as service, caller_of(service, issued) as client:
            brand_id = await a_brand(client)
            campaigns = [await a_campaign(client, posts=POSTS, brand_id=brand_id) for _ in range(30)]
            keys = {campaign_id: str(uuid4()) for campaign_id in campaigns}
            answered = await ask_until_killed(service, client, keys, after=chance.randrange(1, 25))
        async with serving(DATABASE_URL=database, **GUARDED) as service, caller_of(service, issued) as client:
            again = {campaign_id: await schedule(client, campaign_id, key) for campaign_id, key in keys.items()}

        assert {answer.status_code for answer in again.values()} == {201}
        done = {campaign_id: answer for campaign_id, answer in answered.items() if answer.status_code == 201}
        check_unavailable([answer for campaign_id, answer in answered.items() if campaign_id not in done])
        for campaign_id, first in done.items():
            assert again[campaign_id].content == first.content
            assert again[campaign_id].headers["idempotency-replayed"] == "true"
        async with connected(database) as sql:
            for campaign_id in campaigns:
                assert await sql.fetchval(SCHEDULES_OF_CAMPAIGN, campaign_id) == POSTS
                assert len(ids_of(again[campaign_id])) == POSTS


SLOW_SECONDS, KEYED_CONNECTIONS = 4, 4


@asynccontextmanager
async def sending_slowly(database: str, directory: Path, **settings: str) -> AsyncGenerator[tuple[Service, Receiver]]:
    """A service that sends to a receiver which takes its time."""
    async with receiving(always(Answer(delay=SLOW_SECONDS))) as receiver:
        webhooks = directory / "webhooks.toml"
        webhooks.write_text(
            f'allow = ["127.0.0.1/32:{receiver.port}"]\n[default]\nurl = "{receiver.url}"\n'
            f'secrets = ["{SECRET}"]\nallow_http = true\nsends_at_once = 20\n'
        )
        sends = {
            "SCHEDULER_PUBLISHER": "webhook",
            "SCHEDULER_WEBHOOKS": str(webhooks),
            "SCHEDULER_POOL_SIZE": str(KEYED_CONNECTIONS),
        }
        async with serving(DATABASE_URL=database, **GUARDED | sends | settings) as service:
            yield service, receiver


async def trigger(client: httpx2.AsyncClient, key: str) -> httpx2.Response:
    return await client.post("/schedule/trigger", json={"limit": 1}, headers={"idempotency-key": key})


async def some_due(client: httpx2.AsyncClient, count: int) -> None:
    """So many posts of as many brands, due now."""
    for _ in range(count):
        await scheduled(client, await a_post(client), SystemClock().now())


async def until_received(receiver: Receiver, count: int) -> None:
    async def are_there() -> bool:
        return len(receiver.received) >= count

    await until(are_there)


async def test_keyed_triggers_to_a_slow_receiver_leave_the_keys_of_others_alone(database: str, tmp_path: Path) -> None:
    async with (
        sending_slowly(database, tmp_path) as (service, receiver),
        caller_of(service, await a_key(database)) as greedy,
        caller_of(service, await a_key(database)) as other,
    ):
        await some_due(greedy, 14)
        brand_id = await a_brand(other)
        triggers: list[asyncio.Task[httpx2.Response]] = []
        for nth in range(KEYED_CONNECTIONS + 1):  # two that claim at the same moment may leave a post to the next
            triggers.append(asyncio.create_task(trigger(greedy, str(uuid4()))))
            await until_received(receiver, nth + 1)

        paused = [
            await other.post(f"/brands/{brand_id}/{change}", headers={"idempotency-key": str(uuid4())})
            for change in ("pause", "resume", "pause")
        ]
        sent = await asyncio.gather(*triggers)

    assert [answer.status_code for answer in paused] == [200] * 3
    assert max(answer.elapsed.total_seconds() for answer in paused) < 1
    assert [answer.status_code for answer in sent] == [200] * len(sent)


async def test_a_trigger_whose_process_was_killed_sends_nothing_more_under_its_key(
    database: str, tmp_path: Path
) -> None:
    issued, key = await a_key(database), str(uuid4())
    async with sending_slowly(database, tmp_path) as (service, receiver), caller_of(service, issued) as client:
        await some_due(client, 2)
        asked = asyncio.create_task(trigger(client, key))
        await until_received(receiver, 1)
        service.process.send_signal(signal.SIGKILL)
        await asyncio.wait([asked])
    assert isinstance(asked.exception(), httpx2.TransportError)

    async with sending_slowly(database, tmp_path) as (service, receiver), caller_of(service, issued) as client:
        problem(await trigger(client, key), 409, "request_in_progress")
        async with connected(database) as sql:  # half a minute later
            await sql.execute("UPDATE idempotency_keys SET begun_until = now() WHERE begun_by IS NOT NULL")
        detail = problem(await trigger(client, key), 409, "request_broken_off")["detail"]
        sent_again = len(receiver.received)

    assert "GET /events" in detail
    assert sent_again == 0


async def test_where_no_secrets_are_a_trigger_sends_nothing_and_says_what_to_do(database: str, tmp_path: Path) -> None:
    (webhooks := tmp_path / "webhooks.toml").write_text(
        '[default]\nurl = "https://publisher.example.com"\nsecret_files = ["/nowhere/secret"]\n'
    )
    sends = {"SCHEDULER_PUBLISHER": "webhook", "SCHEDULER_WEBHOOKS": str(webhooks)}
    async with (
        serving(DATABASE_URL=database, **GUARDED | sends) as service,
        caller_of(service, await a_key(database)) as client,
    ):
        await some_due(client, 1)
        key = str(uuid4())
        refused = [await trigger(client, key) for _ in range(2)]
        waiting = (await client.get("/schedule?status=PENDING")).json()["items"]

    for each in refused:
        detail = problem(each, 503, "nothing_sent_from_here")["detail"]
        assert "/nowhere/secret is not there" in detail
        assert "marketmind-scheduler dispatch" in detail
    assert waiting
