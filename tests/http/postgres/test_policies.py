"""Policies and caps over HTTP and PostgreSQL, and every door against every rule."""

import asyncio
from itertools import product

import httpx2
import pytest

from marketmind_scheduler.application import rule_breaking
from marketmind_scheduler.application.use_cases import UseCases
from marketmind_scheduler.domain.access import Reach, Scope
from tests.http.operations import JSON
from tests.http.postgres.doors import BERLIN, CLOSINGS, DOORS, NO_DOORS, Closing, Door, a_single_post, hours_from
from tests.http.steps import Json, a_brand, a_campaign, a_post, calling, document, new_id, observed, problem, walk
from tests.loops import on_each

QUIET: Json = {"kind": "quiet_hours", "from": "22:00", "to": "07:00"}
EVERY_KIND: list[Json] = [
    {**QUIET, "weekdays": ["MO", "SA"], "platforms": ["TWITTER"]},
    {"kind": "posting_hours", "from": "09:00", "to": "17:00"},
    {"kind": "blackout", "first_date": "2027-12-24", "last_date": "2027-12-26", "name": "Holidays"},
    {"kind": "min_gap", "minutes": 60, "across_platforms": True},
    {"kind": "daily_cap", "posts": 3, "across_platforms": False},
    {"kind": "rolling_cap", "posts": 10, "hours": 24, "across_platforms": False},
    {"kind": "lead_time", "minutes": 5},
    {"kind": "slots", "times": [{"weekday": "MO", "time": "09:00"}, {"weekday": "FR", "time": "16:30"}]},
    {"kind": "control_share", "share": 0.1},
]


async def put(client: httpx2.AsyncClient, brand_id: str, *rules: Json, **headers: str) -> httpx2.Response:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return await client.put(f"/brands/{brand_id}/policy", json={"rules": list(rules)}, headers=sent)


async def a_ruled_brand(client: httpx2.AsyncClient, *rules: Json, zone: str = BERLIN) -> str:
    brand_id = await a_brand(client, zone=zone)
    assert (await put(client, brand_id, *rules)).status_code == 200
    return brand_id


async def schedule(client: httpx2.AsyncClient, brand_id: str, at: str, **more: object) -> httpx2.Response:
    post_id = await a_post(client, brand_id=brand_id)
    return await client.post(f"/schedule/post/{post_id}", json={"timestamp": at, **more})


async def test_a_policy_is_shown_as_it_was_put_in_each_of_its_versions(client: httpx2.AsyncClient) -> None:
    brand_id = await a_brand(client)
    bare = await client.get(f"/brands/{brand_id}/policy")
    first = await put(client, brand_id, *EVERY_KIND)
    second = await put(client, brand_id)
    latest = await client.get(f"/brands/{brand_id}/policy")
    older = await client.get(f"/brands/{brand_id}/policy?version=1")

    assert bare.json() == {
        "brand_id": brand_id,
        "version": 0,
        "rules": [],
        "updated_at": None,
        "warnings": [],
    }
    assert (first.json()["version"], first.json()["rules"]) == (1, EVERY_KIND)
    assert first.json()["updated_at"] == "2027-03-01T12:00:00Z"
    assert (second.json()["version"], second.json()["rules"]) == (2, [])
    assert latest.json() == {key: each for key, each in second.json().items() if not key.startswith("schedules")}
    assert latest.headers["etag"] == second.headers["etag"]
    assert older.json() == {key: each for key, each in first.json().items() if not key.startswith("schedules")}
    missing = problem(await client.get(f"/brands/{brand_id}/policy?version=3"), 404, "policy_version_not_found")
    assert missing["details"]["latest"] == 2
    problem(await client.get(f"/brands/{new_id()}/policy"), 404, "brand_not_found")


async def test_the_same_rules_again_change_nothing_and_a_foreign_tag_neither(client: httpx2.AsyncClient) -> None:
    brand_id = await a_brand(client)
    first = await put(client, brand_id, *EVERY_KIND)
    again = await put(client, brand_id, *EVERY_KIND, if_match=first.headers["etag"])
    refused = await put(client, brand_id, QUIET, if_match='"another"')
    known = await client.get(f"/brands/{brand_id}/policy", headers={"if-none-match": first.headers["etag"]})

    assert again.json() == first.json()
    assert again.headers["etag"] == first.headers["etag"]
    problem(refused, 412, "precondition_failed")
    assert known.status_code == 304


@on_each(
    ("rule", "status", "says"),
    [
        ({"kind": "quiet_hour", "from": "22:00", "to": "07:00"}, 400, "one of quiet_hours, posting_hours"),
        ({"from": "22:00", "to": "07:00"}, 400, "kind is missing; it is one of quiet_hours"),
        ({"kind": "quiet_hours", "from": "22:00"}, 400, 'to is missing; send an object such as {"kind":"quiet_hours"'),
        ({**QUIET, "to": "24:00"}, 400, "a time of day"),
        ({**QUIET, "to": "7:00"}, 400, "a time of day"),
        ({**QUIET, "minutes": 5}, 400, "there is no field 'minutes'"),
        ({**QUIET, "weekdays": ["Monday"]}, 400, "one of MO, TU, WE"),
        ({**QUIET, "weekdays": []}, 400, "a list of 1 to 7 items"),
        ({**QUIET, "platforms": ["X"]}, 400, "did you mean TWITTER"),
        ({"kind": "min_gap", "minutes": 0}, 422, "minutes is 0, and must be 1 to 525600"),
        ({"kind": "min_gap", "minutes": "5"}, 400, "write it without quotes"),
        ({"kind": "control_share", "share": 0.5}, 422, "share is 0.5, and must be 0 to 0.2"),
        ({"kind": "control_share", "share": 1e308}, 422, "share is 1e+308, and must be 0 to 0.2"),
        ({"kind": "control_share", "share": -1e308}, 422, "share is -1e+308, and must be 0 to 0.2"),
        ({"kind": "control_share", "share": "much"}, 400, "a number such as 0.1"),
        ({"kind": "blackout", "first_date": "2027-03-02", "last_date": "2027-03-01"}, 422, "2027-03-02"),
        ({"kind": "blackout", "first_date": "tomorrow", "last_date": "2027-03-01"}, 422, "'tomorrow'"),
        ({"kind": "slots", "times": [{"weekday": "MO", "time": "9"}]}, 400, "a time of day"),
    ],
)
async def test_a_wrong_rule_is_refused_with_its_place_and_what_would_be_right(
    client: httpx2.AsyncClient, rule: Json, status: int, says: str
) -> None:
    answer = await put(client, await a_brand(client), QUIET, rule)

    assert answer.status_code == status, answer.text
    assert says in answer.json()["detail"]
    assert "rules[1]" in answer.text or "rule 2" in answer.text or "'tomorrow'" in answer.text


async def test_rules_that_cannot_be_are_stored_with_a_warning(client: httpx2.AsyncClient) -> None:
    answer = await put(client, await a_brand(client), {"kind": "quiet_hours", "from": "00:00", "to": "00:00"})

    assert answer.status_code == 200
    [warning] = answer.json()["warnings"]
    assert "no minute of the week open" in warning


async def test_a_share_that_nothing_can_apply_is_warned_of_whenever_it_is_shown(client: httpx2.AsyncClient) -> None:
    brand_id = await a_brand(client)
    evening = {"kind": "quiet_hours", "from": "18:00", "to": "20:00"}
    answer = await put(client, brand_id, {"kind": "control_share", "share": 0.1}, evening)

    [warning] = answer.json()["warnings"]
    assert "no post is left at 19:00" in warning
    assert (await client.get(f"/brands/{brand_id}/policy")).json()["warnings"] == [warning]


def test_whatever_is_posted_or_put_is_a_door_or_said_to_be_none() -> None:
    changing = {
        (method.upper(), path)
        for path, operations in document()["paths"].items()
        for method in operations
        if method in ("post", "put")
    }

    assert changing == {(door.method, door.path) for door in DOORS.values()} | NO_DOORS


@on_each(("door", "closing"), product(DOORS.values(), CLOSINGS.values()))
async def test_no_door_leads_past_a_rule(caller: httpx2.AsyncClient, door: Door, closing: Closing) -> None:
    way = await door.prepared(caller)
    beside = await closing.stand_beside(caller, way)
    await closing.put(caller, way)
    before = await walk(caller, "/schedule", {"brand_id": way.brand_id})

    refused = await way.taken(caller)

    found = problem(refused, 422, "policy_violated")["details"]["violations"]
    assert {each["rule"] for each in found} == {closing.kind}
    assert all(each["with"] == beside for each in found)
    assert {*found[0]} == {
        *("rule", "policy_version", "limit", "observed", "with", "nearest"),
        *("post_id", "platform", "publish_time", "local_time", "sentence"),
    }
    assert found[0]["nearest"]["after"]
    assert await walk(caller, "/schedule", {"brand_id": way.brand_id}) == before


@on_each("door", DOORS.values())
async def test_where_every_rule_leaves_the_time_open_every_door_leads(caller: httpx2.AsyncClient, door: Door) -> None:
    way = await door.prepared(caller)
    of_others: list[Json] = [{**rule, "platforms": ["REDDIT"]} for rule in EVERY_KIND]
    wide: list[Json] = [{"kind": "posting_hours", **hours_from(way, -1, 1)}, {"kind": "lead_time", "minutes": 0}]
    assert (await put(caller, way.brand_id, *of_others, *wide)).status_code == 200

    assert (await way.taken(caller)).is_success


@on_each("door", [door for door in DOORS.values() if door.takes_override])
async def test_whoever_may_passes_over_the_rules_that_they_name_and_it_is_shown(
    caller: httpx2.AsyncClient, door: Door
) -> None:
    way = await door.prepared(caller)
    await CLOSINGS["quiet hours"].put(caller, way)

    assert (await way.taken(caller, override=["min_gap"])).status_code == 422
    assert (await way.taken(caller, override=["quiet_hours", "min_gap"])).is_success

    [[*_, made]] = await walk(caller, "/schedule", {"brand_id": way.brand_id, "status": "PENDING"})
    assert made["override"] == ["min_gap", "quiet_hours"]
    await caller.post("/schedule/trigger", json={"limit": 1})
    events = (await caller.get(f"/events?brand_id={way.brand_id}&limit=1000")).json()["events"]
    told = [each for each in events if each["kind"] in ("schedule.scheduled", "schedule.rescheduled")]
    assert told[-1]["override"] == ["min_gap", "quiet_hours"]


@on_each("door", [door for door in DOORS.values() if door.takes_override])
async def test_to_pass_over_a_rule_the_scope_admin_is_needed(dispatching: UseCases, door: Door) -> None:
    async with calling(observed(dispatching)) as anybody:
        way = await door.prepared(anybody)
    issued = await dispatching.key_ring.create(new_id(), scopes={Scope.SCHEDULES_WRITE}, reach=Reach(), expires_at=None)
    async with calling(observed(dispatching, checks_access=True)) as guarded:
        guarded.headers["authorization"] = f"Bearer {issued.credential}"
        refused = await way.taken(guarded, override=["quiet_hours"])

        assert problem(refused, 403, "missing_scope")["details"]["scope"] == "admin"
        assert (await way.taken(guarded, override=[])).is_success


async def test_what_keeps_its_time_or_is_asked_again_is_not_asked_about_rules(client: httpx2.AsyncClient) -> None:
    brand_id = await a_brand(client, zone=BERLIN)
    post_id = await a_post(client, brand_id=brand_id)
    body = {"timestamp": "2027-03-17T23:00:00"}
    first = await client.post(f"/schedule/post/{post_id}", json=body)
    await put(client, brand_id, QUIET)

    again = await client.post(f"/schedule/post/{post_id}", json=body)
    in_other_words = await client.put(f"/schedule/post/{post_id}", json={**body, "timezone": BERLIN})

    assert (first.status_code, again.status_code, in_other_words.status_code) == (201, 200, 200)
    problem(
        await client.put(f"/schedule/post/{post_id}", json={"timestamp": "2027-03-17T23:01:00"}), 422, "policy_violated"
    )


async def test_a_new_policy_leaves_what_stands_and_counts_and_lists_what_breaks_it(client: httpx2.AsyncClient) -> None:
    brand_id, other = await a_brand(client, zone=BERLIN), await a_ruled_brand(client, QUIET)
    late, early = [
        (await schedule(client, brand_id, at)).json() for at in ("2027-03-17T23:00:00", "2027-03-17T19:00:00")
    ]
    elsewhere = (await schedule(client, other, "2027-03-18T22:30:00", override=["quiet_hours"])).json()
    answer = (await put(client, brand_id, QUIET, {"kind": "lead_time", "minutes": 500_000})).json()

    assert answer["schedules_breaking"] == 1
    assert answer["schedules_link"] == f"/schedule?brand_id={brand_id}&breaks_policy=true"
    listed = (await client.get(answer["schedules_link"])).json()["items"]
    [everywhere] = await walk(client, "/schedule", {"breaks_policy": "true"})
    assert listed == [late]
    assert everywhere == [late], "what was allowed to break it does not count"
    assert elsewhere["override"] == ["quiet_hours"]
    assert (await client.get(f"/schedule/post/{early['post_id']}")).json() == early
    assert (await put(client, other)).json()["schedules_breaking"] == 0


async def test_what_breaks_rules_is_listed_page_by_page_over_all_brands(
    client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However few schedules and brands a page looks at, all that break a rule are found, in time order, each once."""
    brands = [await a_brand(client, zone=BERLIN) for _ in range(3)]
    hours = [f"2027-03-{day}T{hour}:00:00" for day in (17, 18) for hour in (12, 23)]
    for at in hours:
        for brand_id in [*brands, await a_brand(client, zone=BERLIN)]:
            await schedule(client, brand_id, at)
    for brand_id in brands:
        await put(client, brand_id, QUIET)
    of_each = [await breaking(client, brand_id=each) for each in brands]
    expected = [each[1] for each in sorted(each for found in of_each for each in found)]

    for looked_at, most_brands in ((1000, 100), (5, 100), (1000, 1), (3, 2), (1, 1)):
        monkeypatch.setattr(rule_breaking, "LOOKED_AT", looked_at)
        monkeypatch.setattr(rule_breaking, "MOST_BRANDS", most_brands)
        assert [each[1] for each in await breaking(client, limit="2")] == expected
    assert len(expected) == 6
    assert await breaking(client, status="COMPLETED") == []


async def breaking(client: httpx2.AsyncClient, **query: str) -> list[tuple[str, str]]:
    """When each goes out, and its id, as they are listed."""
    pages = await walk(client, "/schedule", {"breaks_policy": "true", **query})
    return [(each["publish_time"], each["schedule_id"]) for page in pages for each in page]


async def test_of_two_who_want_one_place_at_once_one_gets_it(client: httpx2.AsyncClient) -> None:
    for rule in (
        {"kind": "min_gap", "minutes": 5},
        {"kind": "daily_cap", "posts": 1, "across_platforms": True},
    ):
        brand_id = await a_ruled_brand(client, rule)
        posts = [await a_post(client, brand_id=brand_id, platform=platform) for platform in ("TWITTER", "TWITTER")]
        answers = await asyncio.gather(
            *(client.post(f"/schedule/post/{each}", json={"timestamp": "2027-03-17T19:00:00"}) for each in posts)
        )

        assert sorted(each.status_code for each in answers) == [201, 422]


async def test_a_campaign_that_breaks_a_rule_is_refused_as_a_whole_with_each_break(client: httpx2.AsyncClient) -> None:
    brand_id = await a_ruled_brand(client, {"kind": "daily_cap", "posts": 1, "across_platforms": True})
    campaign_id = await a_campaign(client, brand_id=brand_id, posts=["TWITTER", "TIKTOK", "REDDIT"])

    refused = problem(await client.post(f"/schedule/campaign/{campaign_id}"), 422, "policy_violated")

    assert [each["observed"] for each in refused["details"]["violations"]] == ["3 posts"] * 3
    assert await walk(client, "/schedule", {"brand_id": brand_id}) == [[]]


async def test_a_shift_of_what_may_break_a_rule_may_break_it_there_too(client: httpx2.AsyncClient) -> None:
    brand_id = await a_ruled_brand(client, {"kind": "quiet_hours", "from": "18:00", "to": "20:00"})
    campaign_id = await a_campaign(client, brand_id=brand_id, posts=["TWITTER"])
    await client.post(f"/schedule/campaign/{campaign_id}", json={"override": ["quiet_hours"]})

    shifted = await client.post(f"/campaigns/{campaign_id}/shift", json={"by": "P7D"})

    assert shifted.status_code == 200, shifted.text
    assert shifted.json()["schedules"][0]["override"] == ["quiet_hours"]


async def test_caps_are_listed_with_their_sources_and_a_brand_may_have_its_own(client: httpx2.AsyncClient) -> None:
    brand_id = await a_brand(client, zone=BERLIN)
    path = f"/brands/{brand_id}/platform-caps/TWITTER"
    own = {"limit": 1, "window": {"kind": "calendar", "timezone": BERLIN}, "reason": "a young account"}
    table = (await client.get("/platform-caps")).json()["caps"]
    of_brand = (await client.get(f"/platform-caps?brand_id={brand_id}")).json()["caps"]
    first, again = [(await client.put(path, json=own)).json() for _ in range(2)]
    with_own = (await client.get(f"/platform-caps?brand_id={brand_id}")).json()["caps"]

    assert {each["platform"] for each in table} == {
        *("TWITTER", "YOUTUBE", "INSTAGRAM"),
        *("LINKEDIN", "REDDIT", "TIKTOK"),
    }
    assert all(each["source"] and each["observed_on"] for each in table)
    assert sorted(map(str, of_brand)) == sorted(map(str, table))
    assert first == again
    assert (first["limit"], first["grade"], first["binds"], first["source"]) == (1, "brand", True, "a young account")
    twitter = [each for each in with_own if each["platform"] == "TWITTER"]
    assert [each["scope"] for each in twitter] == ["lane", "app"]
    assert twitter[0] == first

    assert (await schedule(client, brand_id, "2027-03-17T09:00:00")).status_code == 201
    refused = problem(await schedule(client, brand_id, "2027-03-17T23:00:00"), 422, "policy_violated")
    assert refused["details"]["violations"][0]["limit"] == f"1 post a day in {BERLIN}"
    assert [(await client.delete(path)).status_code for _ in range(2)] == [204, 204]
    assert (await schedule(client, brand_id, "2027-03-17T23:00:00")).status_code == 201
    problem(await client.get(f"/platform-caps?brand_id={new_id()}"), 404, "brand_not_found")
    problem(await client.put(f"/brands/{brand_id}/platform-caps/X", json=own), 400, "malformed")


async def test_a_deleted_brands_policy_is_gone_with_it(client: httpx2.AsyncClient) -> None:
    brand_id = await a_ruled_brand(client, *EVERY_KIND)
    await client.delete(f"/brands/{brand_id}")

    problem(await client.get(f"/brands/{brand_id}/policy"), 410, "gone")
    problem(await put(client, brand_id), 410, "gone")
    problem(await client.get(f"/platform-caps?brand_id={brand_id}"), 410, "gone")


async def test_no_answer_to_a_wrong_body_of_a_policy_is_a_fault_of_ours(client: httpx2.AsyncClient) -> None:
    brand_id = await a_brand(client)
    for content in (b"{}", b'{"rules": {}}', b'{"rules": [null]}', b'{"rules": [[]]}', b'{"rules": [{"kind": 5}]}'):
        answer = await client.put(f"/brands/{brand_id}/policy", content=content, headers=JSON)
        problem(answer, 400, "malformed")


async def test_a_time_that_a_rule_closes_is_refused_whatever_zone_it_is_said_in(client: httpx2.AsyncClient) -> None:
    way = await a_single_post(client)
    await CLOSINGS["quiet hours"].put(client, way)

    for said in (way.leads_to.isoformat(), f"{way.leads_to.astimezone(tz=None):%Y-%m-%dT%H:%M:%S%z}"):
        text = said if said[-3] == ":" else f"{said[:-2]}:{said[-2:]}"
        problem(await client.post(way.path, json={"timestamp": text}), 422, "policy_violated")
