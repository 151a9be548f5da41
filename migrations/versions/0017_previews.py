"""Plans as they were shown, and the slots that are held for them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

PLATFORM = "platform IN ('TWITTER', 'YOUTUBE', 'INSTAGRAM', 'LINKEDIN', 'REDDIT', 'TIKTOK')"


def upgrade() -> None:
    op.create_table(
        "previews",
        sa.Column("plan_id", sa.Uuid, nullable=False),
        sa.Column("brand_id", sa.Uuid, nullable=False),
        sa.Column("campaign_id", sa.Uuid, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("plan_hash", sa.Text, nullable=False),
        sa.Column("said", JSONB, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True)),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("schedule_ids", sa.ARRAY(sa.Uuid), nullable=False),
        sa.PrimaryKeyConstraint("plan_id", name="pk_previews"),
        sa.CheckConstraint("status IN ('open', 'committed', 'discarded')", name="status"),
    )
    op.create_index("ix_previews_campaign_id_plan_id", "previews", ["campaign_id", "plan_id"])
    op.create_table(
        "reservations",
        sa.Column("plan_id", sa.Uuid, nullable=False),
        sa.Column("brand_id", sa.Uuid, nullable=False),
        sa.Column("platform", sa.Text, nullable=False),
        sa.Column("publish_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("plan_id", "platform", "publish_time", name="pk_reservations"),
        sa.CheckConstraint(PLATFORM, name="platform"),
    )
    op.create_index(
        "ix_reservations_brand_id_platform_publish_time", "reservations", ["brand_id", "platform", "publish_time"]
    )
    op.create_index("ix_reservations_expires_at", "reservations", ["expires_at"])


def downgrade() -> None:
    op.drop_table("reservations")
    op.drop_table("previews")
