"""How long the best slots of large lanes take, beside a bare HiGHS solve of the same model where there is one.

Times are of the processor, so that whatever else the machine does is not in them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from random import Random
from time import process_time
from uuid import UUID

from marketmind_scheduler.adapters.numeric import assignment, intervals
from marketmind_scheduler.adapters.numeric.choosing import choice
from marketmind_scheduler.adapters.numeric.linear import Model, Solved, solved
from marketmind_scheduler.adapters.numeric.packing import packed
from marketmind_scheduler.domain.planning.problem import AtMost, Candidate, LaneProblem, Objective, OpenSlot

HOUR, DAY = 3_600, 86_400


def main() -> None:
    bare = _Bare()
    intervals.solved = assignment.solved = bare.solved
    print(f"{'lane':44} {'seconds':>8} {'bare':>6} {'ratio':>6} {'method':18} {'gap':>8} unplaced")
    for name, problem in _instances():
        columns, bare.seconds, begun = packed(problem), 0.0, process_time()
        chosen = choice(columns)
        seconds, certificate = process_time() - begun, chosen.certificate
        ratio = f"{bare.seconds:6.2f} {seconds / bare.seconds:6.2f}" if bare.seconds else f"{'':6} {'':6}"
        left_out = sum(slot is None for slot in chosen.chosen)
        print(f"{name:44} {seconds:8.2f} {ratio} {certificate.method:18} {certificate.gap:8.4%} {left_out}")


class _Bare:
    """Counts what HiGHS itself takes."""

    seconds = 0.0

    def solved(self, model: Model, *, nodes: int | None = None) -> Solved:
        begun = process_time()
        answer = solved(model, nodes=nodes)
        self.seconds += process_time() - begun
        return answer


def _instances() -> Iterator[tuple[str, LaneProblem]]:
    usual = _lane(500, minutes=30)
    a_day = [AtMost(posts=3, seconds=DAY)]
    yield "500 alike, 365 d x 30 min", usual
    yield "the same with a rolling cap", replace(usual, at_most=a_day)
    yield "the same, decaying in 1 h", _decaying(usual, HOUR)
    yield "the same, decaying in 24 h", _decaying(usual, DAY)
    yield "the same, in order, weights, windows of 14 d", replace(usual, posts=_windows(500, 365), in_order=True)
    yield "10,000 alike, 365 d x 15 min, no gap", replace(_lane(10_000, minutes=15), min_gap=1, per_day=None)
    yield "500 alike, 365 d x 15 min (one lane of 20)", _lane(500, minutes=15)
    for posts, days in ((50, 28), (200, 90), (500, 365)):
        lane = _lane(posts, minutes=60, days=days)
        yield f"{posts} of all weights, windows, {days} d hourly", replace(lane, posts=_windows(posts, days))


def _lane(posts: int, *, minutes: int, days: int = 365) -> LaneProblem:
    random = Random(1)  # noqa: S311  # it only has to be the same each time
    of_hour = [random.randint(500_000, 2_000_000) for _ in range(168)]
    slots = [
        OpenSlot(instant=60 * minute, day=minute // 1_440, value=of_hour[minute // 60 % 168])
        for minute in range(0, days * 1_440, minutes)
    ]
    return LaneProblem(posts=_posts(posts), slots=slots, min_gap=2 * HOUR, per_day=4)


def _decaying(lane: LaneProblem, seconds: int) -> LaneProblem:
    return replace(lane, objective=Objective.OWN_POST_DECAY, decay=(500_000, seconds))


def _posts(count: int) -> Sequence[Candidate]:
    return [Candidate(post_id=UUID(int=nth), weight=1_000, earliest=0, latest=1 << 40) for nth in range(count)]


def _windows(count: int, days: int) -> Sequence[Candidate]:
    random = Random(2)  # noqa: S311
    first_days = [nth * (days - 14) // count for nth in range(count)]
    return [
        replace(post, weight=random.randint(500, 3_000), earliest=first * DAY, latest=(first + 14) * DAY)
        for post, first in zip(_posts(count), first_days, strict=True)
    ]


if __name__ == "__main__":
    main()
