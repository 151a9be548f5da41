"""What a brief says, part by part, as digests: the same for the same brief on any machine, at any time."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from hashlib import sha256
from uuid import UUID

from marketmind_scheduler.domain.planning.plan import Brief, Placement, Plan
from marketmind_scheduler.domain.rules.violations import Occupied
from marketmind_scheduler.domain.wall_clock import Slot


class Part(StrEnum):
    """A part of a brief that can be another when its plan is committed."""

    POSTS = "posts"
    POLICY = "policy"
    CAPS = "caps"
    OCCUPIED = "occupied"
    PROFILES = "profiles"
    TZ = "tz"
    WINDOW = "window"
    OBJECTIVE = "objective"


def parts_of(brief: Brief) -> Mapping[Part, str]:
    """The digest of each part. What has no order is put in one, so that only what is said counts."""
    policy, caps = (brief.rules.policy, brief.rules.caps) if brief.rules else (None, None)
    said: Mapping[Part, object] = {
        Part.POSTS: brief.posts,
        Part.POLICY: (policy.version, policy.rules) if policy else (0, ()),
        Part.CAPS: caps,
        Part.OCCUPIED: sorted([*map(_standing, brief.kept), *(_standing_elsewhere(each) for each in brief.occupied)]),
        Part.PROFILES: {platform: profile.digest for platform, profile in brief.profiles.items()},
        Part.TZ: (brief.zone, brief.tz_release),
        Part.WINDOW: (brief.first_day, brief.last_day, brief.earliest_at, brief.grid_minutes),
        Part.OBJECTIVE: (brief.objective, brief.explores),
    }
    return {part: digest(each) for part, each in said.items()}


def brief_hash(parts: Mapping[Part, str]) -> str:
    return digest(parts)


def plan_hash(brief: str, plan: Plan) -> str:
    """Of the brief whose hash is given and all that was made of it."""
    return digest((brief, plan.scheduler, [_placed(each) for each in plan.placements], plan.unplaced))


def digest(value: object) -> str:
    """SHA-256 of the value as canonical JSON: sorted keys, instants in UTC with `Z`, durations in seconds, what has no
    order in one."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), default=_plain)
    return sha256(text.encode()).hexdigest()


def _plain(value: object) -> object:
    match value:
        case datetime() if value.tzinfo is not None:
            return value.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"
        case date() | time():
            return value.isoformat()
        case timedelta():
            return value // timedelta(seconds=1)
        case frozenset():
            return sorted(map(str, value))  # pyright: ignore[reportUnknownArgumentType]  # of whatever it is
        case UUID():
            return str(value)
        case _ if is_dataclass(value):
            return [type(value).__name__, *(getattr(value, each.name) for each in fields(value))]
        case _:
            raise TypeError(f"{type(value).__name__} is no part of a brief")


def _placed(placement: Placement) -> Sequence[object]:
    return (placement.post.post_id, placement.post.platform, *_of_slot(placement.slot))


def _of_slot(slot: Slot) -> Sequence[object]:
    return (slot.publish_time, slot.intent.local_time, slot.intent.zone)


def _standing(kept: Placement) -> tuple[str, str]:
    return kept.post.platform, kept.slot.publish_time.isoformat()


def _standing_elsewhere(occupied: Occupied) -> tuple[str, str]:
    return occupied.platform, occupied.publish_time.isoformat()
