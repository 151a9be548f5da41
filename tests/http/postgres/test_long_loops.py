"""Whoever asks for all posts of a campaign keeps nobody else from being answered: the loop goes round."""

import gc
from collections.abc import Generator, Mapping
from datetime import timedelta

import httpx2
import pytest

from marketmind_scheduler.domain.post import Platform
from tests.http.pauses import LONGEST_PAUSE, with_pause
from tests.http.steps import Json, a_brand, a_campaign, new_id, present
from tests.loops import telling_all_misses

pytestmark = pytest.mark.timeout(300)

POSTS = 10_000


@pytest.fixture
def frozen() -> Generator[None]:
    """What the tests have made is not looked through meanwhile, as in the service."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


async def a_campaign_of_many(client: httpx2.AsyncClient) -> Mapping[str, str]:
    brand_id, today = await a_brand(client), await present(client)
    begin, end = today + timedelta(days=10), today + timedelta(days=10 + POSTS // len(Platform))
    campaign_id = await a_campaign(
        client, brand_id=brand_id, start=f"{begin:%Y-%m-%d}", end=f"{end:%Y-%m-%d}", posts=[]
    )
    return {"brand": brand_id, "campaign": campaign_id}


@pytest.mark.slow
@pytest.mark.usefixtures("frozen")
async def test_no_request_about_ten_thousand_posts_holds_the_loop(caller: httpx2.AsyncClient) -> None:
    of = await a_campaign_of_many(caller)
    platforms = list(Platform)
    posts = [
        {"post_id": new_id(), "title": f"Post {nth}", "s3_url": f"s3://posts/{nth}", "platform": platforms[nth % 6]}
        for nth in range(POSTS)
    ]
    campaign, whole = f"/campaigns/{of['campaign']}", f"/schedule/campaign/{of['campaign']}"
    requests: tuple[tuple[str, str, Json | None], ...] = (
        ("POST", f"{campaign}/posts", {"posts": posts}),
        ("POST", whole, None),
        ("POST", whole, None),
        ("POST", f"{campaign}/shift", {"by": "P7D"}),
        ("PUT", f"/brands/{of['brand']}", {"brand_default_timezone": "Europe/Berlin"}),
        ("POST", f"/brands/{of['brand']}/follow", {"zone": True}),
        ("POST", whole, {"replace": True}),
        ("DELETE", whole, None),
        ("POST", whole, {"fill": True}),
        ("DELETE", campaign, None),
    )
    with telling_all_misses() as trying:
        for method, path, body in requests:
            with trying(method=method, path=path):
                answer, pause = await with_pause(caller.request(method, path, json=body))
                assert answer.status_code < 300, answer.text[:300]
                assert pause < 3 * LONGEST_PAUSE  # with what is computed beside the loop, and on a busy machine
