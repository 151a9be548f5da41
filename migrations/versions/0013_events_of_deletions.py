"""Events that tell of no schedule: a post, a campaign or a brand was deleted."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

TABLES = ("event_outbox", "events")
OF_SCHEDULES = ("schedule_id", "post_id", "platform", "publish_time", "status", "retry_count")
OF_DELETIONS = ("posts", "cancelled")


def upgrade() -> None:
    op.add_column("event_outbox", sa.Column("campaign_id", sa.Uuid()))
    for table in TABLES:
        for name in OF_SCHEDULES:
            op.alter_column(table, name, nullable=True)
        for name in OF_DELETIONS:
            op.add_column(table, sa.Column(name, sa.Integer()))
    op.create_check_constraint(
        op.f("ck_event_outbox_whole"),
        "event_outbox",
        "CASE WHEN schedule_id IS NULL THEN num_nulls(posts, cancelled) = 0 "
        "ELSE num_nulls(post_id, platform, publish_time, status, retry_count) = 0 END",
    )


def downgrade() -> None:
    op.drop_constraint("ck_event_outbox_whole", "event_outbox")
    for table in TABLES:
        op.execute(f"DELETE FROM {table} WHERE schedule_id IS NULL")
        for name in OF_DELETIONS:
            op.drop_column(table, name)
        for name in OF_SCHEDULES:
            op.alter_column(table, name, nullable=False)
    op.drop_column("event_outbox", "campaign_id")
