"""Which slots came next for each post, with the others where they are."""

from collections.abc import Sequence

import numpy as np

from marketmind_scheduler.adapters.numeric.case import Case
from marketmind_scheduler.adapters.numeric.decay import decay_of
from marketmind_scheduler.adapters.numeric.exchange import gains_elsewhere
from marketmind_scheduler.adapters.numeric.lane import Ints, lane_of
from marketmind_scheduler.adapters.numeric.packing import Alternatives, PackedProblem
from marketmind_scheduler.adapters.numeric.posts import NOWHERE, posts_of
from marketmind_scheduler.domain.planning.problem import Alternative
from marketmind_scheduler.domain.planning.worth import USUAL_WEIGHT


def alternatives(packed: PackedProblem, chosen: Sequence[int | None], most: int) -> Alternatives:
    """For each post the best few other slots; none for one that is left out."""
    lane = lane_of(packed)
    posts, place = posts_of(packed.rest, lane), {number: nth for nth, number in enumerate(lane.number.tolist())}
    slots = np.array([NOWHERE if slot is None else place.get(slot, NOWHERE) for slot in chosen], np.int64)
    case = Case(lane=lane, posts=posts, decay=decay_of(packed.rest), start=slots)
    return Alternatives(
        of_posts=[_of(case, slots, post, most) if slots[post] != NOWHERE else [] for post in range(len(slots))]
    )


def _of(case: Case, slots: Ints, post: int, most: int) -> list[Alternative]:
    candidates, gains = gains_elsewhere(case, slots, post)
    own = np.flatnonzero(candidates == slots[post])
    if not len(own):
        return []
    best_first = np.argsort(-gains, kind="stable")[: most + 1].tolist()
    now = int(gains[own[0]])
    return [
        Alternative(slot=int(case.lane.number[candidates[nth]]), change=(int(gains[nth]) - now) // USUAL_WEIGHT)
        for nth in best_first
        if nth != own[0]
    ][:most]
