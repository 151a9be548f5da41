"""Lanes that are behind: what waits on them is found and locked here, and takes turns as ``domain.lanes`` says."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from itertools import groupby
from typing import TypeAlias
from uuid import UUID

from asyncpg import Record

from marketmind_scheduler.adapters.postgres.pool import Connection
from marketmind_scheduler.adapters.postgres.statements import statement
from marketmind_scheduler.domain.lanes import Waiting, is_behind, turns
from marketmind_scheduler.domain.pacing import SOON
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.schedule import MAY_BE_OUT

Lane: TypeAlias = tuple[UUID, str]
"""A brand and a platform."""

LOCK_LANES = statement("lock_lanes")
_GIVE_TURNS = """
UPDATE queue q SET due_at = i.due_at FROM unnest($1::uuid[], $2::timestamptz[]) AS i(post_id, due_at)
 WHERE q.post_id = i.post_id AND q.due_at IS NOT NULL
"""


async def take_turns(
    connection: Connection,
    lanes: Collection[Lane],
    *,
    age: timedelta,
    paces: Mapping[Platform, timedelta],
    seconds: float | None = None,
) -> int:
    """Give what is due soon on each of these lanes its turn, where something has waited there for longer than ``age``;
    return how many have to wait. Platforms without a pace are left alone. Belongs to the caller's transaction; each of
    its two statements may take ``seconds``, as a rule a few."""
    paced = sorted(lane for lane in set(lanes) if Platform(lane[1]) in paces)
    brands, platforms = [brand for brand, _ in paced], [platform for _, platform in paced]
    rows = await connection.fetch(LOCK_LANES, brands, platforms, SOON, list(MAY_BE_OUT), timeout=seconds)
    given: dict[UUID, datetime] = {}
    for (_, platform), waiting in groupby(rows, key=_lane):
        given |= _turns(list(waiting), age=age, pace=paces[Platform(platform)])
    if given:
        posts = {row["schedule_id"]: row["post_id"] for row in rows}
        await connection.execute(_GIVE_TURNS, [posts[each] for each in given], list(given.values()), timeout=seconds)
    return len(given)


def _lane(row: Record) -> Lane:
    return row["brand_id"], row["platform"]


def _turns(rows: Iterable[Record], *, age: timedelta, pace: timedelta) -> Mapping[UUID, datetime]:
    """Of one lane."""
    first, *_ = rows
    now, last_sent = first["now"], first["last_sent"]
    waiting = [
        Waiting(schedule_id=row["schedule_id"], publish_time=row["publish_time"], due_at=row["due_at"]) for row in rows
    ]
    return (
        turns(waiting, last_sent=last_sent, pace=pace, now=now)
        if is_behind(waiting, age=age, pace=pace, now=now)
        else {}
    )
