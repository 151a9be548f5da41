"""One post, one time: scheduling, reading, moving and cancelling over HTTP."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx2
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.fakes.clock import FrozenClock
from tests.http.postgres.given import at_once, set_status, stored
from tests.http.steps import (
    HORIZON,
    LOS_ANGELES,
    NOON,
    SEVEN_PM,
    Json,
    a_brand,
    a_post,
    a_scheduled_post,
    new_id,
    problem,
    sample,
)
from tests.loops import on_each

BERLIN = "Europe/Berlin"
GAP = "2027-03-28T02:30:00"
OVERLAP = "2027-10-31T02:30:00"


def ahead_of(clock: FrozenClock, instant: str) -> None:
    """Set the clock to a month before an instant, so that it can be scheduled."""
    clock.set(datetime.fromisoformat(instant) - timedelta(days=30))


async def test_a_post_is_scheduled_at_a_wall_time_in_a_zone(client: httpx2.AsyncClient) -> None:
    brand_id = await a_brand(client, zone=BERLIN)
    post_id = await a_post(client, brand_id=brand_id)

    answer = await client.post(f"/schedule/post/{post_id}", json={"timestamp": SEVEN_PM, "timezone": LOS_ANGELES})

    assert answer.status_code == 201
    schedule = answer.json()
    assert UUID(schedule.pop("schedule_id")).version == 7
    assert schedule.pop("tz_release")
    assert schedule == {
        "post_id": post_id,
        "brand_id": brand_id,
        "campaign_id": None,
        "platform": "TWITTER",
        "title": "Meet the new line",
        "publish_time": "2027-03-18T02:00:00Z",
        "publish_time_local": "2027-03-17T19:00:00-07:00[America/Los_Angeles]",
        "status": "PENDING",
        "retry_count": 0,
        "doubtful": False,
        "holds": [],
        "external_id": None,
        "dry_run": False,
        "error": None,
        "note": None,
        "retry_of": None,
        "override": [],
        "arm": None,
        "intent": "wall",
        "local_time": "2027-03-17T19:00:00",
        "timezone": LOS_ANGELES,
        "disambiguation": "compatible",
        "resolution": "exact",
        "scheduler": None,
        "version": 1,
        "warnings": [],
        "created_at": "2027-03-01T12:00:00Z",
        "updated_at": "2027-03-01T12:00:00Z",
    }


@pytest.mark.parametrize("zone", [{}, {"timezone": None}], ids=["absent", "null"])
async def test_without_a_zone_the_brands_is_taken(client: httpx2.AsyncClient, zone: Json) -> None:
    post_id = await a_post(client, zone=BERLIN)

    answer = await client.post(f"/schedule/post/{post_id}", json={"timestamp": SEVEN_PM, **zone})

    assert answer.json()["publish_time"] == "2027-03-17T18:00:00Z"
    assert answer.json()["timezone"] == BERLIN


@on_each(
    ("timestamp", "zone", "publish_time", "intent"),
    [
        ("2027-07-01T19:00", None, "2027-07-02T02:00:00Z", "wall"),
        ("2027-07-01T19:00:00.250000", None, "2027-07-02T02:00:00.250000Z", "wall"),
        ("2027-07-01T19:00:00[Europe/Berlin]", None, "2027-07-01T17:00:00Z", "wall"),
        ("2027-07-01T19:00:00[!Europe/Berlin]", None, "2027-07-01T17:00:00Z", "wall"),
        ("2027-07-01T19:00:00[Europe/Berlin]", BERLIN, "2027-07-01T17:00:00Z", "wall"),
        ("2027-07-01T19:00:00+02:00", BERLIN, "2027-07-01T17:00:00Z", "wall"),
        ("2027-07-01T19:00:00+02:00[Europe/Berlin]", None, "2027-07-01T17:00:00Z", "wall"),
        ("2027-07-01T17:00:00Z", None, "2027-07-01T17:00:00Z", "instant"),
        ("2027-07-01T17:00:00-00:00", BERLIN, "2027-07-01T17:00:00Z", "instant"),
        ("2027-07-01T19:00:00+02:00", None, "2027-07-01T17:00:00Z", "instant"),
        ("2027-07-01T17:00:00Z[Europe/Berlin]", None, "2027-07-01T17:00:00Z", "instant"),
        ("2027-07-01T17:00:00Z", BERLIN, "2027-07-01T17:00:00Z", "instant"),
    ],
)
async def test_every_form_of_a_time_is_read(
    client: httpx2.AsyncClient, timestamp: str, zone: str | None, publish_time: str, intent: str
) -> None:
    post_id = await a_post(client)

    answer = await client.post(f"/schedule/post/{post_id}", json={"timestamp": timestamp, "timezone": zone})

    assert answer.status_code == 201, answer.text
    assert answer.json()["publish_time"] == publish_time
    assert answer.json()["intent"] == intent


async def test_an_instant_has_no_wall_time_and_is_shown_in_the_brands_zone(client: httpx2.AsyncClient) -> None:
    post_id = await a_post(client, zone=BERLIN)

    answer = await client.post(f"/schedule/post/{post_id}", json={"timestamp": "2027-07-01T17:00:00Z"})

    schedule = answer.json()
    assert schedule["local_time"] is None
    assert schedule["disambiguation"] is None
    assert schedule["publish_time_local"] == "2027-07-01T19:00:00+02:00[Europe/Berlin]"


@pytest.mark.parametrize(
    ("timestamp", "disambiguation", "publish_time", "local", "resolution"),
    [
        (GAP, "compatible", "2027-03-28T01:30:00Z", "2027-03-28T03:30:00+02:00", "gap_shifted"),
        (GAP, "later", "2027-03-28T01:30:00Z", "2027-03-28T03:30:00+02:00", "gap_shifted"),
        (GAP, "earlier", "2027-03-28T00:30:00Z", "2027-03-28T01:30:00+01:00", "gap_shifted"),
        (OVERLAP, "compatible", "2027-10-31T00:30:00Z", "2027-10-31T02:30:00+02:00", "overlap_earlier"),
        (OVERLAP, "earlier", "2027-10-31T00:30:00Z", "2027-10-31T02:30:00+02:00", "overlap_earlier"),
        (OVERLAP, "later", "2027-10-31T01:30:00Z", "2027-10-31T02:30:00+01:00", "overlap_later"),
        (SEVEN_PM, "reject", "2027-03-17T18:00:00Z", "2027-03-17T19:00:00+01:00", "exact"),
    ],
)
async def test_a_time_that_is_moved_or_chosen_is_named(
    client: httpx2.AsyncClient, timestamp: str, disambiguation: str, publish_time: str, local: str, resolution: str
) -> None:
    post_id = await a_post(client, zone=BERLIN)
    body = {"timestamp": timestamp, "disambiguation": disambiguation}

    answer = await client.post(f"/schedule/post/{post_id}", json=body)

    schedule = answer.json()
    assert answer.status_code == 201, answer.text
    assert schedule["publish_time"] == publish_time
    assert schedule["publish_time_local"] == f"{local}[{BERLIN}]"
    assert schedule["local_time"] == timestamp
    assert schedule["resolution"] == resolution
    assert len(schedule["warnings"]) == (resolution != "exact")


@pytest.mark.parametrize(
    ("body", "code", "case", "readings"),
    [
        (
            {"timestamp": GAP, "disambiguation": "reject"},
            "local_time_in_gap",
            "gap",
            [
                ("2027-03-28T00:30:00Z", "2027-03-28T01:30:00+01:00[Europe/Berlin]"),
                ("2027-03-28T01:30:00Z", "2027-03-28T03:30:00+02:00[Europe/Berlin]"),
            ],
        ),
        (
            {"timestamp": OVERLAP, "disambiguation": "reject"},
            "local_time_ambiguous",
            "overlap",
            [
                ("2027-10-31T00:30:00Z", "2027-10-31T02:30:00+02:00[Europe/Berlin]"),
                ("2027-10-31T01:30:00Z", "2027-10-31T02:30:00+01:00[Europe/Berlin]"),
            ],
        ),
        (
            {"timestamp": "2027-07-01T19:00:00+05:00", "timezone": BERLIN},
            "offset_contradicts_zone",
            "offset",
            [
                ("2027-07-01T14:00:00Z", "2027-07-01T16:00:00+02:00[Europe/Berlin]"),
                ("2027-07-01T17:00:00Z", "2027-07-01T19:00:00+02:00[Europe/Berlin]"),
            ],
        ),
        (
            {"timestamp": f"{GAP}+01:00[{BERLIN}]"},
            "offset_contradicts_zone",
            "offset",
            [
                ("2027-03-28T01:30:00Z", "2027-03-28T03:30:00+02:00[Europe/Berlin]"),
                ("2027-03-28T01:30:00Z", "2027-03-28T03:30:00+02:00[Europe/Berlin]"),
            ],
        ),
    ],
    ids=["gap", "overlap", "offset", "offset in a gap"],
)
async def test_an_unclear_time_is_refused_with_both_readings(
    client: httpx2.AsyncClient, body: Json, code: str, case: str, readings: list[tuple[str, str]]
) -> None:
    post_id = await a_post(client, zone=BERLIN)

    answer = await client.post(f"/schedule/post/{post_id}", json=body)

    details = problem(answer, 422, code)["details"]
    assert details["case"] == case
    assert [(each["publish_time"], each["publish_time_local"]) for each in details["readings"]] == readings


@on_each(
    "timestamp",
    [
        "2027-03-17",
        "2027-W11-3T19:00",
        "20270317T1900",
        "2027-03-17T19",
        "2027-03-17T24:00",
        "2027-03-17T19:60",
        "2027-03-17T19:00:60",
        "2027-03-17T19:00:00.1234567",
        "2027-03-17T19:00:00,5",
        "2027-03-17 19:00:00",
        "2027-03-17T19:00:00+0200",
        "2027-03-17T19:00:00+02:00:30",
        "2027-03-17T19:00:00+24:00",
        "2027-03-17T19:00:00[+02:00]",
        "2027-03-17T19:00:00[!u-ca=hebrew]",
        "2027-03-17T19:00:00[Europe/Berlin][Europe/Berlin]",
        "2027-02-30T19:00:00",
        "2027-13-01T19:00:00",
        "٢٠٢٧-03-17T19:00:00",
        " 2027-03-17T19:00:00",
        "2027-03-17T19:00:00\n",
        "tomorrow",
        "",
        "7" * 5000,
    ],
)
async def test_a_text_that_is_no_time_is_refused(client: httpx2.AsyncClient, timestamp: str) -> None:
    post_id = await a_post(client)

    answer = await client.post(f"/schedule/post/{post_id}", json={"timestamp": timestamp})

    problem(answer, 422, "unreadable_time")


async def test_two_different_zones_for_one_time_are_refused(client: httpx2.AsyncClient) -> None:
    post_id = await a_post(client)
    body = {"timestamp": f"{SEVEN_PM}[{BERLIN}]", "timezone": LOS_ANGELES}

    answer = await client.post(f"/schedule/post/{post_id}", json=body)

    problem(answer, 422, "unreadable_time")


@on_each(
    ("zone", "hint"),
    [
        ("PST", "abbreviation"),
        ("EST", "abbreviation"),
        ("UTC+3", "offset in the time"),
        ("europe/berlin", "Europe/Berlin"),
        ("Mars/Olympus", "IANA"),
        ("Europe", "IANA"),
        ("Factory", "IANA"),
        ("localtime", "IANA"),
        ("posix/Europe/Berlin", "IANA"),
        ("/etc/passwd", "IANA"),
        ("../../etc/passwd", "IANA"),
        ("tzdata.zi", "IANA"),
        ("Europe/Berlin\x00", "Europe/Berlin"),
        ("", "IANA"),
        ("Z" * 5000, "IANA"),
    ],
)
async def test_a_zone_that_is_none_is_refused_with_a_hint(client: httpx2.AsyncClient, zone: str, hint: str) -> None:
    post_id = await a_post(client)

    answer = await client.post(f"/schedule/post/{post_id}", json={"timestamp": SEVEN_PM, "timezone": zone})

    assert hint in problem(answer, 422, "unknown_zone")["details"]["hint"]


async def test_a_zone_whose_sign_is_turned_round_comes_with_a_warning(client: httpx2.AsyncClient) -> None:
    post_id = await a_post(client)

    answer = await client.post(f"/schedule/post/{post_id}", json={"timestamp": SEVEN_PM, "timezone": "Etc/GMT+3"})

    assert answer.json()["publish_time"] == "2027-03-17T22:00:00Z"
    assert "UTC-3" in answer.json()["warnings"][0]


@on_each("row", sample("dst_sample.jsonl", of_each=3, kind=("normal", "gap", "overlap")))
async def test_sampled_wall_times_become_the_expected_instants(
    client: httpx2.AsyncClient, clock: FrozenClock, row: Json
) -> None:
    ahead_of(clock, row["utc"])
    zone = {"timezone": row["zone"]}
    expected = {"compatible": row["utc"], "earlier": row.get("earlier"), "later": row.get("later")}

    for disambiguation, instant in expected.items():
        body = {"timestamp": row["local"], "disambiguation": disambiguation, **zone}
        answer = await client.post(f"/schedule/post/{await a_post(client)}", json=body)

        assert answer.json()["publish_time"] == (instant or row["utc"])
    body = {"timestamp": row["local"], "disambiguation": "reject", **zone}
    rejected = await client.post(f"/schedule/post/{await a_post(client)}", json=body)
    assert rejected.status_code == (201 if row["kind"] == "normal" else 422)


@on_each("row", sample("offset_sample.jsonl", of_each=3, consistent=(True, False)))
async def test_a_sampled_offset_is_taken_where_it_agrees_with_its_zone(
    client: httpx2.AsyncClient, clock: FrozenClock, row: Json
) -> None:
    ahead_of(clock, row["utc_by_offset"])
    post_id = await a_post(client)

    answer = await client.post(f"/schedule/post/{post_id}", json={"timestamp": row["text"]})

    if row["consistent"]:
        assert answer.status_code == 201, answer.text
        assert answer.json()["publish_time"] == row["utc_by_offset"]
    else:
        details = problem(answer, 422, "offset_contradicts_zone")["details"]
        readings = [reading["publish_time"] for reading in details["readings"]]
        assert readings == [row["utc_by_offset"], row["utc_by_zone"]]


@pytest.mark.parametrize(
    "again",
    [
        {"timestamp": SEVEN_PM, "timezone": LOS_ANGELES},
        {"timestamp": "2027-03-17T19:00"},
        {"timestamp": f"{SEVEN_PM}-07:00[{LOS_ANGELES}]"},
        {"timestamp": SEVEN_PM, "disambiguation": "compatible", "allow_repost": True},
        {"timestamp": SEVEN_PM, "timezone": "US/Pacific"},
        {"timestamp": f"{SEVEN_PM}.0000000[US/Pacific][u-ca=iso8601]", "timezone": LOS_ANGELES},
    ],
)
async def test_the_same_request_again_finds_the_same_schedule(
    client: httpx2.AsyncClient, clock: FrozenClock, again: Json
) -> None:
    post_id, first = await a_scheduled_post(client)
    clock.advance(timedelta(days=1))

    answer = await client.post(f"/schedule/post/{post_id}", json=again)

    assert answer.status_code == 200
    assert answer.json() == first


async def test_the_same_request_finds_its_schedule_even_when_its_time_has_passed(
    client: httpx2.AsyncClient, clock: FrozenClock
) -> None:
    post_id, first = await a_scheduled_post(client)
    clock.advance(timedelta(days=365))

    answer = await client.post(f"/schedule/post/{post_id}", json={"timestamp": SEVEN_PM})

    assert answer.status_code == 200
    assert answer.json() == first


@pytest.mark.parametrize("status", ["PENDING", "PUBLISHING", "UNCONFIRMED"])
async def test_another_time_for_a_post_with_an_active_schedule_names_that_schedule(
    client: httpx2.AsyncClient, tables: AsyncEngine, status: str
) -> None:
    post_id, active = await a_scheduled_post(client)
    await set_status(tables, post_id, status)

    answer = await client.post(f"/schedule/post/{post_id}", json={"timestamp": "2027-03-18T19:00:00"})

    refused = problem(answer, 409, "already_scheduled")
    assert refused["details"]["schedule_id"] == active["schedule_id"]
    assert refused["details"]["publish_time"] == active["publish_time"]
    assert active["schedule_id"] in refused["detail"]


async def test_a_published_post_is_scheduled_again_only_on_purpose(
    client: httpx2.AsyncClient, tables: AsyncEngine
) -> None:
    post_id, published = await a_scheduled_post(client)
    await set_status(tables, post_id, "COMPLETED")

    refused = await client.post(f"/schedule/post/{post_id}", json={"timestamp": SEVEN_PM})
    allowed = await client.post(f"/schedule/post/{post_id}", json={"timestamp": SEVEN_PM, "allow_repost": True})

    assert problem(refused, 409, "already_published")["details"]["schedule_id"] == published["schedule_id"]
    assert allowed.status_code == 201
    assert allowed.json()["schedule_id"] != published["schedule_id"]


@pytest.mark.parametrize("status", ["FAILED", "MISSED", "CANCELLED"])
async def test_a_post_that_did_not_go_out_can_be_scheduled_again(
    client: httpx2.AsyncClient, tables: AsyncEngine, status: str
) -> None:
    post_id, first = await a_scheduled_post(client)
    await set_status(tables, post_id, status)

    answer = await client.post(f"/schedule/post/{post_id}", json={"timestamp": SEVEN_PM})

    assert answer.status_code == 201
    assert answer.json()["schedule_id"] != first["schedule_id"]


@pytest.mark.parametrize(
    ("instant", "code"),
    [
        (NOON - timedelta(seconds=60), None),
        (NOON - timedelta(seconds=61), "time_in_past"),
        (NOON + HORIZON, None),
        (NOON + HORIZON + timedelta(seconds=1), "beyond_horizon"),
        (datetime(1, 1, 1, tzinfo=UTC), "time_in_past"),
        (datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC), "beyond_horizon"),
    ],
)
async def test_a_time_is_accepted_from_a_minute_ago_to_five_years_ahead(
    client: httpx2.AsyncClient, instant: datetime, code: str | None
) -> None:
    post_id = await a_post(client)

    answer = await client.post(f"/schedule/post/{post_id}", json={"timestamp": instant.isoformat()})

    if code is None:
        assert answer.status_code == 201, answer.text
    else:
        problem(answer, 422, code)


@pytest.mark.parametrize(
    "body",
    [
        {"timestamp": "2027-02-01T19:00:00"},
        {"timestamp": "2040-02-01T19:00:00"},
        {"timestamp": "soon"},
        {"timestamp": SEVEN_PM, "timezone": "PST"},
        {"timestamp": SEVEN_PM, "disambiguation": "whatever"},
    ],
)
async def test_a_refused_time_stores_nothing(client: httpx2.AsyncClient, tables: AsyncEngine, body: Json) -> None:
    post_id = await a_post(client)
    before = await stored(tables)

    answer = await client.post(f"/schedule/post/{post_id}", json=body)

    assert answer.status_code in (400, 422)
    assert await stored(tables) == before


@pytest.mark.parametrize(
    ("method", "body"),
    [("POST", {"timestamp": SEVEN_PM}), ("GET", None), ("PUT", {"timestamp": SEVEN_PM}), ("DELETE", None)],
)
async def test_an_unknown_post_is_not_found(client: httpx2.AsyncClient, method: str, body: Json | None) -> None:
    post_id = new_id()

    answer = await client.request(method, f"/schedule/post/{post_id}", json=body)

    assert problem(answer, 404, "post_not_found")["details"] == {"post_id": post_id}


async def test_the_active_schedule_of_a_post_is_read(client: httpx2.AsyncClient, tables: AsyncEngine) -> None:
    post_id, _ = await a_scheduled_post(client)
    await set_status(tables, post_id, "COMPLETED")
    body = {"timestamp": "2027-03-10T19:00:00", "allow_repost": True}
    repost = await client.post(f"/schedule/post/{post_id}", json=body)

    answer = await client.get(f"/schedule/post/{post_id}")

    assert answer.status_code == 200
    assert answer.json() == repost.json()


async def test_without_an_active_schedule_the_most_recent_one_is_read(client: httpx2.AsyncClient) -> None:
    post_id, _ = await a_scheduled_post(client, "2027-03-19T19:00:00")
    await client.delete(f"/schedule/post/{post_id}")
    second = await client.post(f"/schedule/post/{post_id}", json={"timestamp": "2027-03-18T19:00:00"})
    await client.delete(f"/schedule/post/{post_id}")

    answer = await client.get(f"/schedule/post/{post_id}")

    assert answer.json()["schedule_id"] == second.json()["schedule_id"]
    assert answer.json()["status"] == "CANCELLED"


async def test_a_post_that_was_never_scheduled_has_no_schedule_to_read(client: httpx2.AsyncClient) -> None:
    post_id = await a_post(client)

    answer = await client.get(f"/schedule/post/{post_id}")

    problem(answer, 404, "schedule_not_found")


async def test_a_moved_schedule_keeps_its_id_and_gets_a_new_version(
    client: httpx2.AsyncClient, clock: FrozenClock
) -> None:
    post_id, first = await a_scheduled_post(client)
    clock.advance(timedelta(hours=1))

    answer = await client.put(f"/schedule/post/{post_id}", json={"timestamp": SEVEN_PM, "timezone": BERLIN})

    assert answer.status_code == 200
    assert answer.json() == {
        **first,
        "publish_time": "2027-03-17T18:00:00Z",
        "publish_time_local": f"2027-03-17T19:00:00+01:00[{BERLIN}]",
        "timezone": BERLIN,
        "version": 2,
        "updated_at": "2027-03-01T13:00:00Z",
    }
    assert (await client.get(f"/schedule/post/{post_id}")).json() == answer.json()


async def test_a_move_to_the_same_time_changes_nothing(client: httpx2.AsyncClient, clock: FrozenClock) -> None:
    post_id, first = await a_scheduled_post(client)
    clock.advance(timedelta(hours=1))

    answer = await client.put(f"/schedule/post/{post_id}", json={"timestamp": SEVEN_PM})

    assert answer.status_code == 200
    assert answer.json() == first


async def test_a_move_may_name_the_version_it_read(client: httpx2.AsyncClient) -> None:
    post_id, first = await a_scheduled_post(client)
    moved = {"timestamp": "2027-03-18T19:00:00", "version": first["version"]}
    again = {"timestamp": "2027-03-19T19:00:00", "version": first["version"]}

    current = await client.put(f"/schedule/post/{post_id}", json=moved)
    stale = await client.put(f"/schedule/post/{post_id}", json=again)

    assert current.status_code == 200
    details = problem(stale, 409, "stale_version")["details"]
    assert details == {"schedule_id": first["schedule_id"], "given": 1, "current": 2}
    assert (await client.get(f"/schedule/post/{post_id}")).json() == current.json()


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"timestamp": "2027-02-01T19:00:00"}, "time_in_past"),
        ({"timestamp": "2040-02-01T19:00:00"}, "beyond_horizon"),
        ({"timestamp": "2027-03-14T02:30:00", "disambiguation": "reject"}, "local_time_in_gap"),
        ({"timestamp": "2027-03-18T19:00:00", "timezone": "PDT"}, "unknown_zone"),
        ({"timestamp": "2027-03-18"}, "unreadable_time"),
    ],
)
async def test_a_move_keeps_the_rules_of_time(client: httpx2.AsyncClient, body: Json, code: str) -> None:
    post_id, first = await a_scheduled_post(client)

    answer = await client.put(f"/schedule/post/{post_id}", json=body)

    problem(answer, 422, code)
    assert (await client.get(f"/schedule/post/{post_id}")).json() == first


async def test_a_cancelled_schedule_is_kept(client: httpx2.AsyncClient, clock: FrozenClock) -> None:
    post_id, first = await a_scheduled_post(client)
    clock.advance(timedelta(hours=1))

    answer = await client.delete(f"/schedule/post/{post_id}")

    assert answer.status_code == 200
    assert answer.json() == {**first, "status": "CANCELLED", "version": 2, "updated_at": "2027-03-01T13:00:00Z"}
    assert (await client.get(f"/schedule/post/{post_id}")).json() == answer.json()


@pytest.mark.parametrize("status", [None, "CANCELLED", "COMPLETED", "FAILED", "MISSED"])
@pytest.mark.parametrize(("method", "body"), [("PUT", {"timestamp": "2027-03-18T19:00:00"}), ("DELETE", None)])
async def test_where_nothing_is_active_nothing_is_moved_or_cancelled(
    client: httpx2.AsyncClient, tables: AsyncEngine, status: str | None, method: str, body: Json | None
) -> None:
    if status is None:
        post_id = await a_post(client)
    else:
        post_id, _ = await a_scheduled_post(client)
        await set_status(tables, post_id, status)
    before = await stored(tables)

    answer = await client.request(method, f"/schedule/post/{post_id}", json=body)

    assert problem(answer, 404, "schedule_not_found")["details"] == {"post_id": post_id}
    assert await stored(tables) == before


@pytest.mark.parametrize("status", ["PUBLISHING", "UNCONFIRMED"])
@pytest.mark.parametrize(("method", "body"), [("PUT", {"timestamp": "2027-03-18T19:00:00"}), ("DELETE", None)])
async def test_a_schedule_that_may_be_out_is_neither_moved_nor_cancelled(
    client: httpx2.AsyncClient, tables: AsyncEngine, status: str, method: str, body: Json | None
) -> None:
    post_id, first = await a_scheduled_post(client)
    await set_status(tables, post_id, status)

    answer = await client.request(method, f"/schedule/post/{post_id}", json=body)

    details = problem(answer, 409, "send_in_flight")["details"]
    assert details == {"schedule_id": first["schedule_id"], "schedule_status": status}


async def test_fifty_requests_at_once_make_one_schedule(client: httpx2.AsyncClient, tables: AsyncEngine) -> None:
    post_id = await a_post(client)
    request = {"timestamp": SEVEN_PM}

    answers = await at_once(client, (client.post(f"/schedule/post/{post_id}", json=request) for _ in range(50)))

    assert sorted(answer.status_code for answer in answers) == [200] * 49 + [201]
    assert len({answer.json()["schedule_id"] for answer in answers}) == 1
    assert len((await stored(tables))["schedules"]) == 1


async def test_of_fifty_different_times_at_once_one_is_taken(client: httpx2.AsyncClient, tables: AsyncEngine) -> None:
    post_id = await a_post(client)
    times = [{"timestamp": f"2027-03-17T19:{minute:02}:00"} for minute in range(50)]

    answers = await at_once(client, (client.post(f"/schedule/post/{post_id}", json=time) for time in times))

    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 49
    taken = next(answer.json() for answer in answers if answer.status_code == 201)
    named = {answer.json()["details"]["schedule_id"] for answer in answers if answer.status_code == 409}
    assert named == {taken["schedule_id"]}
    assert len((await stored(tables))["schedules"]) == 1


async def test_of_moves_at_once_that_name_one_version_one_wins(client: httpx2.AsyncClient) -> None:
    post_id, _ = await a_scheduled_post(client)
    moves: list[Any] = [{"timestamp": f"2027-03-18T19:{minute:02}:00", "version": 1} for minute in range(20)]

    answers = await at_once(client, (client.put(f"/schedule/post/{post_id}", json=move) for move in moves))

    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 19
    winner = next(answer.json() for answer in answers if answer.status_code == 200)
    assert (await client.get(f"/schedule/post/{post_id}")).json() == winner
