"""Requests under a key that have begun and are not answered, because their work reaches beyond a transaction."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

OF_ANSWERS = ("status", "headers", "body")


def upgrade() -> None:
    op.add_column("idempotency_keys", sa.Column("begun_by", sa.Uuid()))
    op.add_column("idempotency_keys", sa.Column("begun_until", sa.DateTime(timezone=True)))
    for column in OF_ANSWERS:
        op.alter_column("idempotency_keys", column, nullable=True)
    op.create_check_constraint(
        op.f("ck_idempotency_keys_answered_or_begun"),
        "idempotency_keys",
        "num_nulls(status, headers, body) = 0 OR num_nonnulls(status, headers, body) = 0 AND begun_by IS NOT NULL",
    )


def downgrade() -> None:
    op.drop_constraint(op.f("ck_idempotency_keys_answered_or_begun"), "idempotency_keys")
    op.execute("DELETE FROM idempotency_keys WHERE status IS NULL")
    for column in OF_ANSWERS:
        op.alter_column("idempotency_keys", column, nullable=False)
    op.drop_column("idempotency_keys", "begun_until")
    op.drop_column("idempotency_keys", "begun_by")
