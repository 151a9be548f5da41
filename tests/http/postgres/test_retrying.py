"""Trying many posts again at once, over PostgreSQL."""

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import httpx2

from marketmind_scheduler.domain.verdict import Refused
from tests.fakes.publisher import ScriptedPublisher
from tests.http.steps import (
    LOS_ANGELES,
    Json,
    a_brand,
    claim,
    due,
    in_status,
    new_id,
    present,
    problem,
    script,
    settle,
    trigger,
)


async def retried(client: httpx2.AsyncClient, **asked: Any) -> Json:
    answer = await client.post("/schedules/retry", json=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def failed(client: httpx2.AsyncClient, reason: str = "the receiver answered 401: no", **of_post: Any) -> Json:
    schedule = await due(client, **of_post)
    await settle(client, *await claim(client), verdict="refused", reason=reason)
    return await in_status(client, schedule, "FAILED")


async def of_post(client: httpx2.AsyncClient, schedule: Json) -> Json:
    return (await client.get(f"/schedule/post/{schedule['post_id']}")).json()


async def test_they_are_counted_first_and_then_go_out_one_by_one_in_their_order(caller: httpx2.AsyncClient) -> None:
    brand_id = await a_brand(caller)
    lost = [await failed(caller, brand_id=brand_id, platform="TIKTOK") for _ in range(3)]

    preview = await retried(caller, brand_id=brand_id, preview=True)
    before = [(await of_post(caller, each))["schedule_id"] for each in lost]
    done = await retried(caller, brand_id=brand_id)
    again = await retried(caller, brand_id=brand_id)

    lanes = [{"brand_id": brand_id, "platform": "TIKTOK", "schedules": 3}]
    assert preview == {"preview": True, "schedules": 3, "left": 0, "lanes": lanes}
    assert before == [each["schedule_id"] for each in lost], "a preview changes nothing"
    assert done == {"preview": False, "schedules": 3, "left": 0, "lanes": lanes}
    assert again == {"preview": False, "schedules": 0, "left": 0, "lanes": []}
    made = [await of_post(caller, each) for each in lost]
    assert [each["retry_of"] for each in made] == [each["schedule_id"] for each in lost]
    times = [datetime.fromisoformat(each["publish_time"]) for each in made]
    assert [later - sooner for sooner, later in pairwise(times)] == [timedelta(seconds=30)] * 2
    assert len(await trigger(caller)) == 1


async def test_each_filter_leaves_out_the_others(caller: httpx2.AsyncClient) -> None:
    brand_id, other = await a_brand(caller), await a_brand(caller)
    await failed(caller, brand_id=brand_id, platform="TIKTOK")
    await failed(caller, brand_id=brand_id, platform="YOUTUBE", reason="Too LONG")
    await failed(caller, brand_id=other, platform="TIKTOK")
    campaign_id = new_id()
    await caller.put(
        f"/campaigns/{campaign_id}",
        json={"brand_id": brand_id, "name": "A", "start_date": "2027-03-15", "end_date": "2027-03-21"},
    )
    for asked, expected in (
        ({"brand_id": brand_id}, 2),
        ({"brand_id": brand_id, "platform": "TIKTOK"}, 1),
        ({"brand_id": brand_id, "error": "too long"}, 1),
        ({"brand_id": brand_id, "error": "%"}, 0),
        ({"brand_id": brand_id, "status": "MISSED"}, 0),
        ({"brand_id": brand_id, "status": "FAILED"}, 2),
        ({"brand_id": brand_id, "since": "2020-01-01T00:00:00Z"}, 2),
        ({"brand_id": brand_id, "since": "2190-01-01T00:00:00Z"}, 0),
        ({"campaign_id": campaign_id}, 0),
        ({"brand_id": brand_id, "dry_run": True}, 0),
    ):
        assert (await retried(caller, preview=True, **asked))["schedules"] == expected, asked


async def test_what_is_out_or_scheduled_already_is_left_out(
    caller: httpx2.AsyncClient, publisher: ScriptedPublisher
) -> None:
    brand_id = await a_brand(caller)
    schedule = await due(caller, brand_id=brand_id)
    script(publisher, schedule, Refused("no"))
    await trigger(caller)
    second = (await caller.post(f"/schedules/{schedule['schedule_id']}/retry")).json()

    while_active = await retried(caller, brand_id=brand_id)
    await trigger(caller)
    published = await retried(caller, brand_id=brand_id)

    assert (await of_post(caller, schedule))["schedule_id"] == second["schedule_id"]
    assert [while_active["schedules"], published["schedules"]] == [0, 0]


async def test_what_was_only_a_dry_run_is_sent_in_earnest(caller: httpx2.AsyncClient) -> None:
    brand_id = await a_brand(caller)
    schedule = await due(caller, brand_id=brand_id)
    await settle(caller, *await claim(caller), verdict="accepted", external_id=f"dry-run-{schedule['schedule_id']}")

    done = await retried(caller, brand_id=brand_id, dry_run=True)

    assert done["schedules"] == 1
    assert (await of_post(caller, schedule))["retry_of"] == schedule["schedule_id"]
    assert (await retried(caller, brand_id=brand_id, dry_run=True))["schedules"] == 0


async def test_what_is_asked_wrongly_is_refused(caller: httpx2.AsyncClient) -> None:
    problem(await caller.post("/schedules/retry", json={"brand_id": new_id()}), 404, "brand_not_found")
    problem(await caller.post("/schedules/retry", json={"since": "yesterday"}), 422, "unreadable_time")
    problem(await caller.post("/schedules/retry", json={"status": "COMPLETED"}), 400, "malformed")


async def test_a_preview_names_the_rules_for_which_the_call_would_be_refused(caller: httpx2.AsyncClient) -> None:
    brand_id = await a_brand(caller)
    for _ in range(2):
        await failed(caller, brand_id=brand_id, platform="TIKTOK")
    today = (await present(caller)).astimezone(ZoneInfo(LOS_ANGELES)).date()
    closed = {"kind": "blackout", "first_date": f"{today}", "last_date": f"{today + timedelta(days=1)}"}
    await caller.put(f"/brands/{brand_id}/policy", json={"rules": [closed]})

    preview = await retried(caller, brand_id=brand_id, preview=True)
    refused = await caller.post("/schedules/retry", json={"brand_id": brand_id})
    passed_over = await retried(caller, brand_id=brand_id, preview=True, override=["blackout"])

    told = problem(refused, 422, "policy_violated")["details"]["violations"]
    assert [each["rule"] for each in told] == ["blackout", "blackout"]
    assert [(each["post_id"], each["rule"]) for each in preview["violations"]] == [
        (each["post_id"], each["rule"]) for each in told
    ]
    assert "violations" not in passed_over
    assert (await retried(caller, brand_id=brand_id, override=["blackout"]))["schedules"] == 2
