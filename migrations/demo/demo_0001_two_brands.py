"""Two demo brands, each with a campaign of seven days from today, under the ids that callers already use."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import Insert, insert

revision = "demo_0001"
down_revision = None
branch_labels = ("demo",)
depends_on = ("0001",)

CAMPAIGN_DAYS = 7


def same_digit(digit: int) -> UUID:
    return UUID(int=int(str(digit) * 32, 16))


BRANDS = [
    (same_digit(1), "Demo Brand", "America/Los_Angeles", "Warm, plain words, no exclamation marks"),
    (same_digit(6), "Demo Bakery", "Europe/Berlin", "Cheerful and short"),
]
CAMPAIGNS = [
    (same_digit(2), same_digit(1), "Spring launch", "Make the new line known"),
    (same_digit(7), same_digit(6), "Sourdough week", "Fill the shop on weekdays"),
]
BAKERY_POSTS = same_digit(8).int
POSTS = [
    (same_digit(3), same_digit(2), "Meet the new line", "launch/meet.mp4", "TWITTER"),
    (same_digit(4), same_digit(2), "How it is made", "launch/made.mp4", "TWITTER"),
    (same_digit(5), same_digit(2), "What customers say", "launch/customers.mp4", "TWITTER"),
    (UUID(int=BAKERY_POSTS), same_digit(7), "Five in the morning", "bakery/five.jpg", "INSTAGRAM"),
    (UUID(int=BAKERY_POSTS + 1), same_digit(7), "The first slice", "bakery/slice.jpg", "INSTAGRAM"),
    (UUID(int=BAKERY_POSTS + 2), same_digit(7), "Scoring a loaf", "bakery/scoring.mp4", "TIKTOK"),
    (UUID(int=BAKERY_POSTS + 3), same_digit(7), "Our starter is ten", "bakery/starter.mp4", "YOUTUBE"),
    (UUID(int=BAKERY_POSTS + 4), same_digit(7), "We are hiring", "bakery/hiring.jpg", "LINKEDIN"),
]

brands = sa.table(
    "brands",
    sa.column("brand_id", sa.Uuid),
    sa.column("brand_name"),
    sa.column("brand_default_timezone"),
    sa.column("tone_profile"),
    sa.column("created_at", sa.DateTime(timezone=True)),
    sa.column("updated_at", sa.DateTime(timezone=True)),
)
campaigns = sa.table(
    "campaigns",
    sa.column("campaign_id", sa.Uuid),
    sa.column("brand_id", sa.Uuid),
    sa.column("name"),
    sa.column("goal"),
    sa.column("start_date", sa.Date),
    sa.column("end_date", sa.Date),
    sa.column("status"),
    sa.column("created_at", sa.DateTime(timezone=True)),
    sa.column("updated_at", sa.DateTime(timezone=True)),
)
posts = sa.table(
    "posts",
    sa.column("post_id", sa.Uuid),
    sa.column("brand_id", sa.Uuid),
    sa.column("campaign_id", sa.Uuid),
    sa.column("title"),
    sa.column("s3_url"),
    sa.column("platform"),
    sa.column("created_at", sa.DateTime(timezone=True)),
    sa.column("updated_at", sa.DateTime(timezone=True)),
)
schedules = sa.table("schedules", sa.column("post_id", sa.Uuid), sa.column("schedule_id", sa.Uuid))


def upgrade() -> None:
    now = datetime.now(UTC)
    for brand_id, name, zone, tone in BRANDS:
        row = {"brand_id": brand_id, "brand_name": name, "brand_default_timezone": zone, "tone_profile": tone}
        op.execute(new(brands, row, now).on_conflict_do_nothing())
    zones = {brand_id: zone for brand_id, _, zone, _ in BRANDS}
    for campaign_id, brand_id, name, goal in CAMPAIGNS:
        first_day = now.astimezone(ZoneInfo(zones[brand_id])).date()
        days = {"start_date": first_day, "end_date": first_day + timedelta(days=CAMPAIGN_DAYS - 1), "status": "DRAFT"}
        row = {"campaign_id": campaign_id, "brand_id": brand_id, "name": name, "goal": goal, **days}
        op.execute(new(campaigns, row, now).on_conflict_do_update(index_elements=["campaign_id"], set_=days))
    brand_of = {campaign_id: brand_id for campaign_id, brand_id, _, _ in CAMPAIGNS}
    for post_id, campaign_id, title, key, platform in POSTS:
        row = {
            "post_id": post_id,
            "brand_id": brand_of[campaign_id],
            "campaign_id": campaign_id,
            "title": title,
            "s3_url": f"s3://marketmind-demo/{key}",
            "platform": platform,
        }
        op.execute(new(posts, row, now).on_conflict_do_nothing(index_elements=["post_id"]))


def downgrade() -> None:
    """Take out exactly what was put in, and what was scheduled for it; a brand or campaign that has got other
    posts or campaigns since stays."""
    post_ids = [post_id for post_id, *_ in POSTS]
    if sa.inspect(op.get_bind()).has_table("attempts"):  # of a later schema
        forget_sends(post_ids)
    if sa.inspect(op.get_bind()).has_table("forgotten_schedules"):
        forgotten = sa.table("forgotten_schedules", sa.column("post_id", sa.Uuid))
        op.execute(forgotten.delete().where(forgotten.c.post_id.in_(post_ids)))
    if sa.inspect(op.get_bind()).has_table("queue"):
        queue = sa.table("queue", sa.column("post_id", sa.Uuid))
        op.execute(queue.delete().where(queue.c.post_id.in_(post_ids)))
    op.execute(schedules.delete().where(schedules.c.post_id.in_(post_ids)))
    op.execute(posts.delete().where(posts.c.post_id.in_(post_ids)))
    op.execute(
        campaigns.delete().where(
            campaigns.c.campaign_id.in_([campaign_id for campaign_id, *_ in CAMPAIGNS]),
            campaigns.c.campaign_id.not_in(sa.select(posts.c.campaign_id).where(posts.c.campaign_id.is_not(None))),
        )
    )
    op.execute(
        brands.delete().where(
            brands.c.brand_id.in_([brand_id for brand_id, *_ in BRANDS]),
            brands.c.brand_id.not_in(sa.select(campaigns.c.brand_id)),
            brands.c.brand_id.not_in(sa.select(posts.c.brand_id)),
        )
    )


def forget_sends(post_ids: list[UUID]) -> None:
    of_posts = sa.select(schedules.c.schedule_id).where(schedules.c.post_id.in_(post_ids))
    attempts = sa.table("attempts", sa.column("schedule_id", sa.Uuid))
    op.execute(attempts.delete().where(attempts.c.schedule_id.in_(of_posts)))
    events = sa.table("events", sa.column("post_id", sa.Uuid))
    op.execute(events.delete().where(events.c.post_id.in_(post_ids)))


def new(table: sa.TableClause, row: Mapping[str, object], now: datetime) -> Insert:
    return insert(table).values(**row, created_at=now, updated_at=now)
