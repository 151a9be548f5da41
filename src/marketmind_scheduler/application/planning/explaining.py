"""Why a post of a plan does not stand at another time."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from marketmind_scheduler.application.planning.cases import Case
from marketmind_scheduler.domain.audience.week import MILLION, cell_at
from marketmind_scheduler.domain.errors import PostNotFound
from marketmind_scheduler.domain.planning.plan import Brief, Placement
from marketmind_scheduler.domain.planning.preview import Preview
from marketmind_scheduler.domain.rules.judging import violations
from marketmind_scheduler.domain.rules.violations import Occupied, Violation, Wanted
from marketmind_scheduler.domain.wall_clock import Disambiguation, Slot, local_day, wall_time
from marketmind_scheduler.domain.written_times import read_slot
from marketmind_scheduler.domain.zones import ZoneCatalog


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """What stands against a post at a time, with everything else of its plan where it is; nothing: it could stand
    there. The multipliers are those of that hour and of the planned one, in millionths."""

    placement: Placement
    slot: Slot
    violations: Sequence[Violation]
    sentence: str
    multiplier: int
    planned_multiplier: int


def why_not(preview: Preview, case: Case, brief: Brief, *, post_id: UUID, at: str, zones: ZoneCatalog) -> Why:
    """Raises PostNotFound for a post that the plan does not place, and what ``read_slot`` raises."""
    placement = next((each for each in preview.plan.placements if each.post.post_id == post_id), None)
    if placement is None:
        raise PostNotFound(post_id)
    slot = read_slot(at, zone=None, default_zone=brief.zone, disambiguation=Disambiguation.COMPATIBLE, zones=zones)
    wanted = Wanted(post_id=post_id, platform=placement.post.platform, publish_time=slot.publish_time)
    others = [*case.beside, *_others(preview, placement)]
    broken = violations([wanted], others, case.rules, now=case.now)
    profile = brief.profile_of(wanted.platform)
    there, here = (profile.value(cell_at(wall_time(each.publish_time, brief.zone))) for each in (slot, placement.slot))
    return Why(
        placement=placement,
        slot=slot,
        violations=broken,
        sentence=_sentence(slot, brief, broken, others, wanted) or _worth(there, here),
        multiplier=there,
        planned_multiplier=here,
    )


def _others(preview: Preview, placement: Placement) -> Sequence[Occupied]:
    """The plan's other posts, under their own ids."""
    return [
        Occupied(holder_id=each.post.post_id, platform=each.post.platform, publish_time=each.slot.publish_time)
        for each in preview.plan.placements
        if each is not placement
    ]


def _sentence(
    slot: Slot, brief: Brief, broken: Sequence[Violation], others: Sequence[Occupied], wanted: Wanted
) -> str | None:
    if slot.publish_time <= brief.now:
        return f"{slot.local_text()} is over; ask about a time ahead"
    if not brief.first_day <= local_day(slot.publish_time, brief.zone) <= brief.last_day:
        return f"{slot.local_text()} is not one of the campaign's days, {brief.first_day} to {brief.last_day}"
    if broken:
        return broken[0].sentence
    beside = [each for each in others if (each.platform, each.publish_time) == (wanted.platform, wanted.publish_time)]
    if beside:
        return f"another post of {wanted.platform} stands there, {beside[0].holder_id}"
    return None


def _worth(there: int, here: int) -> str:
    said = f"that hour is worth {there / MILLION:.2f} of a usual post, the planned one {here / MILLION:.2f}"
    if there > here:
        return f"it could stand there: {said}; the plan has other posts at such hours, or spaces them"
    return f"it could stand there, and {said}"
