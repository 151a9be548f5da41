"""Every operation with a body that is accepted as it stands, and the places in it where something else can be put."""

import json
from collections.abc import AsyncIterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import httpx2

from tests.http.steps import SEVEN_PM, Json

JSON = {"content-type": "application/json"}
DROP_TABLE = "Robert'); DROP TABLE posts; --"


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """A request with a body that would be accepted, in a world where the ids in its braces exist."""

    method: str
    path: str
    body: Json

    def filled(self, world: Mapping[str, str], body: Any = None) -> Any:
        """The body, or the operation's own, with ids in place of braces."""
        text = json.dumps(self.body if body is None else body)
        for name, value in world.items():
            text = text.replace(f"{{{name}}}", value)
        return json.loads(text)


_CONTENT: Json = {"title": "Meet the new line", "s3_url": "s3://tea/meet.mp4", "platform": "TWITTER"}
OPERATIONS = {
    "put brand": Operation(
        method="PUT",
        path="/brands/{new}",
        body={"brand_name": "Northwind", "brand_default_timezone": "Europe/Berlin", "tone_profile": "Short"},
    ),
    "put campaign": Operation(
        method="PUT",
        path="/campaigns/{new}",
        body={
            "brand_id": "{brand}",
            "name": "Spring launch",
            "goal": "Sell tea",
            "start_date": "2027-03-15",
            "end_date": "2027-03-21",
        },
    ),
    "put post": Operation(
        method="PUT", path="/posts/{new}", body={"brand_id": "{brand}", "campaign_id": "{campaign}", **_CONTENT}
    ),
    "tell observations": Operation(
        method="POST",
        path="/engagement-observations",
        body={
            "observations": [
                {
                    "observation_id": "views of a day",
                    "post_id": "{scheduled}",
                    "figure": "views",
                    "value": 5600,
                    "measured_at": "2027-02-19T02:00:00Z",
                }
            ]
        },
    ),
    "register posts": Operation(
        method="POST", path="/campaigns/{campaign}/posts", body={"posts": [{"post_id": "{new}", **_CONTENT}]}
    ),
    "schedule post": Operation(
        method="POST",
        path="/schedule/post/{post}",
        body={
            "timestamp": SEVEN_PM,
            "timezone": "Europe/Berlin",
            "disambiguation": "compatible",
            "allow_repost": False,
        },
    ),
    "move post": Operation(
        method="PUT",
        path="/schedule/post/{scheduled}",
        body={"timestamp": SEVEN_PM, "timezone": "Europe/Berlin", "disambiguation": "compatible", "version": 1},
    ),
    "schedule campaign": Operation(
        method="POST",
        path="/schedule/campaign/{campaign}",
        body={"scheduler": "naive", "platforms": ["TWITTER"], "replace": True},
    ),
}
Place = tuple[str | int, ...]

IDS: list[tuple[str, Place]] = [
    ("put campaign", ("brand_id",)),
    ("put post", ("brand_id",)),
    ("put post", ("campaign_id",)),
    ("register posts", ("posts", 0, "post_id")),
]
CHOICES: list[tuple[str, Place]] = [
    ("put post", ("platform",)),
    ("register posts", ("posts", 0, "platform")),
    ("schedule post", ("disambiguation",)),
    ("move post", ("disambiguation",)),
    ("schedule campaign", ("scheduler",)),
    ("schedule campaign", ("platforms", 0)),
]
TEXTS: list[tuple[str, Place, int]] = [
    ("put brand", ("brand_name",), 200),
    ("put brand", ("tone_profile",), 2000),
    ("put campaign", ("name",), 200),
    ("put campaign", ("goal",), 2000),
    ("put post", ("title",), 500),
    ("register posts", ("posts", 0, "title"), 500),
]
URLS: list[tuple[str, Place]] = [("put post", ("s3_url",)), ("register posts", ("posts", 0, "s3_url"))]
DAYS: list[tuple[str, Place]] = [("put campaign", ("start_date",)), ("put campaign", ("end_date",))]
TIMES: list[tuple[str, Place]] = [("schedule post", ("timestamp",)), ("move post", ("timestamp",))]
ZONES: list[tuple[str, Place]] = [
    ("put brand", ("brand_default_timezone",)),
    ("schedule post", ("timezone",)),
    ("move post", ("timezone",)),
]
FLAGS: list[tuple[str, Place]] = [("schedule post", ("allow_repost",)), ("schedule campaign", ("replace",))]
NUMBERS: list[tuple[str, Place]] = [("move post", ("version",))]
LISTS: list[tuple[str, Place]] = [("register posts", ("posts",)), ("schedule campaign", ("platforms",))]
STRINGS = [*IDS, *CHOICES, *((name, place) for name, place, _ in TEXTS), *URLS, *DAYS, *TIMES, *ZONES]


def changed(body: Json, place: Place, value: object) -> Json:
    copy: Any = deepcopy(body)
    inner = copy
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = value
    return copy


async def send(
    client: httpx2.AsyncClient,
    name: str,
    world: Mapping[str, str],
    content: bytes | AsyncIterator[bytes],
    headers: Mapping[str, str] | httpx2.Headers = JSON,
) -> httpx2.Response:
    operation = OPERATIONS[name]
    return await client.request(operation.method, operation.path.format(**world), content=content, headers=headers)


def right(name: str, world: Mapping[str, str]) -> bytes:
    """The body that the operation accepts."""
    return json.dumps(OPERATIONS[name].filled(world)).encode()


def wrong(name: str, world: Mapping[str, str], place: Place, value: object) -> bytes:
    """The same with another value in one place."""
    operation = OPERATIONS[name]
    return json.dumps(operation.filled(world, changed(operation.body, place, value))).encode()
