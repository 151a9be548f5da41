"""The tables as this version expects them; Alembic compares the migrated schema with this metadata."""

from collections.abc import Iterable
from enum import StrEnum

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    Interval,
    LargeBinary,
    MetaData,
    Sequence,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.schema import SchemaItem

from marketmind_scheduler.domain.audience.observations import MOST, Arm, Figure
from marketmind_scheduler.domain.brand import Lateness, OnLate
from marketmind_scheduler.domain.campaign import CampaignStatus
from marketmind_scheduler.domain.pacing import RETRIES
from marketmind_scheduler.domain.planning.preview import PreviewStatus
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.schedule import ACTIVE, ScheduleStatus
from marketmind_scheduler.domain.verdict import VerdictKind
from marketmind_scheduler.domain.wall_clock import Disambiguation, IntentKind, Resolution

_MAX_LATENESS_SECONDS = str(round(Lateness().max_lateness.total_seconds()))

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


_FINAL = [status for status in ScheduleStatus if status not in ACTIVE]
_IS_FINAL = _is_one_of("status", _FINAL)


def _one_of(column: str, values: Iterable[StrEnum]) -> CheckConstraint:
    return CheckConstraint(_is_one_of(column, values), name=column)


def _index_of_some(name: str, *columns: str, where: str, table: str = "queue") -> Index:
    return Index(f"ix_{table}_{name}", *columns, postgresql_where=text(where))


def _index_of_said(table: str) -> Index:
    return Index(f"ix_{table}_said", "post_id", postgresql_where=text("error IS NOT NULL OR note IS NOT NULL"))


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
    Column("on_late", Text, nullable=False, server_default=text("'publish'")),
    Column("max_lateness_seconds", Integer, nullable=False, server_default=text(_MAX_LATENESS_SECONDS)),
    Column("paused_at", DateTime(timezone=True)),
    Column("deleted_at", DateTime(timezone=True)),
    _one_of("on_late", OnLate),
    CheckConstraint("max_lateness_seconds >= 60", name="max_lateness"),
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
    Column("paused_at", DateTime(timezone=True)),
    Column("deleted_at", DateTime(timezone=True)),
    UniqueConstraint("brand_id", "campaign_id"),
    CheckConstraint("end_date >= start_date", name="dates"),
    _one_of("status", CampaignStatus),
    Index("ix_campaigns_listed", "status", "campaign_id"),
    Index("ix_campaigns_of_brand", "brand_id", "status", "campaign_id"),
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
    Column("position", BigInteger, Identity(), nullable=False),
    *_timestamps(),
    Column("deleted_at", DateTime(timezone=True)),
    UniqueConstraint("brand_id", "post_id"),
    UniqueConstraint("position", deferrable=True, initially="IMMEDIATE"),  # judged when all have changed places
    ForeignKeyConstraint(["brand_id", "campaign_id"], [campaigns.c.brand_id, campaigns.c.campaign_id]),
    _one_of("platform", Platform),
    Index("ix_posts_of_campaign", "campaign_id", "platform", "position"),
    # Only for those who say so, so that no foreign key can take them: by the brand alone it would look at all of its.
    # Not for those of which something IS NULL: before it is told, the planner believes that they are next to none.
    Index("ix_posts_listed", "platform", "position", postgresql_where=text("position > 0")),
    Index("ix_posts_of_brand", "brand_id", "platform", "position", postgresql_where=text("position > 0")),
)

_WRITTEN_ALL_DAY = {
    "autovacuum_vacuum_scale_factor": 0.01,
    "autovacuum_vacuum_threshold": 1000,
    "autovacuum_vacuum_cost_delay": 0,
    "autovacuum_analyze_scale_factor": 0.02,
}

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
    Column("on_late", Text, nullable=False, server_default=text("'publish'")),
    Column("latest_at", DateTime(timezone=True)),
    Column("max_retries", Integer, nullable=False, server_default=text(str(RETRIES))),
    Column("lease_token", BigInteger, nullable=False, server_default=text("0")),
    Column("claim_id", Uuid),  # of one that ended before its verdict was in
    Column("last_send_at", DateTime(timezone=True)),  # of the latest send
    Column("external_id", Text),
    Column("last_error", Text),
    Column("finished_at", DateTime(timezone=True)),
    Column("retry_of", Uuid),
    Column("zone_is_default", Boolean, nullable=False, server_default=text("false")),  # what was asked for, too
    Column("note", Text),  # what a person said of it last
    Column("post_changed_at", DateTime(timezone=True)),
    Column("kept_at", DateTime(timezone=True)),  # when it was old enough to be forgotten, and still needed
    Column("overridden", Text),  # kinds of rules that it may break, with commas between; NULL: none
    Column("arm", Text),  # how the lot of a control share fell; NULL: nothing was drawn
    Column("given_to", Uuid),  # who was given the latest claim, answered or not; NULL: it was taken back
    # The status it ended with. Nothing where it was COMPLETED, as most are, unless before its time by a clock put back.
    Column("wrong", Text, nullable=False, server_default=text("''")),
    Column("wrong_at", DateTime(timezone=True)),  # when that was
    ForeignKeyConstraint(["brand_id", "post_id"], [posts.c.brand_id, posts.c.post_id]),
    _one_of("platform", Platform),
    _one_of("status", [ScheduleStatus.PENDING, *_FINAL]),
    _one_of("intent", IntentKind),
    _one_of("disambiguation", Disambiguation),
    _one_of("resolution", Resolution),
    CheckConstraint("publish_time >= '1970-01-01Z' AND publish_time < '2200-01-01Z'", name="publish_time"),
    CheckConstraint(
        "(intent = 'wall') = (local_time IS NOT NULL) AND (intent = 'wall') = (disambiguation IS NOT NULL)",
        name="wall_intent",
    ),
    _one_of("on_late", OnLate),
    _one_of("arm", Arm),
    CheckConstraint(f"({_IS_FINAL}) = (finished_at IS NOT NULL)", name="finished_iff_final"),
    CheckConstraint("(on_late = 'publish') = (latest_at IS NULL)", name="latest_iff_limited"),
    CheckConstraint("retry_count BETWEEN 0 AND max_retries", name="retries_bounded"),
    CheckConstraint(
        "(wrong = status OR wrong = '' AND status IN ('PENDING', 'COMPLETED'))"
        " AND wrong_at IS NOT DISTINCT FROM CASE WHEN wrong <> '' THEN finished_at END",
        name="wrong",
    ),
    # The end of what was accepted is written beside the version before, without a word in any index. So none of them,
    # nor what they are of, names anything that this end writes.
    Index(None, "post_id", "schedule_id"),
    Index(None, "brand_id", "publish_time", "schedule_id"),
    Index(None, "publish_time", "schedule_id"),
    Index("ix_schedules_listed", text("((platform || ' '::text) || wrong)"), "publish_time", "schedule_id"),
    Index(
        "ix_schedules_of_brand", text("((wrong || ' '::text) || platform)"), "brand_id", "publish_time", "schedule_id"
    ),
    _index_of_some(
        "went_wrong", "platform", "wrong", "wrong_at", where="wrong IN ('FAILED', 'MISSED')", table="schedules"
    ),
    Index("ix_schedules_over", text("COALESCE(kept_at, publish_time)")),
    postgresql_with={**_WRITTEN_ALL_DAY, "fillfactor": 40},
)

# What is active, and what of it changes while it waits and is sent: a row of its own, which is gone when it ends. While
# there is one, it holds, whatever schedules says in columns of the same name; its end copies them there.
queue = Table(
    "queue",
    metadata,
    Column("post_id", Uuid, primary_key=True),  # so a post has at most one that is active
    Column("schedule_id", Uuid, nullable=False),
    Column("brand_id", Uuid, nullable=False),
    Column("platform", Text, nullable=False),
    Column("publish_time", DateTime(timezone=True), nullable=False),
    Column("status", Text, nullable=False, server_default=text("'PENDING'")),
    Column("due_at", DateTime(timezone=True)),  # when it may next be claimed; NULL: not claimable
    Column("latest_at", DateTime(timezone=True)),
    Column("on_late", Text, nullable=False),
    Column("parked", SmallInteger, nullable=False, server_default=text("0")),  # bits: see schedules.HOLDS
    Column("retry_count", Integer, nullable=False, server_default=text("0")),
    Column("max_retries", Integer, nullable=False, server_default=text(str(RETRIES))),
    Column("is_doubtful", Boolean, nullable=False, server_default=text("false")),
    Column("lease_token", BigInteger, nullable=False, server_default=text("0")),  # only grows
    Column("claim_id", Uuid),  # the call that claimed it; NULL once a verdict is in
    Column("given_to", Uuid),  # who was given the latest claim, answered or not; NULL: it was taken back
    Column("lease_expires_at", DateTime(timezone=True)),
    Column("leased_for", Interval),  # how long the latest claim was given, or prolonged, for
    Column("send_started_at", DateTime(timezone=True)),  # of the send that this claim has begun
    Column("last_send_at", DateTime(timezone=True)),  # of the latest send that has ended
    Column("resend_until_at", DateTime(timezone=True)),  # until when a repeat is certainly dropped by its receiver
    Column("not_before", DateTime(timezone=True)),  # until when its latest attempt lets it wait, held or not
    Column("sent_title", Text),  # of the latest send that has begun
    Column("sent_s3_url", Text),
    _one_of("platform", Platform),
    _one_of("status", sorted(ACTIVE)),
    _one_of("on_late", OnLate),
    CheckConstraint("(status = 'PENDING' AND parked = 0) = (due_at IS NOT NULL)", name="due_iff_waiting"),
    CheckConstraint("due_at >= publish_time", name="never_early"),
    CheckConstraint("(status = 'PUBLISHING') = (lease_expires_at IS NOT NULL)", name="lease_iff_publishing"),
    CheckConstraint("status <> 'PENDING' OR send_started_at IS NULL", name="pending_not_started"),
    CheckConstraint("(on_late = 'publish') = (latest_at IS NULL)", name="latest_iff_limited"),
    CheckConstraint("retry_count BETWEEN 0 AND max_retries", name="retries_bounded"),
    _index_of_some("due", "platform", "due_at", "schedule_id", where="due_at IS NOT NULL"),
    # Two ways to say that it waits, which follow from nothing else: so each of these is for those who say it so, and
    # nobody who looks for what is due on a platform, or for another of a brand, is led through all of it instead.
    _index_of_some(
        "due_of_brand",
        *("brand_id", "platform", "due_at", "schedule_id"),
        where="due_at < 'infinity'::timestamp with time zone",
    ),
    _index_of_some(
        "lane",
        *("brand_id", "platform", "publish_time", "schedule_id"),
        where="due_at > '-infinity'::timestamp with time zone",
    ),
    # Of what is PENDING alone: so a claim has no word to write there.
    _index_of_some("listed", "platform", "publish_time", "schedule_id", where="status = 'PENDING'"),
    _index_of_some("of_brand", "brand_id", "platform", "publish_time", "schedule_id", where="status = 'PENDING'"),
    _index_of_some("doubtful", "due_at", where="is_doubtful AND due_at IS NOT NULL"),
    _index_of_some("lease", "lease_expires_at", where="lease_expires_at IS NOT NULL"),
    _index_of_some("latest", "latest_at", where="due_at IS NOT NULL AND latest_at IS NOT NULL"),
    _index_of_some("no_receiver", "platform", "brand_id", "publish_time", "schedule_id", where="parked & 16 <> 0"),
    _index_of_some("no_receiver_latest", "latest_at", where="parked = 16 AND latest_at IS NOT NULL"),
    _index_of_some("unconfirmed", "platform", "last_send_at", where="status = 'UNCONFIRMED'"),
    _index_of_some("parked", "platform", "schedule_id", where="status = 'PENDING' AND parked <> 0"),
    postgresql_with={"fillfactor": 90, **_WRITTEN_ALL_DAY},
)

# Neither attempts nor events refer to their schedule: checking that would lock its row once more for every send, and
# events outlive what they tell of.
attempts = Table(
    "attempts",
    metadata,
    Column("schedule_id", Uuid, primary_key=True),
    Column("lease_token", BigInteger, primary_key=True, autoincrement=False),
    Column("started_at", DateTime(timezone=True), nullable=False),
    Column("finished_at", DateTime(timezone=True), nullable=False),
    Column("verdict", Text, nullable=False),
    Column("reason", Text),
    Column("external_id", Text),
    Column("title", Text),
    Column("s3_url", Text),
    Column("digest", Text),  # see domain.attempt.digest_of
    Column("owner", Uuid),  # who was given its claim
    _one_of("verdict", VerdictKind),
    Index("ix_attempts_dry_run", "schedule_id", postgresql_where=text("external_id LIKE 'dry-run-%'")),
)


# What is still asked of a schedule that is forgotten: whether it was there, and what it did for its post.
forgotten_schedules = Table(
    "forgotten_schedules",
    metadata,
    Column("schedule_id", Uuid, primary_key=True),
    Column("post_id", Uuid, nullable=False),
    Column("status", Text, nullable=False),
    Column("is_dry_run", Boolean, nullable=False),
    Index(None, "post_id", "schedule_id"),
)


def _event_columns() -> tuple[SchemaItem, ...]:
    return (
        Column("kind", Text, nullable=False),
        Column("schedule_id", Uuid),  # NULL: of no schedule, but of a deletion
        Column("brand_id", Uuid, nullable=False),
        Column("post_id", Uuid),
        Column("platform", Text),
        Column("publish_time", DateTime(timezone=True)),
        Column("status", Text),
        Column("retry_count", Integer),
        Column("external_id", Text),
        Column("error", Text),
        Column("occurred_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
        Column("previous_publish_time", DateTime(timezone=True)),  # of one that was moved
        _one_of("platform", Platform),
        _one_of("status", ScheduleStatus),
    )


def _deletion_columns() -> tuple[SchemaItem, ...]:
    return Column("posts", Integer), Column("cancelled", Integer)


# Whoever begins a transaction says who acts in it, so that no statement that tells an event can forget it.
_ACTOR = (
    "coalesce(convert_from(decode(nullif(current_setting('scheduler.actor', true), ''), 'hex'), 'UTF8'), 'service')"
)

# Written with each change. Positions are taken before commit, so readers go no further than final_events says.
events = Table(
    "events",
    metadata,
    Column("position", BigInteger, Identity(always=True), primary_key=True),
    *_event_columns(),
    Column("actor", Text, server_default=text(_ACTOR)),
    Column("campaign_id", Uuid),  # of its post, when it was told
    Column("note", Text),
    *_deletion_columns(),
    Column("overridden", Text),
    Column("scheduler", Text),  # who chose the time of one that was made or moved; NULL: a caller did
    CheckConstraint(
        "CASE WHEN schedule_id IS NULL THEN num_nulls(posts, cancelled) = 0 "
        "ELSE num_nulls(post_id, platform, publish_time, status, retry_count) = 0 END",
        name="whole",
    ),
    Index(None, "brand_id", "position"),
    _index_of_said("events"),
)

# The position up to which no event comes any more. A sequence, because it has one version, however long somebody looks.
final_events = Sequence("final_events", metadata=metadata)

forgotten_events = Table(
    "forgotten_events",
    metadata,
    Column("is_one", Boolean, primary_key=True, server_default=text("true")),
    Column("up_to", BigInteger, nullable=False),  # positions up to here are removed, none behind
    CheckConstraint("is_one", name="is_one"),
)

histories = Table(
    "histories",
    metadata,
    Column("nth", BigInteger, Identity(always=True), primary_key=True),
    Column("mark", Uuid, nullable=False),
    Column("identity", Text, nullable=False),  # of server, timeline and database: another where it has gone back
    Column("begins_after", BigInteger, nullable=False),  # positions up to here are those of the one before, too
    Column("began_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
    UniqueConstraint("mark", name="uq_histories_mark"),
)

# Neither refers to its campaign by a foreign key: previews are kept beside a request that has its campaign locked.
previews = Table(
    "previews",
    metadata,
    Column("plan_id", Uuid, primary_key=True),
    Column("brand_id", Uuid, nullable=False),
    Column("campaign_id", Uuid, nullable=False),
    Column("status", Text, nullable=False),
    Column("plan_hash", Text, nullable=False),
    Column("said", JSONB, nullable=False),  # what was asked and planned, without titles
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True)),
    Column("ended_at", DateTime(timezone=True)),
    Column("schedule_ids", ARRAY(Uuid), nullable=False),
    _one_of("status", PreviewStatus),
    Index("ix_previews_listed", "campaign_id", "status", "plan_id"),
    Index("ix_previews_over", text("coalesce(ended_at, expires_at, created_at)")),
)

forgotten_previews = Table(
    "forgotten_previews",
    metadata,
    Column("plan_id", Uuid, primary_key=True),
    Column("brand_id", Uuid, nullable=False),
)

preparations = Table(
    "preparations",
    metadata,
    Column("plan_id", Uuid, primary_key=True),
    Column("brand_id", Uuid, nullable=False),
    Column("campaign_id", Uuid, nullable=False),
    Column("begun_at", DateTime(timezone=True), nullable=False),
    Column("deadline", DateTime(timezone=True), nullable=False),
    Column("trouble_code", Text),
    Column("trouble", Text),
    CheckConstraint("(trouble_code IS NULL) = (trouble IS NULL)", name="trouble"),
    Index(None, "deadline"),
)

agent_runs = Table(
    "agent_runs",  # rows are only ever added, and the service's role may do no more
    metadata,
    Column("position", BigInteger, Identity(always=True), primary_key=True),
    Column("run_id", Uuid, nullable=False),
    Column("plan_id", Uuid, nullable=False),
    Column("brand_id", Uuid, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("said", Text, nullable=False),  # JSON as it was hashed, without texts
    Column("chain_hash", Text, nullable=False),  # of this row and of the brand's row before
    Index(None, "brand_id", "position"),
    Index(None, "plan_id"),
    Index(None, "run_id"),
)

agent_texts = Table(
    "agent_texts",
    metadata,
    Column("position", BigInteger, ForeignKey(agent_runs.c.position), primary_key=True, autoincrement=False),
    Column("brand_id", Uuid, nullable=False),
    Column("campaign_id", Uuid, nullable=False),
    Column("kept_at", DateTime(timezone=True), nullable=False),
    Column("texts", Text, nullable=False),  # JSON
    Index(None, "brand_id", "campaign_id"),
    Index(None, "kept_at"),
)

agent_costs = Table(
    "agent_costs",
    metadata,
    Column("brand_id", Uuid, primary_key=True),
    Column("day", Date, primary_key=True),  # in UTC
    Column("cost", BigInteger, nullable=False),  # in millionths, what is reserved included
    Index(None, "day"),
)

agent_asking = Table(
    "agent_asking",
    metadata,
    Column("brand_id", Uuid, primary_key=True),
    Column("run_id", Uuid, nullable=False),
    Column("until", DateTime(timezone=True), nullable=False),  # another run may ask then, whatever became of this one
)

reservations = Table(
    "reservations",
    metadata,
    Column("plan_id", Uuid, primary_key=True),
    Column("brand_id", Uuid, nullable=False),
    Column("platform", Text, primary_key=True),
    Column("publish_time", DateTime(timezone=True), primary_key=True),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    _one_of("platform", Platform),
    Index(None, "brand_id", "platform", "publish_time"),
    Index(None, "expires_at"),
)

policies = Table(
    "policies",
    metadata,
    Column("brand_id", Uuid, ForeignKey(brands.c.brand_id), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("rules", JSONB, nullable=False),
    Column("is_across", Boolean, nullable=False),  # one of its rules counts posts of several platforms together
    Column("updated_at", DateTime(timezone=True), nullable=False),
    Column("actor", Text, server_default=text(_ACTOR)),
    CheckConstraint("version >= 1", name="version"),
)

platform_cap_overrides = Table(
    "platform_cap_overrides",
    metadata,
    Column("brand_id", Uuid, ForeignKey(brands.c.brand_id), primary_key=True),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("platform", Text, nullable=False),
    Column("most", Integer),  # NULL: taken back
    Column("window_seconds", Integer),  # of a rolling window
    Column("window_zone", Text),  # of a calendar day
    Column("reason", Text, nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    Column("actor", Text, server_default=text(_ACTOR)),
    _one_of("platform", Platform),
    CheckConstraint("revision >= 1", name="revision"),
    CheckConstraint(
        "num_nonnulls(window_seconds, window_zone) = CASE WHEN most IS NULL THEN 0 ELSE 1 END", name="window"
    ),
)

observations = Table(
    "observations",
    metadata,
    Column("brand_id", Uuid, ForeignKey(brands.c.brand_id), primary_key=True),
    Column("observation_id", Text, primary_key=True),
    Column("platform", Text, nullable=False),
    Column("figure", Text, nullable=False),
    Column("value", BigInteger, nullable=False),
    Column("measured_at", DateTime(timezone=True), nullable=False),
    Column("is_paid", Boolean, nullable=False),
    Column("post_id", Uuid),
    Column("published_at", DateTime(timezone=True)),  # of a post of before; else its schedule says
    Column("reference", Text),  # what the caller calls such a post; NULL once its brand is deleted
    ForeignKeyConstraint(["brand_id", "post_id"], [posts.c.brand_id, posts.c.post_id]),
    _one_of("platform", Platform),
    _one_of("figure", Figure),
    CheckConstraint(f"value BETWEEN 0 AND {MOST}", name="value"),
    CheckConstraint("(post_id IS NULL) = (published_at IS NOT NULL)", name="of_one_post"),
    CheckConstraint("reference IS NULL OR post_id IS NULL", name="reference_of_history"),
    Index(None, "brand_id", "platform", "measured_at"),
)

profiles = Table(
    "profiles",
    metadata,
    Column("brand_id", Uuid, ForeignKey(brands.c.brand_id), primary_key=True),
    Column("platform", Text, primary_key=True),
    Column("fitted_at", DateTime(timezone=True), primary_key=True),
    Column("digest", Text, nullable=False),
    Column("snapshot", Text, nullable=False),  # the JSON that the digest is of
    _one_of("platform", Platform),
)

refits = Table(
    "refits",
    metadata,
    Column("brand_id", Uuid, ForeignKey(brands.c.brand_id), primary_key=True),
    Column("platform", Text, primary_key=True),
    Column("due_at", DateTime(timezone=True), nullable=False),
    Column("leased_until", DateTime(timezone=True)),  # NULL: nobody is at it
    _one_of("platform", Platform),
    Index(None, "due_at"),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("key_id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("scopes", ARRAY(Text), nullable=False),
    Column("brands", ARRAY(Uuid)),  # NULL: every brand
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True)),
    Column("revoked_at", DateTime(timezone=True)),
    Column("last_used_at", DateTime(timezone=True)),
    CheckConstraint("length(digest) = 32", name="digest"),
    Index("ix_api_keys_over", text("least(revoked_at, expires_at)")),
    Index(None, "created_at", "key_id"),
)

# Unlogged: after a crash of the server everybody starts with a whole allowance.
rate_limits = Table(
    "rate_limits",
    metadata,
    Column("owner", Text, primary_key=True),
    Column("spent_until", DateTime(timezone=True), nullable=False),
    Index(None, "spent_until"),
    prefixes=["UNLOGGED"],
)

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("scope", LargeBinary, primary_key=True),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("status", SmallInteger),  # none while it is worked on, or was broken off
    Column("headers", LargeBinary),
    Column("body", LargeBinary),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("ids", ARRAY(Uuid)),  # that the answer has in it
    Column("begun_by", Uuid),
    Column("begun_until", DateTime(timezone=True)),
    CheckConstraint(
        "num_nulls(status, headers, body) = 0 OR num_nonnulls(status, headers, body) = 0 AND begun_by IS NOT NULL",
        name="answered_or_begun",
    ),
    Index(None, "expires_at"),
    Index(None, "ids", postgresql_using="gin"),
)
