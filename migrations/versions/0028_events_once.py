"""Events are written once: the outbox goes, and how far events are final stands in a sequence of its own."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

ACTOR = "coalesce(convert_from(decode(nullif(current_setting('scheduler.actor', true), ''), 'hex'), 'UTF8'), 'service')"
WHOLE = (
    "CASE WHEN schedule_id IS NULL THEN num_nulls(posts, cancelled) = 0 "
    "ELSE num_nulls(post_id, platform, publish_time, status, retry_count) = 0 END"
)
TOLD = (
    "kind, schedule_id, brand_id, post_id, platform, publish_time, previous_publish_time, status, retry_count,"
    " external_id, error, note, occurred_at, actor, posts, cancelled, overridden, scheduler"
)
PLATFORMS = "'TWITTER', 'YOUTUBE', 'INSTAGRAM', 'LINKEDIN', 'REDDIT', 'TIKTOK'"
STATUSES = "'PENDING', 'PUBLISHING', 'UNCONFIRMED', 'COMPLETED', 'FAILED', 'MISSED', 'CANCELLED'"
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.execute("LOCK TABLE event_outbox, events IN ACCESS EXCLUSIVE MODE")
    op.execute(f"""
        INSERT INTO events ({TOLD}, campaign_id)
        SELECT {TOLD}, coalesce(o.campaign_id, (SELECT p.campaign_id FROM posts p WHERE p.post_id = o.post_id))
          FROM event_outbox o ORDER BY seq
    """)
    op.drop_table("event_outbox")
    op.alter_column("events", "actor", server_default=sa.text(ACTOR))
    op.create_check_constraint(op.f("ck_events_whole"), "events", WHOLE)
    op.execute("CREATE SEQUENCE final_events")
    op.execute("""
        SELECT setval('final_events', g.up_to)
          FROM (SELECT greatest((SELECT max(position) FROM events), (SELECT up_to FROM forgotten_events)) AS up_to) g
         WHERE g.up_to IS NOT NULL
    """)


def downgrade() -> None:
    op.execute("DROP SEQUENCE final_events")
    op.drop_constraint(op.f("ck_events_whole"), "events")
    op.alter_column("events", "actor", server_default=None)
    op.create_table(
        "event_outbox",
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("schedule_id", sa.Uuid()),
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("post_id", sa.Uuid()),
        sa.Column("platform", sa.Text()),
        sa.Column("publish_time", MOMENT),
        sa.Column("status", sa.Text()),
        sa.Column("retry_count", sa.Integer()),
        sa.Column("external_id", sa.Text()),
        sa.Column("error", sa.Text()),
        sa.Column("occurred_at", MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.Column("previous_publish_time", MOMENT),
        sa.Column("actor", sa.Text(), server_default=sa.text(ACTOR)),
        sa.Column("note", sa.Text()),
        sa.Column("campaign_id", sa.Uuid()),
        sa.Column("posts", sa.Integer()),
        sa.Column("cancelled", sa.Integer()),
        sa.Column("overridden", sa.Text()),
        sa.Column("scheduler", sa.Text()),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_event_outbox")),
        sa.CheckConstraint(f"platform IN ({PLATFORMS})", name=op.f("ck_event_outbox_platform")),
        sa.CheckConstraint(f"status IN ({STATUSES})", name=op.f("ck_event_outbox_status")),
        sa.CheckConstraint(WHOLE, name=op.f("ck_event_outbox_whole")),
    )
    op.execute(
        "CREATE INDEX ix_event_outbox_said ON event_outbox (post_id) WHERE error IS NOT NULL OR note IS NOT NULL"
    )
