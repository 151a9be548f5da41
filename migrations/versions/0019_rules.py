"""Policies and the brands' own caps of platforms, both append-only, and which rules a schedule may break."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

TELLING = ("schedules", "event_outbox", "events")
PLATFORMS = "'TWITTER', 'YOUTUBE', 'INSTAGRAM', 'LINKEDIN', 'REDDIT', 'TIKTOK'"
ACTOR = sa.text(
    "coalesce(convert_from(decode(nullif(current_setting('scheduler.actor', true), ''), 'hex'), 'UTF8'), 'service')"
)


def upgrade() -> None:
    op.create_table(
        "policies",
        sa.Column("brand_id", sa.Uuid(), sa.ForeignKey("brands.brand_id", name="fk_policies_brands"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("rules", postgresql.JSONB(), nullable=False),
        sa.Column("is_across", sa.Boolean(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), server_default=ACTOR),
        sa.PrimaryKeyConstraint("brand_id", "version", name="pk_policies"),
        sa.CheckConstraint("version >= 1", name="version"),
    )
    op.create_table(
        "platform_cap_overrides",
        sa.Column(
            "brand_id",
            sa.Uuid(),
            sa.ForeignKey("brands.brand_id", name="fk_platform_cap_overrides_brands"),
            nullable=False,
        ),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("most", sa.Integer()),
        sa.Column("window_seconds", sa.Integer()),
        sa.Column("window_zone", sa.Text()),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), server_default=ACTOR),
        sa.PrimaryKeyConstraint("brand_id", "revision", name="pk_platform_cap_overrides"),
        sa.CheckConstraint(f"platform IN ({PLATFORMS})", name="platform"),
        sa.CheckConstraint("revision >= 1", name="revision"),
        sa.CheckConstraint(
            "num_nonnulls(window_seconds, window_zone) = CASE WHEN most IS NULL THEN 0 ELSE 1 END",
            name="window",
        ),
    )
    for table in TELLING:
        op.add_column(table, sa.Column("overridden", sa.Text()))


def downgrade() -> None:
    for table in TELLING:
        op.drop_column(table, "overridden")
    op.drop_table("platform_cap_overrides")
    op.drop_table("policies")
