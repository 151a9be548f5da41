"""Entity tags of what is shown, and changes that are made only to what the caller has seen (RFC 9110)."""

from datetime import timedelta
from typing import Any

import httpx2
import pytest

from tests.fakes.clock import FrozenClock
from tests.fakes.storage import InMemoryStorage
from tests.http.changes import (
    CHANGES,
    PUTS,
    Change,
    a_brand_body,
    a_campaign_body,
    a_lone_post_body,
    confirm,
    each_change,
    each_put,
    elsewhere,
    move_post,
    retry,
    tag,
)
from tests.http.steps import (
    SEVEN_PM,
    a_brand,
    a_campaign,
    a_post,
    add_posts,
    claim,
    due,
    new_id,
    problem,
    settle,
    stored,
)

STALE = '"00000000000000000000000000000000"'


@each_change
async def test_a_change_of_what_the_caller_has_seen_is_made(client: httpx2.AsyncClient, given: Any) -> None:
    change = await given(client)

    answer = await change.made(client, if_match=await tag(client, change.read))

    assert answer.status_code in (200, 201), answer.text


@each_change
async def test_a_change_of_what_is_not_as_expected_is_refused_with_its_tag_and_changes_nothing(
    client: httpx2.AsyncClient, storage: InMemoryStorage, given: Any
) -> None:
    change = await given(client)
    current = await tag(client, change.read)
    before = stored(storage)

    stale = await change.made(client, if_match=STALE)
    weak = await change.made(client, if_match=f"W/{current}")
    must_not_exist = await change.made(client, if_none_match="*")
    must_not_be_so = await change.made(client, if_none_match=f"W/{current}")

    for answer in (stale, weak, must_not_exist, must_not_be_so):
        refused = problem(answer, 412, "precondition_failed")
        assert refused["details"] == {"current": current}
        assert current in refused["detail"]
    assert stored(storage) == before


async def test_a_condition_that_is_none_is_malformed_and_names_its_header(client: httpx2.AsyncClient) -> None:
    for given in CHANGES:
        change = await given(client)
        for header in ("If-Match", "If-None-Match"):
            answer = await client.request(change.method, change.path, json=change.body, headers={header: "abc"})

            assert [each["at"] for each in problem(answer, 400, "malformed")["errors"]] == [header]


@each_change
async def test_a_star_is_any_tag_and_a_list_holds_where_one_of_it_does(client: httpx2.AsyncClient, given: Any) -> None:
    first, second = await given(client), await given(client)

    by_star = await first.made(client, if_match="*")
    by_list = await second.made(client, if_match=f'"a,b" ,\t{await tag(client, second.read)},, W/"c"')

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
    client: httpx2.AsyncClient, storage: InMemoryStorage, given: Any
) -> None:
    there = await given(client)
    new = Change(read=there.read, method="PUT", path=elsewhere(there.path), body=there.body)

    must_exist = await new.made(client, if_match="*")
    must_be_as_seen = await new.made(client, if_match=STALE)
    registered = await new.made(client, if_none_match="*")
    before = stored(storage)
    again = await new.made(client, if_none_match="*")

    for refused in (must_exist, must_be_as_seen):
        assert problem(refused, 412, "precondition_failed")["details"] == {"current": None}
    assert registered.status_code == 201
    assert problem(again, 412, "precondition_failed")["details"] == {"current": registered.headers["etag"]}
    assert stored(storage) == before


READS = [*PUTS, move_post, confirm]


@pytest.mark.parametrize("given", READS)
async def test_what_the_caller_has_already_is_not_sent_again(client: httpx2.AsyncClient, given: Any) -> None:
    path = (await given(client)).read
    current = await tag(client, path)

    for condition in (current, f"W/{current}", "*", f'{STALE}, W/"x", {current}'):
        answer = await client.get(path, headers={"if-none-match": condition})

        assert (answer.status_code, answer.content) == (304, b""), condition
        assert answer.headers["etag"] == current
        assert "content-type" not in answer.headers


@pytest.mark.parametrize("given", READS)
async def test_what_the_caller_has_not_is_sent(client: httpx2.AsyncClient, given: Any) -> None:
    path = (await given(client)).read

    answer = await client.get(path, headers={"if-none-match": STALE})

    assert answer.status_code == 200
    assert answer.json() == (await client.get(path)).json()


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
async def test_an_answer_bears_the_tag_that_the_next_reader_is_given(client: httpx2.AsyncClient, given: Any) -> None:
    change = await given(client)

    answer = await change.made(client)

    shown_at = f"/schedule/post/{answer.json()['post_id']}" if given in (confirm, retry) else change.read
    assert answer.headers["etag"] == await tag(client, shown_at)


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
    tags.append((await client.put(path, json={"brand_name": "New"})).headers["etag"])

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


async def test_a_schedule_has_another_tag_for_each_claim_and_each_attempt(client: httpx2.AsyncClient) -> None:
    schedule = await due(client)
    path = f"/schedules/{schedule['schedule_id']}"
    tags = [await tag(client, path)]

    claimed = await claim(client)
    tags.append(await tag(client, path))
    await settle(client, *claimed, verdict="deferred", reason="busy", retry_after_seconds=30)
    tags.append(await tag(client, path))
    await client.delete(f"/schedule/post/{schedule['post_id']}")
    tags.append(await tag(client, path))

    assert len(set(tags)) == len(tags)


@pytest.mark.parametrize("given", [confirm, retry])
async def test_a_decision_about_a_schedule_may_name_either_tag_of_it(client: httpx2.AsyncClient, given: Any) -> None:
    change = await given(client)
    post_id = (await client.get(change.read)).json()["post_id"]

    answer = await change.made(client, if_match=await tag(client, f"/schedule/post/{post_id}"))

    assert answer.status_code in (200, 201), answer.text


async def test_who_saw_only_the_first_of_two_attempts_cannot_confirm(client: httpx2.AsyncClient) -> None:
    change = await confirm(client)
    seen = await tag(client, change.read)
    await client.post(change.path, json={"published": False, "send_again": True})
    [claimed] = await claim(client)
    await settle(client, claimed, verdict="unknown", reason="no answer")

    answer = await change.made(client, if_match=seen)

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
    assert len(conditional) == 18
    assert all("304" in paths[path][method]["responses"] for method, path in conditional if method == "get")
