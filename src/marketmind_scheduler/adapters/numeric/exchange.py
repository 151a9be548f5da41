"""Moving posts one by one as long as that is worth more: what is left where no exact way is quick enough."""

import numpy as np

from marketmind_scheduler.adapters.numeric.case import Case, placed_in_time_order
from marketmind_scheduler.adapters.numeric.decay import worths
from marketmind_scheduler.adapters.numeric.lane import Ints, Truths
from marketmind_scheduler.adapters.numeric.posts import NOWHERE

LOOKS = 8_000_000  # at so many slots in all


def improved(case: Case, slots: Ints, *, looks: int = LOOKS) -> Ints:
    """A choice that is no worse, with no fewer posts: what fits is placed, what gains is moved, and heavier posts have
    the better slots, until nothing changes or enough was looked at. It keeps every rule, if ``slots`` do."""
    exchange = _Exchange(case, slots, looks)
    exchange.improve()
    return exchange.slots


def gains_elsewhere(case: Case, slots: Ints, post: int) -> tuple[Ints, Ints]:
    """The slots that one of the posts may take with the others in these, its own among them, and what it adds in each:
    weight times worth, with what it takes from the next."""
    return _Exchange(case, slots, 0).elsewhere(post)


class _Exchange:
    def __init__(self, case: Case, slots: Ints, looks: int) -> None:
        self._lane, self._posts, self._decay = case.lane, case.posts, case.decay
        self.slots = slots.copy()
        self._looks = looks // max(1, len(case.lane.at))

    def improve(self) -> None:
        changes = True
        while changes and self._looks > 0:
            changes = self._each_moved()
            if not self._posts.in_order:
                changes = self._exchanged() or changes

    def _each_moved(self) -> bool:
        moved = False
        for post in range(len(self._posts)):
            if self._looks <= 0:
                break
            self._looks -= 1
            moved = self._moved(post) or moved
        return moved

    def elsewhere(self, post: int) -> tuple[Ints, Ints]:
        was, self.slots[post] = self.slots[post], NOWHERE
        who = placed_in_time_order(self.slots)
        others, weights = self.slots[who], self._posts.weight[who]
        candidates = np.flatnonzero(self._open_to(post) & ~self._lane.closed_beside(others))
        self.slots[post] = was
        return candidates, self._gains(int(self._posts.weight[post]), candidates, others, weights)

    def _moved(self, post: int) -> bool:
        was = self.slots[post]
        candidates, gains = self.elsewhere(post)
        if not len(candidates):
            return False
        best = int(np.argmax(gains))
        gain_now = gains[np.searchsorted(candidates, was)] if was != NOWHERE else None
        is_better = gain_now is None or gains[best] > gain_now or (gains[best] == gain_now and candidates[best] < was)
        self.slots[post] = candidates[best] if is_better else was
        return bool(is_better)

    def _open_to(self, post: int) -> Truths:
        first, behind = int(self._posts.first[post]), int(self._posts.behind[post])
        if self._posts.in_order:
            earlier, later = self.slots[:post], self.slots[post + 1 :]
            first = max(first, int(earlier.max(initial=NOWHERE)) + 1)
            behind = min(behind, int(np.min(later[later != NOWHERE], initial=len(self._lane.at))))
        open_ = np.zeros(len(self._lane.at), np.bool_)
        open_[first:behind] = True
        return open_

    def _gains(self, weight: int, candidates: Ints, others: Ints, weights: Ints) -> Ints:
        """What a post of this weight would add in each candidate, with what it takes from the next post."""
        lane, decay = self._lane, self._decay
        if not decay.part:
            return weight * lane.value[candidates]
        at = lane.at[candidates]
        behind = np.searchsorted(others, candidates)
        own = np.concatenate(([-(1 << 60)], lane.at[others], [1 << 60]))
        since = np.minimum(at - own[behind], lane.since_taken[candidates])
        gains = weight * decay.worth(lane.value[candidates], since)
        followed = behind < len(others)
        next_ = others[behind[followed]]
        was = worths(lane, decay, others)[behind[followed]]
        becomes = decay.worth(lane.value[next_], np.minimum(lane.at[next_] - at[followed], lane.since_taken[next_]))
        gains[followed] -= weights[behind[followed]] * (was - becomes)
        return gains

    def _exchanged(self) -> bool:
        """Whether two posts of different weight changed places: the heavier has the better slot then."""
        who = placed_in_time_order(self.slots)
        worth = np.zeros(len(self._posts), np.int64)
        worth[who] = worths(self._lane, self._decay, self.slots[who])
        changed = False
        for post in who[np.argsort(-self._posts.weight[who], kind="stable")].tolist():
            partner = self._better_place(post, who, worth)
            if partner is not None:
                self.slots[[post, partner]] = self.slots[[partner, post]]
                worth[[post, partner]] = worth[[partner, post]]
                changed = True
        return changed

    def _better_place(self, post: int, who: Ints, worth: Ints) -> int | None:
        slots, posts = self.slots, self._posts
        fits = (slots[who] >= posts.first[post]) & (slots[who] < posts.behind[post])
        fits &= (slots[post] >= posts.first[who]) & (slots[post] < posts.behind[who])
        fits &= (posts.weight[who] < posts.weight[post]) & (worth[who] > worth[post])
        if not fits.any():
            return None
        lighter = who[fits]
        gains = (posts.weight[post] - posts.weight[lighter]) * (worth[lighter] - worth[post])
        return int(lighter[np.argmax(gains)])
