"""Lists of schedules, by whatever is asked of them, each along an index."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from marketmind_scheduler.adapters.postgres.repositories.schedule_rows import SELECT
from marketmind_scheduler.adapters.postgres.repositories.selections import Condition, select_page, within
from marketmind_scheduler.adapters.postgres.repositories.walks import Bound, Walk, wanted_brands
from marketmind_scheduler.domain.access import Reach
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.schedule import ScheduleStatus
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
    made = walk_of(chosen, reach, after=after).page(SELECT, limit=limit)
    return made.text, made.parameters


def is_along_an_index(chosen: ScheduleFilter) -> bool:
    """Whether its schedules stand one behind the other somewhere."""
    return not (chosen.campaign_id or chosen.in_title or chosen.differs) and chosen.among is None


def walk_of(chosen: ScheduleFilter, reach: Reach, *, after: tuple[datetime, UUID] | None) -> Walk:
    """The way along all that may be wanted, by brand, platform, status and time; nothing else is looked at."""
    brands = wanted_brands(chosen.brand_id, reach)
    platforms = [chosen.platform] if chosen.platform else list(Platform)
    return Walk(
        table="schedules",
        alias="s",
        key="schedule_id",
        lanes=lanes_of(brands, platforms, _wanted(chosen))
        if chosen.platform or chosen.status or chosen.without
        else {"brand_id": brands},
        order=("publish_time", "schedule_id"),
        begin=_begin(chosen.from_time, after),
        end=Bound(place=(chosen.to_time,), is_in=False) if chosen.to_time else None,
    )


def lanes_of(
    brands: Sequence[UUID] | None, platforms: Sequence[Platform], statuses: Sequence[ScheduleStatus]
) -> Mapping[str, Sequence[object] | None]:
    """As the index begins that there is of all schedules, or of those of brands."""
    if brands is None:
        return {"platform_status": [f"{platform} {status}" for platform in platforms for status in statuses]}
    return {
        "status_platform": [f"{status} {platform}" for platform in platforms for status in statuses],
        "brand_id": brands,
    }


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
    return f"(s.finished_at IS NULL AND s.status = 'PENDING' AND ({differs}))", *days


def _begin(from_time: datetime | None, after: tuple[datetime, UUID] | None) -> Bound | None:
    if after and (from_time is None or after[0] >= from_time):
        return Bound(place=after, is_in=False)
    return Bound(place=(from_time,), is_in=True) if from_time else None


def _of_status(chosen: ScheduleFilter) -> Sequence[Condition]:
    return [
        *([("s.status = {}", chosen.status)] if chosen.status else []),
        *([("s.status <> {}", chosen.without)] if chosen.without else []),
    ]


def _wanted(chosen: ScheduleFilter) -> Sequence[ScheduleStatus]:
    return [each for each in ([chosen.status] if chosen.status else ScheduleStatus) if each is not chosen.without]
