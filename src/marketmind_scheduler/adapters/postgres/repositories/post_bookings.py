"""Appointments of single posts: SQL in, frozen values out."""

from uuid import UUID

from marketmind_scheduler.adapters.postgres.pool import Connection
from marketmind_scheduler.adapters.postgres.repositories.additions import ADD_IF_UNCHANGED, ADD_ONE
from marketmind_scheduler.adapters.postgres.repositories.posts import to_kept_post
from marketmind_scheduler.adapters.postgres.repositories.rule_rows import to_brand_rules
from marketmind_scheduler.adapters.postgres.repositories.schedule_rows import to_schedule, to_values
from marketmind_scheduler.adapters.postgres.repositories.selections import brands_of
from marketmind_scheduler.adapters.postgres.statements import statement
from marketmind_scheduler.domain.access import Reach
from marketmind_scheduler.domain.errors import PostNotFound
from marketmind_scheduler.domain.schedule import Schedule
from marketmind_scheduler.domain.wall_clock import IntentKind
from marketmind_scheduler.ports.post_bookings import Look

LOOK = statement("look_at_post")


class PostgresPostBookings:
    def __init__(self, connection: Connection, reach: Reach, actor: str) -> None:
        self._connection = connection
        self._reach = reach
        self._actor = actor

    async def look(self, post_id: UUID) -> Look:
        row = await self._connection.fetchrow(LOOK, post_id, brands_of(self._reach))
        if row is None:
            raise PostNotFound(post_id)
        return Look(
            post=to_kept_post(row),
            rules=to_brand_rules(row),
            newest_release=row["newest_release"],
            is_scheduled=row["is_scheduled"],
            is_published=row["is_published"],
            versions=(row["post_row"], row["brand_row"]),
        )

    async def add(self, schedule: Schedule) -> Schedule:
        [row] = await self._connection.fetch(ADD_ONE, *to_values(schedule))
        return to_schedule(row)

    async def add_as_seen(self, schedule: Schedule, look: Look, *, allow_repost: bool) -> Schedule | None:
        intent = schedule.slot.intent
        release = intent.tz_release if intent.kind is IntentKind.WALL else None
        row = await self._connection.fetchrow(
            ADD_IF_UNCHANGED,
            *to_values(schedule),
            *look.versions,
            release,
            allow_repost,
            self._actor.encode("utf-8", "replace").decode(),
        )
        return None if row is None else to_schedule(row)
