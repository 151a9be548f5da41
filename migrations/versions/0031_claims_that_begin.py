"""A claim is the record that its send begins: none is left that has not begun."""

from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

INDEX = "CREATE INDEX ix_schedules_doubtful ON schedules (due_at) WHERE is_doubtful AND due_at IS NOT NULL"
GIVE_BACK = """
UPDATE schedules
   SET status = 'PENDING', due_at = CASE WHEN parked = 0 THEN greatest(publish_time, now()) END,
       lease_owner = NULL, given_to = NULL, lease_expires_at = NULL
 WHERE status = 'PUBLISHING' AND send_started_at IS NULL
"""


def upgrade() -> None:
    op.execute(GIVE_BACK)
    op.execute(INDEX)


def downgrade() -> None:
    op.execute("DROP INDEX ix_schedules_doubtful")
