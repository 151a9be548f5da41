"""What would certainly not be sent says so when it is scheduled, and wherever it is shown while it waits."""

from datetime import datetime
from uuid import UUID

import httpx2
import pytest

from marketmind_scheduler.adapters.publishers.none import NoPublisher
from marketmind_scheduler.application.reachability import Reachability, no_receiver
from marketmind_scheduler.domain.pacing import CLAIMED_WITHIN
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.ports.publisher import Target
from tests.builders import BRAND_ID
from tests.fakes.clock import FrozenClock
from tests.fakes.publisher import ScriptedPublisher
from tests.http.steps import SEVEN_PM, a_brand, a_campaign, new_id

REDDIT, TIKTOK, TWITTER = Platform.REDDIT, Platform.TIKTOK, Platform.TWITTER


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


async def test_what_would_be_refused_whoever_is_asked_says_so_until_it_is_mended(
    client: httpx2.AsyncClient, publisher: ScriptedPublisher
) -> None:
    publisher.refuses = "too long"
    brand_id = await a_brand(client)
    campaign_id = await a_campaign(client, brand_id=brand_id)
    doomed = await a_post_in(client, brand_id, campaign_id, TWITTER)
    await client.put(f"/posts/{doomed}", json={"title": "far too long"})

    made = (await client.post(f"/schedule/campaign/{campaign_id}", json={})).json()["schedules"]
    assert [each["warnings"] for each in made] == [["too long"]]
    moved = (await client.put(f"/schedule/post/{doomed}", json={"timestamp": SEVEN_PM})).json()
    assert moved["warnings"] == ["too long"]
    for path, key in (("/schedule", "items"), (f"/schedule/campaign/{campaign_id}", "schedules")):
        assert [each["warnings"] for each in (await client.get(path)).json()[key]] == [["too long"]]
    before = await client.get(f"/schedules/{moved['schedule_id']}")
    assert before.json()["warnings"] == ["too long"]

    await client.put(f"/posts/{doomed}", json={"title": "Short"})

    after = await client.get(before.request.url.path, headers={"if-none-match": before.headers["etag"]})
    assert (after.status_code, after.json()["warnings"]) == (200, [])


def test_each_way_to_no_receiver_has_its_words_and_pull_mode_has_none() -> None:
    one_brands = ScriptedPublisher(platforms=[TWITTER])
    one_brands.reroute(BRAND_ID, TIKTOK, Target(name="its own", sends_at_once=1, resend_window=None))
    some = Reachability(publisher=one_brands, platforms=[TWITTER, REDDIT, TIKTOK])
    without_any = Reachability(publisher=ScriptedPublisher(platforms=[]), platforms=Platform)
    nobody = Reachability(publisher=NoPublisher(), platforms=())

    assert some.obstacle(BRAND_ID, TWITTER) is None
    assert some.obstacle(BRAND_ID, REDDIT) == no_receiver(REDDIT)
    assert "SCHEDULER_PLATFORMS" in (some.obstacle(BRAND_ID, Platform.YOUTUBE) or "")
    assert some.obstacle(BRAND_ID, TIKTOK) is None
    assert some.obstacle(new_brand := UUID(int=1), TIKTOK) == no_receiver(TIKTOK)
    of_some = no_receiver(TIKTOK, brands="brands without a table of their own")
    assert some.dead_ends() == f"{no_receiver(REDDIT, brands='any brand')}; {of_some}"
    assert without_any.dead_ends() == no_receiver(*Platform, brands="any brand")
    assert without_any.obstacle(new_brand, TWITTER) == no_receiver(TWITTER)
    assert nobody.dead_ends() is None
    assert nobody.obstacle(new_brand, TWITTER) is None
