"""What would certainly not be sent says so when it is scheduled, and wherever it is shown while it waits."""

from datetime import datetime
from uuid import UUID

import httpx2
import pytest

from marketmind_scheduler.application.reachability import Reachability, no_receiver
from marketmind_scheduler.domain.pacing import CLAIMED_WITHIN
from marketmind_scheduler.domain.post import Platform
from tests.builders import BRAND_ID
from tests.fakes.clock import FrozenClock
from tests.fakes.publisher import ScriptedPublisher
from tests.http.steps import SEVEN_PM, a_brand, a_campaign, new_id

REDDIT, TWITTER = Platform.REDDIT, Platform.TWITTER


@pytest.fixture
def publisher() -> ScriptedPublisher:
    """Nobody takes what is on Reddit."""
    return ScriptedPublisher(platforms=[each for each in Platform if each is not REDDIT])


async def a_post_in(client: httpx2.AsyncClient, brand_id: str, campaign_id: str, platform: Platform) -> str:
    post_id = new_id()
    body = {"brand_id": brand_id, "campaign_id": campaign_id, "title": "A", "s3_url": "s3://a/b", "platform": platform}
    assert (await client.put(f"/posts/{post_id}", json=body)).status_code == 201
    return post_id


async def test_a_post_without_a_receiver_says_so_wherever_it_is_shown(client: httpx2.AsyncClient) -> None:
    brand_id = await a_brand(client)
    campaign_id = await a_campaign(client, brand_id=brand_id)
    lost, taken = [await a_post_in(client, brand_id, campaign_id, platform) for platform in (REDDIT, TWITTER)]
    warned, fine = [
        (await client.post(f"/schedule/post/{post_id}", json={"timestamp": SEVEN_PM})).json()
        for post_id in (lost, taken)
    ]

    assert (warned["warnings"], fine["warnings"]) == ([no_receiver(REDDIT)], [])
    for path, key in (("/schedule", "items"), (f"/schedule/campaign/{campaign_id}", "schedules")):
        shown = (await client.get(path)).json()[key]
        assert {each["post_id"]: each["warnings"] for each in shown} == {lost: [no_receiver(REDDIT)], taken: []}
    for path in (f"/schedule/post/{lost}", f"/schedules/{warned['schedule_id']}"):
        assert (await client.get(path)).json()["warnings"] == [no_receiver(REDDIT)]
    cancelled = (await client.delete(f"/schedule/post/{lost}")).json()
    assert cancelled["warnings"] == []


async def test_what_is_past_its_time_and_still_unclaimed_says_so(
    client: httpx2.AsyncClient, clock: FrozenClock
) -> None:
    brand_id = await a_brand(client)
    post_id = await a_post_in(client, brand_id, await a_campaign(client, brand_id=brand_id), TWITTER)
    schedule = (await client.post(f"/schedule/post/{post_id}", json={"timestamp": SEVEN_PM})).json()

    clock.advance(datetime.fromisoformat(schedule["publish_time"]) + CLAIMED_WITHIN - clock.now())

    [said] = (await client.get(f"/schedules/{schedule['schedule_id']}")).json()["warnings"]
    assert said.startswith(f"due since {schedule['publish_time']} and nothing has claimed it yet")


def test_each_way_to_no_receiver_has_its_words_and_pull_mode_has_none() -> None:
    some = Reachability(publisher=ScriptedPublisher(platforms=[TWITTER]), platforms=[TWITTER, REDDIT])
    nobody = Reachability(publisher=ScriptedPublisher(platforms=[]), platforms=Platform)

    assert some.obstacle(BRAND_ID, TWITTER) is None
    assert some.obstacle(BRAND_ID, REDDIT) == no_receiver(REDDIT)
    assert "SCHEDULER_PLATFORMS" in (some.obstacle(BRAND_ID, Platform.TIKTOK) or "")
    assert list(some.without_receiver) == [REDDIT]
    assert some.dead_ends() == no_receiver(REDDIT, brands="any brand")
    assert nobody.dead_ends() is None
    assert nobody.obstacle(UUID(int=1), TWITTER) is None
    assert list(nobody.without_receiver) == []
