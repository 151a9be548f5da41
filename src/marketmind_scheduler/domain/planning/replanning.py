"""What becomes of what stands when a campaign is scheduled again: what stays, what is given up, what is placed."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from marketmind_scheduler.domain.planning.plan import Plan
from marketmind_scheduler.domain.post import Post
from marketmind_scheduler.domain.schedule import Schedule, ScheduleStatus
from marketmind_scheduler.domain.schedulers import SchedulerKind
from marketmind_scheduler.domain.zones import ZoneCatalog

_TICK = timedelta(microseconds=1)


class Renewal(StrEnum):
    """What a request makes of what stands."""

    NOTHING = "nothing"  # the campaign is to be planned as a whole, or to stand so already
    FILL = "fill"  # all of it stays
    REPLACE = "replace"  # what a person chose stays
    REPLACE_CHOSEN = "replace_chosen"  # nothing stays that can be called off


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """``kept`` stays and is planned round, ``given_up`` is cancelled, ``open_posts`` get a new time."""

    kept: Sequence[Schedule]
    given_up: Sequence[Schedule]
    open_posts: Sequence[Post]


def decide(
    posts: Sequence[Post], standing: Sequence[Schedule], renewal: Renewal, published: Collection[UUID] = ()
) -> Decision:
    """What a request does with these posts and what stands for them: each post's active schedule and its latest
    COMPLETED one. Posts that are ``published`` are out, though no schedule of theirs may say so any more.

    A post that is out, or may be, keeps all it has, a repost too. One of which nothing stands, because it was never
    scheduled or ended as CANCELLED, FAILED or MISSED, is open.
    """
    out = {*posts_out(standing), *published}
    kept = [each for each in standing if each.post_id in out or not _is_given_up(each, renewal)]
    given_up = [each for each in standing if each.post_id not in out and _is_given_up(each, renewal)]
    kept_posts = {each.post_id for each in kept} | out
    return Decision(kept=kept, given_up=given_up, open_posts=[post for post in posts if post.post_id not in kept_posts])


def posts_out(standing: Sequence[Schedule]) -> Collection[UUID]:
    """The posts that are published or being sent, or of which nobody can say that they are not."""
    return {each.post_id for each in standing if each.may_be_out}


def _is_given_up(standing: Schedule, renewal: Renewal) -> bool:
    return renewal is Renewal.REPLACE_CHOSEN or (renewal is Renewal.REPLACE and not standing.is_chosen)


def moment_of_its_own(standing: Sequence[Schedule], now: datetime) -> datetime:
    """``now``, or as little later as tells a planning from all that stands already, whatever clock that was made by."""
    return max((each.created_at + _TICK for each in standing if each.created_at >= now), default=now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Planning:
    """What a scheduler was asked once, and what still stands of its answer."""

    made_at: datetime
    posts: Sequence[Post]
    kept: Sequence[Schedule]
    made: Sequence[Schedule]

    def agrees_with(self, plan: Plan, zones: ZoneCatalog) -> bool:
        """Whether what still stands is as ``plan`` has it."""
        slots = {placement.post.post_id: placement.slot for placement in plan.placements}
        return all(
            each.post_id in slots and each.slot.asks_the_same_as(slots[each.post_id], zones) for each in self.made
        )


def plannings(
    kind: SchedulerKind, posts: Sequence[Post], standing: Sequence[Schedule], history: Sequence[Schedule]
) -> Sequence[Planning]:
    """The plannings by ``kind`` that what stands comes from, the earliest first; none where it cannot come from such
    ones alone: a post has nothing standing, or a time was chosen that no planning knew of.

    ``history`` is all that these posts ever had. A planning is recognised by its moment, and can be asked for again:
    a scheduler answers the same brief with the same plan.
    """
    out = posts_out(standing)
    pending = [each for each in standing if each.post_id not in out]
    planned = [each for each in standing if each.scheduler is kind]
    stand_all = {post.post_id for post in posts} == {each.post_id for each in standing}
    if not planned or not stand_all or not all(map(_known_to(planned), pending)):
        return ()
    made_at = sorted({each.created_at for each in planned})
    asked = (_planning(moment, posts, planned, history) for moment in made_at)
    return [each for each in asked if each.made_at == made_at[-1] or not all(made.may_be_out for made in each.made)]


def _known_to(planned: Sequence[Schedule]) -> Callable[[Schedule], bool]:
    """Whether a PENDING schedule is one of these, or a person had chosen its time before the last of them was made. One
    that was moved out of a planning of which others still stand on its platform was chosen later."""
    ids = {each.schedule_id for each in planned}
    lanes = {(each.created_at, each.platform) for each in planned if not each.may_be_out}
    last = max(each.created_at for each in planned)

    def is_known(pending: Schedule) -> bool:
        was_chosen_before = pending.created_at < last and (pending.created_at, pending.platform) not in lanes
        return pending.schedule_id in ids or (pending.is_chosen and was_chosen_before)

    return is_known


def _planning(
    moment: datetime, posts: Sequence[Post], planned: Sequence[Schedule], history: Sequence[Schedule]
) -> Planning:
    asked = {each.post_id for each in history if each.created_at == moment}
    return Planning(
        made_at=moment,
        posts=[post for post in posts if post.post_id in asked],
        kept=[each for each in history if _stood(each, moment)],
        made=[each for each in planned if each.created_at == moment],
    )


def _stood(schedule: Schedule, moment: datetime) -> bool:
    """Whether it was there before ``moment``, and not called off or over by then."""
    is_there = schedule.is_active or schedule.status is ScheduleStatus.COMPLETED
    return schedule.created_at < moment and (is_there or schedule.updated_at > moment)
