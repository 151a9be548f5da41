"""When the post of a schedule changed last, so that nobody is deceived about what is live."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("schedules", sa.Column("post_changed_at", sa.DateTime(timezone=True)))


def downgrade() -> None:
    op.drop_column("schedules", "post_changed_at")
