"""Why a post of a plan does not stand at another time."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from marketmind_scheduler.application.planning.cases import Case
from marketmind_scheduler.domain.audience.week import MILLION, cell_at
from marketmind_scheduler.domain.errors import PostNotFound, SchedulerUnavailable
from marketmind_scheduler.domain.planning.instead import Instead, Wish
from marketmind_scheduler.domain.planning.plan import Brief, Placement
from marketmind_scheduler.domain.planning.preview import Preview
from marketmind_scheduler.domain.post import Post
from marketmind_scheduler.domain.rules.judging import violations
from marketmind_scheduler.domain.rules.violations import Occupied, Violation, Wanted
from marketmind_scheduler.domain.wall_clock import Disambiguation, Slot, local_day, wall_time
from marketmind_scheduler.domain.written_times import read_slot
from marketmind_scheduler.domain.zones import ZoneCatalog
from marketmind_scheduler.ports.scheduler import Scheduler
from marketmind_scheduler.ports.storage import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """What stands against a post at a time, with everything else of its plan where it is; nothing: it could stand
    there. The multipliers are those of that hour and of the planned one, in millionths; None where the plan leaves the
    post out. ``instead`` is what the scheduler would do, were it there; None where a rule closes the time whatever the
    plan's other posts do."""

    wish: Wish
    violations: Sequence[Violation]
    sentence: str
    multiplier: int
    planned_multiplier: int | None
    instead: Instead | None = None

    @property
    def slot(self) -> Slot:
        return self.wish.slot


async def check_spoken_of(work: UnitOfWork, preview: Preview, case: Case, post_id: UUID) -> None:
    """Raises PostNotFound for a post that is not there or that the plan does not speak of, with where it belongs, and
    Deleted."""
    if post_id in preview.post_ids and any(post.post_id == post_id for post in case.posts):
        return
    post = await work.posts.get(post_id)
    raise PostNotFound.in_plan(post_id, preview.plan_id, because=_why_unspoken(post, preview))


def _why_unspoken(post: Post, preview: Preview) -> str:
    if post.campaign_id is None:
        return f"the post is of no campaign, and the plan of campaign {preview.campaign_id}; ask about one of its posts"
    if post.campaign_id != preview.campaign_id:
        return (
            f"the post is of campaign {post.campaign_id}, and the plan of {preview.campaign_id}; ask a plan of its own"
        )
    if post.platform not in preview.asked.platforms:
        return f"the post is on {post.platform}, which the plan was not asked for; ask a plan that is"
    return "it had a schedule that stays, or came later than the plan; preview the campaign anew"


async def why_not(
    preview: Preview, case: Case, scheduler: Scheduler, *, post_id: UUID, at: str, zones: ZoneCatalog
) -> Why:
    """Of a post that the plan speaks of. Raises what ``read_slot`` raises."""
    brief = case.brief_of(preview, zones)
    post = next(each for each in brief.posts if each.post_id == post_id)
    slot = read_slot(at, zone=None, default_zone=brief.zone, disambiguation=Disambiguation.COMPATIBLE, zones=zones)
    asked = _Asked(preview, case, brief, Wish(post=post, slot=slot))
    impossible = asked.impossible()
    broken = asked.broken()
    instead = None if impossible or asked.is_closed() else await _instead(scheduler, asked)
    there, here = asked.multipliers()
    against = impossible or (broken[0].sentence if broken else asked.taken())
    is_there = not against and asked.is_there()
    said = () if is_there or not instead else _said(instead, preview)
    standing = "that is where the plan has it" if is_there else _worth(there, here)
    return Why(
        wish=asked.wish,
        violations=broken,
        sentence="; ".join([*slot.warnings(), against or standing, *said]),
        multiplier=there,
        planned_multiplier=here,
        instead=instead,
    )


@dataclass(frozen=True, slots=True)
class _Asked:
    preview: Preview
    case: Case
    brief: Brief
    wish: Wish

    @property
    def _planned(self) -> Sequence[Placement]:
        return self.preview.plan.placements

    def impossible(self) -> str | None:
        slot, brief = self.wish.slot, self.brief
        if slot.publish_time <= brief.now:
            return f"{slot.local_text()} is over; ask about a time ahead"
        if not brief.first_day <= local_day(slot.publish_time, brief.zone) <= brief.last_day:
            return f"{slot.local_text()} is not one of the campaign's days, {brief.first_day} to {brief.last_day}"
        return None

    def is_there(self) -> bool:
        """Whether the plan has the post at that time."""
        wanted = self.wish.post.post_id, self.wish.slot.publish_time
        return any((each.post.post_id, each.slot.publish_time) == wanted for each in self._planned)

    def broken(self) -> Sequence[Violation]:
        """With all else where it is."""
        return self._violations([each for each in self._planned if each.post.post_id != self.wish.post.post_id])

    def is_closed(self) -> bool:
        """Whether a rule, or something that stands and stays, closes the time whatever the plan's other posts of the
        platform do."""
        elsewhere = [each for each in self._planned if each.post.platform is not self.wish.post.platform]
        standing = {(each.platform, each.publish_time) for each in self._standing}
        is_taken = (self.wish.post.platform, self.wish.slot.publish_time) in standing
        return is_taken or bool(self._violations(elsewhere))

    def taken(self) -> str | None:
        """By which post of the platform."""
        there = (self.wish.post.platform, self.wish.slot.publish_time)
        for each in (*self._standing, *map(_occupied, self._planned)):
            if (each.platform, each.publish_time) == there and each.holder_id != self.wish.post.post_id:
                return f"another post of {there[0]} stands there, {each.holder_id}"
        return None

    def multipliers(self) -> tuple[int, int | None]:
        profile, zone = self.brief.profile_of(self.wish.post.platform), self.brief.zone
        here = next((each.slot for each in self._planned if each.post.post_id == self.wish.post.post_id), None)
        there = profile.value(cell_at(wall_time(self.wish.slot.publish_time, zone)))
        return there, here and profile.value(cell_at(wall_time(here.publish_time, zone)))

    @property
    def _standing(self) -> Sequence[Occupied]:
        spoken_of = {each.schedule_id for each in self.case.standing if each.post_id in set(self.preview.post_ids)}
        return [each for each in self.case.beside if each.holder_id not in spoken_of]

    def _violations(self, others: Sequence[Placement]) -> Sequence[Violation]:
        post, slot = self.wish.post, self.wish.slot
        wanted = Wanted(post_id=post.post_id, platform=post.platform, publish_time=slot.publish_time)
        beside = [*self._standing, *map(_occupied, others)]
        return violations([wanted], beside, self.case.rules, now=self.case.now)


def _occupied(placement: Placement) -> Occupied:
    """Under the post's own id."""
    post, slot = placement.post, placement.slot
    return Occupied(holder_id=post.post_id, platform=post.platform, publish_time=slot.publish_time)


async def _instead(scheduler: Scheduler, asked: _Asked) -> Instead:
    try:
        return await scheduler.instead(asked.brief, asked.preview.plan, asked.wish)
    except SchedulerUnavailable as unavailable:
        return Instead(trouble=f"what else would move is not known now: {unavailable}")


def _worth(there: int, here: int | None) -> str:
    said = f"that hour is worth {there / MILLION:.2f} of a usual post"
    if here is None:
        return f"it could stand there, and {said}"
    if there > here:
        said = f"{said}, the planned one {here / MILLION:.2f}"
        return f"it could stand there: {said}; the plan has other posts at such hours, or spaces them"
    return f"it could stand there, and {said}, the planned one {here / MILLION:.2f}"


def _said(instead: Instead, preview: Preview) -> Sequence[str]:
    """What the plan would be like, in words."""
    trouble = [instead.trouble] if instead.trouble else []
    if instead.change is not None:
        return [f"with it there the plan {_changed(instead)}, and {_moves(instead)}", *trouble]
    by_hand = f"{preview.asked.scheduler} weighs no hours: put there by hand, the post stays, and {_moves(instead)}"
    return trouble or [by_hand]


def _changed(instead: Instead) -> str:
    change, value = instead.change or 0, instead.value or 0
    if not change:
        return "is worth as much"
    share = f" ({abs(change) / value:.1%})" if value else ""
    most = "" if instead.proven or change > 0 else " at most"
    return f"{'gains' if change > 0 else 'loses'} {abs(change) / MILLION:.3f} of a usual post{share}{most}"


def _moves(instead: Instead) -> str:
    left_out = sum(each.to is None for each in instead.moved)
    moves = len(instead.moved) - left_out
    said = f"{'no other post moves' if not moves else '1 other post moves' if moves == 1 else f'{moves} others move'}"
    return f"{said}, {left_out} would be left out" if left_out else said
