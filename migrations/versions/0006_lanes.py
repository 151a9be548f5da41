"""What waits on a lane, in the order of its publish times."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_schedules_lane",
        "schedules",
        ["brand_id", "platform", "publish_time", "schedule_id"],
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_schedules_lane", "schedules")
