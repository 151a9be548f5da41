"""Notes of people, and what was sent with each attempt."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

SENT = {"schedules": ("note", "sent_title", "sent_s3_url"), "attempts": ("title", "s3_url", "digest")}
NOTED = {"event_outbox": ("note",), "events": ("note",)}


def upgrade() -> None:
    for table, names in (SENT | NOTED).items():
        for name in names:
            op.add_column(table, sa.Column(name, sa.Text))


def downgrade() -> None:
    for table, names in (SENT | NOTED).items():
        for name in names:
            op.drop_column(table, name)
