"""Lanes as the tests say them: values at quarters of an hour, posts that may go anywhere."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from marketmind_scheduler.domain.planning.problem import Candidate, LaneProblem, OpenSlot

QUARTER = 900
ANY_TIME = (0, 1 << 40)


def candidates(count: int, *, weight: int = 1_000, window: tuple[int, int] = ANY_TIME) -> Sequence[Candidate]:
    earliest, latest = window
    return [Candidate(post_id=UUID(int=nth), weight=weight, earliest=earliest, latest=latest) for nth in range(count)]


def weighing(*weights: int) -> Sequence[Candidate]:
    return [replace(post, weight=weight) for post, weight in zip(candidates(len(weights)), weights, strict=True)]


def slots(values: Sequence[int], at: Sequence[int] | None = None, quarters_a_day: int = 96) -> Sequence[OpenSlot]:
    quarters = range(len(values)) if at is None else at
    return [
        OpenSlot(instant=quarter * QUARTER, day=quarter // quarters_a_day, value=value)
        for quarter, value in zip(quarters, values, strict=True)
    ]


def a_lane(
    values: Sequence[int],
    *,
    at: Sequence[int] | None = None,
    quarters_a_day: int = 96,
    posts: Sequence[Candidate] | None = None,
) -> LaneProblem:
    """One slot for each value, a quarter of an hour apart or ``at`` these quarters, and one post."""
    return LaneProblem(posts=candidates(1) if posts is None else posts, slots=slots(values, at, quarters_a_day))
