"""Lists of schedules, by whatever is asked of them, each along an index."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from marketmind_scheduler.adapters.postgres.repositories.schedule_rows import SELECT, STATUS
from marketmind_scheduler.adapters.postgres.repositories.selections import Condition, select_page, within
from marketmind_scheduler.adapters.postgres.repositories.walks import Bound, Walk, Walks, of_brands, wanted_brands
from marketmind_scheduler.domain.access import Reach
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.schedule import ACTIVE, ScheduleStatus
from marketmind_scheduler.domain.sources import Difference
from marketmind_scheduler.ports.schedules import ScheduleFilter

# An array, and OFFSET 0: else the planner may walk through all schedules in order of time, looking at each one's post.
OF_CAMPAIGN = """s.schedule_id = ANY(ARRAY(
  SELECT o.schedule_id FROM posts c
   CROSS JOIN LATERAL (SELECT o.schedule_id FROM schedules o WHERE o.post_id = c.post_id OFFSET 0) o
   WHERE c.campaign_id = {}))"""
_DIFFERS = {
    Difference.ZONE: "(s.zone_is_default AND s.timezone <> b.brand_default_timezone)",
    Difference.LATENESS: (
        "(s.on_late <> b.on_late OR s.latest_at <> s.publish_time + make_interval(secs => b.max_lateness_seconds))"
    ),
    Difference.DATES: "(s.publish_time < {} OR s.publish_time >= {})",
}
"""As ``domain.derivation.differences`` judges; the days are given as instants."""

_LITERALLY = {ord(sign): f"\\{sign}" for sign in "\\%_"}


def listing(
    chosen: ScheduleFilter, reach: Reach, *, limit: int, after: tuple[datetime, UUID] | None
) -> tuple[str, Sequence[object]]:
    """The statement that finds a page, and its parameters."""
    if not is_along_an_index(chosen):
        behind: Condition = ("(s.publish_time, s.schedule_id) > ({}, {})", *(after or (None, None)))
        conditions = [within(reach, "s.brand_id"), *conditions_of(chosen), behind]
        return select_page(SELECT, conditions, order="s.publish_time, s.schedule_id", limit=limit)
    made = walks_of(chosen, reach, after=after).page(SELECT, limit=limit)
    return made.text, made.parameters


def is_along_an_index(chosen: ScheduleFilter) -> bool:
    """Whether its schedules stand one behind the other somewhere."""
    return not (chosen.campaign_id or chosen.in_title or chosen.differs) and chosen.among is None


def walks_of(chosen: ScheduleFilter, reach: Reach, *, after: tuple[datetime, UUID] | None) -> Walks:
    """The ways along all that may be wanted, by brand, platform, status and time; nothing else is looked at."""
    brands, platforms = wanted_brands(chosen.brand_id, reach), [chosen.platform] if chosen.platform else list(Platform)
    statuses = _wanted(chosen)
    if len(statuses) == len(ScheduleStatus):
        of_all = lanes_of(brands, platforms, _WRONG) if chosen.platform else {"brand_id": brands}
        walks = [replace(_ALL, lanes=of_all)]
    else:
        walks = [*_active(statuses, brands, platforms), *_over(statuses, brands, platforms)]
    end = Bound(place=(chosen.to_time,), is_in=False) if chosen.to_time else None
    return Walks(walks).between(_begin(chosen.from_time, after), end)


_ALL = Walk(table="schedules", alias="s", key="schedule_id", lanes={}, order=("publish_time", "schedule_id"))
_QUEUE = replace(_ALL, table="queue")
_WRONG = ("", *sorted(set(ScheduleStatus) - ACTIVE))
"""What ``schedules.wrong`` may say; the first is said of what is active, and of what was COMPLETED in its time."""


def lanes_of(
    brands: Sequence[UUID] | None, platforms: Sequence[Platform], wrong: Sequence[str]
) -> Mapping[str, Sequence[object] | None]:
    """As the index begins that there is of all schedules, or of those of brands."""
    if brands is None:
        return {"platform_wrong": [f"{platform} {each}" for platform in platforms for each in wrong]}
    return {"wrong_platform": [f"{each} {platform}" for platform in platforms for each in wrong], "brand_id": brands}


def _active(
    statuses: Collection[ScheduleStatus], brands: Sequence[UUID] | None, platforms: Sequence[Platform]
) -> Iterator[Walk]:
    """What waits stands one behind the other in the queue; what is being sent, or may be out, is few."""
    if ScheduleStatus.PENDING in statuses:
        lanes = {"brand_id": brands, "platform": platforms}
        yield replace(_QUEUE, lanes=lanes, only=[("s.status = 'PENDING'",)])
    few = [("s.platform = ANY({}::text[])", [*platforms]), *of_brands(brands, "s.brand_id")]
    if ScheduleStatus.PUBLISHING in statuses:
        yield replace(_QUEUE, only=[("s.lease_expires_at IS NOT NULL",), *few])
    if ScheduleStatus.UNCONFIRMED in statuses:
        yield replace(_QUEUE, only=[("s.status = 'UNCONFIRMED'",), *few])


def _over(
    statuses: Collection[ScheduleStatus], brands: Sequence[UUID] | None, platforms: Sequence[Platform]
) -> Iterator[Walk]:
    if wrong := [each for each in _WRONG if each in statuses]:
        yield replace(_ALL, lanes=lanes_of(brands, platforms, wrong))
    if ScheduleStatus.COMPLETED in statuses:
        lanes = lanes_of(brands, platforms, [_WRONG[0]])
        yield replace(_ALL, lanes=lanes, is_past=True, only=[("s.status = 'COMPLETED'",)])


def conditions_of(chosen: ScheduleFilter) -> Sequence[Condition]:
    """What ``where`` makes a clause of, over ``SELECT``."""
    return [
        (OF_CAMPAIGN, chosen.campaign_id),
        ("s.brand_id BETWEEN {} AND {}", chosen.brand_id, chosen.brand_id),  # see LIST_OF_CAMPAIGN of posts
        ("s.platform = {}", chosen.platform),
        ("s.schedule_id = ANY({}::uuid[])", None if chosen.among is None else list(chosen.among)),
        ("s.publish_time >= {}", chosen.from_time),
        ("s.publish_time < {}", chosen.to_time),
        *beside_walks(chosen),
    ]


def beside_walks(chosen: ScheduleFilter) -> Sequence[Condition]:
    """What of it no walk has looked at; a status, because what is said to differ has one of its own."""
    return [
        *_of_status(chosen),
        ("p.title ILIKE ANY({}::text[])", None if chosen.in_title is None else containing(chosen.in_title)),
        *([_differing(chosen)] if chosen.differs else []),
    ]


def containing(text: str) -> Sequence[str]:
    """Patterns of what has ``text`` in it, which itself is no pattern. A database may not know the upper and lower case
    of letters beyond ASCII, so the usual ways to write it are all named."""
    written = {text, text.lower(), text.upper(), text.capitalize(), text.title()}
    return [f"%{each.translate(_LITERALLY)}%" for each in sorted(written)]


def _differing(chosen: ScheduleFilter) -> Condition:
    differs = " OR ".join(_DIFFERS[each] for each in sorted(chosen.differs))
    days = (chosen.days or (None, None)) if Difference.DATES in chosen.differs else ()
    return f"(s.finished_at IS NULL AND {STATUS} = 'PENDING' AND ({differs}))", *days


def _begin(from_time: datetime | None, after: tuple[datetime, UUID] | None) -> Bound | None:
    if after and (from_time is None or after[0] >= from_time):
        return Bound(place=after, is_in=False)
    return Bound(place=(from_time,), is_in=True) if from_time else None


def _of_status(chosen: ScheduleFilter) -> Sequence[Condition]:
    return [
        *([(f"{STATUS} = {{}}", chosen.status)] if chosen.status else []),
        *([(f"{STATUS} <> {{}}", chosen.without)] if chosen.without else []),
    ]


def _wanted(chosen: ScheduleFilter) -> Sequence[ScheduleStatus]:
    return [each for each in ([chosen.status] if chosen.status else ScheduleStatus) if each is not chosen.without]
