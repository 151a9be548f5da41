"""What a dry run has called published is marked as such wherever it is shown."""

from collections.abc import AsyncGenerator

import httpx2
import pytest

from marketmind_scheduler.domain.verdict import Accepted
from marketmind_scheduler.domain.zones import ZoneCatalog
from tests.fakes.clock import FrozenClock
from tests.fakes.publisher import ScriptedPublisher
from tests.fakes.storage import InMemoryStorage
from tests.http.steps import calling, due, in_memory, in_status, observed, script, trigger


@pytest.fixture
async def dry(storage: InMemoryStorage, zones: ZoneCatalog, clock: FrozenClock) -> AsyncGenerator[httpx2.AsyncClient]:
    """A caller of a service that only pretends."""
    async with calling(observed(in_memory(storage, zones, clock))) as caller:
        yield caller


async def test_a_schedule_that_was_only_called_published_says_so_wherever_it_is_shown(dry: httpx2.AsyncClient) -> None:
    schedule = await due(dry)
    assert schedule["dry_run"] is False

    await trigger(dry)

    record = await in_status(dry, schedule, "COMPLETED")
    of_post = (await dry.get(f"/schedule/post/{schedule['post_id']}")).json()
    [listed] = (await dry.get("/schedule")).json()["items"]
    scheduled, completed = (await dry.get("/events?after=0")).json()["events"]
    assert [shown["dry_run"] for shown in (record, of_post, listed, completed)] == [True] * 4
    assert scheduled["dry_run"] is False


async def test_what_a_receiver_says_is_never_taken_for_a_dry_run(
    client: httpx2.AsyncClient, publisher: ScriptedPublisher
) -> None:
    schedule = await due(client)
    script(publisher, schedule, Accepted(external_id="dry-run-1"))

    await trigger(client)

    assert (await in_status(client, schedule, "COMPLETED"))["dry_run"] is False


async def test_readiness_and_the_root_say_that_nothing_is_posted(dry: httpx2.AsyncClient) -> None:
    for path in ("/", "/health/ready"):
        said = (await dry.get(path)).json()
        assert (said["publisher"], said["publishing"].partition(":")[0]) == ("dry_run", "nothing is posted")
