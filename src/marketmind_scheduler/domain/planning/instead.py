"""What a scheduler would do, were a post where somebody wants it."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from marketmind_scheduler.domain.audience.week import cell_at
from marketmind_scheduler.domain.errors import Rejected
from marketmind_scheduler.domain.planning.choosing import EPOCH, decay_of, whole_seconds
from marketmind_scheduler.domain.planning.plan import Brief, Placement, Plan, PostToPlace
from marketmind_scheduler.domain.planning.problem import LaneProblem, Objective
from marketmind_scheduler.domain.planning.room import stands
from marketmind_scheduler.domain.planning.worth import Stood, worth
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.wall_clock import Slot, wall_time

Instants = Mapping[UUID, datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A post of a plan, placed or left out, and the time that somebody has in mind for it."""

    post: PostToPlace
    slot: Slot


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """Another post of the plan that would change its time; it would be left out where ``to`` is None, and is placed
    only then where ``since`` is None."""

    post_id: UUID
    platform: Platform
    since: datetime | None
    to: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Instead:
    """The plan with the post there.

    ``change`` is what its ``value`` would gain by its objective, less than 0 for what it would lose, in millionths of a
    usual post; None for a rule that weighs nothing. ``proven``: no arrangement loses less, but for a millionth for each
    post. ``moved`` are the other posts that would change, by the time they have now. ``trouble`` is what could not be
    done or told, in words.
    """

    change: int | None = None
    value: int | None = None
    proven: bool = False
    moved: Sequence[Moved] = ()
    trouble: str | None = None


def by_rule(rule: Callable[[Brief], Plan], brief: Brief, plan: Plan, wish: Wish) -> Instead:
    """What a rule that weighs nothing would do: the post stands as one that a person has put there, and the rule places
    the others round it."""
    posts = tuple(each for each in brief.posts if each.post_id != wish.post.post_id)
    if not posts:
        return Instead()
    try:
        again = rule(replace(brief, posts=posts, kept=(*brief.kept, Placement(post=wish.post, slot=wish.slot))))
    except Rejected as rejected:
        return Instead(trouble=f"the rule could not place the others round it: {rejected}")
    return Instead(moved=moved(posts, instants(plan.placements), instants(again.placements)))


def instants(placements: Iterable[Placement]) -> Instants:
    return {each.post.post_id: each.slot.publish_time for each in placements}


def moved(posts: Iterable[PostToPlace], before: Instants, after: Instants) -> Sequence[Moved]:
    """Those of the posts that have another time, in the order of the times they had."""
    found = [
        Moved(post_id=each.post_id, platform=each.platform, since=before.get(each.post_id), to=after.get(each.post_id))
        for each in posts
        if before.get(each.post_id) != after.get(each.post_id)
    ]
    return sorted(found, key=lambda each: (each.since is None, each.since or each.to, each.post_id))


def fewest_moves(posts: Sequence[PostToPlace], before: Instants, after: Instants) -> Instants:
    """The times ``after``, given out among posts that are alike so that whoever can stays where it is."""
    alike: defaultdict[Hashable, list[PostToPlace]] = defaultdict(list)
    for post in posts:
        alike[post.weight, post.not_before, post.not_after].append(post)
    return {post_id: at for group in alike.values() for post_id, at in _given_out(group, before, after)}


def _given_out(posts: Sequence[PostToPlace], before: Instants, after: Instants) -> Iterable[tuple[UUID, datetime]]:
    times = {after[each.post_id] for each in posts if each.post_id in after}
    staying = {each.post_id: at for each in posts if (at := before.get(each.post_id)) in times and at is not None}
    free = sorted(times - set(staying.values()))
    others = [each.post_id for each in posts if each.post_id not in staying]
    others.sort(key=lambda post_id: (post_id not in before, before.get(post_id, EPOCH)))
    return [*staying.items(), *zip(others, free, strict=False)]


def worth_of(brief: Brief, posts: Iterable[PostToPlace], times: Instants) -> int:
    """What these posts are worth at these times beside what stands, by the brief's objective and what is expected of
    the hours, in millionths of a usual post."""
    lanes: defaultdict[Platform, list[Stood]] = defaultdict(list)
    for post in posts:
        if post.post_id in times:
            lanes[post.platform].append(_stood(post, times[post.post_id], brief))
    return sum(worth(_bare(brief, platform), stood) for platform, stood in lanes.items())


def _stood(post: PostToPlace, at: datetime, brief: Brief) -> Stood:
    value = brief.profile_of(post.platform).value(cell_at(wall_time(at, brief.zone)))
    return Stood(whole_seconds(at), value, post.weight)


def _bare(brief: Brief, platform: Platform) -> LaneProblem:
    """The lane's objective and what is taken on it."""
    return LaneProblem(
        posts=(),
        slots=(),
        taken=sorted(whole_seconds(at) for lane, at in stands(brief) if lane is platform),
        objective=brief.objective,
        decay=decay_of(platform) if brief.objective is Objective.OWN_POST_DECAY else (0, 1),
    )
