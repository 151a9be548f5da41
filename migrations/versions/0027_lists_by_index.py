"""An index for each list and for whatever is asked of it together, and what an answer speaks of."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

IDS = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
MADE = {
    "ix_campaigns_listed": "campaigns (status, campaign_id)",
    "ix_campaigns_of_brand": "campaigns (brand_id, status, campaign_id)",
    "ix_posts_listed": "posts (platform, position) WHERE position > 0",
    "ix_posts_of_brand": "posts (brand_id, platform, position) WHERE position > 0",
    "ix_posts_of_campaign": "posts (campaign_id, platform, position)",
    "ix_schedules_listed": "schedules ((platform || ' ' || status), publish_time, schedule_id)",
    "ix_schedules_of_brand": "schedules ((status || ' ' || platform), brand_id, publish_time, schedule_id)",
    "ix_schedules_due_of_brand": "schedules (brand_id, platform, due_at, schedule_id) WHERE due_at IS NOT NULL",
    "ix_schedules_dry_run": (
        "schedules (platform, publish_time, schedule_id) WHERE status = 'COMPLETED' AND external_id LIKE 'dry-run-%'"
    ),
    "ix_schedules_went_wrong": "schedules (platform, status, finished_at) WHERE status IN ('FAILED', 'MISSED')",
    "ix_previews_listed": "previews (campaign_id, status, plan_id)",
    "ix_event_outbox_said": "event_outbox (post_id) WHERE error IS NOT NULL OR note IS NOT NULL",
    "ix_events_said": "events (post_id) WHERE error IS NOT NULL OR note IS NOT NULL",
    "ix_agent_costs_day": "agent_costs (day)",
    "ix_api_keys_over": "api_keys (least(revoked_at, expires_at))",
    "ix_api_keys_created_at_key_id": "api_keys (created_at, key_id)",
    "ix_rate_limits_spent_until": "rate_limits (spent_until)",
}
REPLACED = {
    "ix_posts_brand_id_position": "posts (brand_id, position) WHERE position > 0",
    "ix_posts_campaign_id_position": "posts (campaign_id, position)",
    "ix_schedules_gone_wrong": "schedules (platform, finished_at) WHERE status IN ('FAILED', 'MISSED')",
    "ix_previews_campaign_id_plan_id": "previews (campaign_id, plan_id)",
}


def upgrade() -> None:
    op.add_column("idempotency_keys", sa.Column("ids", postgresql.ARRAY(sa.Uuid())))
    op.execute(f"""
UPDATE idempotency_keys k SET ids = ARRAY(
  SELECT DISTINCT found[1]::uuid FROM regexp_matches(encode(k.body, 'escape'), '{IDS}', 'g') AS found)
""")  # made of our own constants
    _change(gone=REPLACED, made=MADE)
    op.execute("CREATE INDEX ix_idempotency_keys_ids ON idempotency_keys USING gin (ids)")


def downgrade() -> None:
    op.drop_index("ix_idempotency_keys_ids", table_name="idempotency_keys")
    _change(gone=MADE, made=REPLACED)
    op.drop_column("idempotency_keys", "ids")


def _change(*, gone: dict[str, str], made: dict[str, str]) -> None:
    for name in gone:
        op.execute(f"DROP INDEX {name}")
    for name, of in made.items():
        op.execute(f"CREATE INDEX {name} ON {of}")
