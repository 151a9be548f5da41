"""Up to which position events are forgotten."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "forgotten_events",
        sa.Column("is_one", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("up_to", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("is_one", name=op.f("ck_forgotten_events_is_one")),
        sa.PrimaryKeyConstraint("is_one", name=op.f("pk_forgotten_events")),
    )


def downgrade() -> None:
    op.drop_table("forgotten_events")
