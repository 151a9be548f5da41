"""Brands, campaigns, posts, schedules, and the releases of the time zone rules in use."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = ("main",)
depends_on = None

PLATFORMS = "'TWITTER', 'YOUTUBE', 'INSTAGRAM', 'LINKEDIN', 'REDDIT', 'TIKTOK'"


def timestamps() -> tuple[sa.Column[object], sa.Column[object]]:
    return (
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
    )


def upgrade() -> None:
    op.create_table(
        "tz_releases",
        sa.Column("tz_release", sa.Text, nullable=False),
        sa.Column("first_used_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tz_release", name="pk_tz_releases"),
    )
    op.create_table(
        "brands",
        sa.Column("brand_id", sa.Uuid, nullable=False),
        sa.Column("brand_name", sa.Text, nullable=False),
        sa.Column("brand_default_timezone", sa.Text, nullable=False),
        sa.Column("tone_profile", sa.Text, nullable=False),
        *timestamps(),
        sa.PrimaryKeyConstraint("brand_id", name="pk_brands"),
    )
    op.create_table(
        "campaigns",
        sa.Column("campaign_id", sa.Uuid, nullable=False),
        sa.Column("brand_id", sa.Uuid, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("goal", sa.Text, nullable=False),
        sa.Column("start_date", sa.Date, nullable=False),
        sa.Column("end_date", sa.Date, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        *timestamps(),
        sa.PrimaryKeyConstraint("campaign_id", name="pk_campaigns"),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.brand_id"], name="fk_campaigns_brands"),
        sa.UniqueConstraint("brand_id", "campaign_id", name="uq_campaigns_brand_id_campaign_id"),
        sa.CheckConstraint("end_date >= start_date", name=op.f("ck_campaigns_dates")),
        sa.CheckConstraint(
            "status IN ('DRAFT', 'SCHEDULED', 'ACTIVE', 'PAUSED', 'COMPLETED', 'CANCELLED')",
            name=op.f("ck_campaigns_status"),
        ),
    )
    op.create_table(
        "posts",
        sa.Column("post_id", sa.Uuid, nullable=False),
        sa.Column("brand_id", sa.Uuid, nullable=False),
        sa.Column("campaign_id", sa.Uuid),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("s3_url", sa.Text, nullable=False),
        sa.Column("platform", sa.Text, nullable=False),
        sa.Column("position", sa.BigInteger, sa.Identity(always=True), nullable=False),
        *timestamps(),
        sa.PrimaryKeyConstraint("post_id", name="pk_posts"),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.brand_id"], name="fk_posts_brands"),
        sa.ForeignKeyConstraint(
            ["brand_id", "campaign_id"], ["campaigns.brand_id", "campaigns.campaign_id"], name="fk_posts_campaigns"
        ),
        sa.UniqueConstraint("brand_id", "post_id", name="uq_posts_brand_id_post_id"),
        sa.UniqueConstraint("position", name="uq_posts_position"),
        sa.CheckConstraint(f"platform IN ({PLATFORMS})", name=op.f("ck_posts_platform")),
    )
    op.create_index("ix_posts_brand_id_position", "posts", ["brand_id", "position"])
    op.create_index("ix_posts_campaign_id_position", "posts", ["campaign_id", "position"])
    op.create_table(
        "schedules",
        sa.Column("schedule_id", sa.Uuid, nullable=False),
        sa.Column("post_id", sa.Uuid, nullable=False),
        sa.Column("brand_id", sa.Uuid, nullable=False),
        sa.Column("platform", sa.Text, nullable=False),
        sa.Column("publish_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("retry_count", sa.Integer, nullable=False),
        sa.Column("intent", sa.Text, nullable=False),
        sa.Column("local_time", sa.DateTime(timezone=False)),
        sa.Column("timezone", sa.Text, nullable=False),
        sa.Column("disambiguation", sa.Text),
        sa.Column("resolution", sa.Text, nullable=False),
        sa.Column("tz_release", sa.Text, nullable=False),
        sa.Column("scheduler", sa.Text),
        sa.Column("version", sa.Integer, nullable=False),
        *timestamps(),
        sa.PrimaryKeyConstraint("schedule_id", name="pk_schedules"),
        sa.ForeignKeyConstraint(
            ["brand_id", "post_id"], ["posts.brand_id", "posts.post_id"], name="fk_schedules_posts"
        ),
        sa.CheckConstraint(f"platform IN ({PLATFORMS})", name=op.f("ck_schedules_platform")),
        sa.CheckConstraint(
            "status IN ('PENDING', 'PUBLISHING', 'UNCONFIRMED', 'COMPLETED', 'FAILED', 'MISSED', 'CANCELLED')",
            name=op.f("ck_schedules_status"),
        ),
        sa.CheckConstraint("intent IN ('wall', 'instant')", name=op.f("ck_schedules_intent")),
        sa.CheckConstraint(
            "disambiguation IN ('compatible', 'earlier', 'later', 'reject')",
            name=op.f("ck_schedules_disambiguation"),
        ),
        sa.CheckConstraint(
            "resolution IN ('exact', 'gap_shifted', 'overlap_earlier', 'overlap_later')",
            name=op.f("ck_schedules_resolution"),
        ),
        sa.CheckConstraint(
            "publish_time >= '1970-01-01Z' AND publish_time < '2200-01-01Z'",
            name=op.f("ck_schedules_publish_time"),
        ),
        sa.CheckConstraint(
            "(intent = 'wall') = (local_time IS NOT NULL) AND (intent = 'wall') = (disambiguation IS NOT NULL)",
            name=op.f("ck_schedules_wall_intent"),
        ),
        sa.CheckConstraint("retry_count >= 0", name=op.f("ck_schedules_retry_count")),
    )
    op.create_index(
        "uq_schedules_active_post",
        "schedules",
        ["post_id"],
        unique=True,
        postgresql_where=sa.text("status IN ('PENDING', 'PUBLISHING', 'UNCONFIRMED')"),
    )
    op.create_index("ix_schedules_post_id_schedule_id", "schedules", ["post_id", "schedule_id"])
    op.create_index(
        "ix_schedules_brand_id_publish_time_schedule_id", "schedules", ["brand_id", "publish_time", "schedule_id"]
    )
    op.create_index("ix_schedules_publish_time_schedule_id", "schedules", ["publish_time", "schedule_id"])


def downgrade() -> None:
    for table in ("schedules", "posts", "campaigns", "brands", "tz_releases"):
        op.drop_table(table)
