"""Telling what audiences did, and reading what is believed of them since."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from runpy import run_path
from typing import Any
from xml.etree import ElementTree as ET

import httpx2

from marketmind_scheduler.application.use_cases import UseCases
from tests.fakes.clock import FrozenClock
from tests.fakes.profile_fitter import DirectProfileFitter
from tests.http.steps import NOON, Json, a_brand, a_campaign, add_posts, new_id, problem
from tests.loops import on_each

EXAMPLE = Path(__file__).parents[2] / "examples" / "observations.py"
HOUR = timedelta(hours=1)


def written(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def observation(brand_id: str, nth: int = 0, **said: object) -> Json:
    published_at = NOON - timedelta(days=100) + nth * 7 * HOUR
    return {
        "observation_id": f"o{nth}",
        "brand_id": brand_id,
        "platform": "TWITTER",
        "published_at": written(published_at),
        "reference": f"r{nth}",
        "figure": "engagements",
        "value": 50 + 7 * (nth * 13 % 29),
        "measured_at": written(published_at + 24 * HOUR),
        **said,
    }


async def tell(client: httpx2.AsyncClient, *observations: Json) -> httpx2.Response:
    return await client.post("/engagement-observations", json={"observations": observations})


async def audience(client: httpx2.AsyncClient, brand_id: str, **query: str) -> httpx2.Response:
    return await client.get(f"/brands/{brand_id}/audience", params={"platform": "TWITTER", **query})


async def learned(client: httpx2.AsyncClient, brand_id: str) -> Any:
    answer = await client.post(f"/brands/{brand_id}/audience/refit", params={"platform": "TWITTER"})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_before_anything_is_told_the_prior_is_shown_with_its_sources(client: httpx2.AsyncClient) -> None:
    shown = (await audience(client, await a_brand(client))).json()

    assert [(each["weekday"], each["hour"]) for each in shown["cells"]] == [
        (day, hour) for day in ("MO", "TU", "WE", "TH", "FR", "SA", "SU") for hour in range(24)
    ]
    assert (shown["signal"], shown["snapshot"], shown["control"]) == ("none", None, None)
    scores = dict.fromkeys(("scored", "profile_score", "prior_score", "nothing_score", "standard_error"), 0)
    assert shown["gate"] == {"verdict": "unproven", **scores}
    assert [each["key"] for each in shown["sources"]] == ["sprout-2023", "buffer-2025", "hootsuite-2023"]
    tuesday_at_nine = shown["cells"][24 + 9]
    assert tuesday_at_nine["multiplier"] == 1.040811
    assert tuesday_at_nine["interval_80"][0] < 1.040811 < tuesday_at_nine["interval_80"][1]
    assert (tuesday_at_nine["posts"], tuesday_at_nine["own_share"]) == (0, 0)


async def test_what_is_told_is_learned_seconds_later_and_counted_at_its_hour(
    client: httpx2.AsyncClient, use_cases: UseCases, clock: FrozenClock
) -> None:
    brand_id = await a_brand(client)
    told = [observation(brand_id, nth) for nth in range(60)]
    assert (await tell(client, *told)).json() == {"added": 60, "replaced": 0, "unchanged": 0, "not_learned": []}

    clock.advance(timedelta(seconds=2))
    await use_cases.upkeeping.refitting.refit_due()

    shown = (await audience(client, brand_id)).json()
    assert sum(each["posts"] for each in shown["cells"]) == 60
    assert max(each["own_share"] for each in shown["cells"]) > 0
    assert (shown["figure"], len(shown["snapshot"]["hash"])) == ("engagements", 64)
    assert shown["snapshot"]["last_published_at"] == told[-1]["published_at"]


async def test_the_same_again_changes_nothing_and_a_later_measurement_counts_whichever_comes_first(
    client: httpx2.AsyncClient,
) -> None:
    brand_id = await a_brand(client)
    first = observation(brand_id)
    later = first | {"value": 99, "measured_at": written(NOON - timedelta(days=99) + HOUR)}
    await tell(client, later)

    assert (await tell(client, later)).json()["unchanged"] == 1
    assert (await tell(client, first)).json() == {"added": 0, "replaced": 0, "unchanged": 1, "not_learned": []}
    assert (await tell(client, later | {"value": 98})).json()["replaced"] == 1


async def test_what_is_not_kept_is_not_named_as_not_learned(client: httpx2.AsyncClient) -> None:
    brand_id = await a_brand(client)
    stored = observation(brand_id)
    await tell(client, stored)

    for change in ({"measured_at": written(NOON - timedelta(days=100) + HOUR)}, {"paid": True}):
        earlier = {"measured_at": written(datetime.fromisoformat(stored["measured_at"]) - timedelta(minutes=1))}
        answer = await tell(client, stored | earlier | change)

        assert answer.json() == {"added": 0, "replaced": 0, "unchanged": 1, "not_learned": []}


async def test_any_order_with_repeats_and_corrections_gives_one_snapshot(client: httpx2.AsyncClient) -> None:
    one, other = [await a_brand(client) for _ in range(2)]

    def told(brand_id: str) -> list[Json]:
        all_ = [observation(brand_id, nth) for nth in range(40)]
        corrections = [
            each | {"value": 7, "measured_at": written(datetime.fromisoformat(each["measured_at"]) + HOUR)}
            for each in all_[::4]
        ]
        return [*all_, *corrections, *all_[:5]]

    mixed = told(other)
    Random(3).shuffle(mixed)  # noqa: S311
    await tell(client, *told(one))
    for each in mixed:
        await tell(client, each)

    first, second = await learned(client, one), await learned(client, other)
    assert first["snapshot"]["hash"] == second["snapshot"]["hash"]
    assert first["cells"] == second["cells"]


async def test_what_is_kept_and_not_learned_is_named_with_its_reason(client: httpx2.AsyncClient) -> None:
    brand_id = await a_brand(client)
    [post_id] = await add_posts(client, await a_campaign(client, brand_id=brand_id), ["TWITTER"])
    early = written(NOON - timedelta(days=100) + HOUR)
    of_post = {
        "observation_id": "of ours",
        "post_id": post_id,
        "figure": "views",
        "value": 1,
        "measured_at": written(NOON),
    }
    answer = await tell(
        client,
        observation(brand_id, 0, paid=True),
        observation(brand_id, 0, observation_id="early", measured_at=early),
        observation(brand_id, 0, observation_id="late", measured_at=written(NOON)),
        of_post,
    )

    assert {each["observation_id"]: each["reason"] for each in answer.json()["not_learned"]} == {
        "o0": "paid",
        "early": "too_early",
        "late": "too_late",
        "of ours": "not_published",
    }
    assert answer.json()["added"] == 4
    assert sum(each["posts"] for each in (await learned(client, brand_id))["cells"]) == 0


async def test_nothing_of_a_body_is_taken_where_something_of_it_cannot_be_and_each_place_is_named(
    client: httpx2.AsyncClient,
) -> None:
    brand_id, unknown = await a_brand(client), new_id()
    good = observation(brand_id)
    answer = await tell(
        client,
        good,
        observation(unknown, 1),
        {"observation_id": "x", "post_id": unknown, "figure": "views", "value": 1, "measured_at": written(NOON)},
        observation(brand_id, 2, measured_at="2027-03-01T12:00:00"),
        good | {"value": 1},
        observation(brand_id, 3, measured_at=written(NOON - timedelta(days=200))),
    )

    errors = problem(answer, 422, "observations_refused")["details"]["errors"]
    assert [each["at"] for each in errors] == ["observations[3].measured_at"]
    answer = await tell(client, *(good, observation(unknown, 1), good | {"value": 1}))
    errors = problem(answer, 422, "observations_refused")["details"]["errors"]
    assert [each["at"] for each in errors] == ["observations[1].brand_id", "observations[2].observation_id"]
    assert (await tell(client, good)).json()["added"] == 1


async def test_what_lies_ahead_was_not_measured_nor_is_it_out_and_clocks_may_differ_by_a_minute(
    client: httpx2.AsyncClient,
) -> None:
    brand_id = await a_brand(client)
    ahead, just_now = written(NOON + timedelta(seconds=61)), written(NOON + timedelta(seconds=60))

    answer = await tell(
        client,
        observation(brand_id, 0),
        observation(brand_id, 1, measured_at=ahead),
        observation(brand_id, 2, published_at=ahead, measured_at="2199-12-31T00:00:00Z"),
        observation(brand_id, 3, published_at=written(NOON), measured_at=written(NOON - HOUR)),
    )

    errors = problem(answer, 422, "observations_refused")["details"]["errors"]
    now = written(NOON)
    assert {each["at"]: each["message"] for each in errors} == {
        "observations[1].measured_at": f"{ahead} lies ahead of now, {now}; send the instant at which it was measured",
        "observations[2].measured_at": f"2199-12-31T00:00:00Z lies ahead of now, {now}; send the instant at which it "
        "was measured",
        "observations[2].published_at": f"{ahead} lies ahead of now, {now}; send the instant at which the post went "
        "out",
        "observations[3].measured_at": f"{written(NOON - HOUR)} is before published_at, {now}, and nothing is measured "
        "then; send the instant at which it was measured",
    }
    assert (await tell(client, observation(brand_id, 0, measured_at=just_now))).json()["added"] == 1


async def test_a_post_of_long_ago_is_taken_and_learning_goes_on(client: httpx2.AsyncClient) -> None:
    brand_id = await a_brand(client)
    of_old = observation(brand_id, 99, published_at="1970-01-01T00:00:00Z", measured_at="1970-01-02T00:00:00Z")

    await tell(client, of_old, *(observation(brand_id, nth) for nth in range(30)))

    assert (await learned(client, brand_id))["snapshot"]


NO_VALUES = ("NaN", "-1", "1.5", "1000000000001", '"12"', "true", "null", "1e400", "Infinity", "-0.0")


@on_each("value", NO_VALUES)
async def test_a_value_is_a_whole_number_that_is_not_negative(client: httpx2.AsyncClient, value: str) -> None:
    body = json.dumps({"observations": [observation(new_id())]}).replace('"value": 50', f'"value": {value}')
    answer = await client.post("/engagement-observations", content=body, headers={"content-type": "application/json"})

    assert problem(answer, 400, "malformed")["detail"]


@on_each(
    "said",
    [
        {"post_id": new_id()},
        {"brand_id": None},
        {"reference": None},
        {"figure": "likes"},
        {"observation_id": ""},
        {"platform": "MYSPACE"},
    ],
)
async def test_an_observation_is_of_one_post_and_of_a_figure_that_is_known(
    client: httpx2.AsyncClient, said: Json
) -> None:
    answer = await tell(client, observation(await a_brand(client)) | said)

    assert "observations[0]" in problem(answer, 400, "malformed")["detail"]


async def test_a_thousand_are_taken_and_one_more_is_not(client: httpx2.AsyncClient) -> None:
    brand_id = await a_brand(client)
    told = [observation(brand_id, nth % 300, observation_id=f"o{nth}", reference=f"r{nth}") for nth in range(1_001)]

    assert (await tell(client, *told[:1_000])).json()["added"] == 1_000
    problem(await tell(client, *told), 400, "malformed")


async def test_without_the_extra_learning_says_so_and_the_prior_is_still_shown(
    client: httpx2.AsyncClient, use_cases: UseCases, clock: FrozenClock
) -> None:
    brand_id = await a_brand(client)
    fitter = use_cases.upkeeping.refitting.fitter
    assert isinstance(fitter, DirectProfileFitter)
    fitter.is_installed = False
    await tell(client, observation(brand_id))
    clock.advance(timedelta(seconds=2))
    await use_cases.upkeeping.refitting.refit_due()

    refused = await client.post(f"/brands/{brand_id}/audience/refit", params={"platform": "TWITTER"})
    assert "planning" in problem(refused, 503, "scheduler_unavailable")["detail"]
    assert (await audience(client, brand_id)).json()["signal"] == "none"


async def test_a_fit_that_fails_is_tried_again_a_minute_later(
    client: httpx2.AsyncClient, use_cases: UseCases, clock: FrozenClock
) -> None:
    brand_id = await a_brand(client)
    fitter = use_cases.upkeeping.refitting.fitter
    assert isinstance(fitter, DirectProfileFitter)
    await tell(client, observation(brand_id))
    clock.advance(timedelta(seconds=2))
    fitter.fails = "the fit failed"
    await use_cases.upkeeping.refitting.refit_due()
    fitter.fails = None
    await use_cases.upkeeping.refitting.refit_due()
    assert (await audience(client, brand_id)).json()["snapshot"] is None

    clock.advance(timedelta(minutes=1))
    await use_cases.upkeeping.refitting.refit_due()
    assert (await audience(client, brand_id)).json()["snapshot"]


async def test_a_brand_that_moves_to_another_zone_has_its_posts_at_other_hours(
    client: httpx2.AsyncClient, use_cases: UseCases, clock: FrozenClock
) -> None:
    brand_id = await a_brand(client)
    await tell(client, observation(brand_id))
    before = await learned(client, brand_id)
    await client.put(f"/brands/{brand_id}", json={"brand_default_timezone": "Asia/Tokyo"})
    clock.advance(timedelta(seconds=2))
    await use_cases.upkeeping.refitting.refit_due()

    after = (await audience(client, brand_id)).json()
    assert after["timezone"] == "Asia/Tokyo"
    assert hours_with_posts(before) != hours_with_posts(after)


def hours_with_posts(shown: Any) -> Sequence[int]:
    return [nth for nth, each in enumerate(shown["cells"]) if each["posts"]]


async def test_the_table_fits_a_terminal_and_says_how_sure_each_hour_is(client: httpx2.AsyncClient) -> None:
    brand_id = await a_brand(client)
    await tell(client, *(observation(brand_id, nth) for nth in range(60)))
    await learned(client, brand_id)

    answer = await audience(client, brand_id, format="text")

    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    lines = answer.text.splitlines()
    assert max(map(len, lines[3:30])) <= 80
    assert sum(line.startswith(f"{hour:02}:00") for hour in range(24) for line in lines) == 24
    assert "signal" in answer.text
    assert any("±" in line for line in lines)


async def test_the_picture_can_be_read_without_colours_and_by_a_screen_reader(client: httpx2.AsyncClient) -> None:
    brand_id = await a_brand(client)
    await tell(client, *(observation(brand_id, nth) for nth in range(60)))
    await learned(client, brand_id)

    answer = await audience(client, brand_id, format="svg")

    assert answer.headers["content-type"].startswith("image/svg+xml")
    picture = ET.fromstring(answer.text)  # noqa: S314  # we wrote it
    name = "{http://www.w3.org/2000/svg}"
    assert picture.get("role") == "img"
    titles = [each.text or "" for each in picture.iter(f"{name}title")]
    assert len(titles) == 1 + 168
    assert "Tuesday 09:00: " in "\n".join(titles)
    dots = {each.get("r") for each in picture.iter(f"{name}circle")}
    assert len(dots) > 3


async def test_the_audience_of_the_example_is_found_again(client: httpx2.AsyncClient) -> None:
    made = run_path(str(EXAMPLE))["observations"]("TWITTER", NOON.timestamp())
    brand_id = await a_brand(client)
    answer = await tell(client, *(each | {"brand_id": brand_id} for each in made))
    assert (answer.json()["added"], answer.json()["not_learned"]) == (180, [])

    shown = await learned(client, brand_id)

    assert (shown["signal"], shown["gate"]["verdict"]) == ("ok", "trusted")
    best = max(shown["cells"], key=lambda each: each["multiplier"])
    assert 5 <= best["hour"] <= 10
    assert all(each["multiplier"] < 0.9 for each in shown["cells"] if each["hour"] == 19)


async def test_a_missing_platform_is_named(client: httpx2.AsyncClient) -> None:
    answer = await client.get(f"/brands/{await a_brand(client)}/audience")

    assert problem(answer, 400, "malformed")["errors"] == [
        {
            "at": "platform",
            "message": "this query parameter is missing; send one of TWITTER, YOUTUBE, INSTAGRAM, LINKEDIN, REDDIT, "
            "TIKTOK",
        }
    ]


async def test_of_a_brand_that_is_not_there_or_was_deleted_nothing_is_shown(client: httpx2.AsyncClient) -> None:
    problem(await audience(client, new_id()), 404, "brand_not_found")
    brand_id = await a_brand(client)
    await client.delete(f"/brands/{brand_id}")
    problem(await audience(client, brand_id), 410, "gone")
    answer = await tell(client, observation(brand_id))
    assert problem(answer, 422, "observations_refused")["details"]["errors"][0]["at"] == "observations[0].brand_id"
