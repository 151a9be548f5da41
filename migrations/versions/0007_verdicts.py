"""A refusal that speaks of the receiver is a verdict of its own."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

BEFORE = ("accepted", "deferred", "refused", "unknown", "unsent", "lost")
SINCE = ("accepted", "deferred", "refused", "misdirected", "unknown", "unsent", "lost")


def upgrade() -> None:
    _allow(SINCE)


def downgrade() -> None:
    op.execute("UPDATE attempts SET verdict = 'refused' WHERE verdict = 'misdirected'")
    _allow(BEFORE)


def _allow(verdicts: tuple[str, ...]) -> None:
    op.drop_constraint("ck_attempts_verdict", "attempts")
    op.create_check_constraint(
        op.f("ck_attempts_verdict"), "attempts", f"verdict IN ({', '.join(map(repr, verdicts))})"
    )
