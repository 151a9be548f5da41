"""A primary that dies and a standby that takes its place: what each setting promises, as docs/runbook.md says."""

import asyncio
from collections.abc import AsyncGenerator

import httpx2
import pytest

from tests.chaos.standby import CAUGHT_UP, HAS_LEFT, Pair, primary_and_standby
from tests.http.steps import Json, a_post, problem
from tests.system.calls import schedule_post
from tests.system.servers import connected, until
from tests.system.services import Service, serving

pytestmark = [pytest.mark.timeout(150), pytest.mark.slow]

EVERYBODY = "ALTER SYSTEM SET synchronous_standby_names = '*'"
NO_MORE = "ALTER SYSTEM SET primary_conninfo = ''"
RELOAD = "SELECT pg_reload_conf()"


@pytest.fixture
async def pair() -> AsyncGenerator[Pair]:
    async with primary_and_standby() as made:
        yield made


async def scheduled(client: httpx2.AsyncClient, count: int) -> set[str]:
    """The posts for which a schedule was answered."""
    answers = {
        post_id: await schedule_post(client, post_id) for post_id in [await a_post(client) for _ in range(count)]
    }
    assert {answer.status_code for answer in answers.values()} == {201}
    return set(answers)


async def read_all(client: httpx2.AsyncClient, count: int) -> Json:
    """The events, once there are so many."""
    page: Json = {}

    async def are_there() -> bool:
        page.update((await client.get("/events", params={"limit": 1000})).json())
        return len(page["events"]) >= count

    await until(are_there)
    return page


async def fail_over(pair: Pair, service: Service) -> None:
    """The primary dies, if it has not yet, and the service finds the new one."""
    pair.primary.stop(immediately=True)
    await pair.promote()
    async with service.client() as client:

        async def is_ready() -> bool:
            return (await client.get("/health/ready")).status_code == 200

        await until(is_ready, seconds=30)


async def stand_of(client: httpx2.AsyncClient, post_ids: set[str]) -> set[str]:
    """Those of the posts that have a schedule."""
    found = await asyncio.gather(*(client.get(f"/schedule/post/{each}") for each in post_ids))
    return {post_id for post_id, answer in zip(post_ids, found, strict=True) if answer.status_code == 200}


async def test_without_a_synchronous_standby_nothing_is_forgotten_as_long_as_it_has_kept_up(pair: Pair) -> None:
    async with serving(DATABASE_URL=pair.url) as service, service.client() as client:
        await pair.follow()
        post_ids = await scheduled(client, 5)
        before = await read_all(client, 5)
        await pair.until(CAUGHT_UP)

        await fail_over(pair, service)
        more = await scheduled(client, 3)
        after = {"after": before["next_after"], "history": before["history"]}

        assert await stand_of(client, post_ids | more) == post_ids | more
        await told_of(client, after, count=3)


async def test_what_a_standby_had_not_heard_of_is_gone_and_readers_of_events_are_told(pair: Pair) -> None:
    async with serving(DATABASE_URL=pair.url) as service, service.client() as client:
        await pair.follow()
        kept = await scheduled(client, 5)
        shared = (await read_all(client, 5))["next_after"]
        await pair.until(CAUGHT_UP)
        async with connected(pair.standby_url) as sql:
            await sql.execute(NO_MORE)
            await sql.execute(RELOAD)
        await pair.until(HAS_LEFT)
        lost = await scheduled(client, 5)
        before = await read_all(client, 10)

        await fail_over(pair, service)
        at_once = await client.get("/events", params={"after": before["next_after"]})
        more = await scheduled(client, 12)
        await told_of(client, {"after": shared, "history": before["history"]}, count=12)
        late = await client.get("/events", params={"after": before["next_after"], "history": before["history"]})

        assert await stand_of(client, kept | lost | more) == kept | more
        for answer in (at_once, late):
            assert problem(answer, 409, "history_changed")["details"]["after"] == shared


async def test_with_a_synchronous_standby_nothing_that_was_answered_is_forgotten(pair: Pair) -> None:
    async with serving(DATABASE_URL=pair.url) as service, service.client() as client:
        await pair.follow()
        async with connected(pair.primary.url) as sql:
            await sql.execute(EVERYBODY)
            await sql.execute(RELOAD)
        post_ids = await scheduled(client, 5)
        before = await read_all(client, 5)

        async with connected(pair.standby_url) as sql:  # which copied the file of settings before they named anybody
            assert await sql.fetchval("SHOW synchronous_standby_names") == ""
        await fail_over(pair, service)

        assert await stand_of(client, post_ids) == post_ids
        assert (
            await client.get("/events", params={"after": before["next_after"], "history": before["history"]})
        ).is_success


async def test_while_the_only_synchronous_standby_is_away_nothing_is_written_and_all_goes_on_when_it_is_back(
    pair: Pair,
) -> None:
    async with serving(DATABASE_URL=pair.url) as service, service.client() as client:
        await pair.follow()
        post_ids = [await a_post(client) for _ in range(3)]
        async with connected(pair.primary.url) as sql:
            await sql.execute(EVERYBODY)
            await sql.execute(RELOAD)
        pair.leave()

        refused = await schedule_post(client, post_ids[0])
        ready, reading = await client.get("/health/ready"), await client.get("/schedule")
        await pair.come_back()

        async def is_ready() -> bool:
            return (await client.get("/health/ready")).status_code == 200

        await until(is_ready, seconds=30)
        well = [await schedule_post(client, post_id) for post_id in post_ids]

        assert (refused.status_code, ready.status_code, reading.status_code) == (503, 503, 200)
        assert {answer.status_code for answer in well} <= {200, 201}


async def told_of(client: httpx2.AsyncClient, after: Json, *, count: int) -> None:
    """Return when so many events are told behind that position, in that history."""

    async def are_told() -> bool:
        answer = await client.get("/events", params={**after, "limit": 1000})
        assert answer.status_code == 200, answer.text
        return len(answer.json()["events"]) == count

    await until(are_told)
