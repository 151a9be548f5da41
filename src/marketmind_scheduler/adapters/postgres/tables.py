"""The tables as this version expects them; Alembic compares the migrated schema with this metadata."""

from collections.abc import Iterable
from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from marketmind_scheduler.domain.campaign import CampaignStatus
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.schedule import ACTIVE, ScheduleStatus
from marketmind_scheduler.domain.wall_clock import Disambiguation, IntentKind, Resolution

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)


def _is_one_of(column: str, values: Iterable[StrEnum]) -> str:
    return f"{column} IN ({', '.join(repr(value.value) for value in values)})"


def _one_of(column: str, values: Iterable[StrEnum]) -> CheckConstraint:
    return CheckConstraint(_is_one_of(column, values), name=column)


def _timestamps() -> tuple[Column[object], Column[object]]:
    return (
        Column("created_at", DateTime(timezone=True), nullable=False),
        Column("updated_at", DateTime(timezone=True), nullable=False),
    )


tz_releases = Table(
    "tz_releases",
    metadata,
    Column("tz_release", Text, primary_key=True),
    Column("first_used_at", DateTime(timezone=True), nullable=False),
)

brands = Table(
    "brands",
    metadata,
    Column("brand_id", Uuid, primary_key=True),
    Column("brand_name", Text, nullable=False),
    Column("brand_default_timezone", Text, nullable=False),
    Column("tone_profile", Text, nullable=False),
    *_timestamps(),
)

campaigns = Table(
    "campaigns",
    metadata,
    Column("campaign_id", Uuid, primary_key=True),
    Column("brand_id", Uuid, ForeignKey(brands.c.brand_id), nullable=False),
    Column("name", Text, nullable=False),
    Column("goal", Text, nullable=False),
    Column("start_date", Date, nullable=False),
    Column("end_date", Date, nullable=False),
    Column("status", Text, nullable=False),
    *_timestamps(),
    UniqueConstraint("brand_id", "campaign_id"),
    CheckConstraint("end_date >= start_date", name="dates"),
    _one_of("status", CampaignStatus),
)

posts = Table(
    "posts",
    metadata,
    Column("post_id", Uuid, primary_key=True),
    Column("brand_id", Uuid, ForeignKey(brands.c.brand_id), nullable=False),
    Column("campaign_id", Uuid),
    Column("title", Text, nullable=False),
    Column("s3_url", Text, nullable=False),
    Column("platform", Text, nullable=False),
    Column("position", BigInteger, Identity(always=True), nullable=False),
    *_timestamps(),
    UniqueConstraint("brand_id", "post_id"),
    UniqueConstraint("position"),
    ForeignKeyConstraint(["brand_id", "campaign_id"], [campaigns.c.brand_id, campaigns.c.campaign_id]),
    _one_of("platform", Platform),
    Index(None, "campaign_id", "position"),
    Index(None, "brand_id", "position"),
)

schedules = Table(
    "schedules",
    metadata,
    Column("schedule_id", Uuid, primary_key=True),
    Column("post_id", Uuid, nullable=False),
    Column("brand_id", Uuid, nullable=False),
    Column("platform", Text, nullable=False),
    Column("publish_time", DateTime(timezone=True), nullable=False),
    Column("status", Text, nullable=False),
    Column("retry_count", Integer, nullable=False),
    Column("intent", Text, nullable=False),
    Column("local_time", DateTime(timezone=False)),
    Column("timezone", Text, nullable=False),
    Column("disambiguation", Text),
    Column("resolution", Text, nullable=False),
    Column("tz_release", Text, nullable=False),
    Column("scheduler", Text),
    Column("version", Integer, nullable=False),
    *_timestamps(),
    ForeignKeyConstraint(["brand_id", "post_id"], [posts.c.brand_id, posts.c.post_id]),
    _one_of("platform", Platform),
    _one_of("status", ScheduleStatus),
    _one_of("intent", IntentKind),
    _one_of("disambiguation", Disambiguation),
    _one_of("resolution", Resolution),
    CheckConstraint("publish_time >= '1970-01-01Z' AND publish_time < '2200-01-01Z'", name="publish_time"),
    CheckConstraint(
        "(intent = 'wall') = (local_time IS NOT NULL) AND (intent = 'wall') = (disambiguation IS NOT NULL)",
        name="wall_intent",
    ),
    CheckConstraint("retry_count >= 0", name="retry_count"),
    Index(
        "uq_schedules_active_post",
        "post_id",
        unique=True,
        postgresql_where=text(_is_one_of("status", sorted(ACTIVE))),
    ),
    Index(None, "post_id", "schedule_id"),
    Index(None, "brand_id", "publish_time", "schedule_id"),
    Index(None, "publish_time", "schedule_id"),
)
