"""What is held for having no receiver, by its lane and by its latest time."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "CREATE INDEX ix_schedules_no_receiver ON schedules (platform, brand_id, publish_time, schedule_id) "
        "WHERE parked & 16 <> 0"
    )
    op.execute(
        "CREATE INDEX ix_schedules_no_receiver_latest ON schedules (latest_at) "
        "WHERE parked = 16 AND latest_at IS NOT NULL"
    )


def downgrade() -> None:
    op.execute("DROP INDEX ix_schedules_no_receiver_latest")
    op.execute("DROP INDEX ix_schedules_no_receiver")
