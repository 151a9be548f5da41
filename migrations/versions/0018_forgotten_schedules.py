"""What is left of schedules that are forgotten, and by what they are found."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("schedules", sa.Column("kept_at", sa.DateTime(timezone=True)))
    op.execute(
        "CREATE INDEX ix_schedules_over ON schedules (greatest(finished_at, publish_time, kept_at)) "
        "WHERE finished_at IS NOT NULL"
    )
    op.create_table(
        "forgotten_schedules",
        sa.Column("schedule_id", sa.Uuid(), nullable=False),
        sa.Column("post_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("is_dry_run", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("schedule_id", name=op.f("pk_forgotten_schedules")),
    )
    op.create_index("ix_forgotten_schedules_post_id_schedule_id", "forgotten_schedules", ["post_id", "schedule_id"])


def downgrade() -> None:
    op.drop_table("forgotten_schedules")
    op.drop_index("ix_schedules_over")
    op.drop_column("schedules", "kept_at")
