"""Events are written once: the outbox goes, and how far events are final stands in a row of its own."""

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
SAID = "ON {} (post_id) WHERE error IS NOT NULL OR note IS NOT NULL"
TOLD = (
    "kind, schedule_id, brand_id, post_id, platform, publish_time, previous_publish_time, status, retry_count,"
    " external_id, error, note, occurred_at, actor, posts, cancelled, overridden, scheduler"
)
OF_ENUMS = ("platform", "status")


def upgrade() -> None:
    op.execute("LOCK TABLE event_outbox, events IN ACCESS EXCLUSIVE MODE")
    op.execute(f"""
        INSERT INTO events ({TOLD}, campaign_id)
        SELECT {TOLD}, coalesce(o.campaign_id, (SELECT p.campaign_id FROM posts p WHERE p.post_id = o.post_id))
          FROM event_outbox o ORDER BY seq
    """)
    op.drop_table("event_outbox")
    op.alter_column("events", "actor", server_default=sa.text(ACTOR))
    op.execute(f"ALTER TABLE events ADD CONSTRAINT {op.f('ck_events_whole')} CHECK ({WHOLE}) NOT VALID")
    op.create_table(
        "final_events",
        sa.Column("is_one", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("up_to", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("is_one", name=op.f("ck_final_events_is_one")),
        sa.PrimaryKeyConstraint("is_one", name=op.f("pk_final_events")),
    )
    op.execute("""
        INSERT INTO final_events (up_to)
        SELECT greatest((SELECT max(position) FROM events), (SELECT up_to FROM forgotten_events), 0)
    """)


def downgrade() -> None:
    op.drop_table("final_events")
    op.drop_constraint(op.f("ck_events_whole"), "events")
    op.alter_column("events", "actor", server_default=None)
    op.execute("""
        CREATE TABLE event_outbox (LIKE events INCLUDING CONSTRAINTS);
        ALTER TABLE event_outbox RENAME COLUMN position TO seq;
        ALTER TABLE event_outbox ALTER COLUMN seq ADD GENERATED ALWAYS AS IDENTITY,
                                 ALTER COLUMN occurred_at SET DEFAULT now()
    """)
    for name in OF_ENUMS:
        op.execute(f"ALTER TABLE event_outbox RENAME CONSTRAINT ck_events_{name} TO ck_event_outbox_{name}")
    op.alter_column("event_outbox", "actor", server_default=sa.text(ACTOR))
    op.create_primary_key(op.f("pk_event_outbox"), "event_outbox", ["seq"])
    op.create_check_constraint(op.f("ck_event_outbox_whole"), "event_outbox", WHOLE)
    op.execute(f"CREATE INDEX ix_event_outbox_said {SAID.format('event_outbox')}")
