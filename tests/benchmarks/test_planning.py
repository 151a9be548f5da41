from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from benchmarks.planning.__main__ import run
from benchmarks.planning.chances import chances_of
from benchmarks.planning.curves import picture
from benchmarks.planning.figures import targets
from benchmarks.planning.lanes import ONWARD, Lane
from benchmarks.planning.oracle import best_plan, expected_visibility
from benchmarks.planning.playing import ORACLE, POLICIES
from benchmarks.planning.policies import Season
from benchmarks.planning.redqueen import after_the_rules, by_the_wall, open_hours, ranks
from benchmarks.planning.rules import A_DAY, GAP_HOURS, broken
from benchmarks.planning.worlds import WEEK, WORLDS, Floats
from rich.console import Console

ONE_BY_ONE, BURSTS = WORLDS[0], WORLDS[3]
SVG = "{http://www.w3.org/2000/svg}"


def test_a_tiny_world_is_played_printed_and_drawn(capsys: pytest.CaptureFixture[str]) -> None:
    played = run(Console(width=140), WORLDS[:1], Season(learning=1, after=1), lanes=1, feeds=2)

    printed = capsys.readouterr().out
    for policy in POLICIES:
        assert policy in printed
        assert played[0].total(policy, lambda outcome: outcome.posts) == 7
        assert played[0].total(policy, lambda outcome: outcome.broken) == 0
    missed = sum(not is_met for _, is_met in targets(played[0]))
    assert printed.count("MISSED") == missed
    drawn = ET.fromstring(picture(played))  # noqa: S314  # our own
    assert len(drawn.findall(f".//{SVG}polyline/{SVG}title")) == len(drawn.findall(f".//{SVG}polyline")) > 0
    assert played[0].share(ORACLE).mean == 1


def test_the_same_lane_gives_every_policy_the_same_feeds_and_contents() -> None:
    early, late = (np.arange(hour, WEEK, 24, dtype=np.float64) for hour in (9, 20))
    one, other = Lane(BURSTS, 3, 2), Lane(BURSTS, 3, 2)

    assert all(np.array_equal(mine, its) for mine, its in zip(one.feeds, other.feeds, strict=True))
    assert np.array_equal(one.engagements(early), other.engagements(early))
    ratio = one.expected_engagements(early) / one.expected_engagements(late)
    assert not np.array_equal(Lane(BURSTS, 4, 2).engagements(early), one.engagements(early))
    assert ratio.std() < 0.5, "contents, which differ by a factor of two, are the n-th post's wherever it goes"


def test_what_is_expected_of_a_plan_is_what_comes_of_it() -> None:
    plan = np.array([8.0, 19, 43, 45, 70.5, 100, 140, 150])
    for world in (ONE_BY_ONE, BURSTS):
        expected = expected_visibility(chances_of(world, 20), plan)
        seen = [float(Lane(world, number, 2).visibility(plan).sum()) for number in range(40)]
        error = np.std(seen) * (1 / 20 + 1 / 40) ** 0.5
        assert abs(np.mean(seen) - expected) < 4 * error, world.name
        assert error < 0.02 * expected, world.name


def test_where_posts_come_one_by_one_the_chances_are_those_of_the_formula() -> None:
    chances = chances_of(ONE_BY_ONE, 20)
    fine = 60
    visits, competing = (np.repeat(rates, fine, axis=1) / fine for rates in (ONE_BY_ONE.visits, ONE_BY_ONE.competing))
    for hour in (0, 9, 19, 100):
        span = slice(hour * fine, (hour + 24) * fine)
        above = np.cumsum(competing[:, span], axis=1)
        expected = float((visits[:, span] * np.exp(-(1 - ONWARD) * above)).sum(axis=1).mean())
        assert chances.gains[2 * hour, 48] == pytest.approx(expected, rel=0.1), hour


def test_no_other_choice_is_expected_to_be_seen_more_than_the_oracles() -> None:
    chances = chances_of(BURSTS, 3)
    slots = np.array([8.0, 9, 9.5, 12, 19, 20, 21.5, 22, 32, 33, 43.5, 44.5, 46])
    for posts in (1, 2, 3, 4):
        best = max(
            expected_visibility(chances, np.array(each)) for each in combinations(slots.tolist(), posts) if _keeps(each)
        )
        plan = best_plan(chances, slots, posts)
        assert broken(plan) == 0
        assert expected_visibility(chances, plan) == pytest.approx(best), posts


def test_redqueen_has_the_mean_rank_of_its_paper() -> None:
    even, redqueen, by_lot = ranks(1.0, 100.0, 4_000.0, seed=5)
    assert even / by_lot == pytest.approx(0.5, abs=0.03)
    assert redqueen / by_lot == pytest.approx(2 / np.pi, abs=0.03)


def test_open_hours_pass_only_by_day() -> None:
    hours = np.array([6.0, 12.25, 22.5, 30.0, 7 * 24 + 7])
    assert np.allclose(by_the_wall(open_hours(hours).tolist()), hours)
    assert open_hours(np.array([23.0, 24, 29.5, 30])).tolist() == [17, 17, 17, 17]


def test_after_a_post_the_next_waits_for_the_gap_and_for_a_day_with_room() -> None:
    assert after_the_rules([3.0]) == 3 + GAP_HOURS
    assert after_the_rules([16.5]) == 17, "what is left of the gap passes by night"
    assert after_the_rules([3.0, 9.0]) == 17, "two a day"
    assert after_the_rules([3.0, 20.0]) == 20 + GAP_HOURS


def test_weeks_are_alike_for_whoever_knows_the_rates() -> None:
    for world in WORLDS:
        for rates in (world.visits, world.competing):
            assert rates.shape[1] == WEEK
            assert rates.min() > 0


def test_the_picture_in_the_papers_is_one_of_every_world() -> None:
    drawn = ET.fromstring(Path("docs/planning-curves.svg").read_text(encoding="utf-8"))  # noqa: S314  # our own
    titles = {each.text for each in drawn.iter(f"{SVG}text")}
    assert {world.name for world in WORLDS} <= titles


def _keeps(posts: tuple[float, ...]) -> bool:
    plan: Floats = np.array(posts)
    days = np.bincount((plan // 24).astype(np.int64))
    return bool(np.all(np.diff(plan) >= GAP_HOURS) and days.max() <= A_DAY)
