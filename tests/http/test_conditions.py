"""Entity tags of what is shown, and changes that are made only to what the caller has seen (RFC 9110)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from typing import Any

import httpx2
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.fakes.clock import FrozenClock
from tests.http.steps import (
    LOS_ANGELES,
    SEVEN_PM,
    Json,
    a_brand,
    a_campaign,
    a_post,
    a_post_body,
    a_scheduled_post,
    add_posts,
    at_once,
    claim,
    due,
    new_id,
    problem,
    set_status,
    settle,
    stored,
    unconfirmed,
)

STALE = '"00000000000000000000000000000000"'
ROUNDS = 12


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


@each_change
async def test_a_change_of_what_the_caller_has_seen_is_made(caller: httpx2.AsyncClient, given: Any) -> None:
    change = await given(caller)

    answer = await change.made(caller, if_match=await tag(caller, change.read))

    assert answer.status_code in (200, 201), answer.text


@each_change
async def test_a_change_of_what_is_not_as_expected_is_refused_with_its_tag_and_changes_nothing(
    caller: httpx2.AsyncClient, tables: AsyncEngine, given: Any
) -> None:
    change = await given(caller)
    current = await tag(caller, change.read)
    before = await stored(tables)

    stale = await change.made(caller, if_match=STALE)
    weak = await change.made(caller, if_match=f"W/{current}")
    must_not_exist = await change.made(caller, if_none_match="*")
    must_not_be_so = await change.made(caller, if_none_match=f"W/{current}")

    for answer in (stale, weak, must_not_exist, must_not_be_so):
        refused = problem(answer, 412, "precondition_failed")
        assert refused["details"] == {"current": current}
        assert current in refused["detail"]
    assert await stored(tables) == before


async def test_a_condition_that_is_none_is_malformed_and_names_its_header(caller: httpx2.AsyncClient) -> None:
    for given in CHANGES:
        change = await given(caller)
        for header in ("If-Match", "If-None-Match"):
            answer = await caller.request(change.method, change.path, json=change.body, headers={header: "abc"})

            assert [each["at"] for each in problem(answer, 400, "malformed")["errors"]] == [header]


@each_change
async def test_a_star_is_any_tag_and_a_list_holds_where_one_of_it_does(caller: httpx2.AsyncClient, given: Any) -> None:
    first, second = await given(caller), await given(caller)

    by_star = await first.made(caller, if_match="*")
    by_list = await second.made(caller, if_match=f'"a,b" ,\t{await tag(caller, second.read)},, W/"c"')

    assert {by_star.status_code, by_list.status_code} <= {200, 201}, (by_star.text, by_list.text)


@pytest.mark.parametrize("value", ["", '"', "abc", '"a" "b"', '"a",*', '*, "a"', "**", 'w/"a"', '"a', '"a b"', '"ä"'])
async def test_neither_a_star_nor_a_list_of_entity_tags_is_malformed(client: httpx2.AsyncClient, value: str) -> None:
    path = f"/brands/{await a_brand(client)}"

    answer = await client.get(path, headers=[(b"if-none-match", value.encode("latin-1"))])

    assert [each["at"] for each in problem(answer, 400, "malformed")["errors"]] == ["If-None-Match"]


async def test_a_list_may_stand_on_several_lines(client: httpx2.AsyncClient) -> None:
    path = f"/brands/{await a_brand(client)}"
    current = await tag(client, path)

    answer = await client.get(path, headers=[("if-none-match", STALE), ("if-none-match", current)])

    assert answer.status_code == 304


@each_put
async def test_something_new_is_registered_only_if_nothing_is_there_yet(
    client: httpx2.AsyncClient, tables: AsyncEngine, given: Any
) -> None:
    there = await given(client)
    new = Change(read=there.read, method="PUT", path=elsewhere(there.path), body=there.body)

    must_exist = await new.made(client, if_match="*")
    must_be_as_seen = await new.made(client, if_match=STALE)
    registered = await new.made(client, if_none_match="*")
    before = await stored(tables)
    again = await new.made(client, if_none_match="*")

    for refused in (must_exist, must_be_as_seen):
        assert problem(refused, 412, "precondition_failed")["details"] == {"current": None}
    assert registered.status_code == 201
    assert problem(again, 412, "precondition_failed")["details"] == {"current": registered.headers["etag"]}
    assert await stored(tables) == before


def elsewhere(path: str) -> str:
    return f"{path.rpartition('/')[0]}/{new_id()}"


@each_put
async def test_of_two_who_change_the_same_at_once_exactly_one_wins(client: httpx2.AsyncClient, given: Any) -> None:
    change = await given(client)
    for _ in range(ROUNDS):
        seen = await tag(client, change.path)
        bodies = [{**change.body, **renamed(change.body)} for _ in range(2)]

        answers = await at_once(
            client, (client.put(change.path, json=body, headers={"if-match": seen}) for body in bodies)
        )

        [won] = [answer for answer in answers if answer.status_code == 200]
        [lost] = [answer for answer in answers if answer.status_code != 200]
        assert problem(lost, 412, "precondition_failed")["details"] == {"current": won.headers["etag"]}
        assert (await client.get(change.path)).json() == won.json()


def renamed(body: Mapping[str, Any]) -> Json:
    [name] = {"brand_name", "name", "title"} & body.keys()
    return {name: f"New {next(_titles)}"}


@each_put
async def test_of_two_who_register_the_same_at_once_exactly_one_wins(client: httpx2.AsyncClient, given: Any) -> None:
    there = await given(client)
    for _ in range(ROUNDS):
        path = elsewhere(there.path)
        bodies = [{**there.body, **renamed(there.body)} for _ in range(2)]

        answers = await at_once(
            client, (client.put(path, json=body, headers={"if-none-match": "*"}) for body in bodies)
        )

        assert sorted(answer.status_code for answer in answers) == [201, 412]
        [won] = [answer.json() for answer in answers if answer.status_code == 201]
        assert (await client.get(path)).json() == won


async def test_of_two_who_move_a_post_at_once_exactly_one_wins(client: httpx2.AsyncClient) -> None:
    path = f"/schedule/post/{(await a_scheduled_post(client))[0]}"
    for nth in range(ROUNDS):
        seen = await tag(client, path)
        times = [f"2027-04-{nth + 1:02}T{hour}:00:00" for hour in (10, 11)]

        answers = await at_once(
            client, (client.put(path, json={"timestamp": each}, headers={"if-match": seen}) for each in times)
        )

        assert sorted(answer.status_code for answer in answers) == [200, 412]


@pytest.mark.parametrize("given", [pause_brand, pause_campaign])
async def test_of_two_who_pause_and_resume_at_once_exactly_one_wins(client: httpx2.AsyncClient, given: Any) -> None:
    path = (await given(client)).read
    for _ in range(ROUNDS):
        seen = {"if-match": await tag(client, path)}

        answers = await at_once(client, (client.post(f"{path}/{each}", headers=seen) for each in ("pause", "resume")))

        assert sorted(answer.status_code for answer in answers) == [200, 412]


async def test_of_two_who_confirm_at_once_exactly_one_wins(caller: httpx2.AsyncClient) -> None:
    for _ in range(ROUNDS // 3):
        change = await confirm(caller)
        seen = {"if-match": await tag(caller, change.read)}

        answers = await at_once(
            caller,
            (caller.post(change.path, json={"published": each}, headers=seen) for each in (True, False)),
        )

        assert sorted(answer.status_code for answer in answers) == [200, 412]


READS = [*PUTS, move_post, confirm]


@pytest.mark.parametrize("given", READS)
async def test_what_the_caller_has_already_is_not_sent_again(caller: httpx2.AsyncClient, given: Any) -> None:
    path = (await given(caller)).read
    current = await tag(caller, path)

    for condition in (current, f"W/{current}", "*", f'{STALE}, W/"x", {current}'):
        answer = await caller.get(path, headers={"if-none-match": condition})

        assert (answer.status_code, answer.content) == (304, b""), condition
        assert answer.headers["etag"] == current
        assert "content-type" not in answer.headers


@pytest.mark.parametrize("given", READS)
async def test_what_the_caller_has_not_is_sent(caller: httpx2.AsyncClient, given: Any) -> None:
    path = (await given(caller)).read

    answer = await caller.get(path, headers={"if-none-match": STALE})

    assert answer.status_code == 200
    assert answer.json() == (await caller.get(path)).json()


async def test_what_is_read_must_be_as_seen_where_the_caller_says_so(client: httpx2.AsyncClient) -> None:
    path = f"/brands/{await a_brand(client)}"
    current = await tag(client, path)

    as_seen = await client.get(path, headers={"if-match": current})
    otherwise = await client.get(path, headers={"if-match": STALE, "if-none-match": current})

    assert as_seen.status_code == 200
    assert problem(otherwise, 412, "precondition_failed")["details"] == {"current": current}


async def test_what_does_not_exist_is_not_found_whatever_is_expected(client: httpx2.AsyncClient) -> None:
    path = f"/brands/{new_id()}"

    for condition in ({"if-match": STALE}, {"if-match": "*"}, {"if-none-match": "*"}):
        problem(await client.get(path, headers=condition), 404, "brand_not_found")


@each_change
async def test_an_answer_bears_the_tag_that_the_next_reader_is_given(caller: httpx2.AsyncClient, given: Any) -> None:
    change = await given(caller)

    answer = await change.made(caller)

    shown_at = f"/schedule/post/{answer.json()['post_id']}" if given in (confirm, retry) else change.read
    assert answer.headers["etag"] == await tag(caller, shown_at)


async def test_what_is_registered_or_scheduled_bears_the_tag_that_the_next_reader_is_given(
    client: httpx2.AsyncClient,
) -> None:
    brand_id, post_id = await a_brand(client), await a_post(client)
    bodies = {
        f"/brands/{new_id()}": a_brand_body(),
        f"/campaigns/{new_id()}": a_campaign_body(brand_id),
        f"/posts/{new_id()}": a_lone_post_body(brand_id),
    }

    answers = {path: await client.put(path, json=body) for path, body in bodies.items()}
    answers[f"/schedule/post/{post_id}"] = await client.post(f"/schedule/post/{post_id}", json={"timestamp": SEVEN_PM})

    assert {answer.status_code for answer in answers.values()} == {201}
    assert {path: answer.headers["etag"] for path, answer in answers.items()} == {
        path: await tag(client, path) for path in answers
    }


async def test_a_brand_has_another_tag_once_anything_of_it_differs(
    client: httpx2.AsyncClient, clock: FrozenClock
) -> None:
    path = f"/brands/{await a_brand(client)}"
    first = await client.get(path)
    body = {name: first.json()[name] for name in ("brand_name", "brand_default_timezone")}

    unchanged = await client.put(path, json=body)
    tags = [first.headers["etag"]]
    changes = ({"tone_profile": "Short"}, {"on_late": "hold"}, {"max_lateness_seconds": 60})
    tags += [(await client.put(path, json=body | changed)).headers["etag"] for changed in changes]
    tags.append((await client.post(f"{path}/pause")).headers["etag"])
    clock.advance(timedelta(seconds=1))
    tags.append((await client.put(path, json=body)).headers["etag"])

    assert unchanged.headers["etag"] == first.headers["etag"]
    assert len(set(tags)) == len(tags)


async def test_a_campaign_has_another_tag_once_posts_join_or_its_status_follows_its_schedules(
    client: httpx2.AsyncClient,
) -> None:
    campaign_id = await a_campaign(client)
    path = f"/campaigns/{campaign_id}"
    tags = [await tag(client, path)]

    await add_posts(client, campaign_id, ["TWITTER"])
    tags.append(await tag(client, path))
    await client.post(f"/schedule/campaign/{campaign_id}")
    tags.append(await tag(client, path))
    await client.post(f"{path}/pause")
    tags.append(await tag(client, path))

    assert len(set(tags)) == len(tags)


async def test_a_schedule_has_another_tag_for_each_claim_and_each_attempt(
    caller: httpx2.AsyncClient, tables: AsyncEngine
) -> None:
    schedule = await due(caller)
    path = f"/schedules/{schedule['schedule_id']}"
    tags = [await tag(caller, path)]

    claimed = await claim(caller)
    tags.append(await tag(caller, path))
    await settle(caller, *claimed, verdict="deferred", reason="busy", retry_after_seconds=30)
    tags.append(await tag(caller, path))
    await set_status(tables, schedule["post_id"], "MISSED")
    tags.append(await tag(caller, path))

    assert len(set(tags)) == len(tags)


@pytest.mark.parametrize("given", [confirm, retry])
async def test_a_decision_about_a_schedule_may_name_either_tag_of_it(caller: httpx2.AsyncClient, given: Any) -> None:
    change = await given(caller)
    post_id = (await caller.get(change.read)).json()["post_id"]

    answer = await change.made(caller, if_match=await tag(caller, f"/schedule/post/{post_id}"))

    assert answer.status_code in (200, 201), answer.text


async def test_who_saw_only_the_first_of_two_attempts_cannot_confirm(caller: httpx2.AsyncClient) -> None:
    change = await confirm(caller)
    seen = await tag(caller, change.read)
    await caller.post(change.path, json={"published": False, "send_again": True})
    [claimed] = await claim(caller)
    await settle(caller, claimed, verdict="unknown", reason="no answer")

    answer = await change.made(caller, if_match=seen)

    problem(answer, 412, "precondition_failed")


async def test_a_version_in_the_body_counts_beside_the_tag(client: httpx2.AsyncClient) -> None:
    change = await move_post(client)
    seen = {"if-match": await tag(client, change.path)}

    stale = await client.put(change.path, json={**change.body, "version": 2} if change.body else {}, headers=seen)
    both = await client.put(change.path, json={**change.body, "version": 1} if change.body else {}, headers=seen)

    problem(stale, 409, "stale_version")
    assert both.status_code == 200


async def test_the_document_offers_conditions_and_tags_where_there_are_any(client: httpx2.AsyncClient) -> None:
    paths = (await client.get("/docs/openapi.json")).json()["paths"]
    conditional = {
        (method, path)
        for path, item in paths.items()
        for method, operation in item.items()
        if {"If-Match", "If-None-Match"} <= {each["name"] for each in operation.get("parameters", ())}
    }
    tagged = {
        (method, path)
        for path, item in paths.items()
        for method, operation in item.items()
        for status, response in operation["responses"].items()
        if status in ("200", "201") and "ETag" in response.get("headers", {})
    }

    assert conditional == tagged - {("post", "/schedule/post/{post_id}")}
    assert len(conditional) == 16
    assert all("304" in paths[path][method]["responses"] for method, path in conditional if method == "get")
