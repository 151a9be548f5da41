"""Events tell who did it, the campaign of their post, and the time before."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ACTOR = "coalesce(convert_from(decode(nullif(current_setting('scheduler.actor', true), ''), 'hex'), 'UTF8'), 'service')"


def upgrade() -> None:
    for table in ("event_outbox", "events"):
        op.add_column(table, sa.Column("previous_publish_time", sa.DateTime(timezone=True)))
        op.add_column(table, sa.Column("actor", sa.Text))
    op.alter_column("event_outbox", "actor", server_default=sa.text(ACTOR))
    op.add_column("events", sa.Column("campaign_id", sa.Uuid))


def downgrade() -> None:
    op.drop_column("events", "campaign_id")
    for table in ("events", "event_outbox"):
        op.drop_column(table, "actor")
        op.drop_column(table, "previous_publish_time")
