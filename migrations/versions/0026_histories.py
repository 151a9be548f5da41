"""Which history of the database events belong to: another begins where it has gone back, by a failover or a restore."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "histories",
        sa.Column("nth", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("mark", sa.Uuid(), nullable=False),
        sa.Column("identity", sa.Text(), nullable=False),
        sa.Column("begins_after", sa.BigInteger(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("nth", name=op.f("pk_histories")),
        sa.UniqueConstraint("mark", name=op.f("uq_histories_mark")),
    )


def downgrade() -> None:
    op.drop_table("histories")
