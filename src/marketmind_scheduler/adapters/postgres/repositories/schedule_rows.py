"""How a schedule stands in its table: which columns it fills, and how a row is read."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from enum import StrEnum
from functools import cache, lru_cache
from typing import Any

from asyncpg import Record

from marketmind_scheduler.adapters.postgres.repositories.selections import one_of
from marketmind_scheduler.domain.audience.observations import Arm
from marketmind_scheduler.domain.brand import Lateness, OnLate
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.rules.policy import RuleKind
from marketmind_scheduler.domain.schedule import Hold, Schedule, ScheduleStatus
from marketmind_scheduler.domain.schedulers import SchedulerKind
from marketmind_scheduler.domain.sources import Sources
from marketmind_scheduler.domain.wall_clock import Disambiguation, Intent, Resolution, Slot
from marketmind_scheduler.unhurried import unhurried

HOLDS = {Hold.CAMPAIGN_PAUSED: 1, Hold.BRAND_PAUSED: 2, Hold.LATE: 8, Hold.NO_RECEIVER: 16}
"""The bits of ``parked``."""

_PLAIN = {
    **dict.fromkeys(("schedule_id", "post_id", "brand_id", "retry_of"), "uuid"),
    **dict.fromkeys(("platform", "scheduler", "external_id", "note", "on_late", "overridden", "arm"), "text"),
    **dict.fromkeys(("retry_count", "version", "max_retries"), "int"),
    **dict.fromkeys(("created_at", "updated_at", "latest_at"), "timestamptz"),
    "is_doubtful": "bool",
}
"""The columns that are called as fields of ``Schedule`` are, with their types."""
_OF_SLOT = {
    "publish_time": "timestamptz",
    "local_time": "timestamp",
    **dict.fromkeys(("timezone", "disambiguation", "resolution", "tz_release"), "text"),
    "zone_is_default": "bool",
}
_ENUMS: Mapping[str, type[StrEnum]] = {
    "platform": Platform,
    "scheduler": SchedulerKind,
    "on_late": OnLate,
    "arm": Arm,
}
_FROM_BRAND = {"on_late", "latest_at"}
_WHILE_ACTIVE = ("retry_count", "is_doubtful")
_OF_ROW = ", ".join(f"s.{name}" for name in (*_PLAIN, *_OF_SLOT, "last_error") if name not in _WHILE_ACTIVE)
STATUS = "coalesce(q.status, s.status)"
_AS_IT_STANDS = (
    f"{STATUS} AS status_now, coalesce(q.retry_count, s.retry_count) AS retry_count_now,"
    " coalesce(q.is_doubtful, false) AS is_doubtful, coalesce(q.parked, 0) AS parked"
)

# Goes along the index of brands and times, see Walk: else the planner may look through all that is at the same instant,
# or through all schedules, for each row.
BESIDE = (
    "ARRAY(SELECT o.schedule_id FROM schedules o "
    "WHERE (o.brand_id, o.publish_time) >= (s.brand_id, s.publish_time) "
    "AND (o.brand_id, o.publish_time) <= (s.brand_id, s.publish_time) AND o.platform = s.platform "
    "AND o.schedule_id <> s.schedule_id AND o.finished_at IS NULL AND s.finished_at IS NULL "
    "ORDER BY o.brand_id, o.publish_time, o.schedule_id LIMIT 3) AS beside"
)
_IS_OUTDATED = "s.post_changed_at > coalesce(q.send_started_at, q.last_send_at, s.last_send_at) AS is_outdated"
_OF_SOURCES = "b.brand_default_timezone, b.on_late AS brand_on_late, b.max_lateness_seconds, c.start_date, c.end_date"

SHOWN = f"{_OF_ROW}, {_AS_IT_STANDS}, p.title, p.campaign_id, p.s3_url, {_IS_OUTDATED}, {BESIDE}, {_OF_SOURCES}"
"""What ``to_schedule`` reads of ``schedules s``, its row ``q`` of the queue while it is active, its post ``p``, its
brand ``b`` and its campaign ``c``, where it has one."""

# Each looks for its own, in the order of the one index that has it, see Walk: else the planner may come to schedules by
# their brand or by all posts, or go along another index to its end, where it was told that there is next to nothing.
_OF_POST = one_of("posts", "post_id", "s.post_id", "title, campaign_id, s3_url, deleted_at")
_OF_BRAND = one_of("brands", "brand_id", "s.brand_id", "brand_default_timezone, on_late, max_lateness_seconds")
_OF_CAMPAIGN = one_of("campaigns", "campaign_id", "p.campaign_id", "start_date, end_date")
_OF_QUEUE = """
(SELECT o.* FROM queue o
  WHERE s.finished_at IS NULL AND o.post_id BETWEEN s.post_id AND s.post_id ORDER BY o.post_id LIMIT 1)
"""
QUEUED = f"LEFT JOIN LATERAL {_OF_QUEUE.strip()} q ON q.schedule_id = s.schedule_id"
OF_OTHERS = (
    f"CROSS JOIN LATERAL ({_OF_POST}) p CROSS JOIN LATERAL ({_OF_BRAND}) b LEFT JOIN LATERAL ({_OF_CAMPAIGN}) c ON true"
)
JOINED = f"{QUEUED} {OF_OTHERS}"
SELECT = f"SELECT {SHOWN} FROM schedules s {JOINED}"

_TYPES = {
    **{name: kind for name, kind in _PLAIN.items() if name not in _FROM_BRAND and name != "is_doubtful"},
    **_OF_SLOT,
    **dict.fromkeys(("intent", "status"), "text"),
}
ADDED = list(_TYPES)
"""The columns of a new schedule that do not come from its brand."""


# A campaign has ten thousand rows: whatever can be looked up is made once.
_MEMBERS: Mapping[str, Mapping[str | None, object]] = {
    name: {None: None, **{each.value: each for each in kind}} for name, kind in _ENUMS.items()
}
_STATUSES = {each.value: each for each in ScheduleStatus}
_DISAMBIGUATIONS = {None: None, **{each.value: each for each in Disambiguation}}
_RESOLUTIONS = {each.value: each for each in Resolution}


def to_schedule(row: Record) -> Schedule:
    plain: dict[str, Any] = {name: row[name] for name in _PLAIN if name != "retry_count"}
    for name, members in _MEMBERS.items():
        plain[name] = members[plain[name]]
    plain["overridden"] = to_overridden(plain["overridden"])
    return Schedule(
        **plain,
        title=row["title"],
        campaign_id=row["campaign_id"],
        s3_url=row["s3_url"],
        slot=_to_slot(row),
        status=_STATUSES[row["status_now"]],
        retry_count=row["retry_count_now"],
        holds=to_holds(row["parked"]),
        error=row["last_error"],
        is_outdated=bool(row["is_outdated"]),
        beside=tuple(row["beside"]),
        sources=_to_sources(row) if "brand_default_timezone" in row else None,
    )


async def to_schedules(rows: Sequence[Record]) -> Sequence[Schedule]:
    """All of them in their order, with a break for everybody else now and then."""
    return [to_schedule(row) async for row in unhurried(rows)]


def to_arrays(schedules: Iterable[Schedule]) -> Sequence[list[object]]:
    """One array for each of ``ADDED``."""
    rows = [_to_row(schedule) for schedule in schedules]
    return [[row[name] for row in rows] for name in ADDED]


def array_types() -> str:
    """The parameters that take these arrays, as ``unnest`` needs them."""
    return ", ".join(f"${nth}::{kind}[]" for nth, kind in enumerate(_TYPES.values(), start=1))


def to_values(schedule: Schedule) -> Sequence[object]:
    """One value for each of ``ADDED``."""
    row = _to_row(schedule)
    return [row[name] for name in ADDED]


def types() -> str:
    """The parameters that take these values."""
    return ", ".join(f"${nth}::{kind}" for nth, kind in enumerate(_TYPES.values(), start=1))


def to_bits(holds: Iterable[Hold]) -> int:
    return sum(HOLDS[hold] for hold in holds)


@cache
def to_holds(parked: int) -> frozenset[Hold]:
    return frozenset(hold for hold, bit in HOLDS.items() if parked & bit)


def of_overridden(kinds: Iterable[RuleKind]) -> str | None:
    return ",".join(sorted(kinds)) or None


@lru_cache
def to_overridden(text: str | None) -> frozenset[RuleKind]:
    return frozenset(map(RuleKind, text.split(","))) if text else frozenset()


def of_slot(slot: Slot) -> Mapping[str, object]:
    """What is stored of a slot, by column."""
    intent = slot.intent
    return {
        "publish_time": slot.publish_time,
        "local_time": intent.local_time,
        "timezone": intent.zone,
        "disambiguation": intent.disambiguation,
        "resolution": intent.resolution,
        "tz_release": intent.tz_release,
        "zone_is_default": intent.zone_is_default,
        "intent": intent.kind,
    }


def _to_row(schedule: Schedule) -> Mapping[str, object]:
    plain = {name: getattr(schedule, name) for name in _PLAIN}
    overridden = of_overridden(schedule.overridden)
    return {**plain, **of_slot(schedule.slot), "status": schedule.status, "overridden": overridden}


def _to_sources(row: Record) -> Sources:
    days = None if row["start_date"] is None else (row["start_date"], row["end_date"])
    return _sources(row["brand_default_timezone"], row["brand_on_late"], row["max_lateness_seconds"], days)


@lru_cache(1000)
def _sources(zone: str, on_late: str, seconds: int, days: tuple[date, date] | None) -> Sources:
    lateness = Lateness(on_late=OnLate(on_late), max_lateness=timedelta(seconds=seconds))
    return Sources(zone=zone, lateness=lateness, days=days)


def _to_slot(row: Record) -> Slot:
    return Slot(
        publish_time=row["publish_time"],
        intent=Intent(
            zone=row["timezone"],
            local_time=row["local_time"],
            disambiguation=_DISAMBIGUATIONS[row["disambiguation"]],
            resolution=_RESOLUTIONS[row["resolution"]],
            tz_release=row["tz_release"],
            zone_is_default=row["zone_is_default"],
        ),
    )
