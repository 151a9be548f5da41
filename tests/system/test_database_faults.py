"""A database that goes away, hangs, refuses or changes under the service: callers wait little, and nothing is lost."""

import asyncio
import random
import signal
from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

import httpx2
import psutil
import pytest

from tests.http.steps import a_brand, a_post
from tests.system.calls import (
    ASKED,
    MOST,
    Schedule,
    a_campaign,
    check_unavailable,
    ids_of,
    schedule_campaign,
    schedule_post,
    some_posts,
)
from tests.system.proxy import Mode, Proxy, proxied
from tests.system.servers import BACKENDS, OwnServer, Sql, a_database, connected, own_server, until, until_waiting
from tests.system.services import Service, serving

pytestmark = pytest.mark.timeout(120)

TERMINATE = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
 WHERE datname = current_database() AND application_name = 'marketmind-scheduler'
"""
LOCK_POST = "SELECT FROM posts WHERE post_id = $1 FOR UPDATE"
SCHEDULED = "SELECT schedule_id FROM schedules JOIN posts USING (post_id) WHERE $1 IN (post_id, campaign_id)"
NEVER_THE_VICTIM = """
SELECT set_config('deadlock_timeout', '10s', true) FROM pg_roles WHERE rolname = current_user AND rolsuper
"""

Answers = list[httpx2.Response]


@pytest.fixture(scope="module")
async def database() -> AsyncGenerator[str]:
    async with a_database() as url:
        yield url


@pytest.fixture(scope="module")
async def network(database: str) -> AsyncGenerator[Proxy]:
    """What lies between the service and its database."""
    async with proxied(database) as proxy:
        yield proxy


@pytest.fixture(scope="module")
async def service(database: str, network: Proxy) -> AsyncGenerator[Service]:
    async with serving(DATABASE_URL=network.url_of(database), SCHEDULER_DISPATCH="off") as serves:
        yield serves


@pytest.fixture
async def client(service: Service, network: Proxy) -> AsyncGenerator[httpx2.AsyncClient]:
    """A caller of the service, while all is well; and all is made well again."""
    await service.until_healthy()
    async with service.client() as caller:
        yield caller
    network.delay_seconds = 0
    await network.be(Mode.PASS)


@pytest.fixture
async def sql(database: str) -> AsyncGenerator[Sql]:
    """SQL that goes past the proxy."""
    async with connected(database) as connection:
        yield connection


@pytest.fixture(scope="module")
def server() -> Generator[OwnServer]:
    with own_server() as own:
        yield own


@pytest.fixture(scope="module")
async def server_service(server: OwnServer) -> AsyncGenerator[Service]:
    """A service on a server that a test may restart and freeze."""
    async with serving(DATABASE_URL=server.url, SCHEDULER_DISPATCH="off") as serves:
        yield serves


@pytest.fixture
async def server_client(server_service: Service) -> AsyncGenerator[httpx2.AsyncClient]:
    await server_service.until_healthy()
    async with server_service.client() as caller:
        yield caller


async def end_all_connections(sql: Sql) -> None:
    """End the service's connections; return when they are gone."""

    async def are_gone() -> bool:
        return not await sql.fetch(BACKENDS)

    await sql.execute(TERMINATE)
    await until(are_gone)


@asynccontextmanager
async def new_connections_have(sql: Sql, service: Service, setting: str) -> AsyncGenerator[None]:
    """The service's connections to this database begin with ``setting``, and the present ones are ended; afterwards
    it knows nothing of the change."""
    name = await sql.fetchval("SELECT current_database()")
    await sql.execute(f'ALTER DATABASE "{name}" SET {setting}')
    try:
        await end_all_connections(sql)
        await service.until_healthy()
        yield
    finally:
        await sql.execute(f'ALTER DATABASE "{name}" RESET ALL')


async def each_kind_of_call(client: httpx2.AsyncClient) -> Sequence[httpx2.Response]:
    """What only reads, what only writes, and what does both."""
    post_id, campaign_id = "33333333-3333-4333-8333-333333333333", "22222222-2222-4222-8222-222222222222"
    return await asyncio.gather(
        client.get("/health"),
        client.get("/schedule"),
        client.get(f"/schedule/post/{post_id}"),
        client.put(f"/brands/{post_id}", json={"brand_name": "Tea", "brand_default_timezone": "UTC"}),
        client.put(f"/schedule/post/{post_id}", json=ASKED),
        client.delete(f"/schedule/post/{post_id}"),
        schedule_post(client, post_id),
        schedule_campaign(client, campaign_id),
    )


async def status_of(client: httpx2.AsyncClient, path: str) -> int:
    answer = await client.get(path)
    assert answer.elapsed < MOST
    return answer.status_code


async def test_a_post_whose_answer_was_lost_after_the_commit_is_found_by_asking_again(
    client: httpx2.AsyncClient, network: Proxy, sql: Sql
) -> None:
    await lose_an_answer(client, network, sql, schedule_post, await a_post(client))


async def test_a_campaign_whose_answer_was_lost_after_the_commit_is_found_by_asking_again(
    client: httpx2.AsyncClient, network: Proxy, sql: Sql
) -> None:
    await lose_an_answer(client, network, sql, schedule_campaign, await a_campaign(client, posts=3))


async def lose_an_answer(
    client: httpx2.AsyncClient, network: Proxy, sql: Sql, schedule: Schedule, asked_id: str
) -> None:
    cut_before = network.commits_cut

    await network.be(Mode.CUT_AFTER_COMMIT)
    lost = await schedule(client, asked_id)
    stored = await sql.fetch(SCHEDULED, asked_id)
    await network.be(Mode.PASS)
    again = await schedule(client, asked_id)

    check_unavailable([lost])
    assert network.commits_cut > cut_before
    assert again.status_code == 200
    assert ids_of(again) == {str(row["schedule_id"]) for row in stored}
    assert await sql.fetch(SCHEDULED, asked_id) == stored


@pytest.mark.slow
@pytest.mark.parametrize("mode", [Mode.REFUSE, Mode.RESET, Mode.BLACK_HOLE])
async def test_while_the_database_is_out_of_reach_callers_are_told_in_time_to_come_again(
    client: httpx2.AsyncClient, network: Proxy, mode: Mode
) -> None:
    post_id = await a_post(client)

    await network.be(mode)
    refused, live, ready = await asyncio.gather(
        each_kind_of_call(client), status_of(client, "/health/live"), status_of(client, "/health/ready")
    )
    await network.be(Mode.PASS)
    well = await schedule_post(client, post_id)

    check_unavailable(refused)
    assert (live, ready) == (200, 503)
    assert well.status_code == 201, well.text


@pytest.mark.slow
async def test_a_network_that_is_slow_at_every_step_keeps_nobody_longer(
    client: httpx2.AsyncClient, network: Proxy
) -> None:
    post_id = await a_post(client)

    network.delay_seconds = 0.7
    refused = await schedule_post(client, post_id)

    check_unavailable([refused])


@pytest.mark.slow
@pytest.mark.parametrize("dispatch", ["on", "off"])
async def test_a_database_that_hangs_does_not_keep_the_service_from_ending(database: str, dispatch: str) -> None:
    async with (
        proxied(database) as network,
        serving(DATABASE_URL=network.url_of(database), SCHEDULER_DISPATCH=dispatch) as service,
        service.client() as client,
    ):
        await each_kind_of_call(client)  # over several connections, of which some will be idle
        await network.be(Mode.BLACK_HOLE)
        hanging = asyncio.create_task(client.get("/brands"))
        assert await status_of(client, "/health/live") == 200

        code = await service.stop(signal.SIGTERM, seconds=5)
        with suppress(httpx2.TransportError):
            await hanging

    assert code == 0


@asynccontextmanager
async def callers_who_insist(client: httpx2.AsyncClient, post_ids: Sequence[str]) -> AsyncGenerator[Answers]:
    """Schedule each post, asking until it is answered well. Yields the answers so far; leaving waits for the rest."""
    answers: Answers = []

    async def insist(share: Sequence[str]) -> None:
        for post_id in share:
            answer = None
            while answer is None or not answer.is_success:
                answer = await schedule_post(client, post_id)
                answers.append(answer)

    callers = [asyncio.create_task(insist(post_ids[nth::8])) for nth in range(8)]
    yield answers
    await asyncio.gather(*callers)


async def until_more(answers: Answers, count: int) -> None:
    enough = len(answers) + count

    async def are_more() -> bool:
        return len(answers) >= enough

    await until(are_more)


async def check_nothing_is_lost(service: Service, sql: Sql, post_ids: Sequence[str], answers: Answers) -> None:
    """Every post has one schedule, the one that its caller was told of, and who was not told was told to come again."""
    rows = await sql.fetch("SELECT post_id, schedule_id FROM schedules WHERE post_id = ANY($1::uuid[])", post_ids)
    acknowledged = {each for answer in answers if answer.is_success for each in ids_of(answer)}
    check_unavailable(answer for answer in answers if not answer.is_success)
    assert sorted(str(row["post_id"]) for row in rows) == sorted(post_ids)
    assert acknowledged == {str(row["schedule_id"]) for row in rows}
    assert service.logged("error") == []


@pytest.mark.parametrize("immediately", [False, True], ids=["fast", "immediate"])
async def test_a_restart_under_load_loses_nothing_and_heals_by_itself(
    server: OwnServer, server_service: Service, server_client: httpx2.AsyncClient, *, immediately: bool
) -> None:
    post_ids = await some_posts(server_client, count=400)

    async with callers_who_insist(server_client, post_ids) as answers:

        async def is_well() -> bool:
            return answers[-1].is_success

        async def is_down() -> bool:
            return not await is_well()

        await until_more(answers, 100)
        server.stop(immediately=immediately)
        await until(is_down)
        server.start()
        await until(is_well, seconds=2)

    async with connected(server.url) as sql:
        await check_nothing_is_lost(server_service, sql, post_ids, answers)


async def test_connections_ended_again_and_again_in_the_midst_of_their_work_lose_nothing(
    server: OwnServer, server_service: Service, server_client: httpx2.AsyncClient
) -> None:
    post_ids = await some_posts(server_client, count=400)

    async with connected(server.url) as sql:
        async with callers_who_insist(server_client, post_ids) as answers:
            for _ in range(20):
                await until_more(answers, 10)
                await sql.execute(TERMINATE)
        await check_nothing_is_lost(server_service, sql, post_ids, answers)

    assert any(not answer.is_success for answer in answers), "none was hit at work"


@pytest.mark.slow
async def test_a_backend_that_hangs_holds_up_one_call_and_no_more(server: OwnServer) -> None:
    async with (
        serving(DATABASE_URL=server.url, SCHEDULER_DISPATCH="off", SCHEDULER_POOL_SIZE="1") as service,
        service.client() as client,
        connected(server.url) as sql,
    ):
        hanging = psutil.Process(await the_backend(client, sql))
        hanging.suspend()
        try:
            held_up = await client.get("/brands")
            next_one = await client.get("/brands")
        finally:
            hanging.resume()

    check_unavailable([held_up])
    assert next_one.status_code == 200
    assert next_one.elapsed < timedelta(seconds=1)


async def the_backend(client: httpx2.AsyncClient, sql: Sql) -> int:
    """The process id of the backend that answers requests; the upkeep has others."""
    await end_all_connections(sql)
    assert await status_of(client, "/brands") == 200
    [pid] = [backend["pid"] for backend in await sql.fetch(BACKENDS) if "brand_name" in backend["query"]]
    return pid


async def test_idle_connections_that_were_ended_are_replaced_unseen(
    server: OwnServer, server_client: httpx2.AsyncClient
) -> None:
    async def many_calls() -> set[int]:
        return set(await asyncio.gather(*(status_of(server_client, "/brands") for _ in range(30))))

    await many_calls()
    async with connected(server.url) as sql:
        assert len(await sql.fetch(BACKENDS)) > 1
        await end_all_connections(sql)
    assert await status_of(server_client, "/health/live") == 200  # by then it has read the server's farewells

    assert await many_calls() == {200}


@pytest.mark.parametrize("end", ["pg_cancel_backend", "pg_terminate_backend"])
async def test_a_statement_that_is_cut_short_is_one_to_come_again_with(
    client: httpx2.AsyncClient, database: str, sql: Sql, end: str
) -> None:
    post_id = await a_post(client)

    async with sql.transaction():
        await sql.execute(LOCK_POST, post_id)
        asked = asyncio.create_task(schedule_post(client, post_id))
        await until_waiting(database)
        await sql.execute(TERMINATE.replace("pg_terminate_backend", end) + " AND wait_event_type = 'Lock'")
        refused = await asked
    well = await schedule_post(client, post_id)

    check_unavailable([refused])
    assert refused.elapsed < timedelta(seconds=1)
    assert well.status_code == 201, well.text


@pytest.mark.slow
async def test_when_every_connection_is_busy_callers_are_told_in_time_to_come_again(database: str, sql: Sql) -> None:
    async with (
        serving(DATABASE_URL=database, SCHEDULER_DISPATCH="off", SCHEDULER_POOL_SIZE="2") as service,
        service.client() as client,
    ):
        post_id = await a_post(client)

        async with sql.transaction():
            await sql.execute(LOCK_POST, post_id)
            calls = [asyncio.create_task(schedule_post(client, post_id)) for _ in range(6)]
            await until_waiting(database, backends=2)
            refused = await asyncio.gather(*calls)
        well = await schedule_post(client, post_id)

    check_unavailable(refused)
    waited_twice = [answer for answer in refused if answer.elapsed > timedelta(seconds=3)]
    assert len(waited_twice) <= 2, "who got no connection was to leave when the first two did"
    assert well.status_code == 201, well.text


@pytest.mark.slow
async def test_a_deadlock_ends_well_for_the_caller(client: httpx2.AsyncClient, database: str, sql: Sql) -> None:
    campaign_id = await a_campaign(client, posts=2)
    first, last = await sql.fetch("SELECT post_id FROM posts WHERE campaign_id = $1 ORDER BY post_id", campaign_id)

    async with sql.transaction():
        await sql.execute(NEVER_THE_VICTIM)
        await sql.execute(LOCK_POST, last["post_id"])
        asked = asyncio.create_task(schedule_campaign(client, campaign_id))
        await until_waiting(database)
        assert await sql.fetch(f"{LOCK_POST} SKIP LOCKED", first["post_id"]) == [], "the service is to hold the other"
        await sql.execute(LOCK_POST, first["post_id"])
    answer = await asked

    assert answer.status_code == 201, answer.text
    assert len(await sql.fetch(SCHEDULED, campaign_id)) == 2


async def test_a_transaction_that_cannot_be_serialized_ends_well_for_the_caller(
    client: httpx2.AsyncClient, service: Service, database: str, sql: Sql
) -> None:
    post_id = await a_post(client)

    async with new_connections_have(sql, service, "default_transaction_isolation = serializable"):
        async with sql.transaction():
            await sql.execute("UPDATE posts SET title = 'Another' WHERE post_id = $1", post_id)
            asked = asyncio.create_task(schedule_post(client, post_id))
            await until_waiting(database)
        answer = await asked
    await end_all_connections(sql)

    assert answer.status_code == 201, answer.text
    assert len(await sql.fetch(SCHEDULED, post_id)) == 1


async def test_columns_that_come_and_go_under_load_disturb_nobody(client: httpx2.AsyncClient, sql: Sql) -> None:
    brand_id = await a_brand(client)
    campaign_ids = [await a_campaign(client, posts=2, brand_id=brand_id) for _ in range(4)]
    answers: Answers = []

    async def use(campaign_id: str) -> None:
        post_id = await a_post(client, brand_id=brand_id)
        while True:
            answers.append(await schedule_post(client, post_id))
            answers.append(await client.delete(f"/schedule/post/{post_id}"))
            answers.append(await schedule_campaign(client, campaign_id))
            answers.append(await client.get(f"/schedule/campaign/{campaign_id}"))
            answers.append(await client.get("/posts", params={"campaign_id": campaign_id}))
            answers.append(await client.get(f"/brands/{brand_id}"))
            answers.append(await client.delete(f"/schedule/campaign/{campaign_id}"))

    users = [asyncio.create_task(use(campaign_id)) for campaign_id in campaign_ids]
    for change in ("ADD COLUMN extra text NOT NULL DEFAULT 'new'", "DROP COLUMN extra"):
        for table in ("brands", "campaigns", "posts", "schedules"):
            await sql.execute(f"ALTER TABLE {table} {change}")
            await until_more(answers, 50)
    for user in users:
        user.cancel()
    await asyncio.gather(*users, return_exceptions=True)

    assert {answer.status_code for answer in answers} == {200, 201}


async def test_a_statement_that_was_prepared_for_another_type_is_prepared_anew_unseen(
    client: httpx2.AsyncClient, sql: Sql
) -> None:
    brand_id = await a_brand(client)
    post_ids = [await a_post(client, brand_id=brand_id) for _ in range(3)]

    before = await schedule_post(client, post_ids[0])
    await sql.execute("ALTER TABLE brands ALTER COLUMN tone_profile TYPE varchar")
    changed = await schedule_post(client, post_ids[1])
    await sql.execute("ALTER TABLE brands ALTER COLUMN tone_profile TYPE text")
    changed_back = await schedule_post(client, post_ids[2])

    assert [answer.status_code for answer in (before, changed, changed_back)] == [201, 201, 201]


async def test_an_old_primary_refuses_writes_and_serves_reads_until_the_new_one_is_found(
    client: httpx2.AsyncClient, service: Service, sql: Sql
) -> None:
    post_id = await a_post(client)

    async with new_connections_have(sql, service, "default_transaction_read_only = on"):
        reads = [await client.get("/brands") for _ in range(3)]
        refused = [await schedule_post(client, post_id) for _ in range(3)]
    well = await schedule_post(client, post_id)

    assert {read.status_code for read in reads} == {200}
    check_unavailable(refused)
    assert well.status_code == 201, well.text


@pytest.mark.slow
async def test_callers_who_leave_at_any_moment_take_no_connection_with_them_and_leave_nothing_half_done(
    client: httpx2.AsyncClient, service: Service, sql: Sql
) -> None:
    seed = random.randrange(2**32)  # noqa: S311
    print(f"seed {seed}")  # noqa: T201
    chance = random.Random(seed)  # noqa: S311
    brand_id = await a_brand(client)
    campaign_ids = [await a_campaign(client, posts=3, brand_id=brand_id) for _ in range(20)]
    room = asyncio.Semaphore(40)

    async def call_and_leave() -> None:
        method, path = chance.choice(["POST", "DELETE"]), f"/schedule/campaign/{chance.choice(campaign_ids)}"
        async with room:
            reader, writer = await asyncio.open_connection("127.0.0.1", service.port)
            writer.write(f"{method} {path} HTTP/1.1\r\nHost: here\r\n\r\n".encode())
            with suppress(TimeoutError):
                async with asyncio.timeout(chance.uniform(0, 0.02)):
                    await reader.read()
            writer.transport.abort()

    async def serves_as_before() -> bool:
        answers = await asyncio.gather(*(client.get("/brands") for _ in range(30)))
        return all(answer.status_code == 200 and answer.elapsed < MOST for answer in answers)

    async def are_idle() -> bool:
        return {row["state"] for row in await sql.fetch(BACKENDS)} == {"idle"}

    await asyncio.gather(*(call_and_leave() for _ in range(1000)))
    await until(serves_as_before)  # once it is through with the calls that nobody waits for
    await until(are_idle)

    whole = {len(await sql.fetch(f"{SCHEDULED} AND status = 'PENDING'", each)) for each in campaign_ids}
    assert whole <= {0, 3}
    assert service.logged("error") == []
