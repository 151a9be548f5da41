"""One change of each kind that may name what it expects to find, with the path where that is read."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any

import httpx2
import pytest

from tests.http.steps import (
    LOS_ANGELES,
    Json,
    a_brand,
    a_campaign,
    a_post,
    a_post_body,
    a_scheduled_post,
    claim,
    due,
    new_id,
    settle,
    unconfirmed,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change of something that exists, and the path where it is read."""

    read: str
    method: str
    path: str
    body: Json | None = None

    async def made(self, client: httpx2.AsyncClient, **headers: str) -> httpx2.Response:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return await client.request(self.method, self.path, json=self.body, headers=sent)


_titles = count(1)


async def put_brand(client: httpx2.AsyncClient) -> Change:
    path = f"/brands/{await a_brand(client)}"
    return Change(read=path, method="PUT", path=path, body=a_brand_body())


async def put_campaign(client: httpx2.AsyncClient) -> Change:
    brand_id = await a_brand(client)
    path = f"/campaigns/{await a_campaign(client, brand_id=brand_id)}"
    return Change(read=path, method="PUT", path=path, body=a_campaign_body(brand_id))


async def put_post(client: httpx2.AsyncClient) -> Change:
    brand_id = await a_brand(client)
    path = f"/posts/{await a_post(client, brand_id=brand_id)}"
    return Change(read=path, method="PUT", path=path, body=a_lone_post_body(brand_id))


async def move_post(client: httpx2.AsyncClient) -> Change:
    path = f"/schedule/post/{(await a_scheduled_post(client))[0]}"
    return Change(read=path, method="PUT", path=path, body={"timestamp": "2027-03-18T19:00:00"})


async def cancel_post(client: httpx2.AsyncClient) -> Change:
    path = f"/schedule/post/{(await a_scheduled_post(client))[0]}"
    return Change(read=path, method="DELETE", path=path)


async def confirm(client: httpx2.AsyncClient) -> Change:
    path = f"/schedules/{(await unconfirmed(client))['schedule_id']}"
    return Change(read=path, method="POST", path=f"{path}/confirm", body={"published": True})


async def retry(client: httpx2.AsyncClient) -> Change:
    schedule = await due(client)
    await settle(client, *await claim(client), verdict="refused", reason="too long")
    path = f"/schedules/{schedule['schedule_id']}"
    return Change(read=path, method="POST", path=f"{path}/retry", body={})


async def pause_brand(client: httpx2.AsyncClient) -> Change:
    path = f"/brands/{await a_brand(client)}"
    return Change(read=path, method="POST", path=f"{path}/pause")


async def resume_brand(client: httpx2.AsyncClient) -> Change:
    path = f"/brands/{await a_brand(client)}"
    await client.post(f"{path}/pause")
    return Change(read=path, method="POST", path=f"{path}/resume")


async def pause_campaign(client: httpx2.AsyncClient) -> Change:
    path = f"/campaigns/{await a_campaign(client, posts=['TWITTER'])}"
    return Change(read=path, method="POST", path=f"{path}/pause")


async def resume_campaign(client: httpx2.AsyncClient) -> Change:
    path = f"/campaigns/{await a_campaign(client, posts=['TWITTER'])}"
    await client.post(f"{path}/pause")
    return Change(read=path, method="POST", path=f"{path}/resume")


PUTS = [put_brand, put_campaign, put_post]
CHANGES = [
    *PUTS,
    *(move_post, cancel_post, confirm, retry),
    *(pause_brand, resume_brand, pause_campaign, resume_campaign),
]
each_change = pytest.mark.parametrize("given", CHANGES)
each_put = pytest.mark.parametrize("given", PUTS)


def a_brand_body() -> Json:
    return {"brand_name": f"Tea {next(_titles)}", "brand_default_timezone": LOS_ANGELES}


def a_campaign_body(brand_id: str) -> Json:
    name = f"Launch {next(_titles)}"
    return {"brand_id": brand_id, "name": name, "start_date": "2027-03-15", "end_date": "2027-03-21"}


def a_lone_post_body(brand_id: str) -> Json:
    content = a_post_body() | {"brand_id": brand_id, "title": f"Meet {next(_titles)}"}
    del content["post_id"]
    return content


async def tag(client: httpx2.AsyncClient, path: str) -> str:
    answer = await client.get(path)
    assert answer.status_code == 200, answer.text
    return answer.headers["etag"]


def elsewhere(path: str) -> str:
    return f"{path.rpartition('/')[0]}/{new_id()}"


def renamed(body: Mapping[str, Any]) -> Json:
    [name] = {"brand_name", "name", "title"} & body.keys()
    return {name: f"New {next(_titles)}"}
