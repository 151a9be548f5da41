"""All policies in one world, on the same lanes, and what became of their posts."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from statistics import fmean, median
from time import perf_counter

import numpy as np
from benchmarks.planning.chances import Chances, chances_of
from benchmarks.planning.engaging import hour_of_week, learned
from benchmarks.planning.ideal import ideal
from benchmarks.planning.lanes import CONTENT_SD, Lane
from benchmarks.planning.oracle import best_plan
from benchmarks.planning.policies import (
    POSTS_A_WEEK,
    Planner,
    Season,
    Told,
    after_a_lot,
    engagement,
    naive,
    peak_hour,
    raw_means,
    true_rates,
)
from benchmarks.planning.redqueen import Clocks, after_the_rules, by_the_wall, open_hours
from benchmarks.planning.rules import CLOSES, OPENS, broken
from benchmarks.planning.worlds import WEEK, Floats, World

from marketmind_scheduler.domain.audience.observations import Figure
from marketmind_scheduler.domain.audience.profile import Verdict

NAIVE, PEAK, MEANS, REDQUEEN = "naive, 19:00", "peak hour", "raw means", "RedQueen"
LEARNED, MONTHLY, LOT = "engagement, learned", "engagement, by the month", "engagement, after a lot"
SEEN, IDEAL = "engagement, by impressions", "ideal learner"
TRUE, ORACLE = "engagement, true rates", "oracle"
POLICIES = NAIVE, PEAK, MEANS, REDQUEEN, LOT, MONTHLY, LEARNED, SEEN, IDEAL, TRUE, ORACLE
LEARNING = {LEARNED: Figure.ENGAGEMENTS, SEEN: Figure.IMPRESSIONS}
"""What is held to the targets, and what it learns from."""
_WITHIN = 0.03
_USUAL_POSTS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What holds for all lanes of a world."""

    world: World
    season: Season
    chances: Chances
    oracle: Floats
    reaction: float

    def lane(self, number: int) -> Lane:
        """With a week more, in which the last posts are still seen."""
        return Lane(self.world, number, self.season.weeks + 1)

    @property
    def after(self) -> float:
        """The hour at which learning ends."""
        return float(self.season.learning * WEEK)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Of one policy on one lane. ``visibility`` is that of each week, all else that of the weeks after learning.
    ``churn``: which part of a week's times were not those of the week before, in the second half of learning."""

    visibility: Floats
    posts: int
    broken: int
    on_top: float
    among_five: float
    mean_rank: float
    engagements: float
    churn: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Believed:
    """After learning: which part of the 80 % intervals ``covered`` the true effect of their hour, and whether the gate
    rejected the profile."""

    covered: float
    rejected: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneOutcomes:
    outcomes: Mapping[str, Outcome]
    beliefs: Mapping[str, Believed]


def known_of(world: World, *, season: Season, lanes: int, feeds: int) -> Known:
    chances = chances_of(world, feeds)
    return Known(
        world=world,
        season=season,
        chances=chances,
        oracle=_planned_weekly(lambda told: best_plan(chances, told.slots, told.to_place), season),
        reaction=_reaction(world, season, lanes),
    )


def outcomes_of(known: Known, number: int) -> LaneOutcomes:
    lane = known.lane(number)
    played = {name: _played(lane, known.season, player) for name, player in _players(known).items()}
    played[REDQUEEN] = _reacting(_clocks(lane), known.season, known.reaction), 0.0
    played[ORACLE] = known.oracle, 0.0
    beliefs = {name: _believed(lane, known, played[name][0], figure) for name, figure in LEARNING.items()}
    outcomes = {name: _outcome(lane, known, *played[name]) for name in POLICIES}
    return LaneOutcomes(outcomes=outcomes, beliefs=beliefs)


@dataclass(frozen=True, slots=True)
class _Player:
    """Plans so many weeks at once while it learns, from this figure of its posts."""

    planner: Planner
    weeks: int = 1
    figure: Figure = Figure.ENGAGEMENTS


def _players(known: Known) -> Mapping[str, _Player]:
    return {
        NAIVE: _Player(naive),
        PEAK: _Player(after_a_lot(peak_hour)),
        MEANS: _Player(after_a_lot(raw_means)),
        LOT: _Player(after_a_lot(engagement)),
        MONTHLY: _Player(engagement, known.season.after),
        LEARNED: _Player(engagement),
        SEEN: _Player(engagement, figure=Figure.IMPRESSIONS),
        IDEAL: _Player(after_a_lot(ideal(known.chances.effects, CONTENT_SD))),
        TRUE: _Player(true_rates(known.chances.by_hour)),
    }


def _played(lane: Lane, season: Season, player: _Player) -> tuple[Floats, float]:
    """Its posts, ascending, and the seconds that planning the weeks after took."""
    posts, seconds = np.zeros(0), 0.0
    lot = lane.world.seed, lane.number, 1 << 20
    plans = [(first, first + player.weeks) for first in range(0, season.learning, player.weeks)]
    for first, last in [*plans, (season.learning, season.weeks)]:
        told = Told(
            first=first,
            last=last,
            is_learning=first < season.learning,
            posts=posts,
            figures=lane.counted(player.figure, posts),
            lot=lot,
        )
        begun = perf_counter()
        plan = player.planner(told)
        seconds = perf_counter() - begun
        posts = np.concatenate((posts, plan))
    return posts, seconds


def _planned_weekly(planner: Planner, season: Season) -> Floats:
    """Of a planner that learns nothing."""
    nothing = partial(Told, is_learning=False, posts=np.zeros(0), figures=np.zeros(0, np.int64), lot=())
    week = planner(nothing(first=0, last=1))
    weeks = [week + first * WEEK for first in range(season.learning)]
    return np.concatenate([*weeks, planner(nothing(first=season.learning, last=season.weeks))])


def _outcome(lane: Lane, known: Known, posts: Floats, seconds: float) -> Outcome:
    season, is_after = known.season, posts >= known.after
    after = posts[is_after]
    weeks = (posts // WEEK).astype(np.int64)
    return Outcome(
        visibility=np.bincount(weeks, weights=lane.visibility(posts), minlength=season.weeks).astype(np.float64),
        posts=len(after),
        broken=broken(posts),
        on_top=lane.on_top(after, 1),
        among_five=lane.on_top(after, 5),
        mean_rank=lane.mean_rank(after, float(season.weeks * WEEK)),
        engagements=float(lane.expected_engagements(posts)[is_after].sum()),
        churn=fmean(_changed(posts, week) for week in range(season.learning // 2, season.learning)),
        seconds=seconds,
    )


def _changed(posts: Floats, week: int) -> float:
    before, now = ({*(posts[posts // WEEK == nth] % WEEK).tolist()} for nth in (week - 1, week))
    return len(now - before) / max(1, len(now))


def _believed(lane: Lane, known: Known, posts: Floats, figure: Figure) -> Believed:
    """Of what is learned from the posts before the weeks after. Effects are against the lane's usual post, which is the
    median of those before."""
    posts = posts[posts < known.after]
    profile = learned(posts, lane.counted(figure, posts), known.after)
    true = known.chances.effects
    posted = true[hour_of_week(posts)].tolist()
    usual = fmean(median(posted[max(0, nth - _USUAL_POSTS) : nth]) for nth in range(1, len(posted)))
    cells = [cell for cell in range(WEEK) if OPENS <= cell % 24 < CLOSES]
    held = [
        low <= np.exp(true[cell] - usual) * 1_000_000 <= high
        for cell in cells
        for low, high in [profile.interval_80(cell)]
    ]
    return Believed(fmean(held), profile.gate.verdict is Verdict.REJECTED)


def _reaction(world: World, season: Season, lanes: int) -> float:
    """The rate sqrt(s/q) with which RedQueen has as many posts as the others, to 3 %, after learning, on all lanes."""
    clocks = [_clocks(Lane(world, number, season.weeks + 1)) for number in range(lanes)]
    wanted = lanes * season.after * POSTS_A_WEEK
    low, high = 1e-7, 1.0
    while True:
        rate = (low * high) ** 0.5
        posts = sum(int((_reacting(each, season, rate) >= season.learning * WEEK).sum()) for each in clocks)
        if abs(posts - wanted) <= _WITHIN * wanted:
            return rate
        low, high = (low, rate) if posts > wanted else (rate, high)


def _clocks(lane: Lane) -> Clocks:
    seed = lane.world.seed, lane.number, 1 << 21
    return Clocks.over(lane.feeds, seed, opened=open_hours)


def _reacting(clocks: Clocks, season: Season, rate: float) -> Floats:
    until = float(open_hours(np.array([season.weeks * WEEK]))[0])
    return by_the_wall(clocks.posts(rate, until, next_start=after_the_rules))
