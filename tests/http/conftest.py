"""The API as it is served, over fakes whose one clock stands still."""

from collections.abc import AsyncGenerator, Mapping

import httpx2
import pytest

from marketmind_scheduler.application.use_cases import UseCases
from marketmind_scheduler.domain.zones import ZoneCatalog
from tests.fakes.clock import FrozenClock
from tests.fakes.publisher import ScriptedPublisher
from tests.fakes.storage import InMemoryStorage
from tests.http.steps import NOON, a_brand, a_campaign, add_posts, calling, in_memory, new_id, observed


@pytest.fixture
def clock() -> FrozenClock:
    """The clock of service and storage, at noon UTC on the first of March 2027 when a test begins."""
    return FrozenClock(NOON)


@pytest.fixture
def storage(clock: FrozenClock) -> InMemoryStorage:
    return InMemoryStorage(clock)


@pytest.fixture
def publisher() -> ScriptedPublisher:
    return ScriptedPublisher()


@pytest.fixture
def use_cases(
    storage: InMemoryStorage, zones: ZoneCatalog, clock: FrozenClock, publisher: ScriptedPublisher
) -> UseCases:
    return in_memory(storage, zones, clock, publisher=publisher)


@pytest.fixture
async def client(use_cases: UseCases) -> AsyncGenerator[httpx2.AsyncClient]:
    """A caller of the API; nothing is registered yet."""
    async with calling(observed(use_cases)) as caller:
        yield caller


@pytest.fixture
async def world(client: httpx2.AsyncClient) -> Mapping[str, str]:
    """The ids of what is registered: a brand, a campaign of two posts, the second of them scheduled; and a new one."""
    brand_id = await a_brand(client)
    campaign_id = await a_campaign(client, brand_id=brand_id)
    post_id, scheduled_id = await add_posts(client, campaign_id, ["TWITTER", "TIKTOK"])
    await client.post(f"/schedule/post/{scheduled_id}", json={"timestamp": "2027-03-18T19:00:00"})
    return {"brand": brand_id, "campaign": campaign_id, "post": post_id, "scheduled": scheduled_id, "new": new_id()}
